#include "cmd/settings.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/crypto/digest.h"
#include "core/nt/upcase.h"

#define SHARE_NAME_MAX 80
#define NETBIOS_MAX    15

static void out_of_memory(void)
{
    fputs("tombolo: out of memory\n", stderr);
    exit(EXIT_FAILURE);
}

char *tb_text_copy(const char *text)
{
    char *copy = strdup(text);
    if (!copy)
        out_of_memory();
    return copy;
}

void tb_text_set(char **text, const char *value)
{
    char *copy = tb_text_copy(value);
    free(*text);
    *text = copy;
}

void tb_texts_add(struct tb_texts *texts, const char *text)
{
    char **items = realloc(texts->items, (texts->count + 2) * sizeof(*items));
    if (!items)
        out_of_memory();
    texts->items = items;
    items[texts->count++] = tb_text_copy(text);
    items[texts->count] = NULL;
}

void tb_texts_clear(struct tb_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        tb_wipe_and_free(texts->items[i], strlen(texts->items[i]));
    free(texts->items);
    *texts = (struct tb_texts){0};
}

void tb_settings_init(struct tb_settings *settings)
{
    struct tb_server_config defaults;
    tb_server_config_default(&defaults);
    *settings = (struct tb_settings){
        .signing = TB_SIGNING_REQUIRED,
        .encryption = defaults.encryption,
        .dialect_min = defaults.dialect_min,
        .dialect_max = defaults.dialect_max,
        .log_level = TB_LOG_WARNING,
        .share_default = tb_share_defaults(),
    };
}

static void share_free(struct tb_share_settings *share)
{
    free(share->name);
    free(share->comment);
    free(share->exporter);
    free(share->path);
    free(share->specification);
    free(share->veto_files);
    free(share->hide_files);
    free(share->force_user);
    free(share->force_group);
    free(share->name_mapping);
    tb_texts_clear(&share->valid_users);
    tb_texts_clear(&share->invalid_users);
    tb_texts_clear(&share->read_list);
    tb_texts_clear(&share->write_list);
    tb_texts_clear(&share->admin_users);
}

struct tb_share_settings tb_share_defaults(void)
{
    return (struct tb_share_settings){
        .create_mask = 0744,
        .directory_mask = 0755,
        .follow_symlinks = true,
        .browseable = true,
        .available = true,
        .encryption = TB_ENCRYPTION_OFFERED,
    };
}

void tb_settings_clear(struct tb_settings *settings)
{
    tb_texts_clear(&settings->listen);
    tb_texts_clear(&settings->interfaces);
    tb_texts_clear(&settings->ports);
    tb_texts_clear(&settings->users);
    tb_texts_clear(&settings->users_files);
    tb_texts_clear(&settings->admin_users);
    for (size_t i = 0; i < settings->share_count; i++) {
        share_free(settings->shares[i]);
        free(settings->shares[i]);
    }
    free(settings->shares);
    share_free(&settings->share_default);
    free(settings->state);
    free(settings->name);
    free(settings->workgroup);
    free(settings->comment);
    *settings = (struct tb_settings){0};
}

bool tb_settings_fail(struct tb_settings *settings, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(settings->message, sizeof(settings->message), format, arguments);
    va_end(arguments);
    return false;
}

void tb_settings_warn(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("tombolo: warning: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

static bool is_share_name(const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)name[i] < ' ')
            return false;
    return length && length <= SHARE_NAME_MAX && strcspn(name, "\"/\\[]:|<>+=;,*?") == length;
}

static size_t find_share(const struct tb_settings *settings, const char *name)
{
    size_t i = 0;
    while (i < settings->share_count && !tb_name_equal_folded(settings->shares[i]->name, name))
        i++;
    return i;
}

static char *copy_if_any(const char *text)
{
    return text ? tb_text_copy(text) : NULL;
}

static struct tb_texts copy_texts(const struct tb_texts *from)
{
    struct tb_texts copy = {0};
    for (size_t i = 0; i < from->count; i++)
        tb_texts_add(&copy, from->items[i]);
    return copy;
}

