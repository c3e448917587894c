#include "core/auth/acceptor.h"
#include "core/crypto/digest.h"

#include <assert.h>
#include <stdlib.h>

enum acceptor_state {
    START,
    /* NTLMSSP was chosen; its NEGOTIATE, or its AUTHENTICATE, comes next. */
    AWAIT_NTLM_NEGOTIATE,
    AWAIT_NTLM_AUTHENTICATE,
    AWAIT_IDENTITY,
    /* The caller's mechanism has a token, or waits for the peer's next one. */
    AWAIT_MECHANISM,
    AWAIT_PEER,
    /* The caller's mechanism is done; the peer still owes its mechListMIC. */
    AWAIT_PEER_MIC,
    AWAIT_MIC_CHECK,
    COMPLETE,
    FAILED,
};

struct tb_acceptor {
    enum acceptor_state state;
    bool kerberos;
    /* SPNEGO is around the mechanism. */
    bool spnego;
    /* The first reply, which names the mechanism, is out. */
    bool replied;
    /* The mechanism is not the one the client would have liked best (RFC 4178 5). */
    bool mic_required;
    enum tb_mechanism mechanism;
    struct tb_ntlm_server *ntlm;
    const struct tb_ntlm_identity *identity;
    struct tb_token mechanism_list, mechanism_token, peer_mic;
    struct tb_token reply, session_key;
};

enum tb_error tb_acceptor_create(const struct tb_acceptor_config *config,
                                 struct tb_acceptor **acceptor)
{
    struct tb_acceptor *a = calloc(1, sizeof *a);

    *acceptor = NULL;
    if (!a)
        return TB_NO_MEMORY;
    a->kerberos = config->kerberos;
    enum tb_error error = tb_ntlm_server_create(&config->ntlm, &a->ntlm);
    if (error) {
        free(a);
        return error;
    }
    *acceptor = a;
    return TB_OK;
}

void tb_acceptor_destroy(struct tb_acceptor *acceptor)
{
    if (!acceptor)
        return;
    tb_ntlm_server_destroy(acceptor->ntlm);
    tb_token_free(&acceptor->mechanism_list);
    tb_token_free(&acceptor->mechanism_token);
    tb_token_free(&acceptor->peer_mic);
    tb_token_free(&acceptor->reply);
    tb_token_free(&acceptor->session_key);
    free(acceptor);
}

enum tb_error tb_acceptor_hint(bool kerberos, struct tb_token *token)
{
    static const enum tb_mechanism all[] = {TB_MECHANISM_MS_KERBEROS, TB_MECHANISM_KERBEROS,
                                            TB_MECHANISM_NTLMSSP};

    return kerberos ? tb_spnego_hint_encode(all, 3, token)
                    : tb_spnego_hint_encode(all + 2, 1, token);
}

static enum tb_error replace(struct tb_token *token, struct tb_span bytes)
{
    tb_token_free(token);
    return bytes.length ? tb_token_copy(token, bytes) : TB_OK;
}

/* Sets the reply: `token` as it is, or in a NegTokenResp. */
static enum tb_error set_reply(struct tb_acceptor *acceptor, enum tb_negotiation_state state,
                               struct tb_span token, struct tb_span mic)
{
    tb_token_free(&acceptor->reply);
    if (!acceptor->spnego)
        return replace(&acceptor->reply, token);
    struct tb_spnego_response response = {
        .state = state,
        .mechanism = acceptor->replied ? TB_MECHANISM_UNKNOWN : acceptor->mechanism,
        .response_token = token,
        .mic = mic,
    };
    acceptor->replied = true;
    return tb_spnego_response_encode(&response, &acceptor->reply);
}

static enum tb_error go_on(struct tb_acceptor *acceptor, enum acceptor_state next,
                           enum tb_negotiation_state state, struct tb_span token,
                           struct tb_acceptor_event *event)
{
    enum tb_error error = set_reply(acceptor, state, token, tb_span(NULL, 0));

    if (error)
        return error;
    acceptor->state = next;
    event->kind = TB_ACCEPTOR_CONTINUE;
    event->reply = tb_token_span(&acceptor->reply);
    return TB_OK;
}

