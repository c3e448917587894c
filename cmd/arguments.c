/* The command line of `tombolo serve`. */
#include <stdio.h>
#include <string.h>

#include "cmd/keys.h"
#include "core/crypto/digest.h"
#include "exporters/option.h"

/* Read before all others, by read_config(). */
static bool ignore(struct tb_settings *settings, const char *value)
{
    (void)settings;
    (void)value;
    return true;
}

static const struct option {
    const char *name, *argument, *what;
    tb_set_global *set;
} options[] = {
    {"listen", "ADDR:PORT", "where to listen (127.0.0.1:4445); may be repeated", tb_parse_listen},
    {"share", "NAME=EXPORTER:ARG[,OPTION]...", "a share, as in data=memory:; may be repeated",
     tb_settings_add_share},
    {"user", "NAME:PASSWORD", "an account; may be repeated", tb_parse_user},
    {"users", "FILE", "accounts in the format of smbpasswd(5)", tb_parse_users_file},
    {"config", "FILE", "configuration in the syntax of smb.conf", ignore},
    {"state", "DIR", "what must outlive a restart", tb_parse_state},
    {"signing", "required|optional", "whether messages must be signed (required)",
     tb_parse_signing},
    {"encryption", "off|offered|desired|required", "whether messages are encrypted (offered)",
     tb_parse_encryption},
    {"min-protocol", "2.0.2|2.1|3.0|3.0.2|3.1.1", "least protocol (2.0.2)", tb_parse_dialect_min},
    {"max-protocol", "2.0.2|2.1|3.0|3.0.2|3.1.1", "greatest protocol (3.1.1)",
     tb_parse_dialect_max},
    {"name", "NAME", "the server's NetBIOS name", tb_parse_name},
    {"workgroup", "NAME", "the server's workgroup", tb_parse_workgroup},
    {"threads", "N", "event loops (one for each processor, at most 8)", tb_parse_threads},
    {"log-level", "error|warning|info|debug", "what is logged to standard error (warning)",
     tb_parse_log_level},
};

#define OPTION_COUNT (sizeof(options) / sizeof(options[0]))

void tb_print_serve_help(void)
{
    fputs("usage: tombolo serve [OPTION]...\n\n"
          "Serve shares to SMB clients. Without --share and --config there is one share in\n"
          "memory, \"" TB_SANDBOX_SHARE "\"; without accounts a user and a password are made up "
          "and printed.\n\n",
          stdout);
    for (size_t i = 0; i < OPTION_COUNT; i++)
        printf("  --%s %s\n      %s\n", options[i].name, options[i].argument, options[i].what);
    fputs("\noptions of every share: readonly, guest, encrypt, hidden, filter=NAME, and the keys\n"
          "of tombolo.conf(5), as in comment=TEXT, valid-users=NAME+@GROUP, veto-files=/*.tmp/\n",
          stdout);
}

static const struct option *find_option(const char *name, size_t length)
{
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (strlen(options[i].name) == length && strncmp(options[i].name, name, length) == 0)
            return &options[i];
    return NULL;
}

static bool unknown_option(struct tb_settings *settings, const char *text)
{
    const char *names[OPTION_COUNT + 1] = {NULL};
    for (size_t i = 0; i < OPTION_COUNT; i++)
        names[i] = options[i].name;
    const char *nearest = tb_option_nearest(text + 2, names);
    int shown = (int)strcspn(text, "=");
    if (nearest)
        return tb_settings_fail(settings, "unknown option %.*s; did you mean --%s?", shown, text,
                                nearest);
    return tb_settings_fail(settings, "unknown option %.*s; \"tombolo serve --help\" lists them",
                            shown, text);
}

/* Take one option off *arguments. */
static bool next_option(struct tb_settings *settings, char ***arguments,
                        const struct option **option, char **value)
{
    char *text = *(*arguments)++;
    if (strncmp(text, "--", 2) != 0)
        return tb_settings_fail(settings, "unexpected argument \"%s\": options begin with --",
                                text);
    size_t length = strcspn(text + 2, "=");
    *option = find_option(text + 2, length);
    if (!*option)
        return unknown_option(settings, text);
    if (text[2 + length])
        *value = text + 2 + length + 1;
    else if (**arguments)
        *value = *(*arguments)++;
    else
        return tb_settings_fail(settings, "--%s needs an argument: %s", (*option)->name,
                                (*option)->argument);
    return true;
}

/* The file comes first, so that the command line wins over it. */
static bool read_config(struct tb_settings *settings, char **arguments, bool *file)
{
    const struct option *option;
    char *value;
    while (*arguments) {
        if (!next_option(settings, &arguments, &option, &value))
            return false;
        if (option->set != ignore)
            continue;
        if (*file)
            return tb_settings_fail(settings, "--config can be given only once");
        *file = true;
        if (!tb_settings_from_file(settings, value))
            return false;
    }
    return true;
}

static bool apply(struct tb_settings *settings, const struct option *option, char *value,
                  bool *listening)
{
    if (option->set == tb_parse_listen && !*listening) {
        *listening = true;
        tb_texts_clear(&settings->listen);
    }
    if (option->set(settings, value))
        return true;
    char reason[sizeof(settings->message)];
    strcpy(reason, settings->message);
    return tb_settings_fail(settings, "--%s: %.900s", option->name, reason);
}

/* What ps shows of a password is its place. */
static void hide_password(const struct option *option, char *value)
{
    char *colon = strchr(value, ':');
    if (option->set != tb_parse_user || !colon)
        return;
    size_t length = strlen(colon + 1);
    tb_wipe(colon + 1, length);
    memset(colon + 1, length ? '*' : 0, length ? 1 : 0);
}

bool tb_settings_from_arguments(struct tb_settings *settings, char **arguments, bool *help)
{
    bool file = false, listening = false;
    const struct option *option;
    char *value;
    for (char **i = arguments; *i && !*help; i++)
        *help = strcmp(*i, "--help") == 0 || strcmp(*i, "-h") == 0;
    if (*help)
        return true;
    if (!read_config(settings, arguments, &file))
        return false;
    while (*arguments) {
        if (!next_option(settings, &arguments, &option, &value))
            return false;
        bool good = apply(settings, option, value, &listening);
        hide_password(option, value);
        if (!good)
            return false;
    }
    return tb_settings_complete(settings, file);
}
