#include "core/cmd/pipe.h"

#include "core/cmd/query_info.h"
#include "core/cmd/set_info.h"
#include "core/open.h"
#include "core/rpc/pipe.h"
#include "core/server_internal.h"
#include "core/wire/fscc_file.h"
#include "core/wire/fsctl.h"

#include <assert.h>

/* Of FSCTL_PIPE_PEEK's answer. */
enum { PEEK_FIXED = 16, PEEK_DATA_MAX = 8192 };

/* Of READ, WRITE and FSCTL_PIPE_TRANSCEIVE, which writes and then reads. */
struct pipe_state {
    struct tb_rpc_environment environment;
    struct tb_span input;
    size_t capacity; /* the client's, for what is read */
    struct tb_payload *payload;
    enum tb_error error;
};

static void clean(struct tb_request *request)
{
    tb_payload_release(((struct pipe_state *)request->state)->payload);
}

static bool is_ioctl(const struct tb_request *request)
{
    return request->header.command == TB_SMB2_IOCTL;
}

/* If somebody works on the pipe, wait, and go on with `step`. */
static bool wait_while_busy(struct tb_request *request, tb_step *step) TB_INSIDE
{
    if (!request->open->pipe_busy)
        return false;
    tb_list_append(&request->open->pipe_queue, &request->task.link);
    tb_task_wait(&request->task, step);
    return true;
}

/* Whoever waited goes on; readers if there is something to say to them. */
static void leave(struct tb_open *open) TB_INSIDE
{
    struct tb_pipe_state pipe = tb_pipe_state(open->pipe);
    assert(open->pipe_busy);
    open->pipe_busy = false;
    tb_task_ready_all(&open->pipe_queue);
    if (pipe.messages == 0 && pipe.connected)
        return;
    tb_list_for_each (i, &open->pipe_readers)
        tb_request_unpark(tb_request_of(tb_container(i, struct tb_task, link)));
    tb_task_ready_all(&open->pipe_readers);
}

static void finish(struct tb_request *request, enum tb_error error) TB_INSIDE
{
    leave(request->open);
    tb_request_finish(request, error);
}

static void read_work(struct tb_task *task)
{
    struct tb_request *request = tb_request_of(task);
    struct pipe_state *state = request->state;
    struct tb_pipe *pipe = request->open->pipe;
    size_t length = tb_pipe_state(pipe).message_length;
    if (length > state->capacity)
        length = state->capacity;
    state->payload = tb_payload_get(task->loop, length);
    if (!state->payload) {
        state->error = TB_NO_MEMORY;
        return;
    }
    state->error = tb_pipe_read(pipe, state->payload->data, length, &state->payload->length);
}

static void read_done(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    struct pipe_state *state = request->state;
    if (state->error && state->error != TB_BUFFER_OVERFLOW) {
        finish(request, state->error);
        return;
    }
    if (is_ioctl(request)) {
        request->response.ioctl.output = tb_span(state->payload->data, state->payload->length);
    } else {
        request->data = state->payload;
        request->response.read.data_length = (uint32_t)state->payload->length;
        state->payload = NULL;
    }
    finish(request, state->error);
}

static void read_again(struct tb_task *task) TB_INSIDE;

static void cancel_read(struct tb_request *request, enum tb_error error) TB_INSIDE
{
    tb_list_remove(&request->task.link);
    tb_request_unpark(request);
    tb_request_finish(request, error);
}

/* With the pipe busy in our name. */
static void read_message(struct tb_request *request) TB_INSIDE
{
    struct tb_open *open = request->open;
    struct tb_pipe_state pipe = tb_pipe_state(open->pipe);
    if (pipe.messages > 0) {
        tb_task_work(&request->task, read_work, read_done);
    } else if (!pipe.connected) {
        finish(request, TB_PIPE_DISCONNECTED);
    } else if (!tb_request_park(request, cancel_read)) {
        finish(request, TB_INTERNAL_ERROR);
    } else {
        leave(open);
        tb_list_append(&open->pipe_readers, &request->task.link);
        tb_task_wait(&request->task, read_again);
    }
}

static void read_again(struct tb_task *task)
{
    struct tb_request *request = tb_request_of(task);
    if (!request->open->live) {
        tb_request_finish(request, TB_FILE_CLOSED);
        return;
    }
    if (wait_while_busy(request, read_again))
        return;
    request->open->pipe_busy = true;
    read_message(request);
}

static void write_work(struct tb_task *task)
{
    struct tb_request *request = tb_request_of(task);
    struct pipe_state *state = request->state;
    struct tb_server *server = request->server;
    uint64_t now = tb_env_wall_filetime(&server->env);
    state->environment.now_filetime = now;
    state->environment.uptime_ms =
        now > server->start_filetime ? (now - server->start_filetime) / 10000 : 0;
    state->error = tb_pipe_write(request->open->pipe, &state->environment, state->input);
}

static void write_done(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    const struct pipe_state *state = request->state;
    if (is_ioctl(request) && !state->error) {
        read_message(request);
        return;
    }
    if (!is_ioctl(request))
        request->response.write.count = (uint32_t)state->input.length;
    finish(request, state->error);
}

static void write_message(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    struct pipe_state *state = request->state;
    struct tb_open *open = request->open;
    if (wait_while_busy(request, write_message))
        return;
    enum tb_error error = tb_rpc_environment_fill(request, &state->environment);
    if (is_ioctl(request) && tb_pipe_state(open->pipe).messages > 0)
        error = TB_PIPE_BUSY;
    if (error) {
        tb_request_finish(request, error);
        return;
    }
    open->pipe_busy = true;
    tb_task_work(task, write_work, write_done);
}

