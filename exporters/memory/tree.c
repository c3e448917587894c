#include "exporters/memory/tree.h"

#include "core/nt/name.h"
#include "core/nt/utf.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define NAME_BYTES_MAX (TB_NAME_UNITS_MAX * TB_UTF8_BYTES_PER_UNIT)

static struct tb_memory_node *node_new(struct tb_memory_tree *tree, const char *name,
                                       bool is_directory)
{
    struct tb_memory_node *node = calloc(1, sizeof *node);
    if (!node)
        return NULL;
    node->name = strdup(name);
    if (!node->name || pthread_rwlock_init(&node->data_lock, NULL) != 0) {
        free(node->name);
        free(node);
        return NULL;
    }
    uint64_t now = tb_env_wall_filetime(&tree->env);
    struct tb_attributes *a = &node->attributes;
    node->data.arena = &tree->arena;
    node->is_directory = is_directory;
    a->creation_filetime = a->access_filetime = a->write_filetime = a->change_filetime = now;
    a->file_attributes = is_directory ? TB_FILE_ATTRIBUTE_DIRECTORY : TB_FILE_ATTRIBUTE_ARCHIVE;
    a->mode = (is_directory ? S_IFDIR : S_IFREG) | 0777;
    a->link_count = 1;
    return node;
}

void tb_memory_node_free(struct tb_memory_node *node)
{
    if (!node)
        return;
    assert(node->handles == 0);
    tb_memory_data_cut(&node->data, 0);
    tb_memory_directory_clear(&node->directory);
    pthread_rwlock_destroy(&node->data_lock);
    free(node->name);
    free(node);
}

enum tb_error tb_memory_tree_create(const struct tb_env *env, uint64_t limit,
                                    struct tb_memory_tree **out)
{
    uint8_t key[16];
    struct tb_memory_tree *tree = calloc(1, sizeof *tree);
    if (!tree)
        return TB_NO_MEMORY;
    if (!tb_memory_arena_init(&tree->arena)) {
        free(tree);
        return TB_NO_MEMORY;
    }
    tree->env = *env;
    tree->limit = limit;
    tree->root = node_new(tree, "", true);
    if (!tree->root || pthread_mutex_init(&tree->lock, NULL) != 0) {
        tb_memory_node_free(tree->root);
        tb_memory_arena_clear(&tree->arena);
        free(tree);
        return TB_NO_MEMORY;
    }
    tree->root->attributes.file_id = ++tree->last_id;
    tree->creation_filetime = tree->root->attributes.creation_filetime;
    tb_env_random(env, TB_RANDOM_VOLUME_ID, &tree->volume_id, sizeof tree->volume_id);
    tb_env_random(env, TB_RANDOM_HASH_KEY, key, sizeof key);
    tree->hash_key = tb_hash_key(key);
    *out = tree;
    return TB_OK;
}

void tb_memory_tree_free(struct tb_memory_tree *tree)
{
    struct tb_memory_node *at = tree->root;
    while (at) {
        struct tb_memory_directory *directory = &at->directory;
        if (directory->live) {
            at = directory->entries[directory->entry_count - 1].node;
            continue;
        }
        struct tb_memory_node *parent = at->parent;
        if (parent)
            tb_memory_directory_remove(&parent->directory, at);
        tb_memory_node_free(at);
        at = parent;
    }
    pthread_mutex_destroy(&tree->lock);
    tb_memory_arena_clear(&tree->arena);
    free(tree);
}

enum tb_error tb_memory_walk_locked(struct tb_memory_tree *tree, const char *path,
                                    struct tb_memory_place *place)
{
    char name[NAME_BYTES_MAX + 1];
    struct tb_memory_node *at = tree->root;

    *place = (struct tb_memory_place){.node = at, .leaf = path, .exact = true};
    while (*path) {
        size_t length = strcspn(path, "/");
        if (!at)
            return TB_OBJECT_PATH_NOT_FOUND;
        if (!at->is_directory)
            return TB_NOT_A_DIRECTORY;
        if (length == 0 || length > NAME_BYTES_MAX)
            return TB_OBJECT_NAME_INVALID;
        memcpy(name, path, length);
        name[length] = '\0';
        place->parent = at;
        place->leaf = path;
        place->hash = tb_hash_name_folded(tree->hash_key, name);
        at = place->node = tb_memory_directory_find(&at->directory, name, place->hash);
        if (at && strcmp(at->name, name) != 0)
            place->exact = false;
        path += length + (path[length] == '/');
    }
    return TB_OK;
}

