#include "sim/world.h"

#include "sim/fault.h"
#include "sim/transcript.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tb_sim_fault tb_sim_fault;

/* For tb_sim_fail(), which is reached from where no world is at hand. */
static struct tb_sim_world *current_world;

struct tb_sim_world *tb_sim_world_current(void)
{
    return current_world;
}

static uint64_t monotonic_us(void *data)
{
    const struct tb_sim_world *world = data;
    return world->now_us;
}

static uint64_t wall_filetime(void *data)
{
    const struct tb_sim_world *world = data;
    return TB_SIM_EPOCH_FILETIME + world->now_us * 10;
}

static void random_bytes(void *data, enum tb_random_purpose purpose, void *bytes, size_t length)
{
    struct tb_sim_world *world = data;
    tb_sim_require(purpose < TB_SIM_PURPOSES);
    tb_sim_random_bytes(&world->entropy[purpose], bytes, length);
}

static void wake(void *data, struct tb_loop *loop)
{
    struct tb_sim_world *world = data;
    struct tb_sim_loop *host = tb_loop_host(loop);
    tb_sim_event_schedule(world, &host->run, 0);
}

static struct tb_loop *current_loop(void *data)
{
    const struct tb_sim_world *world = data;
    return world->current ? world->current->loop : NULL;
}

static void section_enter(void *data)
{
    struct tb_sim_world *world = data;
    tb_sim_require(!world->in_section);
    tb_sim_world_may_switch(world);
    world->in_section = true;
}

static void section_leave(void *data)
{
    struct tb_sim_world *world = data;
    tb_sim_require(world->in_section);
    world->in_section = false;
    tb_sim_world_may_switch(world);
}

static void log_line(void *data, enum tb_log_level level, const char *line)
{
    struct tb_sim_world *world = data;
    tb_sim_require(!world->in_section);
    tb_sim_log(world, "server %d: %s", level, line);
}

static const struct tb_env_ops env_ops = {
    .monotonic_us = monotonic_us,
    .wall_filetime = wall_filetime,
    .random = random_bytes,
    .wake = wake,
    .current_loop = current_loop,
    .section_enter = section_enter,
    .section_leave = section_leave,
    .log = log_line,
};

void tb_sim_world_init(struct tb_sim_world *world, uint64_t seed, const char *name)
{
    *world = (struct tb_sim_world){.seed = seed, .name = name, .switch_one_in = 8};
    world->env = (struct tb_env){&env_ops, world};
    tb_sim_random_seed(&world->random, seed, 0);
    for (unsigned i = 0; i < TB_SIM_PURPOSES; i++)
        tb_sim_random_seed(&world->entropy[i], seed, 100 + i);
    current_world = world;
}

void tb_sim_world_clear(struct tb_sim_world *world)
{
    for (unsigned i = 0; i < world->loop_count; i++) {
        tb_sim_event_cancel(world, &world->loops[i].run);
        tb_sim_event_cancel(world, &world->loops[i].timer);
    }
    tb_sim_require_equal(world->ready.count + world->waiting.count, 0);
    free(world->ready.items);
    free(world->waiting.items);
    world->ready = world->waiting = (struct tb_sim_events){0};
    if (current_world == world)
        current_world = NULL;
}

struct tb_sim_loop *tb_sim_enter(struct tb_sim_world *world, struct tb_sim_loop *loop)
{
    struct tb_sim_loop *before = world->current;
    tb_sim_require(!loop->busy && !world->in_section);
    loop->busy = true;
    world->current = loop;
    tb_sim_fault_arm(true);
    return before;
}

void tb_sim_leave(struct tb_sim_world *world, struct tb_sim_loop *before)
{
    tb_sim_fault_arm(false);
    tb_sim_require(world->current && !world->in_section);
    world->current->busy = false;
    world->current = before;
}

static void set_timer(struct tb_sim_world *world, struct tb_sim_loop *loop, uint64_t deadline_us)
{
    tb_sim_event_cancel(world, &loop->timer);
    if (deadline_us == UINT64_MAX)
        return;
    tb_sim_event_schedule(world, &loop->timer,
                          deadline_us > world->now_us ? deadline_us - world->now_us : 0);
}

static void run_loop(struct tb_sim_event *event)
{
    struct tb_sim_loop *loop = event->loop;
    struct tb_sim_world *world = loop->world;
    struct tb_sim_loop *before = tb_sim_enter(world, loop);
    tb_loop_run(loop->loop);
    uint64_t deadline_us = tb_loop_deadline_us(loop->loop);
    tb_sim_leave(world, before);
    set_timer(world, loop, deadline_us);
}

struct tb_sim_loop *tb_sim_world_add_loop(struct tb_sim_world *world, struct tb_server *server)
{
    tb_sim_require(world->loop_count < TB_SIM_LOOPS_MAX);
    struct tb_sim_loop *loop = &world->loops[world->loop_count];
    *loop = (struct tb_sim_loop){.world = world,
                                 .run = {.run = run_loop, .loop = loop},
                                 .timer = {.run = run_loop, .loop = loop}};
    loop->loop = tb_loop_create(server, loop);
    if (!loop->loop)
        return NULL;
    world->loop_count++;
    return loop;
}

void tb_sim_log(struct tb_sim_world *world, const char *format, ...)
{
    char *line = world->log[world->log_next++ % TB_SIM_LOG_LINES];
    int at = snprintf(line, TB_SIM_LOG_LENGTH, "%10llu us  ", (unsigned long long)world->now_us);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + at, TB_SIM_LOG_LENGTH - (size_t)at, format, arguments);
    va_end(arguments);
}

static void print_world(const struct tb_sim_world *world)
{
    unsigned first = world->log_next > TB_SIM_LOG_LINES ? world->log_next - TB_SIM_LOG_LINES : 0;
    for (unsigned i = first; i < world->log_next; i++)
        fprintf(stderr, "  %s\n", world->log[i % TB_SIM_LOG_LINES]);
    fprintf(stderr, "test %s failed with seed %llu after %llu steps\n", world->name,
            (unsigned long long)world->seed, (unsigned long long)world->steps);
    fprintf(stderr, "to repeat: TB_SIM_TEST=%s TB_SIM_SEEDS=%llu..%llu and the same program\n",
            world->name, (unsigned long long)world->seed, (unsigned long long)world->seed);
}

void tb_sim_fail(const char *file, int line, const char *format, ...)
{
    va_list arguments;
    if (current_world)
        print_world(current_world);
    fprintf(stderr, "%s:%d: ", file, line);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n");
    abort();
}

void tb_sim_require_equal_at(const char *file, int line, const char *text, uint64_t a, uint64_t b)
{
    if (a != b)
        tb_sim_fail(file, line, "%s: %llu (0x%llx) and %llu (0x%llx)", text, (unsigned long long)a,
                    (unsigned long long)a, (unsigned long long)b, (unsigned long long)b);
}

void tb_sim_require_error_at(const char *file, int line, const char *text, enum tb_error is,
                             enum tb_error wanted)
{
    if (is != wanted)
        tb_sim_fail(file, line, "%s: %s, not %s", text, tb_error_name(is), tb_error_name(wanted));
}
