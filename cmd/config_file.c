/* smb.conf(5): sections, "key = value", a backslash that continues a line, comments from # or ;. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "cmd/keys.h"
#include "core/crypto/digest.h"

#define FILE_BYTES_MAX ((size_t)1 << 20)
#define KEY_BYTES_MAX  128
#define DEPTH_MAX      8

struct reader {
    struct tb_settings *settings;
    const char *path;
    char *at;
    unsigned line, next_line, depth; /* depth: of files that include each other */
    bool in_section, in_global, skipping;
    struct tb_share_settings *share;
};

/* Read a whole file, NUL-terminated; NULL: errno says why. */
static char *read_whole(const char *path, struct stat *status)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return NULL;
    char *text = malloc(FILE_BYTES_MAX + 1);
    size_t length = text ? fread(text, 1, FILE_BYTES_MAX + 1, file) : 0;
    int number = text ? 0 : ENOMEM;
    if (ferror(file))
        number = errno ? errno : EIO;
    else if (length > FILE_BYTES_MAX)
        number = EFBIG;
    else if (text && memchr(text, 0, length))
        number = EILSEQ;
    fstat(fileno(file), status);
    fclose(file);
    if (number) {
        free(text);
        errno = number;
        return NULL;
    }
    text[length] = '\0';
    return text;
}

static bool fail_here(struct reader *reader, const char *what)
{
    char reason[sizeof(reader->settings->message)];
    snprintf(reason, sizeof(reason), "%s", what);
    return tb_settings_fail(reader->settings, "%s, line %u: %.900s", reader->path, reader->line,
                            reason);
}

static char *trim(char *text)
{
    text += strspn(text, " \t\r");
    size_t length = strlen(text);
    while (length && strchr(" \t\r", text[length - 1]))
        text[--length] = '\0';
    return text;
}

/* The next line with what continues it, in place; NULL at the end. */
static char *next_line(struct reader *reader)
{
    if (!*reader->at)
        return NULL;
    char *line = reader->at, *to = line;
    reader->line = reader->next_line;
    for (;;) {
        char *end = strchrnul(reader->at, '\n');
        bool last = !*end;
        size_t length = (size_t)(end - reader->at);
        memmove(to, reader->at, length);
        to += length;
        reader->at = last ? end : end + 1;
        reader->next_line++;
        if (to > line && to[-1] == '\r')
            to--;
        if (last || to == line || to[-1] != '\\' || strchr("#;", line[strspn(line, " \t")]))
            break;
        to--;
    }
    *to = '\0';
    return trim(line);
}

/* Lower case, single blanks, none at the ends or around ':'. */
static bool normalize(const char *key, char to[KEY_BYTES_MAX])
{
    size_t length = 0;
    for (; *key; key++) {
        bool blank = *key == ' ' || *key == '\t';
        if (blank && (!length || to[length - 1] == ' ' || to[length - 1] == ':'))
            continue;
        if (*key == ':' && length && to[length - 1] == ' ')
            length--;
        if (length + 1 == KEY_BYTES_MAX)
            return false;
        to[length++] = blank ? ' ' : (char)tolower((unsigned char)*key);
    }
    to[length] = '\0';
    return length > 0;
}

static bool begin_section(struct reader *reader, char *line)
{
    char *end = strchr(line, ']');
    if (!end || *trim(end + 1))
        return fail_here(reader, "a section's name stands in brackets, alone on its line");
    *end = '\0';
    char *name = trim(line + 1);
    reader->in_section = true;
    reader->in_global = strcasecmp(name, "global") == 0;
    reader->skipping = strcasecmp(name, "homes") == 0 || strcasecmp(name, "printers") == 0 ||
                       strcasecmp(name, "print$") == 0;
    reader->share = NULL;
    if (reader->skipping)
        tb_settings_warn("%s, line %u: the section [%s] has no effect here", reader->path,
                         reader->line, name);
    else if (!reader->in_global && !(reader->share = tb_settings_share(reader->settings, name)))
        return fail_here(reader, reader->settings->message);
    return true;
}

static bool read_file(struct reader *reader);

static bool unknown_key(struct reader *reader, const char *name)
{
    const char *refusal = tb_key_refusal(name), *nearest = tb_key_nearest(name);
    char text[400];
    if (!refusal && tb_key_is_sambas(name)) {
        tb_settings_warn("%s, line %u: \"%s\" has no effect here", reader->path, reader->line,
                         name);
        return true;
    }
    if (refusal)
        snprintf(text, sizeof(text), "\"%s\" is not supported: %s; remove the line", name, refusal);
    else if (nearest)
        snprintf(text, sizeof(text), "unknown key \"%s\"; did you mean \"%s\"?", name, nearest);
    else
        snprintf(text, sizeof(text), "unknown key \"%s\"; tombolo.conf(5) lists the keys", name);
    return fail_here(reader, text);
}

