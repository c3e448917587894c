/* The account database behind core/auth.h: accounts given one by one, and files in the format of
 * smbpasswd(5). A file that has changed is read again by the next lookup, so accounts that are
 * added, removed or disabled count from the next logon on; when it has become unreadable or wrong,
 * what it said before holds, and a warning is logged. Lookups come from any thread and are answered
 * inside the call; all else is done before serving starts.
 *
 * Names are compared as Windows does, without case. A name of the system's own accounts brings
 * that account's uid, gid and groups along; any other gets those of whoever runs the server, and
 * nobody's when that is root. */
#ifndef TB_HOST_USERS_H
#define TB_HOST_USERS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/auth.h"
#include "core/env.h"

struct tb_users;

/* `domain` is what identities bear. NULL without memory. */
struct tb_users *tb_users_create(const char *domain);
/* Wipes every hash; NULL is allowed. */
void tb_users_destroy(struct tb_users *users);

/* Add an account or replace one of the same name. On failure `message` says why. */
enum tb_error tb_users_add(struct tb_users *users, const char *name, const char *password,
                           char *message, size_t size);

/* Add all accounts of a file:
 *     name:uid:LM hash:NT hash:[flags]:LCT-time:
 * with empty lines and lines from '#' on ignored, and accounts of machines (W, S, I) left out. D
 * disables an account, and so does N or the absence of an NT hash: nobody logs on without a
 * password. Warnings go to `env`'s log, the first error, with file and line, to `message`. */
enum tb_error tb_users_load(struct tb_users *users, const char *path, const struct tb_env *env,
                            char *message, size_t size);

/* Read all files again, changed or not; any thread. */
void tb_users_reload(struct tb_users *users);

/* Administrators of the server: a NULL-terminated list of names, or "@" and the number of a group,
 * which lives as long as `users`. NULL: nobody. */
void tb_users_set_administrators(struct tb_users *users, const char *const *list);

size_t tb_users_count(const struct tb_users *users);
bool tb_users_has(const struct tb_users *users, const char *name);

/* The boundary's side of it; valid as long as `users`. */
struct tb_auth tb_users_auth(struct tb_users *users);

#endif
