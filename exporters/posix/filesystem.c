#include "exporters/posix/filesystem.h"

#include <linux/magic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/statfs.h>

/* By name, and by what statfs(2) says; 0: nothing is shared from it. */
static const struct {
    const char *name;
    uint32_t magic;
} local_types[] = {
    {"ext4", EXT4_SUPER_MAGIC},
    {"ext3", EXT4_SUPER_MAGIC},
    {"ext2", EXT4_SUPER_MAGIC},
    {"xfs", XFS_SUPER_MAGIC},
    {"btrfs", BTRFS_SUPER_MAGIC},
    {"tmpfs", TMPFS_MAGIC},
    {"devtmpfs", TMPFS_MAGIC},
    {"ramfs", RAMFS_MAGIC},
    {"rootfs", RAMFS_MAGIC},
    {"f2fs", F2FS_SUPER_MAGIC},
    {"vfat", MSDOS_SUPER_MAGIC},
    {"msdos", MSDOS_SUPER_MAGIC},
    {"exfat", 0x2011BAB0},
    {"ntfs3", 0x7366746E},
    {"zfs", 0x2FC12FC1},
    {"bcachefs", 0xCA451A4E},
    {"squashfs", SQUASHFS_MAGIC},
    {"reiserfs", REISERFS_SUPER_MAGIC},
    {"bpf", 0},
    {"binfmt_misc", 0},
    {"cgroup", 0},
    {"cgroup2", 0},
    {"configfs", 0},
    {"debugfs", 0},
    {"devpts", 0},
    {"efivarfs", 0},
    {"fusectl", 0},
    {"hugetlbfs", 0},
    {"mqueue", 0},
    {"nsfs", 0},
    {"proc", 0},
    {"pstore", 0},
    {"securityfs", 0},
    {"sysfs", 0},
    {"tracefs", 0},
};

enum { LOCAL_TYPES = sizeof local_types / sizeof *local_types };

bool tb_posix_filesystem_is_local(int descriptor)
{
    struct statfs fs;
    if (fstatfs(descriptor, &fs) < 0)
        return false;
    for (size_t i = 0; i < LOCAL_TYPES; i++) {
        if (local_types[i].magic && local_types[i].magic == (uint32_t)fs.f_type)
            return true;
    }
    return false;
}

bool tb_posix_filesystem_type_is_local(const char *type)
{
    for (size_t i = 0; i < LOCAL_TYPES; i++) {
        if (strcmp(local_types[i].name, type) == 0)
            return true;
    }
    return false;
}
