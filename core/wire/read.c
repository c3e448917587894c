#include "core/wire/read.h"

enum { REQUEST_FIXED_END = TB_SMB2_HEADER_LENGTH + 48 };

enum tb_error tb_read_request_decode(struct tb_span message, struct tb_read_request *out)
{
    *out = (struct tb_read_request){0};
    struct tb_reader r = tb_body_reader(message, 49);
    out->padding = tb_read_u8(&r);
    out->flags = tb_read_u8(&r);
    out->length = tb_read_u32(&r);
    out->offset = tb_read_u64(&r);
    out->file_id = tb_read_file_id(&r);
    out->minimum_count = tb_read_u32(&r);
    out->channel = tb_read_u32(&r);
    out->remaining_bytes = tb_read_u32(&r);
    uint16_t info_offset = tb_read_u16(&r);
    uint16_t info_length = tb_read_u16(&r);
    /* Without a channel these fields are reserved, whatever they hold. */
    if (out->channel != TB_SMB2_CHANNEL_NONE)
        out->read_channel_info = tb_body_part(&r, info_offset, info_length, REQUEST_FIXED_END);
    return tb_reader_error(&r);
}

void tb_read_request_encode(struct tb_writer *w, const struct tb_read_request *request)
{
    tb_body_begin(w, 49);
    tb_write_u8(w, request->padding);
    tb_write_u8(w, request->flags);
    tb_write_u32(w, request->length);
    tb_write_u64(w, request->offset);
    tb_write_file_id(w, request->file_id);
    tb_write_u32(w, request->minimum_count);
    tb_write_u32(w, request->channel);
    tb_write_u32(w, request->remaining_bytes);
    tb_write_u16(w, request->read_channel_info.length ? REQUEST_FIXED_END : 0);
    tb_write_length16(w, request->read_channel_info.length);
    tb_write_span(w, request->read_channel_info);
    tb_write_at_least_one(w, REQUEST_FIXED_END);
}

enum tb_error tb_read_response_decode(struct tb_span message, struct tb_read_response *out)
{
    *out = (struct tb_read_response){0};
    struct tb_reader r = tb_body_reader(message, 17);
    uint8_t data_offset = tb_read_u8(&r);
    tb_read_skip(&r, 1);
    out->data_length = tb_read_u32(&r);
    out->data_remaining = tb_read_u32(&r);
    out->flags = tb_read_u32(&r);
    out->data = tb_body_part(&r, data_offset, out->data_length, TB_READ_RESPONSE_DATA_OFFSET);
    return tb_reader_error(&r);
}

void tb_read_response_encode_fixed(struct tb_writer *w, const struct tb_read_response *response)
{
    tb_body_begin(w, 17);
    tb_write_u8(w, TB_READ_RESPONSE_DATA_OFFSET);
    tb_write_u8(w, 0);
    tb_write_u32(w, response->data_length);
    tb_write_u32(w, response->data_remaining);
    tb_write_u32(w, response->flags);
}

void tb_read_response_encode(struct tb_writer *w, const struct tb_read_response *response)
{
    if (response->data.length > UINT32_MAX)
        w->failed = true;
    struct tb_read_response fixed = *response;
    fixed.data_length = (uint32_t)response->data.length;
    tb_read_response_encode_fixed(w, &fixed);
    tb_write_span(w, response->data);
}
