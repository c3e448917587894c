#include "core/wire/set_info.h"

enum { REQUEST_FIXED_END = TB_SMB2_HEADER_LENGTH + 32 };

enum tb_error tb_set_info_request_decode(struct tb_span message, struct tb_set_info_request *out)
{
    *out = (struct tb_set_info_request){0};
    struct tb_reader r = tb_body_reader(message, 33);
    out->info_type = tb_read_u8(&r);
    out->file_info_class = tb_read_u8(&r);
    uint32_t length = tb_read_u32(&r);
    uint16_t offset = tb_read_u16(&r);
    tb_read_skip(&r, 2);
    out->additional_information = tb_read_u32(&r);
    out->file_id = tb_read_file_id(&r);
    out->buffer = tb_body_part(&r, offset, length, REQUEST_FIXED_END);
    return tb_reader_error(&r);
}

void tb_set_info_request_encode(struct tb_writer *w, const struct tb_set_info_request *request)
{
    tb_body_begin(w, 33);
    tb_write_u8(w, request->info_type);
    tb_write_u8(w, request->file_info_class);
    tb_write_length32(w, request->buffer.length);
    tb_write_u16(w, REQUEST_FIXED_END);
    tb_write_u16(w, 0);
    tb_write_u32(w, request->additional_information);
    tb_write_file_id(w, request->file_id);
    tb_write_span(w, request->buffer);
    tb_write_at_least_one(w, REQUEST_FIXED_END);
}

enum tb_error tb_set_info_response_decode(struct tb_span message, struct tb_set_info_response *out)
{
    *out = (struct tb_set_info_response){0};
    struct tb_reader r = tb_body_reader(message, 2);
    return tb_reader_error(&r);
}

void tb_set_info_response_encode(struct tb_writer *w, const struct tb_set_info_response *response)
{
    (void)response;
    tb_body_begin(w, 2);
}
