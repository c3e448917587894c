#include "core/node.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/nt/attributes.h"
#include "core/nt/name.h"
#include "core/open.h"
#include "core/server_internal.h"
#include "core/session.h"
#include "core/watch.h"

struct tb_file *tb_file_find(struct tb_share *share, uint64_t file_id)
{
    struct tb_table_entry *entry = tb_table_find(&share->files, file_id);
    return entry ? tb_container(entry, struct tb_file, by_id) : NULL;
}

static uint64_t path_key(const struct tb_share *share, const char *folded, size_t length)
{
    return tb_hash_bytes(share->server->hash_key, folded, length);
}

static struct tb_file *get_file(struct tb_share *share, uint64_t file_id) TB_INSIDE
{
    struct tb_file *file = tb_file_find(share, file_id);
    if (file)
        return file;
    file = calloc(1, sizeof(*file));
    if (!file)
        return NULL;
    tb_list_init(&file->nodes);
    tb_list_init(&file->locks);
    tb_list_init(&file->lock_waiters);
    tb_table_insert(&share->files, &file->by_id, file_id);
    return file;
}

static void release_file(struct tb_share *share, struct tb_file *file) TB_INSIDE
{
    if (!tb_list_empty(&file->nodes))
        return;
    assert(tb_list_empty(&file->locks) && tb_list_empty(&file->lock_waiters));
    tb_table_remove(&share->files, &file->by_id);
    free(file);
}

static struct tb_node *find_named(struct tb_share *share, const struct tb_file *file,
                                  const char *path, const char *folded) TB_INSIDE
{
    tb_list_for_each (i, &file->nodes) {
        struct tb_node *node = tb_container(i, struct tb_node, in_file);
        if (!node->removed && strcmp(node->folded, folded) == 0 &&
            (!share->capabilities.case_sensitive || strcmp(node->path, path) == 0))
            return node;
    }
    return NULL;
}

struct tb_node *tb_node_find(struct tb_share *share, uint64_t file_id, const char *path,
                             const char *folded)
{
    const struct tb_file *file = tb_file_find(share, file_id);
    return file ? find_named(share, file, path, folded) : NULL;
}

struct tb_node *tb_node_get(struct tb_share *share, uint64_t file_id, char *path, char *folded,
                            bool directory)
{
    struct tb_file *file = get_file(share, file_id);
    struct tb_node *node = file ? find_named(share, file, path, folded) : NULL;
    if (node) {
        free(path);
        free(folded);
        node->references++;
        return node;
    }
    node = file ? calloc(1, sizeof(*node)) : NULL;
    if (!node) {
        if (file)
            release_file(share, file);
        free(path);
        free(folded);
        return NULL;
    }
    node->file = file;
    node->share = share;
    node->path = path;
    node->folded = folded;
    node->directory = directory;
    node->references = 1;
    tb_list_init(&node->opens);
    tb_list_append(&file->nodes, &node->in_file);
    tb_table_insert(&share->nodes_by_path, &node->by_path, path_key(share, folded, strlen(folded)));
    tb_list_append(&share->nodes_in_order, &node->in_share);
    share->server->node_count++;
    return node;
}

void tb_node_release(struct tb_node *node)
{
    if (--node->references > 0)
        return;
    assert(tb_list_empty(&node->opens));
    node->share->server->node_count--;
    tb_list_remove(&node->in_file);
    release_file(node->share, node->file);
    tb_table_remove(&node->share->nodes_by_path, &node->by_path);
    tb_list_remove(&node->in_share);
    if (node->deleter_session)
        tb_session_release(node->deleter_session);
    free(node->path);
    free(node->folded);
    free(node->former_folded);
    free(node);
}

void tb_node_removed(struct tb_node *node)
{
    node->delete_pending = node->removed = true;
}

void tb_node_doom(struct tb_node *node, const struct tb_open *open)
{
    struct tb_session *before = node->deleter_session;
    node->delete_pending = true;
    node->deleter = open->credentials;
    node->deleter_session = tb_session_hold(open->session);
    if (before)
        tb_session_release(before);
    tb_watch_delete_pending(node);
}

void tb_node_spare(struct tb_node *node)
{
    node->delete_pending = false;
    if (node->deleter_session)
        tb_session_release(node->deleter_session);
    node->deleter_session = NULL;
}

void tb_node_rename(struct tb_node *node, char *path, char *folded)
{
    struct tb_table *by_path = &node->share->nodes_by_path;
    free(node->path);
    free(node->former_folded);
    node->path = path;
    node->former_folded = node->folded;
    node->folded = folded;
    tb_table_remove(by_path, &node->by_path);
    tb_table_insert(by_path, &node->by_path, path_key(node->share, folded, strlen(folded)));
}

/* The node whose path is the first `length` bytes of `folded`, and `path_length` bytes of `path`.
 */
static struct tb_node *find_path(struct tb_share *share, const char *path, size_t path_length,
                                 const char *folded, size_t length) TB_INSIDE
{
    for (struct tb_table_entry *entry =
             tb_table_find(&share->nodes_by_path, path_key(share, folded, length));
         entry; entry = tb_table_find_next(entry)) {
        struct tb_node *node = tb_container(entry, struct tb_node, by_path);
        if (node->removed || strlen(node->folded) != length ||
            memcmp(node->folded, folded, length) != 0)
            continue;
        if (!share->capabilities.case_sensitive ||
            (strlen(node->path) == path_length && memcmp(node->path, path, path_length) == 0))
            return node;
    }
    return NULL;
}

struct tb_node *tb_node_of_parent(struct tb_share *share, const char *path, const char *folded)
{
    return find_path(share, path, tb_path_parent_length(path), folded,
                     tb_path_parent_length(folded));
}

bool tb_share_name_doomed(struct tb_share *share, const char *path, const char *folded)
{
    const struct tb_node *node = find_path(share, path, strlen(path), folded, strlen(folded));
    return node && node->delete_pending;
}

static bool shares(const struct tb_node *node, uint32_t access, uint32_t share_access) TB_INSIDE
{
    tb_list_for_each (i, &node->opens) {
        const struct tb_open *open = tb_container(i, struct tb_open, in_node);
        if (!tb_share_compatible(access, share_access, open->access, open->share_access))
            return false;
    }
    return true;
}

bool tb_node_shares(const struct tb_node *node, uint32_t access, uint32_t share_access)
{
    return tb_file_shares(node->file, access, share_access);
}

bool tb_file_shares(const struct tb_file *file, uint32_t access, uint32_t share_access)
{
    tb_list_for_each (i, &file->nodes)
        if (!shares(tb_container(i, struct tb_node, in_file), access, share_access))
            return false;
    return true;
}

bool tb_share_open_beneath(struct tb_share *share, const char *path)
{
    tb_list_for_each (i, &share->nodes_in_order) {
        const struct tb_node *node = tb_container(i, struct tb_node, in_share);
        if (!node->removed && !tb_list_empty(&node->opens) &&
            tb_path_is_beneath_folded(node->path, path))
            return true;
    }
    return false;
}
