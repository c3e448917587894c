/* The deterministic world: a virtual clock, a seeded generator, and loops that all run on the
 * calling thread.
 *
 * All that happens is an event. tb_sim_world_step() runs one of those that are ready, which one the
 * seed decides; when none is, the clock jumps to the next that is due. Inside a loop's run the
 * world may also switch, as threads would, at section entry and exit, send and submit: it runs an
 * event of another loop (or an exporter's answer) to its end before it goes on.
 *
 * A run is determined by the seed, the settings and the program; a failure prints all three, the
 * last lines of the log, and aborts. */
#ifndef TB_SIM_WORLD_H
#define TB_SIM_WORLD_H

#include "core/env.h"
#include "core/loop.h"
#include "core/server.h"
#include "sim/random.h"

#define TB_SIM_LOOPS_MAX    8
#define TB_SIM_LOG_LINES    64
#define TB_SIM_LOG_LENGTH   200
#define TB_SIM_PURPOSES     (TB_RANDOM_OTHER + 1)
#define TB_SIM_STEPS_MAX    50000000u
/* 2024-01-01 00:00:00 UTC: when every simulated world begins. */
#define TB_SIM_EPOCH_FILETIME 133485408000000000u

struct tb_sim_world;
struct tb_sim_loop;
struct tb_sim_transcript;

/* Something that happens at a time. All zeros but `run` (and `loop`) is an event that is not
 * scheduled; its memory is its owner's. */
struct tb_sim_event {
    void (*run)(struct tb_sim_event *event);
    struct tb_sim_loop *loop; /* never while this loop is running; may be NULL */
    uint64_t due_us, order;
    size_t index;
    enum { TB_SIM_EVENT_IDLE, TB_SIM_EVENT_WAITING, TB_SIM_EVENT_READY } state;
};

struct tb_sim_events {
    struct tb_sim_event **items;
    size_t count, capacity;
};

struct tb_sim_loop {
    struct tb_sim_world *world;
    struct tb_loop *loop;
    struct tb_sim_event run, timer;
    bool busy;
};

struct tb_sim_world {
    struct tb_env env; /* what the server is created with */
    uint64_t seed;
    const char *name; /* of the test, for messages */
    struct tb_sim_random random;                   /* the scheduler's choices */
    struct tb_sim_random entropy[TB_SIM_PURPOSES]; /* what env.random gives */
    uint64_t now_us;
    uint64_t steps;
    uint64_t orders;
    struct tb_sim_events waiting; /* a heap by time */
    struct tb_sim_events ready;
    struct tb_sim_loop loops[TB_SIM_LOOPS_MAX];
    unsigned loop_count;
    struct tb_sim_loop *current;
    unsigned depth;         /* events that are running, one inside the other */
    unsigned switch_one_in; /* 0: never inside a loop's run */
    bool in_section;
    struct tb_sim_transcript *transcript; /* may be NULL */
    char log[TB_SIM_LOG_LINES][TB_SIM_LOG_LENGTH];
    unsigned log_next;
};

void tb_sim_world_init(struct tb_sim_world *world, uint64_t seed, const char *name);
/* Frees what the world itself holds. No event is scheduled any more. */
void tb_sim_world_clear(struct tb_sim_world *world);

/* A loop of `server` in this world. */
struct tb_sim_loop *tb_sim_world_add_loop(struct tb_sim_world *world, struct tb_server *server);

/* Run the event in `delay_us`; one that is scheduled already keeps the earlier time. */
void tb_sim_event_schedule(struct tb_sim_world *world, struct tb_sim_event *event,
                           uint64_t delay_us);
void tb_sim_event_cancel(struct tb_sim_world *world, struct tb_sim_event *event);

/* Run one event. False when there is none at all. Never from inside an event. */
bool tb_sim_world_step(struct tb_sim_world *world);
/* Run events until nothing is left to do before `limit_us` from now, where the clock then stands
 * if anything is still waiting. */
void tb_sim_world_advance(struct tb_sim_world *world, uint64_t limit_us);
/* Run events until none is due within the next millisecond: nothing is on its way any more. */
void tb_sim_world_settle(struct tb_sim_world *world);

/* A place where a thread could be interrupted. */
void tb_sim_world_may_switch(struct tb_sim_world *world);

/* Run the server's code on a loop: in between are calls of tb_conn_ and tb_loop_ functions. */
struct tb_sim_loop *tb_sim_enter(struct tb_sim_world *world, struct tb_sim_loop *loop);
void tb_sim_leave(struct tb_sim_world *world, struct tb_sim_loop *before);

/* Remember a line for the case of a failure. */
__attribute__((format(printf, 2, 3))) void tb_sim_log(struct tb_sim_world *world,
                                                      const char *format, ...);

/* The world whose seed is printed by tb_sim_fail(); the last one begun. */
struct tb_sim_world *tb_sim_world_current(void);

/* Say what failed, how to repeat it and what led there; abort. */
__attribute__((noreturn, format(printf, 3, 4))) void tb_sim_fail(const char *file, int line,
                                                                 const char *format, ...);

#define tb_sim_require(condition)                                                                  \
    ((condition) ? (void)0 : tb_sim_fail(__FILE__, __LINE__, "%s", #condition))
#define tb_sim_require_equal(a, b)                                                                 \
    tb_sim_require_equal_at(__FILE__, __LINE__, #a " == " #b, (uint64_t)(a), (uint64_t)(b))
/* For enum tb_error: prints names. */
#define tb_sim_require_error(a, b) tb_sim_require_error_at(__FILE__, __LINE__, #a, (a), (b))
#define tb_sim_require_ok(a)       tb_sim_require_error(a, TB_OK)

void tb_sim_require_equal_at(const char *file, int line, const char *text, uint64_t a, uint64_t b);
void tb_sim_require_error_at(const char *file, int line, const char *text, enum tb_error is,
                             enum tb_error wanted);

#endif
