/* Boundary 1 of 5: the world. Time, randomness, loops, the section's lock, logging.
 *
 * The core has no clock, no generator, no thread and no lock of its own; all come through this
 * table. host/env.c is the real side, sim/ the simulated one (a virtual clock, a seeded generator,
 * all loops on one thread).
 *
 * A loop is a place where a connection's work is done, one piece after the other: a thread in the
 * real world. The world calls the core's loops (core/loop.h):
 *  - tb_loop_run() after it has delivered messages, after wake(), and at the loop's deadline;
 *  - only ever from the loop's own thread. */
#ifndef TB_ENV_H
#define TB_ENV_H

#include <stddef.h>
#include <stdint.h>

struct tb_loop;

/* What random bytes are for, so that a replay can script each kind. */
enum tb_random_purpose {
    TB_RANDOM_SERVER_GUID,
    TB_RANDOM_CHALLENGE,
    TB_RANDOM_SALT,
    TB_RANDOM_SESSION_ID,
    TB_RANDOM_FILE_ID,
    TB_RANDOM_HASH_KEY,
    TB_RANDOM_VOLUME_ID,
    TB_RANDOM_OTHER,
};

enum tb_log_level { TB_LOG_ERROR, TB_LOG_WARNING, TB_LOG_INFO, TB_LOG_DEBUG };

struct tb_env_ops {
    /* Microseconds that never go back. Any thread. */
    uint64_t (*monotonic_us)(void *env);
    /* Wall time as FILETIME (100 ns since 1601-01-01 UTC). Any thread. */
    uint64_t (*wall_filetime)(void *env);
    /* Fill `bytes` with unpredictable bytes. Cannot fail: a world that has none stops the program. */
    void (*random)(void *env, enum tb_random_purpose purpose, void *bytes, size_t length);
    /* Have tb_loop_run(loop) called soon on the loop's own thread. Any thread; cheap when a wake is
     * already on its way. */
    void (*wake)(void *env, struct tb_loop *loop);
    /* The loop whose thread is calling, or NULL. */
    struct tb_loop *(*current_loop)(void *env);
    /* The section's lock. Not recursive; held for microseconds, never across a system call. */
    void (*section_enter)(void *env);
    void (*section_leave)(void *env);
    /* One line for the administrator, without a newline. Outside the section only. */
    void (*log)(void *env, enum tb_log_level level, const char *line);
};

struct tb_env {
    const struct tb_env_ops *ops;
    void *data;
};

static inline uint64_t tb_env_monotonic_us(const struct tb_env *env)
{
    return env->ops->monotonic_us(env->data);
}

static inline uint64_t tb_env_wall_filetime(const struct tb_env *env)
{
    return env->ops->wall_filetime(env->data);
}

static inline void tb_env_random(const struct tb_env *env, enum tb_random_purpose purpose,
                                 void *bytes, size_t length)
{
    env->ops->random(env->data, purpose, bytes, length);
}

#endif
