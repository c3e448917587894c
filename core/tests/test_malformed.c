/* Every message cut short, and with any of its bytes changed: the server answers it with an error,
 * or legally, or closes the connection; and it serves the next client. The bodies are signed after
 * they were changed, so that the damage gets past the signature. */
#include "sim/check.h"
#include <stdio.h>
#include <string.h>

#include "core/wire/fsctl.h"
#include "core/wire/logoff.h"
#include "core/wire/oplock_break.h"
#include "core/wire/tree_disconnect.h"

#define SEEDS 100
#define KINDS 19

static struct tb_sim_request *simple(struct tb_sim_tree *tree, uint16_t command)
{
    struct tb_sim_request *r =
        tb_sim_request_new(tree->session->client, tree->session, tree, command, 64);
    if (command == TB_SMB2_LOGOFF)
        tb_logoff_request_encode(&r->writer, &(struct tb_logoff_request){0});
    else if (command == TB_SMB2_TREE_DISCONNECT)
        tb_tree_disconnect_request_encode(&r->writer, &(struct tb_tree_disconnect_request){0});
    else
        tb_oplock_break_request_encode(&r->writer, &(struct tb_oplock_break_request){0});
    return r;
}

static struct tb_sim_request *create_with_contexts(struct tb_sim_tree *tree)
{
    uint8_t bytes[200];
    struct tb_create_chain chain;
    tb_create_chain_begin(&chain, bytes, sizeof(bytes));
    tb_create_chain_open(&chain, TB_CREATE_CONTEXT_MAXIMAL_ACCESS);
    tb_create_chain_close(&chain);
    tb_create_chain_open(&chain, TB_CREATE_CONTEXT_ALLOCATION_SIZE);
    tb_create_number_encode(&chain.writer, 1);
    tb_create_chain_close(&chain);
    return tb_sim_create_request(
        tree, &(struct tb_sim_create){.name = "dir\\new",
                                      .disposition = TB_FILE_OPEN_IF,
                                      .contexts = tb_create_chain_contexts(&chain)});
}

static struct tb_sim_request *set_times(struct tb_sim_tree *tree, struct tb_file_id id)
{
    uint8_t bytes[40] = {0};
    return tb_sim_set_request(tree, id, TB_SMB2_0_INFO_FILE, TB_FILE_BASIC_INFORMATION,
                              tb_span(bytes, sizeof(bytes)));
}

static struct tb_sim_request *message_of_kind(unsigned kind, struct tb_sim_open *file,
                                              struct tb_sim_open *dir)
{
    struct tb_sim_tree *tree = file->tree;
    struct tb_sim_client *client = tree->session->client;
    switch (kind) {
    case 0:
        return tb_sim_negotiate_request(client, &client->offer);
    case 1:
        return tb_sim_tree_connect_request(tree->session, "share");
    case 2:
        return create_with_contexts(tree);
    case 3:
        return tb_sim_close_request(tree, file->id, 1);
    case 4:
        return tb_sim_flush_request(tree, file->id);
    case 5:
        return tb_sim_read_request(tree, file->id, 0, 100);
    case 6:
        return tb_sim_write_request(tree, file->id, 0, "0123456789", 10);
    case 7:
        return tb_sim_lock_request(tree, file->id, 0, 1, TB_SMB2_LOCKFLAG_EXCLUSIVE_LOCK |
                                                             TB_SMB2_LOCKFLAG_FAIL_IMMEDIATELY);
    case 8:
        return tb_sim_ioctl_request(tree, file->id, TB_FSCTL_DFS_GET_REFERRALS,
                                    tb_span("0123456789", 10), 100);
    case 9:
        return tb_sim_echo_request(client, tree->session);
    case 10:
        return tb_sim_list_request(tree, dir->id, TB_FILE_ID_BOTH_DIRECTORY_INFORMATION, 0, "*",
                                   4096);
    case 11:
        return tb_sim_notify_request(tree, dir->id, TB_FILE_NOTIFY_CHANGE_FILE_NAME, false, 1000);
    case 12:
        return tb_sim_query_request(tree, file->id, TB_SMB2_0_INFO_FILE, TB_FILE_ALL_INFORMATION,
                                    1000);
    case 13:
        return tb_sim_rename_request(tree, file->id, "dir\\other", true);
    case 14:
        return set_times(tree, file->id);
    case 15:
        return tb_sim_query_request(tree, dir->id, TB_SMB2_0_INFO_FILESYSTEM, 5, 1000);
    case 16:
        return simple(tree, TB_SMB2_OPLOCK_BREAK);
    case 17:
        return simple(tree, TB_SMB2_TREE_DISCONNECT);
    default:
        return simple(tree, TB_SMB2_LOGOFF);
    }
}