/* Check access and make the state; finishes the request when it says no. */
static struct pipe_state *begin(struct tb_request *request, uint32_t access) TB_INSIDE
{
    struct pipe_state *state = NULL;
    if ((request->open->access & access) != access) {
        tb_request_finish(request, TB_ACCESS_DENIED);
        return NULL;
    }
    state = tb_request_alloc(request, sizeof *state);
    if (!state) {
        tb_request_finish(request, TB_NO_MEMORY);
        return NULL;
    }
    request->state = state;
    request->clean = clean;
    return state;
}

void tb_named_pipe_read(struct tb_task *task)
{
    struct tb_request *request = tb_request_of(task);
    struct pipe_state *state = begin(request, TB_FILE_READ_DATA);
    if (!state)
        return;
    state->capacity = request->body.read.length;
    read_again(task);
}

void tb_named_pipe_write(struct tb_task *task)
{
    struct tb_request *request = tb_request_of(task);
    struct pipe_state *state = begin(request, TB_FILE_WRITE_DATA);
    if (!state)
        return;
    state->input = request->body.write.data;
    write_message(task);
}

void tb_named_pipe_transceive(struct tb_task *task)
{
    struct tb_request *request = tb_request_of(task);
    struct pipe_state *state = begin(request, TB_FILE_READ_DATA | TB_FILE_WRITE_DATA);
    if (!state)
        return;
    state->input = request->body.ioctl.input;
    state->capacity = request->body.ioctl.max_output_response;
    write_message(task);
}

static size_t peek_length(const struct tb_request *request, const struct tb_pipe_state *pipe)
{
    size_t room = request->body.ioctl.max_output_response - PEEK_FIXED;
    if (room > PEEK_DATA_MAX)
        room = PEEK_DATA_MAX;
    return room < pipe->message_length ? room : pipe->message_length;
}

/* MS-FSCC 2.3.45: what there is, and as much of the first message as fits. */
static enum tb_error peek(struct tb_request *request) TB_INSIDE
{
    const struct tb_open *open = request->open;
    struct tb_pipe_state pipe = tb_pipe_state(open->pipe);
    if (request->body.ioctl.max_output_response < PEEK_FIXED)
        return TB_INFO_LENGTH_MISMATCH;
    size_t length = peek_length(request, &pipe);
    uint8_t *answer = tb_request_alloc(request, PEEK_FIXED + 2 * length);
    if (!answer)
        return TB_NO_MEMORY;
    uint8_t *data = answer + PEEK_FIXED + length;
    struct tb_pipe_peek_response response = {
        .named_pipe_state = pipe.connected ? TB_PIPE_STATE_CONNECTED : TB_PIPE_STATE_CLOSING,
        .read_data_available = pipe.available,
        .number_of_messages = pipe.messages,
        .message_length = pipe.message_length,
        .data = tb_span(data, tb_pipe_peek(open->pipe, data, length)),
    };
    struct tb_writer w = tb_writer(answer, PEEK_FIXED + length);
    tb_pipe_peek_response_encode(&w, &response);
    request->response.ioctl.output = tb_span(answer, w.at);
    return length < pipe.message_length ? TB_BUFFER_OVERFLOW : TB_OK;
}

void tb_named_pipe_peek(struct tb_task *task)
{
    struct tb_request *request = tb_request_of(task);
    if (!wait_while_busy(request, tb_named_pipe_peek))
        tb_request_finish(request, peek(request));
}

static enum tb_error query(struct tb_request *request, struct tb_writer *w) TB_INSIDE
{
    const struct tb_open *open = request->open;
    struct tb_pipe_state pipe = tb_pipe_state(open->pipe);
    uint8_t number = request->body.query_info.file_info_class;
    struct tb_file_pipe_state pipe_state = {pipe.connected, pipe.available};
    struct tb_attributes attributes = {.size = pipe.available, .link_count = 1};
    /* A pipe goes with its last close (MS-FSA 2.1.5.12.27). */
    struct tb_file_state state = {
        .attributes = &attributes,
        .path = tb_pipe_name(open->pipe),
        .granted_access = open->access,
        .create_options = open->mode,
        .delete_pending = true,
    };
    enum tb_error error = tb_query_info_room(request, tb_query_info_bound(state.path), w);
    if (error)
        return error;
    if (number == TB_FILE_PIPE_INFORMATION || number == TB_FILE_PIPE_LOCAL_INFORMATION)
        return tb_file_pipe_information_encode(number, &pipe_state, w);
    return tb_file_information_encode(number, &state, w);
}

static void query_step(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    const struct tb_file_class *class =
        tb_file_class_query(request->body.query_info.file_info_class);
    struct tb_writer w = {0};
    if (wait_while_busy(request, query_step))
        return;
    if (!class)
        tb_request_finish(request, TB_INVALID_INFO_CLASS);
    else if ((request->open->access & class->access) != class->access)
        tb_request_finish(request, TB_ACCESS_DENIED);
    else
        tb_query_info_finish(request, &w, query(request, &w));
}

void tb_query_pipe(struct tb_request *request)
{
    query_step(&request->task);
}

/* FilePipeInformation (MS-FSCC 2.4.37): reads are in messages, and that cannot be changed. */
void tb_set_pipe(struct tb_request *request)
{
    enum { READ_MODE_MESSAGES = 1 };
    const struct tb_set_info_request *body = &request->body.set_info;
    struct tb_reader r = tb_reader(body->buffer);
    if (body->file_info_class != TB_FILE_PIPE_INFORMATION) {
        tb_request_finish(request, TB_INVALID_DEVICE_REQUEST);
        return;
    }
    uint32_t read_mode = tb_read_u32(&r);
    bool unchanged = !r.failed && read_mode == READ_MODE_MESSAGES;
    tb_request_finish(request, unchanged ? TB_OK : TB_NOT_SUPPORTED);
}
