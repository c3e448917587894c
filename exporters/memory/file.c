#include "exporters/memory/file.h"

void tb_memory_read(struct tb_memory_node *node, struct tb_call *call)
{
    pthread_rwlock_rdlock(&node->data_lock);
    uint64_t size = node->attributes.size, offset = call->io.offset;
    uint64_t left = offset < size ? size - offset : 0;
    if (call->io.length > left)
        call->io.length = (size_t)left;
    tb_memory_data_read(&node->data, offset, call->io.buffer, call->io.length);
    pthread_rwlock_unlock(&node->data_lock);
    tb_call_reply(call, TB_OK);
}

/* Count what the data occupies. After it has changed that is no more than was charged before. */
static void settle_locked(struct tb_memory_tree *tree, struct tb_memory_node *node)
{
    uint64_t allocation = tb_memory_allocation(node, node->attributes.size, node->reserved);
    tb_memory_charge_locked(tree, node, allocation);
}

/* Before data changes: count what it will occupy; `growth` is what is written where nothing was.
 * With the data lock held. */
static bool charge(struct tb_memory_tree *tree, struct tb_memory_node *node, uint64_t size,
                   uint64_t reserved, uint64_t growth)
{
    pthread_mutex_lock(&tree->lock);
    uint64_t allocation = tb_memory_allocation(node, size, reserved);
    if (node->attributes.file_attributes & TB_FILE_ATTRIBUTE_SPARSE_FILE)
        allocation += growth;
    bool charged = tb_memory_charge_locked(tree, node, allocation);
    pthread_mutex_unlock(&tree->lock);
    return charged;
}

static enum tb_error make_room(struct tb_memory_tree *tree, struct tb_memory_node *node,
                               uint64_t offset, size_t length)
{
    uint64_t end = offset + length, size = node->attributes.size;
    uint64_t growth = tb_memory_data_growth(&node->data, offset, length);
    if (!charge(tree, node, end > size ? end : size, node->reserved, growth))
        return TB_DISK_FULL;
    if (tb_memory_data_reserve(&node->data, offset, length))
        return TB_OK;
    pthread_mutex_lock(&tree->lock);
    settle_locked(tree, node);
    pthread_mutex_unlock(&tree->lock);
    return TB_NO_MEMORY;
}

static enum tb_error write_data(struct tb_memory_tree *tree, struct tb_memory_node *node,
                                struct tb_call *call)
{
    uint64_t offset = call->io.offset;
    size_t length = call->io.data.length;

    if (length > TB_MEMORY_FILE_MAX || offset > TB_MEMORY_FILE_MAX - length)
        return TB_FILE_TOO_LARGE;
    enum tb_error error = length ? make_room(tree, node, offset, length) : TB_OK;
    if (error)
        return error;
    tb_memory_data_write(&node->data, offset, call->io.data);
    pthread_mutex_lock(&tree->lock);
    if (length) {
        if (offset + length > node->attributes.size)
            node->attributes.size = offset + length;
        settle_locked(tree, node);
        tb_memory_touch_locked(tree, node);
    }
    pthread_mutex_unlock(&tree->lock);
    return TB_OK;
}

void tb_memory_write(struct tb_memory_tree *tree, struct tb_memory_node *node, struct tb_call *call)
{
    pthread_rwlock_wrlock(&node->data_lock);
    enum tb_error error = write_data(tree, node, call);
    pthread_rwlock_unlock(&node->data_lock);
    tb_call_reply(call, error);
}

/* With the data lock held. Freeing a large file's data takes long: not under tree->lock. */
static enum tb_error resize(struct tb_memory_tree *tree, struct tb_memory_node *node, uint64_t size,
                            uint64_t reserved, struct tb_attributes *attributes)
{
    bool smaller = size < node->attributes.size;
    if (size > TB_MEMORY_FILE_MAX)
        return TB_FILE_TOO_LARGE;
    if (reserved > TB_MEMORY_FILE_MAX || !charge(tree, node, size, reserved, 0))
        return TB_DISK_FULL;
    if (smaller)
        tb_memory_data_cut(&node->data, size);
    pthread_mutex_lock(&tree->lock);
    node->attributes.size = size;
    node->reserved = reserved;
    settle_locked(tree, node);
    tb_memory_touch_locked(tree, node);
    *attributes = node->attributes;
    pthread_mutex_unlock(&tree->lock);
    return TB_OK;
}

void tb_memory_set_size(struct tb_memory_tree *tree, struct tb_memory_node *node,
                        struct tb_call *call)
{
    pthread_rwlock_wrlock(&node->data_lock);
    enum tb_error error = resize(tree, node, call->attributes.size, 0, &call->attributes.values);
    pthread_rwlock_unlock(&node->data_lock);
    tb_call_reply(call, error);
}

