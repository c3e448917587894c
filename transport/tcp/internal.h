/* What the files of transport/tcp/ share.
 *
 * A loop works in turns: wait for events; read what arrived and give it to the core; tb_loop_run();
 * settle: write, answer sent(), end links; and run again when that was news to the core. Reading
 * and writing only take notes (`dirty`, `written`); a link ends, and the core is called back, only
 * while the turn settles, so no link disappears under an event or inside a call from the core.
 *
 * A link: OPEN, then perhaps DRAINING (what is queued is still written, nothing is read), then
 * BROKEN (no more input or output), then it is freed. `broken` may come at any time; the rest of
 * the states follow from tb_link_ops.close() and from the peer's end of stream. */
#ifndef TB_TRANSPORT_TCP_INTERNAL_H
#define TB_TRANSPORT_TCP_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/conn.h"
#include "core/link.h"
#include "core/list.h"
#include "core/payload.h"
#include "host/env.h"
#include "transport/tcp/tcp.h"

#define TB_TCP_HEADER_LENGTH 4
/* What one connection may bring in one turn, so that all get theirs. */
#define TB_TCP_TURN_BYTES ((size_t)1 << 20)
/* Small messages are read through memory that all links of a loop share. */
#define TB_TCP_SCRATCH_BYTES ((size_t)16 << 10)
/* That much is written while the core still works on the rest of its batch. */
#define TB_TCP_EARLY_BYTES ((size_t)256 << 10)
#define TB_TCP_SWEEP_US    UINT64_C(1000000)

struct tcp_loop;

/* What epoll reports on. */
struct tcp_watch {
    void (*ready)(struct tcp_watch *watch, uint32_t events);
};

enum tcp_link_state { TCP_OPEN, TCP_DRAINING, TCP_BROKEN };

struct tcp_link {
    struct tcp_watch watch;
    struct tcp_loop *loop;
    struct tb_conn *conn;
    struct tb_list links; /* in the loop's, or on its way there */
    struct tb_list dirty; /* in the loop's list when there is something to settle */
    struct tb_list timed; /* in the loop's list while it could stall */
    int fd;
    uint32_t events; /* that epoll waits for */
    enum tcp_link_state state;
    bool paused;
    bool blocked;         /* the socket took no more; EPOLLOUT will come */
    bool greeted;         /* something was received: a session request comes too late */
    unsigned idle_sweeps; /* since the last progress */

    uint8_t header[TB_TCP_HEADER_LENGTH]; /* of the message being received */
    unsigned header_length;
    uint32_t skip;              /* bytes of a session request still to come */
    struct tb_payload *message; /* being received, when the header is complete */
    size_t received;            /* of it */

    struct tb_list outgoing; /* struct tb_outgoing.queued */
    size_t outgoing_bytes;
};

struct tcp_listener {
    struct tcp_watch watch;
    struct tb_tcp *tcp;
    int fd;
    char address[64];
};

struct tcp_loop {
    struct tb_host_loop host; /* first: what tb_loop_host() answers */
    struct tb_loop *loop;
    struct tb_tcp *tcp;
    int epoll_fd;
    struct tcp_watch wake;
    pthread_t thread;
    bool running;  /* the thread is there */
    bool eventful; /* the core was told something: tb_loop_run() is due */
    struct tb_list links, dirty, timed;
    struct tb_list written; /* struct tb_outgoing.queued; sent(true) is still to be called */
    uint64_t sweep_us;      /* when to look at `timed` */
    atomic_uint link_count;
    pthread_mutex_t mutex;
    struct tb_list incoming; /* links from the acceptor; under mutex */
    uint8_t *scratch;
};

struct tb_tcp {
    struct tb_env env;
    struct tb_tcp_limits limits;
    struct tcp_loop *loops;
    unsigned loop_count;
    struct tcp_listener **listeners;
    size_t listener_count;
    atomic_bool refusing, stopping;
    /* The first loop's. */
    int reserve_fd;       /* given up when descriptors run out, to turn a client away */
    uint64_t accept_us;   /* when to accept again; UINT64_MAX: accepting */
    uint64_t complain_us; /* not before: say again that descriptors have run out */
    bool listeners_closed;
};

/* loop.c */
bool tb_tcp_watch(struct tcp_loop *loop, int fd, uint32_t events, struct tcp_watch *watch);
void *tb_tcp_loop_main(void *loop);

/* listener.c: on the first loop's thread, but for the last. */
void tb_tcp_accept_again(struct tb_tcp *tcp);
void tb_tcp_close_listeners(struct tb_tcp *tcp);
void tb_tcp_free_listeners(struct tb_tcp *tcp);

/* link.c */
struct tcp_link *tb_tcp_link_new(struct tcp_loop *loop, int fd);
/* Links that the acceptor handed over become the loop's. */
void tb_tcp_link_adopt(struct tcp_link *link);
void tb_tcp_link_touch(struct tcp_link *link); /* there is something to settle */
void tb_tcp_link_break(struct tcp_link *link);
void tb_tcp_link_drain(struct tcp_link *link);
/* Something could stall: have sweeps look at it. Call it on each progress. */
void tb_tcp_link_moved(struct tcp_link *link);
void tb_tcp_links_settle(struct tcp_loop *loop);
void tb_tcp_links_sweep(struct tcp_loop *loop);

/* receive.c */
void tb_tcp_link_receive(struct tcp_link *link);

/* send.c */
void tb_tcp_link_send(void *link, struct tb_outgoing *message);
/* Write until all is written, the socket takes no more, or the link breaks. */
void tb_tcp_link_write(struct tcp_link *link);

#endif
