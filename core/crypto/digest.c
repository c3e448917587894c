#include "core/crypto/digest.h"
#include "core/crypto/gnutls.h"

#include <nettle/md4.h>
#include <stdlib.h>

void tb_wipe(void *secret, size_t length)
{
    if (length)
        gnutls_memset(secret, 0, length);
}

void tb_wipe_and_free(void *secret, size_t length)
{
    if (!secret)
        return;
    tb_wipe(secret, length);
    free(secret);
}

bool tb_secret_equal(const void *a, const void *b, size_t length)
{
    return length == 0 || gnutls_memcmp(a, b, length) == 0;
}

void tb_md4(struct tb_span bytes, uint8_t digest[TB_MD4_LENGTH])
{
    struct md4_ctx context;

    md4_init(&context);
    md4_update(&context, bytes.length, bytes.data);
    md4_digest(&context, TB_MD4_LENGTH, digest);
    tb_wipe(&context, sizeof context);
}

enum tb_error tb_md5(const struct tb_span *segments, size_t count, uint8_t digest[TB_MD5_LENGTH])
{
    gnutls_hash_hd_t hash;

    if (!tb_hash_open(&hash, GNUTLS_DIG_MD5))
        return TB_NO_MEMORY;
    int failure = 0;
    for (size_t i = 0; i < count && !failure; i++)
        failure = gnutls_hash(hash, segments[i].data, segments[i].length);
    gnutls_hash_deinit(hash, digest);
    return failure ? TB_NO_MEMORY : TB_OK;
}

enum tb_error tb_hmac_md5(struct tb_span key, const struct tb_span *segments, size_t count,
                          uint8_t digest[TB_MD5_LENGTH])
{
    gnutls_hmac_hd_t hmac;

    if (!tb_hmac_open(&hmac, GNUTLS_MAC_MD5, key))
        return TB_NO_MEMORY;
    int failure = 0;
    for (size_t i = 0; i < count && !failure; i++)
        failure = gnutls_hmac(hmac, segments[i].data, segments[i].length);
    gnutls_hmac_deinit(hmac, digest);
    return failure ? TB_NO_MEMORY : TB_OK;
}

enum tb_error tb_rc4(const uint8_t key[TB_RC4_KEY_LENGTH], const uint8_t *in, uint8_t *out,
                     size_t length)
{
    const gnutls_datum_t datum = {(uint8_t *)key, TB_RC4_KEY_LENGTH};
    gnutls_cipher_hd_t cipher;

    if (gnutls_cipher_init(&cipher, GNUTLS_CIPHER_ARCFOUR_128, &datum, NULL) < 0)
        return TB_NO_MEMORY;
    int failure = gnutls_cipher_encrypt2(cipher, in, length, out, length);
    gnutls_cipher_deinit(cipher);
    return failure ? TB_NO_MEMORY : TB_OK;
}
