#include "sim/check.h"
#include <stdio.h>
#include <string.h>

#define SEEDS 250

static enum tb_error open_as(struct tb_sim_tree *tree, const char *name, uint32_t disposition,
                             uint32_t options)
{
    struct tb_sim_open open;
    enum tb_error error = tb_sim_create(
        tree,
        &(struct tb_sim_create){.name = name, .disposition = disposition, .options = options},
        &open);
    if (error == TB_OK)
        tb_sim_require_ok(tb_sim_close(&open));
    return error;
}

static void make(struct tb_sim_tree *tree, const char *name)
{
    struct tb_sim_open open;
    tb_sim_require_ok(tb_sim_open(tree, name, TB_FILE_CREATE, &open));
    tb_sim_require_ok(tb_sim_close(&open));
}

/* What each disposition does to a file that is there or not (MS-SMB2 3.3.5.9). */
SIM_TEST(dispositions, SEEDS)
{
    static const struct {
        uint32_t disposition;
        enum tb_error absent, present;
        uint32_t action_absent, action_present;
        bool empties;
    } cases[] = {
        {TB_FILE_SUPERSEDE, TB_OK, TB_OK, TB_FILE_CREATED, TB_FILE_SUPERSEDED, true},
        {TB_FILE_OPEN, TB_OBJECT_NAME_NOT_FOUND, TB_OK, 0, TB_FILE_OPENED, false},
        {TB_FILE_CREATE, TB_OK, TB_OBJECT_NAME_COLLISION, TB_FILE_CREATED, 0, false},
        {TB_FILE_OPEN_IF, TB_OK, TB_OK, TB_FILE_CREATED, TB_FILE_OPENED, false},
        {TB_FILE_OVERWRITE, TB_OBJECT_NAME_NOT_FOUND, TB_OK, 0, TB_FILE_OVERWRITTEN, true},
        {TB_FILE_OVERWRITE_IF, TB_OK, TB_OK, TB_FILE_CREATED, TB_FILE_OVERWRITTEN, true},
    };
    struct tb_sim_tree *tree = tb_sim_tree(f);
    for (unsigned i = 0; i < 6; i++) {
        struct tb_sim_open open;
        char name[] = {(char)('a' + i), 0};
        enum tb_error error = tb_sim_open(tree, name, cases[i].disposition, &open);
        tb_sim_require_error(error, cases[i].absent);
        if (error != TB_OK) {
            tb_sim_require_ok(tb_sim_open(tree, name, TB_FILE_CREATE, &open));
        } else {
            tb_sim_require_equal(open.created.create_action, cases[i].action_absent);
        }
        tb_sim_require_ok(tb_sim_write(&open, 0, "content", 7));
        tb_sim_require_ok(tb_sim_close(&open));
        error = tb_sim_open(tree, name, cases[i].disposition, &open);
        tb_sim_require_error(error, cases[i].present);
        if (error != TB_OK)
            continue;
        tb_sim_require_equal(open.created.create_action, cases[i].action_present);
        tb_sim_require_equal(open.created.end_of_file, cases[i].empties ? 0 : 7);
        tb_sim_require_ok(tb_sim_close(&open));
    }
    tb_sim_require_error(open_as(tree, "z", 6, 0), TB_INVALID_PARAMETER);
}

SIM_TEST(directories, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    make(tree, "dir/");
    make(tree, "dir/file");
    make(tree, "dir/sub/");
    tb_sim_require_error(open_as(tree, "dir", TB_FILE_OPEN, TB_FILE_NON_DIRECTORY_FILE),
                         TB_FILE_IS_A_DIRECTORY);
    tb_sim_require_error(open_as(tree, "dir/file", TB_FILE_OPEN, TB_FILE_DIRECTORY_FILE),
                         TB_NOT_A_DIRECTORY);
    tb_sim_require_ok(open_as(tree, "dir", TB_FILE_OPEN, 0));
    tb_sim_require_error(open_as(tree, "dir", TB_FILE_CREATE, TB_FILE_DIRECTORY_FILE),
                         TB_OBJECT_NAME_COLLISION);
    tb_sim_require_error(open_as(tree, "none/file", TB_FILE_OPEN_IF, 0),
                         TB_OBJECT_PATH_NOT_FOUND);
    tb_sim_require_error(open_as(tree, "dir/none", TB_FILE_OPEN, 0), TB_OBJECT_NAME_NOT_FOUND);
    enum tb_error error = open_as(tree, "dir/file/deeper", TB_FILE_OPEN_IF, 0);
    tb_sim_require(error == TB_OBJECT_PATH_NOT_FOUND || error == TB_NOT_A_DIRECTORY);
    tb_sim_require_ok(open_as(tree, "", TB_FILE_OPEN, 0));
    tb_sim_require_error(
        open_as(tree, "x", TB_FILE_OPEN, TB_FILE_DIRECTORY_FILE | TB_FILE_NON_DIRECTORY_FILE),
        TB_INVALID_PARAMETER);
}

