#include "sim/check.h"
#include <string.h>

#include "core/wire/fsctl.h"

#define SEEDS 200

static const uint16_t dialects[] = {TB_SMB2_DIALECT_202, TB_SMB2_DIALECT_210, TB_SMB2_DIALECT_300,
                                    TB_SMB2_DIALECT_302, TB_SMB2_DIALECT_311};

/* The server takes the greatest dialect both know (MS-SMB2 3.3.5.4). */
SIM_TEST(greatest_dialect, SEEDS)
{
    struct tb_sim_client *client = tb_sim_connect(f);
    struct tb_sim_offer offer;
    tb_sim_offer_default(&offer);
    offer.dialect_count = 1 + (unsigned)tb_sim_random_below(&f->random, 5);
    tb_sim_require_ok(tb_sim_negotiate(client, &offer));
    tb_sim_require_equal(client->dialect, dialects[offer.dialect_count - 1]);
    tb_sim_session(client);
}

static void check_capabilities(const struct tb_sim_client *client)
{
    bool large = client->server_capabilities & TB_SMB2_GLOBAL_CAP_LARGE_MTU;
    bool encryption = client->server_capabilities & TB_SMB2_GLOBAL_CAP_ENCRYPTION;
    uint32_t never = TB_SMB2_GLOBAL_CAP_DFS | TB_SMB2_GLOBAL_CAP_LEASING |
                     TB_SMB2_GLOBAL_CAP_MULTI_CHANNEL | TB_SMB2_GLOBAL_CAP_PERSISTENT_HANDLES |
                     TB_SMB2_GLOBAL_CAP_DIRECTORY_LEASING;
    tb_sim_require_equal(client->server_capabilities & never, 0);
    tb_sim_require_equal(large, client->dialect != TB_SMB2_DIALECT_202);
    tb_sim_require_equal(encryption, client->dialect == TB_SMB2_DIALECT_300 ||
                                         client->dialect == TB_SMB2_DIALECT_302);
    uint32_t most = large ? 8u << 20 : 65536;
    tb_sim_require(client->read_max >= 65536 && client->read_max <= most);
    tb_sim_require(client->write_max >= 65536 && client->write_max <= most);
    tb_sim_require(client->transact_max >= 65536 && client->transact_max <= most);
    tb_sim_require_equal(client->server_security_mode, TB_SMB2_NEGOTIATE_SIGNING_ENABLED |
                                                           TB_SMB2_NEGOTIATE_SIGNING_REQUIRED);
}

SIM_TEST(capabilities, SEEDS)
{
    for (unsigned i = 0; i < 5; i++)
        check_capabilities(tb_sim_connect_dialect(f, dialects[i]));
}

static void configure_limits(struct tb_sim_fixture *f)
{
    f->config.dialect_min = TB_SMB2_DIALECT_210;
    f->config.dialect_max = TB_SMB2_DIALECT_302;
}

SIM_TEST_CONFIGURED(dialect_limits, SEEDS, configure_limits)
{
    struct tb_sim_client *client = tb_sim_connect(f);
    struct tb_sim_offer offer;
    tb_sim_require_ok(tb_sim_negotiate(client, NULL));
    tb_sim_require_equal(client->dialect, TB_SMB2_DIALECT_302);
    tb_sim_offer_dialect(&offer, TB_SMB2_DIALECT_202);
    tb_sim_require_error(tb_sim_negotiate(tb_sim_connect(f), &offer), TB_NOT_SUPPORTED);
}

SIM_TEST(no_dialects, SEEDS)
{
    struct tb_sim_offer offer;
    tb_sim_offer_dialect(&offer, 0x0222);
    tb_sim_require_error(tb_sim_negotiate(tb_sim_connect(f), &offer), TB_NOT_SUPPORTED);
    offer.dialect_count = 0;
    tb_sim_require_error(tb_sim_negotiate(tb_sim_connect(f), &offer), TB_INVALID_PARAMETER);
}

/* SMB1's NEGOTIATE leads to SMB2 (MS-SMB2 3.3.5.3). */
SIM_TEST(multi_protocol, SEEDS)
{
    struct tb_sim_client *client = tb_sim_connect(f);
    struct tb_sim_offer offer;
    unsigned i = (unsigned)tb_sim_random_below(&f->random, 5);
    tb_sim_offer_dialect(&offer, dialects[i]);
    offer.smb1 = true;
    tb_sim_require_ok(tb_sim_negotiate(client, &offer));
    tb_sim_require_equal(client->dialect, dialects[i]);
    tb_sim_tree_of(tb_sim_session(client), "share");
}

