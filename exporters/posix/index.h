/* Which names the directories of a share hold, regardless of case, so that a miss costs no reading
 * of the directory.
 *
 * A directory's index is made at its first miss and kept right by an inotify watch. An answer is
 * given only after all that the kernel has reported until then was taken into account; when reports
 * were lost, the watch is gone, or the filesystem can change without this kernel knowing (a
 * network, FUSE, overlay), there is no index and the answer is TB_POSIX_UNKNOWN. Bounded: the
 * directories that were not asked about for the longest time are forgotten. Any thread. */
#ifndef TB_EXPORTERS_POSIX_INDEX_H
#define TB_EXPORTERS_POSIX_INDEX_H

#include "core/env.h"
#include "exporters/posix/name_map.h"
#include "exporters/posix/scan.h"

#include <stdint.h>

struct tb_posix_index;

enum tb_posix_known {
    TB_POSIX_UNKNOWN, /* read the directory */
    TB_POSIX_ABSENT,  /* at some moment since the call began it was not there in any case */
    TB_POSIX_PRESENT,
};

/* `bytes_max`: memory for it. NULL without memory or inotify. */
struct tb_posix_index *tb_posix_index_new(const struct tb_env *env, enum tb_posix_names names,
                                          uint64_t bytes_max);
/* NULL is fine. */
void tb_posix_index_free(struct tb_posix_index *index);

/* The name in the directory (an O_PATH descriptor, which the caller may list) that equals `wanted`,
 * a name as clients see it, but for case; of several the first in byte order. */
enum tb_posix_known tb_posix_index_find(struct tb_posix_index *index, int directory,
                                        const char *wanted, char found[TB_POSIX_STORED_CAPACITY]);

/* For tests. */
struct tb_posix_index_counts {
    uint64_t directories, bytes; /* now */
    uint64_t built, overflows;   /* ever */
};
void tb_posix_index_count(struct tb_posix_index *index, struct tb_posix_index_counts *out);

#endif
