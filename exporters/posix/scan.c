#include "exporters/posix/scan.h"

#include "core/nt/upcase.h"
#include "exporters/posix/index.h"
#include "exporters/posix/name_map.h"
#include "exporters/posix/share.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READINGS_MAX 4

bool tb_posix_entries_init(struct tb_posix_entries *entries)
{
    *entries = (struct tb_posix_entries){.buffer = malloc(TB_POSIX_ENTRIES_LENGTH)};
    return entries->buffer;
}

void tb_posix_entries_clear(struct tb_posix_entries *entries)
{
    free(entries->buffer);
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

const struct dirent64 *tb_posix_entries_next(struct tb_posix_entries *entries, int directory,
                                             enum tb_error *error)
{
    *error = TB_OK;
    for (;;) {
        if (entries->at == entries->length) {
            ssize_t length = getdents64(directory, entries->buffer, TB_POSIX_ENTRIES_LENGTH);
            if (length < 0 && errno == EINTR)
                continue;
            /* A directory that was removed while it is open has no entries. */
            if (length < 0 && errno != ENOENT)
                *error = tb_posix_error(errno);
            if (length <= 0)
                return NULL;
            entries->length = (size_t)length;
            entries->at = 0;
        }
        const struct dirent64 *entry = (const void *)(entries->buffer + entries->at);
        entries->at += entry->d_reclen;
        if (!is_dots(entry->d_name))
            return entry;
    }
}

static bool matches(const struct tb_posix_share *share, const char *stored, const char *wanted)
{
    char name[TB_POSIX_CLIENT_NAME_CAPACITY];
    return tb_posix_name_to_client(share->names_mode, stored, name) &&
           tb_name_equal_folded(name, wanted);
}

static enum tb_error scan_open(const struct tb_posix_share *share, int directory,
                               const char *wanted, char found[TB_POSIX_STORED_CAPACITY])
{
    struct tb_posix_entries entries;
    const struct dirent64 *entry;
    enum tb_error error;

    *found = '\0';
    if (!tb_posix_entries_init(&entries))
        return TB_NO_MEMORY;
    while ((entry = tb_posix_entries_next(&entries, directory, &error)))
        if (matches(share, entry->d_name, wanted) && (!*found || strcmp(entry->d_name, found) < 0))
            strcpy(found, entry->d_name); /* no longer than 255 bytes: it matches */
    tb_posix_entries_clear(&entries);
    return error ? error : *found ? TB_OK : TB_OBJECT_NAME_NOT_FOUND;
}

/* What changes while it is read may be missed: so nothing may have changed, as far as time tells.
 */
static enum tb_error scan(const struct tb_posix_share *share, int directory, const char *wanted,
                          char found[TB_POSIX_STORED_CAPACITY])
{
    struct stat before, after;
    enum tb_error error = TB_OK;
    int descriptor = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (descriptor < 0)
        return errno == EACCES ? TB_OBJECT_NAME_NOT_FOUND : tb_posix_error(errno);
    for (int i = 0; i < READINGS_MAX; i++) {
        if (fstat(descriptor, &before) < 0 || lseek(descriptor, 0, SEEK_SET) < 0) {
            error = tb_posix_error(errno);
            break;
        }
        error = scan_open(share, descriptor, wanted, found);
        if (error != TB_OBJECT_NAME_NOT_FOUND || fstat(descriptor, &after) < 0 ||
            (after.st_mtim.tv_sec == before.st_mtim.tv_sec &&
             after.st_mtim.tv_nsec == before.st_mtim.tv_nsec))
            break;
    }
    close(descriptor);
    return error;
}

static bool may_list(int directory)
{
    return faccessat(directory, "", R_OK, AT_EACCESS | AT_EMPTY_PATH) == 0 || errno != EACCES;
}

enum tb_error tb_posix_find_name(const struct tb_posix_share *share, int directory,
                                 const char *name, char found[TB_POSIX_STORED_CAPACITY])
{
    char wanted[TB_POSIX_CLIENT_NAME_CAPACITY];

    if (!tb_posix_name_to_client(share->names_mode, name, wanted) || !may_list(directory))
        return TB_OBJECT_NAME_NOT_FOUND;
    switch (share->index ? tb_posix_index_find(share->index, directory, wanted, found)
                         : TB_POSIX_UNKNOWN) {
    case TB_POSIX_PRESENT:
        return TB_OK;
    case TB_POSIX_ABSENT:
        return TB_OBJECT_NAME_NOT_FOUND;
    default:
        return scan(share, directory, wanted, found);
    }
}