SIM_TEST(multi_protocol_only_202, SEEDS)
{
    struct tb_sim_client *client = tb_sim_connect(f);
    struct tb_sim_offer offer;
    tb_sim_offer_dialect(&offer, TB_SMB2_DIALECT_202);
    tb_sim_require_ok(tb_sim_negotiate_smb1(client, &offer));
    tb_sim_require_equal(client->dialect, TB_SMB2_DIALECT_202);
    tb_sim_tree_of(tb_sim_session(client), "share");
}

SIM_TEST(smb1_is_refused, SEEDS)
{
    static const uint8_t echo[37] = {0xFF, 'S', 'M', 'B', 0x2B};
    struct tb_sim_client *client = tb_sim_connect(f);
    tb_sim_send_raw(client, tb_span(echo, sizeof(echo)));
    tb_sim_client_wait_end(client);
}

SIM_TEST(second_negotiate_ends_the_connection, SEEDS)
{
    struct tb_sim_client *client = tb_sim_connect_dialect(f, 0);
    struct tb_sim_offer offer = client->offer;
    tb_sim_require_error(tb_sim_negotiate(client, &offer), TB_DROP_CONNECTION);
}

SIM_TEST(other_commands_first, SEEDS)
{
    struct tb_sim_client *client = tb_sim_connect(f);
    tb_sim_require_error(tb_sim_echo(client, NULL), TB_DROP_CONNECTION);
}

/* Every cipher and signing algorithm alone, and working. */
SIM_TEST(algorithms, SEEDS)
{
    struct tb_sim_offer offer;
    tb_sim_offer_dialect(&offer, TB_SMB2_DIALECT_311);
    offer.ciphers[0] = offer.ciphers[f->world.seed % 4];
    offer.signing[0] = offer.signing[f->world.seed % 3];
    offer.cipher_count = offer.signing_count = 1;
    offer.unknown_contexts = true;
    for (unsigned i = 0; i < 2; i++) {
        struct tb_sim_client *client = tb_sim_connect(f);
        client->encrypt = i;
        tb_sim_require_ok(tb_sim_negotiate(client, &offer));
        tb_sim_require_equal(client->cipher, offer.ciphers[0]);
        tb_sim_require_equal(client->signing_algorithm, offer.signing[0]);
        tb_sim_tree_of(tb_sim_session(client), "share");
    }
}

SIM_TEST(no_signing_context, SEEDS)
{
    struct tb_sim_client *client = tb_sim_connect(f);
    struct tb_sim_offer offer;
    tb_sim_offer_dialect(&offer, TB_SMB2_DIALECT_311);
    offer.signing_count = 0;
    offer.cipher_count = 0;
    tb_sim_require_ok(tb_sim_negotiate(client, &offer));
    tb_sim_require_equal(client->signing_algorithm, TB_SIGNING_AES_CMAC);
    tb_sim_require_equal(client->cipher, TB_CIPHER_NONE);
    tb_sim_tree_of(tb_sim_session(client), "share");
}

SIM_TEST(no_common_cipher, SEEDS)
{
    struct tb_sim_client *client = tb_sim_connect(f);
    struct tb_sim_offer offer;
    tb_sim_offer_dialect(&offer, TB_SMB2_DIALECT_311);
    offer.ciphers[0] = 0x1234;
    offer.cipher_count = 1;
    tb_sim_require_ok(tb_sim_negotiate(client, &offer));
    tb_sim_require_equal(client->cipher, TB_CIPHER_NONE);
    tb_sim_session(client);
}

