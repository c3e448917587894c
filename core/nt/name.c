#include "core/nt/name.h"

#include "core/nt/upcase.h"
#include "core/nt/utf.h"

#include <assert.h>
#include <stdlib.h>

/* Counts the units of a text and refuses ill-formed UTF-8. */
static enum tb_error check_length(const char *text, size_t length, size_t units_max)
{
    size_t bytes;

    if (length > units_max * TB_UTF8_BYTES_PER_UNIT ||
        tb_utf16_length_from_utf8(text, length, &bytes) || bytes / 2 > units_max)
        return TB_OBJECT_NAME_INVALID;
    return TB_OK;
}

enum tb_error tb_name_check(const char *name, size_t length)
{
    if (length == 0 || (length == 1 && name[0] == '.') ||
        (length == 2 && memcmp(name, "..", 2) == 0))
        return TB_OBJECT_NAME_INVALID;
    for (size_t i = 0; i < length; i++)
        if ((uint8_t)name[i] < 0x20 || strchr("\"*/:<>?\\|", name[i]))
            return TB_OBJECT_NAME_INVALID;
    return check_length(name, length, TB_NAME_UNITS_MAX);
}

static enum tb_error parse_stream_type(const char *text, enum tb_stream_type *type)
{
    if (tb_name_equal_folded(text, "$DATA"))
        *type = TB_STREAM_TYPE_DATA;
    else if (tb_name_equal_folded(text, "$INDEX_ALLOCATION"))
        *type = TB_STREAM_TYPE_INDEX_ALLOCATION;
    else
        return TB_OBJECT_NAME_INVALID;
    return TB_OK;
}

/* "stream", "stream:type" or ":type", what stands behind the first colon (MS-FSCC 2.1.5.3). */
static enum tb_error parse_stream(char *text, struct tb_path *path)
{
    char *type = strchr(text, ':');
    if (type)
        *type++ = '\0';
    if (*text == '\0' && !type)
        return TB_OBJECT_NAME_INVALID;
    enum tb_error error = check_length(text, strlen(text), TB_NAME_UNITS_MAX);
    if (!error && type)
        error = parse_stream_type(type, &path->stream_type);
    if (error || *text == '\0')
        return error;
    if (path->stream_type == TB_STREAM_TYPE_INDEX_ALLOCATION)
        return tb_name_equal_folded(text, "$I30") ? TB_OK : TB_OBJECT_NAME_INVALID;
    path->stream = strdup(text);
    return path->stream ? TB_OK : TB_NO_MEMORY;
}

/* Forget the last component before `end`; NULL when there is none. */
static char *go_up(const char *text, char *end)
{
    if (end == text)
        return NULL;
    end--; /* its separator */
    while (end > text && end[-1] != '/')
        end--;
    return end;
}

/* Checks the components and joins them by '/'. ".." takes back the one before it, by name: no file
 * is looked at, and nothing leads above the share's root. */
static enum tb_error join_components(char *text)
{
    char *to = text;
    for (const char *from = text;; from++) {
        size_t length = strcspn(from, "\\");
        bool last = from[length] == '\0';
        if (length == 2 && memcmp(from, "..", 2) == 0) {
            to = go_up(text, to);
            if (!to)
                return TB_OBJECT_PATH_SYNTAX_BAD;
        } else {
            enum tb_error error = tb_name_check(from, length);
            if (error)
                return error;
            memmove(to, from, length);
            to += length;
            *to++ = '/';
        }
        from += length;
        if (last)
            break;
    }
    if (to > text)
        to--;
    *to = '\0';
    return TB_OK;
}

/* Turns `path->path`, as it came but in UTF-8, into its form inside. */
static enum tb_error parse_path(struct tb_path *path)
{
    char *text = path->path, *colon = strchr(text, ':');
    size_t length = strlen(text);

    if (colon) {
        if (strchr(colon, '\\') || strchr(colon, '/') || (colon > text && colon[-1] == '\\'))
            return TB_OBJECT_NAME_INVALID;
        *colon = '\0';
        enum tb_error error = parse_stream(colon + 1, path);
        if (error)
            return error;
    } else if (length > 0 && text[length - 1] == '\\') {
        path->trailing_separator = true;
        text[length - 1] = '\0';
        if (length == 1)
            return TB_OBJECT_NAME_INVALID;
    }
    enum tb_error error = *text == '\0' ? TB_OK : join_components(text);
    assert(error || !strpbrk(text, "\\:"));
    return error;
}

