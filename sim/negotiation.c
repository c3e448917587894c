#include "sim/client.h"

#include <stdlib.h>
#include <string.h>

void tb_sim_offer_default(struct tb_sim_offer *offer)
{
    *offer = (struct tb_sim_offer){
        .dialects = {TB_SMB2_DIALECT_202, TB_SMB2_DIALECT_210, TB_SMB2_DIALECT_300,
                     TB_SMB2_DIALECT_302, TB_SMB2_DIALECT_311},
        .dialect_count = 5,
        .ciphers = {TB_SMB2_ENCRYPTION_AES128_GCM, TB_SMB2_ENCRYPTION_AES128_CCM,
                    TB_SMB2_ENCRYPTION_AES256_GCM, TB_SMB2_ENCRYPTION_AES256_CCM},
        .cipher_count = 4,
        .signing = {TB_SMB2_SIGNING_AES_GMAC, TB_SMB2_SIGNING_AES_CMAC,
                    TB_SMB2_SIGNING_HMAC_SHA256},
        .signing_count = 3,
        .security_mode = TB_SMB2_NEGOTIATE_SIGNING_ENABLED,
        .capabilities = TB_SMB2_GLOBAL_CAP_LARGE_MTU | TB_SMB2_GLOBAL_CAP_ENCRYPTION,
    };
}

void tb_sim_offer_dialect(struct tb_sim_offer *offer, uint16_t dialect)
{
    tb_sim_offer_default(offer);
    offer->dialects[0] = dialect;
    offer->dialect_count = 1;
}

static void put_u16s(struct tb_writer *w, const uint16_t *numbers, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        tb_write_u16(w, numbers[i]);
}

static void add_preauth(struct tb_negotiate_chain *chain, struct tb_sim_client *client)
{
    uint8_t hashes[2], salt[32];
    tb_store_u16(hashes, TB_SMB2_PREAUTH_INTEGRITY_SHA512);
    tb_sim_random_bytes(&client->driver->random, salt, sizeof(salt));
    tb_negotiate_chain_open(chain, TB_SMB2_PREAUTH_INTEGRITY_CAPABILITIES);
    tb_preauth_integrity_capabilities_encode(
        &chain->writer, &(struct tb_preauth_integrity_capabilities){
                            .hash_algorithms = tb_span(hashes, sizeof(hashes)),
                            .salt = tb_span(salt, sizeof(salt))});
    tb_negotiate_chain_close(chain);
}

static void add_ciphers(struct tb_negotiate_chain *chain, const struct tb_sim_offer *offer)
{
    uint8_t list[16];
    struct tb_writer w = tb_writer(list, sizeof(list));
    put_u16s(&w, offer->ciphers, offer->cipher_count);
    tb_negotiate_chain_open(chain, TB_SMB2_ENCRYPTION_CAPABILITIES);
    tb_encryption_capabilities_encode(
        &chain->writer, &(struct tb_encryption_capabilities){.ciphers = tb_span(list, w.at)});
    tb_negotiate_chain_close(chain);
}

static void add_signing(struct tb_negotiate_chain *chain, const struct tb_sim_offer *offer)
{
    uint8_t list[16];
    struct tb_writer w = tb_writer(list, sizeof(list));
    put_u16s(&w, offer->signing, offer->signing_count);
    tb_negotiate_chain_open(chain, TB_SMB2_SIGNING_CAPABILITIES);
    tb_signing_capabilities_encode(
        &chain->writer,
        &(struct tb_signing_capabilities){.signing_algorithms = tb_span(list, w.at)});
    tb_negotiate_chain_close(chain);
}

static void add_netname(struct tb_negotiate_chain *chain)
{
    static const uint8_t name[] = {'s', 0, 'i', 0, 'm', 0};
    tb_negotiate_chain_open(chain, TB_SMB2_NETNAME_NEGOTIATE_CONTEXT_ID);
    tb_netname_context_encode(&chain->writer,
                              &(struct tb_netname_context){tb_span(name, sizeof(name))});
    tb_negotiate_chain_close(chain);
}

