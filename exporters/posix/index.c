#include "exporters/posix/index.h"

#include "core/list.h"
#include "core/nt/hash.h"
#include "core/nt/upcase.h"
#include "core/table.h"
#include "exporters/posix/filesystem.h"
#include "exporters/posix/handle.h"
#include "exporters/posix/name_map.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define WATCHED (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR | IN_MASK_CREATE)

/* What a directory and a name take, besides the name's bytes; with malloc's share and the kernel's
 * part of a watch. */
#define DIRECTORY_COST 2048u
#define NAME_COST      (sizeof(struct name) + 16)

#define DOUBTS_MAX 64

struct name {
    struct tb_table_entry by_hash; /* in directory->names; of the folded name clients see */
    struct tb_list in_directory;
    bool
        doubtful; /* moved away, it is said; but two names that are exchanged are reported so too */
    char stored[];
};

struct directory {
    struct tb_table_entry by_inode, by_watch;
    struct tb_list in_order; /* index->order */
    struct tb_posix_identity identity;
    int watch;
    bool building;  /* belongs to the thread that builds it */
    bool lost;      /* to be forgotten when it is built */
    bool too_large; /* has no names */
    size_t bytes;
    struct tb_table names;
    struct tb_list all_names;
};

struct tb_posix_index {
    pthread_mutex_t lock;
    int notify;
    struct tb_hash_key hash_key;
    enum tb_posix_names names_mode;
    uint64_t bytes_max, bytes;
    struct tb_table by_inode, by_watch;
    struct tb_list order; /* the one asked about last is at the end */
    uint64_t directory_count, built, overflows;
    char events[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
};

static uint64_t inode_key(struct tb_posix_identity identity)
{
    return identity.inode ^ identity.device << 44;
}

static void charge(struct tb_posix_index *index, struct directory *directory, size_t bytes)
{
    directory->bytes += bytes;
    index->bytes += bytes;
}

static void name_forget(struct tb_posix_index *index, struct directory *directory,
                        struct name *name)
{
    size_t bytes = NAME_COST + strlen(name->stored) + 1;
    directory->bytes -= bytes;
    index->bytes -= bytes;
    tb_table_remove(&directory->names, &name->by_hash);
    tb_list_remove(&name->in_directory);
    free(name);
}

static void names_forget(struct tb_posix_index *index, struct directory *directory)
{
    struct tb_list *link;
    while ((link = directory->all_names.next) != &directory->all_names)
        name_forget(index, directory, tb_container(link, struct name, in_directory));
}

static void directory_forget(struct tb_posix_index *index, struct directory *directory)
{
    if (directory->building) {
        directory->lost = true;
        return;
    }
    names_forget(index, directory);
    inotify_rm_watch(index->notify, directory->watch);
    tb_table_remove(&index->by_inode, &directory->by_inode);
    tb_table_remove(&index->by_watch, &directory->by_watch);
    tb_list_remove(&directory->in_order);
    tb_table_clear(&directory->names);
    index->bytes -= directory->bytes;
    index->directory_count--;
    free(directory);
}

static struct directory *find_directory(const struct tb_posix_index *index,
                                        struct tb_posix_identity identity)
{
    struct tb_table_entry *entry = tb_table_find(&index->by_inode, inode_key(identity));
    for (; entry; entry = tb_table_find_next(entry)) {
        struct directory *directory = tb_container(entry, struct directory, by_inode);
        if (tb_posix_same(directory->identity, identity))
            return directory;
    }
    return NULL;
}

static void forget_all(struct tb_posix_index *index)
{
    for (struct tb_list *at = index->order.next, *next; at != &index->order; at = next) {
        next = at->next;
        directory_forget(index, tb_container(at, struct directory, in_order));
    }
}

/* Forget other directories until it fits. False: this one alone is too large. */
static bool make_room(struct tb_posix_index *index, const struct directory *keep)
{
    for (struct tb_list *at = index->order.next, *next;
         index->bytes > index->bytes_max && at != &index->order; at = next) {
        struct directory *directory = tb_container(at, struct directory, in_order);
        next = at->next;
        if (directory != keep && !directory->building)
            directory_forget(index, directory);
    }
    return index->bytes <= index->bytes_max;
}

static struct name *find_stored(const struct directory *directory, uint64_t hash,
                                const char *stored)
{
    struct tb_table_entry *entry = tb_table_find(&directory->names, hash);
    for (; entry; entry = tb_table_find_next(entry)) {
        struct name *name = tb_container(entry, struct name, by_hash);
        if (strcmp(name->stored, stored) == 0)
            return name;
    }
    return NULL;
}

/* False without memory. */
static bool add_name(struct tb_posix_index *index, struct directory *directory, const char *stored)
{
    char seen[TB_POSIX_CLIENT_NAME_CAPACITY];
    size_t size = strlen(stored) + 1;

    if (!tb_posix_name_to_client(index->names_mode, stored, seen))
        return true; /* nobody can ask for it */
    uint64_t hash = tb_hash_name_folded(index->hash_key, seen);
    struct name *name = find_stored(directory, hash, stored);
    if (!name) {
        name = malloc(sizeof *name + size);
        if (!name)
            return false;
        memcpy(name->stored, stored, size);
        tb_table_insert(&directory->names, &name->by_hash, hash);
        tb_list_append(&directory->all_names, &name->in_directory);
        charge(index, directory, NAME_COST + size);
    }
    name->doubtful = false;
    return true;
}

static struct name *find_gone(const struct tb_posix_index *index, const struct directory *directory,
                              const char *stored)
{
    char seen[TB_POSIX_CLIENT_NAME_CAPACITY];
    return tb_posix_name_to_client(index->names_mode, stored, seen)
               ? find_stored(directory, tb_hash_name_folded(index->hash_key, seen), stored)
               : NULL;
}

static void grown(struct tb_posix_index *index, struct directory *directory)
{
    if (make_room(index, directory))
        return;
    directory->too_large = true;
    names_forget(index, directory);
}

static void apply(struct tb_posix_index *index, const struct inotify_event *event)
{
    if (event->mask & IN_Q_OVERFLOW) {
        index->overflows++;
        forget_all(index);
        return;
    }
    struct tb_table_entry *entry = tb_table_find(&index->by_watch, (uint64_t)event->wd);
    if (!entry)
        return;
    struct directory *directory = tb_container(entry, struct directory, by_watch);
    if (event->mask & (IN_IGNORED | IN_UNMOUNT)) {
        directory_forget(index, directory);
    } else if (event->len == 0 || directory->too_large) {
        return;
    } else if (event->mask & (IN_CREATE | IN_MOVED_TO)) {
        if (add_name(index, directory, event->name))
            grown(index, directory);
        else
            directory_forget(index, directory);
    } else {
        struct name *name = find_gone(index, directory, event->name);
        if (name && event->mask & IN_MOVED_FROM)
            name->doubtful = true;
        else if (name)
            name_forget(index, directory, name);
    }
}

/* Take in all that was reported until now. A reading that leaves room for another event has emptied
 * the queue. */
static void drain_locked(struct tb_posix_index *index)
{
    size_t enough = sizeof index->events - sizeof(struct inotify_event) - NAME_MAX - 1;
    for (;;) {
        ssize_t length = read(index->notify, index->events, sizeof index->events);
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0 && errno != EAGAIN)
            forget_all(index);
        for (ssize_t at = 0; at < length;) {
            const struct inotify_event *event = (const void *)(index->events + at);
            apply(index, event);
            at += (ssize_t)(sizeof *event + event->len);
        }
        if (length < (ssize_t)enough)
            return;
    }
}

