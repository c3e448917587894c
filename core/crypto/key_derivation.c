#include "core/crypto/key_derivation.h"
#include "core/crypto/digest.h"
#include "core/crypto/gnutls.h"

#include <assert.h>

#define SHA256_LENGTH 32
#define DIALECT_30    0x0300
#define DIALECT_311   0x0311

enum purpose { SIGNING, APPLICATION, SERVER_IN, SERVER_OUT, PURPOSES };

/* Labels and contexts count their terminating zero (MS-SMB2 3.3.5.5.3). */
#define LITERAL(text)                                                                              \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text)                                                      \
    }

static const struct tb_span labels_30[PURPOSES] = {
    [SIGNING] = LITERAL("SMB2AESCMAC"),
    [APPLICATION] = LITERAL("SMB2APP"),
    [SERVER_IN] = LITERAL("SMB2AESCCM"),
    [SERVER_OUT] = LITERAL("SMB2AESCCM"),
};

/* The space in "ServerIn " is the specification's. */
static const struct tb_span contexts_30[PURPOSES] = {
    [SIGNING] = LITERAL("SmbSign"),
    [APPLICATION] = LITERAL("SmbRpc"),
    [SERVER_IN] = LITERAL("ServerIn "),
    [SERVER_OUT] = LITERAL("ServerOut"),
};

static const struct tb_span labels_311[PURPOSES] = {
    [SIGNING] = LITERAL("SMBSigningKey"),
    [APPLICATION] = LITERAL("SMBAppKey"),
    [SERVER_IN] = LITERAL("SMBC2SCipherKey"),
    [SERVER_OUT] = LITERAL("SMBS2CCipherKey"),
};

enum tb_error tb_key_derive(struct tb_span key, struct tb_span label, struct tb_span context,
                            uint8_t *out, size_t length)
{
    static const uint8_t counter[4] = {0, 0, 0, 1}, separator[1];
    const uint8_t bits[4] = {0, 0, (uint8_t)(length * 8 >> 8), (uint8_t)(length * 8)};
    uint8_t block[SHA256_LENGTH];
    gnutls_hmac_hd_t hmac;

    assert(length <= sizeof block);
    if (!tb_hmac_open(&hmac, GNUTLS_MAC_SHA256, key))
        return TB_NO_MEMORY;
    int failure =
        gnutls_hmac(hmac, counter, sizeof counter) | gnutls_hmac(hmac, label.data, label.length) |
        gnutls_hmac(hmac, separator, sizeof separator) |
        gnutls_hmac(hmac, context.data, context.length) | gnutls_hmac(hmac, bits, sizeof bits);
    gnutls_hmac_deinit(hmac, block);
    memcpy(out, block, length);
    tb_wipe(block, sizeof block);
    return failure ? TB_NO_MEMORY : TB_OK;
}

/* Session.SessionKey (MS-SMB2 3.3.1.8): the first 16 bytes, padded with zeros. */
static void session_key(struct tb_span mechanism_key, uint8_t key[TB_SIGNING_KEY_LENGTH])
{
    size_t length = mechanism_key.length;

    if (length > TB_SIGNING_KEY_LENGTH)
        length = TB_SIGNING_KEY_LENGTH;
    memset(key, 0, TB_SIGNING_KEY_LENGTH);
    if (length)
        memcpy(key, mechanism_key.data, length);
}

static enum tb_error derive(uint16_t dialect, enum purpose purpose, struct tb_span key,
                            const struct tb_preauth *preauth, uint8_t *out, size_t length)
{
    if (dialect < DIALECT_311)
        return tb_key_derive(key, labels_30[purpose], contexts_30[purpose], out, length);
    return tb_key_derive(key, labels_311[purpose], tb_span(preauth->hash, sizeof preauth->hash),
                         out, length);
}

static enum tb_error derive_all(uint16_t dialect, struct tb_span mechanism_key,
                                const struct tb_preauth *preauth, struct tb_session_keys *keys)
{
    uint8_t short_key[TB_SIGNING_KEY_LENGTH];
    enum tb_error error;

    session_key(mechanism_key, short_key);
    struct tb_span key = tb_span(short_key, sizeof short_key);
    error = derive(dialect, SIGNING, key, preauth, keys->signing, sizeof keys->signing);
    if (!error)
        error =
            derive(dialect, APPLICATION, key, preauth, keys->application, sizeof keys->application);
    /* The 256-bit ciphers start from Session.FullSessionKey. */
    if (keys->cipher_key_length == TB_CIPHER_KEY_MAX)
        key = mechanism_key;
    if (!error && keys->cipher_key_length)
        error = derive(dialect, SERVER_IN, key, preauth, keys->server_in, keys->cipher_key_length);
    if (!error && keys->cipher_key_length)
        error =
            derive(dialect, SERVER_OUT, key, preauth, keys->server_out, keys->cipher_key_length);
    tb_wipe(short_key, sizeof short_key);
    return error;
}

enum tb_error tb_session_keys_derive(uint16_t dialect, enum tb_cipher cipher,
                                     struct tb_span mechanism_key, const struct tb_preauth *preauth,
                                     struct tb_session_keys *keys)
{
    assert(dialect < DIALECT_311 || preauth);
    *keys = (struct tb_session_keys){0};
    if (dialect < DIALECT_30) {
        session_key(mechanism_key, keys->signing);
        session_key(mechanism_key, keys->application);
        return TB_OK;
    }
    keys->cipher_key_length = tb_cipher_key_length(cipher);
    enum tb_error error = derive_all(dialect, mechanism_key, preauth, keys);
    if (error)
        tb_session_keys_wipe(keys);
    return error;
}

enum tb_error tb_signing_key_derive(uint16_t dialect, struct tb_span mechanism_key,
                                    const struct tb_preauth *preauth,
                                    uint8_t key[TB_SIGNING_KEY_LENGTH])
{
    uint8_t short_key[TB_SIGNING_KEY_LENGTH];

    assert(dialect < DIALECT_311 || preauth);
    session_key(mechanism_key, short_key);
    enum tb_error error = TB_OK;
    if (dialect < DIALECT_30)
        memcpy(key, short_key, sizeof short_key);
    else
        error = derive(dialect, SIGNING, tb_span(short_key, sizeof short_key), preauth, key,
                       TB_SIGNING_KEY_LENGTH);
    tb_wipe(short_key, sizeof short_key);
    return error;
}

void tb_session_keys_wipe(struct tb_session_keys *keys)
{
    tb_wipe(keys, sizeof *keys);
}
