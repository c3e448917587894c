/* The bytes of one file, in chunks of at most 64 KiB that are allocated as they are written; what
 * is missing reads as zeros. Whole chunks come from an arena, smaller ones from malloc. The chunks hang in a radix tree that grows with the highest offset.
 * Knows no locks and no end of file: whoever owns it sees to both. All zero but
 * `arena` is an empty one. */
#ifndef TB_EXPORTERS_MEMORY_DATA_H
#define TB_EXPORTERS_MEMORY_DATA_H

#include "core/bytes.h"
#include "exporters/memory/arena.h"

struct tb_memory_data {
    struct tb_memory_arena *arena; /* NULL: everything from malloc */
    void *root;      /* a chunk when height is 0, else a table */
    unsigned height; /* tables on the way to a chunk */
    uint64_t stored; /* bytes of the clusters that hold something */
};

/* How much `stored` will grow when this range is written. */
uint64_t tb_memory_data_growth(const struct tb_memory_data *data, uint64_t offset, size_t length);

/* Allocate all that writing this range needs. False without memory; nothing changes then. */
bool tb_memory_data_reserve(struct tb_memory_data *data, uint64_t offset, size_t length);

/* Write a range that was reserved. */
void tb_memory_data_write(struct tb_memory_data *data, uint64_t offset, struct tb_span span);

void tb_memory_data_read(const struct tb_memory_data *data, uint64_t offset, uint8_t *to,
                         size_t length);

/* Make a range read as zeros; whole chunks in it are dropped. */
void tb_memory_data_zero(struct tb_memory_data *data, uint64_t offset, uint64_t length);

/* The first piece that is stored at or behind an offset, in whole clusters: [*from, *to), within one
 * chunk. *from may lie before the offset. False when there is none. */
bool tb_memory_data_next(const struct tb_memory_data *data, uint64_t offset, uint64_t *from,
                         uint64_t *to);

/* Drop everything from `size` on. */
void tb_memory_data_cut(struct tb_memory_data *data, uint64_t size);

#endif
