#include "exporters/memory/data.h"

#include "exporters/memory/memory.h"

#include <assert.h>
#include <stdlib.h>

#define CHUNK_SIZE    65536u
#define TABLE_BITS    8
#define TABLE_ENTRIES (1u << TABLE_BITS)

struct chunk {
    uint32_t capacity;
    uint32_t length; /* bytes written; zeros are understood behind them */
    bool from_arena;
    uint8_t bytes[];
};

static_assert(sizeof(struct chunk) + CHUNK_SIZE <= TB_MEMORY_PIECE_SIZE, "a chunk is a piece");

/* One chunk's part of a range. */
struct piece {
    uint64_t index; /* of the chunk */
    uint32_t from;  /* in the chunk */
    uint32_t length;
};

static struct piece first_piece(uint64_t offset, size_t length)
{
    struct piece piece = {offset / CHUNK_SIZE, (uint32_t)(offset % CHUNK_SIZE), 0};
    size_t room = CHUNK_SIZE - piece.from;
    piece.length = (uint32_t)(length < room ? length : room);
    return piece;
}

static uint32_t whole_clusters(uint32_t length)
{
    return (length + TB_MEMORY_CLUSTER - 1) & ~(TB_MEMORY_CLUSTER - 1);
}

/* Where the pointer to a chunk stands, or NULL when the tree does not reach there. */
static void **find_slot(const struct tb_memory_data *data, uint64_t index)
{
    void *const *slot = &data->root;
    if (index >> (TABLE_BITS * data->height))
        return NULL;
    for (unsigned height = data->height; height > 0; height--) {
        void **table = *slot;
        if (!table)
            return NULL;
        slot = &table[(index >> (TABLE_BITS * (height - 1))) % TABLE_ENTRIES];
    }
    return (void **)slot;
}

static struct chunk *find_chunk(const struct tb_memory_data *data, uint64_t index)
{
    void **slot = find_slot(data, index);
    return slot ? *slot : NULL;
}

static bool grow_tree(struct tb_memory_data *data, uint64_t index)
{
    while (index >> (TABLE_BITS * data->height)) {
        if (data->root) {
            void **table = calloc(TABLE_ENTRIES, sizeof *table);
            if (!table)
                return false;
            table[0] = data->root;
            data->root = table;
        }
        data->height++;
    }
    return true;
}

static void **make_slot(struct tb_memory_data *data, uint64_t index)
{
    if (!grow_tree(data, index))
        return NULL;
    void **slot = &data->root;
    for (unsigned height = data->height; height > 0; height--) {
        if (!*slot)
            *slot = calloc(TABLE_ENTRIES, sizeof(void *));
        void **table = *slot;
        if (!table)
            return NULL;
        slot = &table[(index >> (TABLE_BITS * (height - 1))) % TABLE_ENTRIES];
    }
    return slot;
}

static void free_chunk(const struct tb_memory_data *data, struct chunk *chunk)
{
    if (chunk && chunk->from_arena)
        tb_memory_arena_give(data->arena, chunk);
    else
        free(chunk);
}

/* A chunk of full size in the place of `chunk`, which may be NULL. */
static struct chunk *whole_chunk(const struct tb_memory_data *data, struct chunk *chunk)
{
    struct chunk *whole = data->arena ? tb_memory_arena_take(data->arena) : NULL;
    bool from_arena = whole != NULL;
    if (!whole)
        whole = malloc(sizeof *whole + CHUNK_SIZE);
    if (!whole)
        return NULL;
    whole->length = chunk ? chunk->length : 0;
    if (chunk)
        memcpy(whole->bytes, chunk->bytes, chunk->length);
    free_chunk(data, chunk);
    whole->capacity = CHUNK_SIZE;
    whole->from_arena = from_arena;
    return whole;
}

static struct chunk *part_chunk(struct chunk *chunk, uint32_t capacity)
{
    struct chunk *larger = realloc(chunk, sizeof *chunk + capacity);
    if (!larger)
        return NULL;
    larger->capacity = capacity;
    larger->from_arena = false;
    if (!chunk)
        larger->length = 0;
    return larger;
}

/* A file that grows in small steps doubles its last chunk; one written at once gets no more than it
 * needs. */
