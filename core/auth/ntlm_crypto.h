/* The calculations of NTLMv2 (MS-NLMP 3.3.2, 3.4). Pure functions; errors are TB_NO_MEMORY except
 * where said. All hashes and keys are 16 bytes. */
#ifndef TB_AUTH_NTLM_CRYPTO_H
#define TB_AUTH_NTLM_CRYPTO_H

#include "core/auth/ntlm_message.h"

#define TB_NTLM_PROOF_LENGTH     16
#define TB_NTLM_SIGNATURE_LENGTH 16

/* The NT hash of a UTF-8 password: MD4 of its UTF-16LE form (NTOWFv1). TB_INVALID_PARAMETER when
 * it is no UTF-8. */
enum tb_error tb_ntlm_hash_password(const char *password, uint8_t nt_hash[TB_NTLM_HASH_LENGTH]);

/* NTOWFv2: HMAC-MD5 over the upper-cased user and the domain as given, both UTF-16LE. */
enum tb_error tb_ntlm_response_key(const uint8_t nt_hash[TB_NTLM_HASH_LENGTH], struct tb_span user,
                                   struct tb_span domain, uint8_t key[TB_NTLM_KEY_LENGTH]);

/* NTProofStr: HMAC-MD5 over the server's challenge and the client's structure. */
enum tb_error tb_ntlm_proof(const uint8_t response_key[TB_NTLM_KEY_LENGTH],
                            const uint8_t challenge[TB_NTLM_CHALLENGE_LENGTH],
                            struct tb_span client_structure, uint8_t proof[TB_NTLM_PROOF_LENGTH]);

/* SessionBaseKey, which with NTLMv2 is the key exchange key as well. */
enum tb_error tb_ntlm_session_base_key(const uint8_t response_key[TB_NTLM_KEY_LENGTH],
                                       const uint8_t proof[TB_NTLM_PROOF_LENGTH],
                                       uint8_t key[TB_NTLM_KEY_LENGTH]);

/* HMAC-MD5 over the three messages, the MIC field of the last counted as zeros. */
enum tb_error tb_ntlm_mic(const uint8_t session_key[TB_NTLM_KEY_LENGTH], struct tb_span negotiate,
                          struct tb_span challenge, struct tb_span authenticate,
                          uint8_t mic[TB_NTLM_MIC_LENGTH]);

/* NTLMSSP's own signature of a message, as SPNEGO uses it for mechListMIC: sequence number 0, the
 * first message under the exported session key (MS-NLMP 3.4.4.2). `flags` are the negotiated ones
 * and include TB_NTLM_EXTENDED_SECURITY. */
enum tb_error tb_ntlm_sign(const uint8_t session_key[TB_NTLM_KEY_LENGTH], uint32_t flags,
                           bool from_server, struct tb_span message,
                           uint8_t signature[TB_NTLM_SIGNATURE_LENGTH]);

#endif
