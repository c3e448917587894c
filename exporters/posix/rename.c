/* RENAME, LINK and REMOVE. The first and the last act on the handle's name only while it still
 * stands for the handle's file; a local process that changes the name between that look and the
 * system call is not seen. */
#include "core/nt/attributes.h"
#include "exporters/posix/attributes.h"
#include "exporters/posix/file.h"
#include "exporters/posix/identity.h"
#include "exporters/posix/name_map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static enum tb_error rename_error(int number)
{
    switch (number) {
    case EINVAL: /* beneath itself */
    case EISDIR: /* a directory would be replaced */
    case ENOTDIR:
    case ENOTEMPTY:
        return TB_ACCESS_DENIED;
    case EXDEV:
        return TB_NOT_SAME_DEVICE;
    case ENOENT: /* the name was there a moment ago, so it is the new directory */
        return TB_OBJECT_PATH_NOT_FOUND;
    default:
        return tb_posix_error(number);
    }
}

static enum tb_error move(const struct tb_posix_name *name, const struct tb_posix_place *to,
                          bool replace)
{
    unsigned flags = replace ? 0 : RENAME_NOREPLACE;
    int result = renameat2(name->parent, name->leaf, to->parent, to->leaf, flags);
    /* Some filesystems cannot promise not to replace; the name was looked for just now. */
    if (result < 0 && errno == EINVAL && !replace)
        result = renameat2(name->parent, name->leaf, to->parent, to->leaf, 0);
    return result < 0 ? rename_error(errno) : TB_OK;
}

/* What the new name stands for now may be replaced: no directory. */
static enum tb_error check_target(int entry, bool replace)
{
    struct stat target;

    if (!replace)
        return TB_OBJECT_NAME_COLLISION;
    if (fstat(entry, &target) < 0)
        return tb_posix_error(errno);
    return S_ISDIR(target.st_mode) ? TB_ACCESS_DENIED : TB_OK;
}

/* The last component of place->stored becomes the one asked for, which differs in case at most. */
static enum tb_error take_leaf_as_asked(const struct tb_posix_share *share,
                                        struct tb_posix_place *place, const char *path)
{
    char *disk;
    enum tb_error error = tb_posix_path_to_disk(share->names_mode, path, &disk);
    if (error)
        return error;
    const char *leaf = strrchr(disk, '/') ? strrchr(disk, '/') + 1 : disk;
    size_t at = (size_t)(place->leaf - place->stored);
    char *stored = malloc(at + strlen(leaf) + 1);
    if (stored) {
        memcpy(stored, place->stored, at);
        strcpy(stored + at, leaf);
        free(place->stored);
        place->stored = stored;
        place->leaf = stored + at;
    }
    free(disk);
    return stored ? TB_OK : TB_NO_MEMORY;
}

/* The new name is there already. */
static enum tb_error move_onto(const struct tb_posix_share *share, const struct tb_posix_name *name,
                               struct tb_posix_place *to, struct tb_posix_identity directory,
                               const struct tb_call *call)
{
    struct tb_posix_identity target;

    if (!tb_posix_identify(to->entry, &target))
        return tb_posix_error(errno);
    bool same_file = tb_posix_same(target, name->entry);
    if (same_file && tb_posix_same(directory, name->directory) &&
        strcmp(to->leaf, name->leaf) == 0) {
        enum tb_error error = take_leaf_as_asked(share, to, call->rename.path);
        if (error || strcmp(to->leaf, name->leaf) == 0)
            return error;
        return move(name, to, false);
    }
    enum tb_error error = check_target(to->entry, call->rename.replace);
    if (error)
        return error;
    /* rename(2) leaves two names of one file both as they are. */
    if (same_file)
        return unlinkat(name->parent, name->leaf, 0) < 0 ? rename_error(errno) : TB_OK;
    return move(name, to, true);
}

static enum tb_error rename_locked(struct tb_posix_share *share, struct tb_posix_handle *handle,
                                   struct tb_call *call, struct tb_posix_place *to)
{
    struct tb_posix_name *name = handle->name;
    struct tb_posix_identity directory;

    enum tb_error error = tb_posix_name_verify_locked(share, name);
    if (!error)
        error = tb_posix_resolve(share, call->rename.path, to);
    if (error)
        return error;
    if (to->parent < 0)
        return TB_ACCESS_DENIED;
    if (!tb_posix_identify(to->parent, &directory))
        return tb_posix_error(errno);
    error = to->entry >= 0 ? move_onto(share, name, to, directory, call) : move(name, to, false);
    if (error)
        return error;
    tb_posix_name_move_locked(share, name, to, directory);
    return TB_OK;
}