static bool reserve_chunk(const struct tb_memory_data *data, void **slot, uint32_t needed)
{
    struct chunk *chunk = *slot;
    uint32_t capacity = whole_clusters(needed);
    if (chunk && chunk->capacity >= needed)
        return true;
    if (chunk && capacity < 2 * chunk->capacity)
        capacity = 2 * chunk->capacity;
    struct chunk *larger =
        capacity >= CHUNK_SIZE ? whole_chunk(data, chunk) : part_chunk(chunk, capacity);
    if (larger)
        *slot = larger;
    return larger != NULL;
}

/* Take back what a reservation that failed had added. */
static void drop_empty_chunks(struct tb_memory_data *data, uint64_t index, uint64_t end)
{
    for (; index < end; index++) {
        void **slot = find_slot(data, index);
        struct chunk *chunk = slot ? *slot : NULL;
        if (chunk && chunk->length == 0) {
            free_chunk(data, chunk);
            *slot = NULL;
        }
    }
}

bool tb_memory_data_reserve(struct tb_memory_data *data, uint64_t offset, size_t length)
{
    uint64_t first = offset / CHUNK_SIZE;
    while (length) {
        struct piece piece = first_piece(offset, length);
        void **slot = make_slot(data, piece.index);
        if (!slot || !reserve_chunk(data, slot, piece.from + piece.length)) {
            drop_empty_chunks(data, first, piece.index);
            return false;
        }
        offset += piece.length;
        length -= piece.length;
    }
    return true;
}

uint64_t tb_memory_data_growth(const struct tb_memory_data *data, uint64_t offset, size_t length)
{
    uint64_t growth = 0;
    while (length) {
        struct piece piece = first_piece(offset, length);
        const struct chunk *chunk = find_chunk(data, piece.index);
        uint32_t old = chunk ? chunk->length : 0, end = piece.from + piece.length;
        if (end > old)
            growth += whole_clusters(end) - whole_clusters(old);
        offset += piece.length;
        length -= piece.length;
    }
    return growth;
}

static void write_chunk(struct tb_memory_data *data, struct chunk *chunk, uint32_t from,
                        const uint8_t *bytes, uint32_t length)
{
    uint32_t end = from + length;
    assert(chunk && chunk->capacity >= end);
    if (from > chunk->length)
        memset(chunk->bytes + chunk->length, 0, from - chunk->length);
    memcpy(chunk->bytes + from, bytes, length);
    if (end > chunk->length) {
        data->stored += whole_clusters(end) - whole_clusters(chunk->length);
        chunk->length = end;
    }
}

void tb_memory_data_write(struct tb_memory_data *data, uint64_t offset, struct tb_span span)
{
    while (span.length) {
        struct piece piece = first_piece(offset, span.length);
        write_chunk(data, find_chunk(data, piece.index), piece.from, span.data, piece.length);
        offset += piece.length;
        span.data += piece.length;
        span.length -= piece.length;
    }
}

void tb_memory_data_read(const struct tb_memory_data *data, uint64_t offset, uint8_t *to,
                         size_t length)
{
    while (length) {
        struct piece piece = first_piece(offset, length);
        const struct chunk *chunk = find_chunk(data, piece.index);
        uint32_t there = chunk && chunk->length > piece.from ? chunk->length - piece.from : 0;
        if (there > piece.length)
            there = piece.length;
        if (there)
            memcpy(to, chunk->bytes + piece.from, there);
        memset(to + there, 0, piece.length - there);
        to += piece.length;
        offset += piece.length;
        length -= piece.length;
    }
}

static void drop_chunk(struct tb_memory_data *data, void **slot)
{
    struct chunk *chunk = *slot;
    data->stored -= whole_clusters(chunk->length);
    free_chunk(data, chunk);
    *slot = NULL;
}

/* Drop the chunks from the `first` on beneath a slot, and the tables left without any. */
static void drop_from(struct tb_memory_data *data, void **slot, unsigned height, uint64_t first)
{
    if (!*slot)
        return;
    if (height == 0) {
        if (first == 0)
            drop_chunk(data, slot);
        return;
    }
    void **table = *slot;
    uint64_t reach = UINT64_C(1) << (TABLE_BITS * (height - 1));
    for (uint64_t i = first / reach; i < TABLE_ENTRIES; i++)
        drop_from(data, &table[i], height - 1, i == first / reach ? first % reach : 0);
    if (first == 0) {
        free(table);
        *slot = NULL;
    }
}

