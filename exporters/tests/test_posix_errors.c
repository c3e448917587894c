/* The posix exporter when the filesystem fails: each system call of each operation in turn, with
 * each of the errors that a disk, a quota, a lack of descriptors, a mode or a remount bring. The
 * error is the specified one, nothing stays open, and what failed has done nothing. */
#include "core/nt/attributes.h"
#include "exporters/tests/tree.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define assert_ok(call) ck_assert_int_eq((call), TB_OK)

static atomic_bool armed;
static atomic_uint until; /* this system call fails, */
static int failure;       /* so */
static atomic_bool has_failed;

static bool fails(void)
{
    if (!atomic_load(&armed) || atomic_fetch_sub(&until, 1) != 1)
        return false;
    atomic_store(&has_failed, true);
    errno = failure;
    return true;
}

#define WRAP(type, name, parameters, arguments)                                                    \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        return fails() ? -1 : __real_##name arguments;                                             \
    }

WRAP(int, fstat, (int fd, struct stat *st), (fd, st))
WRAP(int, fstatat, (int fd, const char *name, struct stat *st, int flags), (fd, name, st, flags))
WRAP(int, fstatfs, (int fd, struct statfs *fs), (fd, fs))
WRAP(int, statx, (int fd, const char *name, int flags, unsigned mask, struct statx *sx),
     (fd, name, flags, mask, sx))
WRAP(int, fsync, (int fd), (fd))
WRAP(int, fdatasync, (int fd), (fd))
WRAP(ssize_t, getdents64, (int fd, void *to, size_t size), (fd, to, size))
WRAP(int, renameat, (int from, const char *old, int to, const char *new), (from, old, to, new))
WRAP(int, renameat2, (int from, const char *old, int to, const char *new, unsigned flags),
     (from, old, to, new, flags))
WRAP(int, unlinkat, (int fd, const char *name, int flags), (fd, name, flags))
WRAP(int, linkat, (int from, const char *old, int to, const char *new, int flags),
     (from, old, to, new, flags))
WRAP(int, mkdirat, (int fd, const char *name, mode_t mode), (fd, name, mode))
WRAP(ssize_t, preadv2, (int fd, const struct iovec *to, int count, off_t at, int flags),
     (fd, to, count, at, flags))
WRAP(ssize_t, pwritev2, (int fd, const struct iovec *from, int count, off_t at, int flags),
     (fd, from, count, at, flags))
WRAP(ssize_t, pwrite, (int fd, const void *from, size_t length, off_t at), (fd, from, length, at))
WRAP(int, ftruncate, (int fd, off_t size), (fd, size))
WRAP(int, fallocate, (int fd, int mode, off_t at, off_t length), (fd, mode, at, length))
WRAP(off_t, lseek, (int fd, off_t at, int whence), (fd, at, whence))
WRAP(int, setxattr, (const char *path, const char *name, const void *value, size_t size, int flags),
     (path, name, value, size, flags))
WRAP(ssize_t, getxattr, (const char *path, const char *name, void *value, size_t size),
     (path, name, value, size))
WRAP(ssize_t, lgetxattr, (const char *path, const char *name, void *value, size_t size),
     (path, name, value, size))
WRAP(ssize_t, fgetxattr, (int fd, const char *name, void *value, size_t size),
     (fd, name, value, size))
WRAP(int, utimensat, (int fd, const char *path, const struct timespec *times, int flags),
     (fd, path, times, flags))
WRAP(int, chmod, (const char *path, mode_t mode), (path, mode))
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode))
WRAP(int, faccessat, (int fd, const char *path, int mode, int flags), (fd, path, mode, flags))
WRAP(int, inotify_add_watch, (int fd, const char *path, uint32_t mask), (fd, path, mask))

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __real_openat(int fd, const char *path, int flags, ...);
int __wrap_openat(int fd, const char *path, int flags, ...);
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

int __wrap_open(const char *path, int flags, ...)
{
    return fails() ? -1 : __real_open(path, flags, 0666);
}

int __wrap_openat(int fd, const char *path, int flags, ...)
{
    return fails() ? -1 : __real_openat(fd, path, flags, 0666);
}

