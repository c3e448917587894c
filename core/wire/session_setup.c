#include "core/wire/session_setup.h"

enum {
    REQUEST_FIXED_END = TB_SMB2_HEADER_LENGTH + 24,
    RESPONSE_FIXED_END = TB_SMB2_HEADER_LENGTH + 8,
};

enum tb_error tb_session_setup_request_decode(struct tb_span message,
                                              struct tb_session_setup_request *out)
{
    *out = (struct tb_session_setup_request){0};
    struct tb_reader r = tb_body_reader(message, 25);
    out->flags = tb_read_u8(&r);
    out->security_mode = tb_read_u8(&r);
    out->capabilities = tb_read_u32(&r);
    out->channel = tb_read_u32(&r);
    uint16_t offset = tb_read_u16(&r);
    uint16_t length = tb_read_u16(&r);
    out->previous_session_id = tb_read_u64(&r);
    out->security_buffer = tb_body_part(&r, offset, length, REQUEST_FIXED_END);
    return tb_reader_error(&r);
}

void tb_session_setup_request_encode(struct tb_writer *w,
                                     const struct tb_session_setup_request *request)
{
    tb_body_begin(w, 25);
    tb_write_u8(w, request->flags);
    tb_write_u8(w, request->security_mode);
    tb_write_u32(w, request->capabilities);
    tb_write_u32(w, request->channel);
    tb_write_u16(w, REQUEST_FIXED_END);
    tb_write_length16(w, request->security_buffer.length);
    tb_write_u64(w, request->previous_session_id);
    tb_write_span(w, request->security_buffer);
    tb_write_at_least_one(w, REQUEST_FIXED_END);
}

enum tb_error tb_session_setup_response_decode(struct tb_span message,
                                               struct tb_session_setup_response *out)
{
    *out = (struct tb_session_setup_response){0};
    struct tb_reader r = tb_body_reader(message, 9);
    out->session_flags = tb_read_u16(&r);
    uint16_t offset = tb_read_u16(&r);
    uint16_t length = tb_read_u16(&r);
    out->security_buffer = tb_body_part(&r, offset, length, RESPONSE_FIXED_END);
    return tb_reader_error(&r);
}

void tb_session_setup_response_encode(struct tb_writer *w,
                                      const struct tb_session_setup_response *response)
{
    tb_body_begin(w, 9);
    tb_write_u16(w, response->session_flags);
    tb_write_u16(w, RESPONSE_FIXED_END);
    tb_write_length16(w, response->security_buffer.length);
    tb_write_span(w, response->security_buffer);
}
