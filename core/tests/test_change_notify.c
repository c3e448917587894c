#include "sim/check.h"
#include <string.h>

#include "core/nt/utf.h"

#define SEEDS 200
#define NAMES (TB_FILE_NOTIFY_CHANGE_FILE_NAME | TB_FILE_NOTIFY_CHANGE_DIR_NAME)

static struct tb_sim_request *watch(struct tb_sim_open *dir, uint32_t filter, bool tree_wide,
                                    uint32_t length)
{
    struct tb_sim_request *r =
        tb_sim_notify_request(dir->tree, dir->id, filter, tree_wide, length);
    tb_sim_send(&r, 1);
    tb_sim_wait_pending(r);
    return r;
}

/* Append what an answer tells as "+name", "-name", "!name", "<old", ">new"; one line each. */
static void collect(struct tb_sim_request *r, char *text, size_t capacity)
{
    static const char signs[] = " +-!<>";
    struct tb_span left = tb_sim_output(r);
    struct tb_notify_information entry;
    char name[300];
    while (left.length && tb_notify_information_decode(&left, &entry) == TB_OK) {
        size_t at = strlen(text);
        tb_sim_require(entry.action >= 1 && entry.action <= 5);
        tb_sim_require_ok(tb_utf8_from_utf16(entry.file_name, name, sizeof(name)));
        tb_sim_require(at + strlen(name) + 3 < capacity);
        text[at] = signs[entry.action];
        strcpy(text + at + 1, name);
        strcat(text, "\n");
    }
}

static void make(struct tb_sim_tree *tree, const char *name)
{
    struct tb_sim_open open;
    tb_sim_require_ok(tb_sim_open(tree, name, TB_FILE_CREATE, &open));
    tb_sim_require_ok(tb_sim_close(&open));
}

/* One change after the other, each told to who waits. */
static void expect(struct tb_sim_open *dir, struct tb_sim_request **r, const char *wanted)
{
    char text[1000] = "";
    while (strlen(text) < strlen(wanted)) {
        tb_sim_require_ok(tb_sim_wait(*r));
        collect(*r, text, sizeof(text));
        tb_sim_request_free(*r);
        *r = watch(dir, NAMES, true, 1000);
    }
    if (strcmp(text, wanted) != 0)
        tb_sim_fail(__FILE__, __LINE__, "told \"%s\", not \"%s\"", text, wanted);
}

SIM_TEST(names, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f), *other = tb_sim_tree(f);
    struct tb_sim_open dir, file;
    struct tb_sim_create create = {.name = "dir",
                                   .disposition = TB_FILE_CREATE,
                                   .access = TB_FILE_GENERIC_READ,
                                   .options = TB_FILE_DIRECTORY_FILE};
    tb_sim_require_ok(tb_sim_create(tree, &create, &dir));
    struct tb_sim_request *r = watch(&dir, NAMES, true, 1000);
    tb_sim_require(!r->done);
    make(other, "outside");
    make(other, "dir/a");
    expect(&dir, &r, "+a\n");
    make(other, "dir/sub/");
    expect(&dir, &r, "+sub\n");
    make(other, "dir/sub/deep");
    expect(&dir, &r, "+sub\\deep\n");
    tb_sim_require_ok(tb_sim_open(other, "dir/a", TB_FILE_OPEN, &file));
    tb_sim_require_ok(tb_sim_rename(&file, "dir/b", false));
    expect(&dir, &r, "<a\n>b\n");
    tb_sim_require_ok(tb_sim_delete_on_close(&file, true));
    tb_sim_require_ok(tb_sim_close(&file));
    expect(&dir, &r, "-b\n");
    tb_sim_cancel(r);
    tb_sim_require_error(tb_sim_wait(r), TB_CANCELLED);
    tb_sim_request_free(r);
}

/* A renamed file is told as such to those that look out for names, and as modified to others. */
SIM_TEST(renamed_files, SEEDS)
{
    static const uint32_t attributes = TB_FILE_NOTIFY_CHANGE_ATTRIBUTES;
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open names, others, file;
    struct tb_sim_create create = {.name = "dir",
                                   .disposition = TB_FILE_OPEN_IF,
                                   .access = TB_FILE_GENERIC_READ,
                                   .options = TB_FILE_DIRECTORY_FILE};
    char text[200] = "", modified[200] = "";
    tb_sim_require_ok(tb_sim_create(tree, &create, &names));
    tb_sim_require_ok(tb_sim_create(tree, &create, &others));
    tb_sim_require_ok(tb_sim_open(tree, "dir/a", TB_FILE_CREATE, &file));
    struct tb_sim_request *r = watch(&names, NAMES | attributes, true, 1000);
    struct tb_sim_request *other = watch(&others, attributes, true, 1000);
    tb_sim_require_ok(tb_sim_rename(&file, "dir/b", false));
    tb_sim_require_ok(tb_sim_wait(r));
    collect(r, text, sizeof(text));
    tb_sim_require(strcmp(text, "<a\n>b\n") == 0);
    tb_sim_require_ok(tb_sim_wait(other));
    collect(other, modified, sizeof(modified));
    tb_sim_require(strcmp(modified, "!b\n") == 0);
    tb_sim_request_free(r);
    tb_sim_request_free(other);
    r = watch(&names, NAMES | attributes, true, 1000);
    tb_sim_cancel(r);
    tb_sim_require_error(tb_sim_wait(r), TB_CANCELLED);
    tb_sim_request_free(r);
}

