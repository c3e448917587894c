#include "exporters/posix/name_map.h"

#include "core/nt/utf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define STORED_MAX     255
#define RAW_BYTE       0xEF00u /* + the byte, 80..FF */
#define CONTROL        0xF000u /* + the byte, 01..1F */
#define FORBIDDEN      0xF020u /* + its index in `forbidden` */
#define TRAILING_SPACE 0xF028u
#define TRAILING_DOT   0xF029u
#define DEVICE         0xF02Au

static const char forbidden[] = "\"*:<>?\\|";

static bool is_reserved(enum tb_posix_names names, uint32_t code_point)
{
    if (code_point >= RAW_BYTE + 0x80 && code_point <= RAW_BYTE + 0xFF)
        return true;
    uint32_t last = names == TB_POSIX_NAMES_WINDOWS ? DEVICE : TRAILING_DOT;
    return names != TB_POSIX_NAMES_PLAIN && code_point > CONTROL && code_point <= last;
}

/* Whether Win32 takes the name for a device's: what stands before the first period counts. */
static bool is_device(const char *name)
{
    static const char *const devices[] = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"};
    static const char *const digits[] = {"\xc2\xb9", "\xc2\xb2", "\xc2\xb3"};
    size_t length = strcspn(name, ".");

    while (length && name[length - 1] == ' ')
        length--;
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
        if (length == strlen(devices[i]) && strncasecmp(name, devices[i], length) == 0)
            return true;
    if (strncasecmp(name, "COM", 3) != 0 && strncasecmp(name, "LPT", 3) != 0)
        return false;
    for (size_t i = 0; i < sizeof digits / sizeof *digits; i++)
        if (length == 5 && memcmp(name + 3, digits[i], 2) == 0)
            return true;
    return length == 4 && name[3] >= '0' && name[3] <= '9';
}

/* A surrogate pair written as two characters of three bytes is not well-formed; one alone is. */
static bool starts_pair(const char *at, size_t left, uint32_t code_point)
{
    uint32_t next;
    return code_point >= 0xD800 && code_point <= 0xDBFF &&
           tb_utf8_decode(at + 3, left - 3, &next) == 3 && next >= 0xDC00 && next <= 0xDFFF;
}

static uint32_t map_plain(uint32_t c, bool last)
{
    const char *found = c < 0x80 ? strchr(forbidden, (int)c) : NULL;
    if (c < 0x20)
        return CONTROL + c;
    if (found)
        return FORBIDDEN + (uint32_t)(found - forbidden);
    if (last && c == ' ')
        return TRAILING_SPACE;
    if (last && c == '.')
        return TRAILING_DOT;
    return c;
}

bool tb_posix_name_to_client(enum tb_posix_names names, const char *stored,
                             char to[TB_POSIX_CLIENT_NAME_CAPACITY])
{
    size_t left = strlen(stored);

    if (left > STORED_MAX)
        return false;
    if (names == TB_POSIX_NAMES_WINDOWS && is_device(stored))
        to += tb_utf8_encode(DEVICE, to);
    while (left) {
        uint32_t c;
        size_t length = tb_utf8_decode(stored, left, &c);
        if (length == 0 || is_reserved(names, c) || starts_pair(stored, left, c)) {
            size_t bytes = length ? length : 1;
            for (size_t i = 0; i < bytes; i++)
                to += tb_utf8_encode(RAW_BYTE + (uint8_t)stored[i], to);
            length = bytes;
        } else {
            uint32_t mapped = map_plain(c, left == length);
            if (names == TB_POSIX_NAMES_PLAIN && mapped != c)
                return false;
            to += tb_utf8_encode(mapped, to);
        }
        stored += length;
        left -= length;
    }
    *to = '\0';
    return true;
}

/* The byte that stands for a reserved character. */
static char unmapped(uint32_t c)
{
    if (c < CONTROL)
        return (char)(c - RAW_BYTE);
    if (c < FORBIDDEN)
        return (char)(c - CONTROL);
    if (c < TRAILING_SPACE)
        return forbidden[c - FORBIDDEN];
    return c == TRAILING_SPACE ? ' ' : '.';
}

/* Writes no more than `length` bytes and the terminator. */
static bool name_to_disk(enum tb_posix_names names, const char *name, size_t length, char *to)
{
    char again[TB_POSIX_CLIENT_NAME_CAPACITY], *start = to;
    bool plain = names == TB_POSIX_NAMES_MAPPED;

    for (size_t at = 0, step; at < length; at += step) {
        uint32_t c;
        step = tb_utf8_decode(name + at, length - at, &c);
        if (step == 0)
            return false;
        if (is_reserved(names, c)) {
            plain = false;
            if (c != DEVICE)
                *to++ = unmapped(c);
        } else {
            memcpy(to, name + at, step);
            to += step;
        }
    }
    *to = '\0';
    if (to - start > STORED_MAX || strcmp(start, ".") == 0 || strcmp(start, "..") == 0)
        return false;
    if (plain)
        return true;
    return !strchr(start, '/') && tb_posix_name_to_client(names, start, again) &&
           strlen(again) == length && memcmp(again, name, length) == 0;
}

enum tb_error tb_posix_path_to_disk(enum tb_posix_names names, const char *path, char **out)
{
    char *to = malloc(strlen(path) + 1);

    *out = to;
    if (!to)
        return TB_NO_MEMORY;
    *to = '\0';
    while (*path) {
        size_t length = strcspn(path, "/");
        if (length == 0 || !name_to_disk(names, path, length, to)) {
            free(*out);
            *out = NULL;
            return TB_OBJECT_NAME_INVALID;
        }
        to += strlen(to);
        path += length;
        if (*path == '/') {
            *to++ = *path++;
            *to = '\0';
        }
    }
    return TB_OK;
}

enum tb_error tb_posix_path_to_client(enum tb_posix_names names, const char *stored, char **out)
{
    char name[STORED_MAX + 1], *to = malloc(strlen(stored) * 6 + 4);

    *out = to;
    if (!to)
        return TB_NO_MEMORY;
    *to = '\0';
    while (*stored) {
        size_t length = strcspn(stored, "/");
        char mapped[TB_POSIX_CLIENT_NAME_CAPACITY];
        memcpy(name, stored, length <= STORED_MAX ? length : 0);
        name[length <= STORED_MAX ? length : 0] = '\0';
        if (length > STORED_MAX || !tb_posix_name_to_client(names, name, mapped)) {
            free(*out);
            *out = NULL;
            return TB_OBJECT_NAME_INVALID;
        }
        to = stpcpy(to, mapped);
        stored += length;
        if (*stored == '/') {
            *to++ = *stored++;
            *to = '\0';
        }
    }
    return TB_OK;
}
