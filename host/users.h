/* The account database behind core/auth.h: accounts given one by one, and files in the format of
 * smbpasswd(5). It is filled before serving starts and does not change afterwards, so lookups come
 * from any thread without a lock and are answered inside the call.
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

size_t tb_users_count(const struct tb_users *users);
bool tb_users_has(const struct tb_users *users, const char *name);

/* The boundary's side of it; valid as long as `users`. */
struct tb_auth tb_users_auth(struct tb_users *users);

#endif