/* What happens between two requests is kept for the next. */
SIM_TEST(between_requests, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open dir;
    char text[200] = "";
    tb_sim_require_ok(tb_sim_open(tree, "dir/", TB_FILE_CREATE, &dir));
    struct tb_sim_request *r = watch(&dir, NAMES, false, 1000);
    make(tree, "dir/a");
    tb_sim_require_ok(tb_sim_wait(r));
    collect(r, text, sizeof(text));
    tb_sim_request_free(r);
    make(tree, "dir/b");
    make(tree, "dir/c");
    r = tb_sim_notify_request(tree, dir.id, NAMES, false, 1000);
    tb_sim_require_ok(tb_sim_call(r));
    collect(r, text, sizeof(text));
    tb_sim_require(strcmp(text, "+a\n+b\n+c\n") == 0);
    tb_sim_request_free(r);
}

SIM_TEST(not_the_whole_tree, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open dir;
    make(tree, "dir/");
    make(tree, "dir/sub/");
    tb_sim_require_ok(tb_sim_open(tree, "dir/", TB_FILE_OPEN, &dir));
    struct tb_sim_request *r = watch(&dir, TB_FILE_NOTIFY_CHANGE_FILE_NAME, false, 1000);
    make(tree, "dir/sub/deep");
    make(tree, "dir/other/");
    tb_sim_world_advance(&f->world, 20000);
    tb_sim_require(!r->done);
    make(tree, "dir/file");
    tb_sim_require_ok(tb_sim_wait(r));
    tb_sim_request_free(r);
}

SIM_TEST(contents, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open dir, file;
    make(tree, "dir/");
    tb_sim_require_ok(tb_sim_open(tree, "dir/", TB_FILE_OPEN, &dir));
    tb_sim_require_ok(tb_sim_open(tree, "dir/file", TB_FILE_CREATE, &file));
    struct tb_sim_request *r = watch(
        &dir, TB_FILE_NOTIFY_CHANGE_SIZE | TB_FILE_NOTIFY_CHANGE_LAST_WRITE, false, 1000);
    tb_sim_require_ok(tb_sim_write(&file, 0, "x", 1));
    tb_sim_require_ok(tb_sim_close(&file));
    char text[300] = "";
    tb_sim_require_ok(tb_sim_wait(r));
    collect(r, text, sizeof(text));
    tb_sim_require(strncmp(text, "!file\n", 6) == 0);
    tb_sim_request_free(r);
}

/* More than fits: look for yourself. */
SIM_TEST(overflow, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open dir;
    make(tree, "dir/");
    tb_sim_require_ok(tb_sim_open(tree, "dir/", TB_FILE_OPEN, &dir));
    struct tb_sim_request *r = watch(&dir, NAMES, false, 16);
    make(tree, "dir/a name that does not fit into sixteen bytes");
    tb_sim_require_error(tb_sim_wait(r), TB_NOTIFY_ENUM_DIR);
    tb_sim_request_free(r);
}

SIM_TEST(end_of_the_watching, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open dir;
    make(tree, "dir/");
    tb_sim_require_ok(tb_sim_open(tree, "dir/", TB_FILE_OPEN, &dir));
    struct tb_sim_request *r = watch(&dir, NAMES, true, 1000);
    switch (f->world.seed % 4) {
    case 0:
        tb_sim_require_ok(tb_sim_close(&dir));
        tb_sim_require_error(tb_sim_wait(r), TB_NOTIFY_CLEANUP);
        break;
    case 1:
        tb_sim_require_ok(tb_sim_tree_disconnect(tree));
        tb_sim_require(tb_sim_wait(r) != TB_OK);
        break;
    case 2:
        tb_sim_require_ok(tb_sim_logoff(tree->session));
        tb_sim_require(tb_sim_wait(r) != TB_OK);
        break;
    default:
        tb_sim_client_disconnect(r->client);
        tb_sim_require_error(tb_sim_wait(r), TB_DROP_CONNECTION);
        break;
    }
    tb_sim_request_free(r);
}

SIM_TEST(refusals, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open file;
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    tb_sim_require_error(tb_sim_do(tb_sim_notify_request(tree, file.id, NAMES, false, 1000)),
                         TB_INVALID_PARAMETER);
    if (tree->session->client->dialect == TB_SMB2_DIALECT_202)
        return;
    struct tb_sim_open dir;
    tb_sim_require_ok(tb_sim_open(tree, "dir/", TB_FILE_CREATE, &dir));
    tb_sim_require_error(
        tb_sim_do(tb_sim_notify_request(tree, dir.id, NAMES, false, (8u << 20) + 1)),
        TB_INVALID_PARAMETER);
}

SIM_MAIN("change notify", test_names, test_renamed_files, test_between_requests, test_not_the_whole_tree,
         test_contents, test_overflow, test_end_of_the_watching, test_refusals)
