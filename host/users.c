#include "host/users.h"

#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/auth/ntlm_crypto.h"
#include "core/crypto/digest.h"
#include "core/nt/upcase.h"
#include "host/env.h"
#include "host/errno.h"
#include "host/users_internal.h"

#define NOBODY 65534

/* How a file was when it was read: when it is another, or differs, it is read again. */
struct stamp {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec written, changed;
    bool known;
};

struct users_file {
    char *path;
    struct stamp stamp;
};

struct tb_users {
    pthread_mutex_t lock;
    struct tb_accounts accounts; /* all */
    struct tb_accounts given;    /* by tb_users_add(); they replace those of files */
    struct users_file *files;
    size_t file_count;
    const char *const *administrators;
    struct tb_env env; /* for warnings; given with the first file */
    char domain[256];
};

struct tb_users *tb_users_create(const char *domain)
{
    struct tb_users *users = calloc(1, sizeof(*users));
    if (!users)
        return NULL;
    pthread_mutex_init(&users->lock, NULL);
    snprintf(users->domain, sizeof(users->domain), "%s", domain);
    return users;
}

void tb_accounts_clear(struct tb_accounts *accounts)
{
    tb_wipe_and_free(accounts->items, accounts->capacity * sizeof(accounts->items[0]));
    *accounts = (struct tb_accounts){0};
}

void tb_users_destroy(struct tb_users *users)
{
    if (!users)
        return;
    tb_accounts_clear(&users->accounts);
    tb_accounts_clear(&users->given);
    for (size_t i = 0; i < users->file_count; i++)
        free(users->files[i].path);
    free(users->files);
    pthread_mutex_destroy(&users->lock);
    free(users);
}

size_t tb_users_count(const struct tb_users *users)
{
    return users->accounts.count;
}

/* The place of `name` among the accounts, which are sorted; *found: it is there already. */
static size_t place_of(const struct tb_accounts *accounts, const char *name, bool *found)
{
    size_t low = 0, high = accounts->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = tb_name_compare_folded(accounts->items[middle].identity.user, name);
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
    place_of(&users->accounts, name, &found);
    return found;
}

/* realloc would leave a copy of the hashes behind. */
static bool grow(struct tb_accounts *accounts)
{
    if (accounts->count < accounts->capacity)
        return true;
    size_t capacity = accounts->capacity ? 2 * accounts->capacity : 16;
    struct tb_account *items = calloc(capacity, sizeof(*items));
    if (!items)
        return false;
    if (accounts->count)
        memcpy(items, accounts->items, accounts->count * sizeof(*items));
    tb_wipe_and_free(accounts->items, accounts->capacity * sizeof(*items));
    accounts->items = items;
    accounts->capacity = capacity;
    return true;
}

static bool relative_id_taken(const struct tb_accounts *accounts, uint32_t relative_id)
{
    for (size_t i = 0; i < accounts->count; i++)
        if (accounts->items[i].identity.relative_id == relative_id)
            return true;
    return false;
}

/* From the name alone (FNV-1a of its folded form), so that it is the same in every run; ids below
 * 1000 are Windows' own. */
