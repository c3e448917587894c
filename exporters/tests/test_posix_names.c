/* The posix exporter: names in every case, names that Windows could not have, and names that local
 * processes change all the time. */
#include "exporters/posix/name_map.h"
#include "exporters/tests/tree.h"

#include <check.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct tb_exporter *posix;

#define assert_ok(call)           ck_assert_int_eq((call), TB_OK)
#define assert_error(call, error) ck_assert_int_eq((call), (error))

static void set_up(void)
{
    posix = tree_start();
}

static void tear_down(void)
{
    tree_stop(posix);
}

/* How a name on disk is seen, and that it is found again under what is seen. */
static void check_mapped_as(enum tb_posix_names names, const char *stored, const char *seen)
{
    char name[TB_POSIX_CLIENT_NAME_CAPACITY], *back;
    ck_assert(tb_posix_name_to_client(names, stored, name));
    ck_assert_str_eq(name, seen);
    assert_ok(tb_posix_path_to_disk(names, seen, &back));
    ck_assert_str_eq(back, stored);
    free(back);
}

static void check_mapped(const char *stored, const char *seen)
{
    check_mapped_as(TB_POSIX_NAMES_MAPPED, stored, seen);
}

START_TEST(every_name_has_one_form)
{
    check_mapped("plain name.txt", "plain name.txt");
    check_mapped("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
    check_mapped("a:b", "a\xef\x80\xa2"
                        "b");
    check_mapped("\"*:<>?\\|", "\xef\x80\xa0\xef\x80\xa1\xef\x80\xa2\xef\x80\xa3\xef\x80\xa4"
                               "\xef\x80\xa5\xef\x80\xa6\xef\x80\xa7");
    check_mapped("tab\t", "tab\xef\x80\x89");
    check_mapped("end ", "end\xef\x80\xa8");
    check_mapped("end.", "end\xef\x80\xa9");
    check_mapped("...", "..\xef\x80\xa9");
    check_mapped("\xff", "\xee\xbf\xbf");
    check_mapped("latin\xe4", "latin\xee\xbf\xa4");
    check_mapped("\xed\xa0\x80", "\xed\xa0\x80");
    check_mapped("\xed\xa0\x80\xed\xb0\x80", "\xee\xbf\xad\xee\xbe\xa0\xee\xbe\x80\xed\xb0\x80");
    check_mapped("\xef\x80\xa2", "\xee\xbf\xaf\xee\xbe\x80\xee\xbe\xa2");
}
END_TEST

START_TEST(what_would_not_come_back_is_refused)
{
    static const char *const wrong[] = {
        "\xef\x80\xa9",             /* "." */
        ".\xef\x80\xa9",            /* ".." */
        "\xee\xbf\x83\xee\xbe\xa4", /* a valid character, byte by byte */
        "x\xef\x80\xa8y",           /* a space that is not at the end */
        "bad\xff",
    };
    char *path;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_error(tb_posix_path_to_disk(TB_POSIX_NAMES_MAPPED, wrong[i], &path),
                     TB_OBJECT_NAME_INVALID);
        ck_assert_ptr_null(path);
        assert_error(path_create(posix, wrong[i], true), TB_OBJECT_NAME_INVALID);
    }
}
END_TEST

#define DEVICE "\xef\x80\xaa"

/* Names of devices get a character before them, if the share says so; what only looks like one does
 * not, and no client's name stands for them as it is. */
START_TEST(names_of_devices_can_be_mapped)
{
    static const char *const devices[] = {"CON",  "nul.txt", "Aux",  "com1",          "LPT9.a.b",
                                          "prn ", "COM0",    "con.", "COM\xc2\xb2.x", "CONIN$"};
    static const char *const others[] = {"CONS", "COM", "COM10", "LPT", "a.con", "xnul", "COM\xc2"};
    char seen[TB_POSIX_CLIENT_NAME_CAPACITY], plain[TB_POSIX_CLIENT_NAME_CAPACITY], *path;

    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
        ck_assert(tb_posix_name_to_client(TB_POSIX_NAMES_MAPPED, devices[i], plain));
        snprintf(seen, sizeof seen, DEVICE "%.60s", plain);
        check_mapped_as(TB_POSIX_NAMES_WINDOWS, devices[i], seen);
        assert_error(tb_posix_path_to_disk(TB_POSIX_NAMES_WINDOWS, plain, &path),
                     TB_OBJECT_NAME_INVALID);
        check_mapped(devices[i], plain);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        ck_assert(tb_posix_name_to_client(TB_POSIX_NAMES_MAPPED, others[i], plain));
        check_mapped_as(TB_POSIX_NAMES_WINDOWS, others[i], plain);
    }
    assert_error(tb_posix_path_to_disk(TB_POSIX_NAMES_WINDOWS, "d/" DEVICE "x", &path),
                 TB_OBJECT_NAME_INVALID);
    assert_error(tb_posix_path_to_disk(TB_POSIX_NAMES_WINDOWS, DEVICE, &path),
                 TB_OBJECT_NAME_INVALID);
    tree_stop(posix);
    posix = tree_start_with("names=windows");
    tree_put_file("aux.h", "1");
    struct tb_attributes a;
    assert_ok(path_get(posix, DEVICE "AUX.H", &a));
    assert_error(path_get(posix, "aux.h", &a), TB_OBJECT_NAME_INVALID);
}
END_TEST

