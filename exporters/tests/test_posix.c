/* The posix exporter: the contract, attributes, users, and ways out of the tree. */
#include "core/nt/attributes.h"
#include "exporters/posix/dosattrib.h"
#include "exporters/posix/posix.h"
#include "exporters/tests/contract.h"
#include "exporters/tests/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
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

struct answer {
    sem_t come;
    enum tb_error error;
};

static void note_answer(struct tb_call *call, enum tb_error error)
{
    struct answer *answer = tb_call_context(call);
    answer->error = error;
    sem_post(&answer->come);
}

static enum tb_error call_as(uint32_t uid, struct tb_call *call)
{
    const struct tb_credentials credentials = {.uid = uid, .gid = uid};
    struct answer answer;

    /* cppcheck-suppress autoVariables */
    call->credentials = &credentials;
    call->frame_count = 0;
    sem_init(&answer.come, 0, 0);
    tb_call_push(call, note_answer, &answer);
    tb_exporter_submit(posix, call);
    while (sem_wait(&answer.come) < 0)
        continue;
    sem_destroy(&answer.come);
    return answer.error;
}

static enum tb_error open_as(uint32_t uid, const char *path, enum tb_open_how how, unsigned use)
{
    struct tb_call call = {.operation = TB_CALL_OPEN,
                           .open = {.path = path, .how = how, .use = use}};
    enum tb_error error = call_as(uid, &call);
    if (error)
        return error;
    free(call.open.real_path);
    struct tb_call end = {.operation = TB_CALL_CLOSE, .handle = call.handle};
    return call_as(uid, &end);
}

static bool has_xattrs(void)
{
    bool has = setxattr(tree_root, "user.test", "x", 1, 0) == 0;
    removexattr(tree_root, "user.test");
    return has;
}

START_TEST(attributes_are_kept_as_samba_keeps_them)
{
    /* Versions 3, 4 and 5 as Samba writes them: HIDDEN|ARCHIVE, created 2020-01-01. */
    static const uint8_t v3[52] = {0, 0, 3,    0,           3,    0,    0,    0,    0x11, 0,
                                   0, 0, 0x22, [37] = 0x80, 0x6d, 0x46, 0x34, 0xc0, 0xd5, 0x01};
    static const uint8_t v4[32] = {0, 0, 4,    0,           4,    0,    0,    0,    0x11, 0,
                                   0, 0, 0x22, [25] = 0x80, 0x6d, 0x46, 0x34, 0xc0, 0xd5, 0x01};
    static const uint8_t v5[24] = {0, 0, 5,    0,           5,    0,    0,    0,    0x11, 0,
                                   0, 0, 0x22, [17] = 0x80, 0x6d, 0x46, 0x34, 0xc0, 0xd5, 0x01};
    const struct tb_span values[] = {tb_span(v3, sizeof v3), tb_span(v4, sizeof v4),
                                     tb_span(v5, sizeof v5)};
    struct tb_dosattrib dos;
    uint8_t again[TB_DOSATTRIB_LENGTH];

    for (size_t i = 0; i < 3; i++) {
        ck_assert(tb_dosattrib_decode(values[i], &dos));
        ck_assert(dos.has_attributes && dos.has_creation_time);
        ck_assert_uint_eq(dos.attributes, 0x22);
        ck_assert_uint_eq(dos.creation_filetime, UINT64_C(0x01d5c034466d8000));
        tb_dosattrib_encode(&dos, again);
        ck_assert_mem_eq(again, v3, sizeof v3);
        for (size_t length = 0; length < values[i].length; length++) {
            uint8_t *cut = malloc(length + 1);
            memcpy(cut, values[i].data, length);
            bool read = tb_dosattrib_decode(tb_span(cut, length), &dos);
            ck_assert(!read || i == 0);
            free(cut);
        }
    }
}
END_TEST

