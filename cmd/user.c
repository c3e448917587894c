/* `tombolo user`: the accounts in a users file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/password.h"
#include "cmd/settings.h"
#include "core/crypto/digest.h"
#include "exporters/option.h"
#include "host/users_file.h"

enum action { ADD, REMOVE, LIST, PASSWORD, DISABLE, ENABLE, ACTION_COUNT };

static const char *const action_names[] = {"add",     "remove", "list", "password",
                                           "disable", "enable", NULL};

struct order {
    enum action action;
    const char *file, *name;
    char message[1024];
};

static void print_help(void)
{
    fputs("usage: tombolo user [--users FILE] COMMAND [NAME]\n\n"
          "Keep the accounts that \"tombolo serve --users FILE\" knows; a running server "
          "notices.\n\n"
          "commands:\n"
          "  add NAME       add an account; its password is asked for, or is the first line of\n"
          "                 standard input\n"
          "  password NAME  give it another password\n"
          "  disable NAME   let it log on no more, and keep it\n"
          "  enable NAME    let it log on again\n"
          "  remove NAME    remove it\n"
          "  list           print the names, and what keeps one from logging on\n\n"
          "options:\n"
          "  --users FILE   the file, in the format of smbpasswd(5); without it, as root\n"
          "                 " TB_USERS_FILE_ROOT ", else tombolo.users in $XDG_CONFIG_HOME or\n"
          "                 ~/.config\n",
          stdout);
}

static int fail(const char *what, int status)
{
    fprintf(stderr, "tombolo: %s\n", what);
    return status;
}

static bool set_action(struct order *order, const char *word)
{
    for (int i = 0; i < ACTION_COUNT; i++)
        if (strcmp(word, action_names[i]) == 0) {
            order->action = (enum action)i;
            return true;
        }
    const char *nearest = tb_option_nearest(word, action_names);
    snprintf(order->message, sizeof(order->message), "there is no command \"user %.64s\"%s%s%s",
             word, nearest ? "; did you mean \"user " : "", nearest ? nearest : "",
             nearest ? "\"?" : "");
    return false;
}

static bool refuse(struct order *order, const char *what)
{
    snprintf(order->message, sizeof(order->message),
             "%s; \"tombolo user --help\" says how to use it", what);
    return false;
}

/* The option may stand anywhere. */
static bool read_arguments(struct order *order, char **arguments)
{
    for (; *arguments; arguments++) {
        char *word = *arguments;
        if (strncmp(word, "--users=", 8) == 0)
            order->file = word + 8;
        else if (strcmp(word, "--users") == 0 && arguments[1])
            order->file = *++arguments;
        else if (*word == '-')
            return refuse(order, "there is one option, --users FILE");
        else if (order->action == ACTION_COUNT) {
            if (!set_action(order, word))
                return false;
        } else if (order->name)
            return refuse(order, "one name at a time");
        else
            order->name = word;
    }
    if (order->action == ACTION_COUNT)
        return refuse(order, "a command is missing");
    if ((order->action == LIST) == (order->name != NULL))
        return refuse(order, order->name ? "\"list\" takes no name" : "whom?");
    return true;
}

static void tell(void *data, const struct tb_users_file_account *account)
{
    (void)data;
    const char *state = account->machine         ? "\tmachine"
                        : account->disabled      ? "\tdisabled"
                        : !account->has_password ? "\tno password"
                                                 : "";
    printf("%s%s\n", account->name, state);
}

static int list(struct order *order)
{
    enum tb_error error =
        tb_users_file_list(order->file, tell, NULL, order->message, sizeof(order->message));
    return error ? fail(order->message, TB_EXIT_FAILED) : TB_EXIT_OK;
}

static int change(struct order *order)
{
    static const enum tb_users_change changes[] = {[ADD] = TB_USERS_ADD,
                                                   [REMOVE] = TB_USERS_REMOVE,
                                                   [PASSWORD] = TB_USERS_PASSWORD,
                                                   [DISABLE] = TB_USERS_DISABLE,
                                                   [ENABLE] = TB_USERS_ENABLE};
    char password[TB_PASSWORD_BYTES_MAX] = "";
    bool asks = order->action == ADD || order->action == PASSWORD;
    bool good = !asks || tb_read_password(order->name, password, order->message,
                                          sizeof(order->message));
    enum tb_error error = TB_OK;
    if (good)
        error = tb_users_file_change(order->file, changes[order->action], order->name,
                                     asks ? password : NULL, (uint64_t)time(NULL), order->message,
                                     sizeof(order->message));
    tb_wipe(password, sizeof(password));
    if (!good || error)
        return fail(order->message,
                    error == TB_OBJECT_NAME_INVALID ? TB_EXIT_USAGE : TB_EXIT_FAILED);
    return TB_EXIT_OK;
}

int tb_cmd_user(char **arguments)
{
    static struct order order = {.action = ACTION_COUNT};
    char *own = NULL;
    for (char **i = arguments; *i; i++)
        if (strcmp(*i, "--help") == 0 || strcmp(*i, "-h") == 0) {
            print_help();
            return TB_EXIT_OK;
        }
    if (!read_arguments(&order, arguments))
        return fail(order.message, TB_EXIT_USAGE);
    if (!order.file)
        order.file = own = tb_default_users_file(true);
    int status = order.action == LIST ? list(&order) : change(&order);
    free(own);
    return status;
}
