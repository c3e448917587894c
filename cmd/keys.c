#include "cmd/keys.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exporters/option.h"

static bool bad_bool(struct tb_settings *settings, const char *value)
{
    return tb_settings_fail(settings, "yes or no? \"%s\" is neither", value);
}

static bool set_flag(struct tb_settings *settings, bool *flag, bool inverted, const char *value)
{
    bool on;
    if (!tb_parse_bool(value, &on))
        return bad_bool(settings, value);
    *flag = on != inverted;
    return true;
}

static bool set_read_only(struct tb_settings *s, struct tb_share_settings *share, const char *value)
{
    return set_flag(s, &share->read_only, false, value);
}

static bool set_writeable(struct tb_settings *s, struct tb_share_settings *share, const char *value)
{
    return set_flag(s, &share->read_only, true, value);
}

static bool set_guest_ok(struct tb_settings *s, struct tb_share_settings *share, const char *value)
{
    return set_flag(s, &share->guest_ok, false, value);
}

static bool set_browseable(struct tb_settings *s, struct tb_share_settings *share,
                           const char *value)
{
    return set_flag(s, &share->hidden, true, value);
}

static bool set_available(struct tb_settings *s, struct tb_share_settings *share, const char *value)
{
    return set_flag(s, &share->unavailable, true, value);
}

static bool set_printable(struct tb_settings *s, struct tb_share_settings *share, const char *value)
{
    return set_flag(s, &share->printer, false, value);
}

static bool set_comment(struct tb_settings *s, struct tb_share_settings *share, const char *value)
{
    (void)s;
    tb_text_set(&share->comment, value);
    return true;
}

static bool set_path(struct tb_settings *s, struct tb_share_settings *share, const char *value)
{
    if (*value != '/' || strpbrk(value, ",%") || strlen(value) > 4095)
        return tb_settings_fail(s, "a path begins with \"/\" and has neither \",\" nor \"%%\"");
    tb_text_set(&share->path, value);
    return true;
}

static bool set_mask(struct tb_settings *s, char **mask, const char *value)
{
    size_t length = strlen(value);
    if (!length || length > 5 || strspn(value, "01234567") != length)
        return tb_settings_fail(s, "\"%s\" is no mask in octal, as 0755 is", value);
    tb_text_set(mask, value);
    return true;
}

static bool set_create_mask(struct tb_settings *s, struct tb_share_settings *share,
                            const char *value)
{
    return set_mask(s, &share->create_mask, value);
}

static bool set_directory_mask(struct tb_settings *s, struct tb_share_settings *share,
                               const char *value)
{
    return set_mask(s, &share->directory_mask, value);
}

static bool set_symlinks(struct tb_settings *s, struct tb_share_settings *share, const char *value)
{
    return set_flag(s, &share->no_symlinks, true, value);
}

static bool set_share_encrypt(struct tb_settings *s, struct tb_share_settings *share,
                              const char *value)
{
    enum tb_encryption_policy policy = s->encryption;
    bool good = tb_parse_encryption(s, value);
    if (good && s->encryption == TB_ENCRYPTION_DESIRED)
        tb_settings_warn("[%s]: \"smb encrypt = desired\" means something in [global] only",
                         share->name);
    share->encrypt = s->encryption == TB_ENCRYPTION_REQUIRED;
    s->encryption = policy;
    return good;
}

/* The next of a list's words, which blanks and commas part; NULL at the end. */
static char *next_word(char **rest)
{
    char *word;
    while ((word = strsep(rest, " \t,")))
        if (*word)
            return word;
    return NULL;
}

static bool set_valid_users(struct tb_settings *s, struct tb_share_settings *share,
                            const char *value)
{
    char *copy = tb_text_copy(value), *rest = copy, *word;
    bool good = true;
    tb_texts_clear(&share->valid_users);
    while (good && (word = next_word(&rest))) {
        if (strchr("@+&", *word) || strchr(word, '%'))
            good = tb_settings_fail(s,
                                    "\"valid users\" takes names of users, neither groups nor "
                                    "substitutions as %s is",
                                    word);
        tb_texts_add(&share->valid_users, word);
    }
    free(copy);
    return good;
}

static bool set_comment_global(struct tb_settings *s, const char *value)
{
    tb_text_set(&s->comment, value);
    return true;
}

static bool add_listen(struct tb_settings *s, const char *value)
{
    char *copy = tb_text_copy(value), *rest = copy, *word;
    bool good = true;
    while (good && (word = next_word(&rest)))
        good = tb_parse_listen(s, word);
    free(copy);
    return good;
}

/* All addresses of the interface called `name`. */
static bool add_interface(struct tb_texts *to, const char *name)
{
    struct ifaddrs *all, *i;
    size_t before = to->count;
    if (getifaddrs(&all) < 0)
        return false;
    for (i = all; i; i = i->ifa_next) {
        char text[INET6_ADDRSTRLEN];
        if (!i->ifa_addr || strcmp(i->ifa_name, name) != 0)
            continue;
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)i->ifa_addr;
        const struct sockaddr_in *in = (const struct sockaddr_in *)i->ifa_addr;
        if (i->ifa_addr->sa_family == AF_INET)
            tb_texts_add(to, inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text)));
        else if (i->ifa_addr->sa_family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr))
            tb_texts_add(to, inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text)));
    }
    freeifaddrs(all);
    return to->count > before;
}

