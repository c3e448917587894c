#include "core/auth/ntlm.h"
#include "core/crypto/digest.h"
#include "core/nt/utf.h"

#include <assert.h>
#include <stdlib.h>

/* What is answered to every client, and what is taken from its offer. */
#define FLAGS_ALWAYS                                                                               \
    (TB_NTLM_UNICODE | TB_NTLM_REQUEST_TARGET | TB_NTLM_NTLM | TB_NTLM_TARGET_TYPE_SERVER |        \
     TB_NTLM_EXTENDED_SECURITY | TB_NTLM_TARGET_INFO)
#define FLAGS_OFFERED                                                                              \
    (TB_NTLM_SIGN | TB_NTLM_SEAL | TB_NTLM_ALWAYS_SIGN | TB_NTLM_VERSION | TB_NTLM_128 |           \
     TB_NTLM_KEY_EXCHANGE | TB_NTLM_56)
/* NTLMv2 in UTF-16 with extended session security is all that is spoken here. */
#define FLAGS_NEEDED (TB_NTLM_UNICODE | TB_NTLM_EXTENDED_SECURITY)

/* NTLMv2_CLIENT_CHALLENGE (MS-NLMP 2.2.2.7), which follows the proof in the response. */
#define STRUCTURE_TIME     8
#define STRUCTURE_AV_PAIRS 28
/* Longer than a response of NTLMv1 or an NTLM2 session. */
#define RESPONSE_MINIMUM (TB_NTLM_PROOF_LENGTH + STRUCTURE_AV_PAIRS + 4)

/* MaxLifetime (MS-NLMP 3.1.1.1): 36 hours. */
#define LIFETIME_FILETIME (36ull * 3600 * 10000000)

enum server_state { AWAIT_NEGOTIATE, AWAIT_AUTHENTICATE, AWAIT_VERIFY, VERIFIED, FAILED };

struct tb_ntlm_server {
    enum server_state state;
    uint8_t challenge[TB_NTLM_CHALLENGE_LENGTH];
    uint64_t time_filetime;
    struct tb_token target_name, target_info;
    uint32_t challenge_flags;
    /* The messages, which the MIC covers. `message` points into the last one. */
    struct tb_token negotiate_token, challenge_token, authenticate_token;
    struct tb_ntlm_authenticate message;
    struct tb_ntlm_identity identity;
    uint8_t session_key[TB_NTLM_KEY_LENGTH];
};

static enum tb_error name_token(const char *name, struct tb_token *token)
{
    return tb_utf16_from_utf8_new(name, strlen(name), &token->data, &token->length);
}

static enum tb_error write_target_info(struct tb_ntlm_server *server, const struct tb_token *names)
{
    /* In the order in which Windows sends them. */
    static const enum tb_ntlm_av ids[] = {TB_NTLM_AV_NETBIOS_DOMAIN, TB_NTLM_AV_NETBIOS_COMPUTER,
                                          TB_NTLM_AV_DNS_DOMAIN, TB_NTLM_AV_DNS_COMPUTER};
    size_t length = 4 * 6 + sizeof server->time_filetime;
    uint8_t time[sizeof server->time_filetime];

    for (size_t i = 0; i < 4; i++) {
        if (names[i].length > UINT8_MAX * 2)
            return TB_INVALID_PARAMETER;
        length += names[i].length;
    }
    enum tb_error error = tb_token_alloc(&server->target_info, length);
    if (error)
        return error;
    struct tb_writer w = tb_writer(server->target_info.data, length);
    for (size_t i = 0; i < 4; i++)
        tb_ntlm_av_write(&w, ids[i], tb_token_span(&names[i]));
    tb_store_u64(time, server->time_filetime);
    tb_ntlm_av_write(&w, TB_NTLM_AV_TIMESTAMP, tb_span(time, sizeof time));
    tb_ntlm_av_write(&w, TB_NTLM_AV_EOL, tb_span(NULL, 0));
    assert(!w.failed && w.at == length);
    return TB_OK;
}

static enum tb_error encode_names(struct tb_ntlm_server *server, const struct tb_ntlm_names *names)
{
    const char *texts[] = {names->netbios_domain, names->netbios_computer, names->dns_domain,
                           names->dns_computer};
    struct tb_token tokens[4] = {{0}};
    enum tb_error error = name_token(names->netbios_computer, &server->target_name);

    for (size_t i = 0; i < 4 && !error; i++)
        error = name_token(texts[i], &tokens[i]);
    if (!error)
        error = write_target_info(server, tokens);
    for (size_t i = 0; i < 4; i++)
        tb_token_free(&tokens[i]);
    return error;
}

enum tb_error tb_ntlm_server_create(const struct tb_ntlm_server_config *config,
                                    struct tb_ntlm_server **server)
{
    struct tb_ntlm_server *s = calloc(1, sizeof *s);

