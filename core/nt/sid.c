#include "core/nt/sid.h"

#include <assert.h>
#include <stdio.h>

#define AUTHORITY_MAX    UINT64_C(0xFFFFFFFFFFFF)
#define REVISION         1
#define WIRE_HEAD_LENGTH 8

bool tb_sid_equal(const struct tb_sid *a, const struct tb_sid *b)
{
    return tb_sid_compare(a, b) == 0;
}

int tb_sid_compare(const struct tb_sid *a, const struct tb_sid *b)
{
    if (a->authority != b->authority)
        return a->authority < b->authority ? -1 : 1;
    for (size_t i = 0; i < a->count && i < b->count; i++)
        if (a->sub_authorities[i] != b->sub_authorities[i])
            return a->sub_authorities[i] < b->sub_authorities[i] ? -1 : 1;
    return (a->count > b->count) - (a->count < b->count);
}

bool tb_sid_in_domain(const struct tb_sid *sid, const struct tb_sid *domain, uint32_t *rid)
{
    struct tb_sid parent = *sid;

    if (sid->count == 0 || domain->count != sid->count - 1)
        return false;
    parent.count--;
    *rid = sid->sub_authorities[parent.count];
    return tb_sid_equal(&parent, domain);
}

struct tb_sid tb_sid_with_rid(const struct tb_sid *domain, uint32_t rid)
{
    struct tb_sid sid = *domain;

    if (sid.count == TB_SID_SUB_AUTHORITIES_MAX)
        return (struct tb_sid){0};
    sid.sub_authorities[sid.count++] = rid;
    return sid;
}

/* A number in decimal, or in hexadecimal behind "0x" where that is allowed. */
static bool parse_number(const char **at, bool hexadecimal, uint64_t max, uint64_t *number)
{
    const char *p = *at, *digits = "0123456789abcdef", *digit;
    unsigned base = 10;

    if (hexadecimal && p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
        base = 16;
        p += 2;
    }
    const char *start = p;
    for (*number = 0; *p != '\0'; p++) {
        digit = strchr(digits, *p >= 'A' && *p <= 'F' ? *p - 'A' + 'a' : *p);
        if (!digit || digit - digits >= (int)base)
            break;
        *number = *number * base + (uint64_t)(digit - digits);
        if (*number > max)
            return false;
    }
    *at = p;
    return p > start;
}

enum tb_error tb_sid_parse(const char *text, struct tb_sid *sid)
{
    uint64_t number;

    *sid = (struct tb_sid){0};
    if ((text[0] != 'S' && text[0] != 's') || strncmp(text + 1, "-1-", 3) != 0)
        return TB_INVALID_SID;
    text += 4;
    struct tb_sid parsed = {0};
    if (!parse_number(&text, true, AUTHORITY_MAX, &parsed.authority))
        return TB_INVALID_SID;
    while (*text == '-') {
        text++;
        if (parsed.count == TB_SID_SUB_AUTHORITIES_MAX ||
            !parse_number(&text, false, UINT32_MAX, &number))
            return TB_INVALID_SID;
        parsed.sub_authorities[parsed.count++] = (uint32_t)number;
    }
    if (*text != '\0' || parsed.count == 0)
        return TB_INVALID_SID;
    *sid = parsed;
    return TB_OK;
}

const char *tb_sid_format(const struct tb_sid *sid, char text[TB_SID_TEXT_CAPACITY])
{
    unsigned long long authority = sid->authority;
    int length;

    assert(sid->count <= TB_SID_SUB_AUTHORITIES_MAX);
    if (authority > UINT32_MAX) /* MS-DTYP 2.4.2.1 */
        length = snprintf(text, TB_SID_TEXT_CAPACITY, "S-1-0x%012llX", authority);
    else
        length = snprintf(text, TB_SID_TEXT_CAPACITY, "S-1-%llu", authority);
    for (size_t i = 0; i < sid->count; i++)
        length += snprintf(text + length, TB_SID_TEXT_CAPACITY - (size_t)length, "-%u",
                           sid->sub_authorities[i]);
    return text;
}

size_t tb_sid_wire_length(const struct tb_sid *sid)
{
    return WIRE_HEAD_LENGTH + 4 * (size_t)sid->count;
}

enum tb_error tb_sid_decode(struct tb_reader *reader, struct tb_sid *sid)
{
    *sid = (struct tb_sid){0};
    uint8_t revision = tb_read_u8(reader), count = tb_read_u8(reader);
    const uint8_t *authority = tb_read_bytes(reader, 6);
    const uint8_t *subs = tb_read_bytes(reader, 4 * (size_t)count);

    if (reader->failed || revision != REVISION || count == 0 || count > TB_SID_SUB_AUTHORITIES_MAX)
        return TB_INVALID_SID;
    for (int i = 0; i < 6; i++) /* the one big-endian number of the protocol */
        sid->authority = sid->authority << 8 | authority[i];
    for (size_t i = 0; i < count; i++)
        sid->sub_authorities[i] = tb_load_u32(subs + 4 * i);
    sid->count = count;
    return TB_OK;
}

void tb_sid_encode(const struct tb_sid *sid, struct tb_writer *to)
{
    assert(sid->count <= TB_SID_SUB_AUTHORITIES_MAX);
    tb_write_u8(to, REVISION);
    tb_write_u8(to, sid->count);
    for (int shift = 40; shift >= 0; shift -= 8)
        tb_write_u8(to, (uint8_t)(sid->authority >> shift));
    for (size_t i = 0; i < sid->count; i++)
        tb_write_u32(to, sid->sub_authorities[i]);
}
