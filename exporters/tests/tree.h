/* A directory tree of this machine for tests of the posix exporter: an empty temporary directory,
 * which belongs to the caller that call_run() uses. */
#ifndef TB_EXPORTERS_TESTS_TREE_H
#define TB_EXPORTERS_TESTS_TREE_H

#include "exporters/tests/world.h"

/* The directory's path, while an exporter made by tree_start() lives. */
extern char tree_root[64];

/* `option` may be NULL. The program ends when it does not start. */
struct tb_exporter *tree_start_with(const char *option);
struct tb_exporter *tree_start(void);
/* Ends the exporter and removes the directory; fails if descriptors are left. */
void tree_stop(struct tb_exporter *exporter);

/* Make a file or directory as a local process of that caller's would. */
void tree_put_file(const char *name, const char *text);
void tree_put_directory(const char *name);

/* "ROOT/name"; static storage, two at a time. */
const char *tree_path(const char *name);

#endif
