#include "sim/world.h"

#include "sim/fault.h"
#include <stdlib.h>

/* Waiting events are a binary heap by (due, order), so that equal times keep their order; ready
 * ones are an array from which the scheduler draws. */
static bool earlier(const struct tb_sim_event *a, const struct tb_sim_event *b)
{
    return a->due_us != b->due_us ? a->due_us < b->due_us : a->order < b->order;
}

static void put(struct tb_sim_events *events, size_t index, struct tb_sim_event *event)
{
    events->items[index] = event;
    event->index = index;
}

static void append(struct tb_sim_events *events, struct tb_sim_event *event)
{
    if (events->count == events->capacity) {
        bool armed = tb_sim_fault_arm(false);
        events->capacity = events->capacity ? events->capacity * 2 : 64;
        events->items = realloc(events->items, events->capacity * sizeof(events->items[0]));
        tb_sim_fault_restore(armed);
        if (!events->items)
            abort();
    }
    put(events, events->count++, event);
}

static void sift_up(struct tb_sim_events *heap, size_t i)
{
    struct tb_sim_event *event = heap->items[i];
    for (; i > 0 && earlier(event, heap->items[(i - 1) / 2]); i = (i - 1) / 2)
        put(heap, i, heap->items[(i - 1) / 2]);
    put(heap, i, event);
}

static void sift_down(struct tb_sim_events *heap, size_t i)
{
    struct tb_sim_event *event = heap->items[i];
    for (size_t child; (child = 2 * i + 1) < heap->count; i = child) {
        if (child + 1 < heap->count && earlier(heap->items[child + 1], heap->items[child]))
            child++;
        if (!earlier(heap->items[child], event))
            break;
        put(heap, i, heap->items[child]);
    }
    put(heap, i, event);
}

static void heap_remove(struct tb_sim_events *heap, size_t i)
{
    struct tb_sim_event *last = heap->items[--heap->count];
    if (i == heap->count)
        return;
    put(heap, i, last);
    sift_up(heap, i);
    sift_down(heap, last->index);
}

static void make_ready(struct tb_sim_world *world, struct tb_sim_event *event)
{
    event->state = TB_SIM_EVENT_READY;
    append(&world->ready, event);
}

void tb_sim_event_cancel(struct tb_sim_world *world, struct tb_sim_event *event)
{
    if (event->state == TB_SIM_EVENT_WAITING) {
        heap_remove(&world->waiting, event->index);
    } else if (event->state == TB_SIM_EVENT_READY) {
        struct tb_sim_event *last = world->ready.items[--world->ready.count];
        if (last != event)
            put(&world->ready, event->index, last);
    }
    event->state = TB_SIM_EVENT_IDLE;
}

void tb_sim_event_schedule(struct tb_sim_world *world, struct tb_sim_event *event,
                           uint64_t delay_us)
{
    uint64_t due_us = delay_us > UINT64_MAX - world->now_us ? UINT64_MAX : world->now_us + delay_us;
    if (event->state == TB_SIM_EVENT_READY ||
        (event->state == TB_SIM_EVENT_WAITING && event->due_us <= due_us))
        return;
    tb_sim_event_cancel(world, event);
    event->due_us = due_us;
    event->order = world->orders++;
    if (delay_us == 0) {
        make_ready(world, event);
        return;
    }
    event->state = TB_SIM_EVENT_WAITING;
    append(&world->waiting, event);
    sift_up(&world->waiting, event->index);
}

static void collect_due(struct tb_sim_world *world)
{
    while (world->waiting.count && world->waiting.items[0]->due_us <= world->now_us) {
        struct tb_sim_event *event = world->waiting.items[0];
        heap_remove(&world->waiting, 0);
        make_ready(world, event);
    }
}

static void run(struct tb_sim_world *world, struct tb_sim_event *event)
{
    tb_sim_event_cancel(world, event);
    if (++world->steps > TB_SIM_STEPS_MAX)
        tb_sim_fail(__FILE__, __LINE__, "the world never comes to rest");
    world->depth++;
    event->run(event);
    world->depth--;
}

bool tb_sim_world_step(struct tb_sim_world *world)
{
    if (world->depth != 0)
        tb_sim_fail(__FILE__, __LINE__, "a step inside an event");
    world->now_us += tb_sim_random_below(&world->random, 8);
    collect_due(world);
    if (world->ready.count == 0) {
        if (world->waiting.count == 0)
            return false;
        world->now_us = world->waiting.items[0]->due_us;
        collect_due(world);
    }
    size_t i = tb_sim_random_below(&world->random, world->ready.count);
    run(world, world->ready.items[i]);
    return true;
}

void tb_sim_world_advance(struct tb_sim_world *world, uint64_t limit_us)
{
    uint64_t end_us = world->now_us + limit_us;
    while (world->ready.count ||
           (world->waiting.count && world->waiting.items[0]->due_us <= end_us))
        tb_sim_world_step(world);
    if (world->now_us < end_us)
        world->now_us = end_us;
}

void tb_sim_world_settle(struct tb_sim_world *world)
{
    while (world->ready.count || (world->waiting.count && world->waiting.items[0]->due_us <=
                                                              world->now_us + 1000))
        tb_sim_world_step(world);
}

void tb_sim_world_may_switch(struct tb_sim_world *world)
{
    if (world->depth == 0 || world->depth > 3 || world->ready.count == 0 ||
        !tb_sim_random_chance(&world->random, world->switch_one_in))
        return;
    size_t i = tb_sim_random_below(&world->random, world->ready.count);
    struct tb_sim_event *event = world->ready.items[i];
    if (event->loop && event->loop->busy)
        return;
    bool armed = tb_sim_fault_arm(false);
    struct tb_sim_loop *current = world->current;
    world->current = NULL;
    run(world, event);
    world->current = current;
    tb_sim_fault_restore(armed);
}
