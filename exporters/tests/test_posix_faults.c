/* The posix exporter when memory or descriptors run out: the error says so, nothing stays open, and
 * what failed has done nothing. */
#include "exporters/tests/tree.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define assert_ok(call)           ck_assert_int_eq((call), TB_OK)
#define assert_error(call, error) ck_assert_int_eq((call), (error))

static struct tb_exporter *posix;
static bool counting;  /* allocations are counted, */
static unsigned until; /* and this one fails; 0: none does */
static bool failed;
static unsigned failures;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t length);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t length);

static bool fails(void)
{
    if (!counting || until == 0 || --until > 0)
        return false;
    failed = true;
    failures++;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t length)
{
    return fails() ? NULL : __real_strndup(text, length);
}

static void set_up(void)
{
    posix = tree_start();
    tree_put_directory("Directory");
}

static void tear_down(void)
{
    tree_stop(posix);
}

/* Do `call` with its first, second, third … allocation failing, until none fails. */
#define attempt_each(call)                                                                         \
    do {                                                                                           \
        enum tb_error error_ = TB_NO_MEMORY;                                                       \
        for (unsigned n_ = 1; error_; n_++) {                                                      \
            ck_assert_uint_lt(n_, 100);                                                            \
            until = n_;                                                                            \
            failed = false;                                                                        \
            counting = true;                                                                       \
            error_ = (call);                                                                       \
            counting = false;                                                                      \
            ck_assert(error_ == TB_OK || (error_ == TB_NO_MEMORY && failed));                      \
        }                                                                                          \
    } while (0)

START_TEST(memory_runs_out)
{
    struct opened f, d;
    struct listed *entries = calloc(4, sizeof *entries);
    struct tb_attributes a = {.file_attributes = 2};
    size_t count;
    bool end;

    attempt_each(call_open(posix, "DIRECTORY/new", TB_OPEN_NEW, false, &f));
    attempt_each(call_write(posix, f.handle, 0, "x", 1));
    attempt_each(call_set(posix, f.handle, 16, &a));
    attempt_each(call_rename(posix, f.handle, "directory/other", false));
    call_close(posix, f.handle);
    attempt_each(call_open(posix, "Directory/OTHER", TB_OPEN_EITHER, false, &f));
    attempt_each(call_rename(posix, f.handle, "directory/OTHER", false));
    attempt_each(call_open(posix, "directory", TB_OPEN_EXISTING, false, &d));
    attempt_each(call_list(posix, d.handle, 0, entries, 4, &count, &end));
    ck_assert_uint_eq(count, 1);
    attempt_each(call_remove(posix, f.handle));
    call_close(posix, f.handle);
    call_close(posix, d.handle);
    free(entries);
    ck_assert_uint_gt(failures, 15);
}
END_TEST

START_TEST(descriptors_run_out)
{
    enum { MANY = 64 };
    struct opened opened[MANY];
    struct rlimit before, few;
    char name[32];
    int used = open("/dev/null", O_RDONLY), count = 0;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = (rlim_t)used + 20;
    close(used);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    enum tb_error error = TB_OK;
    while (count < MANY) {
        snprintf(name, sizeof name, "directory/f%d", count);
        error = call_open(posix, name, TB_OPEN_NEW, false, &opened[count]);
        if (error)
            break;
        count++;
    }
    assert_error(error, TB_TOO_MANY_OPENED_FILES);
    ck_assert_int_gt(count, 4);
    for (int i = 0; i < count; i++) {
        assert_ok(call_write(posix, opened[i].handle, 0, "x", 1));
        call_close(posix, opened[i].handle);
    }
    assert_ok(path_create(posix, name, false));
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("posix faults");
    TCase *own = tcase_create("faults");

    tcase_add_checked_fixture(own, set_up, tear_down);
    tcase_set_timeout(own, 120);
    tcase_add_test(own, memory_runs_out);
    tcase_add_test(own, descriptors_run_out);
    suite_add_tcase(suite, own);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return count != 0;
}
