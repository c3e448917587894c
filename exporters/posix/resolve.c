#include "exporters/posix/resolve.h"

#include "core/nt/name.h"
#include "exporters/posix/name_map.h"
#include "exporters/posix/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* openat2(2) answers EAGAIN when something was renamed while it looked at a "..". */
#define RACES_MAX 64

/* How often a name is looked for that is found and then not there: others change its case all the
 * time. Where directories must be read, that may as well be a name that is listed but cannot be
 * opened, and is soon called missing. */
#define CORRECTIONS_MAX(share) ((share)->index ? 1000 : 8)

static int open_how(int directory, const char *path, int flags, mode_t mode, uint64_t resolve)
{
    struct open_how how = {
        .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
        .mode = flags & O_CREAT ? mode : 0,
        .resolve = resolve | RESOLVE_NO_MAGICLINKS,
    };
    if (!(flags & O_PATH))
        how.flags |= O_NONBLOCK | O_NOCTTY;
    for (int i = 0;; i++) {
        int descriptor = (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
        bool again = errno == EINTR || (errno == EAGAIN && flags & O_PATH);
        if (descriptor >= 0 || !again || i == RACES_MAX)
            return descriptor;
    }
}

/* Paths hold no "..", so what a wide share does not ask for only symbolic links would need. */
static uint64_t policy(const struct tb_posix_share *share)
{
    switch (share->symlinks) {
    case TB_POSIX_SYMLINKS_WIDE:
        return 0;
    case TB_POSIX_SYMLINKS_NONE:
        return RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    default:
        return RESOLVE_BENEATH;
    }
}

int tb_posix_open_beneath(const struct tb_posix_share *share, const char *stored, int flags)
{
    return open_how(share->root, *stored ? stored : ".", flags, 0, policy(share));
}

int tb_posix_open_linked(const struct tb_posix_share *share, int directory, const char *name)
{
    return open_how(directory, name, O_PATH, 0, policy(share));
}

int tb_posix_open_entry(int parent, const char *name, int flags, mode_t mode)
{
    return open_how(parent, name, flags | O_NOFOLLOW, mode, RESOLVE_BENEATH);
}

static bool identical(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* One step up; *directory is closed, and -1 at an error. */
static void step_up(int *directory)
{
    int parent = openat(*directory, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int number = errno;
    close(*directory);
    errno = number;
    *directory = parent;
}

enum tb_error tb_posix_check_beneath(const struct tb_posix_share *share, int directory)
{
    struct stat root, before = {0}, here;
    enum tb_error error = TB_PENDING;

    if (share->symlinks == TB_POSIX_SYMLINKS_WIDE)
        return TB_OK;
    if (fstat(share->root, &root) < 0)
        return tb_posix_error(errno);
    int at = openat(directory, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (; error == TB_PENDING; before = here) {
        if (at < 0 || fstat(at, &here) < 0)
            error = errno == ENOENT ? TB_FILE_DELETED : tb_posix_error(errno);
        else if (identical(&here, &root))
            error = TB_OK;
        else if (identical(&here, &before)) /* the root of all */
            error = TB_ACCESS_DENIED;
        else
            step_up(&at);
    }
    if (at >= 0)
        close(at);
    return error;
}

const char *tb_posix_proc_path(int descriptor, char to[TB_POSIX_PROC_CAPACITY])
{
    snprintf(to, TB_POSIX_PROC_CAPACITY, "/proc/self/fd/%d", descriptor);
    return to;
}

int tb_posix_reopen(int path_descriptor, int flags)
{
    char path[TB_POSIX_PROC_CAPACITY];
    int descriptor;

    tb_posix_proc_path(path_descriptor, path);
    do
        descriptor = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    while (descriptor < 0 && errno == EINTR);
    return descriptor;
}

void tb_posix_place_clear(struct tb_posix_place *place)
{
    free(place->stored);
    if (place->parent >= 0)
        close(place->parent);
    if (place->entry >= 0)
        close(place->entry);
    *place = (struct tb_posix_place){.parent = -1, .entry = -1};
}

/* Replace the component at `at` (`length` bytes) of *path by `name`; the lengths may differ. */
static enum tb_error replace_component(char **path, size_t at, size_t length, const char *name)
{
    size_t rest = strlen(*path + at + length), name_length = strlen(name);
    char *changed = malloc(at + name_length + rest + 1);
    if (!changed)
        return TB_NO_MEMORY;
    memcpy(changed, *path, at);
    memcpy(changed + at, name, name_length);
    memcpy(changed + at + name_length, *path + at + length, rest + 1);
    free(*path);
    *path = changed;
    return TB_OK;
}

/* Look in the open directory for the component of *path at `at`, which is not there as it is
 * written, and write it as it is stored. OBJECT_NAME_NOT_FOUND: it is missing. */
static enum tb_error correct_component(const struct tb_posix_share *share, int directory,
                                       char **path, size_t at)
{
    size_t length = strcspn(*path + at, "/");
    char found[TB_POSIX_STORED_CAPACITY];

    char *component = strndup(*path + at, length);
    if (!component)
        return TB_NO_MEMORY;
    enum tb_error error = tb_posix_find_name(share, directory, component, found);
    free(component);
    return error ? error : replace_component(path, at, length, found);
}

/* errno of a step that is not the last one. */
static enum tb_error step_error(int number)
{
    return number == ENOTDIR  ? TB_NOT_A_DIRECTORY
           : number == ENOENT ? TB_OBJECT_PATH_NOT_FOUND
                              : tb_posix_error(number);
}

/* Write the directories of *path, one after the other, as they are stored. */
static enum tb_error correct_directories(const struct tb_posix_share *share, char **path)
{
    int directory = tb_posix_open_beneath(share, "", O_PATH | O_DIRECTORY);
    enum tb_error error = directory < 0 ? step_error(errno) : TB_OK;

    for (size_t at = 0; !error && (*path)[at];) {
        size_t length = strcspn(*path + at, "/");
        for (int corrections = 0;; corrections++) {
            char end = (*path)[at + length];
            (*path)[at + length] = '\0';
            int next = tb_posix_open_beneath(share, *path, O_PATH | O_DIRECTORY);
            (*path)[at + length] = end;
            if (next >= 0) {
                close(directory);
                directory = next;
                break;
            }
            error = step_error(errno);
            if (error != TB_OBJECT_PATH_NOT_FOUND || corrections == CORRECTIONS_MAX(share))
                break;
            error = correct_component(share, directory, path, at);
            if (error)
                break;
            length = strcspn(*path + at, "/");
        }
        at += length + ((*path)[at + length] == '/');
    }
    if (directory >= 0)
        close(directory);
    return error == TB_OBJECT_NAME_NOT_FOUND ? TB_OBJECT_PATH_NOT_FOUND : error;
}

/* The directory that *path names; *path is corrected when it is not there as it is written. */
static enum tb_error open_parent(const struct tb_posix_share *share, char **path, int *parent)
{
    *parent = tb_posix_open_beneath(share, *path, O_PATH | O_DIRECTORY);
    if (*parent >= 0)
        return TB_OK;
    enum tb_error error = step_error(errno);
    if (error == TB_OBJECT_PATH_NOT_FOUND)
        error = correct_directories(share, path);
    if (error)
        return error;
    *parent = tb_posix_open_beneath(share, *path, O_PATH | O_DIRECTORY);
    return *parent < 0 ? step_error(errno) : TB_OK;
}

/* Open the leaf, or leave entry at -1. */
static enum tb_error open_leaf(const struct tb_posix_share *share, struct tb_posix_place *place,
                               char **leaf)
{
    for (int corrections = 0;; corrections++) {
        place->entry = tb_posix_open_entry(place->parent, *leaf, O_PATH, 0);
        if (place->entry >= 0)
            return TB_OK;
        if (errno != ENOENT)
            return tb_posix_error(errno);
        if (corrections == CORRECTIONS_MAX(share))
            return share->index ? TB_SHARING_VIOLATION : TB_OK;
        enum tb_error error = correct_component(share, place->parent, leaf, 0);
        if (error)
            return error == TB_OBJECT_NAME_NOT_FOUND ? TB_OK : error;
    }
}

static enum tb_error resolve_root(const struct tb_posix_share *share, char *path,
                                  struct tb_posix_place *place)
{
    place->stored = path;
    place->leaf = path;
    place->entry = tb_posix_open_beneath(share, "", O_PATH | O_DIRECTORY);
    return place->entry < 0 ? tb_posix_error(errno) : TB_OK;
}

static enum tb_error resolve_parts(const struct tb_posix_share *share, char **parent, char **leaf,
                                   struct tb_posix_place *place)
{
    if (!*parent || !*leaf)
        return TB_NO_MEMORY;
    enum tb_error error = open_parent(share, parent, &place->parent);
    if (!error)
        error = open_leaf(share, place, leaf);
    if (error)
        return error;
    place->stored = tb_path_join_new(*parent, *leaf);
    if (!place->stored)
        return TB_NO_MEMORY;
    place->leaf = tb_path_leaf(place->stored);
    return TB_OK;
}

enum tb_error tb_posix_resolve(const struct tb_posix_share *share, const char *path,
                               struct tb_posix_place *place)
{
    char *disk;

    *place = (struct tb_posix_place){.parent = -1, .entry = -1};
    enum tb_error error = tb_posix_path_to_disk(share->names_mode, path, &disk);
    if (error)
        return error;
    if (*disk == '\0') {
        error = resolve_root(share, disk, place);
    } else {
        char *parent = tb_path_parent_new(disk), *leaf = strdup(tb_path_leaf(disk));
        error = resolve_parts(share, &parent, &leaf, place);
        free(parent);
        free(leaf);
        free(disk);
    }
    if (error)
        tb_posix_place_clear(place);
    return error;
}
