/* CLOSE (MS-SMB2 3.3.5.10). */
#include "core/command.h"
#include "core/nt/attributes.h"
#include "core/open.h"

static void closed(struct tb_task *task) TB_INSIDE
{
    tb_request_finish(tb_request_of(task), TB_OK);
}

/* The request lets go of the open and is woken when the open is gone, its file too if need be. */
static void close_open(struct tb_request *request) TB_INSIDE
{
    struct tb_open *open = request->open;
    tb_task_wait(&request->task, closed);
    tb_request_drop_open(request);
    tb_open_close(open, &request->task, request->task.loop);
}

static void queried(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    struct tb_open *open = request->open;
    if (!open->live) {
        tb_request_finish(request, TB_FILE_CLOSED);
        return;
    }
    if (task->error == TB_OK) {
        const struct tb_attributes *attributes = &task->call.attributes.values;
        request->response.close = (struct tb_close_response){
            .flags = TB_SMB2_CLOSE_FLAG_POSTQUERY_ATTRIB,
            .creation_time = attributes->creation_filetime,
            .last_access_time = attributes->access_filetime,
            .last_write_time = attributes->write_filetime,
            .change_time = attributes->change_filetime,
            .allocation_size = attributes->allocation_size,
            .end_of_file = attributes->size,
            .file_attributes = tb_attributes_reported(attributes->file_attributes, open->directory),
        };
    }
    close_open(request);
}

static void close_command(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    struct tb_open *open = request->open;
    bool query = request->body.close.flags & TB_SMB2_CLOSE_FLAG_POSTQUERY_ATTRIB;
    if (!query || open->pipe) {
        close_open(request);
        return;
    }
    tb_task_prepare(task, open->share->exporter, TB_CALL_GET_ATTRIBUTES, &open->credentials,
                    open->handle);
    tb_task_call(task, queried);
}

static enum tb_error decode(struct tb_span message, union tb_request_body *body)
{
    return tb_close_request_decode(message, &body->close);
}

static struct tb_file_id file_id(const union tb_request_body *body)
{
    return body->close.file_id;
}

static void encode(struct tb_writer *w, const struct tb_request *request)
{
    tb_close_response_encode(w, &request->response.close);
}

const struct tb_command tb_command_close = {
    .name = "CLOSE",
    .needs = TB_NEEDS_SESSION | TB_NEEDS_TREE | TB_NEEDS_OPEN | TB_ALLOWS_EXPIRED |
             TB_SERVED_ABOVE_BUDGET,
    .decode = decode,
    .file_id = file_id,
    .start = close_command,
    .encode = encode,
};
