/* Shares as the command line and the key "exporter" write them: EXPORTER:ARG[,option…]. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cmd/settings.h"

/* "read only", "read-only" and "readonly" are one. */
static bool is_word(const char *text, size_t length, const char *word)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] == ' ' || text[i] == '-' || text[i] == '_')
            continue;
        if (!*word || strncasecmp(text + i, word, 1) != 0)
            return false;
        word++;
    }
    return !*word;
}

static bool *find_flag(struct tb_share_settings *share, const char *word, size_t length,
                       bool *inverted)
{
    const struct {
        const char *word;
        bool *flag;
        bool inverted;
    } flags[] = {
        {"readonly", &share->read_only, false}, {"ro", &share->read_only, false},
        {"writeable", &share->read_only, true}, {"writable", &share->read_only, true},
        {"rw", &share->read_only, true},        {"guest", &share->guest_ok, false},
        {"guestok", &share->guest_ok, false},   {"public", &share->guest_ok, false},
        {"encrypt", &share->encrypt, false},    {"hidden", &share->hidden, false},
        {"browseable", &share->hidden, true},   {"browsable", &share->hidden, true},
    };
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        if (is_word(word, length, flags[i].word)) {
            *inverted = flags[i].inverted;
            return flags[i].flag;
        }
    return NULL;
}

static void set_valid_users(struct tb_share_settings *share, const char *names)
{
    char *copy = tb_text_copy(names), *rest = copy, *name;
    tb_texts_clear(&share->valid_users);
    while ((name = strsep(&rest, "+")))
        if (*name)
            tb_texts_add(&share->valid_users, name);
    free(copy);
}

enum outcome { TAKEN, NOT_OURS, WRONG };

static enum outcome take_option(struct tb_settings *settings, struct tb_share_settings *share,
                                const char *option)
{
    size_t length = strcspn(option, "=");
    const char *value = option[length] ? option + length + 1 : NULL;
    bool inverted, on = true, *flag = find_flag(share, option, length, &inverted);
    if (flag) {
        if (value && !tb_parse_bool(value, &on)) {
            tb_settings_fail(settings, "share \"%s\": %s (yes or no?)", share->name, option);
            return WRONG;
        }
        *flag = on != inverted;
        return TAKEN;
    }
    if (!value)
        return NOT_OURS;
    if (is_word(option, length, "comment"))
        tb_text_set(&share->comment, value);
    else if (is_word(option, length, "validusers"))
        set_valid_users(share, value);
    else
        return NOT_OURS;
    return TAKEN;
}

bool tb_share_set_exporter(struct tb_settings *settings, struct tb_share_settings *share,
                           const char *text)
{
    char *copy = tb_text_copy(text), *rest = copy;
    char *kept = tb_text_copy(text);
    bool good = true, first = true;
    *kept = '\0';
    for (char *part; good && (part = strsep(&rest, ",")); first = false) {
        enum outcome outcome = first ? NOT_OURS : take_option(settings, share, part);
        good = outcome != WRONG;
        if (outcome == NOT_OURS)
            strcat(strcat(kept, first ? "" : ","), part);
    }
    if (good && !strchr(kept, ':'))
        good = tb_settings_fail(settings,
                                "share \"%s\": write EXPORTER:ARG, as in memory: or "
                                "memory:,size=1G, instead of \"%s\"",
                                share->name, kept);
    if (good)
        tb_text_set(&share->exporter, kept);
    free(copy);
    free(kept);
    return good;
}

bool tb_settings_add_share(struct tb_settings *settings, const char *text)
{
    const char *equals = strchr(text, '=');
    if (!equals || !strchr(equals, ':'))
        return tb_settings_fail(settings,
                                "write a share as NAME=EXPORTER:ARG, as in data=memory:, instead "
                                "of \"%s\"",
                                text);
    char *name = tb_text_copy(text);
    name[equals - text] = '\0';
    tb_settings_drop_share(settings, name);
    struct tb_share_settings *share = tb_settings_share(settings, name);
    free(name);
    return share && tb_share_set_exporter(settings, share, equals + 1);
}
