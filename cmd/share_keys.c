/* The keys of a share: reading and showing their values. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cmd/keys.h"
#include "exporters/option.h"

#define MODE_MAX 07777

static void *field(struct tb_share_settings *share, const struct tb_key *key)
{
    return (char *)share + key->offset;
}

/* A quote inside keeps blanks and commas, and goes. */
char *tb_next_word(char **rest)
{
    char *at = *rest + strspn(*rest, " \t,"), *word = at, *to = at;
    bool quoted = false;
    if (!*at)
        return NULL;
    for (; *at && (quoted || !strchr(" \t,", *at)); at++) {
        if (*at == '"')
            quoted = !quoted;
        else
            *to++ = *at;
    }
    *rest = *at ? at + 1 : at;
    *to = '\0';
    return word;
}

static bool set_flag(struct tb_settings *settings, bool *flag, bool inverted, const char *value)
{
    bool on;
    if (!tb_parse_bool(value, &on))
        return tb_settings_fail(settings, "yes or no? \"%s\" is neither", value);
    *flag = on != inverted;
    return true;
}

static bool set_choice(struct tb_settings *settings, enum tb_choice *choice, const char *value)
{
    bool on = false;
    if (!set_flag(settings, &on, false, value))
        return false;
    *choice = on ? TB_CHOICE_YES : TB_CHOICE_NO;
    return true;
}

static bool set_text(struct tb_settings *settings, const struct tb_share_settings *share,
                     char **text, const char *value)
{
    char *substituted = tb_substitute(settings, share->name, value);
    if (!substituted)
        return false;
    free(*text);
    *text = substituted;
    return true;
}

static bool set_path(struct tb_settings *settings, const struct tb_share_settings *share,
                     char **path, const char *value)
{
    if (!set_text(settings, share, path, value))
        return false;
    if (**path != '/' || strpbrk(*path, ",%") || strlen(*path) > 4095)
        return tb_settings_fail(settings,
                                "a path begins with \"/\" and has neither \",\" nor \"%%\"");
    return true;
}

static void set_name(char **name, const char *value)
{
    free(*name);
    *name = *value ? tb_text_copy(value) : NULL;
}

static bool set_patterns(struct tb_settings *settings, char **patterns, const char *value)
{
    size_t length = strlen(value);
    if (length && (length < 3 || value[0] != '/' || value[length - 1] != '/'))
        return tb_settings_fail(settings, "write patterns between slashes, as in /*.tmp/.git/");
    set_name(patterns, value);
    return true;
}

static bool set_mode(struct tb_settings *settings, unsigned *mode, const char *value)
{
    char *end;
    unsigned long number = strtoul(value, &end, 8);
    if (*value < '0' || *value > '7' || *end || number > MODE_MAX)
        return tb_settings_fail(settings, "\"%s\" is no mask in octal, as 0755 is", value);
    *mode = (unsigned)number;
    return true;
}

static bool set_count(struct tb_settings *settings, unsigned *count, const char *value)
{
    uint64_t number;
    if (!tb_option_parse_number(value, &number) || number > INT32_MAX)
        return tb_settings_fail(settings, "\"%s\" is no number; 0 means any", value);
    *count = (unsigned)number;
    return true;
}

/* A group in any of Samba's ways of writing it becomes "@NAME". */
static bool add_member(struct tb_settings *settings, struct tb_texts *names, const char *word)
{
    const char *name = word + strspn(word, "@+");
    char text[300];
    if (*name == '&' || strchr(name, '%') || !*name || strlen(name) > 256)
        return tb_settings_fail(settings,
                                "a list of users takes names, and @ before the name of a group, "
                                "but not \"%s\"",
                                word);
    snprintf(text, sizeof(text), "%s%s", name > word ? "@" : "", name);
    tb_texts_add(names, text);
    return true;
}

static bool set_names(struct tb_settings *settings, struct tb_texts *names, const char *value)
{
    char *copy = tb_text_copy(value), *rest = copy, *word;
    bool good = true;
    tb_texts_clear(names);
    while (good && (word = tb_next_word(&rest)))
        good = add_member(settings, names, word);
    free(copy);
    return good;
}

static bool set_encryption(struct tb_settings *settings, enum tb_encryption_policy *policy,
                           const char *value)
{
    enum tb_encryption_policy servers = settings->encryption;
    bool good = tb_parse_encryption(settings, value);
    *policy = settings->encryption;
    settings->encryption = servers;
    return good;
}

static bool set_mapping(struct tb_settings *settings, char **mapping, const char *value)
{
    static const char *const words[] = {"mapped", "windows", "plain"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcasecmp(value, words[i]) == 0) {
            set_name(mapping, i ? words[i] : "");
            return true;
        }
    return tb_settings_fail(settings, "names are mapped, windows or plain, not \"%s\"", value);
}

