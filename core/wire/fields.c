#include "core/wire/fields.h"

#include "core/wire/smb2.h"

#include <assert.h>

struct tb_reader tb_body_reader(struct tb_span message, uint16_t structure_size)
{
    struct tb_reader r = tb_reader(message);
    tb_read_skip(&r, TB_SMB2_HEADER_LENGTH);
    if (tb_read_u16(&r) != structure_size)
        r.failed = true;
    return r;
}

struct tb_span tb_body_part(struct tb_reader *r, size_t offset, size_t length, size_t fixed_end)
{
    assert(fixed_end > TB_SMB2_HEADER_LENGTH);
    if (r->failed || length == 0)
        return tb_span(NULL, 0);
    bool ok = offset >= fixed_end;
    struct tb_span part = tb_span_part(r->whole, offset, length, &ok);
    if (!ok) {
        r->failed = true;
        return tb_span(NULL, 0);
    }
    return part;
}

struct tb_span tb_body_name(struct tb_reader *r, size_t offset, size_t length, size_t fixed_end)
{
    if (length % 2)
        r->failed = true;
    return tb_body_part(r, offset, length, fixed_end);
}

enum tb_error tb_reader_error(const struct tb_reader *r)
{
    return r->failed ? TB_INVALID_PARAMETER : TB_OK;
}

void tb_body_begin(struct tb_writer *w, uint16_t structure_size)
{
    assert(w->failed || w->at == TB_SMB2_HEADER_LENGTH);
    tb_write_u16(w, structure_size);
}

void tb_write_length16(struct tb_writer *w, size_t length)
{
    if (length > UINT16_MAX)
        w->failed = true;
    tb_write_u16(w, (uint16_t)length);
}

void tb_write_length32(struct tb_writer *w, size_t length)
{
    if (length > UINT32_MAX)
        w->failed = true;
    tb_write_u32(w, (uint32_t)length);
}

void tb_write_u32_at(struct tb_writer *w, size_t at, uint32_t value)
{
    if (w->failed)
        return;
    assert(at + 4 <= w->at);
    tb_store_u32(w->data + at, value);
}

void tb_write_at_least_one(struct tb_writer *w, size_t fixed_end)
{
    if (w->at == fixed_end)
        tb_write_u8(w, 0);
}

enum tb_error tb_reserved_decode(struct tb_span message, uint16_t *reserved)
{
    struct tb_reader r = tb_body_reader(message, 4);
    *reserved = tb_read_u16(&r);
    return tb_reader_error(&r);
}

void tb_reserved_encode(struct tb_writer *w, uint16_t reserved)
{
    tb_body_begin(w, 4);
    tb_write_u16(w, reserved);
}

enum { OUTPUT_BUFFER_FIXED_END = TB_SMB2_HEADER_LENGTH + 8 };

enum tb_error tb_output_buffer_decode(struct tb_span message, struct tb_span *buffer)
{
    struct tb_reader r = tb_body_reader(message, 9);
    uint16_t offset = tb_read_u16(&r);
    uint32_t length = tb_read_u32(&r);
    *buffer = tb_body_part(&r, offset, length, OUTPUT_BUFFER_FIXED_END);
    return tb_reader_error(&r);
}

void tb_output_buffer_encode(struct tb_writer *w, struct tb_span buffer)
{
    tb_body_begin(w, 9);
    tb_write_u16(w, OUTPUT_BUFFER_FIXED_END);
    tb_write_length32(w, buffer.length);
    tb_write_span(w, buffer);
}
