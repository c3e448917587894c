/* What kind of filesystem a descriptor (O_PATH or not) is on. */
#ifndef TB_EXPORTERS_POSIX_FILESYSTEM_H
#define TB_EXPORTERS_POSIX_FILESYSTEM_H

#include <stdbool.h>

/* It waits for nothing but disks of this machine, and nobody changes it but through this kernel's
 * own view of it. False also when that cannot be found out. */
bool tb_posix_filesystem_is_local(int descriptor);

#endif
