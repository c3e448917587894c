#include "core/wire/error.h"

enum {
    FIXED_END = TB_SMB2_HEADER_LENGTH + 8,
    CONTEXT_HEADER_LENGTH = 8,
};

#define SYMLINK_ERROR_TAG      0x4C4D5953u
#define IO_REPARSE_TAG_SYMLINK 0xA000000Cu

/* From SubstituteNameOffset to Flags, which ReparseDataLength counts. */
enum { SYMLINK_FIELDS_LENGTH = 12 };

bool tb_error_contexts_next(struct tb_span *left, struct tb_error_context *out)
{
    *out = (struct tb_error_context){0};
    struct tb_reader r = tb_reader(*left);
    uint32_t length = tb_read_u32(&r);
    out->error_id = tb_read_u32(&r);
    out->error_data = tb_read_span(&r, length);
    if (r.failed)
        return false;
    size_t padding = (8 - r.at % 8) % 8;
    if (padding > tb_reader_left(&r))
        padding = tb_reader_left(&r);
    tb_read_skip(&r, padding);
    *left = tb_span(left->data + r.at, left->length - r.at);
    return true;
}

enum tb_error tb_error_response_decode(struct tb_span message, struct tb_error_response *out)
{
    *out = (struct tb_error_response){0};
    struct tb_reader r = tb_body_reader(message, 9);
    out->error_context_count = tb_read_u8(&r);
    tb_read_skip(&r, 1);
    uint32_t length = tb_read_u32(&r);
    out->error_data = tb_body_part(&r, FIXED_END, length, FIXED_END);
    struct tb_span left = out->error_data;
    struct tb_error_context context;
    for (int i = 0; !r.failed && i < out->error_context_count; i++) {
        if (!tb_error_contexts_next(&left, &context))
            r.failed = true;
    }
    return tb_reader_error(&r);
}

void tb_error_response_encode(struct tb_writer *w, const struct tb_error_response *response)
{
    tb_body_begin(w, 9);
    tb_write_u8(w, response->error_context_count);
    tb_write_u8(w, 0);
    tb_write_length32(w, response->error_data.length);
    tb_write_span(w, response->error_data);
    /* MS-SMB2 2.2.2: without data there is one byte of it all the same. */
    tb_write_at_least_one(w, FIXED_END);
}

void tb_error_response_encode_data(struct tb_writer *w, uint16_t dialect, uint32_t error_id,
                                   struct tb_span data)
{
    if (dialect != TB_SMB2_DIALECT_311) {
        struct tb_error_response bare = {.error_data = data};
        tb_error_response_encode(w, &bare);
        return;
    }
    tb_body_begin(w, 9);
    tb_write_u8(w, 1);
    tb_write_u8(w, 0);
    tb_write_length32(w, CONTEXT_HEADER_LENGTH + data.length);
    tb_write_length32(w, data.length);
    tb_write_u32(w, error_id);
    tb_write_span(w, data);
}

void tb_error_response_encode_needed(struct tb_writer *w, uint16_t dialect, uint32_t needed)
{
    uint8_t data[4];
    tb_store_u32(data, needed);
    tb_error_response_encode_data(w, dialect, TB_SMB2_ERROR_ID_DEFAULT, tb_span(data, sizeof data));
}

struct tb_span tb_error_response_data(const struct tb_error_response *response)
{
    if (response->error_context_count == 0)
        return response->error_data;
    struct tb_span left = response->error_data;
    struct tb_error_context context;
    return tb_error_contexts_next(&left, &context) ? context.error_data : tb_span(NULL, 0);
}

enum tb_error tb_symlink_error_decode(struct tb_span data, struct tb_symlink_error *out)
{
    *out = (struct tb_symlink_error){0};
    struct tb_reader r = tb_reader(data);
    tb_read_skip(&r, 4);
    if (tb_read_u32(&r) != SYMLINK_ERROR_TAG || tb_read_u32(&r) != IO_REPARSE_TAG_SYMLINK)
        r.failed = true;
    tb_read_skip(&r, 2);
    out->unparsed_path_length = tb_read_u16(&r);
    uint16_t substitute_offset = tb_read_u16(&r);
    uint16_t substitute_length = tb_read_u16(&r);
    uint16_t print_offset = tb_read_u16(&r);
    uint16_t print_length = tb_read_u16(&r);
    out->flags = tb_read_u32(&r);
    struct tb_span names = tb_read_span(&r, tb_reader_left(&r));
    bool ok = !r.failed;
    if (substitute_length)
        out->substitute_name = tb_span_part(names, substitute_offset, substitute_length, &ok);
    if (print_length)
        out->print_name = tb_span_part(names, print_offset, print_length, &ok);
    return ok ? TB_OK : TB_INVALID_PARAMETER;
}

void tb_symlink_error_encode(struct tb_writer *w, const struct tb_symlink_error *error)
{
    size_t names_length = error->substitute_name.length + error->print_name.length;
    tb_write_length32(w, 24 + names_length);
    tb_write_u32(w, SYMLINK_ERROR_TAG);
    tb_write_u32(w, IO_REPARSE_TAG_SYMLINK);
    tb_write_length16(w, SYMLINK_FIELDS_LENGTH + names_length);
    tb_write_u16(w, error->unparsed_path_length);
    tb_write_u16(w, 0);
    tb_write_length16(w, error->substitute_name.length);
    tb_write_length16(w, error->substitute_name.length);
    tb_write_length16(w, error->print_name.length);
    tb_write_u32(w, error->flags);
    tb_write_span(w, error->substitute_name);
    tb_write_span(w, error->print_name);
}
