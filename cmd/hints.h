/* What to type on a client. */
#ifndef TB_CMD_HINTS_H
#define TB_CMD_HINTS_H

#include <stddef.h>

struct tb_hints {
    const char
        *address; /* where the server listens: "127.0.0.1:4445", "0.0.0.0:445", "[::1]:4445" */
    const char *share, *user, *password;
};

/* Print how Linux, macOS and Windows mount the share. */
void tb_print_hints(const struct tb_hints *hints);

/* A password that can be read aloud, and typed in any shell without quotes. */
#define TB_PASSWORD_CAPACITY 20
void tb_make_password(char password[TB_PASSWORD_CAPACITY]);

#endif
