#include "exporters/posix/attributes.h"

#include "core/nt/attributes.h"
#include "core/nt/time.h"
#include "exporters/posix/dosattrib.h"
#include "exporters/posix/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#define CLUSTER      4096u
/* What happens to a file within 20 ms of the setting of its change time may leave that as it is. */
#define CHANGE_SLACK_FILETIME 200000u
#define STATX_WANTED (STATX_BASIC_STATS | STATX_BTIME)

/* Attributes that are kept in user.DOSATTRIB. */
#define KEPT (TB_FILE_ATTRIBUTES_SETTABLE | TB_FILE_ATTRIBUTE_SPARSE_FILE)

static uint64_t to_filetime(const struct statx_timestamp *t)
{
    return tb_filetime_from_unix_clamped(t->tv_sec, t->tv_nsec);
}

/* Inodes are unique on one device only. */
static uint64_t file_id(const struct tb_posix_share *share, const struct statx *sx)
{
    uint64_t device = makedev(sx->stx_dev_major, sx->stx_dev_minor), id = sx->stx_ino;
    if (device != share->root_device)
        id ^= (device + 1) * UINT64_C(0x9E3779B97F4A7C15);
    return id ? id : UINT64_MAX - 1;
}

static uint64_t creation_time(const struct statx *sx)
{
    if (sx->stx_mask & STATX_BTIME)
        return to_filetime(&sx->stx_btime);
    uint64_t write = to_filetime(&sx->stx_mtime), change = to_filetime(&sx->stx_ctime);
    return write < change ? write : change;
}

static uint64_t change_time(const struct statx *sx, const struct tb_dosattrib *dos)
{
    uint64_t changed = to_filetime(&sx->stx_ctime);
    return dos->has_change_time && changed <= dos->change_until_filetime ? dos->change_filetime
                                                                         : changed;
}

/* As on NTFS, only a file marked sparse occupies less than its size. */
static uint64_t allocation(const struct statx *sx, uint32_t file_attributes)
{
    uint64_t stored = sx->stx_blocks * 512;
    uint64_t whole = (sx->stx_size + CLUSTER - 1) & ~(uint64_t)(CLUSTER - 1);
    if (file_attributes & TB_FILE_ATTRIBUTE_SPARSE_FILE || stored > whole)
        return stored;
    return whole;
}

static uint32_t fallback(mode_t mode, bool dotted)
{
    uint32_t attributes = dotted ? TB_FILE_ATTRIBUTE_HIDDEN : 0;
    if (S_ISREG(mode) && !(mode & S_IWUSR))
        attributes |= TB_FILE_ATTRIBUTE_READONLY;
    return attributes;
}

static void fill(const struct tb_posix_share *share, const struct statx *sx,
                 const struct tb_dosattrib *dos, bool dotted, struct tb_attributes *out)
{
    bool directory = S_ISDIR(sx->stx_mode);
    uint32_t attributes =
        dos->has_attributes ? dos->attributes & KEPT : fallback(sx->stx_mode, dotted);

    if (directory)
        attributes = (attributes & ~TB_FILE_ATTRIBUTE_SPARSE_FILE) | TB_FILE_ATTRIBUTE_DIRECTORY;
    *out = (struct tb_attributes){
        .file_id = file_id(share, sx),
        .creation_filetime = dos->has_creation_time && dos->creation_filetime
                                 ? dos->creation_filetime
                                 : creation_time(sx),
        .access_filetime = to_filetime(&sx->stx_atime),
        .write_filetime = to_filetime(&sx->stx_mtime),
        .change_filetime = change_time(sx, dos),
        .size = directory ? 0 : sx->stx_size,
        .allocation_size = directory ? 0 : allocation(sx, attributes),
        .file_attributes = attributes,
        .link_count = sx->stx_nlink,
        .mode = sx->stx_mode,
        .uid = sx->stx_uid,
        .gid = sx->stx_gid,
    };
}

static void read_dosattrib(int descriptor, struct tb_dosattrib *dos)
{
    char path[TB_POSIX_PROC_CAPACITY];
    uint8_t value[TB_DOSATTRIB_MAX];
    ssize_t length = fgetxattr(descriptor, TB_DOSATTRIB_NAME, value, sizeof value);

    if (length < 0 && errno == EBADF)
        length =
            getxattr(tb_posix_proc_path(descriptor, path), TB_DOSATTRIB_NAME, value, sizeof value);
    tb_dosattrib_decode(tb_span(value, length > 0 ? (size_t)length : 0), dos);
}

