/* LOCK (MS-SMB2 3.3.5.14).
 *
 * No lock sequence is verified: that is for resilient, durable and persistent opens and for servers
 * with multiple channels, none of which this server offers. */
#include "core/lock.h"

#include "core/command.h"
#include "core/node.h"
#include "core/open.h"
#include "core/wire/lock.h"

#include <assert.h>
#include <stdlib.h>

/* Each element is compared with every lock of the file inside the section. */
#define ELEMENTS_MAX 256

#define LOCK_KINDS (TB_SMB2_LOCKFLAG_SHARED_LOCK | TB_SMB2_LOCKFLAG_EXCLUSIVE_LOCK)

struct lock_state {
    struct tb_lock_waiter waiter;
    bool unlock;
    /* Unlocking stops at the first element that asks for something else, with this error. */
    size_t valid_count;
    enum tb_error invalid;
    struct tb_lock *locks[]; /* until they are granted */
};

static enum tb_error decode(struct tb_span message, union tb_request_body *body)
{
    return tb_lock_request_decode(message, &body->lock);
}

static struct tb_file_id file_id(const union tb_request_body *body)
{
    return body->lock.file_id;
}

static void encode(struct tb_writer *w, const struct tb_request *request)
{
    (void)request;
    tb_lock_response_encode(w, &(struct tb_lock_response){0});
}

static void clean(struct tb_request *request)
{
    struct lock_state *state = request->state;
    free(state->waiter.lock);
    for (size_t i = 0; !state->unlock && i < request->body.lock.lock_count; i++)
        free(state->locks[i]);
}

static enum tb_error check_unlocks(struct lock_state *state, const struct tb_lock_request *body)
{
    for (; state->valid_count < body->lock_count; state->valid_count++) {
        struct tb_lock_element element = tb_lock_request_element(body, state->valid_count);
        if (element.flags != TB_SMB2_LOCKFLAG_UNLOCK) {
            state->invalid = TB_INVALID_PARAMETER;
            break;
        }
    }
    return TB_OK;
}

/* MS-SMB2 3.3.5.14.2, MS-FSA 2.1.5.8 */
static enum tb_error check_lock(const struct tb_lock_element *element, size_t count)
{
    uint32_t kind = element->flags & LOCK_KINDS;
    if (element->flags & ~(LOCK_KINDS | TB_SMB2_LOCKFLAG_FAIL_IMMEDIATELY) || kind == 0 ||
        kind == LOCK_KINDS)
        return TB_INVALID_PARAMETER;
    if (count > 1 && !(element->flags & TB_SMB2_LOCKFLAG_FAIL_IMMEDIATELY))
        return TB_INVALID_PARAMETER;
    if (element->length != 0 && element->offset + (element->length - 1) < element->offset)
        return TB_INVALID_LOCK_RANGE;
    return TB_OK;
}

static enum tb_error prepare_locks(struct lock_state *state, const struct tb_lock_request *body)
{
    for (size_t i = 0; i < body->lock_count; i++) {
        struct tb_lock_element element = tb_lock_request_element(body, i);
        enum tb_error error = check_lock(&element, body->lock_count);
        if (error)
            return error;
        struct tb_lock *lock = state->locks[i] = malloc(sizeof *lock);
        if (!lock)
            return TB_NO_MEMORY;
        *lock = (struct tb_lock){.offset = element.offset, .length = element.length};
        lock->exclusive = element.flags & TB_SMB2_LOCKFLAG_EXCLUSIVE_LOCK;
        tb_list_init(&lock->in_node);
        tb_list_init(&lock->in_open);
    }
    return TB_OK;
}

static enum tb_error prepare(struct tb_request *request)
{
    const struct tb_lock_request *body = &request->body.lock;
    if (body->lock_count > ELEMENTS_MAX)
        return TB_INSUFFICIENT_RESOURCES;
    struct lock_state *state =
        tb_request_alloc(request, sizeof *state + body->lock_count * sizeof(struct tb_lock *));
    if (!state)
        return TB_NO_MEMORY;
    state->unlock = tb_lock_request_element(body, 0).flags & TB_SMB2_LOCKFLAG_UNLOCK;
    state->waiter.request = request;
    tb_list_init(&state->waiter.in_node);
    request->state = state;
    request->clean = clean;
    return state->unlock ? check_unlocks(state, body) : prepare_locks(state, body);
}

