/* OPEN and CLOSE. */
#include "exporters/posix/attributes.h"
#include "exporters/posix/file.h"
#include "exporters/posix/identity.h"
#include "exporters/posix/name_map.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <unistd.h>

/* How often to look again when local processes create and remove the name meanwhile. */
#define RACES_MAX 16

/* Flags of open(2) for what the handle will be used for; O_PATH when no data is. */
static int access_flags(unsigned use, bool directory)
{
    if (directory)
        return O_DIRECTORY | (use & TB_USE_READ ? O_RDONLY : O_PATH);
    switch (use & (TB_USE_READ | TB_USE_WRITE)) {
    case TB_USE_READ | TB_USE_WRITE:
        return O_RDWR;
    case TB_USE_READ:
        return O_RDONLY;
    case TB_USE_WRITE:
        return O_WRONLY;
    default:
        return O_PATH;
    }
}

/* Errors of open(2) that say: not for this use, but maybe for less. */
static bool is_refusal(int number)
{
    return number == EACCES || number == EPERM || number == EROFS || number == ETXTBSY;
}

/* Open it for the handle's use and as much of what is wished as the caller may. */
static int open_for_use(struct tb_posix_handle *handle, int file, unsigned wished)
{
    static const unsigned less[] = {TB_USE_READ | TB_USE_WRITE, TB_USE_READ, TB_USE_WRITE, 0};
    unsigned data = TB_USE_READ | TB_USE_WRITE, before = ~0u;

    errno = EACCES;
    for (size_t i = 0; i < sizeof less / sizeof *less; i++) {
        unsigned use = handle->use | (wished & less[i] & data);
        if (use == before)
            continue;
        before = use;
        int flags = access_flags(use, handle->directory);
        int descriptor = flags & O_PATH ? file : tb_posix_reopen(file, flags);
        if (descriptor >= 0) {
            handle->use = use;
            handle->path_only = flags & O_PATH;
            return descriptor;
        }
        if (!is_refusal(errno))
            break;
    }
    return -1;
}

static bool may(int descriptor, int mode)
{
    return faccessat(descriptor, "", mode, AT_EACCESS | AT_EMPTY_PATH) == 0;
}

/* Whether the caller may take the name away; whose it is matters in a sticky directory. */
static enum tb_error check_name_use(const struct tb_posix_place *place)
{
    struct stat directory, entry;
    uid_t caller = (uid_t)setfsuid((uid_t)-1);

    if (place->parent < 0)
        return TB_OK;
    if (!may(place->parent, W_OK | X_OK) || fstat(place->parent, &directory) < 0)
        return tb_posix_error(errno);
    if (!(directory.st_mode & S_ISVTX) || caller == 0 || caller == directory.st_uid)
        return TB_OK;
    if (fstatat(place->parent, place->leaf, &entry, AT_SYMLINK_NOFOLLOW) < 0)
        return tb_posix_error(errno);
    return caller == entry.st_uid ? TB_OK : TB_ACCESS_DENIED;
}

/* Of the uses that no descriptor is opened for: those that the caller may make of it. */
static unsigned wishes_granted(const struct tb_posix_handle *handle, const struct stat *st,
                               const struct tb_posix_place *place, unsigned wished)
{
    unsigned given = 0;
    bool owner = (uid_t)setfsuid((uid_t)-1) == st->st_uid, writes = may(handle->descriptor, W_OK);
    bool read_only = !writes && errno == EROFS;

    if (handle->directory && writes)
        given |= TB_USE_WRITE;
    if ((owner && !read_only) || writes || handle->use & TB_USE_WRITE)
        given |= TB_USE_ATTRIBUTES;
    if (wished & TB_USE_NAME && place->parent >= 0 && check_name_use(place) == TB_OK)
        given |= TB_USE_NAME;
    return given & wished;
}

