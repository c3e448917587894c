/* A node: one name of a file or directory that is open by it at least once (MS-FSA "Link"), and the
 * file itself (MS-FSA "File"), which may be open by several names (hard links).
 *
 * A file is found by its id, a node among those of its file by its path. A node exists while it has
 * opens (tb_node_release frees it), a file while it has nodes. What is pending for a name concerns
 * that name alone; share modes and byte ranges concern the file. All fields guarded. */
#ifndef TB_NODE_H
#define TB_NODE_H

#include "core/list.h"
#include "core/section.h"
#include "core/share.h"

struct tb_open;
struct tb_session;

struct tb_file {
    struct tb_table_entry by_id; /* in share->files; the key is the file id */
    struct tb_list nodes;        /* tb_node.in_file */
    struct tb_list locks;        /* granted byte ranges, core/lock.h */
    struct tb_list lock_waiters;
};

struct tb_node {
    struct tb_file *file;
    struct tb_list in_file;
    struct tb_table_entry by_path; /* in share->nodes_by_path; the key is the hash of `folded` */
    struct tb_list in_share;      /* share->nodes_in_order */
    struct tb_share *share;
    char *path;   /* as stored, relative to the share; changed by renames */
    char *folded; /* the same through tb_name_fold(), for claims; changed with it */
    /* The folded path before the last rename: the claim of an open that was closed while the rename
     * went on still names it. */
    char *former_folded;
    bool directory;
    bool delete_pending; /* no new opens; removed with the last close */
    struct tb_credentials deleter;      /* on whose behalf, when delete_pending */
    struct tb_session *deleter_session; /* a reference, for the groups' sake; or NULL */
    bool removed;        /* its name is gone already */
    struct tb_list opens; /* that count for share modes, tb_open.in_node */
    unsigned references; /* opens not yet torn down, and CREATEs that reserved it */
};

/* The node of a file by this path, made if need be, with one more reference. Takes `path` and `folded`
 * (malloc'ed) over in either case. NULL without memory (then they are freed). */
struct tb_node *tb_node_get(struct tb_share *share, uint64_t file_id, char *path, char *folded,
                            bool directory) TB_INSIDE;
/* The node, if the file is open by this path; NULL. */
struct tb_node *tb_node_find(struct tb_share *share, uint64_t file_id, const char *path,
                             const char *folded) TB_INSIDE;
/* The file, if it is open; NULL. */
struct tb_file *tb_file_find(struct tb_share *share, uint64_t file_id) TB_INSIDE;
void tb_node_release(struct tb_node *node) TB_INSIDE;

/* It is to be deleted with its last close, on behalf of who says so last; or not. */
void tb_node_doom(struct tb_node *node, const struct tb_open *open) TB_INSIDE;
void tb_node_spare(struct tb_node *node) TB_INSIDE;

/* Its name is gone, or taken by another file. */
void tb_node_removed(struct tb_node *node) TB_INSIDE;

/* Give it another path; both strings (malloc'ed) go to the node. */
void tb_node_rename(struct tb_node *node, char *path, char *folded) TB_INSIDE;

/* The node of the directory that a path lies in, if that is open; NULL. */
struct tb_node *tb_node_of_parent(struct tb_share *share, const char *path,
                                  const char *folded) TB_INSIDE;

/* Whether what this path names is open and about to be deleted. */
bool tb_share_name_doomed(struct tb_share *share, const char *path, const char *folded) TB_INSIDE;

/* Whether an open with this access and sharing can join those there are (MS-FSA 2.1.5.1.2.2). */
bool tb_node_shares(const struct tb_node *node, uint32_t access, uint32_t share_access) TB_INSIDE;
bool tb_file_shares(const struct tb_file *file, uint32_t access, uint32_t share_access) TB_INSIDE;

/* Whether anything open lies beneath a directory's path. */
bool tb_share_open_beneath(struct tb_share *share, const char *path) TB_INSIDE;

#endif