/* openat2(2) is called so; setfsuid(2) and its like do not fail by themselves. */
long __wrap_syscall(long number, ...)
{
    va_list list;
    long a[4];
    va_start(list, number);
    for (size_t i = 0; i < 4; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    if (number == SYS_openat2 && fails())
        return -1;
    return __real_syscall(number, a[0], a[1], a[2], a[3]);
}

static struct tb_exporter *posix;
static struct opened file, directory; /* "d/File", just made, and "d/Sub" */

/* The operations. */
static enum tb_error open_and_close(const char *path, enum tb_open_how how, bool create_directory)
{
    struct opened o;
    enum tb_error error = call_open(posix, path, how, create_directory, &o);
    atomic_store(&armed, false);
    if (!error)
        call_close(posix, o.handle);
    return error;
}

static enum tb_error do_open(void)
{
    return open_and_close("D/FILE", TB_OPEN_EXISTING, false);
}

static enum tb_error do_open_link(void)
{
    return open_and_close("d/link", TB_OPEN_EXISTING, false);
}

static enum tb_error do_create(void)
{
    return open_and_close("d/new", TB_OPEN_NEW, false);
}

static enum tb_error do_create_hidden(void)
{
    struct tb_call call = {.operation = TB_CALL_OPEN,
                           .open = {.path = "d/new", .how = TB_OPEN_EITHER, .use = USE_ALL}};
    call.open.create_file_attributes = TB_FILE_ATTRIBUTE_HIDDEN;
    call.open.create_allocation_size = 100000;
    enum tb_error error = call_run(posix, &call);
    atomic_store(&armed, false);
    if (!error) {
        free(call.open.real_path);
        call_close(posix, call.handle);
    }
    return error;
}

static enum tb_error do_make_directory(void)
{
    return open_and_close("d/new", TB_OPEN_NEW, true);
}

static enum tb_error do_get(void)
{
    struct tb_attributes a;
    return call_get(posix, file.handle, &a);
}

static enum tb_error do_set(void)
{
    struct tb_attributes a = {.file_attributes = TB_FILE_ATTRIBUTE_HIDDEN,
                              .write_filetime = WORLD_START_FILETIME};
    return call_set(posix, file.handle, TB_SET_FILE_ATTRIBUTES | TB_SET_WRITE_TIME, &a);
}

static enum tb_error do_set_size(void)
{
    return call_set_size(posix, file.handle, 3);
}

static enum tb_error do_set_allocation(void)
{
    return call_set_allocation(posix, file.handle, 1 << 20);
}

static enum tb_error do_read(void)
{
    char bytes[10];
    size_t length = sizeof bytes;
    return call_read(posix, file.handle, 0, bytes, &length);
}

static enum tb_error do_write(void)
{
    return call_write(posix, file.handle, 0, "new", 3);
}

static enum tb_error do_write_through(void)
{
    struct tb_call call = {.operation = TB_CALL_WRITE,
                           .handle = file.handle,
                           .io = {.data = tb_span("new", 3), .write_through = true}};
    return call_run(posix, &call);
}

static enum tb_error do_flush(void)
{
    struct tb_call call = {.operation = TB_CALL_FLUSH, .handle = file.handle};
    return call_run(posix, &call);
}

static enum tb_error do_list(void)
{
    struct listed entries[4];
    size_t count;
    bool end;
    return call_list(posix, directory.handle, 0, entries, 4, &count, &end);
}

static enum tb_error do_rename(void)
{
    return call_rename(posix, file.handle, "d/SUB/moved", false);
}

static enum tb_error do_replace(void)
{
    return call_rename(posix, file.handle, "d/OTHER", true);
}

static enum tb_error do_remove(void)
{
    return call_remove(posix, file.handle);
}

static enum tb_error do_remove_directory(void)
{
    return call_remove(posix, directory.handle);
}

static enum tb_error do_link(void)
{
    return call_link(posix, file.handle, "D/name", false);
}

static enum tb_error do_link_replacing(void)
{
    return call_link(posix, file.handle, "D/other", true);
}

static enum tb_error do_zero(void)
{
    return call_zero(posix, file.handle, 0, 3);
}

static enum tb_error do_ranges(void)
{
    struct held held;
    return call_allocated(posix, file.handle, 0, 100, &held);
}

static const struct operation {
    const char *name;
    enum tb_error (*run)(void);
    /* Its failure may come after its effect: on the way to stable storage, or when what the
     * attributes are afterwards is asked. */
    bool may_have_happened;
} operations[] = {
    {"open", do_open, false},
    {"open_link", do_open_link, false},
    {"create", do_create, false},
    {"create_hidden", do_create_hidden, false},
    {"make_directory", do_make_directory, false},
    {"get", do_get, false},
    {"set", do_set, true},
    {"set_size", do_set_size, true},
    {"set_allocation", do_set_allocation, true},
    {"read", do_read, false},
    {"write", do_write, false},
    {"write_through", do_write_through, true},
    {"flush", do_flush, false},
    {"list", do_list, false},
    {"rename", do_rename, false},
    {"replace", do_replace, false},
    {"remove", do_remove, false},
    {"remove_directory", do_remove_directory, false},
    {"link", do_link, false},
    {"link_replacing", do_link_replacing, false},
    {"zero", do_zero, false},
    {"ranges", do_ranges, false},
};

static const struct {
    int number;
    enum tb_error error;
} failures[] = {
    {EIO, TB_IO_DEVICE_ERROR},
    {ENOSPC, TB_DISK_FULL},
    {EDQUOT, TB_DISK_FULL},
    {EMFILE, TB_TOO_MANY_OPENED_FILES},
    {EACCES, TB_ACCESS_DENIED},
    {EROFS, TB_MEDIA_WRITE_PROTECTED},
    {ENFILE, TB_TOO_MANY_OPENED_FILES},
};

static unsigned descriptor_count(void)
{
    DIR *open_ones = opendir("/proc/self/fd");
    unsigned count = 0;
    while (readdir(open_ones))
        count++;
    closedir(open_ones);
    return count;
}

/* All names, types, sizes, modes and contents beneath `path`, one a line. */
static void describe(const char *path, char *to, size_t size)
{
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char below[300], text[16] = "";
        struct stat st;
        snprintf(below, sizeof below, "%.200s/%.90s", path, entries[i]->d_name);
        free(entries[i]);
        size_t length = strlen(below);
        if (below[length - 1] == '.' || lstat(below, &st) < 0)
            continue;
        int fd = S_ISREG(st.st_mode) ? open(below, O_RDONLY) : -1;
        if (fd >= 0 && read(fd, text, sizeof text - 1) < 0)
            text[0] = '\0';
        if (fd >= 0)
            close(fd);
        size_t at = strlen(to);
        snprintf(to + at, size - at, "%s %o %ld %s\n", below, st.st_mode,
                 S_ISREG(st.st_mode) ? (long)st.st_size : 0, text);
        if (S_ISDIR(st.st_mode))
            describe(below, to, size);
    }
    if (count >= 0)
        free(entries);
}

