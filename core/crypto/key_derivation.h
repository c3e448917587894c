/* Keys of sessions and channels (MS-SMB2 3.1.4.2, 3.3.5.5.3, 3.2.5.3). */
#ifndef TB_CRYPTO_KEY_DERIVATION_H
#define TB_CRYPTO_KEY_DERIVATION_H

#include "core/crypto/preauth.h"
#include "core/crypto/sealing.h"
#include "core/crypto/signing.h"

/* SP800-108 KDF in counter mode with HMAC-SHA256 and 32-bit counter and length; `label` and
 * `context` as MS-SMB2 gives them, that is with their terminating zeros. Fills `length` bytes
 * (16 or 32). */
enum tb_error tb_key_derive(struct tb_span key, struct tb_span label, struct tb_span context,
                            uint8_t *out, size_t length);

#define TB_APPLICATION_KEY_LENGTH 16

/* All keys of a session. Plain memory: its owner wipes it with tb_session_keys_wipe(). */
struct tb_session_keys {
    uint8_t signing[TB_SIGNING_KEY_LENGTH];
    /* What named pipe peers get as the session's key (MS-SMB2 3.3.4.5). */
    uint8_t application[TB_APPLICATION_KEY_LENGTH];
    /* Client to server, and server to client. */
    uint8_t server_in[TB_CIPHER_KEY_MAX];
    uint8_t server_out[TB_CIPHER_KEY_MAX];
    /* Of server_in and server_out: 0 (no encryption: SMB 2, or TB_CIPHER_NONE in 3.1.1), 16, 32. */
    size_t cipher_key_length;
};

/* `mechanism_key` is the authentication mechanism's whole session key; it is cut or padded with
 * zeros to 16 bytes where MS-SMB2 says Session.SessionKey. `dialect` is the wire value (0x0202 …
 * 0x0311); `preauth`, the session's value before the final response, is used by 3.1.1 only and may
 * else be NULL. In 3.0 and 3.0.2 `cipher` is TB_CIPHER_AES_128_CCM or TB_CIPHER_NONE. */
enum tb_error tb_session_keys_derive(uint16_t dialect, enum tb_cipher cipher,
                                     struct tb_span mechanism_key, const struct tb_preauth *preauth,
                                     struct tb_session_keys *keys);

/* Only the signing key, as a further channel of a session needs it (Channel.SigningKey). */
enum tb_error tb_signing_key_derive(uint16_t dialect, struct tb_span mechanism_key,
                                    const struct tb_preauth *preauth,
                                    uint8_t key[TB_SIGNING_KEY_LENGTH]);

void tb_session_keys_wipe(struct tb_session_keys *keys);

#endif
