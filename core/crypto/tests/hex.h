/* Test vectors in hexadecimal. */
#ifndef TB_TESTS_HEX_H
#define TB_TESTS_HEX_H

#include "core/bytes.h"

#include <check.h>
#include <stdlib.h>

static inline uint8_t tb_hex_digit(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
}

/* Fills at most `capacity` bytes and returns how many there were. */
static inline size_t tb_hex(const char *hex, uint8_t *to, size_t capacity)
{
    size_t length = strlen(hex) / 2;

    ck_assert_uint_le(length, capacity);
    for (size_t i = 0; i < length; i++)
        to[i] = (uint8_t)(tb_hex_digit(hex[2 * i]) << 4 | tb_hex_digit(hex[2 * i + 1]));
    return length;
}

/* An allocation of exactly the bytes, so that a sanitizer sees every step beyond them. */
static inline struct tb_span tb_hex_new(const char *hex)
{
    size_t length = strlen(hex) / 2;
    uint8_t *bytes = malloc(length ? length : 1);

    ck_assert_ptr_nonnull(bytes);
    tb_hex(hex, bytes, length);
    return tb_span(bytes, length);
}

static inline void tb_assert_hex(const void *bytes, const char *hex)
{
    uint8_t expected[1024];
    size_t length = tb_hex(hex, expected, sizeof expected);

    if (length)
        ck_assert_mem_eq(bytes, expected, length);
}

#endif
