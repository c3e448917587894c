#include "core/auth/ntlm.h"
#include "core/crypto/digest.h"
#include "core/nt/utf.h"

#include <assert.h>
#include <stdlib.h>

#define FLAGS_DEFAULT                                                                              \
    (TB_NTLM_REQUEST_TARGET | TB_NTLM_SIGN | TB_NTLM_NTLM | TB_NTLM_ALWAYS_SIGN |                  \
     TB_NTLM_EXTENDED_SECURITY | TB_NTLM_TARGET_INFO | TB_NTLM_VERSION | TB_NTLM_128 |             \
     TB_NTLM_KEY_EXCHANGE | TB_NTLM_56)

#define STRUCTURE_FIXED_LENGTH 28
#define AV_HEADER_LENGTH       4
#define LM_RESPONSE_LENGTH     24

enum client_state { START, NEGOTIATED, AUTHENTICATED, FAILED };

struct tb_ntlm_client {
    enum client_state state;
    struct tb_token user, domain, workstation;
    uint8_t nt_hash[TB_NTLM_HASH_LENGTH];
    uint8_t client_challenge[TB_NTLM_CHALLENGE_LENGTH];
    uint8_t session_key[TB_NTLM_KEY_LENGTH];
    uint64_t time_filetime;
    uint32_t flags;
    bool without_mic;
    struct tb_token negotiate_token;
};

static enum tb_error name_token(const char *name, struct tb_token *token)
{
    return tb_utf16_from_utf8_new(name, strlen(name), &token->data, &token->length);
}

enum tb_error tb_ntlm_client_create(const struct tb_ntlm_client_config *config,
                                    struct tb_ntlm_client **client)
{
    struct tb_ntlm_client *c = calloc(1, sizeof *c);

    *client = NULL;
    if (!c)
        return TB_NO_MEMORY;
    memcpy(c->nt_hash, config->nt_hash, sizeof c->nt_hash);
    memcpy(c->client_challenge, config->client_challenge, sizeof c->client_challenge);
    memcpy(c->session_key, config->exported_session_key, sizeof c->session_key);
    c->time_filetime = config->time_filetime;
    c->flags = (config->flags ? config->flags : FLAGS_DEFAULT) | TB_NTLM_UNICODE;
    c->without_mic = config->without_mic;
    enum tb_error error = name_token(config->user, &c->user);
    if (!error)
        error = name_token(config->domain, &c->domain);
    if (!error)
        error = name_token(config->workstation, &c->workstation);
    if (error) {
        tb_ntlm_client_destroy(c);
        return error;
    }
    *client = c;
    return TB_OK;
}

void tb_ntlm_client_destroy(struct tb_ntlm_client *client)
{
    if (!client)
        return;
    tb_token_free(&client->user);
    tb_token_free(&client->domain);
    tb_token_free(&client->workstation);
    tb_token_free(&client->negotiate_token);
    tb_wipe_and_free(client, sizeof *client);
}

enum tb_error tb_ntlm_client_negotiate(struct tb_ntlm_client *client, struct tb_token *negotiate)
{
    const struct tb_ntlm_negotiate message = {.flags = client->flags};

    *negotiate = (struct tb_token){0};
    if (client->state != START)
        return TB_INVALID_PARAMETER;
    enum tb_error error = tb_ntlm_negotiate_encode(&message, &client->negotiate_token);
    if (!error)
        error = tb_token_copy(negotiate, tb_token_span(&client->negotiate_token));
    client->state = error ? FAILED : NEGOTIATED;
    return error;
}

/* What goes into an NTLMv2 response besides the keys. */
struct offer {
    struct tb_ntlm_challenge challenge;
    /* The server's pairs without their end. */
    struct tb_span pairs;
    uint64_t time_filetime;
    bool with_mic, has_time;
};

static enum tb_error read_offer(const struct tb_ntlm_client *client, struct tb_span token,
                                struct offer *offer)
{
    struct tb_span time;
    bool ok = true;
    enum tb_error error = tb_ntlm_challenge_decode(token, &offer->challenge);

    if (error)
        return error;
    offer->time_filetime = client->time_filetime;
    offer->pairs = offer->challenge.target_info;
    if (offer->pairs.length == 0)
        return TB_OK;
    offer->has_time = tb_ntlm_av_find(offer->pairs, TB_NTLM_AV_TIMESTAMP, &time, &ok);
    if (!ok || (offer->has_time && time.length != 8))
        return TB_INVALID_PARAMETER;
    offer->pairs.length = tb_ntlm_av_length(offer->pairs, &ok);
    if (offer->has_time)
        offer->time_filetime = tb_load_u64(time.data);
    offer->with_mic = offer->has_time && !client->without_mic;
    return TB_OK;
}

