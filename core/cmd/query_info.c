/* QUERY_INFO (MS-SMB2 3.3.5.20). */
#include "core/cmd/query_info.h"

#include "core/conn_internal.h"
#include "core/nt/name.h"
#include "core/open.h"

/* More than the fixed part of any class, and a filesystem's names. */
#define FIXED_MAX 256

static enum tb_error decode(struct tb_span message, union tb_request_body *body)
{
    return tb_query_info_request_decode(message, &body->query_info);
}

static struct tb_file_id file_id(const union tb_request_body *body)
{
    return body->query_info.file_id;
}

static uint32_t payload(const union tb_request_body *body)
{
    uint32_t in = (uint32_t)body->query_info.input_buffer.length;
    uint32_t out = body->query_info.output_buffer_length;
    return in > out ? in : out;
}

static void encode(struct tb_writer *w, const struct tb_request *request)
{
    tb_query_info_response_encode(w, &request->response.query_info);
}

static size_t extra(const struct tb_request *request)
{
    return request->response.query_info.output_buffer.length;
}

static enum tb_error prepare(struct tb_request *request)
{
    uint32_t limit = tb_conn_transact_max(request->conn);
    return payload(&request->body) > limit ? TB_INVALID_PARAMETER : TB_OK;
}

size_t tb_query_info_bound(const char *path)
{
    return FIXED_MAX + tb_path_wire_length(path, true);
}

enum tb_error tb_query_info_room(struct tb_request *request, size_t needed, struct tb_writer *w)
{
    size_t asked = request->body.query_info.output_buffer_length;
    size_t capacity = asked < needed ? asked : needed;
    void *memory = tb_request_alloc(request, capacity > 0 ? capacity : 1);
    if (!memory)
        return TB_NO_MEMORY;
    *w = tb_writer(memory, capacity);
    return TB_OK;
}

void tb_query_info_finish(struct tb_request *request, const struct tb_writer *w,
                          enum tb_error error)
{
    if (!error || error == TB_BUFFER_OVERFLOW)
        request->response.query_info.output_buffer = tb_span(w->data, w->at);
    tb_request_finish(request, error);
}

static void start(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    uint8_t type = request->body.query_info.info_type;
    if (request->open->pipe && type == TB_SMB2_0_INFO_FILE)
        tb_query_pipe(request);
    else if (request->open->pipe)
        tb_request_finish(request, TB_INVALID_DEVICE_REQUEST);
    else if (type == TB_SMB2_0_INFO_FILE)
        tb_query_file(request);
    else if (type == TB_SMB2_0_INFO_FILESYSTEM)
        tb_query_filesystem(request);
    else if (type == TB_SMB2_0_INFO_SECURITY)
        tb_query_security(request);
    else
        tb_request_finish(request,
                          type == TB_SMB2_0_INFO_QUOTA ? TB_NOT_SUPPORTED : TB_INVALID_PARAMETER);
}

const struct tb_command tb_command_query_info = {
    .name = "QUERY_INFO",
    .needs = TB_NEEDS_SESSION | TB_NEEDS_TREE | TB_NEEDS_OPEN,
    .decode = decode,
    .prepare = prepare,
    .file_id = file_id,
    .payload = payload,
    .start = start,
    .encode = encode,
    .extra = extra,
};
