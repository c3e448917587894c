/* The keys of [global]: how they are read where values.c does not do it, and how they are shown. */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/keys.h"
#include "exporters/option.h"

bool tb_set_server_string(struct tb_settings *s, const char *value)
{
    char *text = tb_substitute(s, NULL, value);
    if (!text)
        return false;
    free(s->comment);
    s->comment = text;
    return true;
}

/* Administrators of the server, and the default of the shares that follow. */
bool tb_set_admin_users(struct tb_settings *s, const char *value)
{
    const struct tb_key *key = tb_key_find("admin users");
    if (!tb_key_set_share(s, &s->share_default, key, value))
        return false;
    tb_texts_clear(&s->admin_users);
    for (size_t i = 0; i < s->share_default.admin_users.count; i++)
        tb_texts_add(&s->admin_users, s->share_default.admin_users.items[i]);
    return true;
}

bool tb_add_listen(struct tb_settings *s, const char *value)
{
    char *copy = tb_text_copy(value), *rest = copy, *word;
    bool good = true;
    while (good && (word = tb_next_word(&rest)))
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

bool tb_set_interfaces(struct tb_settings *s, const char *value)
{
    char *copy = tb_text_copy(value), *rest = copy, *word;
    bool good = true;
    tb_texts_clear(&s->interfaces);
    while (good && (word = tb_next_word(&rest))) {
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

bool tb_set_ports(struct tb_settings *s, const char *value)
{
    char *copy = tb_text_copy(value), *rest = copy, *word;
    bool good = true;
    tb_texts_clear(&s->ports);
    while (good && (word = tb_next_word(&rest))) {
        uint64_t port;
        if (!tb_option_parse_number(word, &port) || port > 65535)
            good = tb_settings_fail(s, "\"%s\" is no port", word);
        else
            tb_texts_add(&s->ports, word);
    }
    free(copy);
    return good;
}

bool tb_set_bind_only(struct tb_settings *s, const char *value)
{
    bool on;
    if (!tb_parse_bool(value, &on))
        return tb_settings_fail(s, "yes or no? \"%s\" is neither", value);
    if (!on && s->interfaces.count)
        tb_settings_warn("\"bind interfaces only = no\" has no effect: \"interfaces\" are all that "
                         "is listened on");
    return true;
}

void tb_show_listen(const struct tb_settings *s, const char *key, FILE *to)
{
    fprintf(to, "    %s =", key);
    for (size_t i = 0; i < s->listen.count; i++)
        fprintf(to, "%s %s", i ? "," : "", s->listen.items[i]);
    fputc('\n', to);
}

void tb_show_name(const struct tb_settings *s, const char *key, FILE *to)
{
    tb_key_print(to, key, s->name);
}

void tb_show_workgroup(const struct tb_settings *s, const char *key, FILE *to)
{
    tb_key_print(to, key, s->workgroup);
}

void tb_show_server_string(const struct tb_settings *s, const char *key, FILE *to)
{
    tb_key_print_text(to, key, s->comment);
}

void tb_show_signing(const struct tb_settings *s, const char *key, FILE *to)
{
    tb_key_print(to, key, s->signing == TB_SIGNING_REQUIRED ? "required" : "optional");
}

void tb_show_encryption(const struct tb_settings *s, const char *key, FILE *to)
{
    static const char *const words[] = {"off", "offered", "desired", "required"};
    tb_key_print(to, key, words[s->encryption]);
}

static void show_dialect(uint16_t dialect, const char *key, FILE *to)
{
    if (dialect & 0xf)
        fprintf(to, "    %s = %d.%d.%d\n", key, dialect >> 8, dialect >> 4 & 0xf, dialect & 0xf);
    else
        fprintf(to, "    %s = %d.%d\n", key, dialect >> 8, dialect >> 4 & 0xf);
}

void tb_show_dialect_min(const struct tb_settings *s, const char *key, FILE *to)
{
    show_dialect(s->dialect_min, key, to);
}

void tb_show_dialect_max(const struct tb_settings *s, const char *key, FILE *to)
{
    show_dialect(s->dialect_max, key, to);
}

void tb_show_users_files(const struct tb_settings *s, const char *key, FILE *to)
{
    for (size_t i = 0; i < s->users_files.count; i++)
        tb_key_print(to, key, s->users_files.items[i]);
}

void tb_show_state(const struct tb_settings *s, const char *key, FILE *to)
{
    if (s->state)
        tb_key_print(to, key, s->state);
}

void tb_show_threads(const struct tb_settings *s, const char *key, FILE *to)
{
    if (s->threads)
        fprintf(to, "    %s = %u\n", key, s->threads);
    else
        tb_key_print(to, key, "auto");
}

void tb_show_log_level(const struct tb_settings *s, const char *key, FILE *to)
{
    static const char *const words[] = {[TB_LOG_ERROR] = "error",
                                        [TB_LOG_WARNING] = "warning",
                                        [TB_LOG_INFO] = "info",
                                        [TB_LOG_DEBUG] = "debug"};
    tb_key_print(to, key, words[s->log_level]);
}

void tb_show_admin_users(const struct tb_settings *s, const char *key, FILE *to)
{
    struct tb_share_settings share = {.admin_users = s->admin_users};
    tb_key_show_share(&share, tb_key_find(key), to);
}
