#include "host/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/list.h"
#include "host/errno.h"

#define MAP_BYTES_FIRST ((size_t)64 << 20)
#define MAP_BYTES_MAX   ((size_t)16 << 30)

/* A batch that waits for the writer; `next` in the order of commit(). */
struct pending {
    struct pending *next;
    struct tb_store_batch *batch;
    enum tb_error error;
};

struct tb_lmdb {
    MDB_env *environment;
    MDB_dbi database;
    size_t map_bytes;
    int lock_fd;
    pthread_rwlock_t map; /* growing the map excludes readers */
    pthread_t writer;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t work;
    struct pending *first, **last;
    bool ending;
};

static enum tb_error error_from_lmdb(int result)
{
    switch (result) {
    case MDB_SUCCESS:
        return TB_OK;
    case MDB_NOTFOUND:
        return TB_NOT_FOUND;
    case MDB_MAP_FULL:
        return TB_DISK_FULL;
    case MDB_BAD_VALSIZE:
        return TB_INVALID_PARAMETER;
    default:
        return result > 0 ? tb_error_from_errno(result) : TB_IO_DEVICE_ERROR;
    }
}

static MDB_val value_of(struct tb_span span)
{
    return (MDB_val){.mv_size = span.length, .mv_data = (void *)(uintptr_t)span.data};
}

static enum tb_error get(void *store, struct tb_span key, void *bytes, size_t *length)
{
    struct tb_lmdb *lmdb = store;
    MDB_txn *transaction;
    MDB_val k = value_of(key), value;
    pthread_rwlock_rdlock(&lmdb->map);
    int result = mdb_txn_begin(lmdb->environment, NULL, MDB_RDONLY, &transaction);
    if (result == MDB_SUCCESS) {
        result = mdb_get(transaction, lmdb->database, &k, &value);
        enum tb_error error = error_from_lmdb(result);
        if (!error && value.mv_size > *length)
            error = TB_BUFFER_TOO_SMALL;
        if (!error)
            memcpy(bytes, value.mv_data, value.mv_size);
        if (result == MDB_SUCCESS)
            *length = value.mv_size;
        mdb_txn_abort(transaction);
        pthread_rwlock_unlock(&lmdb->map);
        return error;
    }
    pthread_rwlock_unlock(&lmdb->map);
    return error_from_lmdb(result);
}

static int write_change(struct tb_lmdb *lmdb, MDB_txn *transaction,
                        const struct tb_store_change *change)
{
    MDB_val key = value_of(change->key), value = value_of(change->value);
    if (change->value.data)
        return mdb_put(transaction, lmdb->database, &key, &value, 0);
    int result = mdb_del(transaction, lmdb->database, &key, NULL);
    return result == MDB_NOTFOUND ? MDB_SUCCESS : result;
}

/* Batches from `first` up to, not including, `end` in one transaction. */
static int write_batches(struct tb_lmdb *lmdb, struct pending *first, struct pending *end)
{
    MDB_txn *transaction;
    int result = mdb_txn_begin(lmdb->environment, NULL, 0, &transaction);
    if (result != MDB_SUCCESS)
        return result;
    for (struct pending *p = first; p != end && result == MDB_SUCCESS; p = p->next)
        for (size_t i = 0; i < p->batch->count && result == MDB_SUCCESS; i++)
            result = write_change(lmdb, transaction, &p->batch->changes[i]);
    if (result == MDB_SUCCESS)
        return mdb_txn_commit(transaction);
    mdb_txn_abort(transaction);
    return result;
}

static bool grow_map(struct tb_lmdb *lmdb)
{
    if (lmdb->map_bytes >= MAP_BYTES_MAX)
        return false;
    pthread_rwlock_wrlock(&lmdb->map);
    bool grown = mdb_env_set_mapsize(lmdb->environment, 2 * lmdb->map_bytes) == MDB_SUCCESS;
    if (grown)
        lmdb->map_bytes *= 2;
    pthread_rwlock_unlock(&lmdb->map);
    return grown;
}