static bool set_interfaces(struct tb_settings *s, const char *value)
{
    char *copy = tb_text_copy(value), *rest = copy, *word;
    bool good = true;
    tb_texts_clear(&s->interfaces);
    while (good && (word = next_word(&rest))) {
        unsigned char address[sizeof(struct in6_addr)];
        word[strcspn(word, "/;")] = '\0';
        if (inet_pton(AF_INET, word, address) == 1 || inet_pton(AF_INET6, word, address) == 1)
            tb_texts_add(&s->interfaces, word);
        else if (!add_interface(&s->interfaces, word))
            good = tb_settings_fail(
                s, "\"%s\" is neither an IP address nor an interface with one (see \"ip address\")",
                word);
    }
    free(copy);
    return good;
}

static bool set_ports(struct tb_settings *s, const char *value)
{
    char *copy = tb_text_copy(value), *rest = copy, *word;
    bool good = true;
    tb_texts_clear(&s->ports);
    while (good && (word = next_word(&rest))) {
        uint64_t port;
        if (!tb_option_parse_number(word, &port) || port > 65535)
            good = tb_settings_fail(s, "\"%s\" is no port", word);
        else
            tb_texts_add(&s->ports, word);
    }
    free(copy);
    return good;
}

static bool set_bind_only(struct tb_settings *s, const char *value)
{
    bool on;
    if (!tb_parse_bool(value, &on))
        return bad_bool(s, value);
    if (!on && s->interfaces.count)
        tb_settings_warn("\"bind interfaces only = no\" has no effect: \"interfaces\" are all that "
                         "is listened on");
    return true;
}

static const struct tb_key keys[] = {
    {"available", NULL, set_available},
    {"bind interfaces only", set_bind_only, NULL},
    {"browsable", NULL, set_browseable},
    {"browseable", NULL, set_browseable},
    {"comment", NULL, set_comment},
    {"create mask", NULL, set_create_mask},
    {"create mode", NULL, set_create_mask},
    {"directory mask", NULL, set_directory_mask},
    {"directory mode", NULL, set_directory_mask},
    {"exporter", NULL, tb_share_set_exporter},
    {"follow symlinks", NULL, set_symlinks},
    {"guest ok", NULL, set_guest_ok},
    {"interfaces", set_interfaces, NULL},
    {"listen", add_listen, NULL},
    {"log level", tb_parse_log_level, NULL},
    {"max protocol", tb_parse_dialect_max, NULL},
    {"min protocol", tb_parse_dialect_min, NULL},
    {"netbios name", tb_parse_name, NULL},
    {"path", NULL, set_path},
    {"print ok", NULL, set_printable},
    {"printable", NULL, set_printable},
    {"public", NULL, set_guest_ok},
    {"read only", NULL, set_read_only},
    {"server max protocol", tb_parse_dialect_max, NULL},
    {"server min protocol", tb_parse_dialect_min, NULL},
    {"server signing", tb_parse_signing, NULL},
    {"server smb encrypt", tb_parse_encryption, set_share_encrypt},
    {"server string", set_comment_global, NULL},
    {"smb encrypt", tb_parse_encryption, set_share_encrypt},
    {"smb passwd file", tb_parse_users_file, NULL},
    {"smb ports", set_ports, NULL},
    {"state directory", tb_parse_state, NULL},
    {"threads", tb_parse_threads, NULL},
    {"user", tb_parse_user, NULL},
    {"valid users", NULL, set_valid_users},
    {"workgroup", tb_parse_workgroup, NULL},
    {"writable", NULL, set_writeable},
    {"write ok", NULL, set_writeable},
    {"writeable", NULL, set_writeable},
};

#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

const struct tb_key *tb_key_find(const char *name)
{
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (strcmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

bool tb_key_is_sambas(const char *name)
{
    if (strchr(name, ':')) /* of a module: "idmap config * : backend", "fruit:metadata" */
        return true;
    for (const char *const *key = tb_samba_keys; *key; key++)
        if (strcmp(*key, name) == 0)
            return true;
    return false;
}

const char *tb_key_refusal(const char *name)
{
    static const char *const restricting[] = {"hosts allow", "allow hosts",   "hosts deny",
                                              "deny hosts",  "invalid users", "read list",
                                              "veto files",  "guest only",    NULL};
    static const char *const elsewhere[] = {"include",         "copy",           "config file",
                                            "registry shares", "config backend", NULL};
    for (const char *const *key = restricting; *key; key++)
        if (strcmp(*key, name) == 0)
            return "it restricts who may do what, which Tombolo would not enforce";
    for (const char *const *key = elsewhere; *key; key++)
        if (strcmp(*key, name) == 0)
            return "Tombolo reads one file, and nothing else";
    return NULL;
}

const char *tb_key_nearest(const char *name)
{
    const char *names[KEY_COUNT + 1];
    for (size_t i = 0; i < KEY_COUNT; i++)
        names[i] = keys[i].name;
    names[KEY_COUNT] = NULL;
    const char *nearest = tb_option_nearest(name, names);
    return nearest ? nearest : tb_option_nearest(name, tb_samba_keys);
}
