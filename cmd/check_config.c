/* `tombolo check-config`: what a configuration file comes to. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/cmd.h"
#include "cmd/keys.h"

static void print_help(void)
{
    fputs("usage: tombolo check-config FILE\n\n"
          "Check a configuration file and print the configuration that it comes to, all defaults\n"
          "included, in a form that can be used as a configuration file. Passwords are left out.\n"
          "\n"
          "It ends with status 0 when \"tombolo serve --config FILE\" would accept the file, and\n"
          "with 2 when not.\n",
          stdout);
}

static void print_global(const struct tb_settings *settings)
{
    puts("[global]");
    for (size_t i = 0; i < tb_key_count; i++)
        if (tb_keys[i].show_global)
            tb_keys[i].show_global(settings, tb_keys[i].name, stdout);
}

static bool is_shown(const struct tb_share_settings *share, const struct tb_key *key)
{
    return key->kind != TB_KEY_NOT_SHARES && !(key->flags & TB_KEY_ALIAS) &&
           (!(key->flags & TB_KEY_POSIX_ONLY) || tb_share_is_posix(share));
}

static void print_share(const struct tb_share_settings *share)
{
    printf("\n[%s]\n", share->name);
    for (size_t i = 0; i < tb_key_count; i++)
        if (is_shown(share, &tb_keys[i]))
            tb_key_show_share(share, &tb_keys[i], stdout);
}

/* What the program can check without serving. */
static bool check_share(struct tb_settings *settings, const struct tb_share_settings *share)
{
    struct tb_share_members members;
    struct stat status;
    if (!share->available)
        return true;
    if (!share->exporter && (stat(share->path, &status) < 0 || !S_ISDIR(status.st_mode)))
        tb_settings_warn("share \"%s\": there is no directory %s", share->name, share->path);
    bool good = tb_members_find(settings, share, &members);
    tb_members_clear(&members);
    return good;
}

static bool check(struct tb_settings *settings, const char *path)
{
    if (!tb_settings_from_file(settings, path) || !tb_settings_complete(settings, true))
        return false;
    for (size_t i = 0; i < settings->share_count; i++)
        if (!check_share(settings, settings->shares[i]))
            return false;
    return true;
}

int tb_cmd_check_config(char **arguments)
{
    static struct tb_settings settings;
    bool help = arguments[0] &&
                (strcmp(arguments[0], "--help") == 0 || strcmp(arguments[0], "-h") == 0);
    if (help) {
        print_help();
        return TB_EXIT_OK;
    }
    if (!arguments[0] || arguments[1] || arguments[0][0] == '-') {
        fputs("tombolo: usage: tombolo check-config FILE\n", stderr);
        return TB_EXIT_USAGE;
    }
    tb_settings_init(&settings);
    bool good = check(&settings, arguments[0]);
    if (!good)
        fprintf(stderr, "tombolo: %s\n", settings.message);
    if (good && settings.users.count)
        fputs("tombolo: note: the accounts of the key \"user\" are left out, as they hold "
              "passwords\n",
              stderr);
    if (good) {
        print_global(&settings);
        for (size_t i = 0; i < settings.share_count; i++)
            print_share(settings.shares[i]);
    }
    tb_settings_clear(&settings);
    return good ? TB_EXIT_OK : TB_EXIT_USAGE;
}