/* The chunk in less memory, or NULL. */
static struct chunk *smaller_chunk(const struct tb_memory_data *data, struct chunk *chunk,
                                   uint32_t capacity)
{
    if (!chunk->from_arena)
        return realloc(chunk, sizeof *chunk + capacity);
    struct chunk *smaller = malloc(sizeof *smaller + capacity);
    if (!smaller)
        return NULL;
    memcpy(smaller, chunk, sizeof *chunk + chunk->length);
    free_chunk(data, chunk);
    smaller->from_arena = false;
    return smaller;
}

/* Give memory back; without memory for that the chunk stays as large as it is. */
static void cut_chunk(struct tb_memory_data *data, void **slot, uint32_t length)
{
    struct chunk *chunk = *slot;
    uint32_t capacity = whole_clusters(length);
    if (chunk->length > length) {
        data->stored -= whole_clusters(chunk->length) - capacity;
        chunk->length = length;
    }
    if (chunk->capacity <= capacity)
        return;
    struct chunk *smaller = smaller_chunk(data, chunk, capacity);
    if (smaller) {
        smaller->capacity = capacity;
        *slot = smaller;
    }
}

void tb_memory_data_cut(struct tb_memory_data *data, uint64_t size)
{
    uint32_t rest = (uint32_t)(size % CHUNK_SIZE);
    drop_from(data, &data->root, data->height, size / CHUNK_SIZE + (rest != 0));
    if (!data->root)
        data->height = 0;
    void **slot = rest ? find_slot(data, size / CHUNK_SIZE) : NULL;
    if (slot && *slot)
        cut_chunk(data, slot, rest);
}

static void zero_in_chunk(struct tb_memory_data *data, uint64_t index, uint32_t from,
                          uint32_t length)
{
    void **slot = find_slot(data, index);
    struct chunk *chunk = slot ? *slot : NULL;
    if (!chunk || from >= chunk->length)
        return;
    uint32_t left = chunk->length - from;
    if (from == 0 && length >= left)
        drop_chunk(data, slot);
    else
        memset(chunk->bytes + from, 0, length < left ? length : left);
}

/* The first chunk at or behind `first` beneath a slot, counted from there. */
static const struct chunk *next_chunk(void *const *slot, unsigned height, uint64_t first,
                                      uint64_t *index)
{
    if (!*slot)
        return NULL;
    if (height == 0) {
        *index = 0;
        return first == 0 ? *slot : NULL;
    }
    void *const *table = *slot;
    uint64_t reach = UINT64_C(1) << (TABLE_BITS * (height - 1));
    for (uint64_t i = first / reach; i < TABLE_ENTRIES; i++) {
        uint64_t beneath;
        const struct chunk *chunk =
            next_chunk(&table[i], height - 1, i == first / reach ? first % reach : 0, &beneath);
        if (chunk) {
            *index = i * reach + beneath;
            return chunk;
        }
    }
    return NULL;
}

void tb_memory_data_zero(struct tb_memory_data *data, uint64_t offset, uint64_t length)
{
    uint64_t end = offset + length;
    while (offset < end) {
        struct piece piece =
            first_piece(offset, end - offset < SIZE_MAX ? (size_t)(end - offset) : SIZE_MAX);
        uint64_t index;
        if (piece.from == 0 && !find_chunk(data, piece.index)) {
            /* Holes may be as long as files. */
            if (!next_chunk(&data->root, data->height, piece.index, &index))
                return;
            offset = index * CHUNK_SIZE;
            continue;
        }
        zero_in_chunk(data, piece.index, piece.from, piece.length);
        offset += piece.length;
    }
}

bool tb_memory_data_next(const struct tb_memory_data *data, uint64_t offset, uint64_t *from,
                         uint64_t *to)
{
    uint64_t first = offset / CHUNK_SIZE, index;
    for (;;) {
        const struct chunk *chunk = next_chunk(&data->root, data->height, first, &index);
        if (!chunk)
            return false;
        *from = index * CHUNK_SIZE;
        *to = *from + whole_clusters(chunk->length);
        if (*to > offset)
            return true;
        first = index + 1;
    }
}
