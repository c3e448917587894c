/* The posix exporter: ways out of the tree, also raced by local processes; a tree that is changed,
 * removed or replaced underneath open handles; a full disk, and one that becomes read-only. */
#include "exporters/posix/posix.h"
#include "exporters/tests/tree.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 3000

static struct tb_exporter *posix;
static char outside[64]; /* a directory with the file "secret" in it, not in the tree */

#define assert_ok(call)           ck_assert_int_eq((call), TB_OK)
#define assert_error(call, error) ck_assert_int_eq((call), (error))

static const char *outside_path(const char *name)
{
    static char path[100];
    snprintf(path, sizeof path, "%s/%s", outside, name);
    return path;
}

static void set_up(void)
{
    const char *where = getenv("TMPDIR");
    umask(0);
    posix = tree_start();
    snprintf(outside, sizeof outside, "%.40s/tombolo-out-XXXXXX", where ? where : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(outside));
    ck_assert_int_eq(chmod(outside, 0777), 0);
    int file = open(outside_path("secret"), O_WRONLY | O_CREAT, 0666);
    ck_assert_int_eq(write(file, "secret", 6), 6);
    close(file);
}

/* Nothing outside was touched. */
static void tear_down(void)
{
    struct stat st;
    tree_stop(posix);
    ck_assert_int_eq(stat(outside_path("secret"), &st), 0);
    ck_assert_int_eq(st.st_size, 6);
    ck_assert_uint_eq(st.st_nlink, 1);
    ck_assert_int_eq(unlink(outside_path("secret")), 0);
    ck_assert_int_eq(rmdir(outside), 0);
}

/* A local process that does `change` over and over. */
static pid_t local_start(void (*change)(void))
{
    pid_t process = fork();
    ck_assert_int_ge(process, 0);
    while (process == 0)
        change();
    return process;
}

static void local_end(pid_t process)
{
    kill(process, SIGKILL);
    ck_assert_int_eq(waitpid(process, NULL, 0), process);
}

static void exchange(const char *a, const char *b)
{
    char path[1024];
    if (renameat2(AT_FDCWD, strcpy(path, tree_path(a)), AT_FDCWD, tree_path(b), RENAME_EXCHANGE) ==
        0)
        return;
    /* This filesystem cannot do it at once. */
    char own[1024];
    strcpy(own, tree_path("exchanged"));
    rename(path, own);
    rename(tree_path(b), path);
    rename(own, tree_path(b));
}

START_TEST(dots_lead_nowhere)
{
    static const char *const paths[] = {"..", "../etc", "d/..", "d/../..", ".", "d/.", "./d"};
    struct tb_attributes a;
    tree_put_directory("d");
    for (int wide = 0; wide < 2; wide++) {
        for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
            assert_error(path_get(posix, paths[i], &a), TB_OBJECT_NAME_INVALID);
            assert_error(path_create(posix, paths[i], false), TB_OBJECT_NAME_INVALID);
            assert_error(path_rename(posix, "d", paths[i], false), TB_OBJECT_NAME_INVALID);
        }
        tree_stop(posix);
        posix = tree_start_with("symlinks=wide");
        tree_put_directory("d");
    }
}
END_TEST

/* Of a share that holds all of this machine, and /proc with it. */
START_TEST(magic_links_are_not_followed)
{
    static const char *const paths[] = {"proc/self/root", "proc/self/root/etc/passwd",
                                        "proc/self/cwd",  "proc/self/exe",
                                        "proc/self/fd/0", "proc/thread-self/root/etc"};
    static const char *const policies[] = {NULL, "symlinks=none", "symlinks=wide"};
    for (size_t policy = 0; policy < 3; policy++) {
        const char *options[] = {policies[policy], NULL};
        struct tb_exporter *all;
        struct world world;
        struct tb_attributes a;
        char message[200];
        world_init(&world);
        struct tb_env env = world_env(&world);
        assert_ok(tb_exporter_start(&tb_posix_exporter, "/", options, &env, &all, message,
                                    sizeof message));
        for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
            assert_error(path_get(all, paths[i], &a), TB_ACCESS_DENIED);
        tb_exporter_free(all);
    }
}
END_TEST

