/* The server's side of one authentication: what a series of SESSION_SETUP security buffers means.
 *
 * One acceptor serves one session set-up (or re-authentication) from its first token to its end:
 * talking to the peer, now and then waiting for its caller's answer, then complete or failed. It
 * speaks SPNEGO around NTLMSSP, bare NTLMSSP, and SPNEGO around a mechanism that its caller runs
 * (Kerberos). Pure; used by one thread at a time.
 *
 * A call yields an event or an error. After an error the acceptor is FAILED and only good for
 * destroying; the caller answers SESSION_SETUP with that error and an empty security buffer:
 *   TB_LOGON_FAILURE      wrong password, wrong MIC in NTLMSSP, no NTLMv2
 *   TB_ACCESS_DENIED      the mechanism list was tampered with, or its MIC is missing
 *   TB_INVALID_PARAMETER  a malformed token, or no common mechanism
 *   TB_NO_MEMORY
 * Spans in an event belong to the acceptor and are good until its next call. */
#ifndef TB_AUTH_ACCEPTOR_H
#define TB_AUTH_ACCEPTOR_H

#include "core/auth/ntlm.h"
#include "core/auth/spnego.h"

struct tb_acceptor_config {
    struct tb_ntlm_server_config ntlm;
    /* The caller runs Kerberos: events of kind TB_ACCEPTOR_MECHANISM may come. */
    bool kerberos;
};

enum tb_acceptor_kind {
    /* Answer STATUS_MORE_PROCESSING_REQUIRED with `reply`; the next token goes to step(). */
    TB_ACCEPTOR_CONTINUE,
    /* Decide about `identity`, then call tb_acceptor_identify(), or refuse and destroy. */
    TB_ACCEPTOR_IDENTITY,
    /* Hand `mechanism_token` to `mechanism`, then call tb_acceptor_mechanism(). */
    TB_ACCEPTOR_MECHANISM,
    /* Answer with `reply` and use `session_key` (empty for guests); `identity` is set after
     * NTLMSSP. */
    TB_ACCEPTOR_COMPLETE,
};

struct tb_acceptor_event {
    enum tb_acceptor_kind kind;
    struct tb_span reply;
    const struct tb_ntlm_identity *identity;
    struct tb_span session_key;
    /* TB_ACCEPTOR_MECHANISM: the token (empty when only a MIC is to be checked), the list that MICs
     * are computed over, and the peer's MIC (empty when it sent none). */
    enum tb_mechanism mechanism;
    struct tb_span mechanism_token;
    struct tb_span mechanism_list;
    struct tb_span peer_mic;
};

struct tb_acceptor;

/* The configuration is copied. Errors: TB_NO_MEMORY, TB_INVALID_PARAMETER (a name is no UTF-8). */
enum tb_error tb_acceptor_create(const struct tb_acceptor_config *config,
                                 struct tb_acceptor **acceptor);

/* Wipes every key; NULL is allowed. */
void tb_acceptor_destroy(struct tb_acceptor *acceptor);

/* The next security buffer. Yields any kind of event. */
enum tb_error tb_acceptor_step(struct tb_acceptor *acceptor, struct tb_span token,
                               struct tb_acceptor_event *event);

enum tb_acceptor_verdict {
    /* The user exists: check the proof against its NT hash. */
    TB_VERDICT_PASSWORD,
    /* Let the anonymous identity in. */
    TB_VERDICT_ANONYMOUS,
    /* Let an unknown user in as guest: nothing is checked and there is no key. */
    TB_VERDICT_GUEST,
};

/* After TB_ACCEPTOR_IDENTITY. `nt_hash` (16 bytes) is used by TB_VERDICT_PASSWORD only. Yields
 * TB_ACCEPTOR_COMPLETE, or TB_LOGON_FAILURE or TB_ACCESS_DENIED. */
enum tb_error tb_acceptor_identify(struct tb_acceptor *acceptor, enum tb_acceptor_verdict verdict,
                                   const uint8_t *nt_hash, struct tb_acceptor_event *event);

/* What the caller's mechanism made of a token. */
struct tb_mechanism_output {
    struct tb_span token;
    /* The context is established; `session_key` is set. */
    bool complete;
    struct tb_span session_key;
    /* Its MIC over the event's `mechanism_list`; may be empty until complete. */
    struct tb_span mic;
    /* `peer_mic` was checked and is right; false when the event had none. */
    bool peer_mic_valid;
};

/* After TB_ACCEPTOR_MECHANISM. Yields TB_ACCEPTOR_CONTINUE or TB_ACCEPTOR_COMPLETE. */
enum tb_error tb_acceptor_mechanism(struct tb_acceptor *acceptor,
                                    const struct tb_mechanism_output *output,
                                    struct tb_acceptor_event *event);

/* The security buffer of the NEGOTIATE response: the mechanisms that an acceptor so configured
 * takes. */
enum tb_error tb_acceptor_hint(bool kerberos, struct tb_token *token);

#endif
