/* The calls on a file's data and size. Each answers its call. */
#ifndef TB_EXPORTERS_MEMORY_FILE_H
#define TB_EXPORTERS_MEMORY_FILE_H

#include "exporters/memory/tree.h"

void tb_memory_read(struct tb_memory_node *node, struct tb_call *call);
void tb_memory_write(struct tb_memory_tree *tree, struct tb_memory_node *node,
                     struct tb_call *call);
void tb_memory_set_size(struct tb_memory_tree *tree, struct tb_memory_node *node,
                        struct tb_call *call);
void tb_memory_set_allocation(struct tb_memory_tree *tree, struct tb_memory_node *node,
                              struct tb_call *call);
void tb_memory_zero(struct tb_memory_tree *tree, struct tb_memory_node *node, struct tb_call *call);
void tb_memory_allocated_ranges(struct tb_memory_node *node, struct tb_call *call);
/* Here because the attribute SPARSE_FILE changes what the data occupies. */
void tb_memory_set_attributes(struct tb_memory_tree *tree, struct tb_memory_node *node,
                              struct tb_call *call);

#endif
