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

struct tb_node *tb_node_find(struct tb_share *share, uint64_t file_id)
{
    struct tb_table_entry *entry = tb_table_find(&share->nodes, file_id);
    return entry ? tb_container(entry, struct tb_node, by_id) : NULL;
}

static uint64_t path_key(const struct tb_share *share, const char *folded, size_t length)
{
    return tb_hash_bytes(share->server->hash_key, folded, length);
}

struct tb_node *tb_node_get(struct tb_share *share, uint64_t file_id, char *path, char *folded,
                            bool directory)
{
    struct tb_node *node = tb_node_find(share, file_id);
    if (node) {
        free(path);
        free(folded);
        node->references++;
        return node;
    }
    node = calloc(1, sizeof(*node));
    if (!node) {
        free(path);
        free(folded);
        return NULL;
    }
    node->share = share;
    node->path = path;
    node->folded = folded;
    node->directory = directory;
    node->references = 1;
    tb_list_init(&node->opens);
    tb_list_init(&node->locks);
    tb_list_init(&node->lock_waiters);
    tb_table_insert(&share->nodes, &node->by_id, file_id);
    tb_table_insert(&share->nodes_by_path, &node->by_path,
                    path_key(share, folded, strlen(folded)));
    tb_list_append(&share->nodes_in_order, &node->in_share);
    share->server->node_count++;
    return node;
}

void tb_node_release(struct tb_node *node)
{
    if (--node->references > 0)
        return;
    assert(tb_list_empty(&node->opens) && tb_list_empty(&node->locks));
    assert(tb_list_empty(&node->lock_waiters));
    node->share->server->node_count--;
    tb_table_remove(&node->share->nodes, &node->by_id);
    tb_table_remove(&node->share->nodes_by_path, &node->by_path);
    tb_list_remove(&node->in_share);
    if (node->deleter_session)
        tb_session_release(node->deleter_session);
    free(node->path);
    free(node->folded);
    free(node->former_folded);
    free(node);
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

static bool is_parent(const struct tb_node *node, const char *path, const char *folded)
{
    size_t length = tb_path_parent_length(folded);
    if (node->removed || strlen(node->folded) != length ||
        memcmp(node->folded, folded, length) != 0)
        return false;
    if (!node->share->capabilities.case_sensitive)
        return true;
    length = tb_path_parent_length(path);
    return strlen(node->path) == length && memcmp(node->path, path, length) == 0;
}

struct tb_node *tb_node_of_parent(struct tb_share *share, const char *path, const char *folded)
{
    uint64_t key = path_key(share, folded, tb_path_parent_length(folded));
    for (struct tb_table_entry *entry = tb_table_find(&share->nodes_by_path, key); entry;
         entry = tb_table_find_next(entry)) {
        struct tb_node *node = tb_container(entry, struct tb_node, by_path);
        if (is_parent(node, path, folded))
            return node;
    }
    return NULL;
}

bool tb_node_shares(const struct tb_node *node, uint32_t access, uint32_t share_access)
{
    tb_list_for_each (i, &node->opens) {
        const struct tb_open *open = tb_container(i, struct tb_open, in_node);
        if (!tb_share_compatible(access, share_access, open->access, open->share_access))
            return false;
    }
    return true;
}

bool tb_share_open_beneath(struct tb_share *share, const char *path)
{
    tb_list_for_each (i, &share->nodes_in_order) {
        const struct tb_node *node = tb_container(i, struct tb_node, in_share);
        if (!tb_list_empty(&node->opens) && tb_path_is_beneath_folded(node->path, path))
            return true;
    }
    return false;
}