/* As servers without a mapping store what clients send that map for themselves. */
START_TEST(names_can_be_left_as_they_are)
{
    char seen[TB_POSIX_CLIENT_NAME_CAPACITY];
    struct listed entries[4];
    struct opened root;
    size_t count;
    bool end;

    check_mapped_as(TB_POSIX_NAMES_PLAIN, "a\xef\x80\xa2", "a\xef\x80\xa2");
    check_mapped_as(TB_POSIX_NAMES_PLAIN, "nul", "nul");
    check_mapped_as(TB_POSIX_NAMES_PLAIN, "latin\xe4", "latin\xee\xbf\xa4");
    ck_assert(!tb_posix_name_to_client(TB_POSIX_NAMES_PLAIN, "a:", seen));
    tree_stop(posix);
    posix = tree_start_with("names=plain");
    tree_put_file("a:b", "1");
    tree_put_file("good", "1");
    assert_ok(path_create(posix, "c\xef\x80\xa2", false));
    ck_assert_int_eq(access(tree_path("c\xef\x80\xa2"), F_OK), 0);
    assert_ok(call_open(posix, "", TB_OPEN_EXISTING, false, &root));
    assert_ok(call_list(posix, root.handle, 0, entries, 4, &count, &end));
    ck_assert_uint_eq(count, 2);
    call_close(posix, root.handle);
}
END_TEST

/* Windows tells names apart by their units alone, and so do we: composed and decomposed are two. */
START_TEST(normal_forms_are_names_of_their_own)
{
    struct tb_attributes a;
    tree_put_file("caf\xc3\xa9", "1");
    assert_error(path_get(posix, "cafe\xcc\x81", &a), TB_OBJECT_NAME_NOT_FOUND);
    tree_put_file("cafe\xcc\x81", "22");
    assert_ok(path_get(posix, "cafe\xcc\x81", &a));
    ck_assert_uint_eq(a.size, 2);
    assert_ok(path_get(posix, "CAF\xc3\x89", &a));
    ck_assert_uint_eq(a.size, 1);
}
END_TEST

START_TEST(all_bytes_are_reachable)
{
    struct tb_attributes a;
    struct listed *entries = calloc(300, sizeof *entries);
    struct opened root;
    char name[8];
    size_t count;
    bool end;
    unsigned made = 0;

    for (int byte = 1; byte < 256; byte++) {
        snprintf(name, sizeof name, "n%c", byte);
        if (byte == '/' || (byte >= 'a' && byte <= 'z'))
            continue;
        tree_put_file(name, "x");
        made++;
    }
    assert_ok(call_open(posix, "", TB_OPEN_EXISTING, false, &root));
    assert_ok(call_list(posix, root.handle, 0, entries, 300, &count, &end));
    ck_assert(end);
    ck_assert_uint_eq(count, made);
    for (size_t i = 0; i < count; i++) {
        assert_ok(path_get(posix, entries[i].name, &a));
        ck_assert_uint_eq(a.file_id, entries[i].attributes.file_id);
        assert_ok(path_remove(posix, entries[i].name));
    }
    call_close(posix, root.handle);
    free(entries);
}
END_TEST

START_TEST(both_cases_are_reachable)
{
    struct tb_attributes a;
    struct opened o;
    tree_put_file("Name", "1");
    tree_put_file("NAME", "22");
    assert_ok(path_get(posix, "Name", &a));
    ck_assert_uint_eq(a.size, 1);
    assert_ok(call_open(posix, "NAME", TB_OPEN_EXISTING, false, &o));
    ck_assert_str_eq(o.real_path, "");
    ck_assert_uint_eq(o.attributes.size, 2);
    call_close(posix, o.handle);
    assert_ok(call_open(posix, "name", TB_OPEN_EXISTING, false, &o));
    ck_assert_str_eq(o.real_path, "NAME");
    call_close(posix, o.handle);
    assert_error(path_create(posix, "nAme", false), TB_OBJECT_NAME_COLLISION);
}
END_TEST

START_TEST(mapped_names_have_case_too)
{
    struct opened o;
    tree_put_directory("A:b");
    tree_put_file("A:b/C\xff", "x");
    assert_ok(call_open(posix,
                        "a\xef\x80\xa2"
                        "B/c\xee\xbf\xbf",
                        TB_OPEN_EXISTING, false, &o));
    ck_assert_str_eq(o.real_path, "A\xef\x80\xa2"
                                  "b/C\xee\xbf\xbf");
    assert_ok(call_rename(posix, o.handle,
                          "a\xef\x80\xa2"
                          "b/x\xef\x80\xa5",
                          true));
    ck_assert_int_eq(access(tree_path("A:b/x?"), F_OK), 0);
    call_close(posix, o.handle);
}
END_TEST