static bool watch_begin(struct tb_posix_index *index, struct directory *directory, int descriptor)
{
    char path[TB_POSIX_PROC_CAPACITY];
    directory->watch =
        inotify_add_watch(index->notify, tb_posix_proc_path(descriptor, path), WATCHED);
    return directory->watch >= 0;
}

/* A directory without names yet; NULL: no index for this one. */
static struct directory *begin_locked(struct tb_posix_index *index, int descriptor,
                                      struct tb_posix_identity identity)
{
    if (!tb_posix_filesystem_is_local(descriptor))
        return NULL;
    struct directory *directory = calloc(1, sizeof *directory);
    if (!directory)
        return NULL;
    if (!tb_table_init(&directory->names) || !watch_begin(index, directory, descriptor)) {
        tb_table_clear(&directory->names);
        free(directory);
        return NULL;
    }
    directory->identity = identity;
    directory->building = true;
    tb_list_init(&directory->all_names);
    tb_table_insert(&index->by_inode, &directory->by_inode, inode_key(identity));
    tb_table_insert(&index->by_watch, &directory->by_watch, (uint64_t)directory->watch);
    tb_list_append(&index->order, &directory->in_order);
    index->directory_count++;
    index->built++;
    charge(index, directory, DIRECTORY_COST);
    return directory;
}

