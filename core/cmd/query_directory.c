/* QUERY_DIRECTORY (MS-SMB2 3.3.5.18, MS-FSA 2.1.5.6.3).
 *
 * One listing at a time goes on for an open; others queue. Entries are formatted where the exporter
 * offers them, outside the section. What has been given out is recorded when that succeeded. */
#include "core/command.h"
#include "core/conn_internal.h"
#include "core/nt/wildcard.h"
#include "core/open.h"
#include "core/share.h"
#include "core/wire/fscc_directory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { DOTS = 2 };

struct listing_state {
    char *pattern;       /* owned: the one asked for, or the one it has replaced */
    const char *matches; /* the open's, which stays while it is busy */
    struct tb_payload *payload;
    struct tb_directory_writer writer;
    uint64_t cookie;
    uint8_t dots;
    bool first;  /* of this listing: nothing found is NO_SUCH_FILE */
    bool single; /* RETURN_SINGLE_ENTRY */
    bool full;   /* an entry was refused */
};

static enum tb_error decode(struct tb_span message, union tb_request_body *body)
{
    return tb_query_directory_request_decode(message, &body->query_directory);
}

static struct tb_file_id file_id(const union tb_request_body *body)
{
    return body->query_directory.file_id;
}

static uint32_t payload(const union tb_request_body *body)
{
    return body->query_directory.output_buffer_length;
}

static void encode(struct tb_writer *w, const struct tb_request *request)
{
    tb_query_directory_response_encode(w, &request->response.query_directory);
}

static size_t extra(const struct tb_request *request)
{
    return request->response.query_directory.output_buffer.length;
}

static void clean(struct tb_request *request)
{
    struct listing_state *state = request->state;
    free(state->pattern);
    tb_payload_release(state->payload);
}

static enum tb_error check_body(const struct tb_request *request)
{
    const struct tb_query_directory_request *body = &request->body.query_directory;
    uint32_t fixed_length = tb_directory_class_fixed_length(body->file_information_class);
    if (body->output_buffer_length > tb_conn_transact_max(request->conn))
        return TB_INVALID_PARAMETER;
    if (fixed_length == 0)
        return TB_INVALID_INFO_CLASS;
    return body->output_buffer_length < fixed_length ? TB_INFO_LENGTH_MISMATCH : TB_OK;
}

static enum tb_error prepare(struct tb_request *request)
{
    const struct tb_query_directory_request *body = &request->body.query_directory;
    enum tb_error error = check_body(request);
    if (error)
        return error;
    struct listing_state *state = tb_request_alloc(request, sizeof *state);
    if (!state)
        return TB_NO_MEMORY;
    request->state = state;
    request->clean = clean;
    error = tb_pattern_from_wire(body->file_name, &state->pattern);
    state->single = body->flags & TB_SMB2_RETURN_SINGLE_ENTRY;
    return error;
}

static bool matches(const struct listing_state *state, const char *name)
{
    return strcmp(state->matches, "*") == 0 || tb_pattern_matches(state->matches, name);
}

/* False: the entry is to be offered again another time. A name that the wire cannot carry is passed
 * over. */
static bool offer(struct listing_state *state, const char *name,
                  const struct tb_attributes *attributes)
{
    if (!matches(state, name))
        return true;
    if ((state->single && state->writer.count == 1) ||
        tb_directory_writer_add(&state->writer, name, attributes) == TB_BUFFER_OVERFLOW)
        state->full = true;
    return !state->full;
}

static bool add(struct tb_call *call, const struct tb_directory_entry *entry)
{
    struct listing_state *state = tb_request_of(tb_container(call, struct tb_task, call))->state;
    if (!offer(state, entry->name, &entry->attributes))
        return false;
    state->cookie = entry->cookie;
    return true;
}

/* The open is free for the next listing. */
static void finish(struct tb_request *request, enum tb_error error) TB_INSIDE
{
    struct tb_open *open = request->open;
    assert(open->listing.busy);
    open->listing.busy = false;
    /* What was asked for is no longer held, only what is answered. */
    tb_conn_reply_done(request->conn, request->reply_reserved);
    request->reply_reserved = 0;
    tb_task_ready_all(&open->listing.waiters);
    tb_request_finish(request, error);
}

