#include "core/tree.h"

#include <assert.h>
#include <stdlib.h>

#include "core/open.h"
#include "core/server_internal.h"
#include "core/session.h"

/* Clients hold a few; the bound is what one session can make the server keep. */
#define TREES_MAX 1024

enum tb_error tb_tree_create(struct tb_session *session, struct tb_share *share,
                             struct tb_tree **out)
{
    if (session->tree_count >= TREES_MAX)
        return TB_INSUFFICIENT_RESOURCES;
    if (share->connections_max && share->tree_count >= share->connections_max)
        return TB_REQUEST_NOT_ACCEPTED;
    struct tb_tree *tree = calloc(1, sizeof(*tree));
    if (!tree)
        return TB_NO_MEMORY;
    tree->session = tb_session_hold(session);
    tree->share = share;
    tree->id = ++session->next_tree_id;
    tree->references = 1;
    tree->connected = true;
    tb_tree_assess(tree);
    tb_list_prepend(&session->trees, &tree->in_session);
    session->tree_count++;
    session->server->tree_count++;
    share->tree_count++;
    *out = tree;
    return TB_OK;
}

void tb_tree_assess(struct tb_tree *tree)
{
    tree->maximal_access = tb_share_access(tree->share, tree->session);
    tree->credentials = tb_share_credentials(tree->share, tree->session);
}

struct tb_tree *tb_tree_find(struct tb_session *session, uint32_t id)
{
    tb_list_for_each (i, &session->trees) {
        struct tb_tree *tree = tb_container(i, struct tb_tree, in_session);
        if (tree->id == id)
            return tree;
    }
    return NULL;
}

void tb_tree_release(struct tb_tree *tree)
{
    if (--tree->references > 0)
        return;
    assert(!tree->connected && tree->open_count == 0);
    tb_session_release(tree->session);
    free(tree);
}

void tb_tree_end(struct tb_tree *tree)
{
    struct tb_session *session = tree->session;
    assert(tree->connected);
    tree->connected = false;
    tb_list_remove(&tree->in_session);
    session->tree_count--;
    session->server->tree_count--;
    tree->share->tree_count--;
    tb_list_for_each (i, &session->opens) {
        struct tb_open *open = tb_container(i, struct tb_open, in_session);
        if (open->tree == tree)
            tb_open_close(open, NULL, session->server->inside);
    }
    tb_tree_release(tree);
}