/* A second name of a file is the file: whoever could make it could read it already. */
START_TEST(hard_links_are_files_of_the_tree)
{
    struct opened o;
    struct tb_attributes a;
    if (link(outside_path("secret"), tree_path("known")) < 0)
        return;
    assert_ok(path_get(posix, "known", &a));
    ck_assert_uint_eq(a.size, 6);
    ck_assert_uint_eq(a.link_count, 2);
    ck_assert_int_eq(symlink(outside, tree_path("out")), 0);
    assert_ok(call_open(posix, "known", TB_OPEN_EXISTING, false, &o));
    assert_error(call_link(posix, o.handle, "out/again", false), TB_ACCESS_DENIED);
    assert_error(call_rename(posix, o.handle, "out/again", false), TB_ACCESS_DENIED);
    call_close(posix, o.handle);
    assert_ok(path_remove(posix, "known"));
}
END_TEST

static void exchange_file_and_link(void)
{
    exchange("file", "link");
}

START_TEST(files_that_become_links_are_not_followed)
{
    struct opened o;
    struct stat st;
    unsigned opened = 0;
    tree_put_file("file", "ours");
    ck_assert_int_eq(symlink(outside_path("secret"), tree_path("link")), 0);
    ck_assert_int_eq(stat(tree_path("file"), &st), 0);
    pid_t process = local_start(exchange_file_and_link);
    for (int i = 0; i < ROUNDS; i++) {
        enum tb_error error =
            call_open(posix, i % 2 ? "file" : "FILE", TB_OPEN_EXISTING, false, &o);
        if (error)
            continue;
        ck_assert_uint_eq(o.attributes.file_id, st.st_ino);
        opened++;
        if (i % 3 == 0)
            call_set_size(posix, o.handle, 4);
        call_close(posix, o.handle);
    }
    local_end(process);
    ck_assert_uint_gt(opened, 0);
}
END_TEST

static void exchange_directory_and_link(void)
{
    exchange("d", "link");
}

START_TEST(directories_that_become_links_are_not_followed)
{
    struct tb_attributes a;
    struct opened o;
    tree_put_directory("d");
    ck_assert_int_eq(symlink(outside, tree_path("link")), 0);
    assert_ok(call_open(posix, "mine", TB_OPEN_NEW, false, &o));
    pid_t process = local_start(exchange_directory_and_link);
    for (int i = 0; i < ROUNDS; i++) {
        ck_assert_int_ne(path_get(posix, "d/secret", &a), TB_OK);
        call_link(posix, o.handle, "D/linked", true);
        path_create(posix, "d/sub", true);
        path_rename(posix, "d/sub", "d/other", false);
        if (call_rename(posix, o.handle, i % 2 ? "mine" : "d/mine", true) == TB_OK)
            continue;
        path_remove(posix, "d/other");
    }
    local_end(process);
    call_close(posix, o.handle);
}
END_TEST

static void move_out_and_in(void)
{
    char there[100];
    strcpy(there, outside_path("taken"));
    rename(tree_path("d"), there);
    rename(there, tree_path("d"));
}

/* What is opened and then moved out of the tree is read to the end, but no name out there is
 * touched. */
START_TEST(what_is_moved_out_is_left_alone)
{
    struct opened file, sub;
    struct tb_attributes a;
    char there[100];
    if (rename(tree_root, tree_root) < 0)
        return;
    tree_put_directory("d");
    tree_put_directory("d/sub");
    assert_ok(call_open(posix, "d/file", TB_OPEN_NEW, false, &file));
    assert_ok(call_open(posix, "d/sub", TB_OPEN_EXISTING, false, &sub));
    strcpy(there, outside_path("taken"));
    ck_assert_int_eq(rename(tree_path("d"), there), 0);
    assert_ok(call_write(posix, file.handle, 0, "x", 1));
    assert_error(call_remove(posix, file.handle), TB_ACCESS_DENIED);
    assert_error(call_rename(posix, file.handle, "back", false), TB_ACCESS_DENIED);
    assert_error(call_remove(posix, sub.handle), TB_ACCESS_DENIED);
    assert_error(path_get(posix, "d/file", &a), TB_OBJECT_PATH_NOT_FOUND);
    ck_assert_int_eq(rename(there, tree_path("d")), 0);
    assert_ok(call_remove(posix, file.handle));
    call_close(posix, file.handle);
    call_close(posix, sub.handle);
}
END_TEST

START_TEST(moving_out_and_in_again_leads_nowhere)
{
    struct tb_attributes a;
    tree_put_directory("d");
    tree_put_directory("d/sub");
    pid_t process = local_start(move_out_and_in);
    for (int i = 0; i < ROUNDS; i++) {
        ck_assert_int_ne(path_get(posix, "d/secret", &a), TB_OK);
        ck_assert_int_ne(path_get(posix, "d/sub/secret", &a), TB_OK);
        path_create(posix, "d/sub/new", false);
        path_remove(posix, "d/sub/NEW");
    }
    local_end(process);
    char there[100];
    strcpy(there, outside_path("taken"));
    rename(there, tree_path("d"));
}
END_TEST