static void make_scene(void)
{
    assert_ok(path_create(posix, "d", true));
    assert_ok(call_open(posix, "d/Sub", TB_OPEN_NEW, true, &directory));
    tree_put_file("d/Other", "other");
    ck_assert_int_eq(symlink("Other", tree_path("d/link")), 0);
    assert_ok(call_open(posix, "d/File", TB_OPEN_NEW, false, &file));
    assert_ok(call_write(posix, file.handle, 0, "contents", 8));
}

static void remove_scene(void)
{
    static const char *const names[] = {"d/Other",     "d/link",  "d/File", "d/name",
                                        "d/Sub/moved", "d/other", "d/OTHER"};
    call_close(posix, file.handle);
    call_close(posix, directory.handle);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(tree_path(names[i]));
    unlink(tree_path("d/new"));
    rmdir(tree_path("d/new"));
    rmdir(tree_path("d/Sub"));
    ck_assert_int_eq(rmdir(tree_path("d")), 0);
}

/* Who may not look into a directory finds what is named exactly, and nothing else. */
static bool is_expected(enum tb_error error, enum tb_error wanted)
{
    return error == TB_OK || error == wanted ||
           (wanted == TB_ACCESS_DENIED &&
            (error == TB_OBJECT_NAME_NOT_FOUND || error == TB_OBJECT_PATH_NOT_FOUND));
}

/* The operation with its nth system call failing. False: it has no more. */
static bool attempt(const struct operation *operation, size_t how, unsigned n)
{
    static char before[4000], after[4000];
    make_scene();
    before[0] = after[0] = '\0';
    describe(tree_root, before, sizeof before);
    unsigned open_before = descriptor_count();
    failure = failures[how].number;
    atomic_store(&has_failed, false);
    atomic_store(&until, n);
    atomic_store(&armed, true);
    enum tb_error error = operation->run();
    atomic_store(&armed, false);
    ck_assert_msg(is_expected(error, failures[how].error), "%s with %s at call %u: %s",
                  operation->name, strerror(failure), n, tb_error_name(error));
    ck_assert_msg(descriptor_count() == open_before,
                  "%s with %s at call %u: %u descriptors, now %u", operation->name,
                  strerror(failure), n, open_before, descriptor_count());
    describe(tree_root, after, sizeof after);
    if (error && !operation->may_have_happened)
        ck_assert_msg(strcmp(before, after) == 0, "%s with %s at call %u:\n%s\n%s", operation->name,
                      strerror(failure), n, before, after);
    remove_scene();
    return atomic_load(&has_failed);
}

START_TEST(each_call_fails_in_turn)
{
    unsigned attempts = 0;
    posix = tree_start();
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        for (size_t how = 0; how < sizeof failures / sizeof *failures; how++) {
            unsigned n = 1;
            while (attempt(&operations[i], how, n))
                n++;
            ck_assert_uint_gt(n, 1);
            attempts += n;
        }
    tree_stop(posix);
    printf("%u operations with a failing system call\n", attempts);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("posix errors");
    TCase *own = tcase_create("errors");
    tcase_set_timeout(own, 240);
    tcase_add_test(own, each_call_fails_in_turn);
    suite_add_tcase(suite, own);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return count != 0;
}
