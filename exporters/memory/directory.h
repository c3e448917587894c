/* The names in one directory: a hash table of folded names, and the order of a listing.
 *
 * Every entry gets a cookie from a counter when it comes into the directory, and listings go by
 * cookie, in the order of creation: what comes and goes during a listing moves nobody else. An
 * entry that is renamed in place keeps its cookie. All zero is an empty directory. */
#ifndef TB_EXPORTERS_MEMORY_DIRECTORY_H
#define TB_EXPORTERS_MEMORY_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tb_memory_node;

struct tb_memory_entry {
    uint64_t cookie;
    struct tb_memory_node *node; /* NULL: was removed */
};

struct tb_memory_directory {
    struct tb_memory_node **buckets; /* chained through node->next_in_bucket */
    size_t bucket_count;             /* a power of two, or 0 */
    struct tb_memory_entry *entries; /* by rising cookie */
    size_t entry_count, entry_capacity;
    size_t live; /* entries that are there */
    uint64_t last_cookie;
};

/* Make room for one more entry. False without memory; nothing changes then. */
bool tb_memory_directory_reserve(struct tb_memory_directory *directory);
/* Put in a node, after a reserve; its `name` and `hash` are set. */
void tb_memory_directory_insert(struct tb_memory_directory *directory, struct tb_memory_node *node);
void tb_memory_directory_remove(struct tb_memory_directory *directory, struct tb_memory_node *node);
/* Give an entry another name, which the node takes over; the old one is freed. */
void tb_memory_directory_rename(struct tb_memory_directory *directory, struct tb_memory_node *node,
                                char *name, uint64_t hash);
struct tb_memory_node *tb_memory_directory_find(const struct tb_memory_directory *directory,
                                                const char *name, uint64_t hash);
/* The index in entries[] of the first one behind `cookie`; entry_count when there is none. */
size_t tb_memory_directory_seek(const struct tb_memory_directory *directory, uint64_t cookie);
void tb_memory_directory_clear(struct tb_memory_directory *directory);

#endif
