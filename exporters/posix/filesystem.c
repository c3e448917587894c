#include "exporters/posix/filesystem.h"

#include <linux/magic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/statfs.h>

bool tb_posix_filesystem_is_local(int descriptor)
{
    static const uint32_t types[] = {
        EXT4_SUPER_MAGIC,
        XFS_SUPER_MAGIC,
        BTRFS_SUPER_MAGIC,
        TMPFS_MAGIC,
        RAMFS_MAGIC,
        F2FS_SUPER_MAGIC,
        MSDOS_SUPER_MAGIC,
        SQUASHFS_MAGIC,
        REISERFS_SUPER_MAGIC,
        0x2011BAB0 /* exfat */,
        0x7366746E /* ntfs3 */,
        0x2FC12FC1 /* zfs */,
        0xCA451A4E /* bcachefs */,
    };
    struct statfs fs;
    if (fstatfs(descriptor, &fs) < 0)
        return false;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if ((uint32_t)fs.f_type == types[i])
            return true;
    return false;
}
