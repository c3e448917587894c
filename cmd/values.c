/* The values of settings, in Tombolo's words and in Samba's. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cmd/settings.h"
#include "exporters/option.h"
#include "transport/tcp/address.h"
#include "transport/tcp/tcp.h"

struct word {
    const char *text;
    int value;
};

/* False when `value` is none of the words, which end with NULL. */
static bool find_word(const struct word *words, const char *value, int *out)
{
    for (; words->text; words++)
        if (strcasecmp(words->text, value) == 0) {
            *out = words->value;
            return true;
        }
    return false;
}

bool tb_parse_bool(const char *value, bool *out)
{
    static const struct word words[] = {{"yes", 1},   {"true", 1}, {"1", 1},   {"on", 1}, {"no", 0},
                                        {"false", 0}, {"0", 0},    {"off", 0}, {NULL, 0}};
    int found;
    if (!find_word(words, value, &found))
        return false;
    *out = found;
    return true;
}

bool tb_parse_signing(struct tb_settings *settings, const char *value)
{
    static const struct word words[] = {
        {"required", TB_SIGNING_REQUIRED},    {"mandatory", TB_SIGNING_REQUIRED},
        {"default", TB_SIGNING_REQUIRED},     {"optional", TB_SIGNING_OPTIONAL},
        {"auto", TB_SIGNING_OPTIONAL},        {"enabled", TB_SIGNING_OPTIONAL},
        {"if_required", TB_SIGNING_OPTIONAL}, {"desired", TB_SIGNING_OPTIONAL},
        {"disabled", TB_SIGNING_OPTIONAL},    {NULL, 0}};
    int found;
    if (!find_word(words, value, &found))
        return tb_settings_fail(settings, "signing is \"required\" or \"optional\", not \"%s\"",
                                value);
    settings->signing = (enum tb_signing_policy)found;
    return true;
}

bool tb_parse_encryption(struct tb_settings *settings, const char *value)
{
    static const struct word words[] = {{"off", TB_ENCRYPTION_OFF},
                                        {"no", TB_ENCRYPTION_OFF},
                                        {"disabled", TB_ENCRYPTION_OFF},
                                        {"offered", TB_ENCRYPTION_OFFERED},
                                        {"default", TB_ENCRYPTION_OFFERED},
                                        {"auto", TB_ENCRYPTION_OFFERED},
                                        {"enabled", TB_ENCRYPTION_OFFERED},
                                        {"if_required", TB_ENCRYPTION_OFFERED},
                                        {"desired", TB_ENCRYPTION_DESIRED},
                                        {"required", TB_ENCRYPTION_REQUIRED},
                                        {"mandatory", TB_ENCRYPTION_REQUIRED},
                                        {NULL, 0}};
    int found;
    if (!find_word(words, value, &found))
        return tb_settings_fail(
            settings, "encryption is \"off\", \"offered\", \"desired\" or \"required\", not \"%s\"",
            value);
    settings->encryption = (enum tb_encryption_policy)found;
    return true;
}

static const struct word exact_dialects[] = {{"2.0.2", 0x0202},
                                             {"2.1", 0x0210},
                                             {"3.0", 0x0300},
                                             {"3.0.2", 0x0302},
                                             {"3.1.1", 0x0311},
                                             {"SMB2_02", 0x0202},
                                             {"SMB2_10", 0x0210},
                                             {"SMB3_00", 0x0300},
                                             {"SMB3_02", 0x0302},
                                             {"SMB3_11", 0x0311},
                                             {NULL, 0}};

static bool bad_dialect(struct tb_settings *settings, const char *value)
{
    return tb_settings_fail(
        settings, "\"%s\" is no protocol: there are 2.0.2, 2.1, 3.0, 3.0.2 and 3.1.1", value);
}

bool tb_parse_dialect_min(struct tb_settings *settings, const char *value)
{
    static const struct word families[] = {{"SMB2", 0x0202}, {"SMB3", 0x0300}, {"default", 0x0202},
                                           {"NT1", 1},       {"COREPLUS", 1},  {"CORE", 1},
                                           {"LANMAN1", 1},   {"LANMAN2", 1},   {NULL, 0}};
    int found;
    if (!find_word(exact_dialects, value, &found) && !find_word(families, value, &found))
        return bad_dialect(settings, value);
    if (found == 1) {
        tb_settings_warn("SMB 1 is never spoken: the least protocol is 2.0.2, not %s", value);
        found = 0x0202;
    }
    settings->dialect_min = (uint16_t)found;
    return true;
}

