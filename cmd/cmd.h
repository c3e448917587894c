/* The subcommands of `tombolo`. Each gets its arguments without the program's name and its own,
 * NULL-terminated as main() has them, and returns the exit status. */
#ifndef TB_CMD_H
#define TB_CMD_H

#include <stddef.h>

enum tb_exit { TB_EXIT_OK = 0, TB_EXIT_FAILED = 1, TB_EXIT_USAGE = 2 };

int tb_cmd_serve(char **arguments);
int tb_cmd_check_config(char **arguments);
int tb_cmd_user(char **arguments);

#endif
