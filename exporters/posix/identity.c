#include "exporters/posix/identity.h"

#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The C library's setgroups() would change every thread of the process. */
static bool set_groups(size_t count, const gid_t *groups)
{
    return syscall(SYS_setgroups, count, groups) == 0;
}

/* setfsuid(2) and setfsgid(2) report no errors: an invalid id only asks. */
static bool set_id(long number, uint32_t id)
{
    syscall(number, (unsigned long)id);
    return (uint32_t)syscall(number, -1UL) == id;
}

/* setfsuid(2) takes away what root may do to files, but not what it may take of a disk: quotas and
 * reserved blocks give way to this capability. The thread does without it from the first switch on.
 */
static void give_up_resources(void)
{
    static _Thread_local bool given_up;
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

    if (given_up)
        return;
    given_up = true;
    if (syscall(SYS_capget, &header, sets) < 0)
        return;
    sets[CAP_TO_INDEX(CAP_SYS_RESOURCE)].effective &= ~CAP_TO_MASK(CAP_SYS_RESOURCE);
    syscall(SYS_capset, &header, sets);
}

static bool is_switched(const struct tb_posix_share *share,
                        const struct tb_credentials *credentials)
{
    return share->impersonate && credentials->uid != 0;
}

static bool go_back(const struct tb_posix_share *share)
{
    return set_id(SYS_setfsuid, geteuid()) && set_id(SYS_setfsgid, getegid()) &&
           set_groups(share->own_group_count, share->own_groups);
}

enum tb_error tb_posix_enter(const struct tb_posix_share *share,
                             const struct tb_credentials *credentials)
{
    _Static_assert(sizeof(gid_t) == sizeof(uint32_t), "groups are handed over as they are");
    if (!is_switched(share, credentials))
        return TB_OK;
    give_up_resources();
    if (set_groups(credentials->group_count, credentials->groups) &&
        set_id(SYS_setfsgid, credentials->gid) && set_id(SYS_setfsuid, credentials->uid))
        return TB_OK;
    if (!go_back(share))
        abort();
    return TB_ACCESS_DENIED;
}

void tb_posix_leave(const struct tb_posix_share *share, const struct tb_credentials *credentials)
{
    int number = errno;
    if (is_switched(share, credentials) && !go_back(share))
        abort();
    errno = number;
}
