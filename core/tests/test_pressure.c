/* Clients that ask for much and take nothing, and clients in great number. */
#include "sim/check.h"
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEBIBYTE ((size_t)1 << 20)

static void configure_budget(struct tb_sim_fixture *f)
{
    f->config.connection_budget = 16 * MEBIBYTE;
    f->network.settings.window = 64 * 1024;
}

/* Spend all credits on reads of 8 MiB, or writes, and take no answers. */
static unsigned ask_for_all(struct tb_sim_open *file, struct tb_sim_request **r, unsigned most,
                            const uint8_t *data)
{
    struct tb_sim_client *client = file->tree->session->client;
    unsigned count = 0;
    while (count < most) {
        struct tb_sim_request *next =
            data ? tb_sim_write_request(file->tree, file->id, 0, data, 8 * MEBIBYTE)
                 : tb_sim_read_request(file->tree, file->id, 0, 8 * MEBIBYTE);
        if (!tb_sim_can_send(client, &next, 1)) {
            tb_sim_request_free(next);
            break;
        }
        tb_sim_send(&next, 1);
        r[count++] = next;
    }
    return count;
}

static void earn(struct tb_sim_tree *tree, unsigned credits)
{
    struct tb_sim_client *client = tree->session->client;
    client->credits_wanted = 512;
    for (unsigned i = 0; i < 50 && client->credits < credits; i++)
        tb_sim_require_ok(tb_sim_echo(client, tree->session));
}

static void require_bounded(struct tb_sim_fixture *f, size_t *most)
{
    struct tb_server_counts counts;
    tb_sim_counts(f, &counts);
    if (counts.payload_bytes > *most)
        *most = counts.payload_bytes;
}

/* The client reads nothing; the server holds no more than its budget, and still serves what frees
 * it: closing, unlocking, cancelling. */
SIM_TEST_CONFIGURED(reader_that_takes_nothing, 4, configure_budget)
{
    struct tb_sim_tree *tree = tb_sim_tree_dialect(f, TB_SMB2_DIALECT_311), *other = tb_sim_tree(f);
    struct tb_sim_open file, lock, rival, mine;
    struct tb_sim_create alone = {.name = "mine", .disposition = TB_FILE_OPEN_IF, .unshared = true};
    struct tb_sim_request *r[80], *wait, *unlock, *close;
    size_t most = 0;
    earn(tree, 500);
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    tb_sim_require_ok(tb_sim_set_size(&file, 8 * MEBIBYTE));
    tb_sim_require_ok(tb_sim_open(tree, "lock", TB_FILE_CREATE, &lock));
    tb_sim_require_ok(tb_sim_create(tree, &alone, &mine));
    tb_sim_require_ok(tb_sim_lock(&lock, 0, 1, TB_SMB2_LOCKFLAG_EXCLUSIVE_LOCK));
    tb_sim_require_ok(tb_sim_open(other, "lock", TB_FILE_OPEN, &rival));
    wait = tb_sim_lock_request(other, rival.id, 0, 1, TB_SMB2_LOCKFLAG_EXCLUSIVE_LOCK);
    tb_sim_send(&wait, 1);
    tb_sim_wait_pending(wait);
    unlock = tb_sim_lock_request(tree, lock.id, 0, 1, TB_SMB2_LOCKFLAG_UNLOCK);
    close = tb_sim_close_request(tree, mine.id, 0);
    tb_sim_client_set_reading(tree->session->client, false);
    tree->session->client->credits -= 2; /* for these */
    unsigned count = ask_for_all(&file, r, 80, NULL);
    tree->session->client->credits += 2;
    tb_sim_require(count >= 2);
    for (unsigned i = 0; i < 3000; i++) {
        tb_sim_world_advance(&f->world, 100);
        require_bounded(f, &most);
    }
    tb_sim_require(most <= f->config.connection_budget + 9 * MEBIBYTE);
    tb_sim_send(&unlock, 1);
    tb_sim_require_ok(tb_sim_wait(wait));
    tb_sim_request_free(wait);
    tb_sim_require_error(tb_sim_create(other, &alone, NULL), TB_SHARING_VIOLATION);
    tb_sim_send(&close, 1);
    tb_sim_world_advance(&f->world, 20000);
    tb_sim_require_ok(tb_sim_create(other, &alone, &rival));
    tb_sim_client_set_reading(tree->session->client, true);
    for (unsigned i = 0; i < count; i++) {
        tb_sim_require_ok(tb_sim_wait(r[i]));
        tb_sim_request_free(r[i]);
    }
    tb_sim_require_ok(tb_sim_wait(unlock));
    tb_sim_request_free(unlock);
    tb_sim_require_ok(tb_sim_wait(close));
    tb_sim_request_free(close);
    printf("reader that takes nothing: %u reads of 8 MiB, %zu KiB held at most\n", count,
           most / 1024);
}

