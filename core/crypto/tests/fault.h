/* Makes the k-th allocation of the code under test fail, GnuTLS's own included.
 *
 * The test is linked with --wrap for malloc and calloc; GnuTLS allocates through pointers that it
 * exports. Include it in one file of a test program only. */
#ifndef TB_TESTS_FAULT_H
#define TB_TESTS_FAULT_H

#include "core/error.h"

#include <check.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);

/* Allocations still to succeed; negative: all of them. */
static long tb_fault_countdown = -1;
static int tb_fault_happened;

static int tb_fault_now(void)
{
    if (tb_fault_countdown < 0 || tb_fault_countdown-- > 0)
        return 0;
    tb_fault_happened = 1;
    return 1;
}

void *__wrap_malloc(size_t size)
{
    return tb_fault_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return tb_fault_now() ? NULL : __real_calloc(count, size);
}

static void *tb_fault_realloc(void *old, size_t size)
{
    return tb_fault_now() ? NULL : realloc(old, size);
}

/* Runs `attempt` with each of its allocations failing in turn, until none does; it cleans up after
 * itself, and asserts nothing, for Check allocates too. Returns how many allocations it made. */
static inline long tb_fault_each(enum tb_error (*attempt)(void))
{
    long k = 0;

    gnutls_malloc = __wrap_malloc;
    gnutls_calloc = __wrap_calloc;
    gnutls_realloc = tb_fault_realloc;
    for (;; k++) {
        tb_fault_happened = 0;
        tb_fault_countdown = k;
        enum tb_error error = attempt();
        tb_fault_countdown = -1;
        ck_assert_int_eq(error, tb_fault_happened ? TB_NO_MEMORY : TB_OK);
        if (!tb_fault_happened)
            return k;
    }
}

#endif
