#include "core/wire/ioctl.h"

enum {
    REQUEST_FIXED_END = TB_SMB2_HEADER_LENGTH + 56,
    RESPONSE_FIXED_END = TB_SMB2_HEADER_LENGTH + 48,
};

enum tb_error tb_ioctl_request_decode(struct tb_span message, struct tb_ioctl_request *out)
{
    *out = (struct tb_ioctl_request){0};
    struct tb_reader r = tb_body_reader(message, 57);
    tb_read_skip(&r, 2);
    out->ctl_code = tb_read_u32(&r);
    out->file_id = tb_read_file_id(&r);
    uint32_t input_offset = tb_read_u32(&r);
    uint32_t input_count = tb_read_u32(&r);
    out->max_input_response = tb_read_u32(&r);
    uint32_t output_offset = tb_read_u32(&r);
    uint32_t output_count = tb_read_u32(&r);
    out->max_output_response = tb_read_u32(&r);
    out->flags = tb_read_u32(&r);
    tb_read_skip(&r, 4);
    out->input = tb_body_part(&r, input_offset, input_count, REQUEST_FIXED_END);
    out->output = tb_body_part(&r, output_offset, output_count, REQUEST_FIXED_END);
    return tb_reader_error(&r);
}

/* The buffers, and their offsets and counts in the fixed part; the second is aligned to 8. */
static void write_buffers(struct tb_writer *w, struct tb_span input, size_t input_at,
                          struct tb_span output, size_t output_at)
{
    if (input.length > UINT32_MAX || output.length > UINT32_MAX)
        w->failed = true;
    tb_write_u32_at(w, input_at, (uint32_t)w->at);
    tb_write_u32_at(w, input_at + 4, (uint32_t)input.length);
    tb_write_span(w, input);
    if (output.length)
        tb_write_align(w, 8);
    tb_write_u32_at(w, output_at, (uint32_t)w->at);
    tb_write_u32_at(w, output_at + 4, (uint32_t)output.length);
    tb_write_span(w, output);
}

void tb_ioctl_request_encode(struct tb_writer *w, const struct tb_ioctl_request *request)
{
    tb_body_begin(w, 57);
    tb_write_u16(w, 0);
    tb_write_u32(w, request->ctl_code);
    tb_write_file_id(w, request->file_id);
    size_t input_at = w->at;
    tb_write_u64(w, 0);
    tb_write_u32(w, request->max_input_response);
    size_t output_at = w->at;
    tb_write_u64(w, 0);
    tb_write_u32(w, request->max_output_response);
    tb_write_u32(w, request->flags);
    tb_write_u32(w, 0);
    write_buffers(w, request->input, input_at, request->output, output_at);
    if (request->output.length == 0)
        tb_write_u32_at(w, output_at, 0);
    tb_write_at_least_one(w, REQUEST_FIXED_END);
}

enum tb_error tb_ioctl_response_decode(struct tb_span message, struct tb_ioctl_response *out)
{
    *out = (struct tb_ioctl_response){0};
    struct tb_reader r = tb_body_reader(message, 49);
    tb_read_skip(&r, 2);
    out->ctl_code = tb_read_u32(&r);
    out->file_id = tb_read_file_id(&r);
    uint32_t input_offset = tb_read_u32(&r);
    uint32_t input_count = tb_read_u32(&r);
    uint32_t output_offset = tb_read_u32(&r);
    uint32_t output_count = tb_read_u32(&r);
    out->flags = tb_read_u32(&r);
    tb_read_skip(&r, 4);
    out->input = tb_body_part(&r, input_offset, input_count, RESPONSE_FIXED_END);
    out->output = tb_body_part(&r, output_offset, output_count, RESPONSE_FIXED_END);
    return tb_reader_error(&r);
}

void tb_ioctl_response_encode(struct tb_writer *w, const struct tb_ioctl_response *response)
{
    tb_body_begin(w, 49);
    tb_write_u16(w, 0);
    tb_write_u32(w, response->ctl_code);
    tb_write_file_id(w, response->file_id);
    size_t buffers_at = w->at;
    tb_write_zeros(w, 16);
    tb_write_u32(w, response->flags);
    tb_write_u32(w, 0);
    write_buffers(w, response->input, buffers_at, response->output, buffers_at + 8);
}
