#include "sim/check.h"
#include <string.h>

#include "core/wire/close.h"

#define SEEDS 250

static void free_all(struct tb_sim_request **parts, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        tb_sim_request_free(parts[i]);
}

static struct tb_sim_request *create(struct tb_sim_tree *tree, const char *name,
                                     uint32_t disposition)
{
    return tb_sim_create_request(
        tree, &(struct tb_sim_create){.name = name, .disposition = disposition});
}

static struct tb_sim_request *related(struct tb_sim_request *r)
{
    r->related = true;
    return r;
}

/* Earn some credits first. */
static struct tb_sim_tree *rich_tree(struct tb_sim_fixture *f)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    for (unsigned i = 0; i < 3; i++)
        tb_sim_require_ok(tb_sim_echo(tree->session->client, tree->session));
    return tree;
}

SIM_TEST(create_write_read_close, SEEDS)
{
    struct tb_sim_tree *tree = rich_tree(f);
    struct tb_sim_request *parts[] = {
        create(tree, "file", TB_FILE_CREATE),
        related(tb_sim_write_request(tree, TB_SIM_RELATED, 0, "hello world", 11)),
        related(tb_sim_read_request(tree, TB_SIM_RELATED, 6, 100)),
        related(tb_sim_query_request(tree, TB_SIM_RELATED, TB_SMB2_0_INFO_FILE,
                                     TB_FILE_STANDARD_INFORMATION, 24)),
        related(tb_sim_close_request(tree, TB_SIM_RELATED, TB_SMB2_CLOSE_FLAG_POSTQUERY_ATTRIB)),
    };
    struct tb_file_standard standard;
    struct tb_close_response closed;
    tb_sim_call_all(parts, 5);
    for (unsigned i = 0; i < 5; i++)
        tb_sim_require_ok(parts[i]->error);
    struct tb_span read = tb_sim_read_data(parts[2]);
    tb_sim_require(read.length == 5 && memcmp(read.data, "world", 5) == 0);
    tb_sim_require_ok(tb_file_standard_decode(tb_sim_output(parts[3]), &standard));
    tb_sim_require_equal(standard.size, 11);
    tb_sim_require_ok(tb_close_response_decode(tb_sim_response(parts[4]), &closed));
    tb_sim_require_equal(closed.end_of_file, 11);
    free_all(parts, 5);
}

/* Parts that hang on one that failed fail as it did (MS-SMB2 3.3.5.2.7.2). */
SIM_TEST(failed_create, SEEDS)
{
    struct tb_sim_tree *tree = rich_tree(f);
    struct tb_sim_request *parts[] = {
        create(tree, "absent", TB_FILE_OPEN),
        related(tb_sim_read_request(tree, TB_SIM_RELATED, 0, 100)),
        related(tb_sim_close_request(tree, TB_SIM_RELATED, 0)),
    };
    tb_sim_call_all(parts, 3);
    for (unsigned i = 0; i < 3; i++)
        tb_sim_require_error(parts[i]->error, TB_OBJECT_NAME_NOT_FOUND);
    free_all(parts, 3);
}

/* A READ that fails does not keep the file open. */
SIM_TEST(failed_read, SEEDS)
{
    struct tb_sim_tree *tree = rich_tree(f);
    struct tb_sim_request *parts[] = {
        create(tree, "file", TB_FILE_CREATE),
        related(tb_sim_read_request(tree, TB_SIM_RELATED, 0, 100)),
        related(tb_sim_close_request(tree, TB_SIM_RELATED, 0)),
    };
    struct tb_server_counts counts;
    tb_sim_call_all(parts, 3);
    tb_sim_require_ok(parts[0]->error);
    tb_sim_require_error(parts[1]->error, TB_END_OF_FILE);
    tb_sim_require(parts[2]->error == TB_OK);
    free_all(parts, 3);
    tb_sim_world_advance(&f->world, 20000);
    tb_sim_counts(f, &counts);
    tb_sim_require_equal(counts.opens, 0);
}

SIM_TEST(unrelated, SEEDS)
{
    struct tb_sim_tree *tree = rich_tree(f);
    struct tb_sim_request *parts[] = {
        create(tree, "a", TB_FILE_CREATE),
        create(tree, "absent", TB_FILE_OPEN),
        tb_sim_echo_request(tree->session->client, tree->session),
        create(tree, "b", TB_FILE_CREATE),
    };
    struct tb_sim_open a, b;
    tb_sim_call_all(parts, 4);
    tb_sim_require_ok(parts[0]->error);
    tb_sim_require_error(parts[1]->error, TB_OBJECT_NAME_NOT_FOUND);
    tb_sim_require_ok(parts[2]->error);
    tb_sim_require_ok(parts[3]->error);
    tb_sim_created(parts[0], &a);
    tb_sim_created(parts[3], &b);
    free_all(parts, 4);
    tb_sim_require_ok(tb_sim_close(&a));
    tb_sim_require_ok(tb_sim_close(&b));
}

