/* What host/users.c and the reader of smbpasswd files share. */
#ifndef TB_HOST_USERS_INTERNAL_H
#define TB_HOST_USERS_INTERNAL_H

#include "host/users.h"

struct tb_account {
    struct tb_identity identity;
    uint8_t nt_hash[16];
    bool disabled;
};

struct tb_users {
    struct tb_account *accounts; /* sorted by tb_name_compare_folded() */
    size_t count, capacity;
    char domain[256];
};

/* Put an account in its place, instead of one of the same name; its relative id is found here. */
enum tb_error tb_users_put(struct tb_users *users, const struct tb_account *account);

/* Fill in uid, gid and groups, by `uid` or, when that is NULL, by name. */
void tb_users_identify(struct tb_identity *identity, const uint32_t *uid);

enum tb_error tb_users_check_name(const char *name, char *message, size_t size);

#endif
