#include "sim/accounts.h"

#include "core/auth/ntlm_crypto.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct account {
    const char *user, *password;
    uint32_t uid, relative_id;
    bool administrator, disabled;
} accounts[] = {
    {"user", "password", 1000, 1000, false, false},
    {"admin", "Secret-2", 0, 500, true, false},
    {"Jürgen", "grüße", 1001, 1001, false, false},
    {"disabled", "password", 1002, 1002, false, true},
};

static void fill(struct tb_auth_lookup *lookup, const struct account *account)
{
    struct tb_identity *identity = &lookup->identity;
    *identity = (struct tb_identity){.relative_id = account->relative_id,
                                     .uid = account->uid,
                                     .gid = 100,
                                     .group_count = 1,
                                     .groups = {100},
                                     .administrator = account->administrator};
    snprintf(identity->user, sizeof(identity->user), "%s", account->user);
    snprintf(identity->domain, sizeof(identity->domain), "SIM");
}

enum tb_error tb_sim_account_find(struct tb_auth_lookup *lookup)
{
    for (size_t i = 0; i < sizeof(accounts) / sizeof(accounts[0]); i++) {
        if (strcasecmp(accounts[i].user, lookup->user) != 0)
            continue;
        if (accounts[i].disabled)
            return TB_ACCOUNT_DISABLED;
        fill(lookup, &accounts[i]);
        return tb_ntlm_hash_password(accounts[i].password, lookup->nt_hash);
    }
    return TB_LOGON_FAILURE;
}
