#include "core/crypto/signing.h"
#include "core/crypto/digest.h"
#include "core/crypto/gnutls.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/uio.h>

/* Fields of the SMB2 header (MS-SMB2 2.2.1). */
#define COMMAND_OFFSET    12
#define FLAGS_OFFSET      16
#define MESSAGE_ID_OFFSET 24
#define SIGNATURE_OFFSET  48
#define COMMAND_CANCEL    0x000C
#define FLAG_FROM_SERVER  0x00000001u

#define GMAC_NONCE_LENGTH 12
/* Messages of more segments need an allocation for AES-GMAC. */
#define SEGMENTS_INLINE 16

#define SHA256_LENGTH 32

struct tb_signer {
    enum tb_signing_algorithm algorithm;
    gnutls_hmac_hd_t mac;         /* HMAC-SHA256 and AES-CMAC */
    gnutls_aead_cipher_hd_t aead; /* AES-GMAC */
};

enum tb_signing_algorithm tb_signing_algorithm_default(uint16_t dialect)
{
    return dialect < 0x0300 ? TB_SIGNING_HMAC_SHA256 : TB_SIGNING_AES_CMAC;
}

static bool signer_open(struct tb_signer *signer, const uint8_t *key)
{
    const gnutls_datum_t datum = {(uint8_t *)key, TB_SIGNING_KEY_LENGTH};
    struct tb_span span = tb_span(key, TB_SIGNING_KEY_LENGTH);

    switch (signer->algorithm) {
    case TB_SIGNING_HMAC_SHA256:
        return tb_hmac_open(&signer->mac, GNUTLS_MAC_SHA256, span);
    case TB_SIGNING_AES_CMAC:
        return tb_hmac_open(&signer->mac, GNUTLS_MAC_AES_CMAC_128, span);
    case TB_SIGNING_AES_GMAC:
        return gnutls_aead_cipher_init(&signer->aead, GNUTLS_CIPHER_AES_128_GCM, &datum) >= 0;
    }
    return false;
}

enum tb_error tb_signer_create(enum tb_signing_algorithm algorithm,
                               const uint8_t key[TB_SIGNING_KEY_LENGTH], struct tb_signer **signer)
{
    *signer = NULL;
    if ((unsigned)algorithm > TB_SIGNING_AES_GMAC)
        return TB_INVALID_PARAMETER;
    struct tb_signer *s = calloc(1, sizeof *s);
    if (!s)
        return TB_NO_MEMORY;
    s->algorithm = algorithm;
    if (!signer_open(s, key)) {
        free(s);
        return TB_NO_MEMORY;
    }
    *signer = s;
    return TB_OK;
}

void tb_signer_destroy(struct tb_signer *signer)
{
    if (!signer)
        return;
    if (signer->mac)
        gnutls_hmac_deinit(signer->mac, NULL);
    if (signer->aead)
        gnutls_aead_cipher_deinit(signer->aead);
    free(signer);
}

/* MS-SMB2 3.1.4.1: MessageId, then one bit for the sender and one for CANCEL. */
static void gmac_nonce(const uint8_t *header, uint8_t nonce[GMAC_NONCE_LENGTH])
{
    uint32_t bits = tb_load_u32(header + FLAGS_OFFSET) & FLAG_FROM_SERVER ? 1 : 0;

    if (tb_load_u16(header + COMMAND_OFFSET) == COMMAND_CANCEL)
        bits |= 2;
    memcpy(nonce, header + MESSAGE_ID_OFFSET, 8);
    tb_store_u32(nonce + 8, bits);
}

/* GMAC is GCM over associated data alone, which in GnuTLS is faster than its GMAC. */
static int gmac_segments(struct tb_signer *signer, const uint8_t *header,
                         const struct iovec *segments, size_t count, uint8_t *signature)
{
    uint8_t nonce[GMAC_NONCE_LENGTH];
    size_t length = TB_SIGNATURE_LENGTH;

    gmac_nonce(header, nonce);
    return gnutls_aead_cipher_encryptv2(signer->aead, nonce, sizeof nonce, segments, (int)count,
                                        NULL, 0, signature, &length);
}

static enum tb_error gmac(struct tb_signer *signer, const uint8_t *header,
                          const struct tb_span *rest, size_t count, uint8_t *signature)
{
    struct iovec inline_segments[SEGMENTS_INLINE];
    struct iovec *segments = inline_segments;

    assert(count < INT_MAX);
    if (count >= SEGMENTS_INLINE)
        segments = calloc(count + 1, sizeof *segments);
    if (!segments)
        return TB_NO_MEMORY;
    segments[0] = (struct iovec){(void *)header, TB_SIGNED_HEADER_LENGTH};
    for (size_t i = 0; i < count; i++)
        segments[i + 1] = (struct iovec){(void *)rest[i].data, rest[i].length};
    int result = gmac_segments(signer, header, segments, count + 1, signature);
    if (segments != inline_segments)
        free(segments);
    return result < 0 ? TB_NO_MEMORY : TB_OK;
}

static enum tb_error mac(struct tb_signer *signer, const uint8_t *header,
                         const struct tb_span *rest, size_t count, uint8_t *signature)
{
    uint8_t digest[SHA256_LENGTH];
    int failure = gnutls_hmac(signer->mac, header, TB_SIGNED_HEADER_LENGTH);

    for (size_t i = 0; i < count && !failure; i++)
        if (rest[i].length)
            failure = gnutls_hmac(signer->mac, rest[i].data, rest[i].length);
    gnutls_hmac_output(signer->mac, digest);
    memcpy(signature, digest, TB_SIGNATURE_LENGTH);
    return failure ? TB_NO_MEMORY : TB_OK;
}

static enum tb_error compute(struct tb_signer *signer, const uint8_t *header,
                             const struct tb_span *rest, size_t count,
                             uint8_t signature[TB_SIGNATURE_LENGTH])
{
    uint8_t unsigned_header[TB_SIGNED_HEADER_LENGTH];

    memcpy(unsigned_header, header, sizeof unsigned_header);
    memset(unsigned_header + SIGNATURE_OFFSET, 0, TB_SIGNATURE_LENGTH);
    if (signer->algorithm == TB_SIGNING_AES_GMAC)
        return gmac(signer, unsigned_header, rest, count, signature);
    return mac(signer, unsigned_header, rest, count, signature);
}

enum tb_error tb_signer_sign(struct tb_signer *signer, uint8_t header[TB_SIGNED_HEADER_LENGTH],
                             const struct tb_span *rest, size_t count)
{
    uint8_t signature[TB_SIGNATURE_LENGTH];
    enum tb_error error = compute(signer, header, rest, count, signature);

    if (!error)
        memcpy(header + SIGNATURE_OFFSET, signature, sizeof signature);
    return error;
}

enum tb_error tb_signer_verify(struct tb_signer *signer,
                               const uint8_t header[TB_SIGNED_HEADER_LENGTH],
                               const struct tb_span *rest, size_t count)
{
    uint8_t signature[TB_SIGNATURE_LENGTH];
    enum tb_error error = compute(signer, header, rest, count, signature);

    if (error)
        return error;
    if (!tb_secret_equal(signature, header + SIGNATURE_OFFSET, sizeof signature))
        return TB_ACCESS_DENIED;
    return TB_OK;
}