bool tb_memory_real_path(const struct tb_memory_place *place, char **real_path)
{
    *real_path = NULL;
    if (place->exact)
        return true;
    const char *leaf = place->node ? place->node->name : place->leaf;
    size_t leaf_length = strlen(leaf), length = leaf_length;
    const struct tb_memory_node *node;
    for (node = place->parent; node->parent; node = node->parent)
        length += strlen(node->name) + 1;
    char *path = malloc(length + 1);
    if (!path)
        return false;
    size_t at = length - leaf_length;
    memcpy(path + at, leaf, leaf_length + 1);
    for (node = place->parent; node->parent; node = node->parent) {
        size_t name_length = strlen(node->name);
        path[--at] = '/';
        at -= name_length;
        memcpy(path + at, node->name, name_length);
    }
    assert(at == 0);
    *real_path = path;
    return true;
}

static uint64_t whole_clusters(uint64_t bytes)
{
    return (bytes + TB_MEMORY_CLUSTER - 1) & ~(uint64_t)(TB_MEMORY_CLUSTER - 1);
}

uint64_t tb_memory_allocation(const struct tb_memory_node *node, uint64_t size, uint64_t reserved)
{
    bool sparse = node->attributes.file_attributes & TB_FILE_ATTRIBUTE_SPARSE_FILE;
    uint64_t whole = whole_clusters(size);
    uint64_t beyond = whole_clusters(reserved) > whole ? whole_clusters(reserved) - whole : 0;
    return (sparse ? node->data.stored : whole) + beyond;
}

bool tb_memory_charge_locked(struct tb_memory_tree *tree, struct tb_memory_node *node,
                             uint64_t allocation)
{
    uint64_t others = tree->used - node->attributes.allocation_size;
    if (allocation > node->attributes.allocation_size && allocation > tree->limit - others)
        return false;
    tree->used = others + allocation;
    node->attributes.allocation_size = allocation;
    return true;
}

void tb_memory_touch_locked(struct tb_memory_tree *tree, struct tb_memory_node *node)
{
    uint64_t now = tb_env_wall_filetime(&tree->env);
    node->attributes.write_filetime = node->attributes.change_filetime = now;
    if (!node->is_directory)
        node->attributes.file_attributes |= TB_FILE_ATTRIBUTE_ARCHIVE;
}

void tb_memory_touch_change_locked(struct tb_memory_tree *tree, struct tb_memory_node *node)
{
    node->attributes.change_filetime = tb_env_wall_filetime(&tree->env);
}

static bool charge_new(struct tb_memory_tree *tree, struct tb_memory_node *node, uint64_t reserved)
{
    if (tree->limit - tree->used < TB_MEMORY_NODE_COST)
        return false;
    tree->used += TB_MEMORY_NODE_COST;
    if (tb_memory_charge_locked(tree, node, tb_memory_allocation(node, 0, reserved)))
        return true;
    tree->used -= TB_MEMORY_NODE_COST;
    return false;
}

static void describe_new(struct tb_memory_node *node, const struct tb_call *call)
{
    const uint32_t never = TB_FILE_ATTRIBUTE_DIRECTORY | TB_FILE_ATTRIBUTE_NORMAL |
                           TB_FILE_ATTRIBUTE_REPARSE_POINT | TB_FILE_ATTRIBUTE_SPARSE_FILE;
    node->attributes.file_attributes |= call->open.create_file_attributes & ~never;
    if (call->credentials) {
        node->attributes.uid = call->credentials->uid;
        node->attributes.gid = call->credentials->gid;
    }
    if (!node->is_directory)
        node->reserved = call->open.create_allocation_size;
}

enum tb_error tb_memory_create_locked(struct tb_memory_tree *tree,
                                      const struct tb_memory_place *place,
                                      const struct tb_call *call, struct tb_memory_node **out)
{
    enum tb_error error = tb_name_check(place->leaf, strlen(place->leaf));
    if (error)
        return error;
    if (call->open.create_allocation_size > TB_MEMORY_FILE_MAX)
        return TB_DISK_FULL;
    struct tb_memory_node *node = node_new(tree, place->leaf, call->open.create_directory);
    if (!node || !tb_memory_directory_reserve(&place->parent->directory)) {
        tb_memory_node_free(node);
        return TB_NO_MEMORY;
    }
    describe_new(node, call);
    if (!charge_new(tree, node, node->reserved)) {
        tb_memory_node_free(node);
        return TB_DISK_FULL;
    }
    node->attributes.file_id = ++tree->last_id;
    node->hash = place->hash;
    node->parent = place->parent;
    tb_memory_directory_insert(&node->parent->directory, node);
    tb_memory_touch_locked(tree, node->parent);
    *out = node;
    return TB_OK;
}

