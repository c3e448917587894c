/* ZERO and ALLOCATED_RANGES: holes. */
#include "core/nt/attributes.h"
#include "exporters/posix/attributes.h"
#include "exporters/posix/file.h"
#include "exporters/posix/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Where there is neither a hole to be punched nor a range to be zeroed. */
static enum tb_error write_zeros(int descriptor, uint64_t offset, uint64_t length)
{
    static const char zeros[65536];

    while (length) {
        size_t part = length < sizeof zeros ? (size_t)length : sizeof zeros;
        ssize_t written = pwrite(descriptor, zeros, part, (off_t)offset);
        if (written < 0 && errno != EINTR)
            return tb_posix_error(errno);
        if (written > 0) {
            offset += (uint64_t)written;
            length -= (uint64_t)written;
        }
    }
    return TB_OK;
}

static enum tb_error zero(int descriptor, bool sparse, uint64_t offset, uint64_t length)
{
    int how = sparse ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE;

    while (fallocate(descriptor, how | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)length) < 0) {
        if (errno == EOPNOTSUPP)
            return write_zeros(descriptor, offset, length);
        if (errno != EINTR)
            return tb_posix_error(errno);
    }
    return TB_OK;
}

/* The part of the call's range that lies within the file. */
static uint64_t within_size(const struct tb_attributes *attributes, const struct tb_call *call)
{
    uint64_t size = attributes->size, offset = call->range.offset;
    uint64_t left = offset < size ? size - offset : 0;
    return call->range.length < left ? call->range.length : left;
}

static enum tb_error begin(struct tb_posix_share *share, const struct tb_call *call, unsigned use,
                           struct tb_attributes *attributes)
{
    const struct tb_posix_handle *handle = call->handle;
    if (!(handle->use & use))
        return TB_ACCESS_DENIED;
    return handle->directory ? TB_FILE_IS_A_DIRECTORY
                             : tb_posix_handle_attributes(share, handle, attributes);
}

enum tb_error tb_posix_zero(struct tb_posix_share *share, struct tb_call *call)
{
    const struct tb_posix_handle *handle = call->handle;
    struct tb_attributes now;

    enum tb_error error = begin(share, call, TB_USE_WRITE, &now);
    if (error)
        return error;
    uint64_t length = within_size(&now, call);
    if (length == 0)
        return TB_OK;
    error = tb_posix_enter(share, call->credentials);
    if (error)
        return error;
    error = zero(handle->descriptor, now.file_attributes & TB_FILE_ATTRIBUTE_SPARSE_FILE,
                 call->range.offset, length);
    tb_posix_leave(share, call->credentials);
    return error;
}

/* Data from `at` on, before `end`. False: no more, or *error. */
static bool next_data(int descriptor, uint64_t *at, uint64_t end, uint64_t *length,
                      enum tb_error *error)
{
    off_t from = lseek(descriptor, (off_t)*at, SEEK_DATA);
    off_t to = from < 0 ? -1 : lseek(descriptor, from, SEEK_HOLE);

    if (to < 0) {
        /* ENXIO: nothing but a hole is left. */
        *error = errno == ENXIO ? TB_OK : tb_posix_error(errno);
        return false;
    }
    if ((uint64_t)from >= end || to <= from)
        return false;
    *at = (uint64_t)from;
    *length = ((uint64_t)to < end ? (uint64_t)to : end) - *at;
    return true;
}

/* As on NTFS, only a file marked sparse has holes. */
enum tb_error tb_posix_allocated_ranges(struct tb_posix_share *share, struct tb_call *call)
{
    const struct tb_posix_handle *handle = call->handle;
    struct tb_attributes now;
    uint64_t at = call->range.offset, length;

    enum tb_error error = begin(share, call, TB_USE_READ, &now);
    if (error)
        return error;
    uint64_t end = at + within_size(&now, call);
    if (at >= end)
        return TB_OK;
    if (!(now.file_attributes & TB_FILE_ATTRIBUTE_SPARSE_FILE)) {
        call->range.add(call, at, end - at);
        return TB_OK;
    }
    while (at < end && next_data(handle->descriptor, &at, end, &length, &error)) {
        if (!call->range.add(call, at, length))
            break;
        at += length;
    }
    return error;
}
