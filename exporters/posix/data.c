/* What is in a file: reading, writing, its size, stable storage. Descriptors were checked when they
 * were opened; what changes data acts as the caller all the same, for root's writing would leave a
 * file its set-user-ID bit. */
#include "core/nt/attributes.h"
#include "exporters/posix/attributes.h"
#include "exporters/posix/file.h"
#include "exporters/posix/identity.h"
#include "exporters/posix/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/uio.h>
#include <unistd.h>

static enum tb_error check_file(const struct tb_posix_handle *handle, unsigned use)
{
    if (!(handle->use & use))
        return TB_ACCESS_DENIED;
    return handle->directory ? TB_FILE_IS_A_DIRECTORY : TB_OK;
}

/* pread(2) until the buffer is full or the file ends. Negative and errno on errors. */
static ssize_t read_all(const struct tb_call *call, int descriptor, int flags)
{
    size_t done = 0;
    while (done < call->io.length) {
        struct iovec part = {call->io.buffer + done, call->io.length - done};
        ssize_t length = preadv2(descriptor, &part, 1, (off_t)(call->io.offset + done), flags);
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0)
            return -1;
        if (length == 0)
            break;
        done += (size_t)length;
    }
    return (ssize_t)done;
}

static bool is_beyond(uint64_t offset, size_t length)
{
    return offset > INT64_MAX || length > INT64_MAX - offset;
}

bool tb_posix_read_now(struct tb_call *call, enum tb_error *error)
{
    const struct tb_posix_handle *handle = call->handle;

    *error = check_file(handle, TB_USE_READ);
    if (*error)
        return true;
    if (is_beyond(call->io.offset, call->io.length))
        return false;
    ssize_t length = read_all(call, handle->descriptor, RWF_NOWAIT);
    if (length < 0)
        return false;
    call->io.length = (size_t)length;
    return true;
}

enum tb_error tb_posix_read(struct tb_posix_share *share, struct tb_call *call)
{
    const struct tb_posix_handle *handle = call->handle;
    enum tb_error error = check_file(handle, TB_USE_READ);

    (void)share;
    if (error)
        return error;
    if (call->io.offset > INT64_MAX) {
        call->io.length = 0;
        return TB_OK;
    }
    if (is_beyond(call->io.offset, call->io.length))
        call->io.length = (size_t)(INT64_MAX - call->io.offset);
    ssize_t length = read_all(call, handle->descriptor, 0);
    if (length < 0)
        return tb_posix_error(errno);
    call->io.length = (size_t)length;
    return TB_OK;
}

/* What is left of `data` moves along. */
static enum tb_error write_all(int descriptor, struct tb_span *data, uint64_t *offset, int flags)
{
    while (data->length) {
        struct iovec part = {(void *)data->data, data->length};
        ssize_t length = pwritev2(descriptor, &part, 1, (off_t)*offset, flags);
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0)
            return errno == EAGAIN ? TB_PENDING : tb_posix_error(errno);
        *data = tb_span(data->data + length, data->length - (size_t)length);
        *offset += (uint64_t)length;
    }
    return TB_OK;
}

static enum tb_error check_write(const struct tb_call *call)
{
    enum tb_error error = check_file(call->handle, TB_USE_WRITE);
    if (!error && is_beyond(call->io.offset, call->io.data.length))
        error = TB_FILE_TOO_LARGE;
    return error;
}

bool tb_posix_write_now(struct tb_posix_share *share, struct tb_call *call, enum tb_error *error)
{
    const struct tb_posix_handle *handle = call->handle;
    struct tb_span data = call->io.data;
    uint64_t offset = call->io.offset;

    if (call->io.write_through)
        return false;
    *error = check_write(call);
    if (!*error)
        *error = tb_posix_enter(share, call->credentials);
    if (*error)
        return true;
    *error = write_all(handle->descriptor, &data, &offset, RWF_NOWAIT);
    /* Filesystems that cannot tell whether they would wait copy into the page cache. */
    if (*error == TB_NOT_SUPPORTED)
        *error = write_all(handle->descriptor, &data, &offset, 0);
    tb_posix_leave(share, call->credentials);
    return *error != TB_PENDING;
}