/* A message may have become one that waits: then it ends with its connection. */
static void send_and_forget(struct tb_sim_request *r)
{
    struct tb_sim_client *client = r->client;
    r->lenient = true;
    client->lenient = true;
    tb_sim_send(&r, 1);
    while (!r->done && !r->pending)
        tb_sim_world_step(tb_sim_world_current());
    tb_sim_client_disconnect(client);
    tb_sim_wait(r);
    tb_sim_request_free(r);
}

static void prepare(struct tb_sim_fixture *f, struct tb_sim_open *file, struct tb_sim_open *dir)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    char name[64];
    snprintf(name, sizeof(name), "dir%u/", f->network.numbers);
    tb_sim_require_ok(tb_sim_open(tree, name, TB_FILE_CREATE, dir));
    snprintf(name, sizeof(name), "dir%u/file", f->network.numbers);
    tb_sim_require_ok(tb_sim_open(tree, name, TB_FILE_CREATE, file));
}

static void still_serves(struct tb_sim_fixture *f)
{
    struct tb_sim_open file;
    tb_sim_require_ok(tb_sim_open(tb_sim_tree(f), "good", TB_FILE_OPEN_IF, &file));
    tb_sim_require_ok(tb_sim_write(&file, 0, "good", 4));
}

/* Cut at each length, as far as the seeds go round. */
SIM_TEST(truncated, SEEDS)
{
    for (unsigned kind = 0; kind < KINDS; kind++) {
        struct tb_sim_open file, dir;
        prepare(f, &file, &dir);
        struct tb_sim_request *r = message_of_kind(kind, &file, &dir);
        size_t body = r->writer.at - TB_SMB2_HEADER_LENGTH;
        r->writer.at = TB_SMB2_HEADER_LENGTH + f->world.seed % body;
        send_and_forget(r);
    }
    still_serves(f);
}

SIM_TEST(changed_bytes, SEEDS * 3)
{
    static const uint8_t extremes[] = {0, 1, 0x7F, 0x80, 0xFE, 0xFF};
    for (unsigned kind = 0; kind < KINDS; kind++) {
        struct tb_sim_open file, dir;
        prepare(f, &file, &dir);
        struct tb_sim_request *r = message_of_kind(kind, &file, &dir);
        for (uint64_t n = 1 + tb_sim_random_below(&f->random, 4); n > 0; n--) {
            size_t body = r->writer.at - TB_SMB2_HEADER_LENGTH;
            size_t at = TB_SMB2_HEADER_LENGTH + tb_sim_random_below(&f->random, body);
            r->bytes[at] = tb_sim_random_chance(&f->random, 2)
                               ? extremes[tb_sim_random_below(&f->random, 6)]
                               : (uint8_t)tb_sim_random_below(&f->random, 256);
        }
        send_and_forget(r);
    }
    still_serves(f);
}

