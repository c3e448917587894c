#include "sim/check.h"
#include <stdlib.h>
#include <string.h>

#define SEEDS 200

/* A session echo: signed, small. */
static struct tb_sim_request *echo(struct tb_sim_tree *tree)
{
    return tb_sim_echo_request(tree->session->client, tree->session);
}

SIM_TEST(id_beyond_the_window, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_client *client = tree->session->client;
    client->next_message_id += client->credits + tb_sim_random_below(&f->random, 10000);
    tb_sim_require_error(tb_sim_do(echo(tree)), TB_DROP_CONNECTION);
}

SIM_TEST(used_id, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_client *client = tree->session->client;
    client->next_message_id = tb_sim_random_below(&f->random, client->next_message_id);
    tb_sim_require_error(tb_sim_do(echo(tree)), TB_DROP_CONNECTION);
}

/* Inside the window any order will do. */
SIM_TEST(ids_out_of_order, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_client *client = tree->session->client;
    struct tb_sim_request *r[8];
    struct tb_sim_message message[8];
    for (unsigned i = 0; i < 4; i++)
        tb_sim_require_ok(tb_sim_do(echo(tree)));
    tb_sim_require(client->credits >= 8);
    for (unsigned i = 0; i < 8; i++) {
        r[i] = echo(tree);
        message[i] = tb_sim_finish(&r[i], 1);
    }
    for (unsigned i = 8; i-- > 0;) {
        unsigned j = (unsigned)((i + f->world.seed) % 8);
        tb_sim_transmit(client, &r[j], 1, message[j]);
    }
    for (unsigned i = 0; i < 8; i++) {
        tb_sim_require_ok(tb_sim_wait(r[i]));
        tb_sim_request_free(r[i]);
    }
}

static void configure_credits(struct tb_sim_fixture *f)
{
    f->config.credits_max = 64;
}

SIM_TEST_CONFIGURED(grants_are_limited, SEEDS, configure_credits)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_client *client = tree->session->client;
    client->credits_wanted = 65535;
    for (unsigned i = 0; i < 20; i++) {
        tb_sim_require_ok(tb_sim_do(echo(tree)));
        tb_sim_require(client->credits <= 64);
    }
    tb_sim_require(client->credits >= 32);
}

/* Whoever asks for none still gets what keeps him alive. */
SIM_TEST(no_credits_asked, SEEDS)
{
    struct tb_sim_client *client = tb_sim_connect_dialect(f, 0);
    client->credits_wanted = 0;
    struct tb_sim_tree *tree = tb_sim_tree_of(tb_sim_session(client), "share");
    for (unsigned i = 0; i < 20; i++)
        tb_sim_require_ok(tb_sim_do(echo(tree)));
}

SIM_TEST(charge_too_small, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree_dialect(f, TB_SMB2_DIALECT_311);
    struct tb_sim_open file;
    static uint8_t data[200000];
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    struct tb_sim_request *write = tb_sim_write_request(tree, file.id, 0, data, sizeof(data));
    struct tb_sim_request *read = tb_sim_read_request(tree, file.id, 0, 100000);
    write->payload = read->payload = 1;
    tb_sim_require_error(tb_sim_do(write), TB_INVALID_PARAMETER);
    tb_sim_require_error(tb_sim_do(read), TB_INVALID_PARAMETER);
    tb_sim_require_ok(tb_sim_write(&file, 0, data, 65536));
}

/* Get hold of `credits` of them. */
static void collect(struct tb_sim_tree *tree, unsigned credits)
{
    struct tb_sim_client *client = tree->session->client;
    client->credits_wanted = 256;
    for (unsigned i = 0; i < 100 && client->credits < credits; i++)
        tb_sim_require_ok(tb_sim_do(echo(tree)));
    tb_sim_require(client->credits >= credits);
}

SIM_TEST(eight_mebibytes, 6)
{
    static const uint16_t dialects[] = {TB_SMB2_DIALECT_210, TB_SMB2_DIALECT_302,
                                        TB_SMB2_DIALECT_311};
    struct tb_sim_tree *tree = tb_sim_tree_dialect(f, dialects[f->world.seed % 3]);
    struct tb_sim_open file;
    size_t size = 8u << 20;
    uint8_t *data = malloc(size), *back = malloc(size);
    tb_sim_random_bytes(&f->random, data, size);
    collect(tree, 128);
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    tb_sim_require_ok(tb_sim_write(&file, 0, data, size));
    tb_sim_require_ok(tb_sim_read(&file, 0, back, &size));
    tb_sim_require(size == 8u << 20 && memcmp(data, back, size) == 0);
    free(data);
    free(back);
}

SIM_TEST(more_than_eight_mebibytes, 6)
{
    struct tb_sim_tree *tree = tb_sim_tree_dialect(f, TB_SMB2_DIALECT_311);
    struct tb_sim_open file;
    collect(tree, 200);
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    struct tb_sim_request *r = tb_sim_read_request(tree, file.id, 0, (8u << 20) + 1);
    tb_sim_require_error(tb_sim_do(r), TB_INVALID_PARAMETER);
}

/* 2.0.2 knows 64 KiB and no charges. */
SIM_TEST(old_dialect, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree_dialect(f, TB_SMB2_DIALECT_202);
    struct tb_sim_open file;
    static uint8_t data[65536], back[65536];
    size_t length = sizeof(back);
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    tb_sim_require_ok(tb_sim_write(&file, 0, data, sizeof(data)));
    tb_sim_require_ok(tb_sim_read(&file, 0, back, &length));
    tb_sim_require_equal(length, sizeof(back));
    tb_sim_require_error(tb_sim_do(tb_sim_read_request(tree, file.id, 0, 65537)),
                         TB_INVALID_PARAMETER);
}

SIM_MAIN("credits and the sequence window", test_id_beyond_the_window, test_used_id,
         test_ids_out_of_order, test_grants_are_limited, test_no_credits_asked,
         test_charge_too_small, test_eight_mebibytes, test_more_than_eight_mebibytes,
         test_old_dialect)
