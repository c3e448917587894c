#include "exporters/memory/tree.h"

#include "core/nt/name.h"
#include "core/nt/utf.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define NAME_BYTES_MAX (TB_NAME_UNITS_MAX * TB_UTF8_BYTES_PER_UNIT)

static struct tb_memory_name *name_new(struct tb_memory_node *node, const char *text, uint64_t hash)
{
    struct tb_memory_name *name = calloc(1, sizeof *name);
    if (!name)
        return NULL;
    name->text = strdup(text);
    if (!name->text) {
        free(name);
        return NULL;
    }
    name->node = node;
    name->hash = hash;
    if (node->is_directory)
        node->name = name;
    return name;
}

static void name_free(struct tb_memory_name *name)
{
    free(name->text);
    free(name);
}

static struct tb_memory_node *node_new(struct tb_memory_tree *tree, bool is_directory)
{
    struct tb_memory_node *node = calloc(1, sizeof *node);
    if (!node)
        return NULL;
    if (pthread_rwlock_init(&node->data_lock, NULL) != 0) {
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
    free(node);
}

/* A node with one name that stands nowhere yet, or NULL. */
static struct tb_memory_name *named_node_new(struct tb_memory_tree *tree, const char *text,
                                             uint64_t hash, bool is_directory)
{
    struct tb_memory_node *node = node_new(tree, is_directory);
    struct tb_memory_name *name = node ? name_new(node, text, hash) : NULL;
    if (!name)
        tb_memory_node_free(node);
    return name;
}

static void named_node_free(struct tb_memory_name *name)
{
    if (!name)
        return;
    tb_memory_node_free(name->node);
    name_free(name);
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
    struct tb_memory_name *root = named_node_new(tree, "", 0, true);
    if (!root || pthread_mutex_init(&tree->lock, NULL) != 0) {
        named_node_free(root);
        tb_memory_arena_clear(&tree->arena);
        free(tree);
        return TB_NO_MEMORY;
    }
    tree->root = root->node;
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
        struct tb_memory_name *name = at->name;
        if (directory->live) {
            name = directory->entries[directory->entry_count - 1].name;
            if (name->node->is_directory) {
                at = name->node;
                continue;
            }
        } else {
            at = name->parent;
        }
        if (name->parent)
            tb_memory_directory_remove(&name->parent->directory, name);
        if (--name->node->attributes.link_count == 0)
            tb_memory_node_free(name->node);
        name_free(name);
    }
    pthread_mutex_destroy(&tree->lock);
    tb_memory_arena_clear(&tree->arena);
    free(tree);
}

enum tb_error tb_memory_walk_locked(struct tb_memory_tree *tree, const char *path,
                                    struct tb_memory_place *place)
{
    char text[NAME_BYTES_MAX + 1];
    struct tb_memory_name *at = tree->root->name;

