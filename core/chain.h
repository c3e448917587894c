/* A chain: one received message and the requests in it, executed one after the other (MS-SMB2
 * 3.3.5.2.7), and the answers on their way out.
 *
 * Owner: its connection's loop. Life: made outside from a message (deciphered, verified, decoded);
 * begun inside; its requests run in order; answers that are finished wait in `answered` until the
 * chain ends or a request parks, then leave as one message; freed when the last has left. */
#ifndef TB_CHAIN_H
#define TB_CHAIN_H

#include <sys/uio.h>

#include "core/crypto/sealing.h"
#include "core/link.h"
#include "core/payload.h"
#include "core/request.h"

/* Finished answers before a parked one, its interim answer, and the rest. */
#define TB_CHAIN_OUTPUTS 3

/* One message on its way out. */
struct tb_output {
    struct tb_list link; /* loop->outbox */
    struct tb_outgoing outgoing;
    struct tb_chain *chain;
    struct tb_list requests;      /* those answered by it, tb_request.in_chain */
    struct tb_request *interim;   /* or: the one that it is the interim answer of */
    uint16_t interim_credits;
    uint64_t nonce;               /* when the chain came enciphered */
    uint8_t transform[TB_TRANSFORM_HEADER_LENGTH];
    uint8_t interim_bytes[TB_SMB2_HEADER_LENGTH + 9];
};

struct tb_chain {
    struct tb_list link; /* loop->arrived or loop->retired */
    struct tb_conn *conn;
    struct tb_payload *message;
    struct tb_channel *seal; /* deciphered through it: answers are enciphered; or NULL */
    bool smb1_negotiate;
    struct tb_list requests; /* in order, tb_request.in_chain */
    unsigned request_count;
    struct tb_request *current; /* the one running */
    struct tb_list answered;    /* finished, not yet in an output */
    struct tb_list silent;      /* finished, and not to be answered */
    /* For related requests: those of the one before. */
    uint64_t related_session_id;
    uint32_t related_tree_id;
    struct tb_file_id related_file_id;
    enum tb_error related_status; /* of what should have given related_file_id */
    bool related_has_file_id;
    bool related_broken; /* it had no session */
    struct tb_output outputs[TB_CHAIN_OUTPUTS];
    unsigned output_count, outputs_left;
    bool begun;
    bool ended;             /* all requests have finished */
    struct tb_span *spans;  /* room for all outputs' segments */
    unsigned spans_used;
    struct iovec *vectors;
};

/* Make a chain of a message; takes over the payload. NULL: the connection is to be dropped. Outside.
 * (MS-SMB2 3.3.5.2) */
struct tb_chain *tb_chain_receive(struct tb_conn *conn, struct tb_payload *message);

/* Begin its first request. */
void tb_chain_begin(struct tb_chain *chain) TB_INSIDE;

/* The current request has finished: answer, or go on with the next. */
void tb_chain_advance(struct tb_chain *chain) TB_INSIDE;

/* Send what is finished, then the interim answer of `request`. */
void tb_chain_interim(struct tb_chain *chain, struct tb_request *request) TB_INSIDE;

/* It has ended and nothing of it is on its way any more. */
void tb_chain_retire(struct tb_chain *chain) TB_INSIDE;
/* What a retired chain holds is given back, on its loop; then its memory, outside. */
void tb_chain_settle(struct tb_chain *chain) TB_INSIDE;
void tb_chain_free(struct tb_chain *chain);

/* Encode, sign, encipher and send one output (core/output.c). Outside. */
void tb_output_send(struct tb_output *output);

#endif
