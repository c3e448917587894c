/* One tree, and what every file of this exporter needs to know about it.
 *
 * Nothing here changes after start() but the table of names and the pool, which have locks of their
 * own. Functions of this exporter are synchronous and answer an error; posix.c decides on which
 * thread they run and replies. */
#ifndef TB_EXPORTERS_POSIX_SHARE_H
#define TB_EXPORTERS_POSIX_SHARE_H

#include <pthread.h>
#include <sys/types.h>

#include "core/exporter.h"
#include "exporters/posix/name_map.h"
#include "exporters/posix/pool.h"

#define TB_POSIX_NAME_BUCKETS 1024

enum tb_posix_symlinks {
    TB_POSIX_SYMLINKS_INSIDE, /* followed as far as they stay beneath the root */
    TB_POSIX_SYMLINKS_NONE,
    TB_POSIX_SYMLINKS_WIDE, /* followed wherever they lead */
};

struct tb_posix_share {
    struct tb_env env;
    int root;             /* O_PATH; every path is resolved beneath it */
    uint64_t root_device; /* file ids of other devices are mixed with the device */
    enum tb_posix_symlinks symlinks;
    enum tb_posix_names names_mode;
    bool hide_dot_files;
    bool impersonate;     /* the server runs as root: path operations run as the caller */
    bool local;           /* a filesystem of this machine: metadata does not wait for a network */
    mode_t create_mask, directory_mask; /* bits that new files may have */
    mode_t force_create_mode, force_directory_mode; /* bits that they have */
    gid_t *own_groups; /* of the server, to go back to */
    size_t own_group_count;
    struct tb_exporter_capabilities capabilities;
    struct tb_posix_pool *pool;
    uint64_t index_bytes;
    struct tb_posix_index *index; /* NULL: none */
    struct tb_posix_synced *synced;
    struct tb_posix_mounts *mounts; /* below the root; NULL: unknown, and not `local` */
    pthread_mutex_t names_lock;
    struct tb_list names[TB_POSIX_NAME_BUCKETS]; /* struct tb_posix_name, by inode */
};

/* errno as SMB wants to hear it: tb_error_from_errno() but for what means something else here. */
enum tb_error tb_posix_error(int number);

#endif
