/* UTF-16LE on the wire, UTF-8 inside.
 *
 * A lone surrogate, which Windows allows in names, becomes its three bytes ("WTF-8"), so every
 * sequence of UTF-16 units has exactly one form inside and comes back unchanged. Ill-formed UTF-8
 * (overlong, beyond U+10FFFF, truncated, or a surrogate pair written as two three-byte sequences)
 * is refused on the way out and never replaced by something else. */
#ifndef TB_NT_UTF_H
#define TB_NT_UTF_H

#include "core/bytes.h"
#include "core/error.h"

/* Most bytes one UTF-16 unit becomes in UTF-8. */
#define TB_UTF8_BYTES_PER_UNIT 3

/* One code point at `at`, with `left` bytes there: its length in bytes, or 0 when ill-formed or
 * `left` is 0. A surrogate's three bytes are a code point of their own here. */
size_t tb_utf8_decode(const char *at, size_t left, uint32_t *code_point);

/* Writes a code point (surrogates included) and returns its length, 1 to 4. */
size_t tb_utf8_encode(uint32_t code_point, char to[4]);

bool tb_utf8_valid(const char *utf8, size_t length);

/* Bytes, without a terminator, that `utf16` becomes. An odd last byte counts for nothing. */
size_t tb_utf8_length_from_utf16(struct tb_span utf16);

/* Converts and terminates. TB_INVALID_PARAMETER: odd length, or a NUL unit inside.
 * TB_BUFFER_TOO_SMALL: `capacity` does not hold text and terminator. `to` is then "". */
enum tb_error tb_utf8_from_utf16(struct tb_span utf16, char *to, size_t capacity);

/* The same into memory that the caller frees; also TB_NO_MEMORY. `*to` is NULL on error. */
enum tb_error tb_utf8_from_utf16_new(struct tb_span utf16, char **to);

/* Bytes of UTF-16LE, without a terminator, that `length` bytes of UTF-8 become.
 * TB_INVALID_PARAMETER: ill-formed. */
enum tb_error tb_utf16_length_from_utf8(const char *utf8, size_t length, size_t *bytes);

/* TB_INVALID_PARAMETER: ill-formed, and nothing is written. A writer without room says so itself
 * (`failed`), and the result is TB_BUFFER_TOO_SMALL. */
enum tb_error tb_utf16_from_utf8(const char *utf8, size_t length, struct tb_writer *to);

/* The same into memory that the caller frees. */
enum tb_error tb_utf16_from_utf8_new(const char *utf8, size_t length, uint8_t **to, size_t *bytes);

/* Walks over the UTF-16 units of a UTF-8 text without converting it. */
struct tb_utf16_units {
    const char *at, *end;
    uint16_t low; /* second half of the last pair, still to come; 0 when none */
};

/* What tb_utf16_next() yields beyond real units: the end, and for an ill-formed byte b
 * TB_UTF16_STRAY + b, so that any two different texts yield different sequences. */
#define TB_UTF16_END   UINT32_MAX
#define TB_UTF16_STRAY 0x10000u

static inline struct tb_utf16_units tb_utf16_units(const char *utf8, size_t length)
{
    return (struct tb_utf16_units){utf8, utf8 + length, 0};
}

uint32_t tb_utf16_next(struct tb_utf16_units *units);

#endif
