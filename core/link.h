/* Boundary 2 of 5: one connection's link. Whole SMB messages in, messages as segments out.
 *
 * A transport (transport/tcp, later RDMA and QUIC; the simulator's network) frames messages. All
 * calls in both directions happen on the connection's loop and outside the section.
 *
 *  in:  tb_conn_create() when a client has connected; then, for each message, tb_conn_admits() with
 *       the length its frame announces (refused: close the link), tb_payload_get() for a buffer,
 *       tb_conn_receive() with the filled buffer, whose ownership goes to the core; and once
 *       tb_conn_lost() when the link has ended for whatever reason, after which the link is not
 *       touched by the core any more. (core/conn.h, core/payload.h)
 *       Each of receive(), lost() and an outgoing message's sent() may leave work behind: call
 *       tb_loop_run() (core/loop.h) before the loop's thread waits again. Once for many is enough.
 *  out: the operations below. */
#ifndef TB_LINK_H
#define TB_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/bytes.h"
#include "core/list.h"

enum tb_link_kind { TB_LINK_TCP, TB_LINK_RDMA, TB_LINK_QUIC, TB_LINK_SIMULATED };

/* A message on its way out. The core owns it; the link owns it from send() until it calls
 * `sent` exactly once: ok = true when all bytes were handed to the network, false when the link
 * is gone. A link sends messages whole and in the order of its send() calls. */
struct tb_outgoing {
    struct tb_list queued; /* the link's: its place in a send queue */
    size_t sent_length;    /* the link's: how far it got; 0 at send() */
    const struct tb_span *segments;
    size_t segment_count;
    size_t length; /* of all segments */
    void (*sent)(struct tb_outgoing *, bool ok);
};

struct tb_link_ops {
    enum tb_link_kind kind;
    void (*send)(void *link, struct tb_outgoing *message);
    /* End the connection once what was given to send() has left, or `at_once`. tb_conn_lost()
     * follows, never from inside this call. */
    void (*close)(void *link, bool at_once);
    /* Stop and resume delivering messages: the connection holds more of them than its budget. What
     * was read already may still come. Called again and again over a connection's life. */
    void (*pause)(void *link);
    void (*resume)(void *link);
};

/* Who is at the other end; text for logs and for srvsvc ("127.0.0.1:50412"). */
struct tb_peer {
    char address[64];
};

#endif