SIM_TEST(names, SEEDS)
{
    static const char *const invalid[] = {"a*b", "a?b",      "a<b", "a>b", "a|b",
                                          "a\"b", "a\tb",    "a//b"};
    struct tb_sim_tree *tree = tb_sim_tree(f);
    for (unsigned i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++)
        tb_sim_require_error(open_as(tree, invalid[i], TB_FILE_OPEN_IF, 0),
                             TB_OBJECT_NAME_INVALID);
    tb_sim_require(open_as(tree, "/leading", TB_FILE_OPEN_IF, 0) != TB_OK);
    tb_sim_require(open_as(tree, "../x", TB_FILE_OPEN_IF, 0) != TB_OK);
    tb_sim_require(open_as(tree, "a/../../x", TB_FILE_OPEN_IF, 0) != TB_OK);
    char longest[300];
    memset(longest, 'x', sizeof(longest));
    longest[256] = 0;
    tb_sim_require_error(open_as(tree, longest, TB_FILE_OPEN_IF, 0), TB_OBJECT_NAME_INVALID);
    longest[255] = 0;
    tb_sim_require_ok(open_as(tree, longest, TB_FILE_OPEN_IF, 0));
    tb_sim_require_ok(open_as(tree, "Ärger mit Ö 日本 😀", TB_FILE_CREATE, 0));
    tb_sim_require_ok(open_as(tree, "ÄRGER MIT ö 日本 😀", TB_FILE_OPEN, 0));
}

SIM_TEST(case_is_ignored, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    char names[200];
    struct tb_sim_open root;
    make(tree, "Directory/");
    make(tree, "directory/File.TXT");
    tb_sim_require_ok(open_as(tree, "DIRECTORY/fILE.txt", TB_FILE_OPEN, 0));
    tb_sim_require_error(open_as(tree, "DIRECTORY/FILE.txt", TB_FILE_CREATE, 0),
                         TB_OBJECT_NAME_COLLISION);
    tb_sim_require_ok(tb_sim_open(tree, "dIRECTORY/", TB_FILE_OPEN, &root));
    tb_sim_require_ok(tb_sim_list(&root, TB_FILE_NAMES_INFORMATION, "*", 4096, names, 200));
    tb_sim_require(strcmp(names, "File.TXT\n") == 0);
}

/* Whether two opens may be there together: what each does, the other must share. */
static bool compatible(uint32_t access_a, uint32_t share_a, uint32_t access_b, uint32_t share_b)
{
    static const struct {
        uint32_t access, share;
    } kinds[] = {
        {TB_FILE_READ_DATA | TB_FILE_EXECUTE, TB_FILE_SHARE_READ},
        {TB_FILE_WRITE_DATA | TB_FILE_APPEND_DATA, TB_FILE_SHARE_WRITE},
        {TB_DELETE, TB_FILE_SHARE_DELETE},
    };
    const uint32_t counts = TB_FILE_READ_DATA | TB_FILE_EXECUTE | TB_FILE_WRITE_DATA |
                            TB_FILE_APPEND_DATA | TB_DELETE;
    if (!(access_a & counts) || !(access_b & counts))
        return true;
    for (unsigned i = 0; i < 3; i++) {
        if ((access_a & kinds[i].access && !(share_b & kinds[i].share)) ||
            (access_b & kinds[i].access && !(share_a & kinds[i].share)))
            return false;
    }
    return true;
}

