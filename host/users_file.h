/* Changing files in the format of smbpasswd(5).
 *
 * A file is replaced as a whole (written beside it with mode 0600, made stable, renamed), under a
 * lock of fcntl(2) as Samba's smbpasswd takes it, so that two writers follow each other and readers
 * see the old or the new one. Lines that are no accounts, and fields that a change is not about,
 * stay as they are. On failure `message` says why. */
#ifndef TB_HOST_USERS_FILE_H
#define TB_HOST_USERS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

enum tb_users_change {
    TB_USERS_ADD,      /* a new account, with a password; makes the file */
    TB_USERS_PASSWORD, /* another password */
    TB_USERS_DISABLE,
    TB_USERS_ENABLE,
    TB_USERS_REMOVE,
};

/* `password` is UTF-8, for ADD and PASSWORD. `time_s` is the change's time, since 1970. Errors:
 * OBJECT_NAME_INVALID (no name for a user), OBJECT_NAME_COLLISION (ADD), OBJECT_NAME_NOT_FOUND (no
 * such account, or no such file), INVALID_PARAMETER (the account's line or the password is wrong),
 * and what the file system answers. */
enum tb_error tb_users_file_change(const char *path, enum tb_users_change change, const char *name,
                                   const char *password, uint64_t time_s, char *message,
                                   size_t size);

struct tb_users_file_account {
    const char *name;
    bool disabled, machine, has_password;
};

typedef void tb_users_file_tell(void *data, const struct tb_users_file_account *account);

/* Tell of each account, in the file's order. */
enum tb_error tb_users_file_list(const char *path, tb_users_file_tell *tell, void *data,
                                 char *message, size_t size);

#endif
