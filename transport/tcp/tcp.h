/* SMB over TCP: direct framing (MS-SMB2 2.1) and NetBIOS session service (RFC 1002 4.3), on IPv4
 * and IPv6, with epoll.
 *
 * A tb_tcp has one or more loops, each a thread that owns its connections. The first one accepts
 * and hands each connection to the loop that has the fewest, the lowest numbered among equals.
 *
 * Life: tb_tcp_create() (which creates the server's loops), tb_tcp_listen() …, tb_tcp_start(). To
 * end: tb_tcp_refuse(), tb_server_stop(), wait for tb_server_stopped(), tb_tcp_stop(),
 * tb_server_destroy(), tb_tcp_destroy(). The loops' threads inherit the caller's signal mask. */
#ifndef TB_TRANSPORT_TCP_H
#define TB_TRANSPORT_TCP_H

#include <stdbool.h>
#include <stddef.h>

#include "core/env.h"
#include "core/error.h"

#define TB_TCP_LOOPS_MAX 64

struct tb_server;
struct tb_tcp;

/* Bounds on time; tb_tcp_limits_default() has what suits people. */
struct tb_tcp_limits {
    unsigned stall_s;  /* a message that stopped half-way, in or out: the connection is ended */
    unsigned linger_s; /* what is left to send when a connection ends */
};
struct tb_tcp_limits tb_tcp_limits_default(void);

/* `env` is host/env.h's. Errors: NO_MEMORY, TOO_MANY_OPENED_FILES. */
enum tb_error tb_tcp_create(struct tb_server *server, const struct tb_env *env, unsigned loops,
                            const struct tb_tcp_limits *limits, struct tb_tcp **out);

/* Listen on "ADDR:PORT", "[ADDR]:PORT" or "NAME:PORT", or with "*:PORT" on all addresses; port 0
 * takes any free one. Before tb_tcp_start(). On errors `message` says what is wrong and how to mend
 * it. */
enum tb_error tb_tcp_listen(struct tb_tcp *tcp, const char *address, char *message, size_t size);
size_t tb_tcp_listener_count(const struct tb_tcp *tcp);
/* "127.0.0.1:4445", with the port that was really taken. */
const char *tb_tcp_listener_address(const struct tb_tcp *tcp, size_t index);

/* Errors: INSUFFICIENT_RESOURCES (no thread); those that run are stopped by tb_tcp_stop(). */
enum tb_error tb_tcp_start(struct tb_tcp *tcp);
/* Accept no more. Any thread. */
void tb_tcp_refuse(struct tb_tcp *tcp);
/* End connections that are left, and the threads. */
void tb_tcp_stop(struct tb_tcp *tcp);
/* NULL is allowed. */
void tb_tcp_destroy(struct tb_tcp *tcp);

/* Connections that a loop has. Any thread. */
unsigned tb_tcp_connection_count(const struct tb_tcp *tcp, unsigned loop);

#endif
