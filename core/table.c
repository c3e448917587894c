#include "core/table.h"

#include <assert.h>
#include <stdlib.h>

#define BUCKETS_FIRST 16

/* Ids are counters or random; multiplying spreads both (Fibonacci hashing). */
static size_t bucket_of(const struct tb_table *table, uint64_t key)
{
    return (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 20) & (table->bucket_count - 1);
}

bool tb_table_init(struct tb_table *table)
{
    table->buckets = calloc(BUCKETS_FIRST, sizeof(*table->buckets));
    table->bucket_count = BUCKETS_FIRST;
    table->count = 0;
    return table->buckets != NULL;
}

void tb_table_clear(struct tb_table *table)
{
    assert(table->count == 0);
    free(table->buckets);
    table->buckets = NULL;
}

static void grow(struct tb_table *table)
{
    struct tb_table larger = {.bucket_count = table->bucket_count * 2, .count = table->count};
    larger.buckets = calloc(larger.bucket_count, sizeof(*larger.buckets));
    if (!larger.buckets)
        return;
    for (size_t i = 0; i < table->bucket_count; i++) {
        struct tb_table_entry *next;
        for (struct tb_table_entry *e = table->buckets[i]; e; e = next) {
            next = e->next;
            size_t to = bucket_of(&larger, e->key);
            e->next = larger.buckets[to];
            larger.buckets[to] = e;
        }
    }
    free(table->buckets);
    *table = larger;
}

void tb_table_insert(struct tb_table *table, struct tb_table_entry *entry, uint64_t key)
{
    if (table->count >= table->bucket_count * 2)
        grow(table);
    size_t i = bucket_of(table, key);
    entry->key = key;
    entry->next = table->buckets[i];
    table->buckets[i] = entry;
    table->count++;
}

void tb_table_remove(struct tb_table *table, struct tb_table_entry *entry)
{
    struct tb_table_entry **at = &table->buckets[bucket_of(table, entry->key)];
    while (*at != entry) {
        assert(*at);
        at = &(*at)->next;
    }
    *at = entry->next;
    entry->next = NULL;
    table->count--;
}

static struct tb_table_entry *first_with(struct tb_table_entry *entry, uint64_t key)
{
    while (entry && entry->key != key)
        entry = entry->next;
    return entry;
}

struct tb_table_entry *tb_table_find(const struct tb_table *table, uint64_t key)
{
    return first_with(table->buckets[bucket_of(table, key)], key);
}

struct tb_table_entry *tb_table_find_next(const struct tb_table_entry *entry)
{
    return first_with(entry->next, entry->key);
}
