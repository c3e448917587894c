#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/list.h"
#include "host/store.h"

static char directory[64], message[512];
static struct tb_lmdb *lmdb;
static struct tb_store store;

static void open_store(void)
{
    ck_assert_int_eq(tb_lmdb_open(directory, &lmdb, message, sizeof(message)), TB_OK);
    store = tb_lmdb_store(lmdb);
}

static void reopen(void)
{
    tb_lmdb_close(lmdb);
    open_store();
}

static void set_up(void)
{
    strcpy(directory, "/tmp/tombolo-test-store.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    strcat(directory, "/state");
    open_store();
}

static void tear_down(void)
{
    static const char *const files[] = {"/store", "/store-lock", "/lock", ""};
    char path[128];
    tb_lmdb_close(lmdb);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        snprintf(path, sizeof(path), "%s%s", directory, files[i]);
        ck_assert_int_eq(remove(path), 0);
    }
    *strrchr(directory, '/') = '\0';
    ck_assert_int_eq(rmdir(directory), 0);
}

static struct tb_span text(const char *string)
{
    return tb_span(string, strlen(string));
}

static void expect(const char *key, enum tb_error error, const char *value)
{
    char bytes[64];
    size_t length = sizeof(bytes);
    ck_assert_int_eq(store.ops->get(store.data, text(key), bytes, &length), error);
    if (!error) {
        ck_assert_uint_eq(length, strlen(value));
        ck_assert_mem_eq(bytes, value, length);
    }
}

START_TEST(test_survives_reopen)
{
    expect("a", TB_NOT_FOUND, NULL);
    ck_assert_int_eq(tb_store_put(&store, text("a"), text("one")), TB_OK);
    ck_assert_int_eq(tb_store_put(&store, text("b"), text("")), TB_OK);
    expect("a", TB_OK, "one");
    reopen();
    expect("a", TB_OK, "one");
    expect("b", TB_OK, "");
    ck_assert_int_eq(tb_store_put(&store, text("a"), text("two")), TB_OK);
    ck_assert_int_eq(tb_store_put(&store, text("b"), tb_span(NULL, 0)), TB_OK);
    ck_assert_int_eq(tb_store_put(&store, text("b"), tb_span(NULL, 0)), TB_OK);
    reopen();
    expect("a", TB_OK, "two");
    expect("b", TB_NOT_FOUND, NULL);
}
END_TEST

START_TEST(test_short_buffer)
{
    char bytes[2];
    size_t length = sizeof(bytes);
    ck_assert_int_eq(tb_store_put(&store, text("a"), text("one")), TB_OK);
    ck_assert_int_eq(store.ops->get(store.data, text("a"), bytes, &length), TB_BUFFER_TOO_SMALL);
    ck_assert_uint_eq(length, 3);
}
END_TEST

START_TEST(test_bad_keys)
{
    char key[TB_LMDB_KEY_MAX + 1];
    memset(key, 'k', sizeof(key));
    ck_assert_int_eq(tb_store_put(&store, tb_span(key, sizeof(key)), text("x")),
                     TB_INVALID_PARAMETER);
    ck_assert_int_eq(tb_store_put(&store, tb_span(key, 0), text("x")), TB_INVALID_PARAMETER);
    ck_assert_int_eq(tb_store_put(&store, tb_span(key, TB_LMDB_KEY_MAX), text("x")), TB_OK);
}
END_TEST

START_TEST(test_one_server_a_directory)
{
    struct tb_lmdb *second = NULL;
    ck_assert_int_eq(tb_lmdb_open(directory, &second, message, sizeof(message)),
                     TB_SHARING_VIOLATION);
    ck_assert_ptr_nonnull(strstr(message, directory));
    ck_assert_ptr_null(second);
}
END_TEST

START_TEST(test_unusable_directory)
{
    struct tb_lmdb *second = NULL;
    ck_assert_int_ne(tb_lmdb_open("/nowhere/state", &second, message, sizeof(message)), TB_OK);
    ck_assert_ptr_nonnull(strstr(message, "/nowhere/state"));
}
END_TEST

#define BATCHES 200

struct counted {
    struct tb_store_batch batch;
    struct tb_store_change changes[2];
    char keys[2][24];
    enum tb_error error;
};

static atomic_uint answers;

static void count_answer(struct tb_store_batch *batch, enum tb_error error)
{
    tb_container(batch, struct counted, batch)->error = error;
    atomic_fetch_add(&answers, 1);
}

/* Every tenth batch is bad: it alone fails, and as a whole. */
START_TEST(test_groups)
{
    struct counted *all = calloc(BATCHES, sizeof(*all));
    atomic_store(&answers, 0);
    for (int i = 0; i < BATCHES; i++) {
        struct counted *one = &all[i];
        for (int j = 0; j < 2; j++) {
            snprintf(one->keys[j], sizeof(one->keys[j]), "%d.%d", i, j);
            one->changes[j] = (struct tb_store_change){text(one->keys[j]), text("v")};
        }
        if (i % 10 == 3)
            one->changes[1].key.length = 0;
        one->batch = (struct tb_store_batch){one->changes, 2, count_answer};
        store.ops->commit(store.data, &one->batch);
    }
    reopen();
    ck_assert_uint_eq(atomic_load(&answers), BATCHES);
    for (int i = 0; i < BATCHES; i++) {
        bool bad = i % 10 == 3;
        ck_assert_int_eq(all[i].error, bad ? TB_INVALID_PARAMETER : TB_OK);
        expect(all[i].keys[0], bad ? TB_NOT_FOUND : TB_OK, "v");
    }
    free(all);
}
END_TEST

START_TEST(test_grows)
{
    enum { SIZE = 30 << 20 };
    uint8_t *big = malloc(SIZE);
    char key[16];
    for (int i = 0; i < 4; i++) {
        memset(big, 'a' + i, SIZE);
        snprintf(key, sizeof(key), "big%d", i);
        ck_assert_int_eq(tb_store_put(&store, text(key), tb_span(big, SIZE)), TB_OK);
    }
    reopen();
    size_t length = SIZE;
    ck_assert_int_eq(store.ops->get(store.data, text("big0"), big, &length), TB_OK);
    ck_assert_uint_eq(length, SIZE);
    ck_assert_uint_eq(big[SIZE - 1], 'a');
    free(big);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, test_survives_reopen);
    tcase_add_test(all, test_short_buffer);
    tcase_add_test(all, test_bad_keys);
    tcase_add_test(all, test_one_server_a_directory);
    tcase_add_test(all, test_unusable_directory);
    tcase_add_test(all, test_groups);
    tcase_add_test(all, test_grows);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