static bool set(struct reader *reader, const struct tb_key *key, const char *value)
{
    struct tb_settings *settings = reader->settings;
    bool global = reader->in_global && key->set_global;
    struct tb_share_settings *share = reader->in_global ? &settings->share_default : reader->share;
    bool good =
        global ? key->set_global(settings, value) : tb_key_set_share(settings, share, key, value);
    return good || fail_here(reader, settings->message);
}

static char *unquote(char *value)
{
    size_t length = strlen(value);
    if (length < 2 || value[0] != '"' || value[length - 1] != '"')
        return value;
    value[length - 1] = '\0';
    return value + 1;
}

/* The other file's lines stand in place of this one, as in Samba: its last section goes on here. A
 * path without a slash at its beginning is looked for where this file is. */
static bool include(struct reader *reader, const char *value)
{
    char path[4096];
    const char *slash = strrchr(reader->path, '/');
    char *name = tb_substitute(reader->settings, NULL, value);
    if (!name)
        return fail_here(reader, reader->settings->message);
    int directory = *name == '/' || !slash ? 0 : (int)(slash + 1 - reader->path);
    int length = snprintf(path, sizeof(path), "%.*s%s", directory, reader->path, name);
    free(name);
    if (reader->depth == DEPTH_MAX || length >= (int)sizeof(path))
        return fail_here(reader, "too many files include each other");
    struct reader inner = *reader;
    inner.path = path;
    inner.depth++;
    bool good = read_file(&inner);
    reader->in_section = inner.in_section;
    reader->in_global = inner.in_global;
    reader->skipping = inner.skipping;
    reader->share = inner.share;
    if (!good && !inner.line)
        return fail_here(reader, reader->settings->message);
    return good;
}

static bool read_line(struct reader *reader, char *line)
{
    char name[KEY_BYTES_MAX];
    if (!*line || *line == '#' || *line == ';')
        return true;
    if (*line == '[')
        return begin_section(reader, line);
    if (reader->skipping)
        return true;
    char *equals = strchr(line, '=');
    if (!equals)
        return fail_here(reader, "expected \"key = value\" or a section's name in brackets");
    *equals = '\0';
    if (!normalize(trim(line), name))
        return fail_here(reader, "there is no key before the \"=\", or one that is far too long");
    if (!reader->in_section)
        return fail_here(reader, "the first section must begin before the first key: [global]?");
    if (tb_key_is(name, strlen(name), "include"))
        return include(reader, unquote(trim(equals + 1)));
    const struct tb_key *key = tb_key_find(name);
    return key ? set(reader, key, unquote(trim(equals + 1))) : unknown_key(reader, name);
}

/* Read all of reader->path. When it cannot be read at all, reader->line is 0 afterwards. */
static bool read_file(struct reader *reader)
{
    struct tb_settings *settings = reader->settings;
    struct stat status = {0};
    char *text = read_whole(reader->path, &status), *line;
    size_t users = settings->users.count;
    reader->line = 0;
    if (!text)
        return tb_settings_fail(settings, "cannot read the configuration file %s: %s",
                                reader->path, strerror(errno));
    size_t length = strlen(text);
    bool good = true;
    reader->at = text;
    reader->next_line = 1;
    while (good && (line = next_line(reader)))
        good = read_line(reader, line);
    if (good && settings->users.count > users && status.st_mode & (S_IRWXG | S_IRWXO))
        tb_settings_warn("%s: others may read or write this file, which holds passwords; do: "
                         "chmod 600 %s",
                         reader->path, reader->path);
    tb_wipe_and_free(text, length);
    return good;
}

static void tell_printers(struct tb_settings *settings, const char *path)
{
    for (size_t i = 0; i < settings->share_count; i++)
        if (settings->shares[i]->printer) {
            settings->shares[i]->available = false;
            tb_settings_warn("%s: the printer [%s] is not served", path, settings->shares[i]->name);
        }
}

bool tb_settings_from_file(struct tb_settings *settings, const char *path)
{
    struct reader reader = {.settings = settings, .path = path};
    settings->share_default.read_only = true;
    bool good = read_file(&reader);
    tb_share_clear(&settings->share_default);
    settings->share_default = tb_share_defaults();
    if (good)
        tell_printers(settings, path);
    return good;
}