/* Offsets and lengths that are absurd: every aligned 16 and 32 bits of a body, one after the other. */
SIM_TEST(absurd_lengths, SEEDS)
{
    static const uint32_t absurd[] = {0, 1, 0x7F, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};
    for (unsigned kind = 0; kind < KINDS; kind++) {
        struct tb_sim_open file, dir;
        prepare(f, &file, &dir);
        struct tb_sim_request *r = message_of_kind(kind, &file, &dir);
        size_t body = r->writer.at - TB_SMB2_HEADER_LENGTH;
        size_t at = TB_SMB2_HEADER_LENGTH + (f->world.seed * 2) % (body & ~(size_t)1);
        uint32_t value = absurd[tb_sim_random_below(&f->random, 8)];
        tb_store_u16(r->bytes + at, (uint16_t)value);
        if (at + 4 <= r->writer.at)
            tb_store_u32(r->bytes + at, value);
        send_and_forget(r);
    }
    still_serves(f);
}

/* Headers, on a connection that does not sign: any field may be anything. */
static void configure_unsigned(struct tb_sim_fixture *f)
{
    f->config.signing = TB_SIGNING_OPTIONAL;
}

SIM_TEST_CONFIGURED(changed_headers, SEEDS * 3, configure_unsigned)
{
    for (unsigned kind = 0; kind < KINDS; kind++) {
        struct tb_sim_open file, dir;
        prepare(f, &file, &dir);
        struct tb_sim_request *r = message_of_kind(kind, &file, &dir);
        struct tb_sim_client *client = r->client;
        r->session = r->session ? file.tree->session : NULL;
        file.tree->session->sign = file.tree->session->encrypt = false;
        struct tb_sim_message message = tb_sim_finish(&r, 1);
        size_t at = 4 + tb_sim_random_below(&f->random, 60);
        message.bytes[at] = (uint8_t)tb_sim_random_below(&f->random, 256);
        r->lenient = client->lenient = true;
        tb_sim_transmit(client, &r, 1, message);
        tb_sim_world_advance(&f->world, 10000);
        tb_sim_client_disconnect(client);
        tb_sim_wait(r);
        tb_sim_request_free(r);
    }
    still_serves(f);
}

/* Not even a header: whole messages of any bytes, before and after negotiating. */
SIM_TEST(noise, SEEDS * 2)
{
    uint8_t bytes[300];
    for (unsigned i = 0; i < 10; i++) {
        struct tb_sim_client *client = i % 2 ? tb_sim_connect(f) : tb_sim_connect_dialect(f, 0);
        size_t length = tb_sim_random_below(&f->random, sizeof(bytes));
        tb_sim_random_bytes(&f->random, bytes, length);
        if (length >= 4)
            memcpy(bytes, i % 3 ? "\xFE" "SMB" : "\xFD" "SMB", 4);
        client->lenient = true;
        tb_sim_send_raw(client, tb_span(bytes, length));
        tb_sim_world_advance(&f->world, 5000);
    }
    still_serves(f);
}

/* A NEGOTIATE with any damage. */
SIM_TEST(negotiate, SEEDS * 4)
{
    for (unsigned i = 0; i < 10; i++) {
        struct tb_sim_client *client = tb_sim_connect(f);
        struct tb_sim_offer offer;
        tb_sim_offer_default(&offer);
        struct tb_sim_request *r = tb_sim_negotiate_request(client, &offer);
        size_t body = r->writer.at - TB_SMB2_HEADER_LENGTH;
        if (i % 2)
            r->writer.at = TB_SMB2_HEADER_LENGTH + (f->world.seed + i * 13) % body;
        else
            r->bytes[TB_SMB2_HEADER_LENGTH + tb_sim_random_below(&f->random, body)] ^=
                (uint8_t)(1u << tb_sim_random_below(&f->random, 8));
        tb_sim_do(r);
    }
    still_serves(f);
}

/* Longer than a client that is not logged on has any use for. */
SIM_TEST(long_before_logon, 10)
{
    static uint8_t bytes[200000] = {0xFE, 'S', 'M', 'B', 64};
    struct tb_sim_client *client = tb_sim_connect_dialect(f, 0);
    tb_sim_send_raw(client, tb_span(bytes, sizeof(bytes)));
    tb_sim_client_wait_end(client);
}

SIM_MAIN("malformed messages", test_truncated, test_changed_bytes, test_absurd_lengths,
         test_changed_headers, test_noise, test_negotiate, test_long_before_logon)
