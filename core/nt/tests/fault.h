/* Make the n-th allocation fail; for one file of a test linked with NT_FAULT_WRAP. */
#ifndef TB_NT_TESTS_FAULT_H
#define TB_NT_TESTS_FAULT_H

#include "core/error.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>

static unsigned fault_countdown; /* 0: never */
static bool fault_hit;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t length);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t length);

static bool fault_now(void)
{
    if (fault_countdown == 0 || --fault_countdown > 0)
        return false;
    fault_hit = true;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fault_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fault_now() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fault_now() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
    return fault_now() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t length)
{
    return fault_now() ? NULL : __real_strndup(text, length);
}

/* Runs `attempt` with its 1st, 2nd ... allocation failing, until none is left to fail. It answers
 * TB_NO_MEMORY exactly when one failed, else TB_OK, cleans up after itself, and asserts nothing
 * with Check, which allocates. Returns how many allocations it makes. */
static inline unsigned fault_each(enum tb_error (*attempt)(void))
{
    for (unsigned n = 1;; n++) {
        fault_hit = false;
        fault_countdown = n;
        enum tb_error error = attempt();
        fault_countdown = 0;
        ck_assert_int_eq(error, fault_hit ? TB_NO_MEMORY : TB_OK);
        if (!fault_hit)
            return n - 1;
    }
}

#endif
