/* The real world behind core/env.h: the system's clocks and generator, threads as loops, a mutex as
 * the section's lock, standard error as the log.
 *
 * A loop is a thread that waits in a system call of its transport's. What waking it takes is a
 * struct tb_host_loop, which is what tb_loop_create() is given as `host`:
 *
 *     tb_host_loop_enter(loop)                    once, on the thread that is the loop
 *     for (;;) {
 *         if (tb_host_loop_may_sleep(h))  wait for wake_fd, for sockets, or for the deadline
 *         else                            only look at the sockets
 *         tb_host_loop_awake(h)                   true: tb_loop_run() is wanted
 *     }
 *
 * A wake writes to wake_fd only when the thread sleeps; wake_fd is watched edge-triggered and
 * never read. */
#ifndef TB_HOST_ENV_H
#define TB_HOST_ENV_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

#include "core/env.h"

struct tb_host_env {
    pthread_mutex_t section;
    enum tb_log_level log_level; /* what is less urgent is not written */
    int log_fd;
};

struct tb_host_loop {
    int wake_fd; /* an eventfd */
    atomic_bool wanted, asleep;
};

/* Logs to standard error from `log_level` up; `host` must outlive all use of `env`. */
void tb_host_env_init(struct tb_host_env *host, enum tb_log_level log_level, struct tb_env *env);
void tb_host_env_clear(struct tb_host_env *host);

/* False, with errno set, when there is no descriptor left. */
bool tb_host_loop_init(struct tb_host_loop *host);
void tb_host_loop_clear(struct tb_host_loop *host);

/* The calling thread is `loop`'s from now on; NULL: it is nobody's any more. */
void tb_host_loop_enter(struct tb_loop *loop);
bool tb_host_loop_may_sleep(struct tb_host_loop *host);
bool tb_host_loop_awake(struct tb_host_loop *host);
/* What env.wake() does, for a host's own reasons: any thread. */
void tb_host_loop_wake(struct tb_host_loop *host);

/* Unpredictable bytes; ends the program when the system has none. */
void tb_host_random(void *bytes, size_t length);

/* One formatted line to the log. */
void tb_host_log(const struct tb_env *env, enum tb_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
