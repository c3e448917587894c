/* Asking for a password. */
#ifndef TB_CMD_PASSWORD_H
#define TB_CMD_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

#define TB_PASSWORD_BYTES_MAX 512

/* Where standard input is a terminal: ask there, without echo, twice. Else take the first line of
 * standard input. The password is not empty. On failure `message` says why. Wipe `password` after
 * use, in either case. */
bool tb_read_password(const char *user, char password[TB_PASSWORD_BYTES_MAX], char *message,
                      size_t size);

#endif
