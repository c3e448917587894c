#include "core/crypto/sealing.h"

#include <assert.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <limits.h>
#include <stdlib.h>

#define SIGNATURE_OFFSET  4
#define NONCE_OFFSET      20
#define NONCE_LENGTH      16
#define TAG_LENGTH        16
#define ASSOCIATED_LENGTH (TB_TRANSFORM_HEADER_LENGTH - NONCE_OFFSET)

struct tb_sealer {
    gnutls_aead_cipher_hd_t cipher;
    size_t nonce_length;
};

struct cipher_row {
    gnutls_cipher_algorithm_t algorithm;
    size_t key_length, nonce_length;
};

static const struct cipher_row cipher_rows[] = {
    [TB_CIPHER_AES_128_CCM] = {GNUTLS_CIPHER_AES_128_CCM, 16, 11},
    [TB_CIPHER_AES_128_GCM] = {GNUTLS_CIPHER_AES_128_GCM, 16, 12},
    [TB_CIPHER_AES_256_CCM] = {GNUTLS_CIPHER_AES_256_CCM, 32, 11},
    [TB_CIPHER_AES_256_GCM] = {GNUTLS_CIPHER_AES_256_GCM, 32, 12},
};

#define CIPHER_ROWS (sizeof cipher_rows / sizeof cipher_rows[0])

size_t tb_cipher_key_length(enum tb_cipher cipher)
{
    return (size_t)cipher < CIPHER_ROWS ? cipher_rows[cipher].key_length : 0;
}

enum tb_error tb_sealer_create(enum tb_cipher cipher, struct tb_span key, struct tb_sealer **sealer)
{
    *sealer = NULL;
    if (key.length == 0 || key.length != tb_cipher_key_length(cipher))
        return TB_INVALID_PARAMETER;
    const gnutls_datum_t datum = {(uint8_t *)key.data, (unsigned)key.length};
    struct tb_sealer *s = malloc(sizeof *s);
    if (!s)
        return TB_NO_MEMORY;
    s->nonce_length = cipher_rows[cipher].nonce_length;
    if (gnutls_aead_cipher_init(&s->cipher, cipher_rows[cipher].algorithm, &datum) < 0) {
        free(s);
        return TB_NO_MEMORY;
    }
    *sealer = s;
    return TB_OK;
}

void tb_sealer_destroy(struct tb_sealer *sealer)
{
    if (!sealer)
        return;
    gnutls_aead_cipher_deinit(sealer->cipher);
    free(sealer);
}

enum tb_error tb_sealer_encrypt(struct tb_sealer *sealer,
                                uint8_t transform[TB_TRANSFORM_HEADER_LENGTH], uint64_t nonce,
                                const struct iovec *segments, size_t count)
{
    uint8_t *nonce_field = transform + NONCE_OFFSET;
    const struct iovec associated = {nonce_field, ASSOCIATED_LENGTH};
    size_t tag_length = TAG_LENGTH;

    assert(count <= INT_MAX);
    memset(nonce_field, 0, NONCE_LENGTH);
    tb_store_u64(nonce_field, nonce);
    int result = gnutls_aead_cipher_encryptv2(sealer->cipher, nonce_field, sealer->nonce_length,
                                              &associated, 1, segments, (int)count,
                                              transform + SIGNATURE_OFFSET, &tag_length);
    return result < 0 ? TB_NO_MEMORY : TB_OK;
}

enum tb_error tb_sealer_decrypt(struct tb_sealer *sealer,
                                const uint8_t transform[TB_TRANSFORM_HEADER_LENGTH],
                                const struct iovec *segments, size_t count)
{
    uint8_t header[TB_TRANSFORM_HEADER_LENGTH];
    const struct iovec associated = {header + NONCE_OFFSET, ASSOCIATED_LENGTH};

    assert(count <= INT_MAX);
    memcpy(header, transform, sizeof header);
    int result = gnutls_aead_cipher_decryptv2(sealer->cipher, header + NONCE_OFFSET,
                                              sealer->nonce_length, &associated, 1, segments,
                                              (int)count, header + SIGNATURE_OFFSET, TAG_LENGTH);
    if (result == GNUTLS_E_MEMORY_ERROR)
        return TB_NO_MEMORY;
    return result < 0 ? TB_ACCESS_DENIED : TB_OK;
}