/* Give the handle its descriptor, from an O_PATH one that it takes over or closes. */
static enum tb_error take_descriptor(struct tb_posix_handle *handle, int file,
                                     const struct tb_posix_place *place, unsigned wished)
{
    struct stat st;
    enum tb_error error = fstat(file, &st) < 0 ? tb_posix_error(errno) : TB_OK;

    if (!error && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        error = TB_ACCESS_DENIED;
    if (error) {
        close(file);
        return error;
    }
    handle->directory = S_ISDIR(st.st_mode);
    /* To a directory's descriptor writing is nothing. */
    unsigned data = handle->directory ? TB_USE_READ : TB_USE_READ | TB_USE_WRITE;
    handle->descriptor = open_for_use(handle, file, wished & data);
    if (handle->descriptor < 0)
        error = tb_posix_error(errno);
    if (!handle->path_only || error)
        close(file);
    if (!error)
        handle->use |= wishes_granted(handle, &st, place, wished);
    return error;
}

/* Where a symbolic link leads, resolved from the root again: what counts is where that ends. */
static enum tb_error follow(const struct tb_posix_share *share, const struct tb_call *call,
                            const struct tb_posix_place *place, int *file)
{
    if (share->symlinks == TB_POSIX_SYMLINKS_NONE)
        return TB_ACCESS_DENIED;
    *file = tb_posix_open_beneath(share, place->stored, O_PATH);
    if (*file >= 0)
        return TB_OK;
    if (errno == ENOENT || errno == ENOTDIR)
        return call->open.how == TB_OPEN_EXISTING ? TB_OBJECT_NAME_NOT_FOUND : TB_ACCESS_DENIED;
    return tb_posix_error(errno);
}

static enum tb_error open_existing(struct tb_posix_share *share, const struct tb_call *call,
                                   struct tb_posix_handle *handle, struct tb_posix_place *place)
{
    struct stat st;
    int file = -1;
    enum tb_error error = TB_OK;

    if (fstat(place->entry, &st) < 0)
        return tb_posix_error(errno);
    if (handle->use & TB_USE_NAME)
        error = check_name_use(place);
    if (error)
        return error;
    if (S_ISLNK(st.st_mode)) {
        error = follow(share, call, place, &file);
    } else {
        file = place->entry;
        place->entry = -1;
    }
    if (!error)
        error = take_descriptor(handle, file, place, call->open.use_wished);
    if (!error)
        error = tb_posix_handle_take_name(share, handle, place,
                                          (struct tb_posix_identity){st.st_dev, st.st_ino});
    return error;
}

/* Errors of creating: a name that has appeared meanwhile is looked at again, unless it was to be
 * new. TB_PENDING: once more. */
static enum tb_error creation_error(const struct tb_call *call, int number)
{
    if (number == EEXIST)
        return call->open.how == TB_OPEN_NEW ? TB_OBJECT_NAME_COLLISION : TB_PENDING;
    return number == ENOENT ? TB_OBJECT_PATH_NOT_FOUND : tb_posix_error(number);
}

/* mkdir(2) and open(2) leave these bits out: set group id on a directory says whose what is made in
 * it will be. Who may not set them does without. */
static void give_mode(int descriptor, mode_t mode)
{
    char path[TB_POSIX_PROC_CAPACITY];
    if (mode & ~(mode_t)0777)
        (void)!chmod(tb_posix_proc_path(descriptor, path), mode);
}

static enum tb_error make_directory(const struct tb_posix_share *share, const struct tb_call *call,
                                    struct tb_posix_handle *handle,
                                    const struct tb_posix_place *place)
{
    mode_t mode = (0777 & share->directory_mask) | share->force_directory_mode;
    if (mkdirat(place->parent, place->leaf, mode & 0777) < 0)
        return creation_error(call, errno);
    handle->directory = true;
    int flags = access_flags(handle->use, true);
    handle->path_only = flags & O_PATH;
    handle->descriptor = tb_posix_open_entry(place->parent, place->leaf, flags, 0);
    if (handle->descriptor >= 0) {
        give_mode(handle->descriptor, mode);
        return TB_OK;
    }
    enum tb_error error = tb_posix_error(errno);
    unlinkat(place->parent, place->leaf, AT_REMOVEDIR);
    return error;
}

static enum tb_error make_file(const struct tb_posix_share *share, const struct tb_call *call,
                               struct tb_posix_handle *handle, const struct tb_posix_place *place)
{
    int flags = access_flags(handle->use, false);
    if (flags & O_PATH)
        flags = O_RDONLY;
    mode_t mode = (0666 & share->create_mask) | share->force_create_mode;
    handle->descriptor =
        tb_posix_open_entry(place->parent, place->leaf, flags | O_CREAT | O_EXCL, mode & 0777);
    if (handle->descriptor < 0)
        return creation_error(call, errno);
    give_mode(handle->descriptor, mode);
    return TB_OK;
}

static enum tb_error set_aside(const struct tb_call *call, int descriptor)
{
    uint64_t size = call->open.create_allocation_size;
    if (size > INT64_MAX)
        return TB_DISK_FULL;
    if (size == 0 || fallocate(descriptor, FALLOC_FL_KEEP_SIZE, 0, (off_t)size) == 0)
        return TB_OK;
    if (errno == EFBIG)
        return TB_DISK_FULL;
    /* Not writable here (EBADF), or not on this filesystem: space is set aside as it is used. */
    return errno == EOPNOTSUPP || errno == EBADF ? TB_OK : tb_posix_error(errno);
}

static enum tb_error create(struct tb_posix_share *share, struct tb_call *call,
                            struct tb_posix_handle *handle, struct tb_posix_place *place)
{
    struct tb_posix_identity identity;
    bool directory = call->open.create_directory;
    handle->use |= call->open.use_wished;
    enum tb_error error = directory ? make_directory(share, call, handle, place)
                                    : make_file(share, call, handle, place);
    if (error)
        return error;
    bool dotted = share->hide_dot_files && place->leaf[0] == '.';
    tb_posix_store_new(handle->descriptor, dotted, directory, call->open.create_file_attributes);
    if (!directory)
        error = set_aside(call, handle->descriptor);
    if (!error && !tb_posix_identify(handle->descriptor, &identity))
        error = tb_posix_error(errno);
    if (!error)
        error = tb_posix_attributes(share, handle->descriptor, dotted, &call->open.attributes);
    int parent = place->parent;
    if (!error)
        error = tb_posix_handle_take_name(share, handle, place, identity);
    if (error)
        unlinkat(parent, place->leaf, directory ? AT_REMOVEDIR : 0);
    call->open.created = !error;
    return error;
}

/* The path as it is stored, for the client; NULL when that is how it was asked for. */
static enum tb_error note_real_path(const struct tb_posix_share *share, struct tb_call *call,
                                    const struct tb_posix_place *place)
{
    enum tb_error error =
        tb_posix_path_to_client(share->names_mode, place->stored, &call->open.real_path);
    if (!error && strcmp(call->open.real_path, call->open.path) == 0) {
        free(call->open.real_path);
        call->open.real_path = NULL;
    }
    return error;
}

/* TB_PENDING: the name has come or gone meanwhile. */
static enum tb_error open_once(struct tb_posix_share *share, struct tb_call *call,
                               struct tb_posix_handle *handle)
{
    struct tb_posix_place place;
    enum tb_error error = tb_posix_resolve(share, call->open.path, &place);

    handle->use = call->open.use;
    if (error)
        return error;
    if (place.entry >= 0 && call->open.how == TB_OPEN_NEW)
        error = TB_OBJECT_NAME_COLLISION;
    else if (place.entry < 0 && call->open.how == TB_OPEN_EXISTING)
        error = TB_OBJECT_NAME_NOT_FOUND;
    else
        error = note_real_path(share, call, &place);
    if (!error)
        error = place.entry >= 0 ? open_existing(share, call, handle, &place)
                                 : create(share, call, handle, &place);
    if (error) {
        free(call->open.real_path);
        call->open.real_path = NULL;
    }
    tb_posix_place_clear(&place);
    return error;
}

static enum tb_error open_as_caller(struct tb_posix_share *share, struct tb_call *call,
                                    struct tb_posix_handle *handle)
{
    enum tb_error error = tb_posix_enter(share, call->credentials);
    if (error)
        return error;
    for (int i = 0; i < RACES_MAX; i++) {
        error = open_once(share, call, handle);
        if (error != TB_PENDING)
            break;
    }
    tb_posix_leave(share, call->credentials);
    return error == TB_PENDING ? TB_SHARING_VIOLATION : error;
}

enum tb_error tb_posix_open(struct tb_posix_share *share, struct tb_call *call)
{
    struct tb_posix_handle *handle = tb_posix_handle_new(call->open.use);

    call->open.created = false;
    call->open.real_path = NULL;
    if (!handle)
        return TB_NO_MEMORY;
    enum tb_error error = open_as_caller(share, call, handle);
    if (!error && !call->open.created)
        error = tb_posix_handle_attributes(share, handle, &call->open.attributes);
    if (error) {
        free(call->open.real_path);
        call->open.real_path = NULL;
        tb_posix_handle_free(share, handle);
        return error;
    }
    assert(handle->descriptor >= 0);
    call->handle = handle;
    call->open.use_given = handle->use;
    return TB_OK;
}

enum tb_error tb_posix_close(struct tb_posix_share *share, struct tb_call *call)
{
    tb_posix_handle_free(share, call->handle);
    return TB_OK;
}
