/* FLUSH (MS-SMB2 3.3.5.11). */
#include "core/command.h"
#include "core/open.h"
#include "core/share.h"

static enum tb_error decode(struct tb_span message, union tb_request_body *body)
{
    return tb_flush_request_decode(message, &body->flush);
}

static struct tb_file_id file_id(const union tb_request_body *body)
{
    return body->flush.file_id;
}

static void encode(struct tb_writer *w, const struct tb_request *request)
{
    (void)request;
    tb_flush_response_encode(w, &(struct tb_flush_response){0});
}

static void flushed(struct tb_task *task) TB_INSIDE
{
    tb_request_finish(tb_request_of(task), task->error);
}

static void start(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    const struct tb_open *open = request->open;
    if (open->pipe) {
        /* What was written to a pipe has been taken by its server already. */
        tb_request_finish(request, TB_OK);
        return;
    }
    if (!(open->access & (TB_FILE_WRITE_DATA | TB_FILE_APPEND_DATA))) {
        tb_request_finish(request, TB_ACCESS_DENIED);
        return;
    }
    tb_task_prepare(task, open->share->exporter, TB_CALL_FLUSH, tb_request_credentials(request),
                    open->handle);
    tb_task_call(task, flushed);
}

const struct tb_command tb_command_flush = {
    .name = "FLUSH",
    .needs = TB_NEEDS_SESSION | TB_NEEDS_TREE | TB_NEEDS_OPEN,
    .decode = decode,
    .file_id = file_id,
    .start = start,
    .encode = encode,
};
