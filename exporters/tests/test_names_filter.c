/* The filter `names`, on memory and on a directory tree. */
#include "core/nt/attributes.h"
#include "exporters/filters/filters.h"
#include "exporters/registry.h"
#include "exporters/tests/contract.h"
#include "exporters/tests/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define assert_ok(call)           ck_assert_int_eq((call), TB_OK)
#define assert_error(call, error) ck_assert_int_eq((call), (error))

static struct world world;
static struct tb_exporter *below, *exporter;

/* _i of the loop: 0 memory, 1 a tree. */
static void start(int kind, const char *const *options)
{
    char message[200] = "";
    world_init(&world);
    struct tb_env env = world_env(&world);
    if (kind)
        below = tree_start();
    else
        assert_ok(tb_exporter_make("memory:", &env, &below, message, sizeof message));
    enum tb_error error =
        tb_filter_names_start(below, options, &env, &exporter, message, sizeof message);
    ck_assert_msg(error == TB_OK, "%s", message);
}

static void stop(int kind)
{
    if (kind)
        tree_stop(exporter);
    else
        tb_exporter_free(exporter);
}

static const char *const veto[] = {"veto=/*.tmp/secret/", NULL};
static const char *const hide[] = {"hide=/desktop.ini/.*/", NULL};
static const char *const purge[] = {"veto=/*.tmp/secret/", "delete-vetoed", NULL};

static bool lists(struct tb_exporter *in, const char *directory, const char *name,
                  uint32_t *attributes)
{
    struct opened o;
    struct listed entries[20];
    size_t count = 0;
    bool end, found = false;
    assert_ok(call_open(in, directory, TB_OPEN_EXISTING, false, &o));
    assert_ok(call_list(in, o.handle, 0, entries, 20, &count, &end));
    call_close(in, o.handle);
    for (size_t i = 0; i < count; i++)
        if (strcmp(entries[i].name, name) == 0) {
            found = true;
            *attributes = entries[i].attributes.file_attributes;
        }
    return found;
}

START_TEST(vetoed_names_are_not_there)
{
    struct opened o;
    uint32_t attributes;
    start(_i, veto);
    assert_ok(path_create(below, "a.tmp", false));
    assert_ok(path_create(below, "secret", true));
    assert_ok(path_create(below, "secret/f", false));
    assert_ok(path_create(exporter, "b", false));
    ck_assert(lists(below, "", "a.tmp", &attributes) && lists(exporter, "", "b", &attributes));
    ck_assert(!lists(exporter, "", "a.tmp", &attributes));
    assert_error(call_open(exporter, "A.TMP", TB_OPEN_EXISTING, false, &o),
                 TB_OBJECT_NAME_NOT_FOUND);
    assert_error(call_open(exporter, "new.tmp", TB_OPEN_EITHER, false, &o),
                 TB_OBJECT_NAME_NOT_FOUND);
    assert_error(path_create(exporter, "Secret", true), TB_OBJECT_NAME_NOT_FOUND);
    assert_error(call_open(exporter, "secret/f", TB_OPEN_EXISTING, false, &o),
                 TB_OBJECT_PATH_NOT_FOUND);
    assert_error(path_rename(exporter, "b", "b.tmp", true), TB_OBJECT_NAME_NOT_FOUND);
    assert_error(path_rename(exporter, "b", "secret/b", true), TB_OBJECT_PATH_NOT_FOUND);
    assert_ok(call_open(exporter, "b", TB_OPEN_EXISTING, false, &o));
    assert_error(call_link(exporter, o.handle, "l.tmp", false), TB_OBJECT_NAME_NOT_FOUND);
    assert_ok(call_rename(exporter, o.handle, "b.tmp.txt", false));
    call_close(exporter, o.handle);
    stop(_i);
}
END_TEST

