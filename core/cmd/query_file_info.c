/* QUERY_INFO of files and directories (MS-SMB2 3.3.5.20.1). */
#include "core/cmd/query_info.h"
#include "core/node.h"
#include "core/open.h"
#include "core/session.h"
#include "core/share.h"
#include "core/wire/fscc_file.h"

/* Classes that the open itself answers. */
static bool needs_attributes(uint8_t number)
{
    switch (number) {
    case TB_FILE_EA_INFORMATION:
    case TB_FILE_ACCESS_INFORMATION:
    case TB_FILE_NAME_INFORMATION:
    case TB_FILE_POSITION_INFORMATION:
    case TB_FILE_FULL_EA_INFORMATION:
    case TB_FILE_MODE_INFORMATION:
    case TB_FILE_ALIGNMENT_INFORMATION:
    case TB_FILE_ALTERNATE_NAME_INFORMATION:
    case TB_FILE_NORMALIZED_NAME_INFORMATION:
        return false;
    default:
        return true;
    }
}

static enum tb_error check(const struct tb_request *request)
{
    const struct tb_query_info_request *body = &request->body.query_info;
    const struct tb_file_class *class = tb_file_class_query(body->file_info_class);
    if (!class)
        return TB_INVALID_INFO_CLASS;
    if (body->output_buffer_length < class->fixed_length)
        return TB_INFO_LENGTH_MISMATCH;
    if ((request->open->access & class->access) != class->access)
        return TB_ACCESS_DENIED;
    if (class->number == TB_FILE_NORMALIZED_NAME_INFORMATION &&
        request->session->dialect != TB_SMB2_DIALECT_311)
        return TB_NOT_SUPPORTED;
    return TB_OK;
}

static void answer(struct tb_request *request, const struct tb_attributes *attributes) TB_INSIDE
{
    const struct tb_open *open = request->open;
    const struct tb_node *node = open->node;
    struct tb_file_state state = {
        .attributes = attributes,
        .path = node->path,
        .volume_id = open->share->capabilities.volume_id,
        .position = open->position,
        .granted_access = open->access,
        .create_options = open->mode,
        .delete_pending = node->delete_pending,
        .removed = node->removed,
    };
    struct tb_writer w = {0};
    enum tb_error error = tb_query_info_room(request, tb_query_info_bound(node->path), &w);
    if (!error)
        error = tb_file_information_encode(request->body.query_info.file_info_class, &state, &w);
    tb_query_info_finish(request, &w, error);
}

static void attributes_known(struct tb_task *task) TB_INSIDE
{
    if (task->error)
        tb_request_finish(tb_request_of(task), task->error);
    else
        answer(tb_request_of(task), &task->call.attributes.values);
}

void tb_query_file(struct tb_request *request)
{
    enum tb_error error = check(request);
    if (error) {
        tb_request_finish(request, error);
    } else if (!needs_attributes(request->body.query_info.file_info_class)) {
        answer(request, NULL);
    } else {
        tb_task_prepare(&request->task, request->open->share->exporter, TB_CALL_GET_ATTRIBUTES,
                        tb_request_credentials(request), request->open->handle);
        tb_task_call(&request->task, attributes_known);
    }
}