START_TEST(foreign_attributes_are_read)
{
    static const uint8_t v4[32] = {0, 0, 4,    0,           4,    0,    0,    0,    0x11, 0,
                                   0, 0, 0x22, [25] = 0x80, 0x6d, 0x46, 0x34, 0xc0, 0xd5, 0x01};
    struct tb_attributes a;
    if (!has_xattrs())
        return;
    tree_put_file("f", "");
    ck_assert_int_eq(setxattr(tree_path("f"), "user.DOSATTRIB", v4, sizeof v4, 0), 0);
    assert_ok(path_get(posix, "f", &a));
    ck_assert_uint_eq(a.file_attributes, TB_FILE_ATTRIBUTE_HIDDEN | TB_FILE_ATTRIBUTE_ARCHIVE);
    ck_assert_uint_eq(a.creation_filetime, UINT64_C(0x01d5c034466d8000));
    ck_assert_int_eq(setxattr(tree_path("f"), "user.DOSATTRIB", "rubbish", 7, 0), 0);
    assert_ok(path_get(posix, "f", &a));
    ck_assert_uint_eq(a.file_attributes, 0);
}
END_TEST

START_TEST(a_change_time_counts_until_the_next_change)
{
    const uint64_t chosen = UINT64_C(0x01d5c034466d8000);
    struct tb_attributes a = {.change_filetime = chosen};
    struct tb_call call = {.operation = TB_CALL_OPEN,
                           .open = {.path = "f", .use = TB_USE_ATTRIBUTES}};
    if (!has_xattrs())
        return;
    tree_put_file("f", "text");
    assert_ok(call_run(posix, &call));
    assert_ok(call_set(posix, call.handle, TB_SET_CHANGE_TIME, &a));
    assert_ok(path_get(posix, "f", &a));
    ck_assert_uint_eq(a.change_filetime, chosen);
    usleep(30000);
    ck_assert_int_eq(chmod(tree_path("f"), 0640), 0);
    assert_ok(path_get(posix, "f", &a));
    ck_assert_uint_gt(a.change_filetime, chosen);

    a.change_filetime = chosen;
    assert_ok(call_set(posix, call.handle, TB_SET_CHANGE_TIME, &a));
    a.file_attributes = TB_FILE_ATTRIBUTE_HIDDEN;
    assert_ok(call_set(posix, call.handle, TB_SET_FILE_ATTRIBUTES, &a));
    assert_ok(path_get(posix, "f", &a));
    ck_assert_uint_gt(a.change_filetime, chosen);
    call_close(posix, call.handle);
}
END_TEST

START_TEST(mode_and_name_say_what_nothing_else_does)
{
    struct tb_attributes a;
    tree_put_file(".profile", "x");
    tree_put_file("old", "x");
    ck_assert_int_eq(chmod(tree_path("old"), 0444), 0);
    assert_ok(path_get(posix, ".profile", &a));
    ck_assert_uint_eq(a.file_attributes, TB_FILE_ATTRIBUTE_HIDDEN);
    struct tb_call call = {.operation = TB_CALL_OPEN,
                           .open = {.path = "old", .use = TB_USE_ATTRIBUTES}};
    assert_ok(call_run(posix, &call));
    ck_assert_uint_eq(call.open.attributes.file_attributes, TB_FILE_ATTRIBUTE_READONLY);
    memset(&a, 0, sizeof a);
    assert_ok(call_set(posix, call.handle, TB_SET_FILE_ATTRIBUTES, &a));
    call_close(posix, call.handle);
    assert_ok(path_get(posix, "old", &a));
    ck_assert_uint_eq(a.file_attributes, 0);
}
END_TEST