static bool write_dosattrib(int descriptor, const struct tb_dosattrib *dos)
{
    char path[TB_POSIX_PROC_CAPACITY];
    uint8_t value[TB_DOSATTRIB_LENGTH];

    tb_dosattrib_encode(dos, value);
    return setxattr(tb_posix_proc_path(descriptor, path), TB_DOSATTRIB_NAME, value, sizeof value,
                    0) == 0;
}

enum tb_error tb_posix_attributes(const struct tb_posix_share *share, int descriptor, bool dotted,
                                  struct tb_attributes *out)
{
    struct statx sx;
    struct tb_dosattrib dos;

    if (statx(descriptor, "", AT_EMPTY_PATH, STATX_WANTED, &sx) < 0)
        return tb_posix_error(errno);
    read_dosattrib(descriptor, &dos);
    fill(share, &sx, &dos, dotted, out);
    return TB_OK;
}

enum tb_error tb_posix_handle_attributes(struct tb_posix_share *share,
                                         const struct tb_posix_handle *handle,
                                         struct tb_attributes *out)
{
    return tb_posix_attributes(share, handle->descriptor,
                               tb_posix_name_is_dotted(share, handle->name), out);
}

enum tb_error tb_posix_entry_attributes(const struct tb_posix_share *share, int directory,
                                        const char *name, struct tb_attributes *out, mode_t *mode)
{
    char path[TB_POSIX_PROC_CAPACITY + TB_POSIX_STORED_CAPACITY];
    uint8_t value[TB_DOSATTRIB_MAX];
    struct tb_dosattrib dos;
    struct statx sx;

    if (statx(directory, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_WANTED, &sx) < 0)
        return tb_posix_error(errno);
    snprintf(path, sizeof path, "/proc/self/fd/%d/%s", directory, name);
    ssize_t length = lgetxattr(path, TB_DOSATTRIB_NAME, value, sizeof value);
    tb_dosattrib_decode(tb_span(value, length > 0 ? (size_t)length : 0), &dos);
    fill(share, &sx, &dos, share->hide_dot_files && name[0] == '.', out);
    *mode = sx.stx_mode;
    return TB_OK;
}

void tb_posix_store_new(int descriptor, bool dotted, bool directory, uint32_t file_attributes)
{
    struct tb_dosattrib dos = {.has_attributes = true, .attributes = file_attributes & KEPT};
    if (directory)
        dos.attributes &= ~TB_FILE_ATTRIBUTE_SPARSE_FILE;
    if (dos.attributes == (dotted ? TB_FILE_ATTRIBUTE_HIDDEN : 0) ||
        write_dosattrib(descriptor, &dos))
        return;
    struct stat st;
    if (!directory && file_attributes & TB_FILE_ATTRIBUTE_READONLY && fstat(descriptor, &st) == 0)
        (void)fchmod(descriptor, st.st_mode & 07555);
}

enum tb_error tb_posix_get_attributes(struct tb_posix_share *share, struct tb_call *call)
{
    return tb_posix_handle_attributes(share, call->handle, &call->attributes.values);
}

static struct timespec to_timespec(uint64_t filetime)
{
    int64_t seconds = 0;
    uint32_t nanoseconds = 0;
    (void)tb_filetime_to_unix(filetime, &seconds, &nanoseconds);
    return (struct timespec){seconds, nanoseconds};
}

static enum tb_error set_times(int descriptor, unsigned mask, const struct tb_attributes *asked)
{
    char path[TB_POSIX_PROC_CAPACITY];
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = UTIME_OMIT}};

    if (mask & TB_SET_ACCESS_TIME)
        times[0] = to_timespec(asked->access_filetime);
    if (mask & TB_SET_WRITE_TIME)
        times[1] = to_timespec(asked->write_filetime);
    if (!(mask & (TB_SET_ACCESS_TIME | TB_SET_WRITE_TIME)))
        return TB_OK;
    return utimensat(AT_FDCWD, tb_posix_proc_path(descriptor, path), times, 0) < 0
               ? tb_posix_error(errno)
               : TB_OK;
}