    *server = NULL;
    if (!s)
        return TB_NO_MEMORY;
    memcpy(s->challenge, config->challenge, sizeof s->challenge);
    s->time_filetime = config->time_filetime;
    enum tb_error error = encode_names(s, &config->names);
    if (error) {
        tb_ntlm_server_destroy(s);
        return error;
    }
    *server = s;
    return TB_OK;
}

void tb_ntlm_server_destroy(struct tb_ntlm_server *server)
{
    if (!server)
        return;
    tb_token_free(&server->target_name);
    tb_token_free(&server->target_info);
    tb_token_free(&server->negotiate_token);
    tb_token_free(&server->challenge_token);
    tb_token_free(&server->authenticate_token);
    free(server->identity.user);
    free(server->identity.domain);
    free(server->identity.workstation);
    tb_wipe_and_free(server, sizeof *server);
}

/* Ends a step: on to the next state, or no further. */
static enum tb_error advance(struct tb_ntlm_server *server, enum tb_error error,
                             enum server_state next)
{
    server->state = error ? FAILED : next;
    return error;
}

static enum tb_error take_negotiate(struct tb_ntlm_server *server, struct tb_span token)
{
    struct tb_ntlm_negotiate message;
    enum tb_error error = tb_ntlm_negotiate_decode(token, &message);

    if (error)
        return error;
    if ((message.flags & FLAGS_NEEDED) != FLAGS_NEEDED)
        return TB_INVALID_PARAMETER;
    server->challenge_flags = FLAGS_ALWAYS | (message.flags & FLAGS_OFFERED);
    error = tb_token_copy(&server->negotiate_token, token);
    if (error)
        return error;
    struct tb_ntlm_challenge challenge = {
        .flags = server->challenge_flags,
        .target_name = tb_token_span(&server->target_name),
        .target_info = tb_token_span(&server->target_info),
    };
    memcpy(challenge.challenge, server->challenge, sizeof challenge.challenge);
    return tb_ntlm_challenge_encode(&challenge, &server->challenge_token);
}

enum tb_error tb_ntlm_server_negotiate(struct tb_ntlm_server *server, struct tb_span token,
                                       struct tb_token *challenge)
{
    *challenge = (struct tb_token){0};
    if (server->state != AWAIT_NEGOTIATE)
        return TB_INVALID_PARAMETER;
    enum tb_error error = take_negotiate(server, token);
    if (!error)
        error = tb_token_copy(challenge, tb_token_span(&server->challenge_token));
    return advance(server, error, AWAIT_AUTHENTICATE);
}

/* MS-NLMP 3.2.5.1.2: no name and no responses. A zero byte stands for an empty LM response. */
static bool is_anonymous(const struct tb_ntlm_authenticate *message)
{
    return message->user.length == 0 && message->nt_response.length == 0 &&
           message->lm_response.length <= 1;
}

static struct tb_span client_structure(const struct tb_ntlm_server *server)
{
    struct tb_span response = server->message.nt_response;

    return tb_span(response.data + TB_NTLM_PROOF_LENGTH, response.length - TB_NTLM_PROOF_LENGTH);
}

static struct tb_span client_av_pairs(const struct tb_ntlm_server *server)
{
    struct tb_span structure = client_structure(server);

    return tb_span(structure.data + STRUCTURE_AV_PAIRS, structure.length - STRUCTURE_AV_PAIRS);
}

static bool is_ntlmv2(const struct tb_ntlm_server *server)
{
    if (server->message.nt_response.length < RESPONSE_MINIMUM)
        return false;
    const uint8_t *structure = client_structure(server).data;
    return structure[0] == 1 && structure[1] == 1;
}

/* Windows looks at the pairs before it knows the user. */
static bool av_pairs_are_well_formed(const struct tb_ntlm_server *server)
{
    bool ok = true;
    (void)tb_ntlm_av_length(client_av_pairs(server), &ok);
    return ok;
}

static bool time_is_near(const struct tb_ntlm_server *server)
{
    uint64_t client = tb_load_u64(client_structure(server).data + STRUCTURE_TIME);
    uint64_t own = server->time_filetime;

    return (client > own ? client - own : own - client) <= LIFETIME_FILETIME;
}

static enum tb_error take_authenticate(struct tb_ntlm_server *server, struct tb_span token)
{
    struct tb_ntlm_authenticate *message = &server->message;
    struct tb_ntlm_identity *identity = &server->identity;
    enum tb_error error = tb_token_copy(&server->authenticate_token, token);

    if (!error)
        error = tb_ntlm_authenticate_decode(tb_token_span(&server->authenticate_token), message);
    if (!error)
        error = tb_utf8_from_utf16_new(message->user, &identity->user);
    if (!error)
        error = tb_utf8_from_utf16_new(message->domain, &identity->domain);
    if (!error)
        error = tb_utf8_from_utf16_new(message->workstation, &identity->workstation);
    if (error)
        return error;
    identity->anonymous = is_anonymous(message);
    if (identity->anonymous)
        return TB_OK;
    if (!is_ntlmv2(server))
        return TB_LOGON_FAILURE;
    if (!av_pairs_are_well_formed(server))
        return TB_INVALID_PARAMETER;
    return time_is_near(server) ? TB_OK : TB_LOGON_FAILURE;
}

