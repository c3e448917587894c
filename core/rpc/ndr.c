#include "core/rpc/ndr.h"

#include "core/nt/utf.h"

#include <assert.h>
#include <stdlib.h>

#define STRING_HEADER_LENGTH 12
#define CAPACITY_MIN         256

uint16_t tb_ndr_read_u16(struct tb_ndr_reader *r)
{
    tb_read_align(&r->bytes, 2);
    return tb_read_u16(&r->bytes);
}

uint32_t tb_ndr_read_u32(struct tb_ndr_reader *r)
{
    tb_read_align(&r->bytes, 4);
    return tb_read_u32(&r->bytes);
}

uint64_t tb_ndr_read_u64(struct tb_ndr_reader *r)
{
    tb_read_align(&r->bytes, 8);
    return tb_read_u64(&r->bytes);
}

bool tb_ndr_read_pointer(struct tb_ndr_reader *r)
{
    return tb_ndr_read_u32(r) != 0;
}

struct tb_span tb_ndr_read_string(struct tb_ndr_reader *r)
{
    uint32_t max = tb_ndr_read_u32(r), offset = tb_ndr_read_u32(r), count = tb_ndr_read_u32(r);

    if (offset != 0 || count == 0 || count > max || count > tb_reader_left(&r->bytes) / 2) {
        r->bytes.failed = true;
        return tb_span(NULL, 0);
    }
    struct tb_span text = tb_read_span(&r->bytes, 2 * (size_t)count);
    if (tb_load_u16(text.data + text.length - 2) != 0) {
        r->bytes.failed = true;
        return tb_span(NULL, 0);
    }
    size_t length = 0;
    while (tb_load_u16(text.data + length) != 0)
        length += 2;
    return tb_span(text.data, length);
}

struct tb_span tb_ndr_read_unique_string(struct tb_ndr_reader *r)
{
    return tb_ndr_read_pointer(r) ? tb_ndr_read_string(r) : tb_span(NULL, 0);
}

struct tb_span tb_ndr_read_byte_array(struct tb_ndr_reader *r)
{
    uint32_t count = tb_ndr_read_u32(r);
    return tb_read_span(&r->bytes, count);
}

void tb_ndr_writer_init(struct tb_ndr_writer *w, size_t limit)
{
    *w = (struct tb_ndr_writer){.limit = limit, .referent = 0x00020000 - 4};
}

void tb_ndr_writer_clear(struct tb_ndr_writer *w)
{
    free(w->data);
    *w = (struct tb_ndr_writer){0};
}

/* Room for `length` more bytes, or NULL. */
static uint8_t *reserve(struct tb_ndr_writer *w, size_t length)
{
    if (w->failed || length > w->limit - w->length) {
        w->failed = true;
        return NULL;
    }
    size_t needed = w->length + length;
    if (needed > w->capacity || !w->data) {
        size_t capacity = w->capacity * 2 > needed ? w->capacity * 2 : needed;
        capacity = capacity < CAPACITY_MIN ? CAPACITY_MIN : capacity;
        uint8_t *data = realloc(w->data, capacity);
        if (!data) {
            w->failed = true;
            return NULL;
        }
        w->data = data;
        w->capacity = capacity;
    }
    uint8_t *at = w->data + w->length;
    w->length = needed;
    return at;
}

void tb_ndr_write_align(struct tb_ndr_writer *w, size_t alignment)
{
    size_t padding = (alignment - w->length % alignment) % alignment;
    uint8_t *p = reserve(w, padding);
    if (p)
        memset(p, 0, padding);
}

void tb_ndr_write_bytes(struct tb_ndr_writer *w, const void *bytes, size_t length)
{
    uint8_t *p = reserve(w, length);
    if (p && length)
        memcpy(p, bytes, length);
}

void tb_ndr_write_u8(struct tb_ndr_writer *w, uint8_t v)
{
    tb_ndr_write_bytes(w, &v, 1);
}

void tb_ndr_write_u16(struct tb_ndr_writer *w, uint16_t v)
{
    tb_ndr_write_align(w, 2);
    uint8_t *p = reserve(w, 2);
    if (p)
        tb_store_u16(p, v);
}

void tb_ndr_write_u32(struct tb_ndr_writer *w, uint32_t v)
{
    tb_ndr_write_align(w, 4);
    uint8_t *p = reserve(w, 4);
    if (p)
        tb_store_u32(p, v);
}

void tb_ndr_write_u64(struct tb_ndr_writer *w, uint64_t v)
{
    tb_ndr_write_align(w, 8);
    uint8_t *p = reserve(w, 8);
    if (p)
        tb_store_u64(p, v);
}

void tb_ndr_write_pointer(struct tb_ndr_writer *w, bool present)
{
    if (present)
        w->referent += 4;
    tb_ndr_write_u32(w, present ? w->referent : 0);
}

void tb_ndr_write_string(struct tb_ndr_writer *w, const char *utf8)
{
    size_t bytes, length = strlen(utf8);

    if (tb_utf16_length_from_utf8(utf8, length, &bytes)) {
        w->failed = true;
        return;
    }
    uint32_t count = (uint32_t)(bytes / 2 + 1);
    tb_ndr_write_u32(w, count);
    tb_ndr_write_u32(w, 0);
    tb_ndr_write_u32(w, count);
    uint8_t *p = reserve(w, bytes + 2);
    if (!p)
        return;
    struct tb_writer text = tb_writer(p, bytes + 2);
    enum tb_error error = tb_utf16_from_utf8(utf8, length, &text);
    tb_write_u16(&text, 0);
    assert(error == TB_OK && !text.failed);
    (void)error;
}

size_t tb_ndr_string_length(const char *utf8)
{
    size_t bytes;

    if (tb_utf16_length_from_utf8(utf8, strlen(utf8), &bytes))
        return 0;
    return STRING_HEADER_LENGTH + (bytes + 2 + 3) / 4 * 4;
}

void tb_ndr_patch_u32(struct tb_ndr_writer *w, size_t at, uint32_t v)
{
    if (w->failed)
        return;
    assert(at + 4 <= w->length);
    tb_store_u32(w->data + at, v);
}
