/* Encryption of messages: the SMB2 TRANSFORM_HEADER and its AEAD ciphers (MS-SMB2 2.2.41, 3.1.4.3,
 * 3.1.5.1).
 *
 * A sealer holds one key and one cipher handle. It is used by one thread at a time; a session whose
 * channels live on several loops has one sealer for each channel and direction, all fed from the
 * session's one nonce counter: a (key, nonce) pair must never be used twice. */
#ifndef TB_CRYPTO_SEALING_H
#define TB_CRYPTO_SEALING_H

#include "core/bytes.h"
#include "core/error.h"
#include <sys/uio.h>

#define TB_TRANSFORM_HEADER_LENGTH 52
#define TB_CIPHER_KEY_MAX          32

/* Values of the encryption capabilities context (MS-SMB2 2.2.3.1.2); 0 is no cipher. */
enum tb_cipher {
    TB_CIPHER_NONE = 0,
    TB_CIPHER_AES_128_CCM = 1,
    TB_CIPHER_AES_128_GCM = 2,
    TB_CIPHER_AES_256_CCM = 3,
    TB_CIPHER_AES_256_GCM = 4,
};

/* Key length in bytes: 16 or 32; 0 for TB_CIPHER_NONE and for values that are no cipher. */
size_t tb_cipher_key_length(enum tb_cipher cipher);

struct tb_sealer;

/* `key` is copied. Errors: TB_NO_MEMORY; TB_INVALID_PARAMETER for a wrong cipher or key length. */
enum tb_error tb_sealer_create(enum tb_cipher cipher, struct tb_span key,
                               struct tb_sealer **sealer);

/* Wipes the key; NULL is allowed. */
void tb_sealer_destroy(struct tb_sealer *sealer);

/* Encrypt `count` segments in place. The transform header is complete but for Nonce and Signature,
 * which are written here; its last 32 bytes are the associated data. `nonce` is the next value of
 * the key's counter. On error the segments hold garbage. */
enum tb_error tb_sealer_encrypt(struct tb_sealer *sealer,
                                uint8_t transform[TB_TRANSFORM_HEADER_LENGTH], uint64_t nonce,
                                const struct iovec *segments, size_t count);

/* Decrypt in place and check. TB_ACCESS_DENIED when header or contents were tampered with or the
 * key is another; the segments then hold garbage. */
enum tb_error tb_sealer_decrypt(struct tb_sealer *sealer,
                                const uint8_t transform[TB_TRANSFORM_HEADER_LENGTH],
                                const struct iovec *segments, size_t count);

#endif