static enum tb_error relative_id(const struct tb_accounts *accounts, const char *name, uint32_t *id)
{
    char *folded = tb_name_fold_new(name);
    if (!folded)
        return TB_NO_MEMORY;
    uint32_t hash = 2166136261u;
    for (const char *c = folded; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    free(folded);
    for (*id = hash & 0x3fffffff; *id < 1000 || relative_id_taken(accounts, *id);)
        *id = (*id + 1) & 0x3fffffff;
    return TB_OK;
}

enum tb_error tb_accounts_put(struct tb_accounts *accounts, const struct tb_account *account)
{
    bool found;
    size_t place = place_of(accounts, account->identity.user, &found);
    if (found) {
        uint32_t id = accounts->items[place].identity.relative_id;
        accounts->items[place] = *account;
        accounts->items[place].identity.relative_id = id;
        return TB_OK;
    }
    uint32_t id;
    enum tb_error error = relative_id(accounts, account->identity.user, &id);
    if (error)
        return error;
    if (!grow(accounts))
        return TB_NO_MEMORY;
    struct tb_account *at = accounts->items + place;
    memmove(at + 1, at, (accounts->count - place) * sizeof(*at));
    accounts->count++;
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
        error = tb_accounts_put(&users->given, &account);
    if (!error)
        error = tb_accounts_put(&users->accounts, &account);
    tb_wipe(account.nt_hash, sizeof(account.nt_hash));
    if (error)
        snprintf(message, size, "user %s: %s", name,
                 error == TB_INVALID_PARAMETER ? "the password is no valid UTF-8"
                                               : tb_error_text(error));
    return error;
}

static struct stamp stamp_of(const struct stat *status)
{
    return (struct stamp){.device = status->st_dev,
                          .inode = status->st_ino,
                          .size = status->st_size,
                          .written = status->st_mtim,
                          .changed = status->st_ctim,
                          .known = true};
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool same_stamp(const struct stamp *a, const struct stamp *b)
{
    return a->known == b->known && a->device == b->device && a->inode == b->inode &&
           a->size == b->size && same_time(&a->written, &b->written) &&
           same_time(&a->changed, &b->changed);
}

static struct stamp current_stamp(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? stamp_of(&status) : (struct stamp){0};
}

static void warn_of_mode(const struct tb_users *users, const char *path, const struct stat *status)
{
    if (status->st_mode & (S_IRWXG | S_IRWXO))
        tb_host_log(&users->env, TB_LOG_WARNING,
                    "%s: others may read or write this file, and its hashes are as good as "
                    "passwords; do: chmod 600 %s",
                    path, path);
}

static enum tb_error read_users_file(struct tb_users *users, struct users_file *from,
                                     struct tb_accounts *accounts, char *message, size_t size)
{
    struct stat status, after;
    char buffer[BUFSIZ];
    from->stamp = current_stamp(from->path);
    FILE *file = fopen(from->path, "re");
    if (!file || fstat(fileno(file), &status) < 0) {
        int number = errno;
        if (file)
            fclose(file);
        snprintf(message, size, "cannot read the users file %s: %s", from->path, strerror(number));
        return tb_error_from_errno(number);
    }
    setvbuf(file, buffer, _IOFBF, sizeof(buffer));
    warn_of_mode(users, from->path, &status);
    from->stamp = stamp_of(&status);
    enum tb_error error =
        tb_smbpasswd_read(file, from->path, users->domain, accounts, message, size);
    /* It has been written meanwhile: the next lookup reads it again. */
    if (fstat(fileno(file), &after) < 0 || after.st_mtime != status.st_mtime ||
        after.st_size != status.st_size)
        from->stamp.known = false;
    fclose(file);
    tb_wipe(buffer, sizeof(buffer));
    return error;
}

static enum tb_error put_all(struct tb_accounts *to, const struct tb_accounts *from, char *message,
                             size_t size)
{
    enum tb_error error = TB_OK;
    for (size_t i = 0; i < from->count && !error; i++)
        error = tb_accounts_put(to, &from->items[i]);
    if (error)
        snprintf(message, size, "%s", tb_error_text(error));
    return error;
}

/* Under the lock: all files, then what was given. On errors everything stays as it is. */
static enum tb_error rebuild(struct tb_users *users, char *message, size_t size)
{
    struct tb_accounts accounts = {0};
    enum tb_error error = TB_OK;
    for (size_t i = 0; i < users->file_count; i++) {
        enum tb_error bad = TB_OK;
        if (error)
            users->files[i].stamp = current_stamp(users->files[i].path);
        else
            bad = read_users_file(users, &users->files[i], &accounts, message, size);
        error = error ? error : bad;
    }
    if (!error)
        error = put_all(&accounts, &users->given, message, size);
    if (error) {
        tb_accounts_clear(&accounts);
        return error;
    }
    tb_accounts_clear(&users->accounts);
    users->accounts = accounts;
    return TB_OK;
}

static void rebuild_or_warn(struct tb_users *users)
{
    char message[512];
    if (rebuild(users, message, sizeof(message)))
        tb_host_log(&users->env, TB_LOG_WARNING, "the accounts stay as they were: %s", message);
}

enum tb_error tb_users_load(struct tb_users *users, const char *path, const struct tb_env *env,
                            char *message, size_t size)
{
    struct users_file *files =
        realloc(users->files, (users->file_count + 1) * sizeof(*users->files));
    char *copy = strdup(path);
    if (files)
        users->files = files;
    if (!files || !copy) {
        free(copy);
        snprintf(message, size, "out of memory");
        return TB_NO_MEMORY;
    }
    users->env = *env;
    files[users->file_count] = (struct users_file){.path = copy};
    struct tb_accounts accounts = {0};
    enum tb_error error =
        read_users_file(users, &files[users->file_count], &accounts, message, size);
    pthread_mutex_lock(&users->lock);
    if (!error)
        error = put_all(&users->accounts, &accounts, message, size);
    if (!error)
        error = put_all(&users->accounts, &users->given, message, size);
    pthread_mutex_unlock(&users->lock);
    tb_accounts_clear(&accounts);
    if (error)
        free(copy);
    else
        users->file_count++;
    return error;
}

void tb_users_reload(struct tb_users *users)
{
    pthread_mutex_lock(&users->lock);
    rebuild_or_warn(users);
    pthread_mutex_unlock(&users->lock);
}

static void refresh(struct tb_users *users)
{
    bool changed = false;
    for (size_t i = 0; i < users->file_count && !changed; i++) {
        struct stamp now = current_stamp(users->files[i].path);
        changed = !same_stamp(&now, &users->files[i].stamp);
    }
    if (changed)
        rebuild_or_warn(users);
}

void tb_users_set_administrators(struct tb_users *users, const char *const *list)
{
    users->administrators = list;
}

static bool is_administrator(const struct tb_users *users, const struct tb_identity *identity)
{
    for (const char *const *item = users->administrators; item && *item; item++) {
        if (**item != '@' && tb_name_equal_folded(*item, identity->user))
            return true;
        uint32_t group = (uint32_t)strtoul(*item + 1, NULL, 10);
        for (uint32_t i = 0; **item == '@' && i < identity->group_count; i++)
            if (identity->groups[i] == group)
                return true;
    }
    return false;
}

static enum tb_error find(struct tb_users *users, struct tb_auth_lookup *lookup)
{
    bool found;
    refresh(users);
    size_t place = place_of(&users->accounts, lookup->user, &found);
    const struct tb_account *account = users->accounts.items + place;
    if (!found)
        return TB_LOGON_FAILURE;
    if (account->disabled)
        return TB_ACCOUNT_DISABLED;
    memcpy(lookup->nt_hash, account->nt_hash, sizeof(lookup->nt_hash));
    lookup->identity = account->identity;
    lookup->identity.administrator = is_administrator(users, &account->identity);
    return TB_OK;
}

static void look_up(void *auth, struct tb_auth_lookup *lookup)
{
    struct tb_users *users = auth;
    pthread_mutex_lock(&users->lock);
    enum tb_error error = find(users, lookup);
    pthread_mutex_unlock(&users->lock);
    lookup->done(lookup, error);
}

struct tb_auth tb_users_auth(struct tb_users *users)
{
    static const struct tb_auth_ops ops = {.lookup = look_up};
    return (struct tb_auth){.ops = &ops, .data = users};
}
