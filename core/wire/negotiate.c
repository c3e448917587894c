#include "core/wire/negotiate.h"

enum { RESPONSE_FIXED_END = TB_SMB2_HEADER_LENGTH + 64 };

/* `count` contexts from `offset` to the end of the message. */
static struct tb_negotiate_contexts read_contexts(struct tb_reader *r, uint32_t offset,
                                                  uint16_t count, size_t fixed_end)
{
    struct tb_negotiate_contexts contexts = {.count = count};
    if (count == 0 || r->failed)
        return contexts;
    if (offset < fixed_end || offset > r->whole.length) {
        r->failed = true;
        return contexts;
    }
    contexts.data = tb_span(r->whole.data + offset, r->whole.length - offset);
    if (tb_negotiate_contexts_check(contexts))
        r->failed = true;
    return contexts;
}

/* The list goes behind what has been written, and its offset into the field at `offset_at`. */
static void write_contexts(struct tb_writer *w, const struct tb_negotiate_contexts *contexts,
                           size_t offset_at)
{
    if (contexts->count == 0)
        return;
    tb_write_align(w, 8);
    tb_write_u32_at(w, offset_at, (uint32_t)w->at);
    tb_write_span(w, contexts->data);
}

enum tb_error tb_negotiate_request_decode(struct tb_span message, struct tb_negotiate_request *out)
{
    *out = (struct tb_negotiate_request){0};
    struct tb_reader r = tb_body_reader(message, 36);
    uint16_t dialect_count = tb_read_u16(&r);
    out->security_mode = tb_read_u16(&r);
    tb_read_skip(&r, 2);
    out->capabilities = tb_read_u32(&r);
    tb_read_copy(&r, out->client_guid, sizeof out->client_guid);
    uint64_t start_time = tb_read_u64(&r);
    out->dialects = tb_read_span(&r, 2 * (size_t)dialect_count);
    if (!tb_u16_contains(out->dialects, TB_SMB2_DIALECT_311)) {
        out->client_start_time = start_time;
        return tb_reader_error(&r);
    }
    out->contexts = read_contexts(&r, (uint32_t)start_time, (uint16_t)(start_time >> 32), r.at);
    return tb_reader_error(&r);
}

void tb_negotiate_request_encode(struct tb_writer *w, const struct tb_negotiate_request *request)
{
    tb_body_begin(w, 36);
    tb_write_length16(w, tb_u16_count(request->dialects));
    tb_write_u16(w, request->security_mode);
    tb_write_u16(w, 0);
    tb_write_u32(w, request->capabilities);
    tb_write_bytes(w, request->client_guid, sizeof request->client_guid);
    size_t offset_at = w->at;
    if (!tb_u16_contains(request->dialects, TB_SMB2_DIALECT_311)) {
        tb_write_u64(w, request->client_start_time);
        tb_write_span(w, request->dialects);
        return;
    }
    tb_write_u32(w, 0);
    tb_write_u16(w, request->contexts.count);
    tb_write_u16(w, 0);
    tb_write_span(w, request->dialects);
    write_contexts(w, &request->contexts, offset_at);
}

enum tb_error tb_negotiate_response_decode(struct tb_span message,
                                           struct tb_negotiate_response *out)
{
    *out = (struct tb_negotiate_response){0};
    struct tb_reader r = tb_body_reader(message, 65);
    out->security_mode = tb_read_u16(&r);
    out->dialect_revision = tb_read_u16(&r);
    uint16_t context_count = tb_read_u16(&r);
    tb_read_copy(&r, out->server_guid, sizeof out->server_guid);
    out->capabilities = tb_read_u32(&r);
    out->max_transact_size = tb_read_u32(&r);
    out->max_read_size = tb_read_u32(&r);
    out->max_write_size = tb_read_u32(&r);
    out->system_time = tb_read_u64(&r);
    out->server_start_time = tb_read_u64(&r);
    uint16_t buffer_offset = tb_read_u16(&r);
    uint16_t buffer_length = tb_read_u16(&r);
    uint32_t context_offset = tb_read_u32(&r);
    out->security_buffer = tb_body_part(&r, buffer_offset, buffer_length, RESPONSE_FIXED_END);
    if (out->dialect_revision == TB_SMB2_DIALECT_311)
        out->contexts = read_contexts(&r, context_offset, context_count, RESPONSE_FIXED_END);
    return tb_reader_error(&r);
}

void tb_negotiate_response_encode(struct tb_writer *w, const struct tb_negotiate_response *response)
{
    bool with_contexts = response->dialect_revision == TB_SMB2_DIALECT_311;
    tb_body_begin(w, 65);
    tb_write_u16(w, response->security_mode);
    tb_write_u16(w, response->dialect_revision);
    tb_write_u16(w, with_contexts ? response->contexts.count : 0);
    tb_write_bytes(w, response->server_guid, sizeof response->server_guid);
    tb_write_u32(w, response->capabilities);
    tb_write_u32(w, response->max_transact_size);
    tb_write_u32(w, response->max_read_size);
    tb_write_u32(w, response->max_write_size);
    tb_write_u64(w, response->system_time);
    tb_write_u64(w, response->server_start_time);
    tb_write_u16(w, RESPONSE_FIXED_END);
    tb_write_length16(w, response->security_buffer.length);
    size_t offset_at = w->at;
    tb_write_u32(w, 0);
    tb_write_span(w, response->security_buffer);
    if (with_contexts)
        write_contexts(w, &response->contexts, offset_at);
}