SIM_TEST(share_modes, SEEDS)
{
    static const uint32_t accesses[] = {TB_FILE_READ_DATA,   TB_FILE_WRITE_DATA,
                                        TB_FILE_APPEND_DATA, TB_FILE_EXECUTE,
                                        TB_DELETE,           TB_FILE_READ_ATTRIBUTES,
                                        TB_READ_CONTROL};
    struct tb_sim_tree *trees[] = {tb_sim_tree(f), tb_sim_tree(f)};
    make(trees[0], "file");
    for (unsigned round = 0; round < 8; round++) {
        uint32_t access[2], share[2];
        struct tb_sim_open open[2];
        enum tb_error error = TB_OK;
        for (unsigned i = 0; i < 2; i++) {
            access[i] = accesses[tb_sim_random_below(&f->random, 7)] |
                        accesses[tb_sim_random_below(&f->random, 7)];
            share[i] = (uint32_t)tb_sim_random_below(&f->random, 8);
            error = tb_sim_create(trees[i],
                                  &(struct tb_sim_create){.name = "file",
                                                          .disposition = TB_FILE_OPEN,
                                                          .access = access[i],
                                                          .share = share[i],
                                                          .unshared = true},
                                  &open[i]);
            if (i == 0)
                tb_sim_require_ok(error);
        }
        bool both = compatible(access[0], share[0], access[1], share[1]);
        tb_sim_require_error(error, both ? TB_OK : TB_SHARING_VIOLATION);
        tb_sim_require_ok(tb_sim_close(&open[0]));
        if (error == TB_OK)
            tb_sim_require_ok(tb_sim_close(&open[1]));
    }
}

SIM_TEST(delete_on_close, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f), *other = tb_sim_tree(f);
    struct tb_sim_open first, second;
    tb_sim_require_ok(tb_sim_create(tree,
                                    &(struct tb_sim_create){.name = "file",
                                                            .disposition = TB_FILE_CREATE,
                                                            .options = TB_FILE_DELETE_ON_CLOSE},
                                    &first));
    tb_sim_require_ok(tb_sim_open(other, "file", TB_FILE_OPEN, &second));
    tb_sim_require_ok(tb_sim_close(&first));
    tb_sim_require_error(open_as(tree, "file", TB_FILE_OPEN, 0), TB_DELETE_PENDING);
    tb_sim_require_error(open_as(tree, "file", TB_FILE_CREATE, 0), TB_DELETE_PENDING);
    tb_sim_require_ok(tb_sim_write(&second, 0, "still there", 11));
    tb_sim_require_ok(tb_sim_close(&second));
    tb_sim_require_error(open_as(tree, "file", TB_FILE_OPEN, 0), TB_OBJECT_NAME_NOT_FOUND);
    tb_sim_require_ok(open_as(tree, "file", TB_FILE_CREATE, 0));
}

SIM_TEST(disposition_information, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open file, dir;
    tb_sim_require_ok(tb_sim_open(tree, "dir/", TB_FILE_CREATE, &dir));
    tb_sim_require_ok(tb_sim_open(tree, "dir/file", TB_FILE_CREATE, &file));
    tb_sim_require_error(tb_sim_delete_on_close(&dir, true), TB_DIRECTORY_NOT_EMPTY);
    tb_sim_require_ok(tb_sim_delete_on_close(&file, true));
    tb_sim_require_error(open_as(tree, "dir/file", TB_FILE_OPEN, 0), TB_DELETE_PENDING);
    tb_sim_require_ok(tb_sim_delete_on_close(&file, false));
    tb_sim_require_ok(open_as(tree, "dir/file", TB_FILE_OPEN, 0));
    tb_sim_require_ok(tb_sim_delete_on_close(&file, true));
    tb_sim_require_ok(tb_sim_close(&file));
    tb_sim_require_ok(tb_sim_delete_on_close(&dir, true));
    tb_sim_require_ok(tb_sim_close(&dir));
    tb_sim_require_error(open_as(tree, "dir", TB_FILE_OPEN, 0), TB_OBJECT_NAME_NOT_FOUND);
}

/* A connection that is lost closes, and deletes, like any other end. */
SIM_TEST(delete_on_disconnect, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f), *other = tb_sim_tree(f);
    struct tb_sim_open file;
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    tb_sim_require_ok(tb_sim_delete_on_close(&file, true));
    tb_sim_gone(f, tree->session->client);
    tb_sim_world_advance(&f->world, 50000);
    tb_sim_require_error(open_as(other, "file", TB_FILE_OPEN, 0), TB_OBJECT_NAME_NOT_FOUND);
}

