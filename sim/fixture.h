/* A server in a simulated world, for tests: accounts, shares on memory exporters, clients.
 *
 * A test is a function that is run once for each seed. Everything it does not fix itself (number of
 * loops, delays, which loop a client is on, when things switch) the seed decides. Afterwards the
 * clients go, the server must be empty, stops and is destroyed.
 *
 *     SIM_TEST(write_then_read, 200)
 *     {
 *         struct tb_sim_open file;
 *         char bytes[5];
 *         size_t length = sizeof(bytes);
 *         struct tb_sim_tree *tree = tb_sim_tree(f);
 *         tb_sim_require_ok(tb_sim_open(tree, "a.txt", TB_FILE_CREATE, &file));
 *         tb_sim_require_ok(tb_sim_write(&file, 0, "hello", 5));
 *         tb_sim_require_ok(tb_sim_read(&file, 0, bytes, &length));
 *         tb_sim_require(length == 5 && memcmp(bytes, "hello", 5) == 0);
 *     }
 *
 * TB_SIM_TEST=NAME and TB_SIM_SEEDS=A..B in the environment repeat one failure. */
#ifndef TB_SIM_FIXTURE_H
#define TB_SIM_FIXTURE_H

#include "sim/client.h"
#include "sim/files.h"
#include "sim/network.h"
#include "sim/slow_exporter.h"
#include "sim/transcript.h"
#include "sim/world.h"

#define TB_SIM_CLIENTS_MAX 1100

enum tb_sim_share {
    TB_SIM_SHARE,    /* "share": everyone with an account */
    TB_SIM_READONLY, /* "readonly" */
    TB_SIM_GUEST,    /* "guest": guests and anonymous users, too; only if with_guest */
    TB_SIM_SEALED,   /* "sealed": encrypted */
    TB_SIM_PRIVATE,  /* "private": admin only */
    TB_SIM_SHARES
};

struct tb_sim_fixture {
    struct tb_sim_world world;
    struct tb_sim_network network;
    struct tb_sim_random random; /* the test's own choices */
    struct tb_server_config config;
    struct tb_server *server;
    struct tb_sim_slow *slow[TB_SIM_SHARES];
    struct tb_sim_slow_settings slow_settings;
    struct tb_sim_transcript transcript;
    bool with_transcript;
    bool with_guest;
    uint64_t memory_size; /* of each share; 0: the exporter's default */
    struct tb_sim_client *clients[TB_SIM_CLIENTS_MAX];
    unsigned client_count;
    unsigned lookups; /* on their way */
};

typedef void tb_sim_test(struct tb_sim_fixture *f);

/* Run a test for `seeds` seeds; `configure` (or NULL) changes settings before the server starts. */
void tb_sim_run(const char *name, tb_sim_test *configure, tb_sim_test *test, unsigned seeds);

#define SIM_TEST_CONFIGURED(name, seeds, configure)                                                \
    static void name(struct tb_sim_fixture *f);                                                    \
    START_TEST(test_##name)                                                                        \
    {                                                                                              \
        tb_sim_run(#name, configure, name, seeds);                                                 \
    }                                                                                              \
    END_TEST                                                                                       \
    static void name(struct tb_sim_fixture *f)
#define SIM_TEST(name, seeds) SIM_TEST_CONFIGURED(name, seeds, NULL)

/* The steps of tb_sim_run(), for programs that want more of it. */
void tb_sim_fixture_init(struct tb_sim_fixture *f, uint64_t seed, const char *name);
void tb_sim_fixture_start(struct tb_sim_fixture *f);
/* Clients go, the server is empty. */
void tb_sim_fixture_empty(struct tb_sim_fixture *f);
void tb_sim_fixture_end(struct tb_sim_fixture *f);
void tb_sim_fixture_set_slow(struct tb_sim_fixture *f, const struct tb_sim_slow_settings *settings);

/* A client that has only connected; the fixture frees it. */
struct tb_sim_client *tb_sim_connect(struct tb_sim_fixture *f);
/* Free it now. */
void tb_sim_gone(struct tb_sim_fixture *f, struct tb_sim_client *client);
/* One that has negotiated: `dialect`, or 0 for what the seed decides, algorithms and ciphers too. */
struct tb_sim_client *tb_sim_connect_dialect(struct tb_sim_fixture *f, uint16_t dialect);
/* Log on as "user". */
struct tb_sim_session *tb_sim_session(struct tb_sim_client *client);
/* All at once: a new client, logged on and connected to "share". */
struct tb_sim_tree *tb_sim_tree(struct tb_sim_fixture *f);
struct tb_sim_tree *tb_sim_tree_dialect(struct tb_sim_fixture *f, uint16_t dialect);
/* The same with another user, or another share. */
struct tb_sim_tree *tb_sim_tree_of(struct tb_sim_session *session, const char *share);

void tb_sim_counts(struct tb_sim_fixture *f, struct tb_server_counts *counts);

#endif
