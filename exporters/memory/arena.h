/* Memory for whole chunks of file data: slabs of 2 MiB, for which the kernel can use one huge page.
 *
 * A page fault for every 4 KiB costs several times what copying the data into it does; a slab faults
 * once, and some emptied slabs are kept for the next file. Threads may share an arena. */
#ifndef TB_EXPORTERS_MEMORY_ARENA_H
#define TB_EXPORTERS_MEMORY_ARENA_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/list.h"

#define TB_MEMORY_SLAB_SIZE (2u << 20)
/* One piece: a chunk of 64 KiB and its header. */
#define TB_MEMORY_PIECE_SIZE (65536u + 64u)

struct tb_memory_arena {
    pthread_mutex_t lock;
    struct tb_list open;  /* slabs with a piece free */
    struct tb_list full;
    struct tb_list empty; /* kept */
    unsigned empty_count;
};

/* False when the lock cannot be made. */
bool tb_memory_arena_init(struct tb_memory_arena *arena);
/* All pieces were given back. */
void tb_memory_arena_clear(struct tb_memory_arena *arena);

/* TB_MEMORY_PIECE_SIZE bytes, or NULL. */
void *tb_memory_arena_take(struct tb_memory_arena *arena);
void tb_memory_arena_give(struct tb_memory_arena *arena, void *piece);

#endif
