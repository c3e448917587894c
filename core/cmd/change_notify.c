/* CHANGE_NOTIFY (MS-SMB2 3.3.5.19). */
#include "core/command.h"
#include "core/conn_internal.h"
#include "core/node.h"
#include "core/nt/name.h"
#include "core/open.h"
#include "core/watch.h"
#include "core/wire/notify_information.h"

#include <stdlib.h>

struct notify_state {
    struct tb_watch_waiter waiter;
    uint8_t *buffer; /* the answer */
    enum tb_error error;
};

static enum tb_error decode(struct tb_span message, union tb_request_body *body)
{
    return tb_change_notify_request_decode(message, &body->change_notify);
}

static struct tb_file_id file_id(const union tb_request_body *body)
{
    return body->change_notify.file_id;
}

static uint32_t payload(const union tb_request_body *body)
{
    return body->change_notify.output_buffer_length;
}

static void encode(struct tb_writer *w, const struct tb_request *request)
{
    tb_change_notify_response_encode(w, &request->response.change_notify);
}

static size_t extra(const struct tb_request *request)
{
    return request->response.change_notify.output_buffer.length;
}

static void clean(struct tb_request *request)
{
    struct notify_state *state = request->state;
    tb_watch_changes_clear(&state->waiter.changes);
    free(state->buffer);
}

static enum tb_error prepare(struct tb_request *request)
{
    if (request->body.change_notify.output_buffer_length > tb_conn_transact_max(request->conn))
        return TB_INVALID_PARAMETER;
    struct notify_state *state = tb_request_alloc(request, sizeof *state);
    if (!state)
        return TB_NO_MEMORY;
    state->waiter.request = request;
    tb_list_init(&state->waiter.in_watch);
    tb_list_init(&state->waiter.changes);
    request->state = state;
    request->clean = clean;
    return TB_OK;
}

static size_t wire_length(const struct tb_watch_change *change)
{
    return (12 + tb_path_wire_length(change->name, false) + 3) / 4 * 4;
}

static enum tb_error append(struct tb_notify_list *list, const struct tb_watch_change *change,
                            uint8_t *scratch, size_t capacity)
{
    struct tb_writer name = tb_writer(scratch, capacity);
    if (tb_path_to_wire(change->name, false, &name))
        return TB_NOTIFY_ENUM_DIR;
    struct tb_notify_information entry = {.action = change->action,
                                          .file_name = tb_span(scratch, name.at)};
    return tb_notify_list_append(list, &entry);
}

/* All changes, or TB_NOTIFY_ENUM_DIR: the client lists the directory instead, so no failure here
 * loses anything. `buffer` has room for the list and, behind it, for one name. */
static enum tb_error encode_changes(struct tb_request *request, size_t capacity, size_t longest)
{
    struct notify_state *state = request->state;
    struct tb_notify_list list;
    state->buffer = malloc(capacity + longest);
    if (!state->buffer)
        return TB_NOTIFY_ENUM_DIR;
    tb_notify_list_begin(&list, state->buffer, capacity);
    tb_list_for_each (i, &state->waiter.changes) {
        const struct tb_watch_change *change = tb_container(i, struct tb_watch_change, in_list);
        if (append(&list, change, state->buffer + capacity, longest))
            return TB_NOTIFY_ENUM_DIR;
    }
    request->response.change_notify.output_buffer = tb_notify_list_bytes(&list);
    return TB_OK;
}

static void encode_work(struct tb_task *task)
{
    struct tb_request *request = tb_request_of(task);
    struct notify_state *state = request->state;
    size_t capacity = 0, longest = 0;
    tb_list_for_each (i, &state->waiter.changes) {
        size_t length = wire_length(tb_container(i, struct tb_watch_change, in_list));
        capacity += length;
        longest = length > longest ? length : longest;
    }
    if (state->waiter.overflow || capacity > request->body.change_notify.output_buffer_length)
        state->error = TB_NOTIFY_ENUM_DIR;
    else
        state->error = encode_changes(request, capacity, longest);
}

static void encoded(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    tb_request_finish(request, ((struct notify_state *)request->state)->error);
}

/* Woken with changes, or about to be. */
static void changed(struct tb_task *task) TB_INSIDE
{
    tb_task_work(task, encode_work, encoded);
}

static void cancel(struct tb_request *request, enum tb_error error) TB_INSIDE
{
    struct notify_state *state = request->state;
    tb_list_remove(&state->waiter.in_watch);
    tb_request_unpark(request);
    tb_request_finish(request, error);
}

static enum tb_error check(const struct tb_open *open) TB_INSIDE
{
    if (open->pipe || !open->directory)
        return TB_INVALID_PARAMETER;
    if (!(open->access & TB_FILE_LIST_DIRECTORY))
        return TB_ACCESS_DENIED;
    return open->node->delete_pending ? TB_DELETE_PENDING : TB_OK;
}

static void start(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    struct notify_state *state = request->state;
    const struct tb_change_notify_request *body = &request->body.change_notify;
    enum tb_error error = check(request->open);
    if (error) {
        tb_request_finish(request, error);
        return;
    }
    struct tb_watch *watch =
        tb_watch_begin(request->open, body->completion_filter, body->flags & TB_SMB2_WATCH_TREE,
                       body->output_buffer_length);
    if (!watch) {
        tb_request_finish(request, TB_NO_MEMORY);
    } else if (tb_watch_take(watch, &state->waiter)) {
        changed(task);
    } else if (tb_request_park(request, cancel)) {
        tb_list_append(&watch->waiters, &state->waiter.in_watch);
        tb_task_wait(task, changed);
    } else {
        tb_request_finish(request, TB_INTERNAL_ERROR);
    }
}

const struct tb_command tb_command_change_notify = {
    .name = "CHANGE_NOTIFY",
    .needs = TB_NEEDS_SESSION | TB_NEEDS_TREE | TB_NEEDS_OPEN,
    .decode = decode,
    .prepare = prepare,
    .file_id = file_id,
    .payload = payload,
    .start = start,
    .encode = encode,
    .extra = extra,
};