START_TEST(hidden_names_are_hidden)
{
    struct opened o, dotted;
    uint32_t attributes = 0;
    struct tb_attributes a;
    start(_i, hide);
    assert_ok(call_open(exporter, "Desktop.INI", TB_OPEN_NEW, false, &o));
    ck_assert(o.attributes.file_attributes & TB_FILE_ATTRIBUTE_HIDDEN);
    ck_assert(lists(exporter, "", "Desktop.INI", &attributes));
    ck_assert(attributes & TB_FILE_ATTRIBUTE_HIDDEN);
    assert_ok(call_get(exporter, o.handle, &a));
    ck_assert(a.file_attributes & TB_FILE_ATTRIBUTE_HIDDEN);
    assert_ok(call_write(exporter, o.handle, 0, "x", 1));
    assert_ok(call_rename(exporter, o.handle, "plain", false));
    assert_ok(call_get(exporter, o.handle, &a));
    ck_assert(!(a.file_attributes & TB_FILE_ATTRIBUTE_HIDDEN));
    assert_ok(call_rename(exporter, o.handle, ".dotted", false));
    assert_ok(call_open(exporter, ".dotted", TB_OPEN_EXISTING, false, &dotted));
    ck_assert(dotted.attributes.file_attributes & TB_FILE_ATTRIBUTE_HIDDEN);
    call_close(exporter, dotted.handle);
    call_close(exporter, o.handle);
    stop(_i);
}
END_TEST

static bool see_one(struct tb_call *call, const struct tb_directory_entry *entry)
{
    (void)call;
    (void)entry;
    return false;
}

/* As the core asks whether a directory may be deleted. */
static bool seems_empty(const char *path)
{
    struct opened o;
    struct tb_call call = {.operation = TB_CALL_READ_DIRECTORY};
    assert_ok(call_open(exporter, path, TB_OPEN_EXISTING, false, &o));
    call.handle = o.handle;
    call.directory.all = true;
    call.directory.add = see_one;
    assert_ok(call_run(exporter, &call));
    call_close(exporter, o.handle);
    return call.directory.end;
}

START_TEST(a_directory_with_vetoed_names_is_not_empty)
{
    start(_i, veto);
    assert_ok(path_create(exporter, "d", true));
    ck_assert(seems_empty("d"));
    assert_ok(path_create(below, "d/x.tmp", false));
    ck_assert(!seems_empty("d"));
    assert_error(path_remove(exporter, "d"), TB_DIRECTORY_NOT_EMPTY);
    assert_ok(path_remove(below, "d/x.tmp"));
    assert_ok(path_remove(exporter, "d"));
    stop(_i);
}
END_TEST

START_TEST(vetoed_names_go_with_their_directory)
{
    char path[64];
    struct opened o;
    start(_i, purge);
    assert_ok(path_create(exporter, "d", true));
    assert_ok(path_create(exporter, "d/e", true));
    assert_ok(path_create(below, "d/e/secret", true));
    assert_ok(path_create(below, "d/e/secret/deep", true));
    for (int i = 0; i < 300; i++) {
        snprintf(path, sizeof path, "d/e/secret/deep/%d", i);
        assert_ok(path_create(below, path, false));
    }
    assert_ok(path_create(below, "d/e/x.tmp", false));
    assert_ok(path_create(exporter, "d/e/mine", false));
    ck_assert(!seems_empty("d/e"));
    assert_error(path_remove(exporter, "d/e"), TB_DIRECTORY_NOT_EMPTY);
    assert_ok(call_open(below, "d/e/x.tmp", TB_OPEN_EXISTING, false, &o));
    call_close(below, o.handle);
    assert_ok(path_remove(exporter, "d/e/mine"));
    ck_assert(seems_empty("d/e"));
    assert_ok(path_rename(exporter, "d/e", "d/f", false));
    assert_ok(path_remove(exporter, "d/f"));
    assert_ok(path_remove(exporter, "d"));
    assert_error(call_open(below, "d", TB_OPEN_EXISTING, false, &o), TB_OBJECT_NAME_NOT_FOUND);
    stop(_i);
}
END_TEST