/* READONLY as the owner's right to write, as far as that can say it. */
static enum tb_error set_mode(int descriptor, const struct tb_attributes *now, bool readonly)
{
    char path[TB_POSIX_PROC_CAPACITY];
    mode_t mode = now->mode & 07777, wanted = readonly ? mode & ~(mode_t)0222 : mode | S_IWUSR;

    if (!S_ISREG(now->mode) || (readonly ? !(mode & S_IWUSR) : mode == wanted))
        return TB_OK;
    return chmod(tb_posix_proc_path(descriptor, path), wanted) < 0 ? tb_posix_error(errno) : TB_OK;
}

static enum tb_error set_dosattrib(int descriptor, const struct tb_attributes *now, unsigned mask,
                                   const struct tb_attributes *asked)
{
    struct tb_dosattrib dos;
    uint32_t kept = S_ISDIR(now->mode) ? KEPT & ~TB_FILE_ATTRIBUTE_SPARSE_FILE : KEPT;
    bool readonly = asked->file_attributes & TB_FILE_ATTRIBUTE_READONLY;

    if (!(mask & (TB_SET_FILE_ATTRIBUTES | TB_SET_CREATION_TIME)))
        return TB_OK;
    read_dosattrib(descriptor, &dos);
    dos.has_change_time = false;
    if (mask & TB_SET_FILE_ATTRIBUTES) {
        dos.has_attributes = true;
        dos.attributes = asked->file_attributes & kept;
    }
    if (mask & TB_SET_CREATION_TIME) {
        dos.has_creation_time = true;
        dos.creation_filetime = asked->creation_filetime;
    }
    /* The extended attribute needs the right to write, so that comes first. */
    if (mask & TB_SET_FILE_ATTRIBUTES && !readonly) {
        enum tb_error error = set_mode(descriptor, now, false);
        if (error)
            return error;
    }
    if (write_dosattrib(descriptor, &dos))
        return TB_OK;
    if (errno != EOPNOTSUPP)
        return tb_posix_error(errno);
    return mask & TB_SET_FILE_ATTRIBUTES ? set_mode(descriptor, now, readonly) : TB_OK;
}

/* Comes last, since whatever changes the inode sets its change time to now; so does writing the
 * extended attribute, which is why that is done twice: to learn what time it is there, and to say
 * that the change time counts a little longer than that. A filesystem that cannot keep it, or not for
 * this caller, shows when the file was really changed. */
static void set_change_time(int descriptor, uint64_t filetime)
{
    struct tb_dosattrib dos;
    struct statx sx;

    read_dosattrib(descriptor, &dos);
    dos.has_change_time = true;
    dos.change_filetime = filetime;
    dos.change_until_filetime = 0;
    if (write_dosattrib(descriptor, &dos) &&
        statx(descriptor, "", AT_EMPTY_PATH | AT_STATX_SYNC_AS_STAT, STATX_CTIME, &sx) == 0) {
        dos.change_until_filetime = to_filetime(&sx.stx_ctime) + CHANGE_SLACK_FILETIME;
        (void)write_dosattrib(descriptor, &dos);
    }
}

static enum tb_error set_as_caller(int descriptor, const struct tb_attributes *now,
                                   const struct tb_call *call)
{
    unsigned mask = call->attributes.mask;
    const struct tb_attributes *asked = &call->attributes.values;
    enum tb_error error = set_dosattrib(descriptor, now, mask, asked);
    if (!error)
        error = set_times(descriptor, mask, asked);
    if (!error && mask & TB_SET_CHANGE_TIME)
        set_change_time(descriptor, asked->change_filetime);
    return error;
}

enum tb_error tb_posix_set_attributes(struct tb_posix_share *share, struct tb_call *call)
{
    const struct tb_posix_handle *handle = call->handle;
    struct tb_attributes now;

    if (!(handle->use & (TB_USE_ATTRIBUTES | TB_USE_WRITE)))
        return TB_ACCESS_DENIED;
    enum tb_error error = tb_posix_handle_attributes(share, handle, &now);
    if (!error)
        error = tb_posix_enter(share, call->credentials);
    if (error)
        return error;
    error = set_as_caller(handle->descriptor, &now, call);
    tb_posix_leave(share, call->credentials);
    return error ? error : tb_posix_handle_attributes(share, handle, &call->attributes.values);
}