    *place = (struct tb_memory_place){.name = at, .leaf = path, .exact = true};
    while (*path) {
        size_t length = strcspn(path, "/");
        if (!at)
            return TB_OBJECT_PATH_NOT_FOUND;
        if (!at->node->is_directory)
            return TB_NOT_A_DIRECTORY;
        if (length == 0 || length > NAME_BYTES_MAX)
            return TB_OBJECT_NAME_INVALID;
        memcpy(text, path, length);
        text[length] = '\0';
        place->parent = at->node;
        place->leaf = path;
        place->hash = tb_hash_name_folded(tree->hash_key, text);
        at = place->name = tb_memory_directory_find(&at->node->directory, text, place->hash);
        if (at && strcmp(at->text, text) != 0)
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
    const char *leaf = place->name ? place->name->text : place->leaf;
    size_t leaf_length = strlen(leaf), length = leaf_length;
    const struct tb_memory_name *name;
    for (name = place->parent->name; name->parent; name = name->parent->name)
        length += strlen(name->text) + 1;
    char *path = malloc(length + 1);
    if (!path)
        return false;
    size_t at = length - leaf_length;
    memcpy(path + at, leaf, leaf_length + 1);
    for (name = place->parent->name; name->parent; name = name->parent->name) {
        size_t name_length = strlen(name->text);
        path[--at] = '/';
        at -= name_length;
        memcpy(path + at, name->text, name_length);
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
                                      const struct tb_call *call, struct tb_memory_name **out)
{
    enum tb_error error = tb_name_check(place->leaf, strlen(place->leaf));
    if (error)
        return error;
    if (call->open.create_allocation_size > TB_MEMORY_FILE_MAX)
        return TB_DISK_FULL;
    struct tb_memory_name *name =
        named_node_new(tree, place->leaf, place->hash, call->open.create_directory);
    if (!name || !tb_memory_directory_reserve(&place->parent->directory)) {
        named_node_free(name);
        return TB_NO_MEMORY;
    }
    describe_new(name->node, call);
    if (!charge_new(tree, name->node, name->node->reserved)) {
        named_node_free(name);
        return TB_DISK_FULL;
    }
    name->node->attributes.file_id = ++tree->last_id;
    name->parent = place->parent;
    tb_memory_directory_insert(&name->parent->directory, name);
    tb_memory_touch_locked(tree, name->parent);
    *out = name;
    return TB_OK;
}

/* Nothing refers to the node any more: its space is free. */
static struct tb_memory_node *abandon_locked(struct tb_memory_tree *tree,
                                             struct tb_memory_node *node)
{
    tree->used -= TB_MEMORY_NODE_COST + node->attributes.allocation_size;
    return node;
}

/* Take a name away. The node, if nothing refers to it any more: free it. */
static struct tb_memory_node *unlink_locked(struct tb_memory_tree *tree,
                                            struct tb_memory_name *name)
{
    struct tb_memory_node *node = name->node;
    tb_memory_directory_remove(&name->parent->directory, name);
    tb_memory_touch_locked(tree, name->parent);
    tb_memory_touch_change_locked(tree, node);
    name->parent = NULL;
    if (name->handles == 0)
        name_free(name);
    if (--node->attributes.link_count > 0) {
        tree->used -= TB_MEMORY_NODE_COST;
        return NULL;
    }
    return node->handles ? NULL : abandon_locked(tree, node);
}

struct tb_memory_node *tb_memory_release_locked(struct tb_memory_tree *tree,
                                                struct tb_memory_name *name)
{
    struct tb_memory_node *node = name->node;
    assert(name->handles > 0 && node->handles >= name->handles);
    node->handles--;
    if (--name->handles == 0 && !name->parent && node != tree->root)
        name_free(name);
    if (node->handles)
        return NULL;
    if (node->attributes.link_count == 0)
        return abandon_locked(tree, node);
    /* Unused allocation beyond the end is freed on the last close (MS-FSCC 2.4.4). */
    node->reserved = 0;
    tb_memory_charge_locked(tree, node, tb_memory_allocation(node, node->attributes.size, 0));
    return NULL;
}

enum tb_error tb_memory_remove_locked(struct tb_memory_tree *tree, struct tb_memory_name *name)
{
    if (name->node == tree->root)
        return TB_ACCESS_DENIED;
    if (!name->parent)
        return TB_FILE_DELETED;
    if (name->node->directory.live)
        return TB_DIRECTORY_NOT_EMPTY;
    assert(name->handles > 0);
    unlink_locked(tree, name);
    return TB_OK;
}

static bool is_within(const struct tb_memory_node *node, const struct tb_memory_node *ancestor)
{
    while (node && node != ancestor)
        node = node->name->parent;
    return node;
}

/* Whether a name may be put here (MS-FSA 2.1.5.15.7, 2.1.5.15.12). */
static enum tb_error check_target(const struct tb_memory_place *place, bool replace)
{
    const struct tb_memory_name *target = place->name;
    if (!target)
        return tb_name_check(place->leaf, strlen(place->leaf));
    if (!replace)
        return TB_OBJECT_NAME_COLLISION;
    return target->node->is_directory ? TB_ACCESS_DENIED : TB_OK;
}

static enum tb_error check_rename(const struct tb_memory_name *name,
                                  const struct tb_memory_place *place, bool replace)
{
    if (place->name == name)
        return TB_OK;
    enum tb_error error = check_target(place, replace);
    /* Windows has the new parent open at this moment, and refuses to move a directory that has
     * something open beneath it. */
    if (!error && is_within(place->parent, name->node))
        error = TB_ACCESS_DENIED;
    return error;
}

static void move_locked(struct tb_memory_tree *tree, struct tb_memory_name *name,
                        const struct tb_memory_place *place, char *text)
{
    struct tb_memory_node *node = name->node;
    if (name->parent == place->parent) {
        tb_memory_directory_rename(&name->parent->directory, name, text, place->hash);
    } else {
        tb_memory_directory_remove(&name->parent->directory, name);
        tb_memory_touch_locked(tree, name->parent);
        free(name->text);
        name->text = text;
        name->hash = place->hash;
        name->parent = place->parent;
        tb_memory_directory_insert(&name->parent->directory, name);
    }
    tb_memory_touch_locked(tree, name->parent);
    tb_memory_touch_change_locked(tree, node);
    if (!node->is_directory)
        node->attributes.file_attributes |= TB_FILE_ATTRIBUTE_ARCHIVE;
}

enum tb_error tb_memory_rename_locked(struct tb_memory_tree *tree, struct tb_memory_name *name,
                                      struct tb_call *call, struct tb_memory_node **orphan)
{
    struct tb_memory_place place;

    if (name->node == tree->root)
        return TB_ACCESS_DENIED;
    if (!name->parent)
        return TB_FILE_DELETED;
    enum tb_error error = tb_memory_walk_locked(tree, call->rename.path, &place);
    if (!error)
        error = check_rename(name, &place, call->rename.replace);
    if (error)
        return error;

    struct tb_memory_name *replaced = place.name == name ? NULL : place.name;
    char *text = strdup(place.leaf);
    place.name = NULL;
    bool reserved = text && (name->parent == place.parent ||
                             tb_memory_directory_reserve(&place.parent->directory));
    if (!reserved || !tb_memory_real_path(&place, &call->rename.real_path)) {
        free(text);
        return TB_NO_MEMORY;
    }
    if (replaced)
        *orphan = unlink_locked(tree, replaced);
    move_locked(tree, name, &place, text);
    return TB_OK;
}

static void add_link_locked(struct tb_memory_tree *tree, struct tb_memory_name *name,
                            struct tb_memory_node *parent)
{
    struct tb_memory_node *node = name->node;
    name->parent = parent;
    tb_memory_directory_insert(&parent->directory, name);
    tree->used += TB_MEMORY_NODE_COST;
    node->attributes.link_count++;
    node->attributes.file_attributes |= TB_FILE_ATTRIBUTE_ARCHIVE;
    tb_memory_touch_locked(tree, parent);
    tb_memory_touch_change_locked(tree, node);
}

enum tb_error tb_memory_link_locked(struct tb_memory_tree *tree, struct tb_memory_node *node,
                                    struct tb_call *call, struct tb_memory_node **orphan)
{
    struct tb_memory_place place;

    if (node->is_directory)
        return TB_FILE_IS_A_DIRECTORY;
    if (node->attributes.link_count == 0)
        return TB_FILE_DELETED;
    if (node->attributes.link_count == TB_MEMORY_LINKS_MAX)
        return TB_TOO_MANY_LINKS;
    enum tb_error error = tb_memory_walk_locked(tree, call->rename.path, &place);
    if (!error)
        error = check_target(&place, call->rename.replace);
    if (error || (place.name && place.name->node == node))
        return error;
    if (tree->limit - tree->used < TB_MEMORY_NODE_COST)
        return TB_DISK_FULL;

    struct tb_memory_name *replaced = place.name;
    struct tb_memory_name *name = name_new(node, place.leaf, place.hash);
    place.name = NULL;
    if (!name || !tb_memory_directory_reserve(&place.parent->directory) ||
        !tb_memory_real_path(&place, &call->rename.real_path)) {
        if (name)
            name_free(name);
        return TB_NO_MEMORY;
    }
    if (replaced)
        *orphan = unlink_locked(tree, replaced);
    add_link_locked(tree, name, place.parent);
    return TB_OK;
}
