#include "core/auth/initiator.h"
#include "core/crypto/digest.h"

#include <assert.h>
#include <stdlib.h>

enum initiator_state {
    START,
    /* Only the server's choice is awaited: NTLMSSP was not offered first. */
    AWAIT_CHOICE,
    AWAIT_CHALLENGE,
    AWAIT_VERDICT,
    DONE,
    FAILED,
};

struct tb_initiator {
    enum initiator_state state;
    bool bare;
    enum tb_mechanism preferred;
    struct tb_token optimistic_token, mechanism_list, reply;
    struct tb_ntlm_client *ntlm;
};

enum tb_error tb_initiator_create(const struct tb_initiator_config *config,
                                  struct tb_initiator **initiator)
{
    struct tb_initiator *i = calloc(1, sizeof *i);

    *initiator = NULL;
    if (!i)
        return TB_NO_MEMORY;
    i->bare = config->bare;
    i->preferred = config->preferred;
    enum tb_error error = tb_token_copy(&i->optimistic_token, config->optimistic_token);
    if (!error)
        error = tb_ntlm_client_create(&config->ntlm, &i->ntlm);
    if (error) {
        tb_initiator_destroy(i);
        return error;
    }
    *initiator = i;
    return TB_OK;
}

void tb_initiator_destroy(struct tb_initiator *initiator)
{
    if (!initiator)
        return;
    tb_token_free(&initiator->optimistic_token);
    tb_token_free(&initiator->mechanism_list);
    tb_token_free(&initiator->reply);
    tb_ntlm_client_destroy(initiator->ntlm);
    free(initiator);
}

static bool offers_ntlmssp(const struct tb_spnego_init *init)
{
    for (size_t i = 0; i < init->mechanism_count; i++)
        if (init->mechanisms[i] == TB_MECHANISM_NTLMSSP)
            return true;
    return false;
}

static enum tb_error read_hint(struct tb_span token)
{
    struct tb_spnego_init hint;

    if (token.length == 0)
        return TB_OK;
    enum tb_error error = tb_spnego_init_decode(token, &hint);
    if (!error && !offers_ntlmssp(&hint))
        error = TB_INVALID_PARAMETER;
    return error;
}

static enum tb_error encode_first(struct tb_initiator *initiator, struct tb_span token)
{
    struct tb_spnego_init init = {.mechanism_token = token};

    if (initiator->preferred != TB_MECHANISM_UNKNOWN)
        init.mechanisms[init.mechanism_count++] = initiator->preferred;
    init.mechanisms[init.mechanism_count++] = TB_MECHANISM_NTLMSSP;
    enum tb_error error = tb_spnego_mechanism_list_encode(init.mechanisms, init.mechanism_count,
                                                          &initiator->mechanism_list);
    if (!error)
        error = tb_spnego_init_encode(&init, &initiator->reply);
    return error;
}

static enum tb_error start(struct tb_initiator *initiator, struct tb_span token)
{
    struct tb_token negotiate;
    enum tb_error error = initiator->bare ? TB_OK : read_hint(token);

    if (error)
        return error;
    if (initiator->preferred != TB_MECHANISM_UNKNOWN && !initiator->bare) {
        initiator->state = AWAIT_CHOICE;
        return encode_first(initiator, tb_token_span(&initiator->optimistic_token));
    }
    initiator->state = AWAIT_CHALLENGE;
    if (initiator->bare)
        return tb_ntlm_client_negotiate(initiator->ntlm, &initiator->reply);
    error = tb_ntlm_client_negotiate(initiator->ntlm, &negotiate);
    if (!error)
        error = encode_first(initiator, tb_token_span(&negotiate));
    tb_token_free(&negotiate);
    return error;
}

static enum tb_error respond(struct tb_initiator *initiator, struct tb_span token,
                             struct tb_span mic)
{
    const struct tb_spnego_response response = {
        .state = mic.length ? TB_STATE_ABSENT : TB_ACCEPT_INCOMPLETE,
        .response_token = token,
        .mic = mic,
    };

    return tb_spnego_response_encode(&response, &initiator->reply);
}

static enum tb_error take_choice(struct tb_initiator *initiator,
                                 const struct tb_spnego_response *response)
{
    struct tb_token negotiate;

    if (response->state != TB_REQUEST_MIC || response->mechanism != TB_MECHANISM_NTLMSSP)
        return TB_INVALID_PARAMETER;
    enum tb_error error = tb_ntlm_client_negotiate(initiator->ntlm, &negotiate);
    if (!error)
        error = respond(initiator, tb_token_span(&negotiate), tb_span(NULL, 0));
    tb_token_free(&negotiate);
    initiator->state = AWAIT_CHALLENGE;
    return error;
}

