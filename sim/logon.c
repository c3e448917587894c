#include "sim/client.h"

#include "core/wire/echo.h"
#include "core/wire/fsctl.h"
#include "core/wire/ioctl.h"
#include "core/wire/logoff.h"
#include "core/wire/session_setup.h"
#include <stdlib.h>
#include <string.h>

/* Derive the session's keys from what the mechanism yielded (MS-SMB2 3.2.5.3). */
static enum tb_error take_keys(struct tb_sim_session *session, struct tb_span mechanism_key)
{
    struct tb_sim_client *client = session->client;
    enum tb_cipher cipher = client->cipher;
    enum tb_error error = tb_session_keys_derive(client->dialect, cipher, mechanism_key,
                                                 &session->preauth, &session->keys);
    if (error == TB_OK)
        error = tb_signer_create(client->signing_algorithm, session->keys.signing,
                                 &session->signer);
    if (error == TB_OK && session->keys.cipher_key_length) {
        size_t length = session->keys.cipher_key_length;
        error = tb_sealer_create(cipher, tb_span(session->keys.server_in, length), &session->seal);
        if (error == TB_OK)
            error = tb_sealer_create(cipher, tb_span(session->keys.server_out, length),
                                     &session->unseal);
    }
    tb_sim_require_ok(error);
    session->established = true;
    session->sign = client->sign;
    session->encrypt =
        session->seal && (client->encrypt || session->flags & TB_SMB2_SESSION_FLAG_ENCRYPT_DATA);
    return error;
}

static enum tb_error new_initiator(struct tb_sim_logon_state *state)
{
    struct tb_sim_random *random = &state->client->driver->random;
    const struct tb_sim_logon *logon = &state->logon;
    struct tb_initiator_config config = {
        .ntlm = {.user = logon->user,
                 .domain = logon->domain ? logon->domain : "",
                 .workstation = "CLIENT",
                 .time_filetime = TB_SIM_EPOCH_FILETIME},
        .bare = logon->bare,
        .preferred = logon->preferred,
        .optimistic_token = tb_span(logon->preferred ? "nonsense" : NULL, logon->preferred ? 8 : 0),
    };
    tb_sim_random_bytes(random, config.ntlm.client_challenge, sizeof(config.ntlm.client_challenge));
    tb_sim_random_bytes(random, config.ntlm.exported_session_key,
                        sizeof(config.ntlm.exported_session_key));
    if (tb_ntlm_hash_password(logon->password, config.ntlm.nt_hash) != TB_OK)
        tb_sim_fail(__FILE__, __LINE__, "a password that is no UTF-8");
    return tb_initiator_create(&config, &state->initiator);
}

static struct tb_sim_session *session_new(struct tb_sim_client *client)
{
    struct tb_sim_session *session = calloc(1, sizeof(*session));
    if (!session)
        abort();
    session->client = client;
    session->preauth = client->preauth;
    tb_list_append(&client->sessions, &session->place);
    return session;
}

static void finish(struct tb_sim_logon_state *state, enum tb_error error)
{
    state->done = true;
    state->error = error;
    tb_initiator_destroy(state->initiator);
    state->initiator = NULL;
    if (error != TB_OK && !state->logon.again && state->session) {
        tb_list_remove(&state->session->place);
        free(state->session);
        state->session = NULL;
    }
}

static struct tb_sim_request *setup_request(struct tb_sim_logon_state *state, struct tb_span token)
{
    struct tb_sim_request *r = tb_sim_request_new(state->client, state->session, NULL,
                                                  TB_SMB2_SESSION_SETUP, token.length + 64);
    tb_session_setup_request_encode(
        &r->writer, &(struct tb_session_setup_request){
                        .security_mode = state->client->offer.security_mode & 0xFF,
                        .capabilities = state->client->offer.capabilities,
                        .previous_session_id = state->logon.previous_session_id,
                        .security_buffer = token,
                    });
    return r;
}

