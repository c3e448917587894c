/* Open files, and their names.
 *
 * A handle owns one descriptor. The name by which a file was opened is one object for all handles
 * that opened it so: when one of them renames, the others remove and rename the right thing later.
 * A name is a parent directory (which may itself move) and a leaf, and it is used only while what
 * stands there is still the same file. */
#ifndef TB_EXPORTERS_POSIX_HANDLE_H
#define TB_EXPORTERS_POSIX_HANDLE_H

#include "exporters/posix/resolve.h"
#include "exporters/posix/scan.h"

/* Which file: what stat(2) tells. */
struct tb_posix_identity {
    uint64_t device, inode;
};

struct tb_posix_name {
    struct tb_list in_bucket;
    size_t handle_count;            /* under share->names_lock */
    struct tb_posix_identity entry; /* what the name stands for; never changes */
    pthread_mutex_t lock;           /* held while the name is renamed or removed */
    bool synced;                    /* it is on stable storage; under `lock`, as is `moves` */
    unsigned moves;
    /* Changed under both locks; one of them is enough to read. */
    struct tb_posix_identity directory;
    int parent; /* O_PATH; owned */
    char leaf[TB_POSIX_STORED_CAPACITY];
};

struct tb_posix_handle {
    struct tb_posix_name *name; /* NULL: the root */
    int descriptor;
    bool path_only; /* the descriptor is O_PATH */
    bool directory;
    unsigned use;            /* tb_open_use bits */
    pthread_mutex_t lock;    /* of the position of a directory's descriptor */
};

/* A handle without name or descriptor; NULL without memory. */
struct tb_posix_handle *tb_posix_handle_new(unsigned use);
/* Closes and frees. */
void tb_posix_handle_free(struct tb_posix_share *share, struct tb_posix_handle *handle);

/* Give the handle the name at `place`, whose parent descriptor the name takes over (or closes).
 * `entry` is what place->entry is, or the file just created. Errors: NO_MEMORY, errno's. */
enum tb_error tb_posix_handle_take_name(struct tb_posix_share *share,
                                        struct tb_posix_handle *handle,
                                        struct tb_posix_place *place,
                                        struct tb_posix_identity entry);

/* Whether the name still stands for its file, in the tree: TB_OK, FILE_DELETED, ACCESS_DENIED (its
 * directory was moved out), errno's. Inside name->lock. */
enum tb_error tb_posix_name_verify_locked(const struct tb_posix_share *share,
                                          const struct tb_posix_name *name);
/* The name is now place->leaf in place->parent, which it takes over. Inside name->lock. */
void tb_posix_name_move_locked(struct tb_posix_share *share, struct tb_posix_name *name,
                               struct tb_posix_place *place, struct tb_posix_identity directory);
/* Whether the leaf begins with a period. */
bool tb_posix_name_is_dotted(struct tb_posix_share *share, const struct tb_posix_name *name);

/* False and errno. */
bool tb_posix_identify(int descriptor, struct tb_posix_identity *out);

static inline bool tb_posix_same(struct tb_posix_identity a, struct tb_posix_identity b)
{
    return a.device == b.device && a.inode == b.inode;
}

#endif
