/* QUERY_INFO of filesystems (MS-SMB2 3.3.5.20.2). */
#include "core/cmd/query_info.h"
#include "core/open.h"
#include "core/share.h"
#include "core/wire/fscc_filesystem.h"

static bool needs_space(uint8_t number)
{
    return number == TB_FS_SIZE_INFORMATION || number == TB_FS_FULL_SIZE_INFORMATION;
}

static size_t bound(const struct tb_share *share)
{
    return tb_query_info_bound(share->name) +
           tb_query_info_bound(share->capabilities.filesystem_name);
}

static void answer(struct tb_request *request, struct tb_space space) TB_INSIDE
{
    const struct tb_share *share = request->open->share;
    const struct tb_exporter_capabilities *capabilities = &share->capabilities;
    struct tb_filesystem_state state = {
        .space = space,
        .volume_id = capabilities->volume_id,
        .creation_filetime = capabilities->volume_creation_filetime,
        .label = share->name,
        .filesystem_name = capabilities->filesystem_name,
        .attributes = tb_filesystem_attributes(capabilities) |
                      (share->read_only ? TB_FS_READ_ONLY_VOLUME : 0),
        .component_max = capabilities->component_max,
        .read_only = capabilities->read_only || share->read_only,
    };
    struct tb_writer w = {0};
    enum tb_error error = tb_query_info_room(request, bound(share), &w);
    if (!error)
        error =
            tb_filesystem_information_encode(request->body.query_info.file_info_class, &state, &w);
    tb_query_info_finish(request, &w, error);
}

static void space_known(struct tb_task *task) TB_INSIDE
{
    if (task->error)
        tb_request_finish(tb_request_of(task), task->error);
    else
        answer(tb_request_of(task), task->call.space);
}

void tb_query_filesystem(struct tb_request *request)
{
    const struct tb_query_info_request *body = &request->body.query_info;
    uint32_t fixed_length = tb_filesystem_class_fixed_length(body->file_info_class);
    if (fixed_length == 0) {
        tb_request_finish(request, TB_INVALID_INFO_CLASS);
    } else if (body->output_buffer_length < fixed_length) {
        tb_request_finish(request, TB_INFO_LENGTH_MISMATCH);
    } else if (!needs_space(body->file_info_class)) {
        answer(request, (struct tb_space){0});
    } else {
        tb_task_prepare(&request->task, request->open->share->exporter, TB_CALL_GET_SPACE,
                        tb_request_credentials(request), request->open->handle);
        tb_task_call(&request->task, space_known);
    }
}