struct tb_sim_request *tb_sim_logon_begin(struct tb_sim_logon_state *state,
                                          struct tb_sim_client *client,
                                          const struct tb_sim_logon *logon)
{
    struct tb_initiator_event event;
    *state = (struct tb_sim_logon_state){.logon = *logon, .client = client};
    tb_sim_require_ok(new_initiator(state));
    tb_sim_require_ok(
        tb_initiator_step(state->initiator, tb_token_span(&client->hint), &event));
    state->session = logon->again ? logon->again : session_new(client);
    return setup_request(state, event.reply);
}

static void hash(struct tb_sim_logon_state *state, const struct tb_sim_request *r, bool response)
{
    struct tb_span spans[] = {tb_span(r->bytes, r->writer.at),
                              tb_span(r->response, r->response_length)};
    uint8_t wrong = 0;
    struct tb_span tampered = tb_span(&wrong, 1);
    struct tb_preauth *preauth = &state->session->preauth;
    if (state->client->dialect != TB_SMB2_DIALECT_311 || state->logon.again)
        return;
    tb_sim_require_ok(tb_preauth_update(preauth, &spans[0], 1));
    if (response)
        tb_sim_require_ok(tb_preauth_update(preauth, &spans[1], 1));
    if (state->logon.tamper_preauth)
        tb_sim_require_ok(tb_preauth_update(preauth, &tampered, 1));
}

/* The last response is signed in 3.1.1 always, else where signing is required, but never for
 * guests (MS-SMB2 3.3.5.5.3). */
static void check_final(const struct tb_sim_logon_state *state, const struct tb_sim_request *r)
{
    struct tb_sim_session *session = state->session;
    struct tb_smb2_header h;
    struct tb_span rest = tb_span(r->response + TB_SMB2_HEADER_LENGTH,
                                  r->response_length - TB_SMB2_HEADER_LENGTH);
    bool must = state->client->dialect == TB_SMB2_DIALECT_311 ||
                (state->client->server_security_mode & TB_SMB2_NEGOTIATE_SIGNING_REQUIRED);
    tb_sim_require_ok(tb_smb2_header_decode(tb_sim_response(r), &h));
    bool is_signed = h.flags & TB_SMB2_FLAGS_SIGNED;
    if (!is_signed && must)
        tb_sim_fail(__FILE__, __LINE__, "the final SESSION_SETUP response is not signed");
    if (is_signed && !state->logon.tamper_preauth)
        tb_sim_require_ok(tb_signer_verify(session->signer, r->response, &rest, 1));
}

static void accept_logon(struct tb_sim_logon_state *state, const struct tb_sim_request *r,
                         const struct tb_session_setup_response *body)
{
    struct tb_initiator_event event = {0};
    struct tb_sim_session *session = state->session;
    bool nobody =
        body->session_flags & (TB_SMB2_SESSION_FLAG_IS_GUEST | TB_SMB2_SESSION_FLAG_IS_NULL);
    enum tb_error error = tb_initiator_step(state->initiator, body->security_buffer, &event);
    hash(state, r, false);
    session->flags = body->session_flags;
    if (!nobody && !state->logon.again) {
        tb_sim_require_ok(error);
        tb_sim_require(event.complete && event.session_key.length == 16);
        take_keys(session, event.session_key);
        check_final(state, r);
    }
    finish(state, TB_OK);
}

static struct tb_sim_request *next(struct tb_sim_logon_state *state,
                                   const struct tb_sim_request *answered)
{
    struct tb_session_setup_response body;
    struct tb_smb2_header h;
    struct tb_initiator_event event;
    if (answered->lost || (answered->error != TB_OK &&
                           answered->error != TB_MORE_PROCESSING_REQUIRED)) {
        finish(state, answered->lost ? TB_DROP_CONNECTION : answered->error);
        return NULL;
    }
    tb_sim_require_ok(tb_session_setup_response_decode(tb_sim_response(answered), &body));
    tb_sim_require_ok(tb_smb2_header_decode(tb_sim_response(answered), &h));
    tb_sim_require(h.session_id != 0);
    state->session->id = h.session_id;
    if (answered->error == TB_OK) {
        accept_logon(state, answered, &body);
        return NULL;
    }
    hash(state, answered, true);
    enum tb_error error = tb_initiator_step(state->initiator, body.security_buffer, &event);
    if (error != TB_OK) {
        finish(state, error);
        return NULL;
    }
    return setup_request(state, event.reply);
}

