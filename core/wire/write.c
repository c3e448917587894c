#include "core/wire/write.h"

enum tb_error tb_write_request_decode(struct tb_span message, struct tb_write_request *out)
{
    *out = (struct tb_write_request){0};
    struct tb_reader r = tb_body_reader(message, 49);
    uint16_t data_offset = tb_read_u16(&r);
    out->data_length = tb_read_u32(&r);
    out->offset = tb_read_u64(&r);
    out->file_id = tb_read_file_id(&r);
    out->channel = tb_read_u32(&r);
    out->remaining_bytes = tb_read_u32(&r);
    uint16_t info_offset = tb_read_u16(&r);
    uint16_t info_length = tb_read_u16(&r);
    out->flags = tb_read_u32(&r);
    out->data = tb_body_part(&r, data_offset, out->data_length, TB_WRITE_REQUEST_DATA_OFFSET);
    /* Without a channel these fields are reserved, whatever they hold. */
    if (out->channel != TB_SMB2_CHANNEL_NONE)
        out->write_channel_info =
            tb_body_part(&r, info_offset, info_length, TB_WRITE_REQUEST_DATA_OFFSET);
    return tb_reader_error(&r);
}

/* The fixed part, with channel information right behind it and the data behind that. */
static void encode_fixed(struct tb_writer *w, const struct tb_write_request *request,
                         size_t data_length, size_t info_length)
{
    tb_body_begin(w, 49);
    tb_write_length16(w, TB_WRITE_REQUEST_DATA_OFFSET + info_length);
    tb_write_length32(w, data_length);
    tb_write_u64(w, request->offset);
    tb_write_file_id(w, request->file_id);
    tb_write_u32(w, request->channel);
    tb_write_u32(w, request->remaining_bytes);
    tb_write_u16(w, info_length ? TB_WRITE_REQUEST_DATA_OFFSET : 0);
    tb_write_length16(w, info_length);
    tb_write_u32(w, request->flags);
}

void tb_write_request_encode_fixed(struct tb_writer *w, const struct tb_write_request *request)
{
    encode_fixed(w, request, request->data_length, 0);
}

void tb_write_request_encode(struct tb_writer *w, const struct tb_write_request *request)
{
    encode_fixed(w, request, request->data.length, request->write_channel_info.length);
    tb_write_span(w, request->write_channel_info);
    tb_write_span(w, request->data);
    tb_write_at_least_one(w, TB_WRITE_REQUEST_DATA_OFFSET);
}

enum tb_error tb_write_response_decode(struct tb_span message, struct tb_write_response *out)
{
    *out = (struct tb_write_response){0};
    struct tb_reader r = tb_body_reader(message, 17);
    tb_read_skip(&r, 2);
    out->count = tb_read_u32(&r);
    out->remaining = tb_read_u32(&r);
    tb_read_skip(&r, 4);
    return tb_reader_error(&r);
}

void tb_write_response_encode(struct tb_writer *w, const struct tb_write_response *response)
{
    tb_body_begin(w, 17);
    tb_write_u16(w, 0);
    tb_write_u32(w, response->count);
    tb_write_u32(w, response->remaining);
    tb_write_u32(w, 0);
}