static enum tb_error path_from_wire(struct tb_span utf16, struct tb_path *path)
{
    if (utf16.length / 2 > TB_PATH_UNITS_MAX)
        return TB_OBJECT_NAME_INVALID;
    enum tb_error error = tb_utf8_from_utf16_new(utf16, &path->path);
    if (error == TB_INVALID_PARAMETER) /* a NUL */
        error = TB_OBJECT_NAME_INVALID;
    if (!error)
        error = parse_path(path);
    if (error)
        tb_path_clear(path);
    return error;
}

static bool starts_with_backslash(struct tb_span utf16)
{
    return utf16.length >= 2 && tb_load_u16(utf16.data) == '\\';
}

enum tb_error tb_path_from_wire(struct tb_span utf16, struct tb_path *path)
{
    *path = (struct tb_path){0};
    if (utf16.length % 2 != 0 || starts_with_backslash(utf16))
        return TB_INVALID_PARAMETER;
    return path_from_wire(utf16, path);
}

enum tb_error tb_path_from_wire_rename(struct tb_span utf16, struct tb_path *path)
{
    *path = (struct tb_path){0};
    if (utf16.length % 2 != 0)
        return TB_INVALID_PARAMETER;
    if (starts_with_backslash(utf16))
        utf16 = tb_span(utf16.data + 2, utf16.length - 2);
    return path_from_wire(utf16, path);
}

void tb_path_clear(struct tb_path *path)
{
    free(path->path);
    free(path->stream);
    *path = (struct tb_path){0};
}

const char *tb_path_leaf(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

size_t tb_path_parent_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) : 0;
}

char *tb_path_parent_new(const char *path)
{
    return strndup(path, tb_path_parent_length(path));
}

char *tb_path_join_new(const char *parent, const char *leaf)
{
    size_t parent_length = strlen(parent), leaf_length = strlen(leaf);
    char *path = malloc(parent_length + leaf_length + 2), *at = path;

    if (!path)
        return NULL;
    if (parent_length > 0) {
        memcpy(path, parent, parent_length);
        path[parent_length] = '/';
        at += parent_length + 1;
    }
    memcpy(at, leaf, leaf_length + 1);
    return path;
}

struct tb_span tb_path_next(const char **at)
{
    struct tb_span component = tb_span(*at, strcspn(*at, "/"));
    *at += component.length;
    if (**at == '/')
        ++*at;
    return component;
}

bool tb_path_is_beneath(const char *path, const char *ancestor)
{
    size_t length = strlen(ancestor);
    if (length == 0)
        return *path != '\0';
    return strncmp(path, ancestor, length) == 0 && path[length] == '/';
}

/* Folding changes no '/', so components can be compared one by one. */
bool tb_path_is_beneath_folded(const char *path, const char *ancestor)
{
    while (*ancestor != '\0') {
        struct tb_span a = tb_path_next(&path), b = tb_path_next(&ancestor);
        char folded_a[4], folded_b[4];
        const char *at_a = (const char *)a.data, *at_b = (const char *)b.data;
        size_t n;
        do {
            n = tb_name_fold_next(&at_a, &a.length, folded_a);
            if (tb_name_fold_next(&at_b, &b.length, folded_b) != n ||
                memcmp(folded_a, folded_b, n) != 0)
                return false;
        } while (n > 0);
    }
    return *path != '\0';
}

enum tb_error tb_path_to_wire(const char *path, bool leading, struct tb_writer *to)
{
    size_t length = strlen(path), start, bytes;

    if (tb_utf16_length_from_utf8(path, length, &bytes))
        return TB_INVALID_PARAMETER;
    if (leading)
        tb_write_u16(to, '\\');
    start = to->at;
    if (to->failed || tb_utf16_from_utf8(path, length, to))
        return TB_BUFFER_TOO_SMALL;
    for (size_t at = start; at < to->at; at += 2)
        if (tb_load_u16(to->data + at) == '/')
            tb_store_u16(to->data + at, '\\');
    return TB_OK;
}

size_t tb_path_wire_length(const char *path, bool leading)
{
    struct tb_utf16_units units = tb_utf16_units(path, strlen(path));
    size_t length = leading ? 2 : 0;

    while (tb_utf16_next(&units) != TB_UTF16_END)
        length += 2;
    return length;
}
