#include "core/wire/fsctl.h"

#include <assert.h>

enum tb_error tb_validate_negotiate_request_decode(struct tb_span input,
                                                   struct tb_validate_negotiate_request *out)
{
    *out = (struct tb_validate_negotiate_request){0};
    struct tb_reader r = tb_reader(input);
    out->capabilities = tb_read_u32(&r);
    tb_read_copy(&r, out->guid, sizeof out->guid);
    out->security_mode = tb_read_u16(&r);
    uint16_t dialect_count = tb_read_u16(&r);
    out->dialects = tb_read_span(&r, 2 * (size_t)dialect_count);
    return tb_reader_error(&r);
}

void tb_validate_negotiate_request_encode(struct tb_writer *w,
                                          const struct tb_validate_negotiate_request *request)
{
    tb_write_u32(w, request->capabilities);
    tb_write_bytes(w, request->guid, sizeof request->guid);
    tb_write_u16(w, request->security_mode);
    tb_write_length16(w, tb_u16_count(request->dialects));
    tb_write_span(w, request->dialects);
}

enum tb_error tb_validate_negotiate_response_decode(struct tb_span output,
                                                    struct tb_validate_negotiate_response *out)
{
    *out = (struct tb_validate_negotiate_response){0};
    struct tb_reader r = tb_reader(output);
    out->capabilities = tb_read_u32(&r);
    tb_read_copy(&r, out->guid, sizeof out->guid);
    out->security_mode = tb_read_u16(&r);
    out->dialect = tb_read_u16(&r);
    return tb_reader_error(&r);
}

void tb_validate_negotiate_response_encode(struct tb_writer *w,
                                           const struct tb_validate_negotiate_response *response)
{
    tb_write_u32(w, response->capabilities);
    tb_write_bytes(w, response->guid, sizeof response->guid);
    tb_write_u16(w, response->security_mode);
    tb_write_u16(w, response->dialect);
}

enum tb_error tb_pipe_peek_response_decode(struct tb_span output, struct tb_pipe_peek_response *out)
{
    *out = (struct tb_pipe_peek_response){0};
    struct tb_reader r = tb_reader(output);
    out->named_pipe_state = tb_read_u32(&r);
    out->read_data_available = tb_read_u32(&r);
    out->number_of_messages = tb_read_u32(&r);
    out->message_length = tb_read_u32(&r);
    out->data = tb_read_span(&r, tb_reader_left(&r));
    return tb_reader_error(&r);
}

void tb_pipe_peek_response_encode(struct tb_writer *w, const struct tb_pipe_peek_response *response)
{
    tb_write_u32(w, response->named_pipe_state);
    tb_write_u32(w, response->read_data_available);
    tb_write_u32(w, response->number_of_messages);
    tb_write_u32(w, response->message_length);
    tb_write_span(w, response->data);
}

enum tb_error tb_pipe_wait_request_decode(struct tb_span input, struct tb_pipe_wait_request *out)
{
    *out = (struct tb_pipe_wait_request){0};
    struct tb_reader r = tb_reader(input);
    out->timeout = tb_read_u64(&r);
    uint32_t name_length = tb_read_u32(&r);
    out->timeout_specified = tb_read_u8(&r) != 0;
    tb_read_skip(&r, 1);
    out->name = tb_read_span(&r, name_length);
    if (name_length % 2)
        r.failed = true;
    return tb_reader_error(&r);
}

void tb_pipe_wait_request_encode(struct tb_writer *w, const struct tb_pipe_wait_request *request)
{
    tb_write_u64(w, request->timeout);
    tb_write_length32(w, request->name.length);
    tb_write_u8(w, request->timeout_specified);
    tb_write_u8(w, 0);
    tb_write_span(w, request->name);
}

/* Families in SOCKADDR_STORAGE, MS-SMB2 2.2.32.5.1. */
enum { FAMILY_IPV4 = 0x0002, FAMILY_IPV6 = 0x0017, SOCKADDR_LENGTH = 128 };

