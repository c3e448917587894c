#include "exporters/memory/directory.h"

#include "core/nt/upcase.h"
#include "exporters/memory/tree.h"

#include <assert.h>
#include <stdlib.h>

#define HOLES_MIN 32 /* not worth closing fewer */

static struct tb_memory_name **bucket_of(const struct tb_memory_directory *directory, uint64_t hash)
{
    return &directory->buckets[hash & (directory->bucket_count - 1)];
}

static void hash_in(struct tb_memory_directory *directory, struct tb_memory_name *name)
{
    struct tb_memory_name **bucket = bucket_of(directory, name->hash);
    name->next_in_bucket = *bucket;
    *bucket = name;
}

static void hash_out(struct tb_memory_directory *directory, struct tb_memory_name *name)
{
    struct tb_memory_name **at = bucket_of(directory, name->hash);
    while (*at != name)
        at = &(*at)->next_in_bucket;
    *at = name->next_in_bucket;
    name->next_in_bucket = NULL;
}

static bool grow_buckets(struct tb_memory_directory *directory)
{
    struct tb_memory_directory larger = *directory;
    larger.bucket_count = directory->bucket_count ? directory->bucket_count * 2 : 8;
    larger.buckets = calloc(larger.bucket_count, sizeof(struct tb_memory_name *));
    if (!larger.buckets)
        return false;
    for (size_t i = 0; i < directory->entry_count; i++)
        if (directory->entries[i].name)
            hash_in(&larger, directory->entries[i].name);
    free(directory->buckets);
    *directory = larger;
    return true;
}

static bool grow_entries(struct tb_memory_directory *directory)
{
    size_t capacity = directory->entry_capacity ? directory->entry_capacity * 2 : 8;
    struct tb_memory_entry *entries = realloc(directory->entries, capacity * sizeof *entries);
    if (!entries)
        return false;
    directory->entries = entries;
    directory->entry_capacity = capacity;
    return true;
}

bool tb_memory_directory_reserve(struct tb_memory_directory *directory)
{
    if (directory->entry_count == directory->entry_capacity && !grow_entries(directory))
        return false;
    return directory->live < directory->bucket_count || grow_buckets(directory);
}

void tb_memory_directory_insert(struct tb_memory_directory *directory, struct tb_memory_name *name)
{
    assert(directory->entry_count < directory->entry_capacity && directory->bucket_count);
    name->cookie = ++directory->last_cookie;
    directory->entries[directory->entry_count++] = (struct tb_memory_entry){name->cookie, name};
    directory->live++;
    hash_in(directory, name);
}

static void close_holes(struct tb_memory_directory *directory)
{
    size_t kept = 0;
    for (size_t i = 0; i < directory->entry_count; i++)
        if (directory->entries[i].name)
            directory->entries[kept++] = directory->entries[i];
    directory->entry_count = kept;
}

void tb_memory_directory_remove(struct tb_memory_directory *directory, struct tb_memory_name *name)
{
    size_t index = tb_memory_directory_seek(directory, name->cookie - 1);
    assert(directory->entries[index].name == name);
    directory->entries[index].name = NULL;
    directory->live--;
    while (directory->entry_count && !directory->entries[directory->entry_count - 1].name)
        directory->entry_count--;
    size_t holes = directory->entry_count - directory->live;
    if (holes > HOLES_MIN && holes > directory->live)
        close_holes(directory);
    hash_out(directory, name);
}

void tb_memory_directory_rename(struct tb_memory_directory *directory, struct tb_memory_name *name,
                                char *text, uint64_t hash)
{
    hash_out(directory, name);
    free(name->text);
    name->text = text;
    name->hash = hash;
    hash_in(directory, name);
}

struct tb_memory_name *tb_memory_directory_find(const struct tb_memory_directory *directory,
                                                const char *text, uint64_t hash)
{
    if (!directory->bucket_count)
        return NULL;
    struct tb_memory_name *name = *bucket_of(directory, hash);
    while (name && (name->hash != hash || !tb_name_equal_folded(name->text, text)))
        name = name->next_in_bucket;
    return name;
}

size_t tb_memory_directory_seek(const struct tb_memory_directory *directory, uint64_t cookie)
{
    size_t low = 0, high = directory->entry_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (directory->entries[middle].cookie <= cookie)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void tb_memory_directory_clear(struct tb_memory_directory *directory)
{
    free(directory->buckets);
    free(directory->entries);
    *directory = (struct tb_memory_directory){0};
}
