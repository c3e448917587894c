#include "sim/fixture.h"

#include "exporters/memory/memory.h"
#include "sim/accounts.h"
#include "sim/fault.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long a server may take to stop. */
#define STOP_US 60000000u

/* Looking accounts up takes a while, or not. */
struct lookup {
    struct tb_sim_fixture *f;
    struct tb_auth_lookup *lookup;
    struct tb_sim_event event;
};

static void answer_lookup(struct tb_sim_event *event)
{
    struct lookup *lookup = tb_container(event, struct lookup, event);
    struct tb_auth_lookup *asked = lookup->lookup;
    enum tb_error error = tb_sim_account_find(asked);
    lookup->f->lookups--;
    free(lookup);
    tb_sim_fault_arm(true);
    asked->done(asked, error);
    tb_sim_fault_arm(false);
}

static void look_up(void *auth, struct tb_auth_lookup *asked)
{
    struct tb_sim_fixture *f = auth;
    bool armed = tb_sim_fault_arm(false);
    tb_sim_require(!f->world.in_section);
    if (tb_sim_random_chance(&f->network.random, 2)) {
        enum tb_error error = tb_sim_account_find(asked);
        tb_sim_fault_restore(armed);
        asked->done(asked, error);
        return;
    }
    struct lookup *lookup = calloc(1, sizeof(*lookup));
    if (!lookup)
        abort();
    *lookup = (struct lookup){.f = f, .lookup = asked, .event.run = answer_lookup};
    f->lookups++;
    tb_sim_event_schedule(&f->world, &lookup->event, tb_sim_random_below(&f->network.random, 3000));
    tb_sim_fault_restore(armed);
}

static const struct tb_auth_ops auth_ops = {look_up};

void tb_sim_fixture_init(struct tb_sim_fixture *f, uint64_t seed, const char *name)
{
    memset(f, 0, sizeof(*f));
    tb_sim_world_init(&f->world, seed, name);
    tb_sim_network_init(&f->network, &f->world);
    tb_sim_random_seed(&f->random, seed, 4);
    tb_server_config_default(&f->config);
    f->config.name = "SIM";
    f->config.domain = "SIMGROUP";
    f->config.dns_name = "sim.example";
    f->config.comment = "simulated";
    f->config.signing = TB_SIGNING_REQUIRED;
    f->config.loops = 1 + (unsigned)tb_sim_random_below(&f->random, 3);
    f->slow_settings = (struct tb_sim_slow_settings){
        .delay_one_in = (unsigned)tb_sim_random_below(&f->random, 4),
        .delay_max_us = 2000,
        .fail_error = TB_IO_DEVICE_ERROR,
    };
    f->network.settings.delay_max_us = 1 + (uint32_t)tb_sim_random_below(&f->random, 1000);
    f->world.switch_one_in = (unsigned)tb_sim_random_below(&f->random, 10);
}

static struct tb_exporter *new_exporter(struct tb_sim_fixture *f, unsigned share)
{
    struct tb_exporter *memory;
    char message[200], size[40];
    const char *options[] = {f->memory_size ? size : NULL, NULL};
    snprintf(size, sizeof(size), "size=%llu", (unsigned long long)f->memory_size);
    enum tb_error error = tb_exporter_start(&tb_memory_exporter, "", options, &f->world.env,
                                            &memory, message, sizeof(message));
    if (error != TB_OK)
        tb_sim_fail(__FILE__, __LINE__, "memory exporter: %s", message);
    struct tb_exporter *slow = tb_sim_slow_exporter(&f->world, memory, &f->slow[share]);
    f->slow[share]->settings = f->slow_settings;
    return slow;
}

static void add_shares(struct tb_sim_fixture *f)
{
    static const char *const admin_only[] = {"admin", NULL};
    struct tb_share_config shares[TB_SIM_SHARES] = {
        [TB_SIM_SHARE] = {.name = "share", .comment = "for all"},
        [TB_SIM_READONLY] = {.name = "readonly", .read_only = true},
        [TB_SIM_GUEST] = {.name = "guest", .guest_ok = f->with_guest},
        [TB_SIM_SEALED] = {.name = "sealed", .encrypt = true},
        [TB_SIM_PRIVATE] = {.name = "private", .valid_users = admin_only, .hidden = true},
    };
    for (unsigned i = 0; i < TB_SIM_SHARES; i++) {
        shares[i].exporter = new_exporter(f, i);
        tb_sim_require_ok(tb_server_add_share(f->server, &shares[i]));
    }
}

