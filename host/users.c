#include "host/users.h"

#include <assert.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/auth/ntlm_crypto.h"
#include "core/crypto/digest.h"
#include "core/nt/upcase.h"
#include "host/users_internal.h"

#define NOBODY 65534

struct tb_users *tb_users_create(const char *domain)
{
    struct tb_users *users = calloc(1, sizeof(*users));
    if (!users)
        return NULL;
    snprintf(users->domain, sizeof(users->domain), "%s", domain);
    return users;
}

void tb_users_destroy(struct tb_users *users)
{
    if (!users)
        return;
    tb_wipe_and_free(users->accounts, users->capacity * sizeof(users->accounts[0]));
    free(users);
}

size_t tb_users_count(const struct tb_users *users)
{
    return users->count;
}

/* The place of `name` among the accounts, which are sorted; *found: it is there already. */
static size_t place_of(const struct tb_users *users, const char *name, bool *found)
{
    size_t low = 0, high = users->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = tb_name_compare_folded(users->accounts[middle].identity.user, name);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *found = false;
    return low;
}

bool tb_users_has(const struct tb_users *users, const char *name)
{
    bool found;
    place_of(users, name, &found);
    return found;
}

/* realloc would leave a copy of the hashes behind. */
static bool grow(struct tb_users *users)
{
    if (users->count < users->capacity)
        return true;
    size_t capacity = users->capacity ? 2 * users->capacity : 16;
    struct tb_account *accounts = calloc(capacity, sizeof(*accounts));
    if (!accounts)
        return false;
    if (users->count)
        memcpy(accounts, users->accounts, users->count * sizeof(*accounts));
    tb_wipe_and_free(users->accounts, users->capacity * sizeof(*accounts));
    users->accounts = accounts;
    users->capacity = capacity;
    return true;
}

static bool relative_id_taken(const struct tb_users *users, uint32_t relative_id)
{
    for (size_t i = 0; i < users->count; i++)
        if (users->accounts[i].identity.relative_id == relative_id)
            return true;
    return false;
}

/* From the name alone (FNV-1a of its folded form), so that it is the same in every run; ids below
 * 1000 are Windows' own. */
static enum tb_error relative_id(const struct tb_users *users, const char *name, uint32_t *id)
{
    char *folded = tb_name_fold_new(name);
    if (!folded)
        return TB_NO_MEMORY;
    uint32_t hash = 2166136261u;
    for (const char *c = folded; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    free(folded);
    for (*id = hash & 0x3fffffff; *id < 1000 || relative_id_taken(users, *id);)
        *id = (*id + 1) & 0x3fffffff;
    return TB_OK;
}

enum tb_error tb_users_put(struct tb_users *users, const struct tb_account *account)
{
    bool found;
    size_t place = place_of(users, account->identity.user, &found);
    if (found) {
        uint32_t id = users->accounts[place].identity.relative_id;
        users->accounts[place] = *account;
        users->accounts[place].identity.relative_id = id;
        return TB_OK;
    }
    uint32_t id;
    enum tb_error error = relative_id(users, account->identity.user, &id);
    if (error)
        return error;
    if (!grow(users))
        return TB_NO_MEMORY;
    struct tb_account *at = users->accounts + place;
    memmove(at + 1, at, (users->count - place) * sizeof(*at));
    users->count++;
    *at = *account;
    at->identity.relative_id = id;
    return TB_OK;
}

static void identify_groups(struct tb_identity *identity, const char *name)
{
    gid_t groups[TB_GROUPS_MAX];
    int count = TB_GROUPS_MAX;
    if (getgrouplist(name, identity->gid, groups, &count) < 0)
        count = TB_GROUPS_MAX;
    identity->group_count = (uint32_t)count;
    for (int i = 0; i < count; i++)
        identity->groups[i] = groups[i];
}

void tb_users_identify(struct tb_identity *identity, const uint32_t *uid)
{
    struct passwd *entry = uid ? getpwuid(*uid) : getpwnam(identity->user);
    if (entry) {
        identity->uid = entry->pw_uid;
        identity->gid = entry->pw_gid;
        identify_groups(identity, entry->pw_name);
    } else if (uid) {
        identity->uid = *uid;
        identity->gid = NOBODY;
    } else {
        identity->uid = geteuid() ? geteuid() : NOBODY;
        identity->gid = geteuid() ? getegid() : NOBODY;
    }
}

/* What Windows refuses in an account's name, and ':' which ends it in every format of ours. */
enum tb_error tb_users_check_name(const char *name, char *message, size_t size)
{
    size_t length = strlen(name);
    if (length && length < sizeof(((struct tb_identity *)0)->user) &&
        strcspn(name, "\"/\\[]:;|=,+*?<>@") == length)
        return TB_OK;
    snprintf(message, size,
             "\"%.64s\" is no user name: it must have 1 to 255 characters and none of "
             "\" / \\ [ ] : ; | = , + * ? < > @",
             name);
    return TB_OBJECT_NAME_INVALID;
}

enum tb_error tb_users_add(struct tb_users *users, const char *name, const char *password,
                           char *message, size_t size)
{
    enum tb_error error = tb_users_check_name(name, message, size);
    if (error)
        return error;
    struct tb_account account = {0};
    snprintf(account.identity.user, sizeof(account.identity.user), "%s", name);
    memcpy(account.identity.domain, users->domain, sizeof(users->domain));
    tb_users_identify(&account.identity, NULL);
    error = tb_ntlm_hash_password(password, account.nt_hash);
    if (!error)
        error = tb_users_put(users, &account);
    tb_wipe(account.nt_hash, sizeof(account.nt_hash));
    if (error)
        snprintf(message, size, "user %s: %s", name,
                 error == TB_INVALID_PARAMETER ? "the password is no valid UTF-8"
                                               : tb_error_text(error));
    return error;
}

static void look_up(void *auth, struct tb_auth_lookup *lookup)
{
    const struct tb_users *users = auth;
    bool found;
    size_t place = place_of(users, lookup->user, &found);
    if (!found) {
        lookup->done(lookup, TB_LOGON_FAILURE);
        return;
    }
    const struct tb_account *account = &users->accounts[place];
    if (account->disabled) {
        lookup->done(lookup, TB_ACCOUNT_DISABLED);
        return;
    }
    memcpy(lookup->nt_hash, account->nt_hash, sizeof(lookup->nt_hash));
    lookup->identity = account->identity;
    lookup->done(lookup, TB_OK);
}

struct tb_auth tb_users_auth(struct tb_users *users)
{
    static const struct tb_auth_ops ops = {.lookup = look_up};
    return (struct tb_auth){.ops = &ops, .data = users};
}
