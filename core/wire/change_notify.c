#include "core/wire/change_notify.h"

enum tb_error tb_change_notify_request_decode(struct tb_span message,
                                              struct tb_change_notify_request *out)
{
    *out = (struct tb_change_notify_request){0};
    struct tb_reader r = tb_body_reader(message, 32);
    out->flags = tb_read_u16(&r);
    out->output_buffer_length = tb_read_u32(&r);
    out->file_id = tb_read_file_id(&r);
    out->completion_filter = tb_read_u32(&r);
    tb_read_skip(&r, 4);
    return tb_reader_error(&r);
}

void tb_change_notify_request_encode(struct tb_writer *w,
                                     const struct tb_change_notify_request *request)
{
    tb_body_begin(w, 32);
    tb_write_u16(w, request->flags);
    tb_write_u32(w, request->output_buffer_length);
    tb_write_file_id(w, request->file_id);
    tb_write_u32(w, request->completion_filter);
    tb_write_u32(w, 0);
}

enum tb_error tb_change_notify_response_decode(struct tb_span message,
                                               struct tb_change_notify_response *out)
{
    return tb_output_buffer_decode(message, &out->output_buffer);
}

void tb_change_notify_response_encode(struct tb_writer *w,
                                      const struct tb_change_notify_response *response)
{
    tb_output_buffer_encode(w, response->output_buffer);
}