static enum tb_error finish(struct tb_acceptor *acceptor, struct tb_span token, struct tb_span mic,
                            struct tb_acceptor_event *event)
{
    enum tb_error error = set_reply(acceptor, TB_ACCEPT_COMPLETED, token, mic);

    if (error)
        return error;
    assert(acceptor->mechanism != TB_MECHANISM_UNKNOWN);
    acceptor->state = COMPLETE;
    event->kind = TB_ACCEPTOR_COMPLETE;
    event->reply = tb_token_span(&acceptor->reply);
    event->session_key = tb_token_span(&acceptor->session_key);
    event->identity = acceptor->identity;
    event->mechanism = acceptor->mechanism;
    return TB_OK;
}

static enum tb_error ntlm_negotiate(struct tb_acceptor *acceptor, struct tb_span token,
                                    struct tb_acceptor_event *event)
{
    struct tb_token challenge;
    enum tb_error error = tb_ntlm_server_negotiate(acceptor->ntlm, token, &challenge);

    if (error)
        return error;
    error = go_on(acceptor, AWAIT_NTLM_AUTHENTICATE, TB_ACCEPT_INCOMPLETE,
                  tb_token_span(&challenge), event);
    tb_token_free(&challenge);
    return error;
}

static enum tb_error ntlm_authenticate(struct tb_acceptor *acceptor, struct tb_span token,
                                       struct tb_acceptor_event *event)
{
    enum tb_error error = tb_ntlm_server_authenticate(acceptor->ntlm, token, &acceptor->identity);

    if (error)
        return error;
    acceptor->state = AWAIT_IDENTITY;
    event->kind = TB_ACCEPTOR_IDENTITY;
    event->identity = acceptor->identity;
    event->mechanism = TB_MECHANISM_NTLMSSP;
    return TB_OK;
}

/* Hand a token, a MIC or both to the caller's mechanism. */
static enum tb_error ask_mechanism(struct tb_acceptor *acceptor, struct tb_span token,
                                   struct tb_span mic, struct tb_acceptor_event *event)
{
    enum tb_error error = replace(&acceptor->mechanism_token, token);

    if (!error)
        error = replace(&acceptor->peer_mic, mic);
    if (error)
        return error;
    acceptor->state = acceptor->state == AWAIT_PEER_MIC ? AWAIT_MIC_CHECK : AWAIT_MECHANISM;
    event->kind = TB_ACCEPTOR_MECHANISM;
    event->mechanism = acceptor->mechanism;
    event->mechanism_token = tb_token_span(&acceptor->mechanism_token);
    event->mechanism_list = tb_token_span(&acceptor->mechanism_list);
    event->peer_mic = tb_token_span(&acceptor->peer_mic);
    return TB_OK;
}

static bool is_kerberos(enum tb_mechanism mechanism)
{
    return mechanism == TB_MECHANISM_KERBEROS || mechanism == TB_MECHANISM_MS_KERBEROS;
}

/* The first of the client's mechanisms that is taken here, in its order of preference. */
static enum tb_mechanism choose(const struct tb_acceptor *acceptor,
                                const struct tb_spnego_init *init)
{
    for (size_t i = 0; i < init->mechanism_count; i++) {
        enum tb_mechanism mechanism = init->mechanisms[i];
        if (mechanism == TB_MECHANISM_NTLMSSP || (acceptor->kerberos && is_kerberos(mechanism)))
            return mechanism;
    }
    return TB_MECHANISM_UNKNOWN;
}

/* The state in which the chosen mechanism's first token is awaited. */
static enum acceptor_state first_state(const struct tb_acceptor *acceptor)
{
    return acceptor->mechanism == TB_MECHANISM_NTLMSSP ? AWAIT_NTLM_NEGOTIATE : AWAIT_PEER;
}

static enum tb_error start_spnego(struct tb_acceptor *acceptor, struct tb_span token,
                                  struct tb_acceptor_event *event)
{
    struct tb_spnego_init init;
    enum tb_error error = tb_spnego_init_decode(token, &init);

