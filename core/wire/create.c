#include "core/wire/create.h"

enum {
    REQUEST_FIXED_END = TB_SMB2_HEADER_LENGTH + 56,
    RESPONSE_FIXED_END = TB_SMB2_HEADER_LENGTH + 88,
};

static struct tb_span read_contexts(struct tb_reader *r, uint32_t offset, uint32_t length,
                                    size_t fixed_end)
{
    struct tb_span contexts = tb_body_part(r, offset, length, fixed_end);
    if (tb_create_contexts_check(contexts))
        r->failed = true;
    return contexts;
}

/* Offset and length of the contexts go to `fields_at`, they themselves to the end. */
static void write_contexts(struct tb_writer *w, struct tb_span contexts, size_t fields_at)
{
    if (contexts.length == 0)
        return;
    if (contexts.length > UINT32_MAX)
        w->failed = true;
    tb_write_align(w, 8);
    tb_write_u32_at(w, fields_at, (uint32_t)w->at);
    tb_write_u32_at(w, fields_at + 4, (uint32_t)contexts.length);
    tb_write_span(w, contexts);
}

enum tb_error tb_create_request_decode(struct tb_span message, struct tb_create_request *out)
{
    *out = (struct tb_create_request){0};
    struct tb_reader r = tb_body_reader(message, 57);
    tb_read_skip(&r, 1);
    out->requested_oplock_level = tb_read_u8(&r);
    out->impersonation_level = tb_read_u32(&r);
    out->smb_create_flags = tb_read_u64(&r);
    tb_read_skip(&r, 8);
    out->desired_access = tb_read_u32(&r);
    out->file_attributes = tb_read_u32(&r);
    out->share_access = tb_read_u32(&r);
    out->create_disposition = tb_read_u32(&r);
    out->create_options = tb_read_u32(&r);
    uint16_t name_offset = tb_read_u16(&r);
    uint16_t name_length = tb_read_u16(&r);
    uint32_t contexts_offset = tb_read_u32(&r);
    uint32_t contexts_length = tb_read_u32(&r);
    out->name = tb_body_name(&r, name_offset, name_length, REQUEST_FIXED_END);
    out->create_contexts = read_contexts(&r, contexts_offset, contexts_length, REQUEST_FIXED_END);
    return tb_reader_error(&r);
}

void tb_create_request_encode(struct tb_writer *w, const struct tb_create_request *request)
{
    tb_body_begin(w, 57);
    tb_write_u8(w, 0);
    tb_write_u8(w, request->requested_oplock_level);
    tb_write_u32(w, request->impersonation_level);
    tb_write_u64(w, request->smb_create_flags);
    tb_write_u64(w, 0);
    tb_write_u32(w, request->desired_access);
    tb_write_u32(w, request->file_attributes);
    tb_write_u32(w, request->share_access);
    tb_write_u32(w, request->create_disposition);
    tb_write_u32(w, request->create_options);
    tb_write_u16(w, REQUEST_FIXED_END);
    tb_write_length16(w, request->name.length);
    size_t fields_at = w->at;
    tb_write_u64(w, 0);
    tb_write_span(w, request->name);
    write_contexts(w, request->create_contexts, fields_at);
    tb_write_at_least_one(w, REQUEST_FIXED_END);
}

enum tb_error tb_create_response_decode(struct tb_span message, struct tb_create_response *out)
{
    *out = (struct tb_create_response){0};
    struct tb_reader r = tb_body_reader(message, 89);
    out->oplock_level = tb_read_u8(&r);
    out->flags = tb_read_u8(&r);
    out->create_action = tb_read_u32(&r);
    out->creation_time = tb_read_u64(&r);
    out->last_access_time = tb_read_u64(&r);
    out->last_write_time = tb_read_u64(&r);
    out->change_time = tb_read_u64(&r);
    out->allocation_size = tb_read_u64(&r);
    out->end_of_file = tb_read_u64(&r);
    out->file_attributes = tb_read_u32(&r);
    tb_read_skip(&r, 4);
    out->file_id = tb_read_file_id(&r);
    uint32_t contexts_offset = tb_read_u32(&r);
    uint32_t contexts_length = tb_read_u32(&r);
    out->create_contexts = read_contexts(&r, contexts_offset, contexts_length, RESPONSE_FIXED_END);
    return tb_reader_error(&r);
}

void tb_create_response_encode(struct tb_writer *w, const struct tb_create_response *response)
{
    tb_body_begin(w, 89);
    tb_write_u8(w, response->oplock_level);
    tb_write_u8(w, response->flags);
    tb_write_u32(w, response->create_action);
    tb_write_u64(w, response->creation_time);
    tb_write_u64(w, response->last_access_time);
    tb_write_u64(w, response->last_write_time);
    tb_write_u64(w, response->change_time);
    tb_write_u64(w, response->allocation_size);
    tb_write_u64(w, response->end_of_file);
    tb_write_u32(w, response->file_attributes);
    tb_write_u32(w, 0);
    tb_write_file_id(w, response->file_id);
    size_t fields_at = w->at;
    tb_write_u64(w, 0);
    write_contexts(w, response->create_contexts, fields_at);
}
