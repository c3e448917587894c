/* Case folding as NTFS does it: a table of simple upper-case mappings, one UTF-16 unit to one
 * ($UpCase; MS-UCODEREF 3.1.5.3). Characters outside the BMP have no case here. */
#ifndef TB_NT_UPCASE_H
#define TB_NT_UPCASE_H

#include "core/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

uint16_t tb_upcase(uint16_t unit);

/* A folded name is at most this many bytes, terminator included. */
#define TB_NAME_FOLDED_CAPACITY(length) ((length) / 2 * 3 + 2)

/* One step of folding: the folded form of the next character of `*at`, of which `*left` bytes are
 * there, goes to `to`; both move on. Returns its length, 0 at the end. */
size_t tb_name_fold_next(const char **at, size_t *left, char to[4]);

/* Writes the folded form of a name or path, terminated: the key under which hashes and indexes keep
 * it. Ill-formed bytes stand for themselves. Returns the folded length;
 * `to` holds TB_NAME_FOLDED_CAPACITY(strlen(name)). */
size_t tb_name_fold(const char *name, char *to);

/* The same into memory that the caller frees; NULL without memory. */
char *tb_name_fold_new(const char *name);

/* Order of NTFS: by upper-cased UTF-16 units. 0 exactly when the folded forms are equal. */
int tb_name_compare_folded(const char *a, const char *b);

static inline bool tb_name_equal_folded(const char *a, const char *b)
{
    return tb_name_compare_folded(a, b) == 0;
}

#endif
