#include "core/wire/create_contexts.h"

/* A reader of data that must be exactly `length` long. */
static struct tb_reader exact_reader(struct tb_span data, size_t length)
{
    struct tb_reader r = tb_reader(data);
    r.failed = data.length != length;
    return r;
}

enum tb_error tb_maximal_access_request_decode(struct tb_span data,
                                               struct tb_maximal_access_request *out)
{
    *out = (struct tb_maximal_access_request){0};
    if (data.length == 0)
        return TB_OK;
    struct tb_reader r = exact_reader(data, 8);
    out->has_timestamp = true;
    out->timestamp = tb_read_u64(&r);
    return tb_reader_error(&r);
}

void tb_maximal_access_request_encode(struct tb_writer *w,
                                      const struct tb_maximal_access_request *request)
{
    if (request->has_timestamp)
        tb_write_u64(w, request->timestamp);
}

enum tb_error tb_maximal_access_response_decode(struct tb_span data,
                                                struct tb_maximal_access_response *out)
{
    struct tb_reader r = exact_reader(data, 8);
    out->query_status = tb_read_u32(&r);
    out->maximal_access = tb_read_u32(&r);
    return tb_reader_error(&r);
}

void tb_maximal_access_response_encode(struct tb_writer *w,
                                       const struct tb_maximal_access_response *response)
{
    tb_write_u32(w, response->query_status);
    tb_write_u32(w, response->maximal_access);
}

enum tb_error tb_on_disk_id_response_decode(struct tb_span data, struct tb_on_disk_id_response *out)
{
    struct tb_reader r = exact_reader(data, 32);
    out->disk_file_id = tb_read_u64(&r);
    out->volume_id = tb_read_u64(&r);
    return tb_reader_error(&r);
}

void tb_on_disk_id_response_encode(struct tb_writer *w,
                                   const struct tb_on_disk_id_response *response)
{
    tb_write_u64(w, response->disk_file_id);
    tb_write_u64(w, response->volume_id);
    tb_write_zeros(w, 16);
}

enum tb_error tb_create_number_decode(struct tb_span data, uint64_t *out)
{
    struct tb_reader r = exact_reader(data, 8);
    *out = tb_read_u64(&r);
    return tb_reader_error(&r);
}

void tb_create_number_encode(struct tb_writer *w, uint64_t number)
{
    tb_write_u64(w, number);
}

enum { LEASE_V1_LENGTH = 32, LEASE_V2_LENGTH = 52 };

enum tb_error tb_lease_context_decode(struct tb_span data, struct tb_lease_context *out)
{
    *out = (struct tb_lease_context){.version = data.length == LEASE_V1_LENGTH ? 1 : 2};
    struct tb_reader r = exact_reader(data, out->version == 1 ? LEASE_V1_LENGTH : LEASE_V2_LENGTH);
    tb_read_copy(&r, out->lease_key, sizeof out->lease_key);
    out->lease_state = tb_read_u32(&r);
    out->lease_flags = tb_read_u32(&r);
    out->lease_duration = tb_read_u64(&r);
    if (out->version == 1)
        return tb_reader_error(&r);
    tb_read_copy(&r, out->parent_lease_key, sizeof out->parent_lease_key);
    out->epoch = tb_read_u16(&r);
    return tb_reader_error(&r);
}

void tb_lease_context_encode(struct tb_writer *w, const struct tb_lease_context *context)
{
    tb_write_bytes(w, context->lease_key, sizeof context->lease_key);
    tb_write_u32(w, context->lease_state);
    tb_write_u32(w, context->lease_flags);
    tb_write_u64(w, context->lease_duration);
    if (context->version == 1)
        return;
    tb_write_bytes(w, context->parent_lease_key, sizeof context->parent_lease_key);
    tb_write_u16(w, context->epoch);
    tb_write_u16(w, 0);
}

enum tb_error tb_durable_request_decode(struct tb_span data)
{
    return data.length == 16 ? TB_OK : TB_INVALID_PARAMETER;
}

void tb_durable_request_encode(struct tb_writer *w)
{
    tb_write_zeros(w, 16);
}