struct tb_sim_request *tb_sim_logon_next(struct tb_sim_logon_state *state,
                                         struct tb_sim_request *answered)
{
    struct tb_sim_request *request = next(state, answered);
    tb_sim_request_free(answered);
    return request;
}

void tb_sim_logon_abandon(struct tb_sim_logon_state *state)
{
    if (!state->done)
        finish(state, TB_CANCELLED);
}

enum tb_error tb_sim_logon(struct tb_sim_client *client, const struct tb_sim_logon *logon,
                           struct tb_sim_session **session)
{
    struct tb_sim_logon_state state;
    struct tb_sim_request *r = tb_sim_logon_begin(&state, client, logon);
    while (r) {
        tb_sim_call(r);
        r = tb_sim_logon_next(&state, r);
    }
    if (session)
        *session = state.session;
    return state.error;
}

enum tb_error tb_sim_logoff(struct tb_sim_session *session)
{
    struct tb_sim_request *r =
        tb_sim_request_new(session->client, session, NULL, TB_SMB2_LOGOFF, 4);
    tb_logoff_request_encode(&r->writer, &(struct tb_logoff_request){0});
    enum tb_error error = tb_sim_do(r);
    if (error == TB_OK)
        session->over = true;
    return error;
}

enum tb_error tb_sim_echo(struct tb_sim_client *client, struct tb_sim_session *session)
{
    struct tb_sim_request *r = tb_sim_request_new(client, session, NULL, TB_SMB2_ECHO, 4);
    tb_echo_request_encode(&r->writer, &(struct tb_echo_request){0});
    return tb_sim_do(r);
}

enum tb_error tb_sim_validate_negotiate(struct tb_sim_tree *tree)
{
    struct tb_sim_client *client = tree->session->client;
    struct tb_sim_request *r =
        tb_sim_request_new(client, tree->session, tree, TB_SMB2_IOCTL, 256);
    uint8_t input[64], dialects[16];
    struct tb_writer w = tb_writer(input, sizeof(input));
    for (unsigned i = 0; i < client->offer.dialect_count; i++)
        tb_store_u16(dialects + 2 * i, client->offer.dialects[i]);
    struct tb_validate_negotiate_request validate = {
        .capabilities = client->offer.capabilities,
        .security_mode = client->offer.security_mode,
        .dialects = tb_span(dialects, 2 * client->offer.dialect_count)};
    memcpy(validate.guid, client->guid, 16);
    tb_validate_negotiate_request_encode(&w, &validate);
    tb_ioctl_request_encode(&r->writer, &(struct tb_ioctl_request){
                                            .ctl_code = TB_FSCTL_VALIDATE_NEGOTIATE_INFO,
                                            .file_id = {UINT64_MAX, UINT64_MAX},
                                            .input = tb_span(input, w.at),
                                            .max_output_response = 24,
                                            .flags = TB_SMB2_0_IOCTL_IS_FSCTL});
    enum tb_error error = tb_sim_call(r);
    if (error == TB_OK) {
        struct tb_ioctl_response ioctl;
        struct tb_validate_negotiate_response answer;
        tb_sim_require_ok(tb_ioctl_response_decode(tb_sim_response(r), &ioctl));
        tb_sim_require_ok(tb_validate_negotiate_response_decode(ioctl.output, &answer));
        tb_sim_require_equal(answer.dialect, client->dialect);
        tb_sim_require_equal(answer.capabilities, client->server_capabilities);
        tb_sim_require_equal(answer.security_mode, client->server_security_mode);
        tb_sim_require(memcmp(answer.guid, client->server_guid, 16) == 0);
    }
    tb_sim_request_free(r);
    return error;
}
