/* An exporter for a directory tree of this machine: `posix:/path`.
 *
 * Options: symlinks=inside|none, create-mask=OCTAL, directory-mask=OCTAL (docs/exporters.md). */
#ifndef TB_EXPORTERS_POSIX_H
#define TB_EXPORTERS_POSIX_H

#include "core/exporter.h"

extern const struct tb_exporter_ops tb_posix_exporter;

#endif
