/* Removing a directory with what clients do not see in it.
 *
 * Calls below are made one after the other. Those answered at once are followed by the next in a
 * loop, not by recursion, as there may be any number of them. */
#include "core/nt/attributes.h"
#include "core/nt/name.h"
#include "exporters/filters/names.h"

#include <stdlib.h>
#include <string.h>

/* What is still to be removed: the newest first, so a directory's entries before it. */
struct item {
    struct item *next;
    bool listed;
    char path[];
};

enum progress { SUBMITTED, WAITING, ANSWERED };

struct removal;
/* Ends with submit() or finish(), after which nothing is touched. False: it has finished. */
typedef bool step(struct removal *r);

struct removal {
    struct tb_call call; /* below */
    struct tb_names_filter *filter;
    struct tb_call *above;
    struct item *items;
    struct item *current; /* whose handle is open; the root is the last of items */
    void *handle;
    step *next;
    enum tb_error error; /* of the call */
    enum tb_error verdict;
    uint64_t root_id, cookie;
    atomic_int progress;
};

static bool push(struct removal *r, const char *parent, const char *name)
{
    char *path = tb_path_join_new(parent, name);
    size_t size = path ? strlen(path) + 1 : 0;
    struct item *item = path ? malloc(sizeof *item + size) : NULL;
    if (item) {
        memcpy(item->path, path, size);
        item->listed = false;
        item->next = r->items;
        r->items = item;
    }
    free(path);
    return item != NULL;
}

static void pop(struct removal *r)
{
    struct item *item = r->items;
    r->items = item->next;
    free(item);
}

static bool is_root(const struct item *item)
{
    return !item->next;
}

static void run(struct removal *r)
{
    while (r->next(r))
        if (atomic_exchange(&r->progress, WAITING) != ANSWERED)
            return;
}

static void answered(struct tb_call *call, enum tb_error error)
{
    struct removal *r = tb_call_context(call);
    r->error = error;
    if (atomic_exchange(&r->progress, ANSWERED) == WAITING)
        run(r);
}

static struct tb_call *prepare(struct removal *r, enum tb_operation operation, void *handle)
{
    r->call = (struct tb_call){
        .operation = operation, .credentials = r->above->credentials, .handle = handle};
    return &r->call;
}

static bool submit(struct removal *r, step *next)
{
    r->next = next;
    atomic_store(&r->progress, SUBMITTED);
    tb_call_push(&r->call, answered, r);
    tb_exporter_submit(r->filter->filter.below, &r->call);
    return true;
}

static bool finish(struct removal *r)
{
    struct tb_call *above = r->above;
    enum tb_error verdict = r->verdict;
    while (r->items)
        pop(r);
    free(r);
    tb_call_reply(above, verdict);
    return false;
}

static bool open_next(struct removal *r);

static bool directory_removed(struct removal *r)
{
    r->verdict = r->error;
    return finish(r);
}

static bool closed(struct removal *r)
{
    if (r->verdict)
        return finish(r);
    if (!is_root(r->items) || !r->items->listed)
        return open_next(r);
    prepare(r, TB_CALL_REMOVE, r->above->handle);
    return submit(r, directory_removed);
}

static bool close_current(struct removal *r)
{
    prepare(r, TB_CALL_CLOSE, r->handle);
    return submit(r, closed);
}

static bool removed(struct removal *r)
{
    if (r->error)
        r->verdict = r->error;
    else
        pop(r);
    return close_current(r);
}

/* All that is in a vetoed directory goes with it. */
static bool take_entry(struct tb_call *call, const struct tb_directory_entry *entry)
{
    struct removal *r = tb_container(call, struct removal, call);
    if (is_root(r->current) && !tb_names_is_vetoed(r->filter, entry->name))
        r->verdict = TB_DIRECTORY_NOT_EMPTY;
    else if (!push(r, r->current->path, entry->name))
        r->verdict = TB_NO_MEMORY;
    r->cookie = entry->cookie;
    return !r->verdict;
}

static bool list(struct removal *r);

static bool listed(struct removal *r)
{
    if (r->error)
        r->verdict = r->error;
    if (!r->verdict && !r->call.directory.end)
        return list(r);
    r->current->listed = true;
    return close_current(r);
}

static bool list(struct removal *r)
{
    struct tb_call *call = prepare(r, TB_CALL_READ_DIRECTORY, r->handle);
    call->directory.cookie = r->cookie;
    call->directory.all = true;
    call->directory.add = take_entry;
    return submit(r, listed);
}

static bool opened(struct removal *r)
{
    const struct tb_attributes *attributes = &r->call.open.attributes;
    if (r->error) {
        r->verdict = TB_DIRECTORY_NOT_EMPTY;
        return finish(r);
    }
    free(r->call.open.real_path);
    r->handle = r->call.handle;
    if (is_root(r->current) && attributes->file_id != r->root_id) {
        r->verdict = TB_DIRECTORY_NOT_EMPTY;
        return close_current(r);
    }
    r->cookie = 0;
    if (attributes->file_attributes & TB_FILE_ATTRIBUTE_DIRECTORY && !r->current->listed)
        return list(r);
    prepare(r, TB_CALL_REMOVE, r->handle);
    return submit(r, removed);
}

static bool open_next(struct removal *r)
{
    struct tb_call *call = prepare(r, TB_CALL_OPEN, NULL);
    r->current = r->items;
    call->open.path = r->current->path;
    call->open.how = TB_OPEN_EXISTING;
    call->open.use = is_root(r->current) ? TB_USE_READ : TB_USE_NAME;
    call->open.use_wished = TB_USE_READ;
    call->open.use_given = call->open.use | call->open.use_wished;
    return submit(r, opened);
}

static bool root_known(struct removal *r)
{
    r->verdict = r->error;
    r->root_id = r->call.attributes.values.file_id;
    return r->error ? finish(r) : open_next(r);
}

static bool ask_root(struct removal *r)
{
    prepare(r, TB_CALL_GET_ATTRIBUTES, r->above->handle);
    return submit(r, root_known);
}

void tb_names_remove_vetoed(struct tb_names_filter *filter, struct tb_call *call, const char *path)
{
    struct removal *r = calloc(1, sizeof *r);
    if (r) {
        r->filter = filter;
        r->above = call;
    }
    if (!r || !push(r, path, "")) {
        free(r);
        tb_call_reply(call, TB_NO_MEMORY);
        return;
    }
    r->items->path[strlen(path)] = '\0';
    r->next = ask_root;
    run(r);
}