static enum tb_error commit_batches(struct tb_lmdb *lmdb, struct pending *first,
                                    struct pending *end)
{
    int result;
    do
        result = write_batches(lmdb, first, end);
    while (result == MDB_MAP_FULL && grow_map(lmdb));
    return error_from_lmdb(result);
}

/* All in one commit; when that fails, each by itself, so that none suffers for another. */
static void commit_group(struct tb_lmdb *lmdb, struct pending *group)
{
    enum tb_error error = commit_batches(lmdb, group, NULL);
    for (struct pending *p = group; p; p = p->next)
        p->error = error && group->next ? commit_batches(lmdb, p, p->next) : error;
    while (group) {
        struct pending *next = group->next;
        group->batch->done(group->batch, group->error);
        free(group);
        group = next;
    }
}

static void *write_groups(void *argument)
{
    struct tb_lmdb *lmdb = argument;
    pthread_mutex_lock(&lmdb->mutex);
    while (lmdb->first || !lmdb->ending) {
        struct pending *group = lmdb->first;
        if (!group) {
            pthread_cond_wait(&lmdb->work, &lmdb->mutex);
            continue;
        }
        lmdb->first = NULL;
        lmdb->last = &lmdb->first;
        pthread_mutex_unlock(&lmdb->mutex);
        commit_group(lmdb, group);
        pthread_mutex_lock(&lmdb->mutex);
    }
    pthread_mutex_unlock(&lmdb->mutex);
    return NULL;
}

static void commit(void *store, struct tb_store_batch *batch)
{
    struct tb_lmdb *lmdb = store;
    struct pending *pending = calloc(1, sizeof(*pending));
    if (!pending) {
        batch->done(batch, TB_NO_MEMORY);
        return;
    }
    pending->batch = batch;
    pthread_mutex_lock(&lmdb->mutex);
    assert(!lmdb->ending);
    *lmdb->last = pending;
    lmdb->last = &pending->next;
    pthread_cond_signal(&lmdb->work);
    pthread_mutex_unlock(&lmdb->mutex);
}

struct tb_store tb_lmdb_store(struct tb_lmdb *lmdb)
{
    static const struct tb_store_ops ops = {.get = get, .commit = commit};
    return (struct tb_store){.ops = &ops, .data = lmdb};
}

/* The lock is the open file's: it goes when the process does, however that ends. */
static enum tb_error lock_directory(const char *directory, int *lock_fd, char *message, size_t size)
{
    char path[4096];
    if (mkdir(directory, 0700) < 0 && errno != EEXIST) {
        int number = errno;
        snprintf(message, size, "cannot make the state directory %s: %s", directory,
                 strerror(number));
        return tb_error_from_errno(number);
    }
    snprintf(path, sizeof(path), "%s/lock", directory);
    *lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*lock_fd < 0) {
        int number = errno;
        snprintf(message, size, "cannot use the state directory %s: %s", directory,
                 strerror(number));
        return tb_error_from_errno(number);
    }
    if (flock(*lock_fd, LOCK_EX | LOCK_NB) == 0)
        return TB_OK;
    close(*lock_fd);
    *lock_fd = -1;
    snprintf(message, size,
             "another server uses the state directory %s; stop it or choose another with --state",
             directory);
    return TB_SHARING_VIOLATION;
}

static int open_database(struct tb_lmdb *lmdb)
{
    MDB_txn *transaction;
    int result = mdb_txn_begin(lmdb->environment, NULL, 0, &transaction);
    if (result != MDB_SUCCESS)
        return result;
    result = mdb_dbi_open(transaction, NULL, 0, &lmdb->database);
    if (result == MDB_SUCCESS)
        return mdb_txn_commit(transaction);
    mdb_txn_abort(transaction);
    return result;
}

