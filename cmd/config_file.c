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

struct reader {
    struct tb_settings *settings;
    const char *path;
    char *at;
    unsigned line, next_line;
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

/* Blanks may be left out of a key altogether: "readonly". */
static const struct tb_key *find_key(char name[KEY_BYTES_MAX])
{
    static const char *const joined[][2] = {
        {"readonly", "read only"},         {"guestok", "guest ok"},
        {"validusers", "valid users"},     {"loglevel", "log level"},
        {"smbencrypt", "smb encrypt"},     {"smbports", "smb ports"},
        {"writeok", "write ok"},           {"netbiosname", "netbios name"},
        {"serverstring", "server string"},
    };
    for (size_t i = 0; i < sizeof(joined) / sizeof(joined[0]); i++)
        if (strcmp(name, joined[i][0]) == 0)
            strcpy(name, joined[i][1]);
    return tb_key_find(name);
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
    bool good;
    if (reader->in_global)
        good = key->set_global ? key->set_global(settings, value)
                               : key->set_share(settings, &settings->share_default, value);
    else if (key->set_share)
        good = key->set_share(settings, reader->share, value);
    else {
        char text[200];
        snprintf(text, sizeof(text), "the key \"%s\" belongs in the section [global]", key->name);
        return fail_here(reader, text);
    }
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
    if (!reader->in_section)
        return fail_here(reader, "the first section must begin before the first key: [global]?");
    *equals = '\0';
    if (!normalize(trim(line), name))
        return fail_here(reader, "there is no key before the \"=\", or one that is far too long");
    const struct tb_key *key = find_key(name);
    return key ? set(reader, key, unquote(trim(equals + 1))) : unknown_key(reader, name);
}

static bool tell_printers(struct tb_settings *settings, const char *path)
{
    for (size_t i = 0; i < settings->share_count; i++)
        if (settings->shares[i]->printer) {
            settings->shares[i]->unavailable = true;
            tb_settings_warn("%s: the printer [%s] is not served", path, settings->shares[i]->name);
        }
    return true;
}

bool tb_settings_from_file(struct tb_settings *settings, const char *path)
{
    struct stat status = {0};
    char *text = read_whole(path, &status), *line;
    if (!text)
        return tb_settings_fail(settings, "cannot read the configuration file %s: %s", path,
                                strerror(errno));
    size_t length = strlen(text);
    struct reader reader = {.settings = settings, .path = path, .at = text, .next_line = 1};
    bool good = true;
    settings->share_default.read_only = true;
    while (good && (line = next_line(&reader)))
        good = read_line(&reader, line);
    if (good && settings->users.count && status.st_mode & (S_IRWXG | S_IRWXO))
        tb_settings_warn("%s: others may read or write this file, which holds passwords; do: "
                         "chmod 600 %s",
                         path, path);
    tb_wipe_and_free(text, length);
    tb_share_clear(&settings->share_default);
    return good && tell_printers(settings, path);
}