/* What is read is put in before the next event is looked at, so events that tell of a later change
 * come later here as well. Between two readings others have their turn. */
static bool read_names_locked(struct tb_posix_index *index, struct directory *directory,
                              int descriptor, struct tb_posix_entries *entries)
{
    const struct dirent64 *entry;
    enum tb_error error;

    while ((entry = tb_posix_entries_next(entries, descriptor, &error))) {
        if (!add_name(index, directory, entry->d_name))
            return false;
        grown(index, directory);
        if (directory->too_large || directory->lost)
            return true;
        if (entries->at == entries->length) {
            pthread_mutex_unlock(&index->lock);
            pthread_mutex_lock(&index->lock);
        }
    }
    return !error;
}

/* NULL: no index for this one. */
static struct directory *build_locked(struct tb_posix_index *index, int path_descriptor,
                                      struct tb_posix_identity identity)
{
    struct tb_posix_entries entries;
    int descriptor = openat(path_descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (descriptor < 0)
        return NULL;
    struct directory *directory = begin_locked(index, path_descriptor, identity);
    bool whole = directory && tb_posix_entries_init(&entries);
    if (whole) {
        whole = read_names_locked(index, directory, descriptor, &entries);
        tb_posix_entries_clear(&entries);
    }
    close(descriptor);
    if (!directory)
        return NULL;
    directory->building = false;
    if (whole && !directory->lost)
        return directory;
    directory_forget(index, directory);
    return NULL;
}

/* Of the names that equal `wanted`: one that is doubtful, else the first in byte order; or NULL. */
static struct name *look_up(const struct tb_posix_index *index, const struct directory *directory,
                            uint64_t hash, const char *wanted)
{
    struct tb_table_entry *entry = tb_table_find(&directory->names, hash);
    struct name *first = NULL;

    for (; entry; entry = tb_table_find_next(entry)) {
        struct name *name = tb_container(entry, struct name, by_hash);
        char seen[TB_POSIX_CLIENT_NAME_CAPACITY];
        if (!tb_posix_name_to_client(index->names_mode, name->stored, seen) ||
            !tb_name_equal_folded(seen, wanted))
            continue;
        if (name->doubtful)
            return name;
        if (!first || strcmp(name->stored, first->stored) < 0)
            first = name;
    }
    return first;
}

/* A renaming that has been reported by half is over when the directory can be read: it is locked
 * until the other half is in the queue. */
static bool await_renaming(int path_descriptor)
{
    char some[1024];
    int descriptor = openat(path_descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    bool read = getdents64(descriptor, some, sizeof some) >= 0;
    close(descriptor);
    return read;
}

static bool is_there(int path_descriptor, const char *stored)
{
    struct stat st;
    return fstatat(path_descriptor, stored, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

/* The directory, usable and up to date; NULL: there is none. */
static struct directory *get_locked(struct tb_posix_index *index, int descriptor,
                                    struct tb_posix_identity identity, bool build)
{
    drain_locked(index);
    struct directory *directory = find_directory(index, identity);
    if (!directory && build && build_locked(index, descriptor, identity)) {
        drain_locked(index);
        directory = find_directory(index, identity);
    }
    return directory && !directory->building && !directory->too_large ? directory : NULL;
}

static enum tb_posix_known find_locked(struct tb_posix_index *index, int descriptor,
                                       struct tb_posix_identity identity, const char *wanted,
                                       char found[TB_POSIX_STORED_CAPACITY])
{
    struct directory *directory = get_locked(index, descriptor, identity, true);
    uint64_t hash = tb_hash_name_folded(index->hash_key, wanted);

    for (int doubts = 0; directory && doubts < DOUBTS_MAX; doubts++) {
        struct name *name = look_up(index, directory, hash, wanted);
        tb_list_remove(&directory->in_order);
        tb_list_append(&index->order, &directory->in_order);
        if (!name)
            return TB_POSIX_ABSENT;
        strcpy(found, name->stored); /* no longer than 255 bytes: clients see it */
        if (!name->doubtful)
            return TB_POSIX_PRESENT;
        if (!await_renaming(descriptor))
            return TB_POSIX_UNKNOWN;
        directory = get_locked(index, descriptor, identity, false);
        name = directory ? find_stored(directory, hash, found) : NULL;
        if (name && name->doubtful && is_there(descriptor, found))
            name->doubtful = false;
        else if (name && name->doubtful)
            name_forget(index, directory, name);
        if (directory)
            directory = get_locked(index, descriptor, identity, false);
    }
    return TB_POSIX_UNKNOWN;
}

enum tb_posix_known tb_posix_index_find(struct tb_posix_index *index, int directory,
                                        const char *wanted, char found[TB_POSIX_STORED_CAPACITY])
{
    struct tb_posix_identity identity;

    if (!tb_posix_identify(directory, &identity))
        return TB_POSIX_UNKNOWN;
    pthread_mutex_lock(&index->lock);
    enum tb_posix_known known = find_locked(index, directory, identity, wanted, found);
    pthread_mutex_unlock(&index->lock);
    return known;
}

void tb_posix_index_count(struct tb_posix_index *index, struct tb_posix_index_counts *out)
{
    pthread_mutex_lock(&index->lock);
    *out = (struct tb_posix_index_counts){index->directory_count, index->bytes, index->built,
                                          index->overflows};
    pthread_mutex_unlock(&index->lock);
}

struct tb_posix_index *tb_posix_index_new(const struct tb_env *env, enum tb_posix_names names,
                                          uint64_t bytes_max)
{
    struct tb_posix_index *index = calloc(1, sizeof *index);
    if (!index)
        return NULL;
    index->names_mode = names;
    index->bytes_max = bytes_max;
    index->notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    bool tables = tb_table_init(&index->by_inode);
    tables = tb_table_init(&index->by_watch) && tables;
    tb_list_init(&index->order);
    pthread_mutex_init(&index->lock, NULL);
    tb_env_random(env, TB_RANDOM_HASH_KEY, &index->hash_key, sizeof index->hash_key);
    if (index->notify >= 0 && tables)
        return index;
    tb_posix_index_free(index);
    return NULL;
}

void tb_posix_index_free(struct tb_posix_index *index)
{
    if (!index)
        return;
    forget_all(index);
    if (index->notify >= 0)
        close(index->notify);
    tb_table_clear(&index->by_inode);
    tb_table_clear(&index->by_watch);
    pthread_mutex_destroy(&index->lock);
    free(index);
}