enum tb_error tb_posix_rename(struct tb_posix_share *share, struct tb_call *call)
{
    struct tb_posix_handle *handle = call->handle;
    struct tb_posix_place to = {.parent = -1, .entry = -1};

    call->rename.real_path = NULL;
    if (!(handle->use & TB_USE_NAME) || !handle->name)
        return TB_ACCESS_DENIED;
    enum tb_error error = tb_posix_enter(share, call->credentials);
    if (error)
        return error;
    pthread_mutex_lock(&handle->name->lock);
    error = rename_locked(share, handle, call, &to);
    pthread_mutex_unlock(&handle->name->lock);
    tb_posix_leave(share, call->credentials);
    /* Without memory the core takes the path as it was asked for: the same but for case. */
    if (!error)
        (void)tb_posix_path_to_client(share->names_mode, to.stored, &call->rename.real_path);
    tb_posix_place_clear(&to);
    return error;
}

static enum tb_error link_error(int number)
{
    return number == ENOENT ? TB_FILE_DELETED : rename_error(number);
}

/* In place of another file: under a name of our own first, so that the new one is never missing. */
static enum tb_error link_onto(const struct tb_posix_share *share, const char *file,
                               const struct tb_posix_place *to)
{
    uint64_t number;
    char own[40];

    share->env.ops->random(share->env.data, TB_RANDOM_OTHER, &number, sizeof number);
    snprintf(own, sizeof own, ".tombolo-link-%016llx", (unsigned long long)number);
    if (linkat(AT_FDCWD, file, to->parent, own, AT_SYMLINK_FOLLOW) < 0)
        return link_error(errno);
    if (renameat(to->parent, own, to->parent, to->leaf) == 0)
        return TB_OK;
    enum tb_error error = rename_error(errno);
    unlinkat(to->parent, own, 0);
    return error;
}

static enum tb_error link_as_caller(const struct tb_posix_share *share,
                                    const struct tb_posix_handle *handle,
                                    const struct tb_call *call, struct tb_posix_place *to)
{
    char file[TB_POSIX_PROC_CAPACITY];
    struct tb_posix_identity own, target;

    enum tb_error error = tb_posix_resolve(share, call->rename.path, to);
    if (error)
        return error;
    if (to->parent < 0)
        return TB_ACCESS_DENIED;
    tb_posix_proc_path(handle->descriptor, file);
    if (to->entry < 0)
        return linkat(AT_FDCWD, file, to->parent, to->leaf, AT_SYMLINK_FOLLOW) < 0
                   ? errno == EEXIST ? TB_OBJECT_NAME_COLLISION : link_error(errno)
                   : TB_OK;
    error = check_target(to->entry, call->rename.replace);
    if (error)
        return error;
    if (!tb_posix_identify(handle->descriptor, &own) || !tb_posix_identify(to->entry, &target))
        return tb_posix_error(errno);
    return tb_posix_same(own, target) ? TB_OK : link_onto(share, file, to);
}

enum tb_error tb_posix_link(struct tb_posix_share *share, struct tb_call *call)
{
    const struct tb_posix_handle *handle = call->handle;
    struct tb_posix_place to = {.parent = -1, .entry = -1};

    call->rename.real_path = NULL;
    if (handle->directory)
        return TB_FILE_IS_A_DIRECTORY;
    enum tb_error error = tb_posix_enter(share, call->credentials);
    if (error)
        return error;
    error = link_as_caller(share, handle, call, &to);
    tb_posix_leave(share, call->credentials);
    /* Without memory the core takes the path as it was asked for: the same but for case. */
    if (!error)
        (void)tb_posix_path_to_client(share->names_mode, to.stored, &call->rename.real_path);
    tb_posix_place_clear(&to);
    return error;
}

static enum tb_error remove_locked(const struct tb_posix_share *share,
                                   const struct tb_posix_name *name)
{
    struct stat st;

    enum tb_error error = tb_posix_name_verify_locked(share, name);
    if (error)
        return error;
    if (fstatat(name->parent, name->leaf, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        unlinkat(name->parent, name->leaf, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) == 0)
        return TB_OK;
    if (errno == ENOENT)
        return TB_FILE_DELETED;
    return errno == EEXIST ? TB_DIRECTORY_NOT_EMPTY : tb_posix_error(errno);
}

enum tb_error tb_posix_remove(struct tb_posix_share *share, struct tb_call *call)
{
    const struct tb_posix_handle *handle = call->handle;

    if (!handle->name)
        return TB_ACCESS_DENIED;
    enum tb_error error = tb_posix_enter(share, call->credentials);
    if (error)
        return error;
    pthread_mutex_lock(&handle->name->lock);
    error = remove_locked(share, handle->name);
    pthread_mutex_unlock(&handle->name->lock);
    tb_posix_leave(share, call->credentials);
    return error;
}