static int open_environment(struct tb_lmdb *lmdb, const char *directory)
{
    char path[4096];
    MDB_envinfo info;
    int result = mdb_env_create(&lmdb->environment);
    if (result != MDB_SUCCESS)
        return result;
    snprintf(path, sizeof(path), "%s/store", directory);
    mdb_env_set_mapsize(lmdb->environment, MAP_BYTES_FIRST);
    result = mdb_env_open(lmdb->environment, path, MDB_NOSUBDIR | MDB_NOTLS, 0600);
    if (result == MDB_SUCCESS)
        result = mdb_env_info(lmdb->environment, &info);
    if (result == MDB_SUCCESS)
        result = open_database(lmdb);
    if (result == MDB_SUCCESS)
        lmdb->map_bytes = info.me_mapsize;
    return result;
}

static void clear(struct tb_lmdb *lmdb)
{
    if (lmdb->environment)
        mdb_env_close(lmdb->environment);
    if (lmdb->lock_fd >= 0)
        close(lmdb->lock_fd);
    pthread_rwlock_destroy(&lmdb->map);
    pthread_mutex_destroy(&lmdb->mutex);
    pthread_cond_destroy(&lmdb->work);
    free(lmdb);
}

enum tb_error tb_lmdb_open(const char *directory, struct tb_lmdb **out, char *message, size_t size)
{
    struct tb_lmdb *lmdb = calloc(1, sizeof(*lmdb));
    if (!lmdb) {
        snprintf(message, size, "out of memory");
        return TB_NO_MEMORY;
    }
    lmdb->lock_fd = -1;
    lmdb->last = &lmdb->first;
    pthread_rwlock_init(&lmdb->map, NULL);
    pthread_mutex_init(&lmdb->mutex, NULL);
    pthread_cond_init(&lmdb->work, NULL);
    enum tb_error error = lock_directory(directory, &lmdb->lock_fd, message, size);
    if (!error) {
        int result = open_environment(lmdb, directory);
        if (result == MDB_SUCCESS)
            result = pthread_create(&lmdb->writer, NULL, write_groups, lmdb);
        error = error_from_lmdb(result);
        if (error)
            snprintf(message, size, "cannot open %s/store: %s", directory, mdb_strerror(result));
    }
    if (error)
        clear(lmdb);
    else
        *out = lmdb;
    return error;
}

void tb_lmdb_close(struct tb_lmdb *lmdb)
{
    if (!lmdb)
        return;
    pthread_mutex_lock(&lmdb->mutex);
    lmdb->ending = true;
    pthread_cond_signal(&lmdb->work);
    pthread_mutex_unlock(&lmdb->mutex);
    pthread_join(lmdb->writer, NULL);
    clear(lmdb);
}

struct waiting {
    struct tb_store_batch batch;
    pthread_mutex_t mutex;
    pthread_cond_t answered;
    bool done;
    enum tb_error error;
};

static void put_done(struct tb_store_batch *batch, enum tb_error error)
{
    struct waiting *waiting = tb_container(batch, struct waiting, batch);
    pthread_mutex_lock(&waiting->mutex);
    waiting->done = true;
    waiting->error = error;
    pthread_cond_signal(&waiting->answered);
    pthread_mutex_unlock(&waiting->mutex);
}

enum tb_error tb_store_put(const struct tb_store *store, struct tb_span key, struct tb_span value)
{
    const struct tb_store_change change = {key, value};
    struct waiting waiting = {
        .batch = {.changes = &change, .count = 1, .done = put_done},
        .mutex = PTHREAD_MUTEX_INITIALIZER,
        .answered = PTHREAD_COND_INITIALIZER,
    };
    store->ops->commit(store->data, &waiting.batch);
    pthread_mutex_lock(&waiting.mutex);
    while (!waiting.done)
        pthread_cond_wait(&waiting.answered, &waiting.mutex);
    pthread_mutex_unlock(&waiting.mutex);
    pthread_mutex_destroy(&waiting.mutex);
    pthread_cond_destroy(&waiting.answered);
    return waiting.error;
}