    if (!error)
        error = replace(&acceptor->mechanism_list, init.mechanism_list);
    if (error)
        return error;
    acceptor->spnego = true;
    acceptor->mechanism = choose(acceptor, &init);
    if (acceptor->mechanism == TB_MECHANISM_UNKNOWN)
        return TB_INVALID_PARAMETER;
    if (acceptor->mechanism != init.mechanisms[0]) {
        acceptor->mic_required = true;
        return go_on(acceptor, first_state(acceptor), TB_REQUEST_MIC, tb_span(NULL, 0), event);
    }
    if (init.mechanism_token.length == 0)
        return go_on(acceptor, first_state(acceptor), TB_ACCEPT_INCOMPLETE, tb_span(NULL, 0),
                     event);
    if (acceptor->mechanism == TB_MECHANISM_NTLMSSP)
        return ntlm_negotiate(acceptor, init.mechanism_token, event);
    return ask_mechanism(acceptor, init.mechanism_token, init.mic, event);
}

static enum tb_error start(struct tb_acceptor *acceptor, struct tb_span token,
                           struct tb_acceptor_event *event)
{
    if (!tb_ntlm_is_message(token))
        return start_spnego(acceptor, token, event);
    acceptor->mechanism = TB_MECHANISM_NTLMSSP;
    return ntlm_negotiate(acceptor, token, event);
}

/* A token within an established choice of mechanism. */
static enum tb_error next_token(struct tb_acceptor *acceptor, struct tb_span token,
                                struct tb_span mic, struct tb_acceptor_event *event)
{
    enum tb_error error;

    switch (acceptor->state) {
    case AWAIT_NTLM_NEGOTIATE:
        return ntlm_negotiate(acceptor, token, event);
    case AWAIT_NTLM_AUTHENTICATE:
        error = replace(&acceptor->peer_mic, mic);
        return error ? error : ntlm_authenticate(acceptor, token, event);
    case AWAIT_PEER:
        return ask_mechanism(acceptor, token, mic, event);
    case AWAIT_PEER_MIC:
        if (mic.length == 0)
            return TB_ACCESS_DENIED;
        return ask_mechanism(acceptor, tb_span(NULL, 0), mic, event);
    default:
        return TB_INVALID_PARAMETER;
    }
}

static enum tb_error step(struct tb_acceptor *acceptor, struct tb_span token,
                          struct tb_acceptor_event *event)
{
    struct tb_spnego_response response;

    if (acceptor->state == START)
        return start(acceptor, token, event);
    if (!acceptor->spnego)
        return next_token(acceptor, token, tb_span(NULL, 0), event);
    enum tb_error error = tb_spnego_response_decode(token, &response);
    if (error)
        return error;
    if (response.state == TB_REJECT)
        return TB_LOGON_FAILURE;
    return next_token(acceptor, response.response_token, response.mic, event);
}

static enum tb_error fail_if(struct tb_acceptor *acceptor, enum tb_error error)
{
    if (error)
        acceptor->state = FAILED;
    return error;
}

enum tb_error tb_acceptor_step(struct tb_acceptor *acceptor, struct tb_span token,
                               struct tb_acceptor_event *event)
{
    *event = (struct tb_acceptor_event){0};
    return fail_if(acceptor, step(acceptor, token, event));
}

/* Check the client's mechListMIC and make ours, where there is one. */
static enum tb_error exchange_ntlm_mics(struct tb_acceptor *acceptor,
                                        uint8_t mic[TB_NTLM_SIGNATURE_LENGTH], struct tb_span *own)
{
    const uint8_t *key = tb_ntlm_server_session_key(acceptor->ntlm);
    uint32_t flags = tb_ntlm_server_flags(acceptor->ntlm);
    struct tb_span list = tb_token_span(&acceptor->mechanism_list);
    const struct tb_token *peer = &acceptor->peer_mic;

    assert(key && list.length);
    if (peer->length == 0)
        return acceptor->mic_required ? TB_ACCESS_DENIED : TB_OK;
    enum tb_error error = tb_ntlm_sign(key, flags, false, list, mic);
    if (!error && (peer->length != TB_NTLM_SIGNATURE_LENGTH ||
                   !tb_secret_equal(mic, peer->data, TB_NTLM_SIGNATURE_LENGTH)))
        error = TB_ACCESS_DENIED;
    if (!error)
        error = tb_ntlm_sign(key, flags, true, list, mic);
    if (!error)
        *own = tb_span(mic, TB_NTLM_SIGNATURE_LENGTH);
    return error;
}

