/* Boundary 4 of 5: who is it.
 *
 * NTLMSSP is pure code in core/auth/; what it needs from outside is the account's NT hash and
 * identity, found asynchronously by lookup(). Guests and anonymous users are not looked up. */
#ifndef TB_AUTH_H
#define TB_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/bytes.h"
#include "core/error.h"

#define TB_GROUPS_MAX 32

/* Who a session belongs to. */
struct tb_identity {
    char user[256], domain[256]; /* UTF-8, as the accounts know them */
    uint32_t relative_id;        /* last part of the SID below the server's own */
    uint32_t uid, gid;
    uint32_t group_count;
    uint32_t groups[TB_GROUPS_MAX];
    bool administrator;
};

/* Look up an account. Answered exactly once by `done`, inside lookup() or later, from any thread.
 * Errors: LOGON_FAILURE (no such user), ACCOUNT_DISABLED, NO_MEMORY. */
struct tb_auth_lookup {
    const char *user, *domain; /* in */
    uint8_t nt_hash[16];       /* out; wiped by the core after use */
    struct tb_identity identity;
    void (*done)(struct tb_auth_lookup *, enum tb_error error);
};

struct tb_auth_ops {
    void (*lookup)(void *auth, struct tb_auth_lookup *lookup);
};

struct tb_auth {
    const struct tb_auth_ops *ops;
    void *data;
};

#endif
