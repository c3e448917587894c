/* Exporters from outside: a shared object that exports
 *
 *     const struct tb_exporter_ops tombolo_exporter = { … };
 *
 * built against the installed headers (pkg-config --cflags tombolo; docs/exporters.md). */
#ifndef TB_EXPORTERS_PLUGIN_H
#define TB_EXPORTERS_PLUGIN_H

#include "core/exporter.h"

/* Load the shared object at `path` and start its exporter, which gets `path` as its argument. The
 * object is unloaded by tb_exporter_free(). Errors: OBJECT_NAME_NOT_FOUND (it cannot be loaded),
 * PROCEDURE_NOT_FOUND (it is no exporter), INVALID_PARAMETER (built for another version), and those
 * of its own start(). */
enum tb_error tb_plugin_start(const char *path, const char *const *options,
                              const struct tb_env *env, struct tb_exporter **out, char *message,
                              size_t size);

#endif
