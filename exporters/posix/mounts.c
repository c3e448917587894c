#include "exporters/posix/mounts.h"

#include "exporters/posix/resolve.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct tb_posix_mounts {
    FILE *list;
    bool everywhere;
    char root[PATH_MAX];
    pthread_mutex_t lock;
    bool local;
};

/* Types that wait for disks of this machine, or for nothing. */
static bool is_local_type(const char *type)
{
    static const char *const types[] = {
        "ext2",  "ext3",  "ext4",       "xfs",      "btrfs",  "tmpfs",    "ramfs",    "f2fs",
        "vfat",  "msdos", "exfat",      "ntfs3",    "zfs",    "bcachefs", "squashfs", "reiserfs",
        "proc",  "sysfs", "devtmpfs",   "devpts",   "mqueue", "cgroup",   "cgroup2",  "debugfs",
        "bpf",   "efivarfs", "pstore",  "tracefs",  "configfs", "securityfs", "hugetlbfs",
        "fusectl", "binfmt_misc", "iso9660", "udf", "nsfs", "erofs", "jfs", "nilfs2", "rootfs",
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(type, types[i]) == 0)
            return true;
    }
    return false;
}

/* Spaces and the like are written as a backslash and three octal digits. */
static void unescape(char *path)
{
    char *to = path;
    for (const char *from = path; *from; to++) {
        unsigned value;
        if (*from == '\\' && sscanf(from + 1, "%3o", &value) == 1) {
            *to = (char)value;
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
}

static bool is_below(const struct tb_posix_mounts *mounts, const char *path)
{
    size_t length = strlen(mounts->root);
    if (mounts->everywhere || strcmp(mounts->root, "/") == 0)
        return true;
    return strncmp(path, mounts->root, length) == 0 && path[length] == '/';
}

/* proc_pid_mountinfo(5): the mount point is the fifth field, the type the first behind " - ". */
static bool line_is_local(const struct tb_posix_mounts *mounts, char *line)
{
    char *rest = strstr(line, " - "), *type_end, *field = line;

    for (int i = 0; i < 4 && field; i++) {
        field = strchr(field, ' ');
        field = field ? field + 1 : NULL;
    }
    char *field_end = field ? strchr(field, ' ') : NULL;
    if (!rest || !field_end)
        return true;
    *field_end = '\0';
    unescape(field);
    rest += 3;
    type_end = strchr(rest, ' ');
    if (type_end)
        *type_end = '\0';
    return !is_below(mounts, field) || is_local_type(rest);
}

static void look_again(struct tb_posix_mounts *mounts)
{
    char *line = NULL;
    size_t size = 0;

    mounts->local = true;
    rewind(mounts->list);
    while (mounts->local && getline(&line, &size, mounts->list) > 0)
        mounts->local = line_is_local(mounts, line);
    if (ferror(mounts->list))
        mounts->local = false;
    free(line);
}

struct tb_posix_mounts *tb_posix_mounts_new(int root, bool everywhere)
{
    struct tb_posix_mounts *mounts = calloc(1, sizeof *mounts);
    char path[TB_POSIX_PROC_CAPACITY];

    if (!mounts)
        return NULL;
    ssize_t length = readlink(tb_posix_proc_path(root, path), mounts->root, PATH_MAX - 1);
    mounts->list = length > 0 ? fopen("/proc/self/mountinfo", "re") : NULL;
    if (!mounts->list) {
        free(mounts);
        return NULL;
    }
    mounts->everywhere = everywhere;
    pthread_mutex_init(&mounts->lock, NULL);
    look_again(mounts);
    return mounts;
}

void tb_posix_mounts_free(struct tb_posix_mounts *mounts)
{
    if (!mounts)
        return;
    fclose(mounts->list);
    pthread_mutex_destroy(&mounts->lock);
    free(mounts);
}

bool tb_posix_mounts_are_local(struct tb_posix_mounts *mounts)
{
    struct pollfd changed = {.fd = fileno(mounts->list), .events = POLLPRI};

    pthread_mutex_lock(&mounts->lock);
    if (poll(&changed, 1, 0) > 0)
        look_again(mounts);
    bool local = mounts->local;
    pthread_mutex_unlock(&mounts->lock);
    return local;
}