void tb_sim_fixture_start(struct tb_sim_fixture *f)
{
    struct tb_auth auth = {&auth_ops, f};
    tb_sim_random_bytes(&f->random, f->config.guid, sizeof(f->config.guid));
    if (f->with_transcript) {
        tb_sim_transcript_begin(&f->transcript, &f->world);
        f->config.transcript = tb_sim_transcript_message;
        f->config.transcript_data = &f->transcript;
    }
    tb_sim_require_ok(tb_server_create(&f->config, &f->world.env, &auth, &f->server));
    add_shares(f);
    for (unsigned i = 0; i < f->config.loops; i++)
        tb_sim_require(tb_sim_world_add_loop(&f->world, f->server));
}

void tb_sim_fixture_set_slow(struct tb_sim_fixture *f, const struct tb_sim_slow_settings *settings)
{
    for (unsigned i = 0; i < TB_SIM_SHARES; i++)
        f->slow[i]->settings = *settings;
}

void tb_sim_counts(struct tb_sim_fixture *f, struct tb_server_counts *counts)
{
    tb_server_count(f->server, counts);
}

static void require_empty(struct tb_sim_fixture *f)
{
    struct tb_server_counts counts;
    tb_sim_counts(f, &counts);
    tb_sim_require_equal(counts.connections, 0);
    tb_sim_require_equal(counts.requests_parked, 0);
    tb_sim_require_equal(counts.sessions, 0);
    tb_sim_require_equal(counts.tree_connects, 0);
    tb_sim_require_equal(counts.opens, 0);
    tb_sim_require_equal(counts.locks, 0);
    tb_sim_require_equal(counts.nodes, 0);
    tb_sim_require_equal(counts.payload_bytes, 0);
    tb_sim_require_equal(f->lookups, 0);
    for (unsigned i = 0; i < TB_SIM_SHARES; i++) {
        tb_sim_require_equal(f->slow[i]->held, 0);
        tb_sim_require_equal(f->slow[i]->handles, 0);
    }
}

static void free_clients(struct tb_sim_fixture *f)
{
    for (unsigned i = 0; i < f->client_count; i++)
        tb_sim_client_free(f->clients[i]);
    f->client_count = 0;
}

void tb_sim_fixture_empty(struct tb_sim_fixture *f)
{
    free_clients(f);
    tb_sim_world_advance(&f->world, 100000);
    require_empty(f);
}

static void fail_to_stop(struct tb_sim_fixture *f)
{
    struct tb_server_counts counts;
    tb_sim_counts(f, &counts);
    tb_sim_fail(__FILE__, __LINE__,
                "the server does not stop: connections %d, sessions %d, tree connects %d, opens %d, "
                "requests parked %d",
                (int)counts.connections, (int)counts.sessions, (int)counts.tree_connects,
                (int)counts.opens, (int)counts.requests_parked);
}

static void stop(struct tb_sim_fixture *f)
{
    uint64_t end_us = f->world.now_us + STOP_US;
    tb_server_stop(f->server);
    while (!tb_server_stopped(f->server)) {
        if (!tb_sim_world_step(&f->world) || f->world.now_us > end_us)
            fail_to_stop(f);
    }
}

void tb_sim_fixture_end(struct tb_sim_fixture *f)
{
    if (tb_sim_random_chance(&f->random, 2))
        tb_sim_fixture_empty(f);
    stop(f);
    free_clients(f);
    tb_sim_world_advance(&f->world, 100000);
    require_empty(f);
    tb_server_destroy(f->server);
    tb_sim_network_clear(&f->network);
    tb_sim_world_clear(&f->world);
}

/* "A..B" in TB_SIM_SEEDS. */
static void seeds_wanted(uint64_t *first, uint64_t *last)
{
    const char *text = getenv("TB_SIM_SEEDS");
    unsigned long long a, b;
    if (text && sscanf(text, "%llu..%llu", &a, &b) == 2) {
        *first = a;
        *last = b;
    }
}

