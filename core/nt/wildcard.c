#include "core/nt/wildcard.h"

#include "core/nt/name.h"
#include "core/nt/upcase.h"
#include "core/nt/utf.h"

#include <assert.h>
#include <stdlib.h>

/* MS-FSCC 2.1.5.2, but for wildcards. */
static bool may_be_in_pattern(uint16_t unit)
{
    return unit >= 0x20 && unit != '\\' && unit != '/' && unit != ':' && unit != '|';
}

enum tb_error tb_pattern_from_wire(struct tb_span utf16, char **pattern)
{
    *pattern = NULL;
    if (utf16.length % 2 != 0 || utf16.length / 2 > TB_NAME_UNITS_MAX)
        return TB_OBJECT_NAME_INVALID;
    for (size_t at = 0; at < utf16.length; at += 2)
        if (!may_be_in_pattern(tb_load_u16(utf16.data + at)))
            return TB_OBJECT_NAME_INVALID;
    if (utf16.length == 0)
        utf16 = tb_span("*\0", 2);
    enum tb_error error = tb_utf8_from_utf16_new(utf16, pattern);
    return error == TB_INVALID_PARAMETER ? TB_OBJECT_NAME_INVALID : error;
}

bool tb_pattern_has_wildcards(const char *pattern)
{
    return strpbrk(pattern, "*?<>\"") != NULL;
}

/* The pattern as a machine whose states are positions in it, all those it may be in at once. */
struct machine {
    size_t length;
    uint16_t pattern[TB_PATTERN_UNITS_MAX];
    bool now[TB_PATTERN_UNITS_MAX + 1], next[TB_PATTERN_UNITS_MAX + 1];
};

static bool machine_load(struct machine *m, const char *pattern)
{
    struct tb_utf16_units units = tb_utf16_units(pattern, strlen(pattern));
    uint32_t unit;

    m->length = 0;
    while ((unit = tb_utf16_next(&units)) != TB_UTF16_END) {
        if (m->length == TB_PATTERN_UNITS_MAX || unit >= TB_UTF16_STRAY)
            return false;
        m->pattern[m->length++] = tb_upcase((uint16_t)unit);
    }
    memset(m->now, 0, m->length + 1);
    m->now[0] = true;
    return true;
}

/* One character of the name; false when no state is left. */
static bool machine_step(struct machine *m, uint32_t unit, bool last_dot)
{
    bool alive = false;

    assert(m->length <= TB_PATTERN_UNITS_MAX);
    memset(m->next, 0, m->length + 1);
    for (size_t i = 0; i < m->length; i++) {
        if (!m->now[i])
            continue;
        uint16_t p = m->pattern[i];
        bool skips = p == '*' || p == '<' || (p == '>' && unit == '.');
        bool stays = p == '*' || (p == '<' && !last_dot);
        bool takes =
            p == unit || p == '?' || (p == '>' && unit != '.') || (p == '"' && unit == '.');
        if (skips)
            m->now[i + 1] = true;
        if (stays)
            alive = m->next[i] = true;
        else if (takes && !skips)
            alive = m->next[i + 1] = true;
    }
    memcpy(m->now, m->next, m->length + 1);
    return alive;
}

static bool machine_accepts(struct machine *m)
{
    for (size_t i = 0; i < m->length; i++)
        if (m->now[i] && strchr("*<>\"", m->pattern[i] < 0x80 ? m->pattern[i] : 'x'))
            m->now[i + 1] = true;
    return m->now[m->length];
}

bool tb_pattern_matches(const char *pattern, const char *name)
{
    struct machine m;
    const char *last_dot = strrchr(name, '.');
    struct tb_utf16_units units = tb_utf16_units(name, strlen(name));

    if (strcmp(pattern, "*") == 0 || strcmp(pattern, "*.*") == 0)
        return *name != '\0';
    if (!tb_pattern_has_wildcards(pattern))
        return tb_name_equal_folded(pattern, name);
    if (!machine_load(&m, pattern))
        return false;
    for (;;) {
        const char *at = units.at;
        uint32_t unit = tb_utf16_next(&units);
        if (unit == TB_UTF16_END)
            return machine_accepts(&m);
        if (unit < TB_UTF16_STRAY)
            unit = tb_upcase((uint16_t)unit);
        if (!machine_step(&m, unit, unit == '.' && at == last_dot))
            return false;
    }
}
