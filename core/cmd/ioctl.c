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

/* Fits the reserve of an answer. */
enum { SMALL_OUTPUT = 128 };

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
    size_t length = request->response.ioctl.output.length;
    return length > SMALL_OUTPUT ? length : 0;
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

/* FSCTL_IS_PATHNAME_VALID: as NTFS, which takes every name (MS-FSCC 2.3.36). */
static void succeed(struct tb_task *task) TB_INSIDE
{
    tb_request_finish(tb_request_of(task), TB_OK);
}

/* What the file id must name; a file or directory, or a pipe. */
enum fsctl_needs { NOTHING, FILE, PIPE };

#define CODE(code) #code, TB_##code

/* Every code of MS-SMB2 2.2.31 and MS-FSCC 2.3, and its answer: a step, or a status. All others are
 * STATUS_INVALID_DEVICE_REQUEST (MS-SMB2 3.3.5.15.8). docs/classes.md lists the same. Where nothing
 * is stored that a code is about (reparse points, USN journal, encryption, integrity
 * streams, layout on a disk), the answer is that of a filesystem without it. Whoever is refused a
 * copy by reference or an offload with STATUS_NOT_SUPPORTED copies the data itself. */
static const struct fsctl_row {
    const char *name;
    uint32_t ctl_code;
    enum fsctl_needs needs;
    enum tb_error refusal;
    tb_step *start;
    uint32_t input_min, output_min; /* less is STATUS_INVALID_PARAMETER */
} rows[] = {
    {CODE(FSCTL_DFS_GET_REFERRALS), NOTHING, .refusal = TB_FS_DRIVER_REQUIRED},
    {CODE(FSCTL_DFS_GET_REFERRALS_EX), NOTHING, .refusal = TB_FS_DRIVER_REQUIRED},
    {CODE(FSCTL_IS_PATHNAME_VALID), FILE, .start = succeed},
    {CODE(FSCTL_GET_COMPRESSION), FILE, .start = tb_fsctl_get_compression, .output_min = 2},
    {CODE(FSCTL_QUERY_FAT_BPB), FILE, .refusal = TB_INVALID_DEVICE_REQUEST},
    {CODE(FSCTL_FILESYSTEM_GET_STATISTICS), FILE, .refusal = TB_INVALID_DEVICE_REQUEST},
    {CODE(FSCTL_GET_NTFS_VOLUME_DATA), FILE, .refusal = TB_INVALID_DEVICE_REQUEST},
    {CODE(FSCTL_GET_RETRIEVAL_POINTERS), FILE, .refusal = TB_INVALID_DEVICE_REQUEST},
    {CODE(FSCTL_FIND_FILES_BY_SID), FILE, .refusal = TB_INVALID_DEVICE_REQUEST},
    {CODE(FSCTL_SET_OBJECT_ID), FILE, .refusal = TB_INVALID_DEVICE_REQUEST},
    {CODE(FSCTL_GET_OBJECT_ID), FILE, .start = tb_fsctl_get_object_id, .output_min = 64},
    {CODE(FSCTL_DELETE_OBJECT_ID), FILE, .refusal = TB_INVALID_DEVICE_REQUEST},
    {CODE(FSCTL_SET_REPARSE_POINT), FILE, .refusal = TB_INVALID_DEVICE_REQUEST},
    {CODE(FSCTL_GET_REPARSE_POINT), FILE, .refusal = TB_NOT_A_REPARSE_POINT},
    {CODE(FSCTL_DELETE_REPARSE_POINT), FILE, .refusal = TB_NOT_A_REPARSE_POINT},
    {CODE(FSCTL_SET_OBJECT_ID_EXTENDED), FILE, .refusal = TB_INVALID_DEVICE_REQUEST},
    {CODE(FSCTL_CREATE_OR_GET_OBJECT_ID), FILE, .start = tb_fsctl_get_object_id, .output_min = 64},
    {CODE(FSCTL_SET_SPARSE), FILE, .start = tb_fsctl_set_sparse},
    {CODE(FSCTL_SET_ENCRYPTION), FILE, .refusal = TB_INVALID_DEVICE_REQUEST},
    {CODE(FSCTL_READ_FILE_USN_DATA), FILE, .refusal = TB_INVALID_DEVICE_REQUEST},
    {CODE(FSCTL_WRITE_USN_CLOSE_RECORD), FILE, .refusal = TB_INVALID_DEVICE_REQUEST},
    {CODE(FSCTL_MARK_HANDLE), FILE, .refusal = TB_INVALID_DEVICE_REQUEST},
    {CODE(FSCTL_SIS_COPYFILE), FILE, .refusal = TB_INVALID_DEVICE_REQUEST},
    {CODE(FSCTL_RECALL_FILE), FILE, .refusal = TB_INVALID_DEVICE_REQUEST},
    {CODE(FSCTL_QUERY_SPARING_INFO), FILE, .refusal = TB_INVALID_DEVICE_REQUEST},
    {CODE(FSCTL_QUERY_ON_DISK_VOLUME_INFO), FILE, .refusal = TB_INVALID_DEVICE_REQUEST},
    {CODE(FSCTL_SET_ZERO_ON_DEALLOCATION), FILE, .refusal = TB_INVALID_DEVICE_REQUEST},
    {CODE(FSCTL_GET_INTEGRITY_INFORMATION), FILE, .refusal = TB_INVALID_DEVICE_REQUEST},
    {CODE(FSCTL_QUERY_FILE_REGIONS), FILE, .start = tb_fsctl_query_file_regions, .output_min = 16},
    {CODE(FSCTL_GET_REFS_VOLUME_DATA), FILE, .refusal = TB_INVALID_DEVICE_REQUEST},
    {CODE(FSCTL_SET_INTEGRITY_INFORMATION_EX), FILE, .refusal = TB_INVALID_DEVICE_REQUEST},
    {CODE(FSCTL_GET_RETRIEVAL_POINTERS_AND_REFCOUNT), FILE, .refusal = TB_INVALID_DEVICE_REQUEST},
    {CODE(FSCTL_GET_RETRIEVAL_POINTER_COUNT), FILE, .refusal = TB_INVALID_DEVICE_REQUEST},
    {CODE(FSCTL_REFS_STREAM_SNAPSHOT_MANAGEMENT), FILE, .refusal = TB_INVALID_DEVICE_REQUEST},
    {CODE(FSCTL_QUERY_ALLOCATED_RANGES), FILE, .start = tb_fsctl_query_allocated_ranges,
     .input_min = 16},
    {CODE(FSCTL_OFFLOAD_READ), FILE, .refusal = TB_NOT_SUPPORTED},
    {CODE(FSCTL_SET_ZERO_DATA), FILE, .start = tb_fsctl_set_zero_data, .input_min = 16},
    {CODE(FSCTL_SET_DEFECT_MANAGEMENT), FILE, .refusal = TB_INVALID_DEVICE_REQUEST},
    {CODE(FSCTL_FILE_LEVEL_TRIM), FILE, .refusal = TB_NOT_SUPPORTED},
    {CODE(FSCTL_OFFLOAD_WRITE), FILE, .refusal = TB_NOT_SUPPORTED},
    {CODE(FSCTL_DUPLICATE_EXTENTS_TO_FILE), FILE, .refusal = TB_NOT_SUPPORTED},
    {CODE(FSCTL_DUPLICATE_EXTENTS_TO_FILE_EX), FILE, .refusal = TB_NOT_SUPPORTED},
    {CODE(FSCTL_SET_COMPRESSION), FILE, .start = tb_fsctl_set_compression, .input_min = 2},
    {CODE(FSCTL_SET_INTEGRITY_INFORMATION), FILE, .refusal = TB_INVALID_DEVICE_REQUEST},
    {CODE(FSCTL_PIPE_WAIT), NOTHING, .start = pipe_wait},
    {CODE(FSCTL_PIPE_PEEK), PIPE, .start = tb_named_pipe_peek},
    {CODE(FSCTL_PIPE_TRANSCEIVE), PIPE, .start = tb_named_pipe_transceive},
    {CODE(FSCTL_SRV_REQUEST_RESUME_KEY), FILE, .start = tb_fsctl_resume_key, .output_min = 32},
    {CODE(FSCTL_LMR_SET_LINK_TRACKING_INFORMATION), FILE, .refusal = TB_INVALID_DEVICE_REQUEST},
    {CODE(FSCTL_LMR_REQUEST_RESILIENCY), NOTHING, .refusal = TB_NOT_SUPPORTED},
    {CODE(FSCTL_QUERY_NETWORK_INTERFACE_INFO), NOTHING, .refusal = TB_NOT_SUPPORTED},
    {CODE(FSCTL_VALIDATE_NEGOTIATE_INFO), NOTHING, .start = tb_fsctl_validate_negotiate},
    {CODE(FSCTL_SRV_ENUMERATE_SNAPSHOTS), FILE, .refusal = TB_NOT_SUPPORTED},
    {CODE(FSCTL_SRV_COPYCHUNK), FILE, .start = tb_fsctl_copychunk, .input_min = 32,
     .output_min = 12},
    {CODE(FSCTL_SRV_READ_HASH), FILE, .refusal = TB_HASH_NOT_SUPPORTED},
    {CODE(FSCTL_SRV_COPYCHUNK_WRITE), FILE, .start = tb_fsctl_copychunk, .input_min = 32,
     .output_min = 12},
};

#undef CODE

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

static enum tb_error check(const struct tb_request *request, const struct fsctl_row *row) TB_INSIDE
{
    const struct tb_ioctl_request *body = &request->body.ioctl;
    if ((!row || row->needs != NOTHING) && !request->open)
        return TB_FILE_CLOSED;
    if (!row || (row->needs == PIPE && !request->open->pipe) ||
        (row->needs == FILE && request->open->pipe))
        return TB_INVALID_DEVICE_REQUEST;
    if (row->refusal)
        return row->refusal;
    if (body->input.length < row->input_min || body->max_output_response < row->output_min)
        return TB_INVALID_PARAMETER;
    return TB_OK;
}

static void start(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    const struct fsctl_row *row = row_find(request->body.ioctl.ctl_code);
    request->response.ioctl.ctl_code = request->body.ioctl.ctl_code;
    request->response.ioctl.file_id =
        request->open ? request->open->id : request->body.ioctl.file_id;
    enum tb_error error = check(request, row);
    if (error)
        tb_request_finish(request, error);
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