START_TEST(links_lead_no_further_than_the_tree)
{
    struct tb_attributes a;
    struct opened root;
    struct listed entries[8];
    size_t count;
    bool end;

    tree_put_file("file", "inside");
    tree_put_directory("d");
    ck_assert_int_eq(symlink("../file", tree_path("d/good")), 0);
    ck_assert_int_eq(symlink("d", tree_path("directory")), 0);
    ck_assert_int_eq(symlink("/etc/passwd", tree_path("absolute")), 0);
    ck_assert_int_eq(symlink("../../../../../../etc", tree_path("up")), 0);
    ck_assert_int_eq(symlink("/proc/self/root", tree_path("magic")), 0);
    ck_assert_int_eq(symlink("loop", tree_path("loop")), 0);
    ck_assert_int_eq(symlink("nowhere", tree_path("dangling")), 0);

    assert_ok(path_get(posix, "d/good", &a));
    ck_assert_uint_eq(a.size, 6);
    assert_ok(path_get(posix, "Directory/GOOD", &a));
    ck_assert_uint_eq(a.size, 6);
    assert_error(path_get(posix, "absolute", &a), TB_ACCESS_DENIED);
    assert_error(path_get(posix, "up", &a), TB_ACCESS_DENIED);
    assert_error(path_get(posix, "up/passwd", &a), TB_ACCESS_DENIED);
    assert_error(path_get(posix, "UP/passwd", &a), TB_ACCESS_DENIED);
    assert_error(path_create(posix, "up/new", false), TB_ACCESS_DENIED);
    assert_error(path_get(posix, "magic/etc/passwd", &a), TB_ACCESS_DENIED);
    assert_error(path_get(posix, "loop", &a), TB_ACCESS_DENIED);
    assert_error(path_get(posix, "dangling", &a), TB_OBJECT_NAME_NOT_FOUND);
    assert_error(path_create(posix, "dangling", false), TB_OBJECT_NAME_COLLISION);
    assert_error(path_rename(posix, "file", "up/file", false), TB_ACCESS_DENIED);

    assert_ok(call_open(posix, "", TB_OPEN_EXISTING, false, &root));
    assert_ok(call_list(posix, root.handle, 0, entries, 8, &count, &end));
    ck_assert_uint_eq(count, 3);
    call_close(posix, root.handle);
    assert_ok(path_remove(posix, "d/good"));
    ck_assert_int_eq(access(tree_path("file"), F_OK), 0);
}
END_TEST

START_TEST(links_can_be_forbidden)
{
    struct tb_attributes a;
    tree_stop(posix);
    posix = tree_start_with("symlinks=none");
    tree_put_file("file", "inside");
    tree_put_directory("d");
    ck_assert_int_eq(symlink("file", tree_path("link")), 0);
    ck_assert_int_eq(symlink("d", tree_path("directory")), 0);
    assert_error(path_get(posix, "link", &a), TB_ACCESS_DENIED);
    assert_error(path_get(posix, "directory", &a), TB_ACCESS_DENIED);
    assert_error(path_create(posix, "directory/f", false), TB_ACCESS_DENIED);
}
END_TEST

START_TEST(links_may_lead_anywhere_if_the_share_says_so)
{
    char outside[] = "/tmp/tombolo-outside-XXXXXX", path[64];
    struct tb_attributes a;
    struct opened root;
    struct listed entries[8];
    size_t count;
    bool end;

    tree_stop(posix);
    posix = tree_start_with("symlinks=wide");
    ck_assert_ptr_nonnull(mkdtemp(outside));
    ck_assert_int_eq(chmod(outside, 0777), 0);
    snprintf(path, sizeof path, "%s/File", outside);
    int file = open(path, O_WRONLY | O_CREAT, 0666);
    ck_assert_int_eq(fchmod(file, 0666), 0);
    close(file);
    ck_assert_int_eq(symlink(outside, tree_path("out")), 0);
    ck_assert_int_eq(symlink("File", strcat(strcpy(path, outside), "/link")), 0);
    ck_assert_int_eq(symlink("/proc/self/root", tree_path("magic")), 0);
    assert_ok(path_get(posix, "OUT/file", &a));
    assert_ok(path_get(posix, "out/LINK", &a));
    assert_error(path_get(posix, "magic/etc/passwd", &a), TB_ACCESS_DENIED);
    assert_ok(call_open(posix, "out", TB_OPEN_EXISTING, false, &root));
    assert_ok(call_list(posix, root.handle, 0, entries, 8, &count, &end));
    ck_assert_uint_eq(count, 2);
    call_close(posix, root.handle);
    assert_ok(path_remove(posix, "out/link"));
    assert_ok(path_remove(posix, "out/FILE"));
    ck_assert_int_eq(rmdir(outside), 0);
}
END_TEST

