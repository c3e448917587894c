/* Replaces malloc and its family in the program it is linked into, for all libraries, too. See
 * sim/fault.h. What was allocated while armed is remembered by address, so that it is known at the
 * end whether all of it was freed. Under AddressSanitizer the sanitizer's own functions are below. */
#include "sim/fault.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WITH_SANITIZER
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WITH_SANITIZER
#endif
/* These functions are called before the sanitizer is ready to check anything. */
#define UNCHECKED __attribute__((no_sanitize("address", "thread", "undefined")))
#if defined(WITH_SANITIZER)
#define BELOW(name) __interceptor_##name
#else
#define BELOW(name) __libc_##name
#endif

extern void *BELOW(malloc)(size_t size);
extern void *BELOW(calloc)(size_t count, size_t size);
extern void *BELOW(realloc)(void *block, size_t size);
extern void BELOW(free)(void *block);

#define TABLE_SIZE (1u << 16)

/* Open addressing with linear probing; no more than half full, or the test is too big. */
static void *table[TABLE_SIZE];

UNCHECKED static size_t slot_of(const void *block)
{
    return (size_t)(((uintptr_t)block >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 48) % TABLE_SIZE;
}

UNCHECKED static void put(void *block)
{
    size_t i = slot_of(block);
    while (table[i])
        i = (i + 1) % TABLE_SIZE;
    table[i] = block;
    if (++tb_sim_fault.live > TABLE_SIZE / 2)
        abort();
}

UNCHECKED static void remember(void *block)
{
    if (block && tb_sim_fault.armed)
        put(block);
}

/* Those behind the gap that belong before it move up. */
UNCHECKED static void close_gap(size_t gap)
{
    for (size_t i = (gap + 1) % TABLE_SIZE; table[i]; i = (i + 1) % TABLE_SIZE) {
        size_t wanted = slot_of(table[i]);
        if ((i - wanted) % TABLE_SIZE < (i - gap) % TABLE_SIZE)
            continue;
        table[gap] = table[i];
        gap = i;
    }
    table[gap] = NULL;
}

UNCHECKED static void forget(void *block)
{
    if (!block || tb_sim_fault.live == 0)
        return;
    for (size_t i = slot_of(block); table[i]; i = (i + 1) % TABLE_SIZE) {
        if (table[i] != block)
            continue;
        close_gap(i);
        tb_sim_fault.live--;
        return;
    }
}

UNCHECKED static bool fails(void)
{
    if (!tb_sim_fault.armed)
        return false;
    uint64_t k = ++tb_sim_fault.count;
    bool failing = tb_sim_fault.fail_at && (k == tb_sim_fault.fail_at ||
                                            (tb_sim_fault.persistent && k > tb_sim_fault.fail_at));
    if (tb_sim_fault.fail_one_in)
        failing = tb_sim_random_mix(&tb_sim_fault.random) % tb_sim_fault.fail_one_in == 0;
    if (!failing)
        return false;
    tb_sim_fault.failed++;
    errno = ENOMEM;
    return true;
}

UNCHECKED void *malloc(size_t size)
{
    if (fails())
        return NULL;
    void *block = BELOW(malloc)(size);
    remember(block);
    return block;
}

UNCHECKED void *calloc(size_t count, size_t size)
{
    if (fails())
        return NULL;
    void *block = BELOW(calloc)(count, size);
    remember(block);
    return block;
}

UNCHECKED void *realloc(void *block, size_t size)
{
    if (fails())
        return NULL;
    bool known = tb_sim_fault.live > 0 && block;
    uint64_t before = tb_sim_fault.live;
    if (known)
        forget(block);
    known = known && tb_sim_fault.live < before;
    void *moved = BELOW(realloc)(block, size);
    if (moved && (known || tb_sim_fault.armed))
        put(moved);
    else if (!moved && known && size)
        put(block);
    return moved;
}

UNCHECKED void free(void *block)
{
    forget(block);
    BELOW(free)(block);
}

void tb_sim_fault_start(uint64_t fail_at)
{
    memset(table, 0, sizeof(table));
    tb_sim_fault = (struct tb_sim_fault){.wanted = true, .fail_at = fail_at};
}

void tb_sim_fault_stop(void)
{
    tb_sim_fault.wanted = tb_sim_fault.armed = false;
}