/* MS-SMB2 3.3.5.14.1: what was unlocked before an error stays unlocked. */
static void unlock_all(struct tb_request *request) TB_INSIDE
{
    struct lock_state *state = request->state;
    enum tb_error error = state->invalid;
    for (size_t i = 0; i < state->valid_count; i++) {
        struct tb_lock_element element = tb_lock_request_element(&request->body.lock, i);
        if (!tb_lock_unlock(request->open, element.offset, element.length)) {
            error = TB_RANGE_NOT_LOCKED;
            break;
        }
    }
    tb_lock_wake(request->open->node);
    tb_request_finish(request, error);
}

/* Grants all, or none: false. */
static bool take_all(struct tb_request *request) TB_INSIDE
{
    struct lock_state *state = request->state;
    size_t count = request->body.lock.lock_count, taken = 0;
    while (taken < count && tb_lock_take(state->locks[taken]))
        taken++;
    if (taken == count) {
        memset(state->locks, 0, count * sizeof state->locks[0]);
        return true;
    }
    while (taken-- > 0) {
        tb_lock_release(state->locks[taken]);
        state->locks[taken] = NULL;
    }
    return false;
}

static void cancel(struct tb_request *request, enum tb_error error) TB_INSIDE
{
    struct lock_state *state = request->state;
    tb_list_remove(&state->waiter.in_node);
    tb_request_unpark(request);
    tb_request_finish(request, error);
}

static void granted(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    tb_request_finish(request, request->open->live ? TB_OK : TB_RANGE_NOT_LOCKED);
}

static void wait_for_lock(struct tb_request *request) TB_INSIDE
{
    struct lock_state *state = request->state;
    assert(request->body.lock.lock_count == 1);
    if (!tb_request_park(request, cancel)) {
        tb_request_finish(request, TB_INTERNAL_ERROR);
        return;
    }
    state->waiter.lock = state->locks[0];
    state->locks[0] = NULL;
    tb_list_append(&request->open->node->file->lock_waiters, &state->waiter.in_node);
    tb_task_wait(&request->task, granted);
}

static void lock_all(struct tb_request *request) TB_INSIDE
{
    struct lock_state *state = request->state;
    const struct tb_lock_request *body = &request->body.lock;
    if (body->lock_count > TB_LOCKS_PER_OPEN_MAX - request->open->lock_count) {
        tb_request_finish(request, TB_INSUFFICIENT_RESOURCES);
        return;
    }
    for (size_t i = 0; i < body->lock_count; i++)
        state->locks[i]->open = request->open;
    if (take_all(request))
        tb_request_finish(request, TB_OK);
    else if (tb_lock_request_element(body, 0).flags & TB_SMB2_LOCKFLAG_FAIL_IMMEDIATELY)
        tb_request_finish(request, TB_LOCK_NOT_GRANTED);
    else
        wait_for_lock(request);
}

static void start(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    const struct tb_open *open = request->open;
    if (open->pipe || open->directory)
        tb_request_finish(request, TB_INVALID_PARAMETER);
    else if (!(open->access & (TB_FILE_READ_DATA | TB_FILE_WRITE_DATA)))
        tb_request_finish(request, TB_ACCESS_DENIED);
    else if (((struct lock_state *)request->state)->unlock)
        unlock_all(request);
    else
        lock_all(request);
}

const struct tb_command tb_command_lock = {
    .name = "LOCK",
    .needs = TB_NEEDS_SESSION | TB_NEEDS_TREE | TB_NEEDS_OPEN | TB_ALLOWS_EXPIRED,
    .decode = decode,
    .prepare = prepare,
    .file_id = file_id,
    .start = start,
    .encode = encode,
};
