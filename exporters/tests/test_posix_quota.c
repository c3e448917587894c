/* The posix exporter where a user's quota is smaller than the disk: a tmpfs, and an ext4 in a loop.
 * Needs root and a kernel with quotas, as in
 *     conformance/vm/vm --module loop --module quota_v2 --module ext4 \
 *         build/exporters/tests/test_posix_quota */
#include "exporters/tests/tree.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/quota.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd 443
#endif

#define CALLER_UID 1234 /* of call_run() */
#define LIMIT      (UINT64_C(1) << 20)

#define assert_ok(call)           ck_assert_int_eq((call), TB_OK)
#define assert_error(call, error) ck_assert_int_eq((call), (error))

static char where[64]; /* something is mounted there, which nobody else sees */

static bool skip(const char *what)
{
    printf("SKIP: %s: %s\n", what, strerror(errno));
    return false;
}

static bool begin(void)
{
    snprintf(where, sizeof where, "/tmp/tombolo-quota-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(where));
    return (unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0) ||
           skip("nothing can be mounted here");
}

static void end(void)
{
    rmdir(where);
}

static bool mount_tmpfs(void)
{
    return mount("none", where, "tmpfs", 0,
                 "mode=777,size=16M,usrquota,usrquota_block_hardlimit=1M") == 0 ||
           skip("no quotas on tmpfs in this kernel");
}

static bool mount_ext4(void)
{
    char command[600];
    snprintf(command, sizeof command,
             "truncate -s 32M %s.image && PATH=$PATH:/sbin:/usr/sbin && "
             "mkfs.ext4 -q -F -O quota -E quotatype=usrquota %s.image && "
             "mount -o loop %s.image %s && chmod 777 %s",
             where, where, where, where, where);
    int status = system(command);
    snprintf(command, sizeof command, "%s.image", where);
    unlink(command);
    if (status != 0)
        return skip("no ext4 with quotas can be mounted here");
    int root = open(where, O_RDONLY | O_DIRECTORY);
    struct dqblk limit = {.dqb_bhardlimit = LIMIT / 1024, .dqb_valid = QIF_BLIMITS};
    long set =
        syscall(SYS_quotactl_fd, root, QCMD((unsigned)Q_SETQUOTA, USRQUOTA), CALLER_UID, &limit);
    /* Space is counted from the start, limits hold from here on. */
    if (set == 0)
        set = syscall(SYS_quotactl_fd, root, QCMD((unsigned)Q_QUOTAON, USRQUOTA), 0, NULL);
    close(root);
    return set == 0 || skip("quotactl_fd(2)");
}

/* The caller sees his limit, uses it up, and sees what is left. */
static void check_quota(void)
{
    static char block[65536];
    struct tb_exporter *posix;
    struct tb_space space;
    struct opened o;
    enum tb_error error;
    uint64_t written = 0;

    setenv("TMPDIR", where, 1);
    posix = tree_start();
    assert_ok(call_space(posix, &space));
    ck_assert_uint_eq(space.total, LIMIT);
    ck_assert_uint_le(space.available, LIMIT);
    ck_assert_uint_ge(space.available, LIMIT - 65536);
    assert_ok(call_open(posix, "f", TB_OPEN_NEW, false, &o));
    while ((error = call_write(posix, o.handle, written, block, sizeof block)) == TB_OK) {
        written += sizeof block;
        ck_assert_uint_le(written, LIMIT);
    }
    assert_error(error, TB_DISK_FULL);
    assert_ok(call_space(posix, &space));
    ck_assert_uint_lt(space.available, sizeof block);
    assert_ok(call_set_size(posix, o.handle, LIMIT / 2));
    assert_ok(call_space(posix, &space));
    ck_assert_uint_ge(space.available, LIMIT / 4);
    call_close(posix, o.handle);
    tree_stop(posix);
    printf("a quota of %lu bytes is what the caller sees and gets\n", (unsigned long)LIMIT);
}

START_TEST(quotas_on_tmpfs)
{
    if (begin() && mount_tmpfs()) {
        check_quota();
        ck_assert_int_eq(umount(where), 0);
    }
    end();
}
END_TEST

START_TEST(quotas_on_ext4)
{
    if (begin() && mount_ext4())
        check_quota();
    umount(where);
    end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("posix quota");
    TCase *own = tcase_create("quota");
    tcase_set_timeout(own, 120);
    tcase_add_test(own, quotas_on_tmpfs);
    tcase_add_test(own, quotas_on_ext4);
    suite_add_tcase(suite, own);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
