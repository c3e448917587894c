/* For tests: memory of exact size, so that a sanitizer sees one byte too far; text in UTF-16LE; and
 * allocations made to fail one after the other (link with NT_FAULT_WRAP). */
#ifndef TB_NT_TESTS_SUPPORT_H
#define TB_NT_TESTS_SUPPORT_H

#include "core/bytes.h"

#include <check.h>
#include <stdlib.h>

/* A copy that free((void *)span.data) releases. */
static inline struct tb_span exact(const void *data, size_t length)
{
    uint8_t *copy = malloc(length ? length : 1);
    ck_assert_ptr_nonnull(copy);
    if (length)
        memcpy(copy, data, length);
    return tb_span(copy, length);
}

static inline void exact_free(struct tb_span span)
{
    free((void *)span.data);
}

/* The wire form of a text of ASCII, of exact size. */
static inline struct tb_span wide(const char *ascii)
{
    size_t length = strlen(ascii);
    uint8_t *copy = calloc(1, 2 * length + 1);
    ck_assert_ptr_nonnull(copy);
    for (size_t i = 0; i < length; i++)
        copy[2 * i] = (uint8_t)ascii[i];
    struct tb_span span = exact(copy, 2 * length);
    free(copy);
    return span;
}

/* A cheap reproducible sequence (xorshift). */
static inline uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

#endif
