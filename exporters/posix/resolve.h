/* From a path to what stands there, never leaving the tree: the kernel resolves beneath the root
 * (openat2(2), RESOLVE_BENEATH), and each component that is not there as it is written is looked
 * for in its directory regardless of case. Called as the caller (identity.h). */
#ifndef TB_EXPORTERS_POSIX_RESOLVE_H
#define TB_EXPORTERS_POSIX_RESOLVE_H

#include "exporters/posix/share.h"

/* A place in the tree. */
struct tb_posix_place {
    char *stored;     /* the path on disk; its last component as asked when it is missing */
    const char *leaf; /* the last component, in `stored`; "" for the root */
    int parent;       /* O_PATH; -1 for the root */
    int entry;        /* O_PATH, of the leaf itself, symbolic link or not; -1: missing */
};

/* TB_OK also when just the last component is missing. On errors *place is empty. Errors:
 * OBJECT_PATH_NOT_FOUND, NOT_A_DIRECTORY, OBJECT_NAME_INVALID, ACCESS_DENIED (also for a way out of
 * the tree), TOO_MANY_OPENED_FILES, NO_MEMORY. */
enum tb_error tb_posix_resolve(const struct tb_posix_share *share, const char *path,
                               struct tb_posix_place *place);
void tb_posix_place_clear(struct tb_posix_place *place);

/* open(2) beneath the root with the share's policy on symbolic links. -1 and errno. */
int tb_posix_open_beneath(const struct tb_posix_share *share, const char *stored, int flags);
/* O_PATH, of what a name in a directory leads to, as far as the share's policy lets it. It is not
 * beneath the root but beneath the directory that it has to stay. -1 and errno. */
int tb_posix_open_linked(const struct tb_posix_share *share, int directory, const char *name);
/* TB_OK while the directory (O_PATH) is the root or beneath it, or the share is a wide one.
 * ACCESS_DENIED when somebody has moved it out; errno's. */
enum tb_error tb_posix_check_beneath(const struct tb_posix_share *share, int directory);
/* A single name in a directory; symbolic links are not followed. -1 and errno. */
int tb_posix_open_entry(int parent, const char *name, int flags, mode_t mode);
/* What an O_PATH descriptor stands for, really opened: this very file, whatever its name leads to
 * by now. -1 and errno. */
int tb_posix_reopen(int path_descriptor, int flags);

/* "/proc/self/fd/N": how system calls that refuse O_PATH descriptors are given them. */
#define TB_POSIX_PROC_CAPACITY 32
const char *tb_posix_proc_path(int descriptor, char to[TB_POSIX_PROC_CAPACITY]);

#endif