void tb_network_interface_encode(struct tb_writer *w, const struct tb_network_interface *entry,
                                 bool last)
{
    tb_write_u32(w, last ? 0 : TB_NETWORK_INTERFACE_INFO_LENGTH);
    tb_write_u32(w, entry->interface_index);
    tb_write_u32(w, entry->capability);
    tb_write_u32(w, 0);
    tb_write_u64(w, entry->link_speed);
    if (entry->is_ipv6) {
        tb_write_u16(w, FAMILY_IPV6);
        tb_write_zeros(w, 6);
        tb_write_bytes(w, entry->address, 16);
        tb_write_zeros(w, SOCKADDR_LENGTH - 24);
    } else {
        tb_write_u16(w, FAMILY_IPV4);
        tb_write_zeros(w, 2);
        tb_write_bytes(w, entry->address, 4);
        tb_write_zeros(w, SOCKADDR_LENGTH - 8);
    }
}

/* *known tells whether the address is of a family we know. */
static enum tb_error interface_take(struct tb_span *left, struct tb_network_interface *out,
                                    bool *known)
{
    *out = (struct tb_network_interface){0};
    struct tb_reader r = tb_reader(*left);
    size_t next = tb_read_u32(&r);
    out->interface_index = tb_read_u32(&r);
    out->capability = tb_read_u32(&r);
    tb_read_skip(&r, 4);
    out->link_speed = tb_read_u64(&r);
    struct tb_reader address = tb_reader(tb_read_span(&r, SOCKADDR_LENGTH));
    if (r.failed || (next && (next < r.at || next >= left->length)))
        return TB_INVALID_PARAMETER;
    uint16_t family = tb_read_u16(&address);
    *known = family == FAMILY_IPV4 || family == FAMILY_IPV6;
    out->is_ipv6 = family == FAMILY_IPV6;
    tb_read_skip(&address, out->is_ipv6 ? 6 : 2);
    tb_read_copy(&address, out->address, out->is_ipv6 ? 16 : 4);
    *left = next ? tb_span(left->data + next, left->length - next) : tb_span(NULL, 0);
    return TB_OK;
}

enum tb_error tb_network_interface_decode(struct tb_span *left, struct tb_network_interface *out)
{
    bool known = false;
    while (!known) {
        if (left->length == 0)
            return TB_NO_MORE_ENTRIES;
        enum tb_error error = interface_take(left, out, &known);
        if (error)
            return error;
    }
    return TB_OK;
}

enum tb_error tb_resume_key_response_decode(struct tb_span output,
                                            struct tb_resume_key_response *out)
{
    struct tb_reader r = tb_reader(output);
    tb_read_copy(&r, out->resume_key, sizeof out->resume_key);
    tb_read_skip(&r, 4);
    return tb_reader_error(&r);
}

void tb_resume_key_response_encode(struct tb_writer *w,
                                   const struct tb_resume_key_response *response)
{
    tb_write_bytes(w, response->resume_key, sizeof response->resume_key);
    tb_write_u32(w, 0);
    tb_write_u32(w, 0);
}

enum tb_error tb_copychunk_request_decode(struct tb_span input, struct tb_copychunk_request *out)
{
    *out = (struct tb_copychunk_request){0};
    struct tb_reader r = tb_reader(input);
    tb_read_copy(&r, out->source_key, sizeof out->source_key);
    out->chunk_count = tb_read_u32(&r);
    tb_read_skip(&r, 4);
    if (out->chunk_count > tb_reader_left(&r) / TB_COPYCHUNK_LENGTH)
        return TB_INVALID_PARAMETER;
    if (out->chunk_count)
        out->chunks = tb_read_span(&r, (size_t)out->chunk_count * TB_COPYCHUNK_LENGTH);
    return tb_reader_error(&r);
}

void tb_copychunk_request_encode(struct tb_writer *w, const struct tb_copychunk_request *request)
{
    assert(request->chunks.length % TB_COPYCHUNK_LENGTH == 0);
    tb_write_bytes(w, request->source_key, sizeof request->source_key);
    tb_write_length32(w, request->chunks.length / TB_COPYCHUNK_LENGTH);
    tb_write_u32(w, 0);
    tb_write_span(w, request->chunks);
}

