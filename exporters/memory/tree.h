/* The tree of files and directories: nodes, their names, their times, and the space they take.
 *
 * Locks: tree->lock guards all but file data. A file's `data_lock` guards its chunks, and is taken
 * before tree->lock, never inside it. A file's size changes only under both, so either suffices to
 * read it; copies of data hold the file's own lock alone.
 *
 * A name is what stands in a directory; a file may have several (hard links), a directory has one,
 * and handles refer to the name they were opened by. A name lives while it stands in a directory or
 * has a handle; a node while it has a name in a directory or a handle. Functions whose name ends in _locked, and those
 * that say so, are called with tree->lock held. */
#ifndef TB_EXPORTERS_MEMORY_TREE_H
#define TB_EXPORTERS_MEMORY_TREE_H

#include <pthread.h>

#include "core/exporter.h"
#include "core/nt/attributes.h"
#include "core/nt/hash.h"
#include "exporters/memory/data.h"
#include "exporters/memory/directory.h"
#include "exporters/memory/memory.h"

struct tb_memory_name {
    struct tb_memory_node *node;
    struct tb_memory_node *parent; /* NULL: the root's, or it was taken away */
    struct tb_memory_name *next_in_bucket;
    char *text; /* one component, as it was given; owned */
    uint64_t hash;
    uint64_t cookie; /* in the parent's listing */
    size_t handles;
};

struct tb_memory_node {
    struct tb_memory_name *name; /* a directory's only one; files: NULL */
    size_t handles; /* by all names */
    bool is_directory;
    struct tb_attributes
        attributes; /* allocation_size is also what the data counts in tree->used */
    struct tb_memory_directory directory;
    struct tb_memory_data data;
    uint64_t reserved; /* space set aside by SET_ALLOCATION until the last CLOSE */
    pthread_rwlock_t data_lock;
};

struct tb_memory_tree {
    pthread_mutex_t lock;
    struct tb_memory_arena arena;
    struct tb_env env;
    struct tb_hash_key hash_key;
    struct tb_memory_node *root;
    uint64_t last_id;
    uint64_t limit, used; /* bytes */
    uint64_t volume_id, creation_filetime;
};

/* Where a path led. */
struct tb_memory_place {
    struct tb_memory_node *parent; /* of the last component; NULL for the root */
    struct tb_memory_name *name;   /* NULL: there is none in `parent` */
    const char *leaf;              /* the last component, in the path that was walked */
    uint64_t hash;                 /* of the leaf */
    bool exact;                    /* all that was found is written as in the path */
};

enum tb_error tb_memory_tree_create(const struct tb_env *env, uint64_t limit,
                                    struct tb_memory_tree **out);
void tb_memory_tree_free(struct tb_memory_tree *tree);

/* TB_OK also when just the last component is missing. Errors: OBJECT_PATH_NOT_FOUND,
 * NOT_A_DIRECTORY, OBJECT_NAME_INVALID. */
enum tb_error tb_memory_walk_locked(struct tb_memory_tree *tree, const char *path,
                                    struct tb_memory_place *place);
/* *real_path: the path that `place` has or will have as it is stored, malloc'ed, or NULL when that
 * is how it was walked. False without memory. */
bool tb_memory_real_path(const struct tb_memory_place *place, char **real_path);

/* What OPEN creates. Errors: OBJECT_NAME_INVALID, DISK_FULL, NO_MEMORY. It has no handle. */
enum tb_error tb_memory_create_locked(struct tb_memory_tree *tree,
                                      const struct tb_memory_place *place,
                                      const struct tb_call *call, struct tb_memory_name **out);
/* RENAME and LINK. Both set *orphan to a node that lost its last name and has no handle:
 * tb_memory_node_free() it when the lock is left. */
enum tb_error tb_memory_rename_locked(struct tb_memory_tree *tree, struct tb_memory_name *name,
                                      struct tb_call *call, struct tb_memory_node **orphan);
enum tb_error tb_memory_link_locked(struct tb_memory_tree *tree, struct tb_memory_node *node,
                                    struct tb_call *call, struct tb_memory_node **orphan);
enum tb_error tb_memory_remove_locked(struct tb_memory_tree *tree, struct tb_memory_name *name);
/* Give a handle back. The node, if nothing refers to it any more: free it. */
struct tb_memory_node *tb_memory_release_locked(struct tb_memory_tree *tree,
                                                struct tb_memory_name *name);
void tb_memory_node_free(struct tb_memory_node *node);

/* What a file with this size and reservation occupies. */
uint64_t tb_memory_allocation(const struct tb_memory_node *node, uint64_t size, uint64_t reserved);
/* Make the node count `allocation` bytes. False: beyond the limit. */
bool tb_memory_charge_locked(struct tb_memory_tree *tree, struct tb_memory_node *node,
                             uint64_t allocation);
/* The content (of a file: its data) has changed (MS-FSA 2.1.4.17), or only what describes it. */
void tb_memory_touch_locked(struct tb_memory_tree *tree, struct tb_memory_node *node);
void tb_memory_touch_change_locked(struct tb_memory_tree *tree, struct tb_memory_node *node);

#endif
