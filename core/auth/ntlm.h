/* NTLMSSP, both sides of one exchange (MS-NLMP 3.1.5, 3.2.5). Pure: challenges, keys, times and
 * names are handed in.
 *
 * Server: negotiate yields CHALLENGE; authenticate yields who claims to be here; the caller looks
 * the NT hash up, however long that takes; verify yields the key. Only NTLMv2 is accepted: LM,
 * NTLMv1 and NTLM2 session responses are TB_LOGON_FAILURE. Calls out of this order are
 * TB_INVALID_PARAMETER.
 * Client: negotiate yields NEGOTIATE; authenticate takes CHALLENGE and yields AUTHENTICATE. */
#ifndef TB_AUTH_NTLM_H
#define TB_AUTH_NTLM_H

#include "core/auth/ntlm_crypto.h"

/* What the server calls itself, in UTF-8. */
struct tb_ntlm_names {
    const char *netbios_domain;
    const char *netbios_computer;
    const char *dns_domain;
    const char *dns_computer;
};

struct tb_ntlm_server_config {
    struct tb_ntlm_names names;
    /* Random, for this exchange only. */
    uint8_t challenge[TB_NTLM_CHALLENGE_LENGTH];
    uint64_t time_filetime;
};

/* Who the client says it is, in UTF-8; the strings are never NULL. `domain` is as it was sent. */
struct tb_ntlm_identity {
    char *user;
    char *domain;
    char *workstation;
    bool anonymous;
};

struct tb_ntlm_server;

/* The configuration is copied. Errors: TB_NO_MEMORY, TB_INVALID_PARAMETER (a name is no UTF-8). */
enum tb_error tb_ntlm_server_create(const struct tb_ntlm_server_config *config,
                                    struct tb_ntlm_server **server);
void tb_ntlm_server_destroy(struct tb_ntlm_server *server);

/* NEGOTIATE in, CHALLENGE out. Errors: TB_INVALID_PARAMETER, TB_NO_MEMORY. */
enum tb_error tb_ntlm_server_negotiate(struct tb_ntlm_server *server, struct tb_span token,
                                       struct tb_token *challenge);

/* AUTHENTICATE in; the identity lives as long as the server object. Errors: TB_INVALID_PARAMETER
 * (malformed, or its AV pairs are), TB_LOGON_FAILURE (not NTLMv2), TB_NO_MEMORY. */
enum tb_error tb_ntlm_server_authenticate(struct tb_ntlm_server *server, struct tb_span token,
                                          const struct tb_ntlm_identity **identity);

/* Check response, MIC and key exchange against the user's NT hash. A MIC is demanded of whoever says
 * there is one (MsvAvFlags bit 2, which the response protects); who does not say so has the response
 * checked alone, as Windows does for the sake of old clients. Errors: TB_LOGON_FAILURE (wrong
 * password, wrong MIC, or the identity is anonymous), TB_NO_MEMORY. */
enum tb_error tb_ntlm_server_verify(struct tb_ntlm_server *server,
                                    const uint8_t nt_hash[TB_NTLM_HASH_LENGTH]);

/* Accept an identity that claims to be nobody: the key is derived from 16 zero bytes.
 * TB_LOGON_FAILURE when it is not anonymous. */
enum tb_error tb_ntlm_server_verify_anonymous(struct tb_ntlm_server *server);

/* The exported session key, 16 bytes, once verified; else NULL. */
const uint8_t *tb_ntlm_server_session_key(const struct tb_ntlm_server *server);

/* The flags both sides agreed on, from the AUTHENTICATE message. */
uint32_t tb_ntlm_server_flags(const struct tb_ntlm_server *server);

struct tb_ntlm_client_config {
    /* UTF-8. An empty user logs on anonymously. */
    const char *user;
    const char *domain;
    const char *workstation;
    uint8_t nt_hash[TB_NTLM_HASH_LENGTH];
    /* Random. */
    uint8_t client_challenge[TB_NTLM_CHALLENGE_LENGTH];
    uint8_t exported_session_key[TB_NTLM_KEY_LENGTH];
    /* Used when the server's CHALLENGE carries none. */
    uint64_t time_filetime;
    /* Flags to offer; 0 for all that a modern client offers. TB_NTLM_UNICODE is always added. */
    uint32_t flags;
    /* Leave the MIC out even where the server's time stamp asks for it. */
    bool without_mic;
};

struct tb_ntlm_client;

/* The configuration is copied. Errors: TB_NO_MEMORY, TB_INVALID_PARAMETER. */
enum tb_error tb_ntlm_client_create(const struct tb_ntlm_client_config *config,
                                    struct tb_ntlm_client **client);
void tb_ntlm_client_destroy(struct tb_ntlm_client *client);

enum tb_error tb_ntlm_client_negotiate(struct tb_ntlm_client *client, struct tb_token *negotiate);
enum tb_error tb_ntlm_client_authenticate(struct tb_ntlm_client *client, struct tb_span challenge,
                                          struct tb_token *authenticate);

/* Once authenticate has succeeded; else NULL. */
const uint8_t *tb_ntlm_client_session_key(const struct tb_ntlm_client *client);
uint32_t tb_ntlm_client_flags(const struct tb_ntlm_client *client);

#endif