void tb_sim_run(const char *name, tb_sim_test *configure, tb_sim_test *test, unsigned seeds)
{
    const char *only = getenv("TB_SIM_TEST");
    uint64_t first = 1, last = seeds;
    if (only && strcmp(only, name) != 0)
        return;
    struct tb_sim_fixture *f = malloc(sizeof(*f));
    if (!f)
        abort();
    seeds_wanted(&first, &last);
    for (uint64_t seed = first; seed <= last; seed++) {
        tb_sim_fixture_init(f, seed, name);
        if (configure)
            configure(f);
        tb_sim_fixture_start(f);
        test(f);
        tb_sim_fixture_end(f);
    }
    free(f);
}

struct tb_sim_client *tb_sim_connect(struct tb_sim_fixture *f)
{
    tb_sim_require(f->client_count < TB_SIM_CLIENTS_MAX);
    unsigned loop = (unsigned)tb_sim_random_below(&f->random, TB_SIM_LOOPS_MAX);
    struct tb_sim_client *client = tb_sim_client_create(&f->network.driver, loop);
    f->clients[f->client_count++] = client;
    return client;
}

void tb_sim_gone(struct tb_sim_fixture *f, struct tb_sim_client *client)
{
    for (unsigned i = 0; i < f->client_count; i++) {
        if (f->clients[i] != client)
            continue;
        f->clients[i] = f->clients[--f->client_count];
        tb_sim_client_free(client);
        return;
    }
    tb_sim_fail(__FILE__, __LINE__, "no such client");
}

static void shuffle(struct tb_sim_random *random, uint16_t *numbers, unsigned *count)
{
    for (unsigned i = 0; i < *count; i++) {
        unsigned j = i + (unsigned)tb_sim_random_below(random, *count - i);
        uint16_t number = numbers[i];
        numbers[i] = numbers[j];
        numbers[j] = number;
    }
    *count = 1 + (unsigned)tb_sim_random_below(random, *count);
}

struct tb_sim_client *tb_sim_connect_dialect(struct tb_sim_fixture *f, uint16_t dialect)
{
    static const uint16_t dialects[] = {TB_SMB2_DIALECT_202, TB_SMB2_DIALECT_210,
                                        TB_SMB2_DIALECT_300, TB_SMB2_DIALECT_302,
                                        TB_SMB2_DIALECT_311, TB_SMB2_DIALECT_311};
    struct tb_sim_client *client = tb_sim_connect(f);
    struct tb_sim_offer offer;
    if (!dialect)
        dialect = dialects[tb_sim_random_below(&f->random, 6)];
    tb_sim_offer_dialect(&offer, dialect);
    shuffle(&f->random, offer.ciphers, &offer.cipher_count);
    shuffle(&f->random, offer.signing, &offer.signing_count);
    offer.unknown_contexts = tb_sim_random_chance(&f->random, 2);
    client->encrypt = dialect >= TB_SMB2_DIALECT_300 && tb_sim_random_chance(&f->random, 3);
    tb_sim_require_ok(tb_sim_negotiate(client, &offer));
    tb_sim_require_equal(client->dialect, dialect);
    return client;
}

struct tb_sim_session *tb_sim_session(struct tb_sim_client *client)
{
    struct tb_sim_session *session;
    tb_sim_require_ok(tb_sim_logon(
        client, &(struct tb_sim_logon){.user = "user", .password = "password"}, &session));
    return session;
}

struct tb_sim_tree *tb_sim_tree_of(struct tb_sim_session *session, const char *share)
{
    struct tb_sim_tree *tree;
    tb_sim_require_ok(tb_sim_tree_connect(session, share, &tree));
    return tree;
}

struct tb_sim_tree *tb_sim_tree_dialect(struct tb_sim_fixture *f, uint16_t dialect)
{
    return tb_sim_tree_of(tb_sim_session(tb_sim_connect_dialect(f, dialect)), "share");
}

struct tb_sim_tree *tb_sim_tree(struct tb_sim_fixture *f)
{
    return tb_sim_tree_dialect(f, 0);
}