START_TEST(files_live_on_without_their_name)
{
    struct opened o;
    char text[8];
    size_t length = sizeof text;
    struct tb_call flush = {.operation = TB_CALL_FLUSH};
    assert_ok(call_open(posix, "f", TB_OPEN_NEW, false, &o));
    assert_ok(call_write(posix, o.handle, 0, "contents", 8));
    ck_assert_int_eq(unlink(tree_path("f")), 0);
    assert_ok(call_read(posix, o.handle, 0, text, &length));
    ck_assert_mem_eq(text, "contents", 8);
    assert_error(call_remove(posix, o.handle), TB_FILE_DELETED);
    assert_error(call_rename(posix, o.handle, "g", false), TB_FILE_DELETED);
    assert_error(call_link(posix, o.handle, "g", false), TB_FILE_DELETED);
    flush.handle = o.handle;
    assert_ok(call_run(posix, &flush));
    assert_ok(path_create(posix, "f", true));
    assert_error(call_remove(posix, o.handle), TB_FILE_DELETED);
    call_close(posix, o.handle);
    assert_ok(call_open(posix, "g", TB_OPEN_NEW, false, &o));
    assert_ok(call_write(posix, o.handle, 0, "contents", 8));
    ck_assert_int_eq(truncate(tree_path("g"), 3), 0);
    length = sizeof text;
    assert_ok(call_read(posix, o.handle, 0, text, &length));
    ck_assert_uint_eq(length, 3);
    call_close(posix, o.handle);
}
END_TEST

START_TEST(directories_vanish_underneath)
{
    struct opened d, f;
    struct listed entries[4];
    struct tb_attributes a;
    size_t count;
    bool end;
    assert_ok(path_create(posix, "d", true));
    assert_ok(call_open(posix, "d", TB_OPEN_EXISTING, false, &d));
    assert_ok(call_open(posix, "d/f", TB_OPEN_NEW, false, &f));
    assert_error(path_get(posix, "d/F2", &a), TB_OBJECT_NAME_NOT_FOUND);
    ck_assert_int_eq(unlink(tree_path("d/f")), 0);
    ck_assert_int_eq(rmdir(tree_path("d")), 0);
    assert_ok(call_list(posix, d.handle, 0, entries, 4, &count, &end));
    ck_assert_uint_eq(count, 0);
    assert_error(path_create(posix, "d/f", false), TB_OBJECT_PATH_NOT_FOUND);
    assert_error(call_remove(posix, d.handle), TB_FILE_DELETED);
    tree_put_file("d", "a file now");
    assert_error(path_create(posix, "d/f", false), TB_NOT_A_DIRECTORY);
    assert_error(path_get(posix, "D/F", &a), TB_NOT_A_DIRECTORY);
    assert_error(call_remove(posix, d.handle), TB_FILE_DELETED);
    call_close(posix, f.handle);
    call_close(posix, d.handle);
}
END_TEST

/* The tree itself is gone; another in its place is not shared. */
START_TEST(the_root_is_the_one_it_was)
{
    struct opened f;
    struct tb_attributes a;
    assert_ok(call_open(posix, "f", TB_OPEN_NEW, false, &f));
    ck_assert_int_eq(unlink(tree_path("f")), 0);
    ck_assert_int_eq(rmdir(tree_root), 0);
    ck_assert_int_eq(mkdir(tree_root, 0777), 0);
    tree_put_file("other", "x");
    assert_error(path_get(posix, "other", &a), TB_OBJECT_NAME_NOT_FOUND);
    assert_error(path_create(posix, "g", false), TB_OBJECT_PATH_NOT_FOUND);
    assert_error(path_create(posix, "g", true), TB_OBJECT_PATH_NOT_FOUND);
    assert_ok(path_get(posix, "", &a));
    assert_ok(call_write(posix, f.handle, 0, "x", 1));
    call_close(posix, f.handle);
}
END_TEST

/* A small filesystem on "m" that nobody else sees, until this process ends. */
static bool mount_small(void)
{
    bool own = unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
    tree_stop(posix);
    posix = tree_start();
    tree_put_directory("m");
    if (own && mount("none", tree_path("m"), "tmpfs", 0, "size=256k,mode=777") == 0)
        return true;
    printf("SKIP: nothing can be mounted here: %s\n", strerror(errno));
    return false;
}

