/* The memory exporter: the reference filesystem. Complete as core/exporter.h demands, and
 * deterministic: time comes from env's wall clock, replies come inside the call.
 *
 * Options: size=BYTES[K|M|G|T], what files and names may occupy (TB_MEMORY_SIZE_DEFAULT). */
#ifndef TB_EXPORTERS_MEMORY_H
#define TB_EXPORTERS_MEMORY_H

#include "core/exporter.h"

#define TB_MEMORY_SIZE_DEFAULT (UINT64_C(2) << 30)
#define TB_MEMORY_CLUSTER      4096u /* allocation sizes are multiples of it */
#define TB_MEMORY_NODE_COST    512u  /* what each name counts, beyond the data */
#define TB_MEMORY_LINKS_MAX    1024u /* as NTFS */
#define TB_MEMORY_FILE_MAX     ((UINT64_C(1) << 44) - 65536) /* as NTFS: 16 TiB less 64 KiB */

extern const struct tb_exporter_ops tb_memory_exporter;

#endif
