#include "exporters/posix/mounts.h"

#include "exporters/posix/filesystem.h"
#include "exporters/posix/resolve.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How long a new mount may go unnoticed: asking for each request would cost it a system call. */
#define NS_PER_S     1000000000LL
#define LOOK_EACH_NS (NS_PER_S / 20)

struct tb_posix_mounts {
    FILE *list; /* used by who has set `looking` */
    bool everywhere;
    char root[PATH_MAX];
    atomic_flag looking;
    atomic_int_least64_t look_ns; /* monotonic: when to look again */
    atomic_bool local;
};

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
    return !is_below(mounts, field) || tb_posix_filesystem_type_is_local(rest);
}

static void look_again(struct tb_posix_mounts *mounts)
{
    bool local = true;
    char *line = NULL;
    size_t size = 0;

    rewind(mounts->list);
    while (local && getline(&line, &size, mounts->list) > 0)
        local = line_is_local(mounts, line);
    atomic_store(&mounts->local, local && !ferror(mounts->list));
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
    atomic_flag_clear(&mounts->looking);
    look_again(mounts);
    return mounts;
}

void tb_posix_mounts_free(struct tb_posix_mounts *mounts)
{
    if (!mounts)
        return;
    fclose(mounts->list);
    free(mounts);
}

static int64_t now_ns(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

bool tb_posix_mounts_are_local(struct tb_posix_mounts *mounts)
{
    struct pollfd changed = {.fd = fileno(mounts->list), .events = POLLPRI};
    int64_t now = now_ns();

    if (now >= atomic_load(&mounts->look_ns) && !atomic_flag_test_and_set(&mounts->looking)) {
        if (poll(&changed, 1, 0) > 0)
            look_again(mounts);
        atomic_store(&mounts->look_ns, now + LOOK_EACH_NS);
        atomic_flag_clear(&mounts->looking);
    }
    return atomic_load(&mounts->local);
}