SIM_TEST(related_first, SEEDS)
{
    struct tb_sim_tree *tree = rich_tree(f);
    struct tb_sim_request *parts[] = {related(create(tree, "a", TB_FILE_CREATE)),
                                      related(create(tree, "b", TB_FILE_CREATE))};
    parts[0]->lenient = parts[1]->lenient = true;
    tree->session->client->lenient = true;
    tb_sim_call_all(parts, 2);
    tb_sim_require(parts[0]->lost || parts[0]->error == TB_INVALID_PARAMETER);
    free_all(parts, 2);
}

/* NextCommand that leads nowhere ends the connection, and nothing was done. */
SIM_TEST(broken_chain, SEEDS)
{
    static const uint32_t wrong[] = {1, 8, 63, 64 + 4, 1 << 20, 0xFFFFFFF8u, 0xFFFFFFFFu};
    struct tb_sim_tree *tree = rich_tree(f);
    struct tb_sim_request *parts[] = {create(tree, "a", TB_FILE_CREATE),
                                      create(tree, "b", TB_FILE_CREATE)};
    tree->session->encrypt = false;
    struct tb_sim_message message = tb_sim_finish(parts, 2);
    tb_store_u32(message.bytes + TB_SMB2_HEADER_NEXT_COMMAND_OFFSET,
                 wrong[f->world.seed % (sizeof(wrong) / sizeof(wrong[0]))]);
    parts[0]->lenient = parts[1]->lenient = true;
    tb_sim_transmit(tree->session->client, parts, 2, message);
    tb_sim_wait(parts[1]);
    tb_sim_require(parts[0]->lost && parts[1]->lost);
    free_all(parts, 2);
    struct tb_sim_tree *other = tb_sim_tree(f);
    tb_sim_require_error(tb_sim_open(other, "a", TB_FILE_OPEN, NULL), TB_OBJECT_NAME_NOT_FOUND);
}

/* The last part of a compound may wait; the ones before it are answered first. */
SIM_TEST(last_part_waits, SEEDS)
{
    struct tb_sim_tree *tree = rich_tree(f), *other = tb_sim_tree(f);
    struct tb_sim_request *parts[] = {
        tb_sim_create_request(tree, &(struct tb_sim_create){.name = "",
                                                            .disposition = TB_FILE_OPEN,
                                                            .options = TB_FILE_DIRECTORY_FILE}),
        related(tb_sim_notify_request(tree, TB_SIM_RELATED, TB_FILE_NOTIFY_CHANGE_FILE_NAME, false,
                                      1000)),
    };
    tb_sim_send(parts, 2);
    tb_sim_require_ok(tb_sim_wait(parts[0]));
    tb_sim_wait_pending(parts[1]);
    tb_sim_require(parts[1]->pending && !parts[1]->done);
    tb_sim_require_ok(tb_sim_open(other, "new", TB_FILE_CREATE, &(struct tb_sim_open){0}));
    tb_sim_require_ok(tb_sim_wait(parts[1]));
    free_all(parts, 2);
}

/* One in the middle may not. */
SIM_TEST(middle_part_waits, SEEDS)
{
    struct tb_sim_tree *tree = rich_tree(f);
    struct tb_sim_request *parts[] = {
        tb_sim_create_request(tree, &(struct tb_sim_create){.name = "",
                                                            .disposition = TB_FILE_OPEN,
                                                            .options = TB_FILE_DIRECTORY_FILE}),
        related(tb_sim_notify_request(tree, TB_SIM_RELATED, TB_FILE_NOTIFY_CHANGE_FILE_NAME, false,
                                      1000)),
        related(tb_sim_close_request(tree, TB_SIM_RELATED, 0)),
    };
    tb_sim_call_all(parts, 3);
    tb_sim_require_ok(parts[0]->error);
    tb_sim_require_error(parts[1]->error, TB_INTERNAL_ERROR);
    free_all(parts, 3);
}

/* Up to 20 parts at once, over and over, mixed with other messages. */
SIM_TEST(many_parts, SEEDS / 3)
{
    struct tb_sim_tree *tree = rich_tree(f);
    struct tb_sim_request *parts[20];
    for (unsigned round = 0; round < 5; round++) {
        unsigned count = 1 + (unsigned)tb_sim_random_below(&f->random, 20);
        parts[0] = create(tree, "file", TB_FILE_OPEN_IF);
        for (unsigned i = 1; i < count; i++)
            parts[i] =
                related(tb_sim_write_request(tree, TB_SIM_RELATED, i, "abcdefghijklmnopqrstuv", i));
        tb_sim_call_all(parts, count);
        for (unsigned i = 0; i < count; i++)
            tb_sim_require_ok(parts[i]->error);
        struct tb_sim_open file;
        tb_sim_created(parts[0], &file);
        free_all(parts, count);
        tb_sim_require_ok(tb_sim_close(&file));
    }
}

SIM_MAIN("compounds", test_create_write_read_close, test_failed_create, test_failed_read,
         test_unrelated, test_related_first, test_broken_chain, test_last_part_waits,
         test_middle_part_waits, test_many_parts)
