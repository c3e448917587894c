/* READ (MS-SMB2 3.3.5.12). */
#include "core/cmd/pipe.h"
#include "core/command.h"
#include "core/conn_internal.h"
#include "core/lock.h"
#include "core/node.h"
#include "core/open.h"
#include "core/server_internal.h"

static uint32_t read_max(const struct tb_request *request)
{
    uint32_t most = request->server->config.read_max;
    return request->conn->large_mtu || most < 65536 ? most : 65536;
}

static enum tb_error check(const struct tb_request *request) TB_INSIDE
{
    const struct tb_read_request *body = &request->body.read;
    const struct tb_open *open = request->open;
    if (body->length > read_max(request))
        return TB_INVALID_PARAMETER;
    if (open->directory)
        return TB_INVALID_DEVICE_REQUEST;
    if (!(open->access & (TB_FILE_READ_DATA | TB_FILE_EXECUTE)))
        return TB_ACCESS_DENIED;
    if (body->offset > INT64_MAX || body->length > INT64_MAX - body->offset)
        return TB_INVALID_PARAMETER;
    if (request->conn->dialect >= TB_SMB2_DIALECT_300 && body->channel != 0)
        return TB_INVALID_PARAMETER;
    if (tb_lock_forbids(open->node, open, body->offset, body->length, false))
        return TB_FILE_LOCK_CONFLICT;
    return TB_OK;
}

static void done(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    size_t length = task->call.io.length;
    if (task->error != TB_OK) {
        tb_request_finish(request, task->error);
        return;
    }
    if (length < request->body.read.minimum_count ||
        (length == 0 && request->body.read.length > 0)) {
        tb_request_finish(request, TB_END_OF_FILE);
        return;
    }
    request->data->length = length;
    request->response.read.data_length = (uint32_t)length;
    request->open->position = request->body.read.offset + length;
    tb_request_finish(request, TB_OK);
}

/* A buffer of megabytes may have to be mapped: outside. */
static void begin(struct tb_task *task)
{
    struct tb_request *request = tb_request_of(task);
    request->data = tb_payload_get(task->loop, request->body.read.length);
    if (!request->data) {
        task->error = TB_NO_MEMORY;
        tb_task_resume(task);
        return;
    }
    task->call.io.buffer = request->data->data;
    task->call.io.length = request->body.read.length;
    tb_exporter_submit(task->exporter, &task->call);
}

static void read_start(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    struct tb_open *open = request->open;
    if (open->pipe) {
        tb_named_pipe_read(task);
        return;
    }
    enum tb_error error = open->live ? check(request) : TB_FILE_CLOSED;
    if (error != TB_OK) {
        tb_request_finish(request, error);
        return;
    }
    if (!tb_conn_reply_room(request->conn, request->body.read.length, task)) {
        tb_task_wait(task, read_start);
        return;
    }
    request->reply_reserved = request->body.read.length;
    tb_conn_reply_begun(request->conn, request->reply_reserved);
    struct tb_call *call = tb_task_prepare(task, open->share->exporter, TB_CALL_READ,
                                           &open->credentials, open->handle);
    call->io.offset = request->body.read.offset;
    tb_task_start(task, begin, done);
}

static enum tb_error decode(struct tb_span message, union tb_request_body *body)
{
    return tb_read_request_decode(message, &body->read);
}

static struct tb_file_id file_id(const union tb_request_body *body)
{
    return body->read.file_id;
}

static uint32_t payload(const union tb_request_body *body)
{
    return body->read.length;
}

static void encode(struct tb_writer *w, const struct tb_request *request)
{
    tb_read_response_encode_fixed(w, &request->response.read);
}

const struct tb_command tb_command_read = {
    .name = "READ",
    .needs = TB_NEEDS_SESSION | TB_NEEDS_TREE | TB_NEEDS_OPEN,
    .decode = decode,
    .file_id = file_id,
    .payload = payload,
    .start = read_start,
    .encode = encode,
};
