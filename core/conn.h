/* A connection, as a transport sees it (MS-SMB2 3.3.1.7). The rest is in core/conn_internal.h.
 *
 * All functions: on the connection's loop, outside the section. After delivering what it has, the
 * transport calls tb_loop_run(). */
#ifndef TB_CONN_H
#define TB_CONN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/link.h"
#include "core/payload.h"
#include "core/section.h"

struct tb_conn;
struct tb_loop;

/* A client has connected. NULL when out of memory or over the limit of connections: close the link.
 * From here to tb_conn_lost() the link stays valid. */
struct tb_conn *tb_conn_create(struct tb_loop *loop, const struct tb_link_ops *ops, void *link,
                               const struct tb_peer *peer) TB_OUTSIDE;

/* Whether a message of `length` bytes may come now (too long, or longer than what a client that is
 * not logged on has any use for: close the link). */
bool tb_conn_admits(const struct tb_conn *conn, size_t length);

/* One whole SMB message; the reference to `message` goes to the core. Only queued here. */
void tb_conn_receive(struct tb_conn *conn, struct tb_payload *message);

/* The link has ended; outgoing messages were answered with sent(false) before. The connection frees
 * itself when nothing needs it any more. */
void tb_conn_lost(struct tb_conn *conn) TB_OUTSIDE;

/* Number of the connection in this server, in the order they came: 1, 2, … */
uint64_t tb_conn_id(const struct tb_conn *conn);

#endif
