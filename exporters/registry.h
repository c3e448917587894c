/* From the text of `tombolo serve --share NAME=EXPORTER:ARG[,option…]` to a running exporter. */
#ifndef TB_EXPORTERS_REGISTRY_H
#define TB_EXPORTERS_REGISTRY_H

#include "core/exporter.h"

/* Make what stands behind NAME=. EXPORTER is "memory", "posix" or "plugin"; ARG and the options are its own,
 * but for `filter=NAME[:option[:option…]]`, which any exporter takes: the filters `readonly`,
 * `names`, `log` and `fault` (exporters/filters/filters.h) stack in the order written, the last one outermost.
 *
 * `env` is copied; what it points at outlives the exporter. End *out with tb_exporter_free().
 * On errors `message` (`size` bytes) says what is wrong and how to mend it: TB_INVALID_PARAMETER
 * for what is misspelt, and whatever the exporter's start() answers. */
enum tb_error tb_exporter_make(const char *specification, const struct tb_env *env,
                               struct tb_exporter **out, char *message, size_t size);

#endif
