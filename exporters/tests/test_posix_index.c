/* The posix exporter's index of names: right whatever local processes do meanwhile, bounded, and
 * worth having. */
#include "exporters/posix/index.h"
#include "exporters/posix/share.h"
#include "exporters/tests/tree.h"

#include <check.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHANGES    100000
#define RENAMINGS  20000
#define REST_EVERY 200

static struct tb_exporter *posix;

#define assert_ok(call)           ck_assert_int_eq((call), TB_OK)
#define assert_error(call, error) ck_assert_int_eq((call), (error))

static void set_up(void)
{
    umask(0); /* the caller may write what local processes make */
    posix = tree_start();
}

static void tear_down(void)
{
    tree_stop(posix);
}

static struct tb_posix_index_counts counts(void)
{
    struct tb_posix_index_counts counts = {0};
    const struct tb_posix_share *share = posix->self;
    if (share->index)
        tb_posix_index_count(share->index, &counts);
    return counts;
}

/* False, with the reason: this directory is on a filesystem that is read instead. */
static bool has_index(void)
{
    struct tb_attributes a;
    assert_error(path_get(posix, "absent", &a), TB_OBJECT_NAME_NOT_FOUND);
    if (counts().directories == 1)
        return true;
    printf("SKIP: no index on the filesystem of %s\n", tree_root);
    return false;
}

/* What a local process, another one, has done so far. The number is odd while it is at it; then the
 * last thing it did was to make (number / 2 odd) or remove the name. */
struct local {
    _Atomic uint64_t number;
    _Atomic uint64_t looks; /* how often somebody has looked */
    atomic_bool done;
};

