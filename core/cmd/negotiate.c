/* NEGOTIATE (MS-SMB2 3.3.5.3, 3.3.5.4). */
#include <string.h>

#include "core/auth/acceptor.h"
#include "core/chain.h"
#include "core/command.h"
#include "core/conn_internal.h"
#include "core/server_internal.h"

#define SALT_LENGTH     32
#define CONTEXTS_LENGTH 256

/* What the client's contexts of 3.1.1 ask for. */
struct offers {
    bool preauth, encryption, signing; /* seen */
    bool sha512;
    enum tb_cipher cipher;
    enum tb_signing_algorithm signing_algorithm;
    bool signing_common;
};

struct negotiation {
    struct tb_smb1_negotiate smb1; /* first: chain.c puts it here */
    enum tb_error error;
    struct tb_token hint;
    struct tb_preauth preauth;
    uint8_t contexts[CONTEXTS_LENGTH];
};

static uint16_t choose_dialect(const struct tb_server_config *config, struct tb_span dialects)
{
    uint16_t best = 0;
    for (size_t i = 0; i < tb_u16_count(dialects); i++) {
        uint16_t dialect = tb_u16_at(dialects, i);
        bool known = dialect == TB_SMB2_DIALECT_202 || dialect == TB_SMB2_DIALECT_210 ||
                     dialect == TB_SMB2_DIALECT_300 || dialect == TB_SMB2_DIALECT_302 ||
                     dialect == TB_SMB2_DIALECT_311;
        if (known && dialect >= config->dialect_min && dialect <= config->dialect_max &&
            dialect > best)
            best = dialect;
    }
    return best;
}

static enum tb_error read_preauth(struct tb_span data, struct offers *offers)
{
    struct tb_preauth_integrity_capabilities asked;
    enum tb_error error = tb_preauth_integrity_capabilities_decode(data, &asked);
    if (error != TB_OK || offers->preauth)
        return TB_INVALID_PARAMETER;
    offers->preauth = true;
    offers->sha512 = tb_u16_contains(asked.hash_algorithms, TB_SMB2_PREAUTH_INTEGRITY_SHA512);
    return TB_OK;
}

/* The client's order of preference counts. */
static enum tb_error read_encryption(struct tb_span data, struct offers *offers)
{
    struct tb_encryption_capabilities asked;
    if (tb_encryption_capabilities_decode(data, &asked) != TB_OK || offers->encryption)
        return TB_INVALID_PARAMETER;
    offers->encryption = true;
    for (size_t i = 0; i < tb_u16_count(asked.ciphers); i++) {
        enum tb_cipher cipher = (enum tb_cipher)tb_u16_at(asked.ciphers, i);
        if (tb_cipher_key_length(cipher) == 0)
            continue;
        offers->cipher = cipher;
        break;
    }
    return TB_OK;
}

static enum tb_error read_signing(struct tb_span data, struct offers *offers)
{
    struct tb_signing_capabilities asked;
    if (tb_signing_capabilities_decode(data, &asked) != TB_OK || offers->signing)
        return TB_INVALID_PARAMETER;
    offers->signing = true;
    for (size_t i = 0; i < tb_u16_count(asked.signing_algorithms); i++) {
        uint16_t algorithm = tb_u16_at(asked.signing_algorithms, i);
        if (algorithm > TB_SIGNING_AES_GMAC)
            continue;
        offers->signing_algorithm = (enum tb_signing_algorithm)algorithm;
        offers->signing_common = true;
        break;
    }
    return TB_OK;
}

/* Unknown contexts are passed over (MS-SMB2 3.3.5.4). */
static enum tb_error read_contexts(struct tb_negotiate_contexts contexts, struct offers *offers)
{
    struct tb_negotiate_context context;
    while (tb_negotiate_contexts_next(&contexts, &context)) {
        enum tb_error error = TB_OK;
        if (context.type == TB_SMB2_PREAUTH_INTEGRITY_CAPABILITIES)
            error = read_preauth(context.data, offers);
        else if (context.type == TB_SMB2_ENCRYPTION_CAPABILITIES)
            error = read_encryption(context.data, offers);
        else if (context.type == TB_SMB2_SIGNING_CAPABILITIES)
            error = read_signing(context.data, offers);
        if (error != TB_OK)
            return error;
    }
    if (!offers->preauth)
        return TB_INVALID_PARAMETER;
    return offers->sha512 ? TB_OK : TB_NO_PREAUTH_INTEGRITY_HASH_OVERLAP;
}

