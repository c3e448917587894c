/* A loop's own state. */
#ifndef TB_LOOP_INTERNAL_H
#define TB_LOOP_INTERNAL_H

#include "core/list.h"
#include "core/loop.h"
#include "core/payload.h"
#include "core/section.h"

struct tb_loop {
    struct tb_server *server;
    unsigned index;
    void *host;
    struct tb_payload_pool payloads;

    /* Touched by the loop's thread alone. */
    bool running;
    struct tb_list arrived;  /* chains decoded outside, not begun: tb_chain.link */
    struct tb_list answered; /* tasks whose call was answered on this thread: tb_task.link */
    struct tb_list pending;  /* tasks whose call or work is to be done outside: tb_task.link */
    struct tb_list sent;     /* outputs that have left: tb_output.link */
    struct tb_list conns;    /* tb_conn.in_loop */
    struct tb_list resumable; /* links to be resumed outside: tb_conn.in_resumable */
    struct tb_list unauthenticated; /* tb_conn.in_unauthenticated, oldest first */

    struct tb_list ready TB_GUARDED;   /* tasks to be stepped, from anywhere: tb_task.link */
    struct tb_list retired TB_GUARDED; /* chains that nothing needs any more: tb_chain.link */
    struct tb_list doomed TB_GUARDED;  /* connections to close: tb_conn.in_doomed */
    struct tb_list outbox TB_GUARDED;  /* answers in the order they were decided: tb_output.link */
};

/* Wake the loops whose bits were taken from the server's wake_mask, outside the section. */
void tb_loops_wake(struct tb_server *server, uint64_t mask) TB_OUTSIDE;

#endif
