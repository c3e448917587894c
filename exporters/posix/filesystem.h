/* Kinds of filesystem. A local one waits for nothing but disks of this machine, and nobody changes
 * it but through this kernel's own view of it. */
#ifndef TB_EXPORTERS_POSIX_FILESYSTEM_H
#define TB_EXPORTERS_POSIX_FILESYSTEM_H

#include <stdbool.h>

/* What a descriptor (O_PATH or not) is on. False also when that cannot be found out. */
bool tb_posix_filesystem_is_local(int descriptor);

/* By its type as mount(8) names it: asks nothing of the filesystem, which may hang. Those that hold
 * no files of anybody's (proc and the like) count as local. */
bool tb_posix_filesystem_type_is_local(const char *type);

#endif