static void finish_listing(struct tb_request *request) TB_INSIDE
{
    struct listing_state *state = request->state;
    struct tb_open *open = request->open;
    if (state->writer.count == 0) {
        finish(request, state->full    ? TB_BUFFER_OVERFLOW
                        : state->first ? TB_NO_SUCH_FILE
                                       : TB_NO_MORE_FILES);
        return;
    }
    open->listing.cookie = state->cookie;
    open->listing.dots = state->dots;
    open->listing.any_given = true;
    request->response.query_directory.output_buffer =
        tb_span(state->payload->data, tb_directory_writer_length(&state->writer));
    finish(request, TB_OK);
}

static void read_done(struct tb_task *task) TB_INSIDE
{
    if (task->error)
        finish(tb_request_of(task), task->error);
    else
        finish_listing(tb_request_of(task));
}

static void read_entries(struct tb_request *request) TB_INSIDE
{
    struct listing_state *state = request->state;
    if (state->full) {
        finish_listing(request);
        return;
    }
    struct tb_call *call =
        tb_task_prepare(&request->task, request->open->share->exporter, TB_CALL_READ_DIRECTORY,
                        tb_request_credentials(request), request->open->handle);
    call->directory.cookie = state->cookie;
    call->directory.add = add;
    tb_task_call(&request->task, read_done);
}

static void dots_done(struct tb_task *task) TB_INSIDE
{
    static const char *const names[DOTS] = {".", ".."};
    struct tb_request *request = tb_request_of(task);
    struct listing_state *state = request->state;
    if (task->error) {
        finish(request, task->error);
        return;
    }
    while (state->dots < DOTS && offer(state, names[state->dots], &task->call.attributes.values))
        state->dots++;
    read_entries(request);
}

static void get_buffer(struct tb_task *task)
{
    struct tb_request *request = tb_request_of(task);
    const struct tb_query_directory_request *body = &request->body.query_directory;
    struct listing_state *state = request->state;
    state->payload = tb_payload_get(task->loop, body->output_buffer_length);
    if (state->payload)
        state->writer = tb_directory_writer(body->file_information_class, state->payload->data,
                                            body->output_buffer_length);
}

static void list(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    struct listing_state *state = request->state;
    if (!state->payload) {
        finish(request, TB_NO_MEMORY);
        return;
    }
    if (state->dots == DOTS || !(matches(state, ".") || matches(state, ".."))) {
        state->dots = DOTS;
        read_entries(request);
        return;
    }
    tb_task_prepare(&request->task, request->open->share->exporter, TB_CALL_GET_ATTRIBUTES,
                    tb_request_credentials(request), request->open->handle);
    tb_task_call(&request->task, dots_done);
}

/* Where to go on, and with which pattern. */
static void take_position(struct tb_request *request) TB_INSIDE
{
    const struct tb_query_directory_request *body = &request->body.query_directory;
    struct listing_state *state = request->state;
    struct tb_open *open = request->open;
    bool reopen = body->flags & TB_SMB2_REOPEN;
    bool restart = reopen || body->flags & TB_SMB2_RESTART_SCANS;
    state->first = reopen || !open->listing.pattern;
    if (state->first || (restart && body->file_name.length > 0)) {
        char *replaced = open->listing.pattern;
        open->listing.pattern = state->pattern;
        state->pattern = replaced;
    }
    if (restart) {
        open->listing.cookie = 0;
        open->listing.dots = 0;
        open->listing.any_given = false;
    }
    state->matches = open->listing.pattern;
    state->cookie = open->listing.cookie;
    state->dots = open->listing.dots;
}

static void start(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    struct tb_open *open = request->open;
    size_t length = request->body.query_directory.output_buffer_length;
    if (open->pipe || !open->directory) {
        tb_request_finish(request, TB_INVALID_PARAMETER);
    } else if (!(open->access & TB_FILE_LIST_DIRECTORY)) {
        tb_request_finish(request, TB_ACCESS_DENIED);
    } else if (!open->live) {
        tb_request_finish(request, TB_FILE_CLOSED);
    } else if (open->listing.busy) {
        tb_list_append(&open->listing.waiters, &task->link);
        tb_task_wait(task, start);
    } else if (!tb_conn_reply_room(request->conn, length, task)) {
        tb_task_wait(task, start);
    } else {
        open->listing.busy = true;
        request->reply_reserved = length;
        tb_conn_reply_begun(request->conn, length);
        take_position(request);
        tb_task_work(task, get_buffer, list);
    }
}

const struct tb_command tb_command_query_directory = {
    .name = "QUERY_DIRECTORY",
    .needs = TB_NEEDS_SESSION | TB_NEEDS_TREE | TB_NEEDS_OPEN,
    .decode = decode,
    .prepare = prepare,
    .file_id = file_id,
    .payload = payload,
    .start = start,
    .encode = encode,
    .extra = extra,
};
