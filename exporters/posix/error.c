#include "exporters/posix/share.h"
#include "host/errno.h"

#include <errno.h>

enum tb_error tb_posix_error(int number)
{
    switch (number) {
    case EXDEV: /* the way leads out of the share: nothing is said about what is there */
    case ELOOP:
        return TB_ACCESS_DENIED;
    case EDQUOT: /* applications know what to do about a full disk */
        return TB_DISK_FULL;
    case EAGAIN: /* a local process holds a lease on the file */
        return TB_SHARING_VIOLATION;
    case EBUSY: /* a mount point */
        return TB_ACCESS_DENIED;
    default:
        return tb_error_from_errno(number);
    }
}
