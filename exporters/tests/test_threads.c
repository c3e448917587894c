/* The memory exporter under four threads at once. What is asserted holds in every interleaving; run
 * under ThreadSanitizer it also proves the locking. */
#include "exporters/memory/memory.h"
#include "exporters/tests/world.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 4
#define ROUNDS  400
#define REGION  70001

static struct world world;
static struct tb_exporter *memory;

struct worker {
    pthread_t thread;
    unsigned number;
    uint32_t seed;
    void *shared; /* a handle of its own on the shared file */
    bool wrong;
};

static unsigned roll(struct worker *worker, unsigned below)
{
    worker->seed = worker->seed * 1664525 + 1013904223;
    return (worker->seed >> 8) % below;
}

/* Each thread owns one region of the shared file, and must find there what it wrote last. */
static void use_shared_file(struct worker *worker, uint8_t *bytes)
{
    uint8_t value = (uint8_t)roll(worker, 256);
    uint64_t offset = (uint64_t)worker->number * REGION;
    size_t length = REGION;

    memset(bytes, value, REGION);
    worker->wrong |= call_write(memory, worker->shared, offset, bytes, REGION) != TB_OK;
    memset(bytes, 0, REGION);
    worker->wrong |= call_read(memory, worker->shared, offset, bytes, &length) != TB_OK;
    worker->wrong |= length != REGION || bytes[0] != value || bytes[REGION - 1] != value;
}

/* All threads create, rename, resize and remove the same few names. */
static void use_shared_names(struct worker *worker)
{
    struct tb_attributes attributes = {.file_attributes = 2};
    struct opened opened;
    char path[32], other[32];

    snprintf(path, sizeof path, "d%u/f%u", roll(worker, 2), roll(worker, 6));
    snprintf(other, sizeof other, "D%u/F%u", roll(worker, 2), roll(worker, 6));
    if (call_open(memory, path, TB_OPEN_EITHER, false, &opened) != TB_OK)
        return;
    switch (roll(worker, 6)) {
    case 0:
        call_rename(memory, opened.handle, other, true);
        break;
    case 1:
        call_remove(memory, opened.handle);
        break;
    case 2:
        call_set_size(memory, opened.handle, roll(worker, 200000));
        break;
    case 3:
        call_write(memory, opened.handle, roll(worker, 100000), "x", 1);
        break;
    case 4:
        call_set(memory, opened.handle, TB_SET_FILE_ATTRIBUTES, &attributes);
        break;
    default:
        call_set_allocation(memory, opened.handle, roll(worker, 200000));
        break;
    }
    worker->wrong |= call_get(memory, opened.handle, &attributes) != TB_OK;
    call_close(memory, opened.handle);
}

/* A listing during all that names each of the files that stay exactly once. */
static void list_names(struct worker *worker, struct listed *entries)
{
    struct opened opened;
    uint64_t cookie = 0;
    size_t count;
    unsigned staying = 0;
    bool end = false;

    if (call_open(memory, "d0", TB_OPEN_EXISTING, false, &opened) != TB_OK) {
        worker->wrong = true;
        return;
    }
    while (!end && !worker->wrong) {
        worker->wrong |=
            call_list(memory, opened.handle, cookie, entries, 3, &count, &end) != TB_OK;
        for (size_t i = 0; i < count; i++)
            staying += strncmp(entries[i].name, "stays", 5) == 0;
        cookie = count ? entries[count - 1].cookie : cookie;
    }
    worker->wrong |= staying != 5;
    call_close(memory, opened.handle);
}

static void *work(void *data)
{
    struct worker *worker = data;
    uint8_t *bytes = malloc(REGION);
    struct listed *entries = calloc(3, sizeof *entries);
    struct tb_space space;

    for (int i = 0; i < ROUNDS; i++) {
        use_shared_names(worker);
        if (i % 16 == 0)
            use_shared_file(worker, bytes);
        if (i % 16 == 8)
            list_names(worker, entries);
        if (i % 64 == 0)
            worker->wrong |= call_space(memory, &space) != TB_OK;
    }
    free(entries);
    free(bytes);
    return NULL;
}

static void start(void)
{
    char message[100], name[32];
    struct tb_env env;

    world_init(&world);
    env = world_env(&world);
    ck_assert_int_eq(
        tb_exporter_start(&tb_memory_exporter, "", NULL, &env, &memory, message, sizeof message),
        TB_OK);
    ck_assert_int_eq(path_create(memory, "d0", true), TB_OK);
    ck_assert_int_eq(path_create(memory, "d1", true), TB_OK);
    for (int i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "d0/stays%d", i);
        ck_assert_int_eq(path_create(memory, name, false), TB_OK);
    }
}

static void empty(void)
{
    char name[32];
    struct tb_space space;

    for (int i = 0; i < 2 * 2 * 6; i++) {
        snprintf(name, sizeof name, "d%d/%s%d", i / 2 % 2, i % 2 ? "stays" : "f", i / 4);
        path_remove(memory, name);
    }
    ck_assert_int_eq(path_remove(memory, "d0"), TB_OK);
    ck_assert_int_eq(path_remove(memory, "d1"), TB_OK);
    ck_assert_int_eq(path_remove(memory, "shared"), TB_OK);
    ck_assert_int_eq(call_space(memory, &space), TB_OK);
    ck_assert_uint_eq(space.free, space.total);
}

START_TEST(four_threads)
{
    struct worker workers[THREADS];
    struct opened opened;

    start();
    for (unsigned i = 0; i < THREADS; i++) {
        ck_assert_int_eq(call_open(memory, "shared", TB_OPEN_EITHER, false, &opened), TB_OK);
        workers[i] = (struct worker){.number = i, .seed = i * 77 + 1, .shared = opened.handle};
        ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        ck_assert(!workers[i].wrong);
        call_close(memory, workers[i].shared);
    }
    empty();
    tb_exporter_free(memory);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("memory under threads");
    TCase *tests = tcase_create("threads");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, four_threads);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