static enum tb_error identified(struct tb_acceptor *acceptor, struct tb_acceptor_event *event)
{
    uint8_t mic[TB_NTLM_SIGNATURE_LENGTH];
    struct tb_span own = tb_span(NULL, 0);
    enum tb_error error =
        replace(&acceptor->session_key,
                tb_span(tb_ntlm_server_session_key(acceptor->ntlm), TB_NTLM_KEY_LENGTH));

    if (!error && acceptor->spnego)
        error = exchange_ntlm_mics(acceptor, mic, &own);
    if (!error)
        error = finish(acceptor, tb_span(NULL, 0), own, event);
    return error;
}

static enum tb_error identify(struct tb_acceptor *acceptor, enum tb_acceptor_verdict verdict,
                              const uint8_t *nt_hash, struct tb_acceptor_event *event)
{
    enum tb_error error = TB_INVALID_PARAMETER;

    if (acceptor->state != AWAIT_IDENTITY)
        return TB_INVALID_PARAMETER;
    switch (verdict) {
    case TB_VERDICT_PASSWORD:
        assert(nt_hash);
        error = tb_ntlm_server_verify(acceptor->ntlm, nt_hash);
        break;
    case TB_VERDICT_ANONYMOUS:
        error = tb_ntlm_server_verify_anonymous(acceptor->ntlm);
        break;
    case TB_VERDICT_GUEST:
        return finish(acceptor, tb_span(NULL, 0), tb_span(NULL, 0), event);
    }
    return error ? error : identified(acceptor, event);
}

enum tb_error tb_acceptor_identify(struct tb_acceptor *acceptor, enum tb_acceptor_verdict verdict,
                                   const uint8_t *nt_hash, struct tb_acceptor_event *event)
{
    *event = (struct tb_acceptor_event){0};
    return fail_if(acceptor, identify(acceptor, verdict, nt_hash, event));
}

static enum tb_error mechanism_complete(struct tb_acceptor *acceptor,
                                        const struct tb_mechanism_output *output,
                                        struct tb_acceptor_event *event)
{
    bool peer_sent_mic = acceptor->peer_mic.length > 0;
    struct tb_span mic = tb_span(NULL, 0);
    enum tb_error error = replace(&acceptor->session_key, output->session_key);

    if (error)
        return error;
    if (peer_sent_mic && !output->peer_mic_valid)
        return TB_ACCESS_DENIED;
    if (peer_sent_mic || acceptor->mic_required)
        mic = output->mic;
    if (peer_sent_mic || !acceptor->mic_required)
        return finish(acceptor, output->token, mic, event);
    /* RFC 4178 5: when the acceptor has the last word of the mechanism, its MIC goes first. */
    error = set_reply(acceptor, TB_ACCEPT_INCOMPLETE, output->token, mic);
    if (error)
        return error;
    acceptor->state = AWAIT_PEER_MIC;
    event->kind = TB_ACCEPTOR_CONTINUE;
    event->reply = tb_token_span(&acceptor->reply);
    return TB_OK;
}

static enum tb_error mechanism(struct tb_acceptor *acceptor,
                               const struct tb_mechanism_output *output,
                               struct tb_acceptor_event *event)
{
    switch (acceptor->state) {
    case AWAIT_MECHANISM:
        if (output->complete)
            return mechanism_complete(acceptor, output, event);
        return go_on(acceptor, AWAIT_PEER, TB_ACCEPT_INCOMPLETE, output->token, event);
    case AWAIT_MIC_CHECK:
        if (!output->peer_mic_valid)
            return TB_ACCESS_DENIED;
        return finish(acceptor, tb_span(NULL, 0), tb_span(NULL, 0), event);
    default:
        return TB_INVALID_PARAMETER;
    }
}

enum tb_error tb_acceptor_mechanism(struct tb_acceptor *acceptor,
                                    const struct tb_mechanism_output *output,
                                    struct tb_acceptor_event *event)
{
    *event = (struct tb_acceptor_event){0};
    return fail_if(acceptor, mechanism(acceptor, output, event));
}