START_TEST(dot_files_need_not_be_hidden)
{
    struct tb_attributes a;
    tree_put_file(".profile", "x");
    tree_stop(posix);
    posix = tree_start_with("hide-dot-files=no");
    tree_put_file(".profile", "x");
    assert_ok(path_get(posix, ".profile", &a));
    ck_assert_uint_eq(a.file_attributes, 0);
    assert_ok(path_create(posix, ".new", false));
    assert_ok(path_get(posix, ".new", &a));
    ck_assert_uint_eq(a.file_attributes, 0);
}
END_TEST

static atomic_bool swapping;

/* "d" is by turns a directory and a link out of the tree. */
static void *swap(void *data)
{
    (void)data;
    char d[80], real[80], link[80];
    snprintf(d, sizeof d, "%s/d", tree_root);
    snprintf(real, sizeof real, "%s/real", tree_root);
    snprintf(link, sizeof link, "%s/link", tree_root);
    while (atomic_load(&swapping)) {
        rename(d, real);
        rename(link, d);
        rename(d, link);
        rename(real, d);
    }
    return NULL;
}

START_TEST(races_lead_nowhere_else)
{
    char outside[] = "/tmp/tombolo-outside-XXXXXX", path[64];
    struct tb_attributes a;
    pthread_t thread;

    ck_assert_ptr_nonnull(mkdtemp(outside));
    ck_assert_int_eq(chmod(outside, 0777), 0);
    snprintf(path, sizeof path, "%s/secret", outside);
    int file = open(path, O_WRONLY | O_CREAT, 0666);
    ck_assert_int_ge(file, 0);
    close(file);
    tree_put_directory("d");
    ck_assert_int_eq(symlink(outside, tree_path("link")), 0);
    atomic_store(&swapping, true);
    ck_assert_int_eq(pthread_create(&thread, NULL, swap, NULL), 0);
    for (int i = 0; i < 2000; i++) {
        ck_assert_int_ne(path_get(posix, "d/secret", &a), TB_OK);
        if (path_create(posix, i % 2 ? "d/new" : "D/new", false) == TB_OK)
            path_remove(posix, "d/new");
        path_rename(posix, "d/new", "d/newer", true);
        path_remove(posix, "d/secret");
    }
    atomic_store(&swapping, false);
    pthread_join(thread, NULL);
    ck_assert_int_eq(access(path, F_OK), 0);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(rmdir(outside), 0);
}
END_TEST

START_TEST(only_files_and_directories_open)
{
    struct tb_attributes a;
    ck_assert_int_eq(mkfifo(tree_path("pipe"), 0666), 0);
    ck_assert_int_eq(chmod(tree_path("pipe"), 0666), 0);
    assert_error(path_get(posix, "pipe", &a), TB_ACCESS_DENIED);
    assert_error(path_create(posix, "pipe", false), TB_OBJECT_NAME_COLLISION);
}
END_TEST

START_TEST(names_that_change_underneath_are_left_alone)
{
    struct opened o;
    assert_ok(call_open(posix, "f", TB_OPEN_NEW, false, &o));
    ck_assert_int_eq(rename(tree_path("f"), tree_path("g")), 0);
    tree_put_file("f", "another");
    assert_error(call_remove(posix, o.handle), TB_FILE_DELETED);
    assert_error(call_rename(posix, o.handle, "h", false), TB_FILE_DELETED);
    ck_assert_int_eq(access(tree_path("f"), F_OK), 0);
    call_close(posix, o.handle);
}
END_TEST