/* Another directory that has taken the name is left alone. */
START_TEST(a_name_that_leads_elsewhere_is_not_believed)
{
    struct opened d, other;
    start(_i, purge);
    assert_ok(path_create(exporter, "d", true));
    assert_ok(path_create(below, "d/x.tmp", false));
    assert_ok(call_open(exporter, "d", TB_OPEN_EXISTING, false, &d));
    assert_ok(path_rename(below, "d", "away", false));
    assert_ok(path_create(below, "d", true));
    assert_ok(path_create(below, "d/y.tmp", false));
    assert_error(call_remove(exporter, d.handle), TB_DIRECTORY_NOT_EMPTY);
    call_close(exporter, d.handle);
    assert_ok(call_open(below, "d/y.tmp", TB_OPEN_EXISTING, false, &other));
    call_close(below, other.handle);
    stop(_i);
}
END_TEST

/* Every call below fails in turn: an error is answered, nothing hangs or leaks. */
START_TEST(removal_survives_errors)
{
    struct tb_env env;
    char message[200];
    for (uint64_t k = 1; k < 12; k++) {
        struct opened d;
        struct tb_exporter *fault;
        world_init(&world);
        env = world_env(&world);
        assert_ok(tb_exporter_make("memory:,filter=fault", &env, &fault, message, sizeof message));
        assert_ok(tb_filter_names_start(fault, purge, &env, &exporter, message, sizeof message));
        assert_ok(path_create(fault, "d", true));
        assert_ok(path_create(fault, "d/secret", true));
        assert_ok(path_create(fault, "d/secret/x", false));
        assert_ok(call_open(exporter, "d", TB_OPEN_EXISTING, false, &d));
        tb_filter_fault_arm(fault, TB_CALL_COUNT, k, TB_IO_DEVICE_ERROR);
        enum tb_error error = call_remove(exporter, d.handle);
        ck_assert(error == TB_IO_DEVICE_ERROR || error == TB_DIRECTORY_NOT_EMPTY);
        tb_filter_fault_arm(fault, TB_CALL_COUNT, 0, TB_IO_DEVICE_ERROR);
        assert_ok(call_remove(exporter, d.handle));
        call_close(exporter, d.handle);
        tb_exporter_free(exporter);
    }
}
END_TEST

START_TEST(option_names)
{
    char message[200];
    world_init(&world);
    struct tb_env env = world_env(&world);
    assert_ok(tb_exporter_make("memory:,filter=names:veto=/a/:hide=/b/", &env, &exporter, message,
                               sizeof message));
    tb_exporter_free(exporter);
    assert_error(tb_exporter_make("memory:,filter=names:vetoe=/a/", &env, &exporter, message,
                                  sizeof message),
                 TB_INVALID_PARAMETER);
    ck_assert_ptr_nonnull(strstr(message, "did you mean veto"));
}
END_TEST

static struct tb_exporter *start_filtered(void)
{
    static const char *const options[] = {"veto=/never here/", "hide=/nor here/", "delete-vetoed",
                                          NULL};
    start(0, options);
    return exporter;
}

int main(void)
{
    static const struct contract contract = {start_filtered, tb_exporter_free};
    Suite *suite = suite_create("the filter names");
    TCase *tests = tcase_create("names");
    suite_add_tcase(suite, contract_tests(&contract));
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, vetoed_names_are_not_there, 0, 2);
    tcase_add_loop_test(tests, hidden_names_are_hidden, 0, 2);
    tcase_add_loop_test(tests, a_directory_with_vetoed_names_is_not_empty, 0, 2);
    tcase_add_loop_test(tests, vetoed_names_go_with_their_directory, 0, 2);
    tcase_add_loop_test(tests, a_name_that_leads_elsewhere_is_not_believed, 0, 2);
    tcase_add_test(tests, removal_survives_errors);
    tcase_add_test(tests, option_names);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
