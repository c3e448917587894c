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

struct tb_memory_name;

struct tb_memory_entry {
    uint64_t cookie;
    struct tb_memory_name *name; /* NULL: was removed */
};

struct tb_memory_directory {
    struct tb_memory_name **buckets; /* chained through name->next_in_bucket */
    size_t bucket_count;             /* a power of two, or 0 */
    struct tb_memory_entry *entries; /* by rising cookie */
    size_t entry_count, entry_capacity;
    size_t live; /* entries that are there */
    uint64_t last_cookie;
};

/* Make room for one more entry. False without memory; nothing changes then. */
bool tb_memory_directory_reserve(struct tb_memory_directory *directory);
/* Put in a name, after a reserve; its `text` and `hash` are set. */
void tb_memory_directory_insert(struct tb_memory_directory *directory, struct tb_memory_name *name);
void tb_memory_directory_remove(struct tb_memory_directory *directory, struct tb_memory_name *name);
/* Change a name, which takes `text` over; the old text is freed. */
void tb_memory_directory_rename(struct tb_memory_directory *directory, struct tb_memory_name *name,
                                char *text, uint64_t hash);
struct tb_memory_name *tb_memory_directory_find(const struct tb_memory_directory *directory,
                                                const char *text, uint64_t hash);
/* The index in entries[] of the first one behind `cookie`; entry_count when there is none. */
size_t tb_memory_directory_seek(const struct tb_memory_directory *directory, uint64_t cookie);
void tb_memory_directory_clear(struct tb_memory_directory *directory);

#endif
