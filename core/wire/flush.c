#include "core/wire/flush.h"

enum tb_error tb_flush_request_decode(struct tb_span message, struct tb_flush_request *out)
{
    *out = (struct tb_flush_request){0};
    struct tb_reader r = tb_body_reader(message, 24);
    tb_read_skip(&r, 6);
    out->file_id = tb_read_file_id(&r);
    return tb_reader_error(&r);
}

void tb_flush_request_encode(struct tb_writer *w, const struct tb_flush_request *request)
{
    tb_body_begin(w, 24);
    tb_write_zeros(w, 6);
    tb_write_file_id(w, request->file_id);
}

enum tb_error tb_flush_response_decode(struct tb_span message, struct tb_flush_response *out)
{
    return tb_reserved_decode(message, &out->reserved);
}

void tb_flush_response_encode(struct tb_writer *w, const struct tb_flush_response *response)
{
    tb_reserved_encode(w, response->reserved);
}