struct tb_copychunk tb_copychunk_request_chunk(const struct tb_copychunk_request *request, size_t i)
{
    assert(i < request->chunks.length / TB_COPYCHUNK_LENGTH);
    const uint8_t *p = request->chunks.data + i * TB_COPYCHUNK_LENGTH;
    return (struct tb_copychunk){tb_load_u64(p), tb_load_u64(p + 8), tb_load_u32(p + 16)};
}

void tb_copychunk_encode(struct tb_writer *w, const struct tb_copychunk *chunk)
{
    tb_write_u64(w, chunk->source_offset);
    tb_write_u64(w, chunk->target_offset);
    tb_write_u32(w, chunk->length);
    tb_write_u32(w, 0);
}

enum tb_error tb_copychunk_response_decode(struct tb_span output, struct tb_copychunk_response *out)
{
    struct tb_reader r = tb_reader(output);
    out->chunks_written = tb_read_u32(&r);
    out->chunk_bytes_written = tb_read_u32(&r);
    out->total_bytes_written = tb_read_u32(&r);
    return tb_reader_error(&r);
}

void tb_copychunk_response_encode(struct tb_writer *w, const struct tb_copychunk_response *response)
{
    tb_write_u32(w, response->chunks_written);
    tb_write_u32(w, response->chunk_bytes_written);
    tb_write_u32(w, response->total_bytes_written);
}

enum tb_error tb_resiliency_request_decode(struct tb_span input, struct tb_resiliency_request *out)
{
    struct tb_reader r = tb_reader(input);
    out->timeout_ms = tb_read_u32(&r);
    tb_read_skip(&r, 4);
    return tb_reader_error(&r);
}

void tb_resiliency_request_encode(struct tb_writer *w, const struct tb_resiliency_request *request)
{
    tb_write_u32(w, request->timeout_ms);
    tb_write_u32(w, 0);
}

enum tb_error tb_zero_data_request_decode(struct tb_span input, struct tb_zero_data_request *out)
{
    struct tb_reader r = tb_reader(input);
    out->file_offset = tb_read_u64(&r);
    out->beyond_final_zero = tb_read_u64(&r);
    return tb_reader_error(&r);
}

void tb_zero_data_request_encode(struct tb_writer *w, const struct tb_zero_data_request *request)
{
    tb_write_u64(w, request->file_offset);
    tb_write_u64(w, request->beyond_final_zero);
}

enum tb_error tb_allocated_range_decode(struct tb_span *left, struct tb_allocated_range *out)
{
    *out = (struct tb_allocated_range){0};
    if (left->length == 0)
        return TB_NO_MORE_ENTRIES;
    struct tb_reader r = tb_reader(*left);
    out->file_offset = tb_read_u64(&r);
    out->length = tb_read_u64(&r);
    if (r.failed)
        return TB_INVALID_PARAMETER;
    *left = tb_span(left->data + r.at, left->length - r.at);
    return TB_OK;
}

void tb_allocated_range_encode(struct tb_writer *w, const struct tb_allocated_range *range)
{
    tb_write_u64(w, range->file_offset);
    tb_write_u64(w, range->length);
}

enum tb_error tb_file_region_request_decode(struct tb_span input, struct tb_file_region *out)
{
    struct tb_reader r = tb_reader(input);
    if (input.length == 0) {
        *out = (struct tb_file_region){0, INT64_MAX, TB_FILE_REGION_VALID_CACHED_DATA};
        return TB_OK;
    }
    out->file_offset = tb_read_u64(&r);
    out->length = tb_read_u64(&r);
    out->usage = tb_read_u32(&r);
    tb_read_skip(&r, 4);
    return tb_reader_error(&r);
}

void tb_file_region_request_encode(struct tb_writer *w, const struct tb_file_region *region)
{
    tb_file_region_encode(w, region);
}

void tb_file_regions_header_encode(struct tb_writer *w, uint32_t total, uint32_t count)
{
    tb_write_u32(w, 0);
    tb_write_u32(w, total);
    tb_write_u32(w, count);
    tb_write_u32(w, 0);
}

void tb_file_region_encode(struct tb_writer *w, const struct tb_file_region *region)
{
    tb_write_u64(w, region->file_offset);
    tb_write_u64(w, region->length);
    tb_write_u32(w, region->usage);
    tb_write_u32(w, 0);
}
