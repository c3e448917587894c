/* Filesystems mounted below a share's root, as /proc/self/mountinfo tells; the kernel says when
 * that has changed. All functions may be called from any thread. */
#ifndef TB_EXPORTERS_POSIX_MOUNTS_H
#define TB_EXPORTERS_POSIX_MOUNTS_H

#include <stdbool.h>

struct tb_posix_mounts;

/* `root` is a descriptor of the share's root; with `everywhere` (symbolic links may lead anywhere)
 * every mount of the machine counts. NULL without memory or /proc. */
struct tb_posix_mounts *tb_posix_mounts_new(int root, bool everywhere);
void tb_posix_mounts_free(struct tb_posix_mounts *mounts);

/* Whether all of them are filesystems of local disks. What was mounted in the last 50 ms may be
 * missing; costs no system call but every 50 ms. */
bool tb_posix_mounts_are_local(struct tb_posix_mounts *mounts);

#endif
