#include "core/lock.h"

#include "core/node.h"
#include "core/open.h"
#include "core/request.h"
#include "core/server_internal.h"

#include <assert.h>
#include <stdlib.h>

static bool contains_inside(uint64_t offset, uint64_t length, uint64_t point)
{
    return point > offset && point - offset < length;
}

/* MS-FSA 2.1.4.10. Written so that a range that ends at 2^64 needs no sum. */
static bool ranges_overlap(uint64_t offset_a, uint64_t length_a, uint64_t offset_b,
                           uint64_t length_b)
{
    if (length_a == 0 && length_b == 0)
        return false;
    if (length_a == 0)
        return contains_inside(offset_b, length_b, offset_a);
    if (length_b == 0)
        return contains_inside(offset_a, length_a, offset_b);
    return offset_a <= offset_b ? offset_b - offset_a < length_a : offset_a - offset_b < length_b;
}

/* Shared ones go together; a shared one may lie on the open's own exclusive one; nothing else. */
static bool locks_conflict(const struct tb_lock *granted, const struct tb_lock *asked)
{
    if (!asked->exclusive && (!granted->exclusive || granted->open == asked->open))
        return false;
    return ranges_overlap(granted->offset, granted->length, asked->offset, asked->length);
}

bool tb_lock_forbids(const struct tb_node *node, const struct tb_open *open, uint64_t offset,
                     uint64_t length, bool writing)
{
    if (length == 0)
        return false;
    tb_list_for_each (i, &node->file->locks) {
        const struct tb_lock *lock = tb_container(i, struct tb_lock, in_node);
        /* A shared lock keeps everybody from writing, its owner too. */
        bool harmless = lock->exclusive ? lock->open == open : !writing;
        if (!harmless && ranges_overlap(lock->offset, lock->length, offset, length))
            return true;
    }
    return false;
}

bool tb_lock_take(struct tb_lock *lock)
{
    struct tb_open *open = lock->open;
    tb_list_for_each (i, &open->node->file->locks) {
        if (locks_conflict(tb_container(i, struct tb_lock, in_node), lock))
            return false;
    }
    tb_list_append(&open->node->file->locks, &lock->in_node);
    tb_list_append(&open->locks, &lock->in_open);
    open->lock_count++;
    open->server->lock_count++;
    return true;
}

void tb_lock_release(struct tb_lock *lock)
{
    struct tb_open *open = lock->open;
    assert(open->lock_count > 0 && open->server->lock_count > 0);
    tb_list_remove(&lock->in_node);
    tb_list_remove(&lock->in_open);
    open->lock_count--;
    open->server->lock_count--;
    free(lock);
}

bool tb_lock_unlock(struct tb_open *open, uint64_t offset, uint64_t length)
{
    tb_list_for_each (i, &open->locks) {
        struct tb_lock *lock = tb_container(i, struct tb_lock, in_open);
        if (lock->offset == offset && lock->length == length) {
            tb_lock_release(lock);
            return true;
        }
    }
    return false;
}

void tb_lock_wake(struct tb_node *node)
{
    tb_list_for_each (i, &node->file->lock_waiters) {
        struct tb_lock_waiter *waiter = tb_container(i, struct tb_lock_waiter, in_node);
        if (!tb_lock_take(waiter->lock))
            continue;
        waiter->lock = NULL;
        tb_list_remove(&waiter->in_node);
        tb_request_unpark(waiter->request);
        tb_task_ready(&waiter->request->task);
    }
}

void tb_lock_end(struct tb_open *open)
{
    if (!open->node)
        return;
    tb_list_for_each (i, &open->node->file->lock_waiters) {
        struct tb_lock_waiter *waiter = tb_container(i, struct tb_lock_waiter, in_node);
        if (waiter->lock->open != open)
            continue;
        tb_list_remove(&waiter->in_node);
        tb_request_unpark(waiter->request);
        tb_request_finish(waiter->request, TB_RANGE_NOT_LOCKED);
    }
    if (tb_list_empty(&open->locks))
        return;
    tb_list_for_each (i, &open->locks)
        tb_lock_release(tb_container(i, struct tb_lock, in_open));
    tb_lock_wake(open->node);
}