enum tb_error tb_durable_response_decode(struct tb_span data)
{
    return data.length == 8 ? TB_OK : TB_INVALID_PARAMETER;
}

void tb_durable_response_encode(struct tb_writer *w)
{
    tb_write_zeros(w, 8);
}

enum tb_error tb_durable_reconnect_decode(struct tb_span data, struct tb_file_id *out)
{
    struct tb_reader r = exact_reader(data, 16);
    *out = tb_read_file_id(&r);
    return tb_reader_error(&r);
}

void tb_durable_reconnect_encode(struct tb_writer *w, struct tb_file_id file_id)
{
    tb_write_file_id(w, file_id);
}

enum tb_error tb_durable_v2_request_decode(struct tb_span data, struct tb_durable_v2_request *out)
{
    struct tb_reader r = exact_reader(data, 32);
    out->timeout_ms = tb_read_u32(&r);
    out->flags = tb_read_u32(&r);
    tb_read_skip(&r, 8);
    tb_read_copy(&r, out->create_guid, sizeof out->create_guid);
    return tb_reader_error(&r);
}

void tb_durable_v2_request_encode(struct tb_writer *w, const struct tb_durable_v2_request *request)
{
    tb_write_u32(w, request->timeout_ms);
    tb_write_u32(w, request->flags);
    tb_write_zeros(w, 8);
    tb_write_bytes(w, request->create_guid, sizeof request->create_guid);
}

enum tb_error tb_durable_v2_response_decode(struct tb_span data, struct tb_durable_v2_response *out)
{
    struct tb_reader r = exact_reader(data, 8);
    out->timeout_ms = tb_read_u32(&r);
    out->flags = tb_read_u32(&r);
    return tb_reader_error(&r);
}

void tb_durable_v2_response_encode(struct tb_writer *w,
                                   const struct tb_durable_v2_response *response)
{
    tb_write_u32(w, response->timeout_ms);
    tb_write_u32(w, response->flags);
}

enum tb_error tb_durable_v2_reconnect_decode(struct tb_span data,
                                             struct tb_durable_v2_reconnect *out)
{
    struct tb_reader r = exact_reader(data, 36);
    out->file_id = tb_read_file_id(&r);
    tb_read_copy(&r, out->create_guid, sizeof out->create_guid);
    out->flags = tb_read_u32(&r);
    return tb_reader_error(&r);
}

void tb_durable_v2_reconnect_encode(struct tb_writer *w,
                                    const struct tb_durable_v2_reconnect *reconnect)
{
    tb_write_file_id(w, reconnect->file_id);
    tb_write_bytes(w, reconnect->create_guid, sizeof reconnect->create_guid);
    tb_write_u32(w, reconnect->flags);
}

enum tb_error tb_app_instance_id_decode(struct tb_span data, struct tb_app_instance_id *out)
{
    struct tb_reader r = exact_reader(data, 20);
    if (tb_read_u16(&r) != 20)
        r.failed = true;
    tb_read_skip(&r, 2);
    tb_read_copy(&r, out->app_instance_id, sizeof out->app_instance_id);
    return tb_reader_error(&r);
}

void tb_app_instance_id_encode(struct tb_writer *w, const struct tb_app_instance_id *id)
{
    tb_write_u16(w, 20);
    tb_write_u16(w, 0);
    tb_write_bytes(w, id->app_instance_id, sizeof id->app_instance_id);
}

enum tb_error tb_app_instance_version_decode(struct tb_span data,
                                             struct tb_app_instance_version *out)
{
    struct tb_reader r = exact_reader(data, 24);
    if (tb_read_u16(&r) != 24)
        r.failed = true;
    tb_read_skip(&r, 6);
    out->high = tb_read_u64(&r);
    out->low = tb_read_u64(&r);
    return tb_reader_error(&r);
}

void tb_app_instance_version_encode(struct tb_writer *w,
                                    const struct tb_app_instance_version *version)
{
    tb_write_u16(w, 24);
    tb_write_zeros(w, 6);
    tb_write_u64(w, version->high);
    tb_write_u64(w, version->low);
}
