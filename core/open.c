#include "core/open.h"

#include <assert.h>
#include <stdlib.h>

#include "core/lock.h"
#include "core/node.h"
#include "core/request.h"
#include "core/rpc/pipe.h"
#include "core/server_internal.h"
#include "core/session.h"
#include "core/tree.h"
#include "core/wire/notify_information.h"

struct tb_open *tb_open_new(struct tb_tree *tree, struct tb_loop *loop)
{
    struct tb_open *open = calloc(1, sizeof(*open));
    if (!open)
        return NULL;
    struct tb_session *session = tree->session;
    struct tb_server *server = session->server;
    tb_task_init(&open->task, loop);
    tb_list_init(&open->in_session);
    tb_list_init(&open->in_node);
    tb_list_init(&open->requests);
    tb_list_init(&open->pipe_readers);
    tb_list_init(&open->pipe_queue);
    tb_list_init(&open->listing.waiters);
    tb_list_init(&open->locks);
    open->server = server;
    open->share = tree->share;
    open->session = tb_session_hold(session);
    open->tree = tree;
    tree->references++;
    open->credentials = tree->credentials;
    open->id.persistent = ++server->next_file_id;
    do
        tb_env_random(&server->env, TB_RANDOM_FILE_ID, &open->id.volatile_,
                      sizeof(open->id.volatile_));
    while (open->id.volatile_ == 0 || open->id.volatile_ == UINT64_MAX ||
           tb_table_find(&server->opens, open->id.volatile_));
    return open;
}

enum tb_error tb_open_publish(struct tb_open *open)
{
    struct tb_session *session = open->session;
    struct tb_server *server = open->server;
    if (session->state == TB_SESSION_DEAD || !open->tree->connected)
        return TB_NETWORK_NAME_DELETED;
    if (session->open_count >= server->config.opens_max)
        return TB_TOO_MANY_OPENED_FILES;
    open->live = true;
    tb_table_insert(&server->opens, &open->by_id, open->id.volatile_);
    tb_list_append(&session->opens, &open->in_session);
    session->open_count++;
    open->tree->open_count++;
    server->open_count++;
    return TB_OK;
}

void tb_open_discard(struct tb_open *open)
{
    assert(!open->live && tb_list_empty(&open->requests));
    tb_list_remove(&open->in_node);
    if (open->node)
        tb_node_release(open->node);
    tb_pipe_close(open->pipe);
    free(open->listing.pattern);
    tb_tree_release(open->tree);
    tb_session_release(open->session);
    free(open);
}

struct tb_open *tb_open_find(struct tb_session *session, struct tb_file_id id)
{
    struct tb_table_entry *entry = tb_table_find(&session->server->opens, id.volatile_);
    if (!entry)
        return NULL;
    struct tb_open *open = tb_container(entry, struct tb_open, by_id);
    return open->session == session && open->id.persistent == id.persistent ? open : NULL;
}

static void closed(struct tb_task *task) TB_INSIDE
{
    struct tb_open *open = tb_container(task, struct tb_open, task);
    tb_claim_drop(&open->closing_claim);
    if (open->closed_waiter)
        tb_task_ready(open->closed_waiter);
    open->server->closing_count--;
    tb_open_discard(open);
}

static void close_handle(struct tb_task *task) TB_INSIDE
{
    struct tb_open *open = tb_container(task, struct tb_open, task);
    if (!open->node) {
        closed(task);
        return;
    }
    tb_task_prepare(task, open->share->exporter, TB_CALL_CLOSE, &open->credentials, open->handle);
    tb_task_call(task, closed);
}

static void removed(struct tb_task *task) TB_INSIDE
{
    struct tb_open *open = tb_container(task, struct tb_open, task);
    struct tb_node *node = open->node;
    if (task->error == TB_OK) {
        node->removed = true;
        uint32_t filter = node->directory ? TB_FILE_NOTIFY_CHANGE_DIR_NAME
                                          : TB_FILE_NOTIFY_CHANGE_FILE_NAME;
        tb_watch_changed(open->share, TB_FILE_ACTION_REMOVED, filter, node->path);
    } else {
        tb_node_spare(node);
    }
    close_handle(task);
}

/* The name is claimed: the file goes, unless somebody has taken it back (a disposition cleared by
 * an open that came while the claim was waited for is impossible: a doomed node takes no opens). Who
 * wanted it gone removes it, not who happens to close last. */
static void remove_name(struct tb_task *task) TB_INSIDE
{
    struct tb_open *open = tb_container(task, struct tb_open, task);
    tb_task_prepare(task, open->share->exporter, TB_CALL_REMOVE, &open->node->deleter,
                    open->handle);
    tb_task_call(task, removed);
}

/* All requests on it are done, and the name, if it is to go, is claimed (MS-FSA 2.1.5.5). */
static void begin_closing(struct tb_task *task) TB_INSIDE
{
    struct tb_open *open = tb_container(task, struct tb_open, task);
    /* Another close with POSIX semantics may have come first. */
    if (open->removes && !open->node->removed)
        remove_name(task);
    else
        close_handle(task);
}

/* Give up what others may be waiting for. */
static void leave_node(struct tb_open *open) TB_INSIDE
{
    struct tb_node *node = open->node;
    tb_lock_end(open);
    tb_watch_end(open);
    tb_list_remove(&open->in_node);
    if (open->delete_on_close)
        tb_node_doom(node, open);
    open->removes = node->delete_pending && !node->removed &&
                    (open->posix_delete || tb_list_empty(&node->opens));
}

static void cancel_requests(struct tb_open *open) TB_INSIDE
{
    tb_list_for_each (i, &open->requests) {
        struct tb_request *request = tb_container(i, struct tb_request, in_open);
        if (request->parked)
            request->cancel(request, TB_FILE_CLOSED);
    }
}

void tb_open_close(struct tb_open *open, struct tb_task *waiter, struct tb_loop *loop)
{
    struct tb_server *server = open->server;
    assert(open->live);
    open->live = false;
    open->closed_waiter = waiter;
    open->task.loop = loop;
    tb_table_remove(&server->opens, &open->by_id);
    tb_list_remove(&open->in_session);
    open->session->open_count--;
    open->tree->open_count--;
    server->open_count--;
    server->closing_count++;
    if (open->node)
        leave_node(open);
    cancel_requests(open);
    open->closing = true;
    tb_open_request_done(open);
}

void tb_open_request_done(struct tb_open *open)
{
    if (!open->closing || !tb_list_empty(&open->requests) || open->holds > 0)
        return;
    open->closing = false;
    /* The last request may be finishing on another loop, or inside a longer step: the closing is a
     * step of its own. A doomed file's name is claimed in this moment, so that whoever creates it
     * anew comes after the removal; no earlier, since a rename that still uses the open may wait
     * for the same name. */
    tb_task_wait(&open->task, begin_closing);
    if (open->removes) {
        struct tb_node *node = open->node;
        tb_claim_init(&open->closing_claim, open->share, node->folded, true, node->directory);
        if (!tb_claim_take(&open->closing_claim, &open->task))
            return;
    }
    tb_task_ready(&open->task);
}

void tb_open_hold(struct tb_open *open)
{
    open->holds++;
}

void tb_open_let_go(struct tb_open *open)
{
    assert(open->holds > 0);
    open->holds--;
    tb_open_request_done(open);
}
