/* GET_SPACE: what the filesystem has, and of it what quotas leave to the caller. */
#include "exporters/posix/file.h"

#include <errno.h>
#include <sys/quota.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd 443
#endif

#define QUOTA_BLOCK 1024u /* what limits are counted in */

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Where there is a limit, the filesystem is as large as that to whom it binds, as Windows has it.
 * One on a directory's tree (a project's) the kernel has reckoned with in statvfs(2) already. */
static void apply_quota(const struct tb_posix_share *share, int kind, uint32_t id,
                        struct tb_space *space)
{
    struct dqblk quota = {0};

    if (syscall(SYS_quotactl_fd, share->root, QCMD((unsigned)Q_GETQUOTA, kind), id, &quota) < 0)
        return;
    uint64_t limit = (quota.dqb_bhardlimit ? quota.dqb_bhardlimit : quota.dqb_bsoftlimit);
    if (!(quota.dqb_valid & QIF_BLIMITS) || limit == 0 || limit > UINT64_MAX / QUOTA_BLOCK)
        return;
    limit *= QUOTA_BLOCK;
    uint64_t left = quota.dqb_curspace < limit ? limit - quota.dqb_curspace : 0;
    space->total = least(space->total, limit);
    space->free = least(space->free, left);
    space->available = least(space->available, left);
}

enum tb_error tb_posix_get_space(struct tb_posix_share *share, struct tb_call *call)
{
    const struct tb_credentials *caller = call->credentials;
    struct statvfs vfs;

    if (fstatvfs(share->root, &vfs) < 0)
        return tb_posix_error(errno);
    call->space = (struct tb_space){
        .total = vfs.f_blocks * vfs.f_frsize,
        .free = vfs.f_bfree * vfs.f_frsize,
        .available = vfs.f_bavail * vfs.f_frsize,
    };
    uint32_t uid = share->impersonate ? caller->uid : geteuid();
    if (uid == 0)
        return TB_OK;
    apply_quota(share, USRQUOTA, uid, &call->space);
    apply_quota(share, GRPQUOTA, share->impersonate ? caller->gid : getegid(), &call->space);
    return TB_OK;
}