static enum tb_error mechanism_list_mic(const struct tb_initiator *initiator, bool from_server,
                                        uint8_t mic[TB_NTLM_SIGNATURE_LENGTH])
{
    const uint8_t *key = tb_ntlm_client_session_key(initiator->ntlm);

    assert(key);
    return tb_ntlm_sign(key, tb_ntlm_client_flags(initiator->ntlm), from_server,
                        tb_token_span(&initiator->mechanism_list), mic);
}

static enum tb_error take_challenge(struct tb_initiator *initiator, struct tb_span challenge)
{
    struct tb_token authenticate;
    uint8_t mic[TB_NTLM_SIGNATURE_LENGTH];
    struct tb_span mic_span = tb_span(NULL, 0);
    enum tb_error error = tb_ntlm_client_authenticate(initiator->ntlm, challenge, &authenticate);

    if (error)
        return error;
    initiator->state = AWAIT_VERDICT;
    if (initiator->bare) {
        initiator->reply = authenticate;
        return TB_OK;
    }
    if (tb_ntlm_client_flags(initiator->ntlm) & TB_NTLM_EXTENDED_SECURITY) {
        error = mechanism_list_mic(initiator, false, mic);
        mic_span = tb_span(mic, sizeof mic);
    }
    if (!error)
        error = respond(initiator, tb_token_span(&authenticate), mic_span);
    tb_token_free(&authenticate);
    return error;
}

/* Without a MIC of the server's, a choice that was not ours cannot be trusted. */
static enum tb_error take_verdict(struct tb_initiator *initiator,
                                  const struct tb_spnego_response *response)
{
    uint8_t mic[TB_NTLM_SIGNATURE_LENGTH];

    if (response->state != TB_ACCEPT_COMPLETED)
        return TB_INVALID_PARAMETER;
    initiator->state = DONE;
    if (response->mic.length == 0)
        return initiator->preferred == TB_MECHANISM_UNKNOWN ? TB_OK : TB_ACCESS_DENIED;
    enum tb_error error = mechanism_list_mic(initiator, true, mic);
    if (!error && (response->mic.length != sizeof mic ||
                   !tb_secret_equal(mic, response->mic.data, sizeof mic)))
        error = TB_ACCESS_DENIED;
    return error;
}

static enum tb_error step_bare(struct tb_initiator *initiator, struct tb_span token)
{
    switch (initiator->state) {
    case AWAIT_CHALLENGE:
        return take_challenge(initiator, token);
    case AWAIT_VERDICT:
        initiator->state = DONE;
        return TB_OK;
    default:
        return TB_INVALID_PARAMETER;
    }
}

static enum tb_error step_spnego(struct tb_initiator *initiator, struct tb_span token)
{
    struct tb_spnego_response response;
    enum tb_error error = tb_spnego_response_decode(token, &response);

    if (error)
        return error;
    if (response.state == TB_REJECT)
        return TB_LOGON_FAILURE;
    switch (initiator->state) {
    case AWAIT_CHOICE:
        return take_choice(initiator, &response);
    case AWAIT_CHALLENGE:
        return take_challenge(initiator, response.response_token);
    case AWAIT_VERDICT:
        return take_verdict(initiator, &response);
    default:
        return TB_INVALID_PARAMETER;
    }
}

static enum tb_error step(struct tb_initiator *initiator, struct tb_span token)
{
    tb_token_free(&initiator->reply);
    if (initiator->state == START)
        return start(initiator, token);
    return initiator->bare ? step_bare(initiator, token) : step_spnego(initiator, token);
}

enum tb_error tb_initiator_step(struct tb_initiator *initiator, struct tb_span token,
                                struct tb_initiator_event *event)
{
    *event = (struct tb_initiator_event){0};
    enum tb_error error = step(initiator, token);
    if (error) {
        initiator->state = FAILED;
        return error;
    }
    const uint8_t *key = tb_ntlm_client_session_key(initiator->ntlm);
    event->reply = tb_token_span(&initiator->reply);
    event->complete = initiator->state == DONE;
    event->session_key = tb_span(key, key ? TB_NTLM_KEY_LENGTH : 0);
    return TB_OK;
}
