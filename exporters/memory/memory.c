#include "exporters/memory/memory.h"

#include "core/nt/name.h"
#include "exporters/memory/file.h"
#include "exporters/memory/tree.h"
#include "exporters/option.h"

#include <stdio.h>
#include <stdlib.h>

/* Entries offered before others get a turn at the tree. */
#define LISTING_BATCH 256

struct handle {
    struct tb_memory_name *name; /* as it was opened */
    struct tb_memory_node *node;
    unsigned use; /* tb_open_use bits */
};

static enum tb_error parse_option(const char *option, uint64_t *limit, char *message, size_t size)
{
    static const char *const known[] = {"size", NULL};
    const char *value = tb_option_value(option, "size");

    if (!value)
        return tb_option_unknown("memory", "option", option, known, message, size);
    if (tb_option_parse_size(value, limit) && *limit > 0)
        return TB_OK;
    snprintf(message, size,
             "memory: \"%s\" is no size: write a number, with K, M, G or T, as in size=512M",
             value);
    return TB_INVALID_PARAMETER;
}

static enum tb_error memory_start(const char *argument, const char *const *options,
                                  const struct tb_env *env, void **self, char *message, size_t size)
{
    uint64_t limit = TB_MEMORY_SIZE_DEFAULT;
    enum tb_error error = TB_OK;
    struct tb_memory_tree *tree;

    /* There is nothing to name, so "memory:size=1G" can only mean the option. */
    if (*argument)
        error = parse_option(argument, &limit, message, size);
    for (; !error && *options; options++)
        error = parse_option(*options, &limit, message, size);
    if (error)
        return error;
    error = tb_memory_tree_create(env, limit, &tree);
    if (error)
        snprintf(message, size, "memory: out of memory");
    else
        *self = tree;
    return error;
}

static void memory_stop(void *self)
{
    tb_memory_tree_free(self);
}

static void memory_capabilities(void *self, struct tb_exporter_capabilities *out)
{
    const struct tb_memory_tree *tree = self;
    *out = (struct tb_exporter_capabilities){
        .case_preserved = true,
        .sparse = true,
        .component_max = TB_NAME_UNITS_MAX,
        .volume_id = tree->volume_id,
        .volume_creation_filetime = tree->creation_filetime,
        .filesystem_name = "NTFS",
        .hard_links = true,
    };
}

static enum tb_error find_or_create(struct tb_memory_tree *tree, struct tb_call *call,
                                    struct tb_memory_place *place)
{
    enum tb_error error = tb_memory_walk_locked(tree, call->open.path, place);
    if (error)
        return error;
    if (place->name)
        return call->open.how == TB_OPEN_NEW ? TB_OBJECT_NAME_COLLISION : TB_OK;
    if (call->open.how == TB_OPEN_EXISTING)
        return TB_OBJECT_NAME_NOT_FOUND;
    if (!tb_memory_real_path(place, &call->open.real_path))
        return TB_NO_MEMORY;
    error = tb_memory_create_locked(tree, place, call, &place->name);
    if (error) {
        free(call->open.real_path);
        call->open.real_path = NULL;
    }
    call->open.created = !error;
    return error;
}

static enum tb_error open_locked(struct tb_memory_tree *tree, struct tb_call *call,
                                 struct handle *handle)
{
    struct tb_memory_place place;

    enum tb_error error = find_or_create(tree, call, &place);
    if (!error && !call->open.created && !tb_memory_real_path(&place, &call->open.real_path))
        error = TB_NO_MEMORY;
    if (error)
        return error;
    handle->name = place.name;
    handle->node = place.name->node;
    handle->name->handles++;
    handle->node->handles++;
    call->open.attributes = handle->node->attributes;
    return TB_OK;
}

static void memory_open(void *self, struct tb_call *call)
{
    struct tb_memory_tree *tree = self;
    struct handle *handle = malloc(sizeof *handle);

    call->open.created = false;
    call->open.real_path = NULL;
    if (!handle) {
        tb_call_reply(call, TB_NO_MEMORY);
        return;
    }
    handle->use = call->open.use | call->open.use_wished;
    pthread_mutex_lock(&tree->lock);
    enum tb_error error = open_locked(tree, call, handle);
    pthread_mutex_unlock(&tree->lock);
    if (error)
        free(handle);
    else
        call->handle = handle;
    tb_call_reply(call, error);
}

static void memory_close(void *self, struct tb_call *call)
{
    struct tb_memory_tree *tree = self;
    struct handle *handle = call->handle;

    pthread_mutex_lock(&tree->lock);
    struct tb_memory_node *unused = tb_memory_release_locked(tree, handle->name);
    pthread_mutex_unlock(&tree->lock);
    tb_memory_node_free(unused);
    free(handle);
    tb_call_reply(call, TB_OK);
}

/* The node to work on, or NULL: the call was answered, for the handle was not opened for this. */
static struct tb_memory_node *node_for(struct tb_call *call, unsigned use)
{
    const struct handle *handle = call->handle;
    if (handle->use & use)
        return handle->node;
    tb_call_reply(call, TB_ACCESS_DENIED);
    return NULL;
}

static struct tb_memory_node *file_for(struct tb_call *call, unsigned use)
{
    struct tb_memory_node *node = node_for(call, use);
    if (!node || !node->is_directory)
        return node;
    tb_call_reply(call, TB_FILE_IS_A_DIRECTORY);
    return NULL;
}

static void memory_get_attributes(void *self, struct tb_call *call)
{
    struct tb_memory_tree *tree = self;
    const struct handle *handle = call->handle;
    pthread_mutex_lock(&tree->lock);
    call->attributes.values = handle->node->attributes;
    pthread_mutex_unlock(&tree->lock);
    tb_call_reply(call, TB_OK);
}