bool tb_parse_dialect_max(struct tb_settings *settings, const char *value)
{
    static const struct word families[] = {
        {"SMB2", 0x0210}, {"SMB3", 0x0311}, {"default", 0x0311}, {NULL, 0}};
    int found;
    if (!find_word(exact_dialects, value, &found) && !find_word(families, value, &found))
        return bad_dialect(settings, value);
    settings->dialect_max = (uint16_t)found;
    return true;
}

bool tb_parse_threads(struct tb_settings *settings, const char *value)
{
    uint64_t number;
    if (strcasecmp(value, "auto") == 0) {
        settings->threads = 0;
        return true;
    }
    if (!tb_option_parse_number(value, &number) || number < 1 || number > TB_TCP_LOOPS_MAX)
        return tb_settings_fail(settings, "threads is a number from 1 to %d, not \"%s\"",
                                TB_TCP_LOOPS_MAX, value);
    settings->threads = (unsigned)number;
    return true;
}

/* Samba's numbers, of which 3 already traces calls, or our words. */
bool tb_parse_log_level(struct tb_settings *settings, const char *value)
{
    static const struct word words[] = {{"error", TB_LOG_ERROR},     {"0", TB_LOG_ERROR},
                                        {"warning", TB_LOG_WARNING}, {"1", TB_LOG_WARNING},
                                        {"info", TB_LOG_INFO},       {"2", TB_LOG_INFO},
                                        {"debug", TB_LOG_DEBUG},     {NULL, 0}};
    int found = TB_LOG_DEBUG;
    uint64_t number;
    if (!find_word(words, value, &found) && !tb_option_parse_number(value, &number))
        return tb_settings_fail(
            settings, "the log level is error, warning, info or debug, not \"%s\"", value);
    settings->log_level = (enum tb_log_level)found;
    return true;
}

static bool is_netbios_name(const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)name[i] <= ' ' || strchr("\"/\\[]:|<>+=;,*?", name[i]))
            return false;
    return length >= 1 && length <= 15;
}

static bool parse_netbios(struct tb_settings *settings, const char *what, char **to,
                          const char *value)
{
    if (!is_netbios_name(value))
        return tb_settings_fail(settings,
                                "\"%s\" is no %s: it has 1 to 15 characters, no blanks and none of "
                                "\" / \\ [ ] : | < > + = ; , * ?",
                                value, what);
    tb_text_set(to, value);
    for (char *c = *to; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    return true;
}

bool tb_parse_name(struct tb_settings *settings, const char *value)
{
    return parse_netbios(settings, "NetBIOS name", &settings->name, value);
}

bool tb_parse_workgroup(struct tb_settings *settings, const char *value)
{
    return parse_netbios(settings, "workgroup", &settings->workgroup, value);
}

bool tb_parse_user(struct tb_settings *settings, const char *value)
{
    const char *colon = strchr(value, ':');
    if (!colon || colon == value || !colon[1])
        return tb_settings_fail(settings,
                                "write a user as NAME:PASSWORD, and neither of them empty");
    tb_texts_add(&settings->users, value);
    return true;
}

bool tb_parse_listen(struct tb_settings *settings, const char *value)
{
    char host[256], port[8];
    if (!tb_tcp_address_split(value, host, sizeof(host), port, sizeof(port)))
        return tb_settings_fail(settings,
                                "write ADDR:PORT, as in 127.0.0.1:4445, [::1]:4445 or *:445, "
                                "instead of \"%s\"",
                                value);
    tb_texts_add(&settings->listen, value);
    return true;
}

bool tb_parse_users_file(struct tb_settings *settings, const char *value)
{
    tb_texts_add(&settings->users_files, value);
    return true;
}

bool tb_parse_state(struct tb_settings *settings, const char *value)
{
    tb_text_set(&settings->state, value);
    return true;
}
