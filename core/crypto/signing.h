/* Signatures of messages (MS-SMB2 3.1.4.1 and 3.1.5.1).
 *
 * A signer holds one key and one MAC handle, and is used by one thread at a time. A message is its
 * 64-byte SMB2 header and the segments that follow it (body, payload, compound padding), so that
 * payload is never copied. Command, Flags and MessageId, from which AES-GMAC makes its nonce, are
 * taken from the header: the caller has checked that SMB2_FLAGS_SERVER_TO_REDIR fits the direction.
 * For a compound, each part is signed on its own with its padding. */
#ifndef TB_CRYPTO_SIGNING_H
#define TB_CRYPTO_SIGNING_H

#include "core/bytes.h"
#include "core/error.h"

#define TB_SIGNED_HEADER_LENGTH 64
#define TB_SIGNING_KEY_LENGTH   16
#define TB_SIGNATURE_LENGTH     16

/* Values of the signing capabilities context (MS-SMB2 2.2.3.1.7). */
enum tb_signing_algorithm {
    TB_SIGNING_HMAC_SHA256 = 0,
    TB_SIGNING_AES_CMAC = 1,
    TB_SIGNING_AES_GMAC = 2,
};

/* What a dialect (0x0202 … 0x0311) uses when no signing context was negotiated: HMAC-SHA256 up to
 * 2.1, AES-128-CMAC from 3.0 on. */
enum tb_signing_algorithm tb_signing_algorithm_default(uint16_t dialect);

struct tb_signer;

/* `key` is copied. Errors: TB_NO_MEMORY; TB_INVALID_PARAMETER for an unknown algorithm. */
enum tb_error tb_signer_create(enum tb_signing_algorithm algorithm,
                               const uint8_t key[TB_SIGNING_KEY_LENGTH], struct tb_signer **signer);

/* Wipes the key; NULL is allowed. */
void tb_signer_destroy(struct tb_signer *signer);

/* Compute the signature and store it in the header, whose SMB2_FLAGS_SIGNED the caller has set. */
enum tb_error tb_signer_sign(struct tb_signer *signer, uint8_t header[TB_SIGNED_HEADER_LENGTH],
                             const struct tb_span *rest, size_t count);

/* Check a signature without touching the message. TB_ACCESS_DENIED when it is wrong. */
enum tb_error tb_signer_verify(struct tb_signer *signer,
                               const uint8_t header[TB_SIGNED_HEADER_LENGTH],
                               const struct tb_span *rest, size_t count);

#endif
