#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "config.h"
#include "exporters/option.h"

static const struct {
    const char *name, *what;
    int (*run)(char **arguments);
} commands[] = {
    {"check-config", "check a configuration file and print what it comes to", tb_cmd_check_config},
    {"serve", "serve shares; without arguments a sandbox in memory", tb_cmd_serve},
    {"user", "keep the accounts of a users file", tb_cmd_user},
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *to)
{
    fputs("usage: tombolo COMMAND [ARGUMENT]...\n\n"
          "Tombolo is an SMB 3 server in userspace.\n\ncommands:\n",
          to);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(to, "  %-13s %s\n", commands[i].name, commands[i].what);
    fputs("\n\"tombolo COMMAND --help\" says more; so do tombolo(1), tombolo-serve(1),\n"
          "tombolo-check-config(1), tombolo-user(1) and tombolo.conf(5).\n",
          to);
}

static int refuse(const char *word)
{
    const char *names[COMMAND_COUNT + 1] = {NULL};
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        names[i] = commands[i].name;
    const char *nearest = tb_option_nearest(word, names);
    fprintf(stderr, "tombolo: there is no command \"%s\"", word);
    if (nearest)
        fprintf(stderr, "; did you mean \"%s\"?", nearest);
    fputs("\ntombolo: \"tombolo --help\" lists the commands\n", stderr);
    return TB_EXIT_USAGE;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        print_help(stderr);
        return TB_EXIT_USAGE;
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        print_help(stdout);
        return TB_EXIT_OK;
    }
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        puts("tombolo " PACKAGE_VERSION);
        return TB_EXIT_OK;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(word, commands[i].name) == 0)
            return commands[i].run(argv + 2);
    return refuse(word);
}
