#include "core/wire/query_directory.h"

enum { REQUEST_FIXED_END = TB_SMB2_HEADER_LENGTH + 32 };

enum tb_error tb_query_directory_request_decode(struct tb_span message,
                                                struct tb_query_directory_request *out)
{
    *out = (struct tb_query_directory_request){0};
    struct tb_reader r = tb_body_reader(message, 33);
    out->file_information_class = tb_read_u8(&r);
    out->flags = tb_read_u8(&r);
    out->file_index = tb_read_u32(&r);
    out->file_id = tb_read_file_id(&r);
    uint16_t name_offset = tb_read_u16(&r);
    uint16_t name_length = tb_read_u16(&r);
    out->output_buffer_length = tb_read_u32(&r);
    out->file_name = tb_body_name(&r, name_offset, name_length, REQUEST_FIXED_END);
    return tb_reader_error(&r);
}

void tb_query_directory_request_encode(struct tb_writer *w,
                                       const struct tb_query_directory_request *request)
{
    tb_body_begin(w, 33);
    tb_write_u8(w, request->file_information_class);
    tb_write_u8(w, request->flags);
    tb_write_u32(w, request->file_index);
    tb_write_file_id(w, request->file_id);
    tb_write_u16(w, REQUEST_FIXED_END);
    tb_write_length16(w, request->file_name.length);
    tb_write_u32(w, request->output_buffer_length);
    tb_write_span(w, request->file_name);
    tb_write_at_least_one(w, REQUEST_FIXED_END);
}

enum tb_error tb_query_directory_response_decode(struct tb_span message,
                                                 struct tb_query_directory_response *out)
{
    return tb_output_buffer_decode(message, &out->output_buffer);
}

void tb_query_directory_response_encode(struct tb_writer *w,
                                        const struct tb_query_directory_response *response)
{
    tb_output_buffer_encode(w, response->output_buffer);
}