START_TEST(a_full_disk_loses_nothing)
{
    static char block[65536];
    struct opened o;
    struct tb_attributes a;
    uint64_t written = 0;
    enum tb_error error;
    if (!mount_small())
        return;
    assert_ok(call_open(posix, "m/f", TB_OPEN_NEW, false, &o));
    memset(block, 'x', sizeof block);
    while ((error = call_write(posix, o.handle, written, block, sizeof block)) == TB_OK) {
        written += sizeof block;
        ck_assert_uint_le(written, 256 << 10);
    }
    assert_error(error, TB_DISK_FULL);
    ck_assert_uint_ge(written, sizeof block);
    assert_error(call_set_allocation(posix, o.handle, 1 << 20), TB_DISK_FULL);
    assert_ok(call_get(posix, o.handle, &a));
    ck_assert_uint_ge(a.size, written);
    for (uint64_t at = 0; at < written; at += sizeof block) {
        size_t length = sizeof block;
        assert_ok(call_read(posix, o.handle, at, block, &length));
        ck_assert_uint_eq(length, sizeof block);
        ck_assert(block[0] == 'x' && block[sizeof block - 1] == 'x');
    }
    struct tb_call call = {.operation = TB_CALL_OPEN,
                           .open = {.path = "m/g", .how = TB_OPEN_NEW, .use = USE_ALL}};
    call.open.create_allocation_size = 1 << 20;
    assert_error(call_run(posix, &call), TB_DISK_FULL);
    assert_error(path_get(posix, "m/g", &a), TB_OBJECT_NAME_NOT_FOUND);
    assert_ok(call_set_size(posix, o.handle, 0));
    assert_ok(call_write(posix, o.handle, 0, block, sizeof block));
    call_close(posix, o.handle);
    ck_assert_int_eq(umount(tree_path("m")), 0);
}
END_TEST

START_TEST(a_disk_becomes_read_only)
{
    struct tb_call call = {.operation = TB_CALL_OPEN,
                           .open = {.path = "m/f", .use = TB_USE_READ | TB_USE_NAME}};
    struct tb_attributes a = {.file_attributes = 2};
    char byte;
    size_t length = 1;
    if (!mount_small())
        return;
    assert_ok(path_create(posix, "m/f", false));
    call.open.use |= TB_USE_ATTRIBUTES;
    assert_ok(call_run(posix, &call));
    ck_assert_int_eq(mount("none", tree_path("m"), NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
    assert_ok(call_read(posix, call.handle, 0, &byte, &length));
    assert_error(call_set(posix, call.handle, TB_SET_FILE_ATTRIBUTES | TB_SET_WRITE_TIME, &a),
                 TB_MEDIA_WRITE_PROTECTED);
    assert_error(call_rename(posix, call.handle, "m/g", false), TB_MEDIA_WRITE_PROTECTED);
    assert_error(call_link(posix, call.handle, "m/g", false), TB_MEDIA_WRITE_PROTECTED);
    assert_error(call_remove(posix, call.handle), TB_MEDIA_WRITE_PROTECTED);
    assert_error(path_create(posix, "m/g", false), TB_MEDIA_WRITE_PROTECTED);
    assert_error(path_create(posix, "m/g", true), TB_MEDIA_WRITE_PROTECTED);
    assert_error(path_get(posix, "m/f", &a), TB_MEDIA_WRITE_PROTECTED);
    call_close(posix, call.handle);
    struct tb_call wish = {.operation = TB_CALL_OPEN,
                           .open = {.path = "m/f", .use_wished = USE_ALL}};
    assert_ok(call_run(posix, &wish));
    ck_assert_uint_eq(wish.open.use_given, TB_USE_READ);
    call_close(posix, wish.handle);
    ck_assert_int_eq(umount(tree_path("m")), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("posix escapes");
    TCase *own = tcase_create("escapes");

    tcase_add_checked_fixture(own, set_up, tear_down);
    tcase_set_timeout(own, 120);
    tcase_add_test(own, dots_lead_nowhere);
    tcase_add_test(own, magic_links_are_not_followed);
    tcase_add_test(own, hard_links_are_files_of_the_tree);
    tcase_add_test(own, files_that_become_links_are_not_followed);
    tcase_add_test(own, directories_that_become_links_are_not_followed);
    tcase_add_test(own, what_is_moved_out_is_left_alone);
    tcase_add_test(own, moving_out_and_in_again_leads_nowhere);
    tcase_add_test(own, files_live_on_without_their_name);
    tcase_add_test(own, directories_vanish_underneath);
    tcase_add_test(own, the_root_is_the_one_it_was);
    tcase_add_test(own, a_full_disk_loses_nothing);
    tcase_add_test(own, a_disk_becomes_read_only);
    suite_add_tcase(suite, own);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
