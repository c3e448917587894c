#include "sim/check.h"

#define SEEDS 200

SIM_TEST(shares, SEEDS)
{
    struct tb_sim_session *session = tb_sim_session(tb_sim_connect_dialect(f, 0));
    struct tb_sim_tree *tree = tb_sim_tree_of(session, "share");
    tb_sim_require_equal(tree->share_type, TB_SMB2_SHARE_TYPE_DISK);
    tb_sim_require_equal(tree->maximal_access & TB_FILE_ALL_ACCESS, TB_FILE_ALL_ACCESS);
    struct tb_sim_tree *upper = tb_sim_tree_of(session, "SHARE");
    tb_sim_require(upper->id != tree->id);
    tb_sim_require_equal(tb_sim_tree_of(session, "IPC$")->share_type, TB_SMB2_SHARE_TYPE_PIPE);
    tree = tb_sim_tree_of(session, "readonly");
    tb_sim_require_equal(tree->maximal_access & (TB_FILE_WRITE_DATA | TB_DELETE), 0);
    tb_sim_require(tree->maximal_access & TB_FILE_READ_DATA);
}

SIM_TEST(refused, SEEDS)
{
    struct tb_sim_session *session = tb_sim_session(tb_sim_connect_dialect(f, 0));
    tb_sim_require_error(tb_sim_tree_connect(session, "nothing", NULL), TB_BAD_NETWORK_NAME);
    tb_sim_require_error(tb_sim_tree_connect(session, "", NULL), TB_BAD_NETWORK_NAME);
    tb_sim_require_error(tb_sim_tree_connect(session, "private", NULL), TB_ACCESS_DENIED);
    tb_sim_require_ok(tb_sim_echo(session->client, session));
}

SIM_TEST(disconnect, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f), *second = tb_sim_tree_of(tree->session, "share");
    struct tb_sim_open file, other;
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    tb_sim_require_ok(tb_sim_open(second, "other", TB_FILE_CREATE, &other));
    tb_sim_require_ok(tb_sim_tree_disconnect(tree));
    tb_sim_require_error(tb_sim_tree_disconnect(tree), TB_NETWORK_NAME_DELETED);
    tb_sim_require_error(tb_sim_write(&file, 0, "x", 1), TB_NETWORK_NAME_DELETED);
    tb_sim_require_ok(tb_sim_write(&other, 0, "x", 1));
    file.tree = second;
    tb_sim_require_error(tb_sim_write(&file, 0, "x", 1), TB_FILE_CLOSED);
    tb_sim_require_ok(tb_sim_close(&other));
}

/* A tree id nobody gave, 0 among them (MS-SMB2 3.3.5.2.11). */
SIM_TEST(unknown_tree, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    static const uint32_t ids[] = {0, 0xFFFFFFFFu, 77};
    uint32_t id = tree->id;
    tree->id = ids[f->world.seed % 3];
    if (tree->id != id)
        tb_sim_require_error(tb_sim_open(tree, "file", TB_FILE_CREATE, NULL),
                             TB_NETWORK_NAME_DELETED);
    tree->id = id;
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &(struct tb_sim_open){0}));
}

SIM_TEST(read_only, SEEDS)
{
    struct tb_sim_session *session = tb_sim_session(tb_sim_connect_dialect(f, 0));
    struct tb_sim_tree *tree = tb_sim_tree_of(session, "readonly");
    struct tb_sim_create root = {.name = "",
                                 .disposition = TB_FILE_OPEN,
                                 .access = TB_FILE_GENERIC_READ,
                                 .options = TB_FILE_DIRECTORY_FILE};
    struct tb_sim_open open;
    enum tb_error error = tb_sim_open(tree, "file", TB_FILE_CREATE, NULL);
    tb_sim_require(error == TB_ACCESS_DENIED || error == TB_MEDIA_WRITE_PROTECTED);
    tb_sim_require_ok(tb_sim_create(tree, &root, &open));
    tb_sim_require_ok(tb_sim_close(&open));
}

/* Disconnecting while requests are under way: each is answered, what is open is closed. */
SIM_TEST(disconnect_under_load, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_client *client = tree->session->client;
    struct tb_sim_request *r[12];
    for (unsigned i = 0; i < 3; i++)
        tb_sim_require_ok(tb_sim_echo(client, tree->session));
    for (unsigned i = 0; i < 12; i++) {
        char name[] = {(char)('a' + i), 0};
        r[i] = tb_sim_create_request(
            tree, &(struct tb_sim_create){.name = name, .disposition = TB_FILE_OPEN_IF});
        tb_sim_send(&r[i], 1);
    }
    tb_sim_require_ok(tb_sim_tree_disconnect(tree));
    for (unsigned i = 0; i < 12; i++) {
        enum tb_error error = tb_sim_wait(r[i]);
        tb_sim_require(error == TB_OK || error == TB_NETWORK_NAME_DELETED);
        tb_sim_request_free(r[i]);
    }
    tb_sim_world_advance(&f->world, 20000);
    struct tb_server_counts counts;
    tb_sim_counts(f, &counts);
    tb_sim_require_equal(counts.opens, 0);
}

SIM_MAIN("tree connects", test_shares, test_refused, test_disconnect, test_unknown_tree,
         test_read_only, test_disconnect_under_load)