enum tb_error tb_ntlm_server_authenticate(struct tb_ntlm_server *server, struct tb_span token,
                                          const struct tb_ntlm_identity **identity)
{
    if (server->state != AWAIT_AUTHENTICATE)
        return TB_INVALID_PARAMETER;
    *identity = &server->identity;
    return advance(server, take_authenticate(server, token), AWAIT_VERIFY);
}

uint32_t tb_ntlm_server_flags(const struct tb_ntlm_server *server)
{
    return (server->message.flags & server->challenge_flags) | FLAGS_NEEDED;
}

/* The exported session key (MS-NLMP 3.2.5.1.2). A client that will neither sign nor seal may set
 * the flag and yet send no key. */
static enum tb_error exchange_key(struct tb_ntlm_server *server,
                                  const uint8_t base_key[TB_NTLM_KEY_LENGTH])
{
    struct tb_span encrypted = server->message.encrypted_session_key;
    uint32_t flags = tb_ntlm_server_flags(server);

    if (!(flags & TB_NTLM_KEY_EXCHANGE) ||
        (encrypted.length == 0 && !(flags & (TB_NTLM_SIGN | TB_NTLM_SEAL)))) {
        memcpy(server->session_key, base_key, sizeof server->session_key);
        return TB_OK;
    }
    if (encrypted.length != sizeof server->session_key)
        return TB_LOGON_FAILURE;
    return tb_rc4(base_key, encrypted.data, server->session_key, sizeof server->session_key);
}

static bool mic_is_present(const struct tb_ntlm_server *server)
{
    struct tb_span value;
    bool ok = true;

    return tb_ntlm_av_find(client_av_pairs(server), TB_NTLM_AV_FLAGS, &value, &ok) &&
           value.length == 4 && tb_load_u32(value.data) & TB_NTLM_AV_FLAG_MIC;
}

static enum tb_error verify_mic(const struct tb_ntlm_server *server)
{
    uint8_t mic[TB_NTLM_MIC_LENGTH];

    if (!mic_is_present(server))
        return TB_OK;
    if (!server->message.has_mic)
        return TB_LOGON_FAILURE;
    enum tb_error error = tb_ntlm_mic(server->session_key, tb_token_span(&server->negotiate_token),
                                      tb_token_span(&server->challenge_token),
                                      tb_token_span(&server->authenticate_token), mic);
    if (!error && !tb_secret_equal(mic, server->message.mic, sizeof mic))
        error = TB_LOGON_FAILURE;
    return error;
}

static enum tb_error verify(struct tb_ntlm_server *server, const uint8_t *nt_hash,
                            uint8_t key[TB_NTLM_KEY_LENGTH])
{
    const struct tb_ntlm_authenticate *message = &server->message;
    uint8_t proof[TB_NTLM_PROOF_LENGTH];
    enum tb_error error = tb_ntlm_response_key(nt_hash, message->user, message->domain, key);

    if (!error)
        error = tb_ntlm_proof(key, server->challenge, client_structure(server), proof);
    if (!error && !tb_secret_equal(proof, message->nt_response.data, sizeof proof))
        error = TB_LOGON_FAILURE;
    if (!error)
        error = tb_ntlm_session_base_key(key, proof, key);
    if (!error)
        error = exchange_key(server, key);
    if (!error)
        error = verify_mic(server);
    return error;
}

enum tb_error tb_ntlm_server_verify(struct tb_ntlm_server *server,
                                    const uint8_t nt_hash[TB_NTLM_HASH_LENGTH])
{
    uint8_t key[TB_NTLM_KEY_LENGTH];

    if (server->state != AWAIT_VERIFY)
        return TB_INVALID_PARAMETER;
    if (server->identity.anonymous)
        return advance(server, TB_LOGON_FAILURE, FAILED);
    enum tb_error error = verify(server, nt_hash, key);
    tb_wipe(key, sizeof key);
    return advance(server, error, VERIFIED);
}

enum tb_error tb_ntlm_server_verify_anonymous(struct tb_ntlm_server *server)
{
    static const uint8_t zeros[TB_NTLM_KEY_LENGTH];

    if (server->state != AWAIT_VERIFY)
        return TB_INVALID_PARAMETER;
    enum tb_error error = TB_LOGON_FAILURE;
    if (server->identity.anonymous)
        error = exchange_key(server, zeros);
    return advance(server, error, VERIFIED);
}

const uint8_t *tb_ntlm_server_session_key(const struct tb_ntlm_server *server)
{
    return server->state == VERIFIED ? server->session_key : NULL;
}