/* Proof and NTLMv2_CLIENT_CHALLENGE (MS-NLMP 2.2.2.8), the proof still zeros. */
static enum tb_error response_without_proof(const struct tb_ntlm_client *client,
                                            const struct offer *offer, struct tb_token *response)
{
    static const uint8_t mic_flag[4] = {TB_NTLM_AV_FLAG_MIC};
    size_t length = TB_NTLM_PROOF_LENGTH + STRUCTURE_FIXED_LENGTH + offer->pairs.length +
                    (offer->with_mic ? AV_HEADER_LENGTH + sizeof mic_flag : 0) + AV_HEADER_LENGTH +
                    4;
    enum tb_error error = tb_token_alloc(response, length);

    if (error)
        return error;
    struct tb_writer w = tb_writer(response->data, length);
    tb_write_zeros(&w, TB_NTLM_PROOF_LENGTH);
    tb_write_u16(&w, 0x0101);
    tb_write_zeros(&w, 6);
    tb_write_u64(&w, offer->time_filetime);
    tb_write_bytes(&w, client->client_challenge, sizeof client->client_challenge);
    tb_write_zeros(&w, 4);
    tb_write_span(&w, offer->pairs);
    if (offer->with_mic)
        tb_ntlm_av_write(&w, TB_NTLM_AV_FLAGS, tb_span(mic_flag, sizeof mic_flag));
    tb_ntlm_av_write(&w, TB_NTLM_AV_EOL, tb_span(NULL, 0));
    tb_write_zeros(&w, 4);
    assert(!w.failed && w.at == length);
    return TB_OK;
}

/* Fills the proof in; `key` becomes the session base key. */
static enum tb_error prove(const struct tb_ntlm_client *client, const struct offer *offer,
                           struct tb_token *response, uint8_t key[TB_NTLM_KEY_LENGTH])
{
    struct tb_span structure =
        tb_span(response->data + TB_NTLM_PROOF_LENGTH, response->length - TB_NTLM_PROOF_LENGTH);
    enum tb_error error = tb_ntlm_response_key(client->nt_hash, tb_token_span(&client->user),
                                               tb_token_span(&client->domain), key);

    if (!error)
        error = tb_ntlm_proof(key, offer->challenge.challenge, structure, response->data);
    if (!error)
        error = tb_ntlm_session_base_key(key, response->data, key);
    return error;
}

/* Settles the session key, and what the server must be told to know it. */
static enum tb_error exchange_key(struct tb_ntlm_client *client,
                                  const uint8_t key[TB_NTLM_KEY_LENGTH],
                                  uint8_t encrypted[TB_NTLM_KEY_LENGTH],
                                  struct tb_ntlm_authenticate *message)
{
    if (!(client->flags & TB_NTLM_KEY_EXCHANGE)) {
        memcpy(client->session_key, key, sizeof client->session_key);
        return TB_OK;
    }
    message->encrypted_session_key = tb_span(encrypted, TB_NTLM_KEY_LENGTH);
    return tb_rc4(key, client->session_key, encrypted, TB_NTLM_KEY_LENGTH);
}

static enum tb_error encode(struct tb_ntlm_client *client, struct tb_span challenge_token,
                            struct tb_ntlm_authenticate *message, struct tb_token *token)
{
    enum tb_error error = tb_ntlm_authenticate_encode(message, token);

    if (!error && message->has_mic)
        error =
            tb_ntlm_mic(client->session_key, tb_token_span(&client->negotiate_token),
                        challenge_token, tb_token_span(token), token->data + TB_NTLM_MIC_OFFSET);
    return error;
}

static enum tb_error answer(struct tb_ntlm_client *client, struct tb_span challenge_token,
                            const struct offer *offer, struct tb_token *response,
                            struct tb_token *token)
{
    /* Z(24) with NTLMv2 and a time stamp (MS-NLMP 3.1.5.1.2); Z(1) for nobody. */
    static const uint8_t zeros[LM_RESPONSE_LENGTH];
    uint8_t key[TB_NTLM_KEY_LENGTH] = {0}, encrypted[TB_NTLM_KEY_LENGTH];
    bool anonymous = client->user.length == 0;
    struct tb_ntlm_authenticate message = {
        .lm_response = tb_span(zeros, anonymous ? 1 : sizeof zeros),
        .domain = tb_token_span(&client->domain),
        .user = tb_token_span(&client->user),
        .workstation = tb_token_span(&client->workstation),
        .flags = client->flags | (anonymous ? TB_NTLM_ANONYMOUS : 0),
        .has_mic = offer->with_mic && !anonymous,
    };
    enum tb_error error = TB_OK;

    if (!anonymous) {
        error = response_without_proof(client, offer, response);
        if (!error)
            error = prove(client, offer, response, key);
        message.nt_response = tb_token_span(response);
    }
    if (!error)
        error = exchange_key(client, key, encrypted, &message);
    if (!error)
        error = encode(client, challenge_token, &message, token);
    tb_wipe(key, sizeof key);
    return error;
}

enum tb_error tb_ntlm_client_authenticate(struct tb_ntlm_client *client, struct tb_span challenge,
                                          struct tb_token *authenticate)
{
    struct offer offer = {0};
    struct tb_token response = {0};

    *authenticate = (struct tb_token){0};
    if (client->state != NEGOTIATED)
        return TB_INVALID_PARAMETER;
    enum tb_error error = read_offer(client, challenge, &offer);
    if (!error) {
        client->flags &= offer.challenge.flags | TB_NTLM_UNICODE;
        error = answer(client, challenge, &offer, &response, authenticate);
    }
    tb_token_free(&response);
    if (error)
        tb_token_free(authenticate);
    client->state = error ? FAILED : AUTHENTICATED;
    return error;
}

const uint8_t *tb_ntlm_client_session_key(const struct tb_ntlm_client *client)
{
    return client->state == AUTHENTICATED ? client->session_key : NULL;
}

uint32_t tb_ntlm_client_flags(const struct tb_ntlm_client *client)
{
    return client->flags;
}
