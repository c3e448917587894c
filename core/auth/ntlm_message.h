/* The three NTLMSSP messages and their AV pairs (MS-NLMP 2.2.1, 2.2.2).
 *
 * Decoding checks every offset and length and yields spans into the message. Strings are as on the
 * wire: UTF-16LE when NTLMSSP_NEGOTIATE_UNICODE is set, else the OEM code page. Encoding allocates
 * the token. Errors: TB_INVALID_PARAMETER for a malformed message, TB_NO_MEMORY. */
#ifndef TB_AUTH_NTLM_MESSAGE_H
#define TB_AUTH_NTLM_MESSAGE_H

#include "core/auth/token.h"

#define TB_NTLM_CHALLENGE_LENGTH 8
#define TB_NTLM_MIC_LENGTH       16
#define TB_NTLM_MIC_OFFSET       72
#define TB_NTLM_KEY_LENGTH       16
#define TB_NTLM_HASH_LENGTH      16

/* NegotiateFlags (MS-NLMP 2.2.2.5). */
#define TB_NTLM_UNICODE              0x00000001u
#define TB_NTLM_OEM                  0x00000002u
#define TB_NTLM_REQUEST_TARGET       0x00000004u
#define TB_NTLM_SIGN                 0x00000010u
#define TB_NTLM_SEAL                 0x00000020u
#define TB_NTLM_DATAGRAM             0x00000040u
#define TB_NTLM_LM_KEY               0x00000080u
#define TB_NTLM_NTLM                 0x00000200u
#define TB_NTLM_ANONYMOUS            0x00000800u
#define TB_NTLM_DOMAIN_SUPPLIED      0x00001000u
#define TB_NTLM_WORKSTATION_SUPPLIED 0x00002000u
#define TB_NTLM_ALWAYS_SIGN          0x00008000u
#define TB_NTLM_TARGET_TYPE_DOMAIN   0x00010000u
#define TB_NTLM_TARGET_TYPE_SERVER   0x00020000u
#define TB_NTLM_EXTENDED_SECURITY    0x00080000u
#define TB_NTLM_IDENTIFY             0x00100000u
#define TB_NTLM_TARGET_INFO          0x00800000u
#define TB_NTLM_VERSION              0x02000000u
#define TB_NTLM_128                  0x20000000u
#define TB_NTLM_KEY_EXCHANGE         0x40000000u
#define TB_NTLM_56                   0x80000000u

struct tb_ntlm_negotiate {
    uint32_t flags;
    /* OEM code page. */
    struct tb_span domain;
    struct tb_span workstation;
};

struct tb_ntlm_challenge {
    uint32_t flags;
    uint8_t challenge[TB_NTLM_CHALLENGE_LENGTH];
    struct tb_span target_name;
    /* AV pairs. */
    struct tb_span target_info;
};

struct tb_ntlm_authenticate {
    uint32_t flags;
    struct tb_span lm_response;
    struct tb_span nt_response;
    struct tb_span domain;
    struct tb_span user;
    struct tb_span workstation;
    struct tb_span encrypted_session_key;
    /* Room for a MIC lies between the fixed part and the payload; whether it is one is said by
     * TB_NTLM_AV_FLAG_MIC in the NTLMv2 response. */
    bool has_mic;
    uint8_t mic[TB_NTLM_MIC_LENGTH];
};

enum tb_error tb_ntlm_negotiate_decode(struct tb_span token, struct tb_ntlm_negotiate *message);
enum tb_error tb_ntlm_challenge_decode(struct tb_span token, struct tb_ntlm_challenge *message);
enum tb_error tb_ntlm_authenticate_decode(struct tb_span token,
                                          struct tb_ntlm_authenticate *message);

enum tb_error tb_ntlm_negotiate_encode(const struct tb_ntlm_negotiate *message,
                                       struct tb_token *token);
enum tb_error tb_ntlm_challenge_encode(const struct tb_ntlm_challenge *message,
                                       struct tb_token *token);
/* With has_mic the field is there and holds `mic`. */
enum tb_error tb_ntlm_authenticate_encode(const struct tb_ntlm_authenticate *message,
                                          struct tb_token *token);

/* True when the token begins as an NTLMSSP message does, whatever follows. */
bool tb_ntlm_is_message(struct tb_span token);

/* AV pairs (MS-NLMP 2.2.2.1). */
enum tb_ntlm_av {
    TB_NTLM_AV_EOL = 0,
    TB_NTLM_AV_NETBIOS_COMPUTER = 1,
    TB_NTLM_AV_NETBIOS_DOMAIN = 2,
    TB_NTLM_AV_DNS_COMPUTER = 3,
    TB_NTLM_AV_DNS_DOMAIN = 4,
    TB_NTLM_AV_DNS_TREE = 5,
    TB_NTLM_AV_FLAGS = 6,
    TB_NTLM_AV_TIMESTAMP = 7,
    TB_NTLM_AV_SINGLE_HOST = 8,
    TB_NTLM_AV_TARGET_NAME = 9,
    TB_NTLM_AV_CHANNEL_BINDINGS = 10,
};

#define TB_NTLM_AV_FLAG_MIC 0x00000002u

/* Bytes of the pairs before the one that ends the list; `*ok` is cleared as below. */
size_t tb_ntlm_av_length(struct tb_span pairs, bool *ok);

/* Find the first pair with this id: true and its value, or false when there is none before the
 * end of the list. `*ok` is cleared when the list is malformed (no end, or a length beyond it). */
bool tb_ntlm_av_find(struct tb_span pairs, enum tb_ntlm_av id, struct tb_span *value, bool *ok);

/* Append a pair; TB_NTLM_AV_EOL with an empty value ends the list. */
void tb_ntlm_av_write(struct tb_writer *w, enum tb_ntlm_av id, struct tb_span value);

#endif
