/* The client's side of one authentication, by NTLMv2 in SPNEGO or bare: the simulated client's and
 * the tests' counterpart of the acceptor. Pure; used by one thread at a time. */
#ifndef TB_AUTH_INITIATOR_H
#define TB_AUTH_INITIATOR_H

#include "core/auth/ntlm.h"
#include "core/auth/spnego.h"

struct tb_initiator_config {
    struct tb_ntlm_client_config ntlm;
    /* NTLMSSP messages without SPNEGO around them. */
    bool bare;
    /* Offer this mechanism before NTLMSSP, with `optimistic_token` as its token; the server then
     * must choose NTLMSSP by request-mic. TB_MECHANISM_UNKNOWN offers NTLMSSP alone. */
    enum tb_mechanism preferred;
    struct tb_span optimistic_token;
};

struct tb_initiator_event {
    /* Send `reply` when it is not empty; it is good until the next call. */
    struct tb_span reply;
    /* The server accepted and its mechListMIC, where one is due, was right. */
    bool complete;
    /* 16 bytes, as soon as it is known, which is before the server accepts. */
    struct tb_span session_key;
};

struct tb_initiator;

/* The configuration is copied. Errors: TB_NO_MEMORY, TB_INVALID_PARAMETER. */
enum tb_error tb_initiator_create(const struct tb_initiator_config *config,
                                  struct tb_initiator **initiator);
void tb_initiator_destroy(struct tb_initiator *initiator);

/* The first call starts with whatever the NEGOTIATE response carried (it may be empty); each
 * further one takes the security buffer of a SESSION_SETUP response. Errors: TB_INVALID_PARAMETER,
 * TB_LOGON_FAILURE (rejected), TB_ACCESS_DENIED (the server's MIC is wrong or missing),
 * TB_NO_MEMORY. */
enum tb_error tb_initiator_step(struct tb_initiator *initiator, struct tb_span token,
                                struct tb_initiator_event *event);

#endif