static void add_unknown(struct tb_negotiate_chain *chain, uint16_t type)
{
    tb_negotiate_chain_open(chain, type);
    tb_write_bytes(&chain->writer, "unknown", 7);
    tb_negotiate_chain_close(chain);
}

static void add_contexts(struct tb_negotiate_chain *chain, struct tb_sim_client *client,
                         const struct tb_sim_offer *offer)
{
    if (offer->unknown_contexts)
        add_unknown(chain, 0x7777);
    add_preauth(chain, client);
    if (offer->cipher_count)
        add_ciphers(chain, offer);
    if (offer->unknown_contexts)
        add_unknown(chain, 0x0100);
    if (offer->signing_count)
        add_signing(chain, offer);
    add_netname(chain);
}

static bool offers_311(const struct tb_sim_offer *offer)
{
    for (unsigned i = 0; i < offer->dialect_count; i++) {
        if (offer->dialects[i] == TB_SMB2_DIALECT_311)
            return true;
    }
    return false;
}

struct tb_sim_request *tb_sim_negotiate_request(struct tb_sim_client *client,
                                                const struct tb_sim_offer *offer)
{
    struct tb_sim_request *r = tb_sim_request_new(client, NULL, NULL, TB_SMB2_NEGOTIATE, 1024);
    uint8_t contexts[512], dialects[16];
    struct tb_writer w = tb_writer(dialects, sizeof(dialects));
    struct tb_negotiate_chain chain;
    tb_negotiate_chain_begin(&chain, contexts, sizeof(contexts));
    if (offers_311(offer))
        add_contexts(&chain, client, offer);
    put_u16s(&w, offer->dialects, offer->dialect_count);
    tb_sim_require(!w.failed && !chain.writer.failed);
    struct tb_negotiate_request request = {
        .security_mode = offer->security_mode,
        .capabilities = offer->capabilities,
        .dialects = tb_span(dialects, w.at),
        .contexts = tb_negotiate_chain_contexts(&chain),
    };
    memcpy(request.client_guid, client->guid, sizeof(client->guid));
    tb_negotiate_request_encode(&r->writer, &request);
    client->offer = *offer;
    return r;
}

static void take_signing(struct tb_sim_client *client, struct tb_span data)
{
    struct tb_signing_capabilities signing;
    tb_sim_require_ok(tb_signing_capabilities_decode(data, &signing));
    tb_sim_require_equal(tb_u16_count(signing.signing_algorithms), 1);
    client->signing_algorithm = tb_u16_at(signing.signing_algorithms, 0);
}

static void take_cipher(struct tb_sim_client *client, struct tb_span data)
{
    struct tb_encryption_capabilities encryption;
    tb_sim_require_ok(tb_encryption_capabilities_decode(data, &encryption));
    tb_sim_require_equal(tb_u16_count(encryption.ciphers), 1);
    client->cipher = tb_u16_at(encryption.ciphers, 0);
}

static void take_preauth(struct tb_span data)
{
    struct tb_preauth_integrity_capabilities preauth;
    tb_sim_require_ok(tb_preauth_integrity_capabilities_decode(data, &preauth));
    tb_sim_require_equal(tb_u16_count(preauth.hash_algorithms), 1);
    tb_sim_require_equal(tb_u16_at(preauth.hash_algorithms, 0), TB_SMB2_PREAUTH_INTEGRITY_SHA512);
    tb_sim_require(preauth.salt.length > 0);
}

static void take_contexts(struct tb_sim_client *client, struct tb_negotiate_contexts contexts)
{
    struct tb_negotiate_context context;
    bool preauth = false;
    while (tb_negotiate_contexts_next(&contexts, &context)) {
        if (context.type == TB_SMB2_SIGNING_CAPABILITIES) {
            take_signing(client, context.data);
        } else if (context.type == TB_SMB2_ENCRYPTION_CAPABILITIES) {
            take_cipher(client, context.data);
        } else if (context.type == TB_SMB2_PREAUTH_INTEGRITY_CAPABILITIES) {
            take_preauth(context.data);
            preauth = true;
        } else {
            tb_sim_fail(__FILE__, __LINE__, "a negotiate context 0x%x nobody asked for",
                        context.type);
        }
    }
    tb_sim_require(preauth);
}