void tb_share_copy(struct tb_share_settings *share, const struct tb_share_settings *from)
{
    char *name = copy_if_any(share->name);
    share_free(share);
    *share = *from;
    share->name = name;
    share->comment = copy_if_any(from->comment);
    share->exporter = copy_if_any(from->exporter);
    share->path = copy_if_any(from->path);
    share->specification = copy_if_any(from->specification);
    share->veto_files = copy_if_any(from->veto_files);
    share->hide_files = copy_if_any(from->hide_files);
    share->force_user = copy_if_any(from->force_user);
    share->force_group = copy_if_any(from->force_group);
    share->name_mapping = copy_if_any(from->name_mapping);
    share->valid_users = copy_texts(&from->valid_users);
    share->invalid_users = copy_texts(&from->invalid_users);
    share->read_list = copy_texts(&from->read_list);
    share->write_list = copy_texts(&from->write_list);
    share->admin_users = copy_texts(&from->admin_users);
}

struct tb_share_settings *tb_settings_find_share(const struct tb_settings *settings,
                                                 const char *name)
{
    size_t place = find_share(settings, name);
    return place < settings->share_count ? settings->shares[place] : NULL;
}

struct tb_share_settings *tb_settings_share(struct tb_settings *settings, const char *name)
{
    if (!is_share_name(name) || tb_name_equal_folded(name, "IPC$") ||
        tb_name_equal_folded(name, "global")) {
        tb_settings_fail(settings,
                         "\"%s\" cannot be the name of a share: it must have 1 to %d characters, "
                         "none of \" / \\ [ ] : | < > + = ; , * ?, and be neither IPC$ nor global",
                         name, SHARE_NAME_MAX);
        return NULL;
    }
    size_t place = find_share(settings, name);
    if (place < settings->share_count)
        return settings->shares[place];
    struct tb_share_settings **shares =
        realloc(settings->shares, (settings->share_count + 1) * sizeof(*shares));
    struct tb_share_settings *share = calloc(1, sizeof(*share));
    if (!shares || !share)
        out_of_memory();
    tb_share_copy(share, &settings->share_default);
    share->name = tb_text_copy(name);
    settings->shares = shares;
    shares[settings->share_count++] = share;
    return share;
}

void tb_share_clear(struct tb_share_settings *share)
{
    share_free(share);
    *share = (struct tb_share_settings){0};
}

void tb_settings_drop_share(struct tb_settings *settings, const char *name)
{
    size_t place = find_share(settings, name);
    if (place == settings->share_count)
        return;
    share_free(settings->shares[place]);
    free(settings->shares[place]);
    settings->share_count--;
    memmove(settings->shares + place, settings->shares + place + 1,
            (settings->share_count - place) * sizeof(*settings->shares));
}

/* The host's own name, as NetBIOS would have it. */
static char *default_name(void)
{
    char host[256] = "", name[NETBIOS_MAX + 1] = "";
    size_t length = 0;
    gethostname(host, sizeof(host) - 1);
    for (const char *c = host; *c && *c != '.' && length < NETBIOS_MAX; c++)
        if (isalnum((unsigned char)*c) || *c == '-')
            name[length++] = (char)toupper((unsigned char)*c);
    return tb_text_copy(length ? name : "TOMBOLO");
}

static void make_listen(struct tb_settings *settings)
{
    if (!settings->interfaces.count && !settings->ports.count) {
        tb_texts_add(&settings->listen, TB_SANDBOX_ADDRESS);
        return;
    }
    if (!settings->interfaces.count)
        tb_texts_add(&settings->interfaces, "*");
    if (!settings->ports.count)
        tb_texts_add(&settings->ports, "445");
    for (size_t i = 0; i < settings->interfaces.count; i++)
        for (size_t j = 0; j < settings->ports.count; j++) {
            const char *address = settings->interfaces.items[i];
            char text[320];
            snprintf(text, sizeof(text), strchr(address, ':') ? "[%s]:%s" : "%s:%s", address,
                     settings->ports.items[j]);
            tb_texts_add(&settings->listen, text);
        }
}

bool tb_share_is_posix(const struct tb_share_settings *share)
{
    return share->exporter ? strncmp(share->exporter, "posix:", 6) == 0 : share->path != NULL;
}

static void add_mode(char *text, size_t size, const char *option, unsigned mode, unsigned usual)
{
    size_t length = strlen(text);
    if (mode != usual)
        snprintf(text + length, size - length, ",%s=%04o", option, mode);
}