/* Not every filesystem looks at RWF_DSYNC; FUSE passes it over without a word. */
static enum tb_error write_through(const struct tb_posix_share *share, int descriptor,
                                   struct tb_span data, uint64_t offset)
{
    enum tb_error error = TB_NOT_SUPPORTED;
    if (share->local)
        error = write_all(descriptor, &data, &offset, RWF_DSYNC);
    if (error != TB_NOT_SUPPORTED)
        return error;
    error = write_all(descriptor, &data, &offset, 0);
    return !error && fdatasync(descriptor) < 0 ? tb_posix_error(errno) : error;
}

enum tb_error tb_posix_write(struct tb_posix_share *share, struct tb_call *call)
{
    struct tb_posix_handle *handle = call->handle;
    struct tb_span data = call->io.data;
    uint64_t offset = call->io.offset;

    enum tb_error error = check_write(call);
    if (!error)
        error = tb_posix_enter(share, call->credentials);
    if (error)
        return error;
    error = call->io.write_through ? write_through(share, handle->descriptor, data, offset)
                                   : write_all(handle->descriptor, &data, &offset, 0);
    tb_posix_leave(share, call->credentials);
    return !error && call->io.write_through ? tb_posix_sync_name(share, handle) : error;
}

enum tb_error tb_posix_flush(struct tb_posix_share *share, struct tb_call *call)
{
    struct tb_posix_handle *handle = call->handle;
    int descriptor = handle->descriptor;

    if (handle->path_only)
        descriptor = tb_posix_reopen(handle->descriptor, O_RDONLY);
    if (descriptor < 0)
        return tb_posix_error(errno);
    enum tb_error error = fsync(descriptor) < 0 ? tb_posix_error(errno) : TB_OK;
    if (handle->path_only)
        close(descriptor);
    return error ? error : tb_posix_sync_name(share, handle);
}

static enum tb_error resize(int descriptor, uint64_t size)
{
    if (size > INT64_MAX)
        return TB_FILE_TOO_LARGE;
    return ftruncate(descriptor, (off_t)size) < 0 ? tb_posix_error(errno) : TB_OK;
}

enum tb_error tb_posix_set_size(struct tb_posix_share *share, struct tb_call *call)
{
    const struct tb_posix_handle *handle = call->handle;
    enum tb_error error = check_file(handle, TB_USE_WRITE);
    if (!error)
        error = tb_posix_enter(share, call->credentials);
    if (error)
        return error;
    error = resize(handle->descriptor, call->attributes.size);
    tb_posix_leave(share, call->credentials);
    return error ? error : tb_posix_handle_attributes(share, handle, &call->attributes.values);
}

static enum tb_error allocate(int descriptor, uint64_t size, uint64_t asked)
{
    if (asked > INT64_MAX)
        return TB_DISK_FULL;
    if (asked < size)
        return resize(descriptor, asked);
    if (asked == size || fallocate(descriptor, FALLOC_FL_KEEP_SIZE, 0, (off_t)asked) == 0 ||
        errno == EOPNOTSUPP)
        return TB_OK;
    return errno == EFBIG ? TB_DISK_FULL : tb_posix_error(errno);
}

enum tb_error tb_posix_set_allocation(struct tb_posix_share *share, struct tb_call *call)
{
    const struct tb_posix_handle *handle = call->handle;
    enum tb_error error = check_file(handle, TB_USE_WRITE);
    if (!error)
        error = tb_posix_handle_attributes(share, handle, &call->attributes.values);
    if (!error)
        error = tb_posix_enter(share, call->credentials);
    if (error)
        return error;
    error = allocate(handle->descriptor, call->attributes.values.size, call->attributes.size);
    tb_posix_leave(share, call->credentials);
    return error ? error : tb_posix_handle_attributes(share, handle, &call->attributes.values);
}