static void put_u16(uint8_t bytes[2], uint16_t value, struct tb_span *list)
{
    tb_store_u16(bytes, value);
    *list = tb_span(bytes, 2);
}

static struct tb_negotiate_contexts write_contexts(struct tb_request *request,
                                                   const struct offers *offers)
{
    struct negotiation *state = request->state;
    struct tb_negotiate_chain chain;
    uint8_t salt[SALT_LENGTH], id[2];
    tb_env_random(&request->server->env, TB_RANDOM_SALT, salt, sizeof(salt));
    tb_negotiate_chain_begin(&chain, state->contexts, sizeof(state->contexts));
    struct tb_preauth_integrity_capabilities preauth = {.salt = tb_span(salt, sizeof(salt))};
    put_u16(id, TB_SMB2_PREAUTH_INTEGRITY_SHA512, &preauth.hash_algorithms);
    tb_negotiate_chain_open(&chain, TB_SMB2_PREAUTH_INTEGRITY_CAPABILITIES);
    tb_preauth_integrity_capabilities_encode(&chain.writer, &preauth);
    tb_negotiate_chain_close(&chain);
    if (offers->encryption && request->conn->offers_encryption) {
        struct tb_encryption_capabilities encryption;
        put_u16(id, (uint16_t)offers->cipher, &encryption.ciphers);
        tb_negotiate_chain_open(&chain, TB_SMB2_ENCRYPTION_CAPABILITIES);
        tb_encryption_capabilities_encode(&chain.writer, &encryption);
        tb_negotiate_chain_close(&chain);
    }
    if (offers->signing_common) {
        struct tb_signing_capabilities signing;
        put_u16(id, (uint16_t)offers->signing_algorithm, &signing.signing_algorithms);
        tb_negotiate_chain_open(&chain, TB_SMB2_SIGNING_CAPABILITIES);
        tb_signing_capabilities_encode(&chain.writer, &signing);
        tb_negotiate_chain_close(&chain);
    }
    return tb_negotiate_chain_contexts(&chain);
}

static enum tb_error settle_311(struct tb_request *request)
{
    struct tb_conn *conn = request->conn;
    struct negotiation *state = request->state;
    struct offers offers = {0};
    enum tb_error error = read_contexts(request->body.negotiate.contexts, &offers);
    if (error != TB_OK)
        return error;
    conn->cipher = conn->offers_encryption ? offers.cipher : TB_CIPHER_NONE;
    if (offers.signing_common)
        conn->signing_algorithm = offers.signing_algorithm;
    request->response.negotiate.contexts = write_contexts(request, &offers);
    return tb_preauth_update(&state->preauth, &request->message, 1);
}

/* Capabilities that are enforced, and no others (MS-SMB2 3.3.5.4). */
static void settle_capabilities(struct tb_conn *conn)
{
    conn->large_mtu = conn->dialect >= TB_SMB2_DIALECT_210 &&
                      conn->dialect != TB_SMB2_DIALECT_WILDCARD;
    conn->capabilities = conn->large_mtu ? TB_SMB2_GLOBAL_CAP_LARGE_MTU : 0;
    bool smb_30 = conn->dialect == TB_SMB2_DIALECT_300 || conn->dialect == TB_SMB2_DIALECT_302;
    if (smb_30 && conn->offers_encryption &&
        conn->client_capabilities & TB_SMB2_GLOBAL_CAP_ENCRYPTION) {
        conn->capabilities |= TB_SMB2_GLOBAL_CAP_ENCRYPTION;
        conn->cipher = TB_CIPHER_AES_128_CCM;
    }
}

