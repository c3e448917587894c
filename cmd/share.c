/* Shares as the command line and the key "exporter" write them: EXPORTER:ARG[,option…]. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/keys.h"

/* Words that are shorter than the keys they stand for. */
static const struct {
    const char *word, *key, *value;
} short_words[] = {
    {"ro", "read only", "yes"},      {"rw", "read only", "no"},
    {"guest", "guest ok", "yes"},    {"encrypt", "smb encrypt", "required"},
    {"hidden", "browseable", "no"},
};

enum outcome { TAKEN, NOT_OURS, WRONG };

/* In lists a "+" stands for the comma that would end the option; not before a group's name. */
static char *copy_value(const struct tb_key *key, const char *value)
{
    char *copy = tb_text_copy(value);
    if (key->kind == TB_KEY_NAMES)
        for (char *at = copy; *at; at++)
            if (*at == '+' && at > copy && !strchr(" \t,+@", at[-1]))
                *at = ',';
    return copy;
}

static enum outcome set_option(struct tb_settings *settings, struct tb_share_settings *share,
                               const struct tb_key *key, const char *option, const char *value)
{
    char *copy = copy_value(key, value);
    bool good = tb_key_set_share(settings, share, key, copy);
    free(copy);
    if (good)
        return TAKEN;
    char reason[sizeof(settings->message)];
    strcpy(reason, settings->message);
    tb_settings_fail(settings, "share \"%s\": %.200s: %.700s", share->name, option, reason);
    return WRONG;
}

/* "guest" and "guest=no", "encrypt=yes" and "encrypt=desired". */
static enum outcome take_short(struct tb_settings *settings, struct tb_share_settings *share,
                               const char *option, size_t length, const char *value)
{
    for (size_t i = 0; i < sizeof(short_words) / sizeof(short_words[0]); i++) {
        bool on = true;
        if (!tb_key_is(option, length, short_words[i].word))
            continue;
        const struct tb_key *key = tb_key_find(short_words[i].key);
        if (value && !tb_parse_bool(value, &on))
            return set_option(settings, share, key, option, value);
        const char *other = strcmp(short_words[i].value, "no") == 0 ? "yes" : "no";
        return set_option(settings, share, key, option, on ? short_words[i].value : other);
    }
    return NOT_OURS;
}

/* What the posix exporter calls otherwise than the keys. A value it does not know it refuses. */
static enum outcome take_posix_option(struct tb_settings *settings,
                                      struct tb_share_settings *share, const char *option,
                                      const char *value)
{
    if (!value || !tb_share_is_posix(share))
        return NOT_OURS;
    if (strncmp(option, "names=", 6) == 0)
        return set_option(settings, share, tb_key_find("name mapping"), option, value);
    bool none = strcmp(value, "none") == 0, wide = strcmp(value, "wide") == 0;
    if (strncmp(option, "symlinks=", 9) != 0 || (!none && !wide && strcmp(value, "inside") != 0))
        return NOT_OURS;
    share->follow_symlinks = !none;
    share->wide_links = wide;
    return TAKEN;
}

static enum outcome take_option(struct tb_settings *settings, struct tb_share_settings *share,
                                const char *option)
{
    size_t length = strcspn(option, "=");
    const char *value = option[length] ? option + length + 1 : NULL;
    enum outcome outcome = take_short(settings, share, option, length, value);
    if (outcome == NOT_OURS)
        outcome = take_posix_option(settings, share, option, value);
    for (size_t i = 0; i < tb_key_count && outcome == NOT_OURS; i++) {
        const struct tb_key *key = &tb_keys[i];
        bool flag = key->kind == TB_KEY_FLAG || key->kind == TB_KEY_NEGATED ||
                    key->kind == TB_KEY_CHOICE;
        if (key->kind == TB_KEY_NOT_SHARES || key->flags & TB_KEY_FILE_ONLY || (!value && !flag) ||
            (key->flags & TB_KEY_POSIX_ONLY && !tb_share_is_posix(share)))
            continue;
        if (tb_key_is(option, length, key->name))
            outcome = set_option(settings, share, key, option, value ? value : "yes");
    }
    return outcome;
}

bool tb_share_set_exporter(struct tb_settings *settings, struct tb_share_settings *share,
                           const char *text)
{
    char *copy = tb_text_copy(text), *rest = copy;
    char *kept = tb_text_copy(text);
    bool good = true, first = true;
    *kept = '\0';
    tb_text_set(&share->exporter, text);
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
