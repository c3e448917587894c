/* FSCTL_SRV_COPYCHUNK and FSCTL_SRV_COPYCHUNK_WRITE (MS-SMB2 3.3.5.15.6): chunk by chunk, each read
 * whole before it is written, so a range may be copied over itself. */
#include "core/cmd/ioctl.h"
#include "core/conn_internal.h"
#include "core/lock.h"
#include "core/node.h"
#include "core/open.h"
#include "core/session.h"
#include "core/share.h"
#include "core/watch.h"
#include "core/wire/fsctl.h"
#include "core/wire/notify_information.h"

/* MS-SMB2 3.3.3: as Windows has them. */
enum { CHUNKS_MAX = 256, CHUNK_BYTES_MAX = 1 << 20, TOTAL_BYTES_MAX = 16 << 20 };
enum { ANSWER_LENGTH = 12 };

struct copy_state {
    struct tb_copychunk_request asked;
    struct tb_open *source; /* held */
    struct tb_payload *buffer;
    uint32_t longest; /* chunk */
    uint32_t done;    /* chunks */
    uint32_t bytes;
    uint8_t answer[ANSWER_LENGTH];
};

static void clean(struct tb_request *request)
{
    tb_payload_release(((struct copy_state *)request->state)->buffer);
}

static void finish_with(struct tb_request *request, enum tb_error error,
                        const struct tb_copychunk_response *response) TB_INSIDE
{
    struct copy_state *state = request->state;
    struct tb_writer w = tb_writer(state->answer, sizeof state->answer);
    tb_copychunk_response_encode(&w, response);
    request->response.ioctl.output = tb_span(state->answer, w.at);
    request->with_body = true;
    tb_request_finish(request, error);
}

/* MS-SMB2 3.3.5.15.6.2: too much was asked; the answer says how much may be. */
static void finish_with_limits(struct tb_request *request) TB_INSIDE
{
    static const struct tb_copychunk_response limits = {CHUNKS_MAX, CHUNK_BYTES_MAX,
                                                        TOTAL_BYTES_MAX};
    finish_with(request, TB_INVALID_PARAMETER, &limits);
}

static void finish(struct tb_request *request, enum tb_error error) TB_INSIDE
{
    struct copy_state *state = request->state;
    const struct tb_open *open = request->open;
    tb_open_let_go(state->source);
    if (state->bytes > 0)
        tb_watch_changed(open->share, TB_FILE_ACTION_MODIFIED,
                         TB_FILE_NOTIFY_CHANGE_SIZE | TB_FILE_NOTIFY_CHANGE_LAST_WRITE,
                         open->node->path);
    finish_with(request, error, &(struct tb_copychunk_response){state->done, 0, state->bytes});
}

static void next_chunk(struct tb_request *request) TB_INSIDE;

static struct tb_copychunk current(const struct copy_state *state)
{
    return tb_copychunk_request_chunk(&state->asked, state->done);
}

static void written(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    struct copy_state *state = request->state;
    if (task->error) {
        finish(request, task->error);
        return;
    }
    state->bytes += current(state).length;
    state->done++;
    next_chunk(request);
}

static void chunk_read(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    const struct copy_state *state = request->state;
    const struct tb_copychunk chunk = current(state);
    const struct tb_open *open = request->open;
    enum tb_error error = task->error;
    if (!error && task->call.io.length < chunk.length)
        error = TB_INVALID_VIEW_SIZE;
    if (!error && !open->live)
        error = TB_FILE_CLOSED;
    if (!error && tb_lock_forbids(open->node, open, chunk.target_offset, chunk.length, true))
        error = TB_FILE_LOCK_CONFLICT;
    if (error) {
        finish(request, error);
        return;
    }
    struct tb_call *call = tb_task_prepare(task, open->share->exporter, TB_CALL_WRITE,
                                           tb_request_credentials(request), open->handle);
    call->io.offset = chunk.target_offset;
    call->io.data = tb_span(state->buffer->data, chunk.length);
    call->io.write_through = open->write_through;
    tb_task_call(task, written);
}