static enum tb_error settle(struct tb_request *request)
{
    struct tb_conn *conn = request->conn;
    struct negotiation *state = request->state;
    const struct tb_server_config *config = &request->server->config;
    const struct tb_negotiate_request *asked = &request->body.negotiate;
    conn->offers_encryption =
        config->encryption != TB_ENCRYPTION_OFF || request->server->any_encrypt;
    conn->security_mode = TB_SMB2_NEGOTIATE_SIGNING_ENABLED;
    if (config->signing == TB_SIGNING_REQUIRED)
        conn->security_mode |= TB_SMB2_NEGOTIATE_SIGNING_REQUIRED;
    if (request->chain->smb1_negotiate) {
        bool wildcard = state->smb1.smb_2_wildcard && config->dialect_max >= TB_SMB2_DIALECT_210;
        if (!wildcard && (!state->smb1.smb_2_002 || config->dialect_min > TB_SMB2_DIALECT_202))
            return TB_DROP_CONNECTION;
        conn->dialect = wildcard ? TB_SMB2_DIALECT_WILDCARD : TB_SMB2_DIALECT_202;
    } else {
        if (tb_u16_count(asked->dialects) == 0)
            return TB_INVALID_PARAMETER;
        uint16_t dialect = choose_dialect(config, asked->dialects);
        if (dialect == 0)
            return TB_NOT_SUPPORTED;
        memcpy(conn->client_guid, asked->client_guid, sizeof(conn->client_guid));
        conn->client_capabilities = asked->capabilities;
        conn->client_security_mode = asked->security_mode;
        conn->client_dialect_count = (uint16_t)tb_u16_count(asked->dialects);
        conn->dialect = dialect;
    }
    conn->signing_algorithm = tb_signing_algorithm_default(conn->dialect);
    settle_capabilities(conn);
    return conn->dialect == TB_SMB2_DIALECT_311 ? settle_311(request) : TB_OK;
}

static void fill_response(struct tb_request *request)
{
    struct tb_conn *conn = request->conn;
    struct negotiation *state = request->state;
    const struct tb_server_config *config = &request->server->config;
    struct tb_negotiate_response *response = &request->response.negotiate;
    uint32_t most = conn->large_mtu ? UINT32_MAX : 65536;
    response->security_mode = conn->security_mode;
    response->dialect_revision = conn->dialect;
    memcpy(response->server_guid, config->guid, sizeof(response->server_guid));
    response->capabilities = conn->capabilities;
    response->max_transact_size = config->transact_max < most ? config->transact_max : most;
    response->max_read_size = config->read_max < most ? config->read_max : most;
    response->max_write_size = config->write_max < most ? config->write_max : most;
    response->system_time = tb_env_wall_filetime(&request->server->env);
    response->security_buffer = tb_token_span(&state->hint);
}

static void negotiate_work(struct tb_task *task)
{
    struct tb_request *request = tb_request_of(task);
    struct negotiation *state = request->state;
    uint16_t before = request->conn->dialect;
    state->error = settle(request);
    if (state->error == TB_OK)
        state->error = tb_acceptor_hint(false, &state->hint);
    if (state->error == TB_OK)
        fill_response(request);
    else
        request->conn->dialect = before;
}

static void clean(struct tb_request *request)
{
    tb_token_free(&((struct negotiation *)request->state)->hint);
}

/* MS-SMB2 3.3.5.4: the response as sent counts too. */
static void answer_encoded(struct tb_request *request, struct tb_span answer)
{
    struct negotiation *state = request->state;
    struct tb_conn *conn = request->conn;
    if (request->status != TB_OK || conn->dialect != TB_SMB2_DIALECT_311)
        return;
    if (tb_preauth_update(&state->preauth, &answer, 1) == TB_OK)
        conn->preauth = state->preauth;
    else
        tb_conn_drop(conn);
}

static void negotiated(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    struct negotiation *state = request->state;
    request->conn->negotiating = false;
    tb_request_finish(request, state->error);
}

static void negotiate(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    if (request->chain->smb1_negotiate) {
        struct negotiation *state = request->state;
        struct tb_smb1_negotiate smb1 = *(struct tb_smb1_negotiate *)request->state;
        request->state = state = tb_request_alloc(request, sizeof(*state));
        if (state)
            state->smb1 = smb1;
        tb_credit_use(&request->conn->credits, 0, 1);
    } else {
        request->state = tb_request_alloc(request, sizeof(struct negotiation));
    }
    if (!request->state) {
        tb_request_finish(request, TB_NO_MEMORY);
        return;
    }
    request->clean = clean;
    request->encoded = answer_encoded;
    request->conn->negotiating = true;
    tb_task_work(task, negotiate_work, negotiated);
}

static enum tb_error decode(struct tb_span message, union tb_request_body *body)
{
    return tb_negotiate_request_decode(message, &body->negotiate);
}

static void encode(struct tb_writer *w, const struct tb_request *request)
{
    tb_negotiate_response_encode(w, &request->response.negotiate);
}

static size_t extra(const struct tb_request *request)
{
    const struct tb_negotiate_response *response = &request->response.negotiate;
    return response->security_buffer.length + response->contexts.data.length;
}

const struct tb_command tb_command_negotiate = {
    .name = "NEGOTIATE",
    .needs = TB_SERVED_ABOVE_BUDGET,
    .decode = decode,
    .start = negotiate,
    .encode = encode,
    .extra = extra,
};
