#include "core/wire/query_info.h"

enum { REQUEST_FIXED_END = TB_SMB2_HEADER_LENGTH + 40 };

enum tb_error tb_query_info_request_decode(struct tb_span message,
                                           struct tb_query_info_request *out)
{
    *out = (struct tb_query_info_request){0};
    struct tb_reader r = tb_body_reader(message, 41);
    out->info_type = tb_read_u8(&r);
    out->file_info_class = tb_read_u8(&r);
    out->output_buffer_length = tb_read_u32(&r);
    uint16_t input_offset = tb_read_u16(&r);
    tb_read_skip(&r, 2);
    uint32_t input_length = tb_read_u32(&r);
    out->additional_information = tb_read_u32(&r);
    out->flags = tb_read_u32(&r);
    out->file_id = tb_read_file_id(&r);
    out->input_buffer = tb_body_part(&r, input_offset, input_length, REQUEST_FIXED_END);
    return tb_reader_error(&r);
}

void tb_query_info_request_encode(struct tb_writer *w, const struct tb_query_info_request *request)
{
    tb_body_begin(w, 41);
    tb_write_u8(w, request->info_type);
    tb_write_u8(w, request->file_info_class);
    tb_write_u32(w, request->output_buffer_length);
    tb_write_u16(w, request->input_buffer.length ? REQUEST_FIXED_END : 0);
    tb_write_u16(w, 0);
    tb_write_length32(w, request->input_buffer.length);
    tb_write_u32(w, request->additional_information);
    tb_write_u32(w, request->flags);
    tb_write_file_id(w, request->file_id);
    tb_write_span(w, request->input_buffer);
    tb_write_at_least_one(w, REQUEST_FIXED_END);
}

enum tb_error tb_query_info_response_decode(struct tb_span message,
                                            struct tb_query_info_response *out)
{
    return tb_output_buffer_decode(message, &out->output_buffer);
}

void tb_query_info_response_encode(struct tb_writer *w,
                                   const struct tb_query_info_response *response)
{
    tb_output_buffer_encode(w, response->output_buffer);
}
