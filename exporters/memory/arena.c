#include "exporters/memory/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

/* Slabs without a piece in use that are not given back to the system. */
#define EMPTY_MAX 32

struct slab {
    struct tb_list link;
    void *free;           /* a chain through the pieces given back */
    unsigned used, fresh; /* pieces in use; pieces that were never used */
    _Alignas(64) uint8_t pieces[];
};

#define PIECES ((TB_MEMORY_SLAB_SIZE - sizeof(struct slab)) / TB_MEMORY_PIECE_SIZE)

bool tb_memory_arena_init(struct tb_memory_arena *arena)
{
    tb_list_init(&arena->open);
    tb_list_init(&arena->full);
    tb_list_init(&arena->empty);
    arena->empty_count = 0;
    return pthread_mutex_init(&arena->lock, NULL) == 0;
}

void tb_memory_arena_clear(struct tb_memory_arena *arena)
{
    struct tb_list *link;
    assert(tb_list_empty(&arena->open) && tb_list_empty(&arena->full));
    while ((link = tb_list_take(&arena->empty)))
        free(tb_container(link, struct slab, link));
    pthread_mutex_destroy(&arena->lock);
}

static struct slab *slab_new(void)
{
    struct slab *slab = aligned_alloc(TB_MEMORY_SLAB_SIZE, TB_MEMORY_SLAB_SIZE);
    if (!slab)
        return NULL;
    /* Advice only: without huge pages the slab works as well. */
    (void)madvise(slab, TB_MEMORY_SLAB_SIZE, MADV_HUGEPAGE);
    tb_list_init(&slab->link);
    slab->free = NULL;
    slab->used = 0;
    slab->fresh = PIECES;
    return slab;
}

static struct slab *slab_with_room(struct tb_memory_arena *arena)
{
    if (!tb_list_empty(&arena->open))
        return tb_container(arena->open.next, struct slab, link);
    struct tb_list *link = tb_list_take(&arena->empty);
    if (link)
        arena->empty_count--;
    struct slab *slab = link ? tb_container(link, struct slab, link) : slab_new();
    if (slab)
        tb_list_append(&arena->open, &slab->link);
    return slab;
}

void *tb_memory_arena_take(struct tb_memory_arena *arena)
{
    void *piece = NULL;
    pthread_mutex_lock(&arena->lock);
    struct slab *slab = slab_with_room(arena);
    if (slab) {
        piece = slab->free;
        if (piece)
            slab->free = *(void **)piece;
        else
            piece = slab->pieces + (size_t)(PIECES - slab->fresh--) * TB_MEMORY_PIECE_SIZE;
        slab->used++;
        if (slab->used == PIECES) {
            tb_list_remove(&slab->link);
            tb_list_append(&arena->full, &slab->link);
        }
    }
    pthread_mutex_unlock(&arena->lock);
    return piece;
}

void tb_memory_arena_give(struct tb_memory_arena *arena, void *piece)
{
    struct slab *slab = (struct slab *)((uintptr_t)piece & ~(uintptr_t)(TB_MEMORY_SLAB_SIZE - 1));
    struct slab *unused = NULL;
    pthread_mutex_lock(&arena->lock);
    assert(slab->used > 0);
    *(void **)piece = slab->free;
    slab->free = piece;
    slab->used--;
    tb_list_remove(&slab->link);
    if (slab->used > 0) {
        tb_list_append(&arena->open, &slab->link);
    } else if (arena->empty_count < EMPTY_MAX) {
        tb_list_prepend(&arena->empty, &slab->link);
        arena->empty_count++;
    } else {
        unused = slab;
    }
    pthread_mutex_unlock(&arena->lock);
    free(unused);
}