SIM_TEST(read_only_attribute, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_create create = {.name = "file",
                                   .disposition = TB_FILE_CREATE,
                                   .attributes = TB_FILE_ATTRIBUTE_READONLY};
    struct tb_sim_open file;
    tb_sim_require_ok(tb_sim_create(tree, &create, &file));
    tb_sim_require(file.created.file_attributes & TB_FILE_ATTRIBUTE_READONLY);
    tb_sim_require_ok(tb_sim_write(&file, 0, "x", 1));
    tb_sim_require_error(tb_sim_delete_on_close(&file, true), TB_CANNOT_DELETE);
    tb_sim_require_ok(tb_sim_close(&file));
    create.disposition = TB_FILE_OPEN;
    create.access = TB_FILE_WRITE_DATA;
    tb_sim_require_error(tb_sim_create(tree, &create, &file), TB_ACCESS_DENIED);
    create.access = TB_DELETE;
    create.options = TB_FILE_DELETE_ON_CLOSE;
    tb_sim_require_error(tb_sim_create(tree, &create, &file), TB_CANNOT_DELETE);
    create.access = TB_FILE_READ_DATA;
    create.options = 0;
    tb_sim_require_ok(tb_sim_create(tree, &create, &file));
}

SIM_TEST(access, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open file;
    uint8_t byte;
    size_t length = 1;
    make(tree, "file");
    struct tb_sim_create create = {
        .name = "file", .disposition = TB_FILE_OPEN, .access = TB_FILE_READ_DATA};
    tb_sim_require_ok(tb_sim_create(tree, &create, &file));
    tb_sim_require_error(tb_sim_write(&file, 0, "x", 1), TB_ACCESS_DENIED);
    tb_sim_require_error(tb_sim_set_size(&file, 0), TB_ACCESS_DENIED);
    tb_sim_require_error(tb_sim_delete_on_close(&file, true), TB_ACCESS_DENIED);
    tb_sim_require_ok(tb_sim_close(&file));
    create.access = TB_FILE_WRITE_DATA;
    tb_sim_require_ok(tb_sim_create(tree, &create, &file));
    tb_sim_require_error(tb_sim_read(&file, 0, &byte, &length), TB_ACCESS_DENIED);
    create.access = TB_MAXIMUM_ALLOWED;
    tb_sim_require_ok(tb_sim_create(tree, &create, &file));
    tb_sim_require_ok(tb_sim_write(&file, 0, "x", 1));
    create.access = TB_GENERIC_READ;
    tb_sim_require_ok(tb_sim_create(tree, &create, &file));
    length = 1;
    tb_sim_require_ok(tb_sim_read(&file, 0, &byte, &length));
}

static struct tb_sim_slow *slow_below(struct tb_sim_fixture *f, unsigned refused)
{
    struct tb_sim_slow_settings settings = f->slow[TB_SIM_SHARE]->settings;
    settings.refused_uses = refused;
    tb_sim_fixture_set_slow(f, &settings);
    return f->slow[TB_SIM_SHARE];
}

/* What the exporter does not give this caller, MAXIMUM_ALLOWED does not grant. */
SIM_TEST(maximum_is_what_the_exporter_gives, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open file;
    uint8_t byte;
    size_t length = 1;
    make(tree, "file");
    slow_below(f, TB_USE_WRITE | TB_USE_NAME);
    struct tb_sim_create create = {
        .name = "file", .disposition = TB_FILE_OPEN, .access = TB_MAXIMUM_ALLOWED};
    tb_sim_require_ok(tb_sim_create(tree, &create, &file));
    tb_sim_require_error(tb_sim_read(&file, 0, &byte, &length), TB_END_OF_FILE);
    tb_sim_require_error(tb_sim_write(&file, 0, "x", 1), TB_ACCESS_DENIED);
    tb_sim_require_error(tb_sim_delete_on_close(&file, true), TB_ACCESS_DENIED);
    tb_sim_require_ok(tb_sim_close(&file));
    create.access = TB_MAXIMUM_ALLOWED | TB_FILE_WRITE_DATA;
    tb_sim_require_error(tb_sim_create(tree, &create, &file), TB_ACCESS_DENIED);
}

