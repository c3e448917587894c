#include "core/nt/upcase.h"

#include "core/nt/upcase_table.h"
#include "core/nt/utf.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

uint16_t tb_upcase(uint16_t unit)
{
    return (uint16_t)(unit + upcase_blocks[upcase_index[unit / 64]][unit % 64]);
}

/* Surrogates have no case, so code points fold as their units do. */
static uint32_t fold(uint32_t code_point)
{
    return code_point < 0x10000 ? tb_upcase((uint16_t)code_point) : code_point;
}

size_t tb_name_fold_next(const char **at, size_t *left, char to[4])
{
    uint32_t code_point;

    if (*left == 0)
        return 0;
    size_t length = tb_utf8_decode(*at, *left, &code_point), folded = 1;
    if (length) {
        folded = tb_utf8_encode(fold(code_point), to);
    } else {
        to[0] = **at;
        length = 1;
    }
    *at += length;
    *left -= length;
    return folded;
}

size_t tb_name_fold(const char *name, char *to)
{
    size_t left = strlen(name), capacity = TB_NAME_FOLDED_CAPACITY(left), length = 0, n;
    char bytes[4];

    while ((n = tb_name_fold_next(&name, &left, bytes)) > 0) {
        memcpy(to + length, bytes, n);
        length += n;
    }
    assert(length < capacity);
    to[length] = '\0';
    return length;
}

char *tb_name_fold_new(const char *name)
{
    char *to = malloc(TB_NAME_FOLDED_CAPACITY(strlen(name)));
    if (to)
        tb_name_fold(name, to);
    return to;
}

static uint32_t next_folded_unit(struct tb_utf16_units *units)
{
    uint32_t unit = tb_utf16_next(units);
    return unit < 0x10000 ? tb_upcase((uint16_t)unit) : unit;
}

int tb_name_compare_folded(const char *a, const char *b)
{
    struct tb_utf16_units units_a = tb_utf16_units(a, strlen(a));
    struct tb_utf16_units units_b = tb_utf16_units(b, strlen(b));

    for (;;) {
        uint32_t unit_a = next_folded_unit(&units_a), unit_b = next_folded_unit(&units_b);
        if (unit_a != unit_b) {
            if (unit_a == TB_UTF16_END || unit_b == TB_UTF16_END)
                return unit_a == TB_UTF16_END ? -1 : 1;
            return unit_a < unit_b ? -1 : 1;
        }
        if (unit_a == TB_UTF16_END)
            return 0;
    }
}
