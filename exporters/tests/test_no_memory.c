/* Every allocation fails once: each call then either succeeds or answers TB_NO_MEMORY, and after
 * TB_NO_MEMORY all is as it was. The program is linked with --wrap for malloc and its kin. */
#include "core/nt/attributes.h"
#include "exporters/filters/filters.h"
#include "exporters/registry.h"
#include "exporters/tests/world.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Allocations until one fails; 0: none will. */
static unsigned long failing_in;
static bool failed;
static bool inside; /* of a call under test; what Check allocates is not meant */

static bool fails(void)
{
    if (!inside || !failing_in || --failing_in)
        return false;
    failed = true;
    return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return fails() ? NULL : __real_realloc(memory, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

static struct world world;
static struct tb_exporter *exporter;

/* All that can be seen of the tree, as text. */
struct snapshot {
    char text[16384];
    size_t at;
};

static void note_data(struct snapshot *snapshot, void *handle)
{
    static uint8_t bytes[300000];
    size_t length = sizeof bytes;
    uint32_t sum = 0;
    ck_assert_int_eq(call_read(exporter, handle, 0, bytes, &length), TB_OK);
    for (size_t i = 0; i < length; i++)
        sum = sum * 31 + bytes[i];
    snapshot->at += (size_t)snprintf(snapshot->text + snapshot->at,
                                     sizeof snapshot->text - snapshot->at, " %x", sum);
}

static void note_tree(struct snapshot *snapshot, const char *path)
{
    struct listed *entries = calloc(20, sizeof *entries);
    struct opened opened;
    char below[300];
    size_t count = 0;
    bool end;

    ck_assert_int_eq(call_open(exporter, path, TB_OPEN_EXISTING, false, &opened), TB_OK);
    const struct tb_attributes *a = &opened.attributes;
    snapshot->at +=
        (size_t)snprintf(snapshot->text + snapshot->at, sizeof snapshot->text - snapshot->at,
                         "\n%s: %lu %lu %lu %lu %lu %lu %x", path, (unsigned long)a->file_id,
                         (unsigned long)a->creation_filetime, (unsigned long)a->write_filetime,
                         (unsigned long)a->change_filetime, (unsigned long)a->size,
                         (unsigned long)a->allocation_size, a->file_attributes);
    ck_assert_uint_lt(snapshot->at, sizeof snapshot->text);
    if (a->file_attributes & TB_FILE_ATTRIBUTE_DIRECTORY)
        ck_assert_int_eq(call_list(exporter, opened.handle, 0, entries, 20, &count, &end), TB_OK);
    else
        note_data(snapshot, opened.handle);
    for (size_t i = 0; i < count; i++) {
        snprintf(below, sizeof below, "%s%s%.200s", path, *path ? "/" : "", entries[i].name);
        note_tree(snapshot, below);
    }
    call_close(exporter, opened.handle);
    free(entries);
}

static void take_snapshot(struct snapshot *snapshot)
{
    struct tb_space space;

    ck_assert_int_eq(call_space(exporter, &space), TB_OK);
    snapshot->at =
        (size_t)snprintf(snapshot->text, sizeof snapshot->text, "%lu", (unsigned long)space.free);
    note_tree(snapshot, "");
}

/* Do `call`; when it ran out of memory, do it again, now with enough. */
#define attempt(call)                                                                              \
    do {                                                                                           \
        take_snapshot(&before);                                                                    \
        failed = false;                                                                            \
        inside = true;                                                                             \
        enum tb_error error_ = (call);                                                             \
        inside = false;                                                                            \
        if (error_ == TB_NO_MEMORY) {                                                              \
            ck_assert(failed);                                                                     \
            take_snapshot(&after);                                                                 \
            ck_assert_str_eq(before.text, after.text);                                             \
            error_ = (call);                                                                       \
        }                                                                                          \
        ck_assert_int_eq(error_, TB_OK);                                                           \
        world_pass(&world, 1);                                                                     \
    } while (0)

static void use_names(void)
{
    static struct snapshot before, after;
    struct opened f;
    char name[32];

    attempt(path_create(exporter, "Directory", true));
    attempt(path_create(exporter, "Other", true));
    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "directory/f%d", i);
        attempt(path_create(exporter, name, false));
    }
    attempt(call_open(exporter, "DIRECTORY/F3", TB_OPEN_EXISTING, false, &f));
    attempt(call_rename(exporter, f.handle, "OTHER/New", false));
    attempt(call_rename(exporter, f.handle, "OTHER/NEW", false));
    attempt(call_rename(exporter, f.handle, "DIRECTORY/F4", true));
    attempt(call_link(exporter, f.handle, "other/link", false));
    attempt(call_link(exporter, f.handle, "DIRECTORY/F5", true));
    attempt(call_remove(exporter, f.handle));
    call_close(exporter, f.handle);
}

static void use_data(void)
{
    static struct snapshot before, after;
    static const uint8_t bytes[200000] = {1, 2, 3};
    struct tb_attributes sparse = {.file_attributes = TB_FILE_ATTRIBUTE_SPARSE_FILE};
    struct opened f;

    attempt(call_open(exporter, "f", TB_OPEN_NEW, false, &f));
    attempt(call_write(exporter, f.handle, 0, bytes, 100));
    attempt(call_write(exporter, f.handle, 60, bytes, sizeof bytes));
    attempt(call_write(exporter, f.handle, 20000000, bytes, sizeof bytes));
    attempt(call_set(exporter, f.handle, TB_SET_FILE_ATTRIBUTES, &sparse));
    attempt(call_write(exporter, f.handle, UINT64_C(1) << 40, bytes, 70000));
    attempt(call_zero(exporter, f.handle, 19000000, UINT64_C(1) << 40));
    attempt(call_set_size(exporter, f.handle, 190000));
    attempt(call_set_allocation(exporter, f.handle, 1000000));
    attempt(call_set_size(exporter, f.handle, 70000));
    call_close(exporter, f.handle);
}

static bool make(const char *specification)
{
    struct tb_env env = world_env(&world);
    char message[200];

    failed = false;
    inside = true;
    enum tb_error error = tb_exporter_make(specification, &env, &exporter, message, sizeof message);
    inside = false;
    if (error == TB_OK)
        return true;
    ck_assert_int_eq(error, TB_NO_MEMORY);
    ck_assert(failed && message[0]);
    ck_assert_ptr_null(exporter);
    return false;
}

static void sweep(const char *specification, void (*use)(void))
{
    unsigned long k = 0;
    do {
        k++;
        world_init(&world);
        failing_in = k;
        if (!make(specification))
            continue;
        use();
        tb_exporter_free(exporter);
    } while (!failing_in);
    ck_assert_uint_gt(k, 10);
    failing_in = 0;
}

START_TEST(names)
{
    sweep("memory:,size=100M", use_names);
}
END_TEST

START_TEST(data)
{
    sweep("memory:,size=100M", use_data);
}
END_TEST

START_TEST(filtered)
{
    sweep("memory:,filter=log,filter=fault", use_names);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("exporters without memory");
    TCase *tests = tcase_create("every allocation fails once");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, names);
    tcase_add_test(tests, data);
    tcase_add_test(tests, filtered);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
