#include "core/watch.h"

#include "core/node.h"
#include "core/nt/name.h"
#include "core/open.h"
#include "core/request.h"
#include "core/wire/notify_information.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct tb_watch *tb_watch_begin(struct tb_open *open, uint32_t filter, bool tree, size_t room)
{
    struct tb_watch *watch = open->watch;
    if (watch)
        return watch;
    watch = calloc(1, sizeof *watch);
    if (!watch)
        return NULL;
    watch->open = open;
    watch->filter = filter;
    watch->tree = tree;
    watch->room = room < TB_WATCH_KEPT_MAX ? room : TB_WATCH_KEPT_MAX;
    tb_list_init(&watch->changes);
    tb_list_init(&watch->waiters);
    tb_list_append(&open->share->watches, &watch->in_share);
    open->watch = watch;
    return watch;
}

void tb_watch_changes_clear(struct tb_list *changes)
{
    tb_list_for_each (i, changes) {
        tb_list_remove(i);
        free(tb_container(i, struct tb_watch_change, in_list));
    }
}

bool tb_watch_take(struct tb_watch *watch, struct tb_watch_waiter *waiter)
{
    if (tb_list_empty(&watch->changes) && !watch->overflow)
        return false;
    tb_list_splice(&waiter->changes, &watch->changes);
    waiter->overflow = watch->overflow;
    watch->overflow = false;
    watch->used = 0;
    return true;
}

static void deliver(struct tb_watch *watch) TB_INSIDE
{
    if (tb_list_empty(&watch->waiters))
        return;
    struct tb_watch_waiter *waiter =
        tb_container(watch->waiters.next, struct tb_watch_waiter, in_watch);
    if (!tb_watch_take(watch, waiter))
        return;
    tb_list_remove(&waiter->in_watch);
    tb_request_unpark(waiter->request);
    tb_task_ready(&waiter->request->task);
}

/* The same file modified once more tells nothing new. */
static bool repeats_last(const struct tb_watch *watch, uint32_t action, const char *name)
{
    if (action != TB_FILE_ACTION_MODIFIED || tb_list_empty(&watch->changes))
        return false;
    const struct tb_watch_change *last =
        tb_container(watch->changes.previous, struct tb_watch_change, in_list);
    return last->action == action && strcmp(last->name, name) == 0;
}

static void keep(struct tb_watch *watch, uint32_t action, const char *name) TB_INSIDE
{
    if (watch->overflow || repeats_last(watch, action, name))
        return;
    size_t length = (12 + tb_path_wire_length(name, false) + 3) / 4 * 4;
    size_t size = strlen(name) + 1;
    struct tb_watch_change *change = NULL;
    if (length <= watch->room - watch->used)
        change = malloc(sizeof *change + size);
    if (!change) {
        tb_watch_changes_clear(&watch->changes);
        watch->overflow = true;
        watch->used = 0;
        return;
    }
    change->action = action;
    memcpy(change->name, name, size);
    tb_list_append(&watch->changes, &change->in_list);
    watch->used += length;
    assert(watch->used <= watch->room);
}

/* The path as this watch sees it, or NULL. Where names are folded, those above it may be spelt
 * differently, so components are counted, not bytes. */
static const char *relative_path(const struct tb_watch *watch, const char *path)
{
    const char *directory = watch->open->node->path;
    bool beneath = watch->open->share->capabilities.case_sensitive
                       ? tb_path_is_beneath(path, directory)
                       : tb_path_is_beneath_folded(path, directory);
    if (!beneath)
        return NULL;
    while (tb_path_next(&directory).length > 0)
        tb_path_next(&path);
    return watch->tree || !strchr(path, '/') ? path : NULL;
}

static void tell(struct tb_watch *watch, uint32_t action, uint32_t filter,
                 const char *path) TB_INSIDE
{
    const char *name = watch->filter & filter ? relative_path(watch, path) : NULL;
    if (!name)
        return;
    keep(watch, action, name);
    deliver(watch);
}

void tb_watch_changed(struct tb_share *share, uint32_t action, uint32_t filter, const char *path)
{
    tb_list_for_each (i, &share->watches)
        tell(tb_container(i, struct tb_watch, in_share), action, filter, path);
}

static bool same_parent(const char *path_a, const char *path_b)
{
    size_t length = tb_path_parent_length(path_a);
    return length == tb_path_parent_length(path_b) && memcmp(path_a, path_b, length) == 0;
}

void tb_watch_renamed(struct tb_share *share, const char *old_path, const char *new_path,
                      bool directory)
{
    uint32_t filter = directory ? TB_FILE_NOTIFY_CHANGE_DIR_NAME : TB_FILE_NOTIFY_CHANGE_FILE_NAME;
    bool in_place = same_parent(old_path, new_path);
    tb_list_for_each (i, &share->watches) {
        struct tb_watch *watch = tb_container(i, struct tb_watch, in_share);
        if (!(watch->filter & filter)) {
            /* Windows tells those that do not look out for names of files, but not of directories. */
            if (!directory)
                tell(watch, TB_FILE_ACTION_MODIFIED,
                     TB_FILE_NOTIFY_CHANGE_ATTRIBUTES | TB_FILE_NOTIFY_CHANGE_CREATION, new_path);
            continue;
        }
        const char *old_name = relative_path(watch, old_path);
        const char *new_name = relative_path(watch, new_path);
        if (old_name)
            keep(watch, in_place ? TB_FILE_ACTION_RENAMED_OLD_NAME : TB_FILE_ACTION_REMOVED,
                 old_name);
        if (new_name)
            keep(watch, in_place ? TB_FILE_ACTION_RENAMED_NEW_NAME : TB_FILE_ACTION_ADDED,
                 new_name);
        deliver(watch);
    }
}

static void finish_waiters(struct tb_watch *watch, enum tb_error error) TB_INSIDE
{
    struct tb_list *node;
    while ((node = tb_list_take(&watch->waiters))) {
        struct tb_request *request = tb_container(node, struct tb_watch_waiter, in_watch)->request;
        tb_request_unpark(request);
        tb_request_finish(request, error);
    }
}

void tb_watch_delete_pending(struct tb_node *node)
{
    if (!node->directory)
        return;
    tb_list_for_each (i, &node->share->watches) {
        struct tb_watch *watch = tb_container(i, struct tb_watch, in_share);
        if (watch->open->node == node)
            finish_waiters(watch, TB_DELETE_PENDING);
    }
}

void tb_watch_end(struct tb_open *open)
{
    struct tb_watch *watch = open->watch;
    if (!watch)
        return;
    finish_waiters(watch, TB_NOTIFY_CLEANUP);
    tb_list_remove(&watch->in_share);
    tb_watch_changes_clear(&watch->changes);
    open->watch = NULL;
    free(watch);
}