START_TEST(deep_paths_in_another_case)
{
    struct opened o;
    tree_put_directory("One");
    tree_put_directory("One/Two");
    tree_put_directory("One/Two/Three");
    assert_ok(call_open(posix, "oNE/tWO/tHREE/New", TB_OPEN_NEW, false, &o));
    ck_assert_str_eq(o.real_path, "One/Two/Three/New");
    call_close(posix, o.handle);
    assert_error(path_create(posix, "ONE/missing/x", false), TB_OBJECT_PATH_NOT_FOUND);
    assert_error(path_create(posix, "ONE/TWO/THREE/NEW/x", false), TB_NOT_A_DIRECTORY);
    assert_ok(path_rename(posix, "ONE/TWO/THREE/NEW", "one/two/NEW2", false));
    ck_assert_int_eq(access(tree_path("One/Two/NEW2"), F_OK), 0);
}
END_TEST

START_TEST(long_names_are_refused)
{
    char name[400] = "";
    struct tb_attributes a;
    memset(name, 'x', 255);
    assert_ok(path_create(posix, name, false));
    assert_ok(path_remove(posix, name));
    memset(name, 'x', 256);
    assert_error(path_create(posix, name, false), TB_OBJECT_NAME_INVALID);
    for (int i = 0; i < 128; i++)
        memcpy(name + 2 * i, "\xc3\xa4", 2);
    assert_error(path_get(posix, name, &a), TB_OBJECT_NAME_INVALID);
}
END_TEST

static atomic_bool renaming;

/* A local process: creates the other case of the same name, and takes it away. */
static void *rename_locally(void *data)
{
    char upper[80], lower[80];
    (void)data;
    snprintf(upper, sizeof upper, "%s/NAME", tree_root);
    snprintf(lower, sizeof lower, "%s/name", tree_root);
    while (atomic_load(&renaming)) {
        rename(upper, lower);
        rename(lower, upper);
    }
    return NULL;
}

/* Whatever case it has at the moment, the file is one of: found, just missed; it is never two, and
 * what is opened is always it. */
START_TEST(cases_may_change_all_the_time)
{
    struct opened o;
    struct stat st;
    pthread_t thread;
    unsigned found = 0;

    tree_put_file("NAME", "x");
    ck_assert_int_eq(stat(tree_path("NAME"), &st), 0);
    atomic_store(&renaming, true);
    ck_assert_int_eq(pthread_create(&thread, NULL, rename_locally, NULL), 0);
    for (int i = 0; i < 3000; i++) {
        enum tb_error error = call_open(posix, "Name", TB_OPEN_EXISTING, false, &o);
        ck_assert(error == TB_OK || error == TB_OBJECT_NAME_NOT_FOUND);
        if (error)
            continue;
        ck_assert_uint_eq(o.attributes.file_id, st.st_ino);
        ck_assert(strcmp(o.real_path, "name") == 0 || strcmp(o.real_path, "NAME") == 0);
        call_close(posix, o.handle);
        found++;
    }
    atomic_store(&renaming, false);
    pthread_join(thread, NULL);
    ck_assert_uint_gt(found, 0);
}
END_TEST

static void *create_either(void *data)
{
    uint64_t *file_id = data;
    struct opened o;
    for (int i = 0; i < 300; i++) {
        if (call_open(posix, "either", TB_OPEN_EITHER, false, &o) != TB_OK)
            return NULL;
        if (i % 3 == 0)
            call_remove(posix, o.handle);
        call_close(posix, o.handle);
    }
    if (call_open(posix, "last", TB_OPEN_EITHER, false, &o) == TB_OK) {
        *file_id = o.attributes.file_id;
        call_close(posix, o.handle);
    }
    return NULL;
}

START_TEST(opening_either_always_opens)
{
    pthread_t threads[3];
    uint64_t file_ids[3] = {0};
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, create_either, &file_ids[i]), 0);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_ne(file_ids[0], 0);
    ck_assert(file_ids[0] == file_ids[1] && file_ids[1] == file_ids[2]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("posix names");
    TCase *own = tcase_create("names");

    tcase_add_checked_fixture(own, set_up, tear_down);
    tcase_set_timeout(own, 120);
    tcase_add_test(own, every_name_has_one_form);
    tcase_add_test(own, what_would_not_come_back_is_refused);
    tcase_add_test(own, names_of_devices_can_be_mapped);
    tcase_add_test(own, names_can_be_left_as_they_are);
    tcase_add_test(own, normal_forms_are_names_of_their_own);
    tcase_add_test(own, all_bytes_are_reachable);
    tcase_add_test(own, both_cases_are_reachable);
    tcase_add_test(own, mapped_names_have_case_too);
    tcase_add_test(own, deep_paths_in_another_case);
    tcase_add_test(own, long_names_are_refused);
    tcase_add_test(own, cases_may_change_all_the_time);
    tcase_add_test(own, opening_either_always_opens);
    suite_add_tcase(suite, own);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
