/* SET_INFO (MS-SMB2 3.3.5.21). */
#include "core/cmd/set_info.h"

#include "core/conn_internal.h"
#include "core/nt/attributes.h"
#include "core/open.h"
#include "core/wire/fscc_filesystem.h"

static enum tb_error decode(struct tb_span message, union tb_request_body *body)
{
    return tb_set_info_request_decode(message, &body->set_info);
}

static struct tb_file_id file_id(const union tb_request_body *body)
{
    return body->set_info.file_id;
}

static uint32_t payload(const union tb_request_body *body)
{
    return (uint32_t)body->set_info.buffer.length;
}

static void encode(struct tb_writer *w, const struct tb_request *request)
{
    (void)request;
    tb_set_info_response_encode(w, &(struct tb_set_info_response){0});
}

static enum tb_error prepare(struct tb_request *request)
{
    const struct tb_set_info_request *body = &request->body.set_info;
    if (body->buffer.length > tb_conn_transact_max(request->conn))
        return TB_INVALID_PARAMETER;
    return body->info_type == TB_SMB2_0_INFO_FILE ? tb_set_file_prepare(request) : TB_OK;
}

/* No exporter keeps quotas or object ids; other classes cannot be set (MS-SMB2 3.3.5.21.2). */
static enum tb_error set_filesystem(const struct tb_set_info_request *body)
{
    bool settable = body->file_info_class == TB_FS_CONTROL_INFORMATION ||
                    body->file_info_class == TB_FS_OBJECT_ID_INFORMATION;
    return settable ? TB_NOT_SUPPORTED : TB_INVALID_INFO_CLASS;
}

/* No exporter stores descriptors: a client must not believe that one took effect. */
static enum tb_error set_security(const struct tb_open *open,
                                  const struct tb_set_info_request *body)
{
    uint32_t needed = tb_access_for_security_set(body->additional_information);
    return (open->access & needed) != needed ? TB_ACCESS_DENIED : TB_NOT_SUPPORTED;
}

static void start(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    const struct tb_set_info_request *body = &request->body.set_info;
    switch (body->info_type) {
    case TB_SMB2_0_INFO_FILE:
        if (request->open->pipe)
            tb_set_pipe(request);
        else
            tb_set_file(request);
        break;
    case TB_SMB2_0_INFO_FILESYSTEM:
        tb_request_finish(request, set_filesystem(body));
        break;
    case TB_SMB2_0_INFO_SECURITY:
        tb_request_finish(request, set_security(request->open, body));
        break;
    case TB_SMB2_0_INFO_QUOTA:
        tb_request_finish(request, TB_NOT_SUPPORTED);
        break;
    default:
        tb_request_finish(request, TB_INVALID_PARAMETER);
    }
}

const struct tb_command tb_command_set_info = {
    .name = "SET_INFO",
    .needs = TB_NEEDS_SESSION | TB_NEEDS_TREE | TB_NEEDS_OPEN,
    .decode = decode,
    .prepare = prepare,
    .file_id = file_id,
    .payload = payload,
    .start = start,
    .encode = encode,
};