/* Who closes last removes the file on behalf of who wanted it gone. */
SIM_TEST(deleted_on_behalf_of_who_said_so, SEEDS)
{
    struct tb_sim_session *admin;
    struct tb_sim_client *client = tb_sim_connect_dialect(f, 0);
    struct tb_sim_slow *slow = slow_below(f, 0);
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open hers, his;
    tb_sim_require_ok(tb_sim_logon(
        client, &(struct tb_sim_logon){.user = "admin", .password = "Secret-2"}, &admin));
    for (unsigned i = 0; i < 2; i++) {
        tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &hers));
        tb_sim_require_ok(
            tb_sim_open(tb_sim_tree_of(admin, "share"), "file", TB_FILE_OPEN, &his));
        tb_sim_require_ok(tb_sim_delete_on_close(i ? &his : &hers, true));
        slow->last_remover = 77;
        tb_sim_require_ok(tb_sim_close(i ? &his : &hers));
        tb_sim_require_equal(slow->last_remover, 77);
        tb_sim_require_ok(tb_sim_close(i ? &hers : &his));
        tb_sim_require_equal(slow->last_remover, i ? 0 : 1000);
    }
}

SIM_TEST(contexts, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    uint8_t bytes[512];
    struct tb_create_chain chain;
    struct tb_create_context found;
    tb_create_chain_begin(&chain, bytes, sizeof(bytes));
    tb_create_chain_open(&chain, TB_CREATE_CONTEXT_MAXIMAL_ACCESS);
    tb_create_chain_close(&chain);
    tb_create_chain_open(&chain, TB_CREATE_CONTEXT_QUERY_ON_DISK_ID);
    tb_create_chain_close(&chain);
    tb_create_chain_open(&chain, TB_CREATE_CONTEXT_ALLOCATION_SIZE);
    tb_create_number_encode(&chain.writer, 100000);
    tb_create_chain_close(&chain);
    tb_create_chain_open(&chain, TB_CREATE_CONTEXT_LEASE);
    tb_lease_context_encode(&chain.writer, &(struct tb_lease_context){.version = 1});
    tb_create_chain_close(&chain);
    tb_create_chain_open(&chain, TB_CREATE_CONTEXT_DURABLE_HANDLE_REQUEST);
    tb_durable_request_encode(&chain.writer);
    tb_create_chain_close(&chain);
    struct tb_sim_request *r = tb_sim_create_request(
        tree, &(struct tb_sim_create){.name = "file",
                                      .disposition = TB_FILE_CREATE,
                                      .oplock = TB_SMB2_OPLOCK_LEVEL_LEASE,
                                      .contexts = tb_create_chain_contexts(&chain)});
    struct tb_create_response created;
    struct tb_maximal_access_response access;
    tb_sim_require_ok(tb_sim_call(r));
    tb_sim_require_ok(tb_create_response_decode(tb_sim_response(r), &created));
    tb_sim_require_equal(created.oplock_level, TB_SMB2_OPLOCK_LEVEL_NONE);
    tb_sim_require(created.allocation_size >= 100000);
    tb_sim_require(tb_create_contexts_find(created.create_contexts,
                                           TB_CREATE_CONTEXT_MAXIMAL_ACCESS, &found));
    tb_sim_require_ok(tb_maximal_access_response_decode(found.data, &access));
    tb_sim_require_equal(access.query_status, 0);
    tb_sim_require_equal(access.maximal_access, TB_FILE_ALL_ACCESS);
    tb_sim_require(tb_create_contexts_find(created.create_contexts,
                                           TB_CREATE_CONTEXT_QUERY_ON_DISK_ID, &found));
    tb_sim_require(!tb_create_contexts_find(created.create_contexts, TB_CREATE_CONTEXT_LEASE,
                                            &found));
    tb_sim_require(!tb_create_contexts_find(created.create_contexts,
                                            TB_CREATE_CONTEXT_DURABLE_HANDLE_REQUEST, &found));
    tb_sim_request_free(r);
}

