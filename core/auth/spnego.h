/* SPNEGO tokens (RFC 4178, MS-SPNG 2.2) in DER, read and written with libtasn1.
 *
 * Decoding yields spans into the token. Errors: TB_INVALID_PARAMETER for what is no such token;
 * encoding allocates and can fail with TB_NO_MEMORY. */
#ifndef TB_AUTH_SPNEGO_H
#define TB_AUTH_SPNEGO_H

#include "core/auth/token.h"

enum tb_mechanism {
    TB_MECHANISM_UNKNOWN,
    TB_MECHANISM_NTLMSSP,
    TB_MECHANISM_KERBEROS,
    /* Kerberos under the OID that Windows 2000 made known. */
    TB_MECHANISM_MS_KERBEROS,
    TB_MECHANISM_NEGOEX,
};

/* Mechanism lists longer than this are refused. */
#define TB_SPNEGO_MECHANISMS_MAX 16

/* An object identifier's DER contents (without tag and length); static storage. */
struct tb_span tb_mechanism_oid(enum tb_mechanism mechanism);

enum tb_negotiation_state {
    TB_ACCEPT_COMPLETED = 0,
    TB_ACCEPT_INCOMPLETE = 1,
    TB_REJECT = 2,
    TB_REQUEST_MIC = 3,
    /* The field is absent. */
    TB_STATE_ABSENT = 255,
};

/* NegTokenInit, and NegTokenInit2 with its hints, which are passed over when read. */
struct tb_spnego_init {
    enum tb_mechanism mechanisms[TB_SPNEGO_MECHANISMS_MAX];
    size_t mechanism_count;
    /* The DER of the MechTypeList: what mechListMIC is computed over. */
    struct tb_span mechanism_list;
    struct tb_span mechanism_token;
    struct tb_span mic;
};

struct tb_spnego_response {
    enum tb_negotiation_state state;
    /* TB_MECHANISM_UNKNOWN when absent or not known. */
    enum tb_mechanism mechanism;
    struct tb_span response_token;
    struct tb_span mic;
};

enum tb_spnego_kind {
    TB_SPNEGO_NEITHER,
    /* GSS-API framing around a NegTokenInit. */
    TB_SPNEGO_INIT,
    TB_SPNEGO_RESPONSE,
};

/* What a token claims to be, by its first byte. */
enum tb_spnego_kind tb_spnego_kind(struct tb_span token);

enum tb_error tb_spnego_init_decode(struct tb_span token, struct tb_spnego_init *init);
enum tb_error tb_spnego_response_decode(struct tb_span token, struct tb_spnego_response *response);

/* The initiator's first token. `mechanism_list` of `init` is ignored; empty spans are left out. */
enum tb_error tb_spnego_init_encode(const struct tb_spnego_init *init, struct tb_token *token);

/* NegTokenInit2 as the NEGOTIATE response carries it (MS-SPNG 3.2.5.2): the mechanisms offered, in
 * order of preference, and the customary hint name. */
enum tb_error tb_spnego_hint_encode(const enum tb_mechanism *mechanisms, size_t count,
                                    struct tb_token *token);

/* TB_STATE_ABSENT, TB_MECHANISM_UNKNOWN and empty spans are left out. */
enum tb_error tb_spnego_response_encode(const struct tb_spnego_response *response,
                                        struct tb_token *token);

/* The DER of a MechTypeList, as the initiator needs it for its mechListMIC. */
enum tb_error tb_spnego_mechanism_list_encode(const enum tb_mechanism *mechanisms, size_t count,
                                              struct tb_token *token);

#endif