START_TEST(names_follow_their_file)
{
    struct opened a, b;
    struct tb_attributes attributes;
    assert_ok(path_create(posix, "d", true));
    assert_ok(path_create(posix, "e", true));
    assert_ok(call_open(posix, "d/f", TB_OPEN_NEW, false, &a));
    assert_ok(call_open(posix, "D/F", TB_OPEN_EXISTING, false, &b));
    assert_ok(call_rename(posix, b.handle, "e/g", false));
    assert_ok(path_rename(posix, "e", "moved", false));
    assert_ok(call_remove(posix, a.handle));
    assert_error(path_get(posix, "moved/g", &attributes), TB_OBJECT_NAME_NOT_FOUND);
    call_close(posix, a.handle);
    call_close(posix, b.handle);
}
END_TEST

START_TEST(masks_shape_modes)
{
    struct stat st;
    mode_t mask = umask(0);
    tree_stop(posix);
    posix = tree_start_with("create-mask=0640");
    assert_ok(path_create(posix, "f", false));
    assert_ok(path_create(posix, "d", true));
    umask(mask);
    ck_assert_int_eq(stat(tree_path("f"), &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0640);
    ck_assert_int_eq(stat(tree_path("d"), &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0755);
}
END_TEST

START_TEST(modes_are_forced)
{
    struct stat st;
    mode_t mask = umask(0);
    tree_stop(posix);
    posix = tree_start_with("force-directory-mode=02020");
    assert_ok(path_create(posix, "d", true));
    ck_assert_int_eq(stat(tree_path("d"), &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 02775);
    tree_stop(posix);
    posix = tree_start_with("force-create-mode=0111");
    assert_ok(path_create(posix, "f", false));
    umask(mask);
    ck_assert_int_eq(stat(tree_path("f"), &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0755);
}
END_TEST

START_TEST(users_act_as_themselves)
{
    struct stat st;
    if (geteuid() != 0)
        return;
    ck_assert_int_eq(chmod(tree_root, 01777), 0);
    assert_ok(open_as(2001, "hers", TB_OPEN_NEW, TB_USE_READ | TB_USE_WRITE));
    assert_ok(open_as(2002, "his", TB_OPEN_NEW, TB_USE_READ | TB_USE_WRITE));
    ck_assert_int_eq(stat(tree_path("hers"), &st), 0);
    ck_assert_uint_eq(st.st_uid, 2001);
    ck_assert_uint_eq(st.st_gid, 2001);
    ck_assert_int_eq(chmod(tree_path("hers"), 0600), 0);
    for (int i = 0; i < 100; i++) {
        assert_ok(open_as(2001, "hers", TB_OPEN_EXISTING, TB_USE_WRITE));
        assert_error(open_as(2002, "hers", TB_OPEN_EXISTING, TB_USE_READ), TB_ACCESS_DENIED);
        assert_error(open_as(2001, "his", TB_OPEN_EXISTING, TB_USE_WRITE), TB_ACCESS_DENIED);
        assert_ok(open_as(2002, "hers", TB_OPEN_EXISTING, 0));
    }
    struct tb_call call = {.operation = TB_CALL_OPEN,
                           .open = {.path = "hers", .use = TB_USE_NAME | TB_USE_ATTRIBUTES}};
    assert_error(call_as(2002, &call), TB_ACCESS_DENIED);
    call.open.use = TB_USE_ATTRIBUTES;
    assert_ok(call_as(2002, &call));
    struct tb_call end = {.operation = TB_CALL_CLOSE, .handle = call.handle};
    assert_ok(call_as(2002, &end));
    call.open.use = TB_USE_NAME | TB_USE_ATTRIBUTES;
    assert_ok(call_as(2001, &call));
    struct tb_call remove = {.operation = TB_CALL_REMOVE, .handle = call.handle};
    assert_error(call_as(2002, &remove), TB_ACCESS_DENIED);
    struct tb_call set = {.operation = TB_CALL_SET_ATTRIBUTES, .handle = call.handle};
    set.attributes.mask = TB_SET_WRITE_TIME;
    assert_error(call_as(2002, &set), TB_ACCESS_DENIED);
    assert_ok(call_as(2001, &remove));
    call_close(posix, call.handle);
    ck_assert_int_eq(open_as(0, "his", TB_OPEN_EXISTING, TB_USE_WRITE), TB_OK);
}
END_TEST

static unsigned given_to(uint32_t uid, const char *path, unsigned use, unsigned wished)
{
    struct tb_call call = {.operation = TB_CALL_OPEN,
                           .open = {.path = path, .use = use, .use_wished = wished}};
    assert_ok(call_as(uid, &call));
    free(call.open.real_path);
    unsigned given = call.open.use_given;
    struct tb_call end = {.operation = TB_CALL_CLOSE, .handle = call.handle};
    assert_ok(call_as(uid, &end));
    return given;
}

/* As much of what is wished for as POSIX allows this user. */
START_TEST(wishes_are_granted_as_far_as_possible)
{
    if (geteuid() != 0)
        return;
    tree_put_file("file", "x");
    tree_put_directory("d");
    ck_assert_int_eq(chown(tree_path("file"), 2001, 2001), 0);
    ck_assert_int_eq(chmod(tree_path("file"), 0644), 0);
    ck_assert_int_eq(chmod(tree_root, 0755), 0);
    ck_assert_uint_eq(given_to(2001, "file", 0, USE_ALL), USE_ALL & ~(unsigned)TB_USE_NAME);
    ck_assert_uint_eq(given_to(2002, "file", 0, USE_ALL), TB_USE_READ);
    ck_assert_uint_eq(given_to(2002, "file", TB_USE_READ, USE_ALL), TB_USE_READ);
    ck_assert_uint_eq(given_to(2002, "d", 0, USE_ALL), TB_USE_READ);
    ck_assert_uint_eq(given_to(1234, "d", 0, USE_ALL), USE_ALL);
    ck_assert_uint_eq(given_to(1234, "file", 0, USE_ALL), TB_USE_READ | TB_USE_NAME);
    ck_assert_int_eq(chmod(tree_path("file"), 0600), 0);
    ck_assert_uint_eq(given_to(2002, "file", 0, USE_ALL), 0);
    ck_assert_uint_eq(given_to(2001, "file", TB_USE_WRITE, TB_USE_WRITE), TB_USE_WRITE);
    ck_assert_int_eq(chmod(tree_path("file"), 0222), 0);
    ck_assert_uint_eq(given_to(2002, "file", 0, USE_ALL), TB_USE_WRITE | TB_USE_ATTRIBUTES);
}
END_TEST

START_TEST(writing_takes_privileges_away)
{
    struct tb_call call = {.operation = TB_CALL_OPEN,
                           .open = {.path = "tool", .use = TB_USE_WRITE}};
    struct stat st;
    if (geteuid() != 0)
        return;
    tree_put_file("tool", "x");
    ck_assert_int_eq(chmod(tree_root, 0777), 0);
    ck_assert_int_eq(chown(tree_path("tool"), 0, 0), 0);
    ck_assert_int_eq(chmod(tree_path("tool"), 04777), 0);
    assert_ok(call_as(2001, &call));
    struct tb_call write = {.operation = TB_CALL_WRITE, .handle = call.handle};
    write.io.data = tb_span("y", 1);
    assert_ok(call_as(2001, &write));
    call_close(posix, call.handle);
    ck_assert_int_eq(stat(tree_path("tool"), &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0777);
}
END_TEST

START_TEST(write_through_and_flush_answer)
{
    struct opened o;
    struct tb_call write = {.operation = TB_CALL_WRITE, .io = {.write_through = true}};
    struct tb_call flush = {.operation = TB_CALL_FLUSH};
    char back[4];
    size_t length = 4;

    assert_ok(call_open(posix, "f", TB_OPEN_NEW, false, &o));
    write.handle = flush.handle = o.handle;
    write.io.data = tb_span("safe", 4);
    assert_ok(call_run(posix, &write));
    assert_ok(call_run(posix, &flush));
    assert_ok(call_read(posix, o.handle, 0, back, &length));
    ck_assert_mem_eq(back, "safe", 4);
    length = 4;
    assert_ok(call_read(posix, o.handle, UINT64_MAX, back, &length));
    ck_assert_uint_eq(length, 0);
    assert_error(call_write(posix, o.handle, INT64_MAX, "xx", 2), TB_FILE_TOO_LARGE);
    assert_error(call_set_size(posix, o.handle, UINT64_MAX), TB_FILE_TOO_LARGE);
    assert_error(call_set_allocation(posix, o.handle, UINT64_MAX), TB_DISK_FULL);
    call_close(posix, o.handle);
}
END_TEST

START_TEST(options_are_checked)
{
    static const char *const wrong[] = {
        "symlinks=",    "symlinks=wild",        "create-mask=999", "names=8.3", "name-index=much",
        "create-mask=", "directory-mask=017777", "size=1G",         "names=",    "hide-dot-files=1"};
    struct world world;
    world_init(&world);
    struct tb_env env = world_env(&world);
    struct tb_exporter *exporter;
    char message[200];

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *options[] = {wrong[i], NULL};
        assert_error(tb_exporter_start(&tb_posix_exporter, "/", options, &env, &exporter, message,
                                       sizeof message),
                     TB_INVALID_PARAMETER);
        ck_assert_uint_gt(strlen(message), 0);
    }
    ck_assert_int_ne(tb_exporter_start(&tb_posix_exporter, "/nowhere/at/all", NULL, &env, &exporter,
                                       message, sizeof message),
                     TB_OK);
    ck_assert_ptr_nonnull(strstr(message, "/nowhere/at/all"));
    assert_error(
        tb_exporter_start(&tb_posix_exporter, "", NULL, &env, &exporter, message, sizeof message),
        TB_INVALID_PARAMETER);
}
END_TEST

int main(void)
{
    static const struct contract contract = {tree_start, tree_stop};
    Suite *suite = suite_create("posix");
    TCase *own = tcase_create("posix");

    suite_add_tcase(suite, contract_tests(&contract));
    tcase_add_checked_fixture(own, set_up, tear_down);
    tcase_set_timeout(own, 120);
    tcase_add_test(own, attributes_are_kept_as_samba_keeps_them);
    tcase_add_test(own, foreign_attributes_are_read);
    tcase_add_test(own, a_change_time_counts_until_the_next_change);
    tcase_add_test(own, mode_and_name_say_what_nothing_else_does);
    tcase_add_test(own, links_lead_no_further_than_the_tree);
    tcase_add_test(own, links_can_be_forbidden);
    tcase_add_test(own, links_may_lead_anywhere_if_the_share_says_so);
    tcase_add_test(own, dot_files_need_not_be_hidden);
    tcase_add_test(own, races_lead_nowhere_else);
    tcase_add_test(own, only_files_and_directories_open);
    tcase_add_test(own, names_that_change_underneath_are_left_alone);
    tcase_add_test(own, names_follow_their_file);
    tcase_add_test(own, masks_shape_modes);
    tcase_add_test(own, modes_are_forced);
    tcase_add_test(own, users_act_as_themselves);
    tcase_add_test(own, wishes_are_granted_as_far_as_possible);
    tcase_add_test(own, writing_takes_privileges_away);
    tcase_add_test(own, write_through_and_flush_answer);
    tcase_add_test(own, options_are_checked);
    suite_add_tcase(suite, own);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