void tb_memory_set_allocation(struct tb_memory_tree *tree, struct tb_memory_node *node,
                              struct tb_call *call)
{
    uint64_t asked = call->attributes.size;
    pthread_rwlock_wrlock(&node->data_lock);
    uint64_t size = node->attributes.size < asked ? node->attributes.size : asked;
    enum tb_error error = resize(tree, node, size, asked, &call->attributes.values);
    pthread_rwlock_unlock(&node->data_lock);
    tb_call_reply(call, error);
}

static uint32_t settable(const struct tb_memory_node *node, uint32_t asked)
{
    uint32_t fixed = TB_FILE_ATTRIBUTE_DIRECTORY | TB_FILE_ATTRIBUTE_REPARSE_POINT;
    if (node->is_directory)
        fixed |= TB_FILE_ATTRIBUTE_SPARSE_FILE;
    return (asked & ~(fixed | TB_FILE_ATTRIBUTE_NORMAL)) |
           (node->attributes.file_attributes & fixed);
}

static enum tb_error set_attributes_locked(struct tb_memory_tree *tree, struct tb_memory_node *node,
                                           unsigned mask, const struct tb_attributes *asked)
{
    struct tb_attributes *a = &node->attributes;
    uint32_t before = a->file_attributes;

    if (mask & TB_SET_FILE_ATTRIBUTES)
        a->file_attributes = settable(node, asked->file_attributes);
    if ((a->file_attributes ^ before) & TB_FILE_ATTRIBUTE_SPARSE_FILE &&
        !tb_memory_charge_locked(tree, node, tb_memory_allocation(node, a->size, node->reserved))) {
        a->file_attributes = before;
        return TB_DISK_FULL;
    }
    if (mask & TB_SET_CREATION_TIME)
        a->creation_filetime = asked->creation_filetime;
    if (mask & TB_SET_ACCESS_TIME)
        a->access_filetime = asked->access_filetime;
    if (mask & TB_SET_WRITE_TIME)
        a->write_filetime = asked->write_filetime;
    if (mask & TB_SET_CHANGE_TIME)
        a->change_filetime = asked->change_filetime;
    else if (mask)
        tb_memory_touch_change_locked(tree, node);
    return TB_OK;
}

void tb_memory_set_attributes(struct tb_memory_tree *tree, struct tb_memory_node *node,
                              struct tb_call *call)
{
    pthread_rwlock_rdlock(&node->data_lock);
    pthread_mutex_lock(&tree->lock);
    enum tb_error error =
        set_attributes_locked(tree, node, call->attributes.mask, &call->attributes.values);
    call->attributes.values = node->attributes;
    pthread_mutex_unlock(&tree->lock);
    pthread_rwlock_unlock(&node->data_lock);
    tb_call_reply(call, error);
}

/* The part of a range that lies within the file. */
static uint64_t within_size(const struct tb_memory_node *node, uint64_t offset, uint64_t length)
{
    uint64_t size = node->attributes.size;
    uint64_t left = offset < size ? size - offset : 0;
    return length < left ? length : left;
}

void tb_memory_zero(struct tb_memory_tree *tree, struct tb_memory_node *node, struct tb_call *call)
{
    pthread_rwlock_wrlock(&node->data_lock);
    uint64_t length = within_size(node, call->range.offset, call->range.length);
    if (length) {
        tb_memory_data_zero(&node->data, call->range.offset, length);
        pthread_mutex_lock(&tree->lock);
        settle_locked(tree, node);
        tb_memory_touch_locked(tree, node);
        pthread_mutex_unlock(&tree->lock);
    }
    pthread_rwlock_unlock(&node->data_lock);
    tb_call_reply(call, TB_OK);
}

/* Tell what is stored of [offset, end), adjoining pieces as one. */
static void offer_stored(const struct tb_memory_data *data, struct tb_call *call, uint64_t end)
{
    uint64_t at = call->range.offset, from, to;
    uint64_t open_from = at, open_to = at;

    while (at < end && tb_memory_data_next(data, at, &from, &to)) {
        from = from > at ? from : at;
        at = to;
        if (from >= end)
            break;
        to = to < end ? to : end;
        if (from > open_to) {
            if (open_to > open_from && !call->range.add(call, open_from, open_to - open_from))
                return;
            open_from = from;
        }
        open_to = to;
    }
    if (open_to > open_from)
        call->range.add(call, open_from, open_to - open_from);
}

void tb_memory_allocated_ranges(struct tb_memory_node *node, struct tb_call *call)
{
    pthread_rwlock_rdlock(&node->data_lock);
    uint64_t offset = call->range.offset;
    uint64_t length = within_size(node, offset, call->range.length);
    if (!(node->attributes.file_attributes & TB_FILE_ATTRIBUTE_SPARSE_FILE)) {
        if (length)
            call->range.add(call, offset, length);
    } else {
        offer_stored(&node->data, call, offset + length);
    }
    pthread_rwlock_unlock(&node->data_lock);
    tb_call_reply(call, TB_OK);
}
