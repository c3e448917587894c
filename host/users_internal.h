/* What host/users.c and the reader of smbpasswd files share. */
#ifndef TB_HOST_USERS_INTERNAL_H
#define TB_HOST_USERS_INTERNAL_H

#include <stdio.h>

#include "host/users.h"

struct tb_account {
    struct tb_identity identity;
    uint8_t nt_hash[16];
    bool disabled;
};

/* Sorted by tb_name_compare_folded(). */
struct tb_accounts {
    struct tb_account *items;
    size_t count, capacity;
};

/* Put an account in its place, instead of one of the same name; its relative id is found here. */
enum tb_error tb_accounts_put(struct tb_accounts *accounts, const struct tb_account *account);
/* Wipes and frees. */
void tb_accounts_clear(struct tb_accounts *accounts);

/* Fill in uid, gid and groups, by `uid` or, when that is NULL, by name. */
void tb_users_identify(struct tb_identity *identity, const uint32_t *uid);

enum tb_error tb_users_check_name(const char *name, char *message, size_t size);

/* Put all accounts of a file among the others. */
enum tb_error tb_smbpasswd_read(FILE *file, const char *path, const char *domain,
                                struct tb_accounts *accounts, char *message, size_t size);

#endif