static bool was_offered(const struct tb_sim_client *client, uint16_t dialect)
{
    for (unsigned i = 0; i < client->offer.dialect_count; i++) {
        if (client->offer.dialects[i] == dialect)
            return true;
    }
    return client->offer.smb1;
}

void tb_sim_negotiated(struct tb_sim_client *client, struct tb_sim_request *request)
{
    struct tb_negotiate_response response;
    tb_sim_require_ok(tb_negotiate_response_decode(tb_sim_response(request), &response));
    client->dialect = response.dialect_revision;
    client->server_security_mode = response.security_mode;
    client->server_capabilities = response.capabilities;
    client->transact_max = response.max_transact_size;
    client->read_max = response.max_read_size;
    client->write_max = response.max_write_size;
    memcpy(client->server_guid, response.server_guid, 16);
    tb_token_free(&client->hint);
    tb_sim_require_ok(tb_token_copy(&client->hint, response.security_buffer));
    if (client->dialect == TB_SMB2_DIALECT_WILDCARD)
        return;
    tb_sim_require(was_offered(client, client->dialect));
    client->signing_algorithm = tb_signing_algorithm_default(client->dialect);
    client->cipher = TB_CIPHER_NONE;
    if (client->dialect == TB_SMB2_DIALECT_311) {
        struct tb_span spans[] = {tb_span(request->bytes, request->writer.at),
                                  tb_sim_response(request)};
        tb_sim_require_ok(tb_preauth_update(&client->preauth, &spans[0], 1));
        tb_sim_require_ok(tb_preauth_update(&client->preauth, &spans[1], 1));
        take_contexts(client, response.contexts);
    } else if (client->dialect >= TB_SMB2_DIALECT_300 &&
               (client->server_capabilities & TB_SMB2_GLOBAL_CAP_ENCRYPTION)) {
        client->cipher = TB_CIPHER_AES_128_CCM;
    }
}

enum tb_error tb_sim_negotiate_smb1(struct tb_sim_client *client, const struct tb_sim_offer *offer)
{
    struct tb_sim_request *r = tb_sim_request_new(client, NULL, NULL, TB_SMB2_NEGOTIATE, 0);
    uint8_t bytes[256];
    struct tb_writer w = tb_writer(bytes, sizeof(bytes));
    bool only_202 = offer->dialect_count == 1 && offer->dialects[0] == TB_SMB2_DIALECT_202;
    struct tb_smb1_negotiate smb1 = {.smb_2_002 = true, .smb_2_wildcard = !only_202};
    tb_smb1_negotiate_encode(&w, &smb1);
    tb_sim_require(!w.failed);
    client->offer = *offer;
    client->next_message_id = 1;
    client->credits--;
    tb_list_append(&client->unanswered, &r->place);
    tb_sim_send_raw(client, tb_span(bytes, w.at));
    enum tb_error error = tb_sim_wait(r);
    if (error == TB_OK)
        tb_sim_negotiated(client, r);
    tb_sim_request_free(r);
    return error;
}

enum tb_error tb_sim_negotiate(struct tb_sim_client *client, const struct tb_sim_offer *offer)
{
    struct tb_sim_offer fallback;
    enum tb_error error = TB_OK;
    if (!offer) {
        tb_sim_offer_default(&fallback);
        offer = &fallback;
    }
    if (offer->smb1) {
        error = tb_sim_negotiate_smb1(client, offer);
        if (error != TB_OK || client->dialect != TB_SMB2_DIALECT_WILDCARD)
            return error;
    }
    struct tb_sim_request *r = tb_sim_negotiate_request(client, offer);
    error = tb_sim_call(r);
    if (error == TB_OK)
        tb_sim_negotiated(client, r);
    tb_sim_request_free(r);
    return error;
}