static bool copy_section(struct tb_settings *settings, struct tb_share_settings *share,
                         const char *name)
{
    const struct tb_share_settings *from = tb_settings_find_share(settings, name);
    if (!share->name || !from || from == share)
        return tb_settings_fail(settings, "there is no section [%s] before this one", name);
    tb_share_copy(share, from);
    return true;
}

bool tb_key_set_share(struct tb_settings *settings, struct tb_share_settings *share,
                      const struct tb_key *key, const char *value)
{
    void *at = field(share, key);
    switch (key->kind) {
    case TB_KEY_FLAG:
    case TB_KEY_NEGATED:
        return set_flag(settings, at, key->kind == TB_KEY_NEGATED, value);
    case TB_KEY_CHOICE:
        return set_choice(settings, at, value);
    case TB_KEY_TEXT:
        return set_text(settings, share, at, value);
    case TB_KEY_PATH:
        return set_path(settings, share, at, value);
    case TB_KEY_NAME:
        set_name(at, value);
        return true;
    case TB_KEY_PATTERNS:
        return set_patterns(settings, at, value);
    case TB_KEY_MODE:
        return set_mode(settings, at, value);
    case TB_KEY_COUNT:
        return set_count(settings, at, value);
    case TB_KEY_NAMES:
        return set_names(settings, at, value);
    case TB_KEY_ENCRYPTION:
        return set_encryption(settings, at, value);
    case TB_KEY_MAPPING:
        return set_mapping(settings, at, value);
    case TB_KEY_EXPORTER:
        return tb_share_set_exporter(settings, share, value);
    case TB_KEY_COPY:
        return copy_section(settings, share, value);
    case TB_KEY_NOT_SHARES:
        break;
    }
    return tb_settings_fail(settings, "the key \"%s\" belongs in the section [global]", key->name);
}

void tb_key_print(FILE *to, const char *key, const char *value)
{
    size_t length = strlen(value);
    bool quotes = length && (strchr(" \t\"", value[0]) || strchr(" \t\"\\", value[length - 1]));
    fprintf(to, quotes ? "    %s = \"%s\"\n" : *value ? "    %s = %s\n" : "    %s =\n", key, value);
}

static void show_names(FILE *to, const char *key, const struct tb_texts *names)
{
    fprintf(to, "    %s =", key);
    for (size_t i = 0; i < names->count; i++) {
        const char *quote = strpbrk(names->items[i], " \t,") ? "\"" : "";
        fprintf(to, "%s %s%s%s", i ? "," : "", quote, names->items[i], quote);
    }
    fputc('\n', to);
}

static bool hides_dots(const struct tb_share_settings *share)
{
    return share->hide_dot_files == TB_CHOICE_DEFAULT ? tb_share_is_posix(share)
                                                      : share->hide_dot_files == TB_CHOICE_YES;
}

static bool is_text(enum tb_key_kind kind)
{
    return kind == TB_KEY_TEXT || kind == TB_KEY_PATH || kind == TB_KEY_NAME ||
           kind == TB_KEY_PATTERNS || kind == TB_KEY_MAPPING || kind == TB_KEY_EXPORTER;
}

void tb_key_show_share(const struct tb_share_settings *share, const struct tb_key *key, FILE *to)
{
    static const char *const encryption[] = {"off", "default", "desired", "required"};
    const void *at = (const char *)share + key->offset;
    const char *text = is_text(key->kind) ? *(char *const *)at : NULL;
    switch (key->kind) {
    case TB_KEY_FLAG:
        tb_key_print(to, key->name, *(const bool *)at ? "yes" : "no");
        break;
    case TB_KEY_CHOICE:
        tb_key_print(to, key->name, hides_dots(share) ? "yes" : "no");
        break;
    case TB_KEY_MODE:
        fprintf(to, "    %s = %04o\n", key->name, *(const unsigned *)at);
        break;
    case TB_KEY_COUNT:
        fprintf(to, "    %s = %u\n", key->name, *(const unsigned *)at);
        break;
    case TB_KEY_NAMES:
        show_names(to, key->name, at);
        break;
    case TB_KEY_ENCRYPTION:
        tb_key_print(to, key->name, encryption[share->encryption]);
        break;
    case TB_KEY_TEXT:
        tb_key_print_text(to, key->name, text);
        break;
    case TB_KEY_MAPPING:
        tb_key_print(to, key->name, text ? text : "mapped");
        break;
    case TB_KEY_EXPORTER:
    case TB_KEY_PATH:
        if (text && (key->kind == TB_KEY_EXPORTER || !share->exporter))
            tb_key_print(to, key->name, text);
        break;
    default:
        tb_key_print(to, key->name, text ? text : "");
    }
}