/* Take the name away. True: nothing refers to the node any more, free it. */
static bool unlink_locked(struct tb_memory_tree *tree, struct tb_memory_node *node)
{
    tb_memory_directory_remove(&node->parent->directory, node);
    tb_memory_touch_locked(tree, node->parent);
    tb_memory_touch_change_locked(tree, node);
    node->parent = NULL;
    node->attributes.link_count = 0;
    if (node->handles)
        return false;
    tree->used -= TB_MEMORY_NODE_COST + node->attributes.allocation_size;
    return true;
}

bool tb_memory_release_locked(struct tb_memory_tree *tree, struct tb_memory_node *node)
{
    assert(node->handles > 0);
    if (--node->handles)
        return false;
    if (node->attributes.link_count) {
        /* Unused allocation beyond the end is freed on the last close (MS-FSCC 2.4.4). */
        node->reserved = 0;
        tb_memory_charge_locked(tree, node, tb_memory_allocation(node, node->attributes.size, 0));
        return false;
    }
    tree->used -= TB_MEMORY_NODE_COST + node->attributes.allocation_size;
    return true;
}

enum tb_error tb_memory_remove_locked(struct tb_memory_tree *tree, struct tb_memory_node *node)
{
    if (node == tree->root)
        return TB_ACCESS_DENIED;
    if (!node->parent)
        return TB_FILE_DELETED;
    if (node->directory.live)
        return TB_DIRECTORY_NOT_EMPTY;
    assert(node->handles > 0);
    unlink_locked(tree, node);
    return TB_OK;
}

static bool is_within(const struct tb_memory_node *node, const struct tb_memory_node *ancestor)
{
    while (node && node != ancestor)
        node = node->parent;
    return node;
}

/* Whether the node may take this place (MS-FSA 2.1.5.15.11). */
static enum tb_error check_rename(const struct tb_memory_node *node,
                                  const struct tb_memory_place *place, bool replace)
{
    const struct tb_memory_node *target = place->node;
    if (target == node)
        return TB_OK;
    if (target && !replace)
        return TB_OBJECT_NAME_COLLISION;
    if (target &&
        (target->is_directory || target->attributes.file_attributes & TB_FILE_ATTRIBUTE_READONLY))
        return TB_ACCESS_DENIED;
    /* Windows has the new parent open at this moment, and refuses to move a directory that has
     * something open beneath it. */
    if (is_within(place->parent, node))
        return TB_ACCESS_DENIED;
    return target ? TB_OK : tb_name_check(place->leaf, strlen(place->leaf));
}

static void move_locked(struct tb_memory_tree *tree, struct tb_memory_node *node,
                        const struct tb_memory_place *place, char *name)
{
    if (node->parent == place->parent) {
        tb_memory_directory_rename(&node->parent->directory, node, name, place->hash);
    } else {
        tb_memory_directory_remove(&node->parent->directory, node);
        tb_memory_touch_locked(tree, node->parent);
        free(node->name);
        node->name = name;
        node->hash = place->hash;
        node->parent = place->parent;
        tb_memory_directory_insert(&node->parent->directory, node);
    }
    tb_memory_touch_locked(tree, node->parent);
    tb_memory_touch_change_locked(tree, node);
    if (!node->is_directory)
        node->attributes.file_attributes |= TB_FILE_ATTRIBUTE_ARCHIVE;
}

enum tb_error tb_memory_rename_locked(struct tb_memory_tree *tree, struct tb_memory_node *node,
                                      const char *path, bool replace, char **real_path,
                                      struct tb_memory_node **orphan)
{
    struct tb_memory_place place;

    *orphan = NULL;
    if (node == tree->root)
        return TB_ACCESS_DENIED;
    if (!node->parent)
        return TB_FILE_DELETED;
    enum tb_error error = tb_memory_walk_locked(tree, path, &place);
    if (!error)
        error = check_rename(node, &place, replace);
    if (error)
        return error;

    struct tb_memory_node *replaced = place.node == node ? NULL : place.node;
    char *name = strdup(place.leaf);
    place.node = NULL;
    bool reserved = name && (node->parent == place.parent ||
                             tb_memory_directory_reserve(&place.parent->directory));
    if (!reserved || !tb_memory_real_path(&place, real_path)) {
        free(name);
        return TB_NO_MEMORY;
    }
    if (replaced && unlink_locked(tree, replaced))
        *orphan = replaced;
    move_locked(tree, node, &place, name);
    return TB_OK;
}
