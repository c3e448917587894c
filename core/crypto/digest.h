/* Digests, the RC4 stream and the handling of secrets, for NTLMSSP and for whoever keeps keys.
 *
 * Everything here is stateless. MD4, MD5 and RC4 are what MS-NLMP prescribes; nothing else uses
 * them. Functions that return an error fail only for want of memory (TB_NO_MEMORY). */
#ifndef TB_CRYPTO_DIGEST_H
#define TB_CRYPTO_DIGEST_H

#include "core/bytes.h"
#include "core/error.h"

#define TB_MD4_LENGTH     16
#define TB_MD5_LENGTH     16
#define TB_RC4_KEY_LENGTH 16

/* Overwrite secrets in a way the compiler does not remove. */
void tb_wipe(void *secret, size_t length);

/* Wipe and free; NULL is allowed. */
void tb_wipe_and_free(void *secret, size_t length);

/* Compare in a time that does not depend on the contents. */
bool tb_secret_equal(const void *a, const void *b, size_t length);

void tb_md4(struct tb_span bytes, uint8_t digest[TB_MD4_LENGTH]);

/* The digest of `count` segments, one after the other. */
enum tb_error tb_md5(const struct tb_span *segments, size_t count, uint8_t digest[TB_MD5_LENGTH]);
enum tb_error tb_hmac_md5(struct tb_span key, const struct tb_span *segments, size_t count,
                          uint8_t digest[TB_MD5_LENGTH]);

/* Encipher or decipher `length` bytes with a stream begun afresh; `in` and `out` may be equal. */
enum tb_error tb_rc4(const uint8_t key[TB_RC4_KEY_LENGTH], const uint8_t *in, uint8_t *out,
                     size_t length);

#endif