/* Contexts of a NEGOTIATE made by hand: `preauths` preauthentication contexts with `hash`. */
static enum tb_error negotiate_by_hand(struct tb_sim_client *client, unsigned preauths,
                                       uint16_t hash)
{
    uint8_t bytes[256], list[2], dialect[2];
    struct tb_negotiate_chain chain;
    tb_store_u16(list, hash);
    tb_store_u16(dialect, TB_SMB2_DIALECT_311);
    tb_negotiate_chain_begin(&chain, bytes, sizeof(bytes));
    for (unsigned i = 0; i < preauths; i++) {
        tb_negotiate_chain_open(&chain, TB_SMB2_PREAUTH_INTEGRITY_CAPABILITIES);
        tb_preauth_integrity_capabilities_encode(
            &chain.writer, &(struct tb_preauth_integrity_capabilities){
                               .hash_algorithms = tb_span(list, 2), .salt = tb_span("salt", 4)});
        tb_negotiate_chain_close(&chain);
    }
    struct tb_sim_request *r = tb_sim_request_new(client, NULL, NULL, TB_SMB2_NEGOTIATE, 512);
    tb_negotiate_request_encode(
        &r->writer,
        &(struct tb_negotiate_request){.security_mode = 1,
                                       .dialects = tb_span(dialect, 2),
                                       .contexts = tb_negotiate_chain_contexts(&chain)});
    return tb_sim_do(r);
}

SIM_TEST(preauth_contexts, SEEDS)
{
    tb_sim_require_ok(negotiate_by_hand(tb_sim_connect(f), 1, TB_SMB2_PREAUTH_INTEGRITY_SHA512));
    tb_sim_require_error(negotiate_by_hand(tb_sim_connect(f), 0, 1), TB_INVALID_PARAMETER);
    tb_sim_require_error(negotiate_by_hand(tb_sim_connect(f), 2, 1), TB_INVALID_PARAMETER);
    tb_sim_require_error(negotiate_by_hand(tb_sim_connect(f), 1, 0x77),
                         TB_NO_PREAUTH_INTEGRITY_HASH_OVERLAP);
}

SIM_TEST(validate_negotiate, SEEDS)
{
    uint16_t dialect = dialects[tb_sim_random_below(&f->random, 4)];
    tb_sim_require_ok(tb_sim_validate_negotiate(tb_sim_tree_dialect(f, dialect)));
}

/* What the client says under signature is not what the server heard: somebody is in between
 * (MS-SMB2 3.3.5.15.12). */
SIM_TEST(tampered_negotiate, SEEDS)
{
    struct tb_sim_tree *tree =
        tb_sim_tree_dialect(f, dialects[tb_sim_random_below(&f->random, 4)]);
    struct tb_sim_client *client = tree->session->client;
    switch (f->world.seed % 4) {
    case 0:
        client->offer.dialects[0] = TB_SMB2_DIALECT_311;
        break;
    case 1:
        client->guid[3] ^= 1;
        break;
    case 2:
        client->offer.capabilities ^= TB_SMB2_GLOBAL_CAP_DFS;
        break;
    default:
        client->offer.security_mode = TB_SMB2_NEGOTIATE_SIGNING_REQUIRED;
        break;
    }
    tb_sim_require_error(tb_sim_validate_negotiate(tree), TB_DROP_CONNECTION);
}

SIM_TEST(validate_negotiate_311, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree_dialect(f, TB_SMB2_DIALECT_311);
    tb_sim_require_error(tb_sim_validate_negotiate(tree), TB_DROP_CONNECTION);
}

static void configure_timeout(struct tb_sim_fixture *f)
{
    f->config.negotiate_timeout_ms = 5000;
}

SIM_TEST_CONFIGURED(silent_clients_are_dropped, SEEDS, configure_timeout)
{
    struct tb_sim_client *silent = tb_sim_connect(f), *half = tb_sim_connect_dialect(f, 0);
    struct tb_sim_tree *tree = tb_sim_tree(f);
    tb_sim_world_advance(&f->world, 4000000);
    tb_sim_require(!silent->ended && !half->ended);
    tb_sim_world_advance(&f->world, 2000000);
    tb_sim_require(silent->ended && half->ended && !tree->session->client->ended);
    tb_sim_require_ok(tb_sim_echo(tree->session->client, tree->session));
}

SIM_MAIN("negotiate", test_greatest_dialect, test_capabilities, test_dialect_limits,
         test_no_dialects, test_multi_protocol, test_multi_protocol_only_202, test_smb1_is_refused,
         test_second_negotiate_ends_the_connection, test_other_commands_first, test_algorithms,
         test_no_signing_context, test_no_common_cipher, test_preauth_contexts,
         test_validate_negotiate, test_tampered_negotiate, test_validate_negotiate_311,
         test_silent_clients_are_dropped)
