#include "core/auth/ntlm_crypto.h"
#include "core/crypto/digest.h"
#include "core/nt/upcase.h"
#include "core/nt/utf.h"

#include <assert.h>
#include <stdlib.h>

/* MS-NLMP 3.4.5.2 and 3.4.5.3; both count their terminating zero. */
static const char sign_to_server[] = "session key to client-to-server signing key magic constant";
static const char sign_to_client[] = "session key to server-to-client signing key magic constant";
static const char seal_to_server[] = "session key to client-to-server sealing key magic constant";
static const char seal_to_client[] = "session key to server-to-client sealing key magic constant";

#define CHECKSUM_LENGTH 8

enum tb_error tb_ntlm_hash_password(const char *password, uint8_t nt_hash[TB_NTLM_HASH_LENGTH])
{
    uint8_t *utf16;
    size_t length;
    enum tb_error error = tb_utf16_from_utf8_new(password, strlen(password), &utf16, &length);

    if (error)
        return error;
    tb_md4(tb_span(utf16, length), nt_hash);
    tb_wipe_and_free(utf16, length);
    return TB_OK;
}

enum tb_error tb_ntlm_response_key(const uint8_t nt_hash[TB_NTLM_HASH_LENGTH], struct tb_span user,
                                   struct tb_span domain, uint8_t key[TB_NTLM_KEY_LENGTH])
{
    struct tb_token upper;
    enum tb_error error = tb_token_copy(&upper, user);

    if (error)
        return error;
    for (size_t i = 0; i + 1 < upper.length; i += 2)
        tb_store_u16(upper.data + i, tb_upcase(tb_load_u16(upper.data + i)));
    const struct tb_span parts[] = {tb_token_span(&upper), domain};
    error = tb_hmac_md5(tb_span(nt_hash, TB_NTLM_HASH_LENGTH), parts, 2, key);
    tb_token_free(&upper);
    return error;
}

enum tb_error tb_ntlm_proof(const uint8_t response_key[TB_NTLM_KEY_LENGTH],
                            const uint8_t challenge[TB_NTLM_CHALLENGE_LENGTH],
                            struct tb_span client_structure, uint8_t proof[TB_NTLM_PROOF_LENGTH])
{
    const struct tb_span parts[] = {tb_span(challenge, TB_NTLM_CHALLENGE_LENGTH), client_structure};

    return tb_hmac_md5(tb_span(response_key, TB_NTLM_KEY_LENGTH), parts, 2, proof);
}

enum tb_error tb_ntlm_session_base_key(const uint8_t response_key[TB_NTLM_KEY_LENGTH],
                                       const uint8_t proof[TB_NTLM_PROOF_LENGTH],
                                       uint8_t key[TB_NTLM_KEY_LENGTH])
{
    const struct tb_span part = tb_span(proof, TB_NTLM_PROOF_LENGTH);

    return tb_hmac_md5(tb_span(response_key, TB_NTLM_KEY_LENGTH), &part, 1, key);
}

enum tb_error tb_ntlm_mic(const uint8_t session_key[TB_NTLM_KEY_LENGTH], struct tb_span negotiate,
                          struct tb_span challenge, struct tb_span authenticate,
                          uint8_t mic[TB_NTLM_MIC_LENGTH])
{
    static const uint8_t zeros[TB_NTLM_MIC_LENGTH];
    const size_t after = TB_NTLM_MIC_OFFSET + TB_NTLM_MIC_LENGTH;

    assert(authenticate.length >= after);
    const struct tb_span parts[] = {
        negotiate, challenge, tb_span(authenticate.data, TB_NTLM_MIC_OFFSET),
        tb_span(zeros, sizeof zeros),
        tb_span(authenticate.data + after, authenticate.length - after)};
    return tb_hmac_md5(tb_span(session_key, TB_NTLM_KEY_LENGTH), parts, 5, mic);
}

/* How much of the session key goes into the sealing key (MS-NLMP 3.4.5.3). */
static size_t sealing_strength(uint32_t flags)
{
    if (flags & TB_NTLM_128)
        return TB_NTLM_KEY_LENGTH;
    return flags & TB_NTLM_56 ? 7 : 5;
}

static enum tb_error magic_key(struct tb_span session_key, const char *magic,
                               uint8_t key[TB_NTLM_KEY_LENGTH])
{
    const struct tb_span parts[] = {session_key, tb_span(magic, strlen(magic) + 1)};

    return tb_md5(parts, 2, key);
}

static enum tb_error encrypt_checksum(const uint8_t *session_key, uint32_t flags, bool from_server,
                                      uint8_t checksum[CHECKSUM_LENGTH])
{
    uint8_t key[TB_NTLM_KEY_LENGTH];
    enum tb_error error = magic_key(tb_span(session_key, sealing_strength(flags)),
                                    from_server ? seal_to_client : seal_to_server, key);

    if (!error)
        error = tb_rc4(key, checksum, checksum, CHECKSUM_LENGTH);
    tb_wipe(key, sizeof key);
    return error;
}

enum tb_error tb_ntlm_sign(const uint8_t session_key[TB_NTLM_KEY_LENGTH], uint32_t flags,
                           bool from_server, struct tb_span message,
                           uint8_t signature[TB_NTLM_SIGNATURE_LENGTH])
{
    static const uint8_t sequence_number[4];
    const struct tb_span parts[] = {tb_span(sequence_number, sizeof sequence_number), message};
    uint8_t key[TB_NTLM_KEY_LENGTH], digest[TB_MD5_LENGTH];

    assert(flags & TB_NTLM_EXTENDED_SECURITY);
    enum tb_error error = magic_key(tb_span(session_key, TB_NTLM_KEY_LENGTH),
                                    from_server ? sign_to_client : sign_to_server, key);
    if (!error)
        error = tb_hmac_md5(tb_span(key, sizeof key), parts, 2, digest);
    if (!error && flags & TB_NTLM_KEY_EXCHANGE)
        error = encrypt_checksum(session_key, flags, from_server, digest);
    tb_wipe(key, sizeof key);
    if (error)
        return error;
    tb_store_u32(signature, 1);
    memcpy(signature + 4, digest, CHECKSUM_LENGTH);
    memcpy(signature + 12, sequence_number, sizeof sequence_number);
    return TB_OK;
}
