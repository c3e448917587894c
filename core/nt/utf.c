#include "core/nt/utf.h"

#include <assert.h>
#include <stdlib.h>

static bool is_high_surrogate(uint32_t unit)
{
    return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool is_low_surrogate(uint32_t unit)
{
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

size_t tb_utf8_decode(const char *at, size_t left, uint32_t *code_point)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t *p = (const uint8_t *)at;

    if (left == 0)
        return 0;
    if (p[0] < 0x80) {
        *code_point = p[0];
        return 1;
    }
    size_t length = p[0] < 0xC2 ? 0 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : p[0] < 0xF5 ? 4 : 0;
    if (length == 0 || length > left)
        return 0;
    uint32_t value = p[0] & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (p[i] & 0x3F);
    }
    if (value < least[length] || value > 0x10FFFF)
        return 0;
    *code_point = value;
    return length;
}

size_t tb_utf8_encode(uint32_t code_point, char to[4])
{
    uint8_t *p = (uint8_t *)to;

    assert(code_point <= 0x10FFFF);
    if (code_point < 0x80) {
        p[0] = (uint8_t)code_point;
        return 1;
    }
    size_t length = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--) {
        p[i] = 0x80 | (code_point & 0x3F);
        code_point >>= 6;
    }
    p[0] = (uint8_t)(0xF0 << (4 - length) | code_point);
    return length;
}

/* A code point of well-formed text: not the second half of a pair whose first half came just before
 * as three bytes of its own. 0 when ill-formed. */
static size_t decode_after(const char *at, size_t left, uint32_t previous, uint32_t *code_point)
{
    size_t length = tb_utf8_decode(at, left, code_point);
    if (length && is_high_surrogate(previous) && is_low_surrogate(*code_point))
        return 0;
    return length;
}

bool tb_utf8_valid(const char *utf8, size_t length)
{
    size_t bytes;
    return tb_utf16_length_from_utf8(utf8, length, &bytes) == TB_OK;
}

/* The next code point of UTF-16LE of even length, a pair joined. */
static uint32_t utf16_take(struct tb_span utf16, size_t *at)
{
    uint32_t unit = tb_load_u16(utf16.data + *at);
    *at += 2;
    if (is_high_surrogate(unit) && utf16.length - *at >= 2) {
        uint32_t low = tb_load_u16(utf16.data + *at);
        if (is_low_surrogate(low)) {
            *at += 2;
            return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        }
    }
    return unit;
}

size_t tb_utf8_length_from_utf16(struct tb_span utf16)
{
    char bytes[4];
    size_t length = 0, at = 0;

    utf16.length &= ~(size_t)1;
    while (at < utf16.length)
        length += tb_utf8_encode(utf16_take(utf16, &at), bytes);
    return length;
}

static enum tb_error append_from_utf16(struct tb_span utf16, char *to, size_t room, size_t *length)
{
    size_t at = 0;

    *length = 0;
    while (at < utf16.length) {
        char bytes[4];
        uint32_t code_point = utf16_take(utf16, &at);
        size_t n = tb_utf8_encode(code_point, bytes);
        if (code_point == 0)
            return TB_INVALID_PARAMETER;
        if (n > room - *length)
            return TB_BUFFER_TOO_SMALL;
        memcpy(to + *length, bytes, n);
        *length += n;
    }
    return TB_OK;
}

enum tb_error tb_utf8_from_utf16(struct tb_span utf16, char *to, size_t capacity)
{
    size_t length;

    if (capacity == 0)
        return TB_BUFFER_TOO_SMALL;
    to[0] = '\0';
    if (utf16.length % 2 != 0)
        return TB_INVALID_PARAMETER;
    enum tb_error error = append_from_utf16(utf16, to, capacity - 1, &length);
    to[error ? 0 : length] = '\0';
    return error;
}

enum tb_error tb_utf8_from_utf16_new(struct tb_span utf16, char **to)
{
    size_t capacity = tb_utf8_length_from_utf16(utf16) + 1;

    *to = malloc(capacity);
    if (!*to)
        return TB_NO_MEMORY;
    enum tb_error error = tb_utf8_from_utf16(utf16, *to, capacity);
    if (error) {
        free(*to);
        *to = NULL;
    }
    return error;
}

enum tb_error tb_utf16_length_from_utf8(const char *utf8, size_t length, size_t *bytes)
{
    uint32_t previous = 0, code_point = 0;

    *bytes = 0;
    for (size_t at = 0; at < length; previous = code_point) {
        size_t n = decode_after(utf8 + at, length - at, previous, &code_point);
        if (n == 0)
            return TB_INVALID_PARAMETER;
        *bytes += code_point >= 0x10000 ? 4 : 2;
        at += n;
    }
    return TB_OK;
}

enum tb_error tb_utf16_from_utf8(const char *utf8, size_t length, struct tb_writer *to)
{
    size_t bytes;
    enum tb_error error = tb_utf16_length_from_utf8(utf8, length, &bytes);
    if (error)
        return error;

    uint8_t *p = tb_write_reserve(to, bytes);
    if (!p)
        return TB_BUFFER_TOO_SMALL;
    struct tb_utf16_units units = tb_utf16_units(utf8, length);
    for (size_t at = 0; at < bytes; at += 2)
        tb_store_u16(p + at, (uint16_t)tb_utf16_next(&units));
    return TB_OK;
}

enum tb_error tb_utf16_from_utf8_new(const char *utf8, size_t length, uint8_t **to, size_t *bytes)
{
    *to = NULL;
    enum tb_error error = tb_utf16_length_from_utf8(utf8, length, bytes);
    if (error)
        return error;
    *to = malloc(*bytes ? *bytes : 1);
    if (!*to)
        return TB_NO_MEMORY;
    struct tb_writer writer = tb_writer(*to, *bytes);
    return tb_utf16_from_utf8(utf8, length, &writer);
}

uint32_t tb_utf16_next(struct tb_utf16_units *units)
{
    uint32_t code_point;

    if (units->low) {
        code_point = units->low;
        units->low = 0;
        return code_point;
    }
    if (units->at == units->end)
        return TB_UTF16_END;
    size_t n = tb_utf8_decode(units->at, (size_t)(units->end - units->at), &code_point);
    if (n == 0)
        return TB_UTF16_STRAY + (uint8_t)*units->at++;
    units->at += n;
    if (code_point < 0x10000)
        return code_point;
    units->low = (uint16_t)(0xDC00 + (code_point & 0x3FF));
    return 0xD800 + ((code_point - 0x10000) >> 10);
}
