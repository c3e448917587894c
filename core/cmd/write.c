/* WRITE (MS-SMB2 3.3.5.13). The data stays where it was received until the exporter has answered. */
#include "core/cmd/pipe.h"
#include "core/command.h"
#include "core/conn_internal.h"
#include "core/lock.h"
#include "core/node.h"
#include "core/open.h"
#include "core/server_internal.h"
#include "core/wire/notify_information.h"

/* Where NTFS ends: clients expect the same refusal. */
#define FILE_SIZE_MAX UINT64_C(0xFFFFFFF0000)

static uint32_t write_max(const struct tb_request *request)
{
    uint32_t most = request->server->config.write_max;
    return request->conn->large_mtu || most < 65536 ? most : 65536;
}

static enum tb_error check(const struct tb_request *request) TB_INSIDE
{
    const struct tb_write_request *body = &request->body.write;
    const struct tb_open *open = request->open;
    if (body->data.length > write_max(request))
        return TB_INVALID_PARAMETER;
    if (open->directory)
        return TB_INVALID_DEVICE_REQUEST;
    if (!(open->access & (TB_FILE_WRITE_DATA | TB_FILE_APPEND_DATA)))
        return TB_ACCESS_DENIED;
    if (body->offset > INT64_MAX ||
        (body->data.length > 0 && (body->offset > FILE_SIZE_MAX ||
                                   body->data.length > FILE_SIZE_MAX - body->offset)))
        return TB_INVALID_PARAMETER;
    if (request->conn->dialect >= TB_SMB2_DIALECT_300 && body->channel != 0)
        return TB_INVALID_PARAMETER;
    if (tb_lock_forbids(open->node, open, body->offset, body->data.length, true))
        return TB_FILE_LOCK_CONFLICT;
    return TB_OK;
}

static void done(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    struct tb_open *open = request->open;
    if (task->error != TB_OK) {
        tb_request_finish(request, task->error);
        return;
    }
    if (!tb_list_empty(&open->share->watches))
        tb_watch_changed(open->share, TB_FILE_ACTION_MODIFIED,
                         TB_FILE_NOTIFY_CHANGE_SIZE | TB_FILE_NOTIFY_CHANGE_LAST_WRITE,
                         open->node->path);
    request->response.write.count = (uint32_t)request->body.write.data.length;
    tb_request_finish(request, TB_OK);
}

static void write_start(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    const struct tb_write_request *body = &request->body.write;
    struct tb_open *open = request->open;
    if (open->pipe) {
        tb_named_pipe_write(task);
        return;
    }
    enum tb_error error = check(request);
    if (error != TB_OK || body->data.length == 0) {
        tb_request_finish(request, error);
        return;
    }
    struct tb_call *call = tb_task_prepare(task, open->share->exporter, TB_CALL_WRITE,
                                           &open->credentials, open->handle);
    call->io.offset = body->offset;
    call->io.data = body->data;
    call->io.write_through =
        open->write_through || body->flags & TB_SMB2_WRITEFLAG_WRITE_THROUGH;
    tb_task_call(task, done);
}

static enum tb_error decode(struct tb_span message, union tb_request_body *body)
{
    return tb_write_request_decode(message, &body->write);
}

static struct tb_file_id file_id(const union tb_request_body *body)
{
    return body->write.file_id;
}

static uint32_t payload(const union tb_request_body *body)
{
    return (uint32_t)body->write.data.length;
}

static void encode(struct tb_writer *w, const struct tb_request *request)
{
    tb_write_response_encode(w, &request->response.write);
}

const struct tb_command tb_command_write = {
    .name = "WRITE",
    .needs = TB_NEEDS_SESSION | TB_NEEDS_TREE | TB_NEEDS_OPEN,
    .decode = decode,
    .file_id = file_id,
    .payload = payload,
    .start = write_start,
    .encode = encode,
};
