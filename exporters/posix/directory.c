/* READ_DIRECTORY. Cookies are the kernel's own positions (d_off), which stay right while entries
 * come and go. Left out is what cannot be opened either: devices, pipes, sockets, and symbolic
 * links that lead nowhere or out of the share. */
#include "exporters/posix/attributes.h"
#include "exporters/posix/file.h"
#include "exporters/posix/identity.h"
#include "exporters/posix/name_map.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct listing {
    const struct tb_posix_share *share;
    struct tb_call *call;
    int descriptor;
    char *path; /* of the directory in the tree; NULL until the first symbolic link */
};

/* Where a descriptor's file is now, seen from this machine's root. */
static char *host_path_new(int descriptor)
{
    char link[TB_POSIX_PROC_CAPACITY], *path = malloc(PATH_MAX);
    if (!path)
        return NULL;
    ssize_t length = readlink(tb_posix_proc_path(descriptor, link), path, PATH_MAX);
    if (length < 0 || length == PATH_MAX) {
        free(path);
        return NULL;
    }
    path[length] = '\0';
    return path;
}

/* The directory's path beneath the root. What it is used for is resolved beneath the root again, so
 * one that is out of date does no harm. NULL: none, or no memory. */
static char *path_in_tree_new(const struct listing *listing)
{
    char *root = host_path_new(listing->share->root), *path = host_path_new(listing->descriptor);
    char *result = NULL;

    if (root && path) {
        size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);
        if (strncmp(path, root, length) == 0 && (path[length] == '/' || !path[length]))
            result = strdup(path + length + (path[length] == '/'));
    }
    free(root);
    free(path);
    return result;
}

/* What a link leads to, O_PATH; -1: nowhere it may. */
static int open_link(struct listing *listing, const char *name)
{
    char path[PATH_MAX];

    if (listing->share->symlinks == TB_POSIX_SYMLINKS_NONE)
        return -1;
    if (listing->share->symlinks == TB_POSIX_SYMLINKS_WIDE)
        return tb_posix_open_linked(listing->share, listing->descriptor, name);
    if (!listing->path && !(listing->path = path_in_tree_new(listing)))
        return -1;
    int length =
        snprintf(path, sizeof path, "%s%s%s", listing->path, *listing->path ? "/" : "", name);
    if (length < 0 || (size_t)length >= sizeof path)
        return -1;
    return tb_posix_open_beneath(listing->share, path, O_PATH);
}

/* Whether the link leads to a file or directory inside; its attributes. */
static bool follow(struct listing *listing, const char *name, struct tb_attributes *attributes)
{
    int file = open_link(listing, name);
    if (file < 0)
        return false;
    enum tb_error error = tb_posix_attributes(
        listing->share, file, listing->share->hide_dot_files && name[0] == '.', attributes);
    close(file);
    return !error;
}

/* False: no more are taken. */
static bool offer(struct listing *listing, const struct dirent64 *found)
{
    char name[TB_POSIX_CLIENT_NAME_CAPACITY];
    struct tb_directory_entry entry = {.name = name, .cookie = (uint64_t)found->d_off};
    mode_t mode;

    if (!tb_posix_name_to_client(listing->share->names_mode, found->d_name, name) ||
        tb_posix_entry_attributes(listing->share, listing->descriptor, found->d_name,
                                  &entry.attributes, &mode) != TB_OK)
        return true;
    if (S_ISLNK(mode)) {
        if (!follow(listing, found->d_name, &entry.attributes))
            return true;
        mode = entry.attributes.mode;
    }
    if (!S_ISREG(mode) && !S_ISDIR(mode))
        return true;
    return listing->call->directory.add(listing->call, &entry);
}

static enum tb_error list(struct listing *listing)
{
    struct tb_posix_entries entries;
    enum tb_error error = TB_OK;

    if (lseek(listing->descriptor, (off_t)listing->call->directory.cookie, SEEK_SET) < 0)
        return tb_posix_error(errno);
    if (!tb_posix_entries_init(&entries))
        return TB_NO_MEMORY;
    for (;;) {
        const struct dirent64 *entry = tb_posix_entries_next(&entries, listing->descriptor, &error);
        listing->call->directory.end = !entry && !error;
        if (!entry || !offer(listing, entry))
            break;
    }
    tb_posix_entries_clear(&entries);
    return error;
}

static enum tb_error list_as_caller(struct tb_posix_share *share, struct tb_posix_handle *handle,
                                    struct tb_call *call)
{
    struct listing listing = {share, call, handle->descriptor, NULL};

    if (handle->path_only)
        listing.descriptor = tb_posix_reopen(handle->descriptor, O_RDONLY | O_DIRECTORY);
    if (listing.descriptor < 0)
        return tb_posix_error(errno);
    enum tb_error error = list(&listing);
    if (handle->path_only)
        close(listing.descriptor);
    free(listing.path);
    return error;
}

enum tb_error tb_posix_read_directory(struct tb_posix_share *share, struct tb_call *call)
{
    struct tb_posix_handle *handle = call->handle;

    call->directory.end = false;
    if (!handle->directory)
        return TB_NOT_A_DIRECTORY;
    if (!(handle->use & (TB_USE_READ | TB_USE_NAME)))
        return TB_ACCESS_DENIED;
    enum tb_error error = tb_posix_enter(share, call->credentials);
    if (error)
        return error;
    pthread_mutex_lock(&handle->lock);
    error = list_as_caller(share, handle, call);
    pthread_mutex_unlock(&handle->lock);
    tb_posix_leave(share, call->credentials);
    return error;
}
