#include "core/node.h"

#include <assert.h>
#include <stdlib.h>

#include "core/nt/attributes.h"
#include "core/nt/name.h"
#include "core/open.h"
#include "core/server_internal.h"

struct tb_node *tb_node_find(struct tb_share *share, uint64_t file_id)
{
    struct tb_table_entry *entry = tb_table_find(&share->nodes, file_id);
    return entry ? tb_container(entry, struct tb_node, by_id) : NULL;
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
    tb_list_remove(&node->in_share);
    free(node->path);
    free(node->folded);
    free(node->former_folded);
    free(node);
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