static void add_option(char *text, size_t size, const char *option, const char *value)
{
    size_t length = strlen(text);
    if (value)
        snprintf(text + length, size - length, ",%s=%s", option, value);
}

static const char *symlink_policy(const struct tb_share_settings *share)
{
    return !share->follow_symlinks ? "none" : share->wide_links ? "wide" : NULL;
}

/* What the keys "path" and "exporter" and those for directories come to. */
static void make_specification(struct tb_share_settings *share)
{
    char text[8192];
    free(share->specification);
    snprintf(text, sizeof(text), "%s%s", share->exporter ? "" : "posix:",
             share->exporter ? share->exporter : share->path);
    if (tb_share_is_posix(share)) {
        const struct tb_share_settings usual = tb_share_defaults();
        add_mode(text, sizeof(text), "create-mask", share->create_mask, usual.create_mask);
        add_mode(text, sizeof(text), "force-create-mode", share->force_create_mode, 0);
        add_mode(text, sizeof(text), "directory-mask", share->directory_mask, usual.directory_mask);
        add_mode(text, sizeof(text), "force-directory-mode", share->force_directory_mode, 0);
        add_option(text, sizeof(text), "symlinks", symlink_policy(share));
        add_option(text, sizeof(text), "names", share->name_mapping);
        add_option(text, sizeof(text), "hide-dot-files",
                   share->hide_dot_files == TB_CHOICE_NO ? "no" : NULL);
    }
    share->specification = tb_text_copy(text);
}

static bool check_share(struct tb_settings *settings, struct tb_share_settings *share)
{
    if (!share->exporter && !share->path)
        return tb_settings_fail(settings,
                                "the share [%s] does not say what it shares: give it a line "
                                "\"path = DIRECTORY\" or \"exporter = memory:\"",
                                share->name);
    make_specification(share);
    if (share->encryption == TB_ENCRYPTION_REQUIRED && settings->dialect_max < 0x0300)
        return tb_settings_fail(settings,
                                "the share [%s] wants encryption, which begins with SMB 3.0, and "
                                "\"server max protocol\" ends before it",
                                share->name);
    return true;
}

char *tb_default_users_file(bool make)
{
    const char *home = getenv("HOME"), *configuration = getenv("XDG_CONFIG_HOME");
    char path[4096];
    if (geteuid() == 0 || !home)
        return tb_text_copy(TB_USERS_FILE_ROOT);
    if (configuration && *configuration == '/')
        snprintf(path, sizeof(path), "%s", configuration);
    else
        snprintf(path, sizeof(path), "%s/.config", home);
    if (make)
        mkdir(path, 0700);
    size_t length = strlen(path);
    snprintf(path + length, sizeof(path) - length, "/tombolo.users");
    return tb_text_copy(path);
}

/* Who serves something of his own and names no accounts means those of the usual file. */
static void find_users(struct tb_settings *settings)
{
    if (settings->users.count || settings->users_files.count)
        return;
    char *usual = tb_default_users_file(false);
    if (access(usual, F_OK) == 0)
        tb_texts_add(&settings->users_files, usual);
    free(usual);
}

bool tb_settings_complete(struct tb_settings *settings, bool file)
{
    if (settings->dialect_min > settings->dialect_max)
        return tb_settings_fail(settings, "the least protocol is above the greatest");
    if (settings->encryption == TB_ENCRYPTION_REQUIRED && settings->dialect_max < 0x0300)
        return tb_settings_fail(settings, "encryption is required, which begins with SMB 3.0, and "
                                          "the greatest protocol is before it");
    if (!settings->share_count && file)
        return tb_settings_fail(settings, "no share is defined: add a section [NAME] with a line "
                                          "\"path = DIRECTORY\", or --share NAME=memory:");
    if (settings->share_count)
        find_users(settings);
    if (!settings->share_count && !tb_settings_add_share(settings, TB_SANDBOX_SHARE "=memory:"))
        return false;
    for (size_t i = 0; i < settings->share_count; i++)
        if (settings->shares[i]->available && !check_share(settings, settings->shares[i]))
            return false;
    if (!settings->name)
        settings->name = default_name();
    if (!settings->workgroup)
        settings->workgroup = tb_text_copy("WORKGROUP");
    if (!settings->listen.count)
        make_listen(settings);
    return true;
}
