/* IOCTL (MS-SMB2 3.3.5.15). */
#include "core/cmd/ioctl.h"

#include "core/cmd/pipe.h"
#include "core/conn_internal.h"
#include "core/nt/name.h"
#include "core/open.h"
#include "core/rpc/pipe.h"
#include "core/session.h"
#include "core/tree.h"
#include "core/wire/fsctl.h"

static enum tb_error decode(struct tb_span message, union tb_request_body *body)
{
    return tb_ioctl_request_decode(message, &body->ioctl);
}

static struct tb_file_id file_id(const union tb_request_body *body)
{
    return body->ioctl.file_id;
}

static uint32_t payload(const union tb_request_body *body)
{
    const struct tb_ioctl_request *ioctl = &body->ioctl;
    uint64_t in = (uint64_t)ioctl->input.length + ioctl->output.length;
    uint64_t out = (uint64_t)ioctl->max_input_response + ioctl->max_output_response;
    uint64_t larger = in > out ? in : out;
    return larger > UINT32_MAX ? UINT32_MAX : (uint32_t)larger;
}

static void encode(struct tb_writer *w, const struct tb_request *request)
{
    tb_ioctl_response_encode(w, &request->response.ioctl);
}

static size_t extra(const struct tb_request *request)
{
    return request->response.ioctl.output.length;
}

/* There is an instance of every pipe at any time, so waiting is over at once. */
static void pipe_wait(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    struct tb_pipe_wait_request wait = {0};
    struct tb_path name = {0};
    enum tb_error error = TB_INVALID_DEVICE_REQUEST;
    if (request->tree->share->kind == TB_SHARE_PIPE)
        error = tb_pipe_wait_request_decode(request->body.ioctl.input, &wait);
    if (!error)
        error = tb_path_from_wire_rename(wait.name, &name);
    if (!error && !tb_pipe_exists(name.path))
        error = TB_OBJECT_NAME_NOT_FOUND;
    tb_path_clear(&name);
    tb_request_finish(request, error);
}

/* MS-SMB2 3.3.5.15.2: this is no DFS server. */
static void get_referrals(struct tb_task *task) TB_INSIDE
{
    tb_request_finish(tb_request_of(task), TB_FS_DRIVER_REQUIRED);
}

/* For copies by reference too: clients take this status for "copy it yourself", and go-smb2 no
 * other. */
static void not_supported(struct tb_task *task) TB_INSIDE
{
    tb_request_finish(tb_request_of(task), TB_NOT_SUPPORTED);
}

enum fsctl_needs { NOTHING, OPEN, PIPE };

static const struct fsctl_row {
    uint32_t ctl_code;
    enum fsctl_needs needs;
    tb_step *start;
} rows[] = {
    {TB_FSCTL_DFS_GET_REFERRALS, NOTHING, get_referrals},
    {TB_FSCTL_DFS_GET_REFERRALS_EX, NOTHING, get_referrals},
    {TB_FSCTL_QUERY_NETWORK_INTERFACE_INFO, NOTHING, not_supported},
    {TB_FSCTL_VALIDATE_NEGOTIATE_INFO, NOTHING, tb_fsctl_validate_negotiate},
    {TB_FSCTL_LMR_REQUEST_RESILIENCY, NOTHING, not_supported},
    {TB_FSCTL_SRV_REQUEST_RESUME_KEY, OPEN, not_supported},
    {TB_FSCTL_SRV_COPYCHUNK, OPEN, not_supported},
    {TB_FSCTL_SRV_COPYCHUNK_WRITE, OPEN, not_supported},
    {TB_FSCTL_PIPE_WAIT, NOTHING, pipe_wait},
    {TB_FSCTL_PIPE_PEEK, PIPE, tb_named_pipe_peek},
    {TB_FSCTL_PIPE_TRANSCEIVE, PIPE, tb_named_pipe_transceive},
};

static const struct fsctl_row *row_find(uint32_t ctl_code)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].ctl_code == ctl_code)
            return &rows[i];
    return NULL;
}

static enum tb_error prepare(struct tb_request *request)
{
    const struct tb_ioctl_request *body = &request->body.ioctl;
    uint32_t limit = tb_conn_transact_max(request->conn);
    if (body->input.length > limit || body->output.length > limit ||
        body->max_input_response > limit || body->max_output_response > limit)
        return TB_INVALID_PARAMETER;
    return body->flags == TB_SMB2_0_IOCTL_IS_FSCTL ? TB_OK : TB_NOT_SUPPORTED;
}

static void start(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    const struct fsctl_row *row = row_find(request->body.ioctl.ctl_code);
    bool open_needed = !row || row->needs != NOTHING;
    request->response.ioctl.ctl_code = request->body.ioctl.ctl_code;
    request->response.ioctl.file_id =
        request->open ? request->open->id : request->body.ioctl.file_id;
    if (open_needed && !request->open)
        tb_request_finish(request, TB_FILE_CLOSED);
    else if (!row || (row->needs == PIPE && !request->open->pipe))
        tb_request_finish(request, TB_INVALID_DEVICE_REQUEST);
    else
        row->start(task);
}

const struct tb_command tb_command_ioctl = {
    .name = "IOCTL",
    .needs = TB_NEEDS_SESSION | TB_NEEDS_TREE | TB_MAY_HAVE_OPEN,
    .decode = decode,
    .prepare = prepare,
    .file_id = file_id,
    .payload = payload,
    .start = start,
    .encode = encode,
    .extra = extra,
};