static struct local *local_start(void (*change)(struct local *local), pid_t *process)
{
    struct local *local =
        mmap(NULL, sizeof *local, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(local, MAP_FAILED);
    fflush(stdout);
    *process = fork();
    ck_assert_int_ge(*process, 0);
    if (*process == 0) {
        change(local);
        atomic_store(&local->done, true);
        _exit(0);
    }
    return local;
}

static void local_end(struct local *local, pid_t process)
{
    int status;
    ck_assert_int_eq(waitpid(process, &status, 0), process);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    munmap(local, sizeof *local);
}

/* Now and then it waits until somebody has seen it: for at least two looks began since. */
static void rest(struct local *local, unsigned i)
{
    uint64_t looks = atomic_load(&local->looks);
    while (i % REST_EVERY < 2 && atomic_load(&local->looks) < looks + 2)
        sched_yield();
}

static void make_and_remove(struct local *local)
{
    const char *path = tree_path("OTHER");
    for (unsigned i = 0; i < CHANGES; i++) {
        atomic_fetch_add(&local->number, 1);
        if (i % 2 == 0)
            close(open(path, O_WRONLY | O_CREAT | O_EXCL, 0666));
        else
            unlink(path);
        atomic_fetch_add(&local->number, 1);
        rest(local, i);
    }
}

/* A local process creates and removes the other case of a name. Who looks while it does nothing
 * must find what is there, and nothing else. */
START_TEST(local_changes_are_seen_at_once)
{
    struct tb_attributes a;
    unsigned there = 0, gone = 0;
    pid_t process;
    if (!has_index())
        return;
    struct local *local = local_start(make_and_remove, &process);
    while (!atomic_load(&local->done)) {
        uint64_t before = atomic_load(&local->number);
        enum tb_error error = path_get(posix, "other", &a);
        atomic_fetch_add(&local->looks, 1);
        ck_assert(error == TB_OK || error == TB_OBJECT_NAME_NOT_FOUND);
        if (before % 2 || atomic_load(&local->number) != before)
            continue;
        bool exists = before / 2 % 2;
        ck_assert_msg(error == (exists ? TB_OK : TB_OBJECT_NAME_NOT_FOUND),
                      "change %lu: %s, but it is %s", (unsigned long)(before / 2),
                      tb_error_name(error), exists ? "there" : "gone");
        *(exists ? &there : &gone) += 1;
    }
    local_end(local, process);
    printf("%d changes by a local process: %u times found, %u times missed, always rightly\n",
           CHANGES, there, gone);
    ck_assert_uint_ge(there, CHANGES / REST_EVERY);
    ck_assert_uint_ge(gone, CHANGES / REST_EVERY);
    ck_assert_uint_eq(counts().built - counts().overflows, 1);
}
END_TEST

static void rename_there_and_back(struct local *local)
{
    const char *upper = tree_path("NAME"), *lower = tree_path("name");
    for (unsigned i = 0; i < RENAMINGS; i++) {
        if (i % 2 == 0)
            rename(upper, lower);
        else
            rename(lower, upper);
        rest(local, i);
    }
}

/* A file that is always there, though never for long in one case, is never missed. */
START_TEST(a_name_that_changes_its_case_is_never_missed)
{
    struct tb_attributes a;
    struct stat st;
    pid_t process;
    unsigned looks = 0;
    if (!has_index())
        return;
    tree_put_file("NAME", "x");
    ck_assert_int_eq(stat(tree_path("NAME"), &st), 0);
    struct local *local = local_start(rename_there_and_back, &process);
    for (; !atomic_load(&local->done); looks++) {
        assert_ok(path_get(posix, "Name", &a));
        ck_assert_uint_eq(a.file_id, st.st_ino);
        assert_error(path_create(posix, "nAME", false), TB_OBJECT_NAME_COLLISION);
        atomic_fetch_add(&local->looks, 1);
    }
    local_end(local, process);
    printf("%d renamings by a local process: found %u times out of %u\n", RENAMINGS, looks, looks);
    ck_assert_uint_eq(counts().built - counts().overflows, 1);
}
END_TEST

/* Two names that are exchanged are reported as two renamings, there and back. */
START_TEST(exchanged_names_are_both_there)
{
    struct tb_attributes a;
    if (!has_index())
        return;
    tree_put_file("One", "1");
    tree_put_file("Two", "22");
    assert_ok(path_get(posix, "one", &a));
    if (renameat2(AT_FDCWD, tree_path("One"), AT_FDCWD, tree_path("Two"), RENAME_EXCHANGE) < 0)
        return;
    assert_ok(path_get(posix, "one", &a));
    ck_assert_uint_eq(a.size, 2);
    assert_ok(path_get(posix, "two", &a));
    ck_assert_uint_eq(a.size, 1);
    ck_assert_int_eq(rename(tree_path("One"), tree_path("Three")), 0);
    ck_assert_int_eq(rename(tree_path("Three"), tree_path("Four")), 0);
    assert_error(path_get(posix, "one", &a), TB_OBJECT_NAME_NOT_FOUND);
    assert_error(path_get(posix, "three", &a), TB_OBJECT_NAME_NOT_FOUND);
    assert_ok(path_get(posix, "four", &a));
    ck_assert_uint_eq(counts().built, 1);
}
END_TEST

START_TEST(lost_reports_are_made_up_for)
{
    struct tb_attributes a;
    char path[100];
    long most = 16384;
    FILE *file = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
    if (file) {
        ck_assert_int_eq(fscanf(file, "%ld", &most), 1);
        fclose(file);
    }
    if (!has_index() || most > 100000)
        return;
    for (long i = 0; i <= most; i++) {
        snprintf(path, sizeof path, "%s/x%ld", tree_root, i % 2);
        close(open(path, O_WRONLY | O_CREAT, 0666));
        ck_assert_int_eq(unlink(path), 0);
    }
    tree_put_file("Late", "x");
    assert_ok(path_get(posix, "LATE", &a));
    ck_assert_uint_eq(counts().overflows, 1);
    ck_assert_uint_eq(counts().built, 2);
    assert_error(path_get(posix, "x0", &a), TB_OBJECT_NAME_NOT_FOUND);
}
END_TEST

START_TEST(directories_come_and_go)
{
    struct tb_attributes a;
    if (!has_index())
        return;
    for (int i = 0; i < 20; i++) {
        tree_put_directory("Sub");
        assert_error(path_get(posix, "sub/FILE", &a), TB_OBJECT_NAME_NOT_FOUND);
        tree_put_file("Sub/file", "x");
        assert_ok(path_get(posix, "sub/FILE", &a));
        ck_assert_int_eq(rename(tree_path("Sub"), tree_path("Moved")), 0);
        assert_error(path_get(posix, "sub/FILE", &a), TB_OBJECT_PATH_NOT_FOUND);
        assert_ok(path_get(posix, "moved/FILE", &a));
        ck_assert_int_eq(unlink(tree_path("Moved/file")), 0);
        ck_assert_int_eq(rmdir(tree_path("Moved")), 0);
    }
    assert_error(path_get(posix, "moved/FILE", &a), TB_OBJECT_PATH_NOT_FOUND);
    ck_assert_uint_eq(counts().directories, 1);
}
END_TEST

static void put_many(const char *directory, unsigned count)
{
    char path[300];
    for (unsigned i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s/File number %u", tree_root, directory, i);
        ck_assert_int_eq(mknod(path, S_IFREG | 0666, 0), 0);
    }
}

START_TEST(memory_is_bounded)
{
    struct tb_attributes a;
    char path[100];
    tree_stop(posix);
    posix = tree_start_with("name-index=64K");
    if (!has_index())
        return;
    for (unsigned i = 0; i < 60; i++) {
        snprintf(path, sizeof path, "D%u", i);
        tree_put_directory(path);
        put_many(path, 20);
        snprintf(path, sizeof path, "d%u/file NUMBER 7", i);
        assert_ok(path_get(posix, path, &a));
        ck_assert_uint_le(counts().bytes, 65536);
    }
    ck_assert_uint_lt(counts().directories, 32);
    assert_ok(path_get(posix, "d0/file NUMBER 7", &a));
    tree_put_directory("Large");
    put_many("Large", 1500);
    assert_ok(path_get(posix, "large/FILE number 1499", &a));
    assert_error(path_get(posix, "large/FILE number 1500", &a), TB_OBJECT_NAME_NOT_FOUND);
    ck_assert_uint_le(counts().bytes, 65536);
    uint64_t built = counts().built;
    assert_error(path_get(posix, "Large/FILE number 1500", &a), TB_OBJECT_NAME_NOT_FOUND);
    ck_assert_uint_eq(counts().built, built);
}
END_TEST

/* Names of a directory that the caller may not list are not given away. */
START_TEST(who_may_not_list_learns_nothing)
{
    struct tb_attributes a;
    if (geteuid() != 0 || !has_index())
        return;
    tree_put_directory("d");
    tree_put_file("d/File", "x");
    assert_ok(path_get(posix, "d/FILE", &a));
    ck_assert_int_eq(chmod(tree_path("d"), 0311), 0);
    assert_error(path_get(posix, "d/FILE", &a), TB_OBJECT_NAME_NOT_FOUND);
    assert_ok(path_get(posix, "d/File", &a));
}
END_TEST

static double microseconds(unsigned times)
{
    struct timespec begin, end;
    struct tb_attributes a;
    char name[40];
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (unsigned i = 0; i < times; i++) {
        snprintf(name, sizeof name, "large/nothing like this %u", i);
        assert_error(path_get(posix, name, &a), TB_OBJECT_NAME_NOT_FOUND);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    return ((double)(end.tv_sec - begin.tv_sec) * 1e6 +
            (double)(end.tv_nsec - begin.tv_nsec) / 1e3) /
           times;
}

START_TEST(a_miss_is_cheap)
{
    unsigned size = getenv("TB_LONG") ? 100000 : 20000;
    struct tb_attributes a;
    if (!has_index())
        return;
    tree_put_directory("Large");
    put_many("Large", size);
    assert_ok(path_get(posix, "large/file number 1", &a));
    double with = microseconds(2000);
    struct tb_posix_share *share = posix->self;
    struct tb_posix_index *index = share->index;
    share->index = NULL;
    double without = microseconds(10);
    share->index = index;
    printf("a miss among %u names: %.1f us with the index, %.0f us without\n", size, with, without);
    ck_assert_uint_eq(counts().built, 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("posix index");
    TCase *own = tcase_create("index");

    tcase_add_checked_fixture(own, set_up, tear_down);
    tcase_set_timeout(own, 300);
    tcase_add_test(own, local_changes_are_seen_at_once);
    tcase_add_test(own, a_name_that_changes_its_case_is_never_missed);
    tcase_add_test(own, exchanged_names_are_both_there);
    tcase_add_test(own, lost_reports_are_made_up_for);
    tcase_add_test(own, directories_come_and_go);
    tcase_add_test(own, memory_is_bounded);
    tcase_add_test(own, who_may_not_list_learns_nothing);
    tcase_add_test(own, a_miss_is_cheap);
    suite_add_tcase(suite, own);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