SIM_TEST_CONFIGURED(writer_that_takes_nothing, 3, configure_budget)
{
    struct tb_sim_tree *tree = tb_sim_tree_dialect(f, TB_SMB2_DIALECT_311);
    struct tb_sim_open file;
    struct tb_sim_request *r[80];
    uint8_t *data = calloc(1, 8 * MEBIBYTE);
    size_t most = 0;
    earn(tree, 500);
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    tb_sim_client_set_reading(tree->session->client, false);
    unsigned count = ask_for_all(&file, r, 80, data);
    for (unsigned i = 0; i < 2000; i++) {
        tb_sim_world_advance(&f->world, 100);
        require_bounded(f, &most);
    }
    tb_sim_require(most <= f->config.connection_budget + 20 * MEBIBYTE);
    tb_sim_client_set_reading(tree->session->client, true);
    for (unsigned i = 0; i < count; i++) {
        tb_sim_require_ok(tb_sim_wait(r[i]));
        tb_sim_request_free(r[i]);
    }
    free(data);
    printf("writer that takes nothing: %u writes of 8 MiB, %zu KiB held at most\n", count,
           most / 1024);
}

static void configure_slow_writes(struct tb_sim_fixture *f)
{
    configure_budget(f);
    f->config.connection_budget = 4 * MEBIBYTE;
    f->slow_settings.delay_one_in = 1;
    f->slow_settings.delay_max_us = 50000;
}

/* Many more credits than the budget, and a filesystem that cannot keep up: the link is read no
 * further than the budget, and everything is written in the end. */
SIM_TEST_CONFIGURED(writes_faster_than_the_filesystem, 4, configure_slow_writes)
{
    struct tb_sim_tree *tree = tb_sim_tree_dialect(f, TB_SMB2_DIALECT_311);
    struct tb_sim_open file;
    struct tb_sim_request *r[64];
    uint8_t *data = calloc(1, MEBIBYTE);
    size_t most = 0;
    earn(tree, 8000);
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    for (unsigned i = 0; i < 64; i++) {
        r[i] = tb_sim_write_request(tree, file.id, i * MEBIBYTE, data, MEBIBYTE);
        tb_sim_send(&r[i], 1);
    }
    for (unsigned i = 0; i < 3000; i++) {
        tb_sim_world_advance(&f->world, 100);
        require_bounded(f, &most);
    }
    tb_sim_require(most <= f->config.connection_budget + 3 * MEBIBYTE);
    for (unsigned i = 0; i < 64; i++) {
        tb_sim_require_ok(tb_sim_wait(r[i]));
        tb_sim_request_free(r[i]);
    }
    free(data);
    printf("writes faster than the filesystem: 64 of 1 MiB, %zu KiB held at most\n", most / 1024);
}

/* One that is cut off in that state leaves nothing behind. */
SIM_TEST_CONFIGURED(cut_off_under_pressure, 3, configure_budget)
{
    struct tb_sim_tree *tree = tb_sim_tree_dialect(f, TB_SMB2_DIALECT_311);
    struct tb_sim_open file;
    struct tb_sim_request *r[80];
    earn(tree, 500);
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    tb_sim_require_ok(tb_sim_set_size(&file, 8 * MEBIBYTE));
    tb_sim_client_set_reading(tree->session->client, false);
    unsigned count = ask_for_all(&file, r, 80, NULL);
    tb_sim_world_advance(&f->world, 1 + tb_sim_random_below(&f->random, 20000));
    tb_sim_client_disconnect(tree->session->client);
    for (unsigned i = 0; i < count; i++) {
        tb_sim_wait(r[i]);
        tb_sim_request_free(r[i]);
    }
    tb_sim_fixture_empty(f);
}

static size_t heap_in_use(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static void configure_calm(struct tb_sim_fixture *f)
{
    f->world.switch_one_in = 0;
    f->slow_settings.delay_one_in = 0;
}

/* A thousand clients, each logged on: what the server holds for them is printed and bounded. */
SIM_TEST_CONFIGURED(thousand_connections, 1, configure_calm)
{
    size_t before = heap_in_use(), clients;
    for (unsigned i = 0; i < 1000; i++)
        tb_sim_connect_dialect(f, TB_SMB2_DIALECT_311);
    clients = heap_in_use() - before;
    for (unsigned i = 0; i < 1000; i++)
        tb_sim_tree_of(tb_sim_session(f->clients[i]), "share");
    tb_sim_world_settle(&f->world);
    struct tb_server_counts counts;
    tb_sim_counts(f, &counts);
    tb_sim_require_equal(counts.connections, 1000);
    tb_sim_require_equal(counts.sessions, 1000);
    tb_sim_require(heap_in_use() - before < 32 * MEBIBYTE);
    printf("1,000 connections: %zu KiB of heap, clients included (%zu before they logged on)\n",
           (heap_in_use() - before) / 1024, clients / 1024);
    for (unsigned i = 0; i < 1000; i += 100)
        tb_sim_require_ok(tb_sim_echo(f->clients[i], NULL));
}

static void configure_limit(struct tb_sim_fixture *f)
{
    f->config.connections_max = 5;
}

SIM_TEST_CONFIGURED(limit_of_connections, 50, configure_limit)
{
    for (unsigned i = 0; i < 5; i++)
        tb_sim_connect_dialect(f, 0);
    struct tb_sim_client *refused = tb_sim_connect(f);
    tb_sim_client_wait_end(refused);
    tb_sim_gone(f, f->clients[2]);
    tb_sim_world_advance(&f->world, 10000);
    tb_sim_tree(f);
}

SIM_MAIN("pressure", test_reader_that_takes_nothing, test_writer_that_takes_nothing,
         test_writes_faster_than_the_filesystem, test_cut_off_under_pressure,
         test_thousand_connections, test_limit_of_connections)
