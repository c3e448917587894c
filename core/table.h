/* An intrusive hash table from 64-bit keys. Never iterated: who needs an order keeps a list. */
#ifndef TB_TABLE_H
#define TB_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tb_table_entry {
    struct tb_table_entry *next;
    uint64_t key;
};

struct tb_table {
    struct tb_table_entry **buckets;
    size_t bucket_count; /* a power of two */
    size_t count;
};

/* False without memory. */
bool tb_table_init(struct tb_table *table);
/* Frees the buckets; the table is empty by then. */
void tb_table_clear(struct tb_table *table);

/* Cannot fail: without memory for more buckets the chains grow longer. Keys need not be unique. */
void tb_table_insert(struct tb_table *table, struct tb_table_entry *entry, uint64_t key);
void tb_table_remove(struct tb_table *table, struct tb_table_entry *entry);

/* The first entry with this key, and the next one with the same key behind `entry`; or NULL. */
struct tb_table_entry *tb_table_find(const struct tb_table *table, uint64_t key);
struct tb_table_entry *tb_table_find_next(const struct tb_table_entry *entry);

#endif