static void next_chunk(struct tb_request *request)
{
    const struct copy_state *state = request->state;
    const struct tb_open *source = state->source;
    if (state->done == state->asked.chunk_count) {
        finish(request, TB_OK);
        return;
    }
    const struct tb_copychunk chunk = current(state);
    enum tb_error error = TB_OK;
    if (!source->live)
        error = TB_FILE_CLOSED;
    else if (tb_lock_forbids(source->node, source, chunk.source_offset, chunk.length, false))
        error = TB_FILE_LOCK_CONFLICT;
    if (error) {
        finish(request, error);
        return;
    }
    struct tb_call *call = tb_task_prepare(&request->task, source->share->exporter, TB_CALL_READ,
                                           &source->credentials, source->handle);
    call->io.offset = chunk.source_offset;
    call->io.buffer = state->buffer->data;
    call->io.length = chunk.length;
    tb_task_call(&request->task, chunk_read);
}

static void get_buffer(struct tb_task *task)
{
    struct copy_state *state = tb_request_of(task)->state;
    state->buffer = tb_payload_get(task->loop, state->longest);
}

static void begin(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    const struct copy_state *state = request->state;
    if (state->buffer)
        next_chunk(request);
    else
        finish(request, TB_NO_MEMORY);
}

/* Whether what is asked keeps to the limits. */
static bool within_limits(struct copy_state *state)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < state->asked.chunk_count; i++) {
        const struct tb_copychunk chunk = tb_copychunk_request_chunk(&state->asked, i);
        if (chunk.length == 0 || chunk.length > CHUNK_BYTES_MAX ||
            chunk.source_offset > (uint64_t)INT64_MAX - chunk.length ||
            chunk.target_offset > (uint64_t)INT64_MAX - chunk.length)
            return false;
        state->longest = chunk.length > state->longest ? chunk.length : state->longest;
        total += chunk.length;
    }
    return total <= TOTAL_BYTES_MAX;
}

static struct tb_open *find_source(const struct tb_request *request, const uint8_t *key) TB_INSIDE
{
    struct tb_file_id id = {tb_load_u64(key), tb_load_u64(key + 8)};
    struct tb_open *open = tb_open_find(request->session, id);
    return open && !open->pipe && tb_load_u64(key + 16) == 0 ? open : NULL;
}

static enum tb_error check_access(const struct tb_request *request,
                                  const struct tb_open *source) TB_INSIDE
{
    const struct tb_open *open = request->open;
    bool reads_target = request->body.ioctl.ctl_code == TB_FSCTL_SRV_COPYCHUNK;
    if (open->directory || source->directory)
        return TB_INVALID_DEVICE_REQUEST;
    if (!(source->access & (TB_FILE_READ_DATA | TB_FILE_EXECUTE)) ||
        !(open->access & (TB_FILE_WRITE_DATA | TB_FILE_APPEND_DATA)) ||
        (reads_target && !(open->access & TB_FILE_READ_DATA)))
        return TB_ACCESS_DENIED;
    return TB_OK;
}

/* Room for the buffer is waited for, as READ waits for it. */
static void reserve(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    const struct copy_state *state = request->state;
    if (!tb_conn_reply_room(request->conn, state->longest, task)) {
        tb_task_wait(task, reserve);
        return;
    }
    request->reply_reserved = state->longest;
    tb_conn_reply_begun(request->conn, request->reply_reserved);
    tb_task_work(task, get_buffer, begin);
}

void tb_fsctl_copychunk(struct tb_task *task)
{
    struct tb_request *request = tb_request_of(task);
    struct tb_span input = request->body.ioctl.input;
    struct copy_state *state = tb_request_alloc(request, sizeof *state);
    if (!state) {
        tb_request_finish(request, TB_NO_MEMORY);
        return;
    }
    request->state = state;
    request->clean = clean;
    struct tb_open *source = find_source(request, input.data);
    if (!source) {
        tb_request_finish(request, TB_OBJECT_NAME_NOT_FOUND);
        return;
    }
    if (tb_copychunk_request_decode(input, &state->asked) ||
        state->asked.chunk_count > CHUNKS_MAX || !within_limits(state)) {
        finish_with_limits(request);
        return;
    }
    enum tb_error error = check_access(request, source);
    if (error) {
        tb_request_finish(request, error);
        return;
    }
    state->source = source;
    tb_open_hold(source);
    if (state->asked.chunk_count == 0)
        finish(request, TB_OK);
    else
        reserve(task);
}