static void memory_set_attributes(void *self, struct tb_call *call)
{
    struct tb_memory_node *node = node_for(call, TB_USE_ATTRIBUTES | TB_USE_WRITE);
    if (node)
        tb_memory_set_attributes(self, node, call);
}

static void memory_set_size(void *self, struct tb_call *call)
{
    struct tb_memory_node *node = file_for(call, TB_USE_WRITE);
    if (node)
        tb_memory_set_size(self, node, call);
}

static void memory_set_allocation(void *self, struct tb_call *call)
{
    struct tb_memory_node *node = file_for(call, TB_USE_WRITE);
    if (node)
        tb_memory_set_allocation(self, node, call);
}

static void memory_read(void *self, struct tb_call *call)
{
    (void)self;
    struct tb_memory_node *node = file_for(call, TB_USE_READ);
    if (node)
        tb_memory_read(node, call);
}

static void memory_write(void *self, struct tb_call *call)
{
    struct tb_memory_node *node = file_for(call, TB_USE_WRITE);
    if (node)
        tb_memory_write(self, node, call);
}

static void memory_flush(void *self, struct tb_call *call)
{
    (void)self;
    tb_call_reply(call, TB_OK);
}

/* Offer up to LISTING_BATCH entries behind *cookie, which moves along. False: that is all. */
static bool offer_batch_locked(const struct tb_memory_directory *directory, struct tb_call *call,
                               uint64_t *cookie)
{
    size_t i = tb_memory_directory_seek(directory, *cookie);
    for (unsigned n = 0; n < LISTING_BATCH; i++) {
        if (i == directory->entry_count) {
            call->directory.end = true;
            return false;
        }
        const struct tb_memory_name *name = directory->entries[i].name;
        if (!name)
            continue;
        struct tb_directory_entry entry = {name->text, name->node->attributes, name->cookie};
        if (!call->directory.add(call, &entry))
            return false;
        *cookie = name->cookie;
        n++;
    }
    return true;
}

static void memory_read_directory(void *self, struct tb_call *call)
{
    struct tb_memory_tree *tree = self;
    struct tb_memory_node *node = node_for(call, TB_USE_READ | TB_USE_NAME);
    uint64_t cookie = call->directory.cookie;
    bool more = true;

    if (!node)
        return;
    if (!node->is_directory) {
        tb_call_reply(call, TB_NOT_A_DIRECTORY);
        return;
    }
    call->directory.end = false;
    while (more) {
        pthread_mutex_lock(&tree->lock);
        more = offer_batch_locked(&node->directory, call, &cookie);
        pthread_mutex_unlock(&tree->lock);
    }
    tb_call_reply(call, TB_OK);
}

static void memory_rename(void *self, struct tb_call *call)
{
    struct tb_memory_tree *tree = self;
    struct tb_memory_node *orphan = NULL;

    if (!node_for(call, TB_USE_NAME))
        return;
    const struct handle *handle = call->handle;
    call->rename.real_path = NULL;
    pthread_mutex_lock(&tree->lock);
    enum tb_error error = tb_memory_rename_locked(tree, handle->name, call, &orphan);
    pthread_mutex_unlock(&tree->lock);
    tb_memory_node_free(orphan);
    tb_call_reply(call, error);
}

static void memory_link(void *self, struct tb_call *call)
{
    struct tb_memory_tree *tree = self;
    const struct handle *handle = call->handle;
    struct tb_memory_node *orphan = NULL;

    call->rename.real_path = NULL;
    pthread_mutex_lock(&tree->lock);
    enum tb_error error = tb_memory_link_locked(tree, handle->node, call, &orphan);
    pthread_mutex_unlock(&tree->lock);
    tb_memory_node_free(orphan);
    tb_call_reply(call, error);
}

static void memory_remove(void *self, struct tb_call *call)
{
    struct tb_memory_tree *tree = self;
    const struct handle *handle = call->handle;

    pthread_mutex_lock(&tree->lock);
    enum tb_error error = tb_memory_remove_locked(tree, handle->name);
    pthread_mutex_unlock(&tree->lock);
    tb_call_reply(call, error);
}

static void memory_zero(void *self, struct tb_call *call)
{
    struct tb_memory_node *node = file_for(call, TB_USE_WRITE);
    if (node)
        tb_memory_zero(self, node, call);
}

static void memory_allocated_ranges(void *self, struct tb_call *call)
{
    (void)self;
    struct tb_memory_node *node = file_for(call, TB_USE_READ);
    if (node)
        tb_memory_allocated_ranges(node, call);
}

static void memory_get_space(void *self, struct tb_call *call)
{
    struct tb_memory_tree *tree = self;
    pthread_mutex_lock(&tree->lock);
    uint64_t left = tree->limit - tree->used;
    pthread_mutex_unlock(&tree->lock);
    call->space = (struct tb_space){tree->limit, left, left};
    tb_call_reply(call, TB_OK);
}

const struct tb_exporter_ops tb_memory_exporter = {
    .struct_size = sizeof(struct tb_exporter_ops),
    .api_version = TB_EXPORTER_API_VERSION,
    .name = "memory",
    .start = memory_start,
    .stop = memory_stop,
    .capabilities = memory_capabilities,
    .open = memory_open,
    .close = memory_close,
    .get_attributes = memory_get_attributes,
    .set_attributes = memory_set_attributes,
    .set_size = memory_set_size,
    .set_allocation = memory_set_allocation,
    .read = memory_read,
    .write = memory_write,
    .flush = memory_flush,
    .read_directory = memory_read_directory,
    .rename = memory_rename,
    .remove = memory_remove,
    .get_space = memory_get_space,
    .link = memory_link,
    .zero = memory_zero,
    .allocated_ranges = memory_allocated_ranges,
};
