/* Samba's %-variables, those that are the same for every client. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/keys.h"
#include "config.h"

#define VALUE_MAX 4096

/* smb.conf(5), VARIABLE SUBSTITUTIONS: what depends on the client, its user or the moment. */
#define PER_CLIENT "uUgGHmMRdaITijJpPNwVt$"

/* What stands for %`letter`; NULL: nothing does. */
static const char *variable(const struct tb_settings *settings, const char *share, char letter,
                            char host[256])
{
    switch (letter) {
    case '%':
        return "%";
    case 'h':
        gethostname(host, 255);
        return host;
    case 'v':
        return PACKAGE_VERSION;
    case 'L':
        return settings->name;
    case 'D':
        return settings->workgroup;
    case 'S':
        return share;
    default:
        return NULL;
    }
}

static bool refuse(struct tb_settings *settings, char letter)
{
    if (letter == 'L' || letter == 'D')
        return tb_settings_fail(settings, "%%%c is not known here: put \"%s\" before this line",
                                letter, letter == 'L' ? "netbios name" : "workgroup");
    return tb_settings_fail(settings,
                            "%%%c differs from client to client; Tombolo knows %%h, %%v, %%L, "
                            "%%D, in a share %%S, and %%%% for a percent sign",
                            letter);
}

void tb_key_print_text(FILE *to, const char *key, const char *value)
{
    char text[2 * VALUE_MAX], *end = text;
    for (; value && *value && end < text + sizeof(text) - 2; value++) {
        *end++ = *value;
        if (*value == '%')
            *end++ = '%';
    }
    *end = '\0';
    tb_key_print(to, key, text);
}

char *tb_substitute(struct tb_settings *settings, const char *share, const char *value)
{
    char text[VALUE_MAX], host[256] = "";
    size_t length = 0;
    for (const char *at = value; *at; at++) {
        const char *put = *at == '%' ? variable(settings, share, at[1], host) : NULL;
        char one[2] = {*at, '\0'};
        if (*at == '%' && !put && at[1] && strchr(PER_CLIENT "LDS", at[1])) {
            refuse(settings, at[1]);
            return NULL;
        }
        int more = snprintf(text + length, sizeof(text) - length, "%s", put ? put : one);
        length += (size_t)more;
        if (length >= sizeof(text)) {
            tb_settings_fail(settings, "the value is too long");
            return NULL;
        }
        at += put != NULL;
    }
    text[length] = '\0';
    return tb_text_copy(text);
}
