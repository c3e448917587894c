/* A loop: where the work of its connections is done, batch after batch.
 *
 * tb_loop_run() repeats until nothing is ready:
 *   outside  decipher, verify and decode the messages that arrived;
 *   inside   run the next step of every request that is ready (core/request.h), collect answers;
 *   outside  hand calls to exporters, run work, encode, sign, encipher and send answers.
 * One entry into the section serves the whole batch.
 *
 * Owner: the server, from tb_loop_create() to tb_server_destroy(). Used from its own thread, except
 * for the guarded queues, which other loops and exporters' threads append to. */
#ifndef TB_LOOP_H
#define TB_LOOP_H

#include <stdint.h>

#include "core/server.h"

/* A new loop, or NULL. `host` is the world's own, see tb_loop_host(). Before serving starts. */
struct tb_loop *tb_loop_create(struct tb_server *server, void *host);
void *tb_loop_host(const struct tb_loop *loop);
unsigned tb_loop_index(const struct tb_loop *loop);

/* Do all work that is ready. On the loop's thread. Due after tb_conn_receive(), tb_conn_lost(), an
 * outgoing message's sent(), the environment's wake() and the deadline below. */
void tb_loop_run(struct tb_loop *loop) TB_OUTSIDE;

/* When tb_loop_run() must be called next at the latest (monotonic microseconds); UINT64_MAX: not
 * before something happens. On the loop's thread. */
uint64_t tb_loop_deadline_us(struct tb_loop *loop);

#endif
