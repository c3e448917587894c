#include "core/wire/close.h"

enum tb_error tb_close_request_decode(struct tb_span message, struct tb_close_request *out)
{
    *out = (struct tb_close_request){0};
    struct tb_reader r = tb_body_reader(message, 24);
    out->flags = tb_read_u16(&r);
    tb_read_skip(&r, 4);
    out->file_id = tb_read_file_id(&r);
    return tb_reader_error(&r);
}

void tb_close_request_encode(struct tb_writer *w, const struct tb_close_request *request)
{
    tb_body_begin(w, 24);
    tb_write_u16(w, request->flags);
    tb_write_u32(w, 0);
    tb_write_file_id(w, request->file_id);
}

enum tb_error tb_close_response_decode(struct tb_span message, struct tb_close_response *out)
{
    *out = (struct tb_close_response){0};
    struct tb_reader r = tb_body_reader(message, 60);
    out->flags = tb_read_u16(&r);
    tb_read_skip(&r, 4);
    out->creation_time = tb_read_u64(&r);
    out->last_access_time = tb_read_u64(&r);
    out->last_write_time = tb_read_u64(&r);
    out->change_time = tb_read_u64(&r);
    out->allocation_size = tb_read_u64(&r);
    out->end_of_file = tb_read_u64(&r);
    out->file_attributes = tb_read_u32(&r);
    return tb_reader_error(&r);
}

void tb_close_response_encode(struct tb_writer *w, const struct tb_close_response *response)
{
    tb_body_begin(w, 60);
    tb_write_u16(w, response->flags);
    tb_write_u32(w, 0);
    tb_write_u64(w, response->creation_time);
    tb_write_u64(w, response->last_access_time);
    tb_write_u64(w, response->last_write_time);
    tb_write_u64(w, response->change_time);
    tb_write_u64(w, response->allocation_size);
    tb_write_u64(w, response->end_of_file);
    tb_write_u32(w, response->file_attributes);
}
