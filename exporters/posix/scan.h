/* Reading directories: raw entries, and looking for a name regardless of case. */
#ifndef TB_EXPORTERS_POSIX_SCAN_H
#define TB_EXPORTERS_POSIX_SCAN_H

#include "core/error.h"

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>

/* Bytes of a name on disk, terminator included. */
#define TB_POSIX_STORED_CAPACITY 256

/* Room for entries of one getdents64(2). */
#define TB_POSIX_ENTRIES_LENGTH 32768

/* Some entries of a directory. */
struct tb_posix_entries {
    char *buffer; /* TB_POSIX_ENTRIES_LENGTH bytes */
    size_t length, at;
};

bool tb_posix_entries_init(struct tb_posix_entries *entries);
void tb_posix_entries_clear(struct tb_posix_entries *entries);
/* The next entry but "." and ".."; its d_off is the position behind it. NULL at the end, or with
 * *error set. What it points at is valid until the next call. */
const struct dirent64 *tb_posix_entries_next(struct tb_posix_entries *entries, int directory,
                                             enum tb_error *error);

struct tb_posix_share;

/* The name in the directory (an O_PATH descriptor) that equals `name`, a name on disk, but for case
 * as Windows sees it. Of several, the first in byte order. OBJECT_NAME_NOT_FOUND: there is none, or
 * the caller may not list the directory. */
enum tb_error tb_posix_find_name(const struct tb_posix_share *share, int directory,
                                 const char *name, char found[TB_POSIX_STORED_CAPACITY]);

#endif
