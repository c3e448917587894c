#include "exporters/posix/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DEPTH_MAX 4096
#define SLOTS 512
#define NS_PER_S 1000000000LL
/* Change times advance with the kernel's tick; two changes within one look alike. */
#define TICK_NS (NS_PER_S / 10)

/* Directories as they were when they were last synced: one whose change time is still the same has
 * had no name added since. A later directory takes an earlier one's slot; nothing is lost but time. */
struct tb_posix_synced {
    pthread_mutex_t lock;
    struct slot {
        struct tb_posix_identity identity; /* inode 0: none */
        int64_t changed_ns;
    } slots[SLOTS];
};

struct tb_posix_synced *tb_posix_synced_new(void)
{
    struct tb_posix_synced *synced = calloc(1, sizeof *synced);
    if (synced)
        pthread_mutex_init(&synced->lock, NULL);
    return synced;
}

void tb_posix_synced_free(struct tb_posix_synced *synced)
{
    if (synced)
        pthread_mutex_destroy(&synced->lock);
    free(synced);
}

static int64_t to_ns(struct timespec time)
{
    return time.tv_sec * NS_PER_S + time.tv_nsec;
}

static bool is_synced(struct tb_posix_share *share, const struct stat *st)
{
    struct tb_posix_identity identity = {st->st_dev, st->st_ino};
    pthread_mutex_lock(&share->synced->lock);
    const struct slot *slot = &share->synced->slots[st->st_ino % SLOTS];
    bool synced =
        tb_posix_same(slot->identity, identity) && slot->changed_ns == to_ns(st->st_ctim);
    pthread_mutex_unlock(&share->synced->lock);
    return synced;
}

static void remember(struct tb_posix_share *share, const struct stat *st)
{
    struct timespec now;
    /* Elsewhere change times come from another clock, or from nowhere. */
    if (!share->local || clock_gettime(CLOCK_REALTIME, &now) < 0 ||
        to_ns(now) - to_ns(st->st_ctim) < TICK_NS)
        return;
    pthread_mutex_lock(&share->synced->lock);
    share->synced->slots[st->st_ino % SLOTS] =
        (struct slot){{st->st_dev, st->st_ino}, to_ns(st->st_ctim)};
    pthread_mutex_unlock(&share->synced->lock);
}

/* `directory` is O_PATH, `file` something open on the same filesystem. */
static enum tb_error sync_directory(struct tb_posix_share *share, int directory, int file)
{
    struct stat before;

    if (fstat(directory, &before) < 0)
        return tb_posix_error(errno);
    if (is_synced(share, &before))
        return TB_OK;
    int descriptor = tb_posix_reopen(directory, O_RDONLY | O_DIRECTORY);
    int status = descriptor < 0 ? syncfs(file) : fsync(descriptor);
    int number = errno;
    if (descriptor >= 0)
        close(descriptor);
    /* EINVAL: this filesystem has nothing to sync in a directory. */
    if (status < 0 && number != EINVAL)
        return tb_posix_error(number);
    remember(share, &before);
    return TB_OK;
}

/* Takes `directory` over. */
static enum tb_error sync_upwards(struct tb_posix_share *share, int directory, int file)
{
    struct tb_posix_identity root, here, last = {0, 0};
    enum tb_error error = TB_OK;

    if (!tb_posix_identify(share->root, &root)) {
        close(directory);
        return tb_posix_error(errno);
    }
    for (int depth = 0; depth < DEPTH_MAX && directory >= 0; depth++) {
        error = sync_directory(share, directory, file);
        /* Who moved the directory out of the share meanwhile has led us to the root of all. */
        if (error || !tb_posix_identify(directory, &here) || tb_posix_same(here, root) ||
            tb_posix_same(here, last))
            break;
        last = here;
        int above = openat(directory, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        close(directory);
        directory = above;
    }
    if (directory >= 0)
        close(directory);
    return error;
}

enum tb_error tb_posix_sync_name(struct tb_posix_share *share, struct tb_posix_handle *handle)
{
    struct tb_posix_name *name = handle->name;

    if (!name)
        return TB_OK;
    pthread_mutex_lock(&name->lock);
    bool synced = name->synced;
    unsigned moves = name->moves;
    int parent = synced ? -1 : openat(name->parent, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    pthread_mutex_unlock(&name->lock);
    if (synced)
        return TB_OK;
    /* A directory that was removed keeps no name. */
    if (parent < 0)
        return errno == ENOENT ? TB_OK : tb_posix_error(errno);
    enum tb_error error = sync_upwards(share, parent, handle->descriptor);
    pthread_mutex_lock(&name->lock);
    if (!error && name->moves == moves)
        name->synced = true;
    pthread_mutex_unlock(&name->lock);
    return error;
}
