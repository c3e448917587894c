#include "core/wire/tree_connect.h"

enum { REQUEST_FIXED_END = TB_SMB2_HEADER_LENGTH + 8 };

enum tb_error tb_tree_connect_request_decode(struct tb_span message,
                                             struct tb_tree_connect_request *out)
{
    *out = (struct tb_tree_connect_request){0};
    struct tb_reader r = tb_body_reader(message, 9);
    out->flags = tb_read_u16(&r);
    uint16_t offset = tb_read_u16(&r);
    uint16_t length = tb_read_u16(&r);
    out->path = tb_body_name(&r, offset, length, REQUEST_FIXED_END);
    return tb_reader_error(&r);
}

void tb_tree_connect_request_encode(struct tb_writer *w,
                                    const struct tb_tree_connect_request *request)
{
    tb_body_begin(w, 9);
    tb_write_u16(w, request->flags);
    tb_write_u16(w, REQUEST_FIXED_END);
    tb_write_length16(w, request->path.length);
    tb_write_span(w, request->path);
    tb_write_at_least_one(w, REQUEST_FIXED_END);
}

enum tb_error tb_tree_connect_response_decode(struct tb_span message,
                                              struct tb_tree_connect_response *out)
{
    *out = (struct tb_tree_connect_response){0};
    struct tb_reader r = tb_body_reader(message, 16);
    out->share_type = tb_read_u8(&r);
    tb_read_skip(&r, 1);
    out->share_flags = tb_read_u32(&r);
    out->capabilities = tb_read_u32(&r);
    out->maximal_access = tb_read_u32(&r);
    return tb_reader_error(&r);
}

void tb_tree_connect_response_encode(struct tb_writer *w,
                                     const struct tb_tree_connect_response *response)
{
    tb_body_begin(w, 16);
    tb_write_u8(w, response->share_type);
    tb_write_u8(w, 0);
    tb_write_u32(w, response->share_flags);
    tb_write_u32(w, response->capabilities);
    tb_write_u32(w, response->maximal_access);
}