/* Many clients create one name at once: one of them has created it. */
SIM_TEST(race_to_create, SEEDS)
{
    struct tb_sim_request *r[5];
    unsigned created = 0;
    for (unsigned i = 0; i < 5; i++)
        r[i] = tb_sim_create_request(tb_sim_tree(f), &(struct tb_sim_create){
                                                         .name = i % 2 ? "file" : "FILE",
                                                         .disposition = TB_FILE_CREATE});
    for (unsigned i = 0; i < 5; i++)
        tb_sim_send(&r[i], 1);
    for (unsigned i = 0; i < 5; i++) {
        enum tb_error error = tb_sim_wait(r[i]);
        tb_sim_require(error == TB_OK || error == TB_OBJECT_NAME_COLLISION);
        created += error == TB_OK;
        tb_sim_request_free(r[i]);
    }
    tb_sim_require_equal(created, 1);
}

/* The same where nobody shares: one has it open, whoever overwrites does not empty it before. */
SIM_TEST(race_to_open, SEEDS)
{
    struct tb_sim_request *r[5];
    unsigned opened = 0;
    struct tb_sim_tree *tree = tb_sim_tree(f);
    make(tree, "file");
    for (unsigned i = 0; i < 5; i++)
        r[i] = tb_sim_create_request(
            i ? tb_sim_tree(f) : tree,
            &(struct tb_sim_create){.name = "file",
                                    .disposition = i % 2 ? TB_FILE_OVERWRITE_IF : TB_FILE_OPEN_IF,
                                    .unshared = true});
    for (unsigned i = 0; i < 5; i++)
        tb_sim_send(&r[i], 1);
    for (unsigned i = 0; i < 5; i++) {
        enum tb_error error = tb_sim_wait(r[i]);
        tb_sim_require(error == TB_OK || error == TB_SHARING_VIOLATION);
        opened += error == TB_OK;
        tb_sim_request_free(r[i]);
    }
    tb_sim_require_equal(opened, 1);
}

/* Create and delete one name from all sides: nobody is stuck, and at the end it is gone. */
SIM_TEST(race_to_delete, SEEDS)
{
    struct tb_sim_request *r[6];
    for (unsigned i = 0; i < 6; i++) {
        struct tb_sim_tree *tree = tb_sim_tree(f);
        for (unsigned j = 0; j < 2; j++)
            tb_sim_require_ok(tb_sim_echo(tree->session->client, tree->session));
        r[i] = tb_sim_create_request(
            tree, &(struct tb_sim_create){.name = "file",
                                          .disposition = TB_FILE_OPEN_IF,
                                          .options = TB_FILE_DELETE_ON_CLOSE});
    }
    for (unsigned i = 0; i < 6; i++) {
        struct tb_sim_request *parts[] = {r[i], tb_sim_close_request(r[i]->tree, TB_SIM_RELATED, 0)};
        parts[1]->related = true;
        parts[1]->answered = tb_sim_request_free;
        tb_sim_send(parts, 2);
    }
    for (unsigned i = 0; i < 6; i++) {
        enum tb_error error = tb_sim_wait(r[i]);
        tb_sim_require(error == TB_OK || error == TB_DELETE_PENDING);
    }
    tb_sim_world_advance(&f->world, 50000);
    tb_sim_require_error(open_as(r[0]->tree, "file", TB_FILE_OPEN, 0), TB_OBJECT_NAME_NOT_FOUND);
    for (unsigned i = 0; i < 6; i++)
        tb_sim_request_free(r[i]);
}

static void configure_few(struct tb_sim_fixture *f)
{
    f->config.opens_max = 4;
}

SIM_TEST_CONFIGURED(limit_of_opens, SEEDS, configure_few)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open open[4];
    for (unsigned i = 0; i < 4; i++)
        tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_OPEN_IF, &open[i]));
    enum tb_error error = tb_sim_open(tree, "file", TB_FILE_OPEN_IF, NULL);
    tb_sim_require(error == TB_INSUFFICIENT_RESOURCES || error == TB_TOO_MANY_OPENED_FILES ||
                   error == TB_QUOTA_EXCEEDED);
    tb_sim_require_ok(tb_sim_close(&open[2]));
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_OPEN_IF, &open[2]));
}

SIM_MAIN("create", test_dispositions, test_directories, test_names, test_case_is_ignored,
         test_share_modes, test_delete_on_close, test_disposition_information,
         test_delete_on_disconnect, test_read_only_attribute, test_access,
        test_maximum_is_what_the_exporter_gives, test_deleted_on_behalf_of_who_said_so, test_contexts,
         test_race_to_create, test_race_to_open, test_race_to_delete, test_limit_of_opens)
