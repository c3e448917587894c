/* Random operations on the memory exporter, each compared with a model too simple to be wrong. */
#include "exporters/memory/memory.h"
#include "exporters/tests/world.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NODES    200
#define HANDLES  12
#define FILE_MAX 200000
#define LIMIT    (UINT64_C(1) << 20)

struct model_node {
    bool directory;
    int parent; /* index; -1: no name */
    char name[8];
    uint64_t file_id;
    uint8_t *data;
    size_t size;
    int handles;
};

static struct world world;
static struct tb_exporter *memory;
static struct model_node nodes[NODES]; /* 0 is the root; file_id 0: free */
static struct open_handle {
    int node; /* 0: free */
    void *handle;
} handles[HANDLES];
static uint64_t seed;

static unsigned roll(unsigned below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(seed >> 33) % below;
}

static int model_find(int parent, const char *name)
{
    for (int i = 1; i < NODES; i++)
        if (nodes[i].file_id && nodes[i].parent == parent && strcasecmp(nodes[i].name, name) == 0)
            return i;
    return -1;
}

/* Where a path leads: the last component's parent and the node there, or -1. */
static enum tb_error model_walk(const char *path, int *parent, int *node, const char **leaf)
{
    char copy[64], *rest = copy, *name;
    snprintf(copy, sizeof copy, "%s", path);
    *node = 0;
    while ((name = strsep(&rest, "/"))) {
        if (*node < 0)
            return TB_OBJECT_PATH_NOT_FOUND;
        if (!nodes[*node].directory)
            return TB_NOT_A_DIRECTORY;
        *parent = *node;
        *leaf = path + (name - copy);
        *node = model_find(*parent, name);
    }
    return TB_OK;
}

static uint64_t model_used(void)
{
    uint64_t used = 0;
    for (int i = 1; i < NODES; i++)
        if (nodes[i].file_id)
            used += TB_MEMORY_NODE_COST + (nodes[i].size + 4095) / 4096 * 4096;
    return used;
}

static int model_new(int parent, const char *leaf, bool directory, uint64_t file_id)
{
    for (int i = 1; i < NODES; i++) {
        if (nodes[i].file_id)
            continue;
        nodes[i] = (struct model_node){directory, parent, "", file_id, NULL, 0, 0};
        nodes[i].data = calloc(1, FILE_MAX);
        snprintf(nodes[i].name, sizeof nodes[i].name, "%s", leaf);
        return i;
    }
    ck_abort_msg("the model is full");
    return -1;
}

static void model_release(int node)
{
    if (nodes[node].parent >= 0 || nodes[node].handles)
        return;
    free(nodes[node].data);
    nodes[node] = (struct model_node){.parent = -1};
}

static void random_path(char *path, size_t size)
{
    unsigned depth = 1 + roll(3);
    size_t at = 0;
    for (unsigned i = 0; i < depth; i++)
        at += (size_t)snprintf(path + at, size - at, "%s%c%c", i ? "/" : "", "abcABC"[roll(6)],
                               "xyX"[roll(3)]);
}

static struct open_handle *random_handle(void)
{
    struct open_handle *handle = &handles[roll(HANDLES)];
    return handle->node ? handle : NULL;
}

static void step_open(void)
{
    struct open_handle *slot = &handles[roll(HANDLES)];
    enum tb_open_how how = (enum tb_open_how)roll(3);
    bool directory = roll(3) == 0;
    const char *leaf = "";
    struct opened opened;
    char path[64];
    int parent = 0, node;

    if (slot->node)
        return;
    random_path(path, sizeof path);
    enum tb_error expected = model_walk(path, &parent, &node, &leaf);
    if (!expected && node >= 0 && how == TB_OPEN_NEW)
        expected = TB_OBJECT_NAME_COLLISION;
    if (!expected && node < 0 && how == TB_OPEN_EXISTING)
        expected = TB_OBJECT_NAME_NOT_FOUND;
    if (!expected && node < 0 && model_used() + TB_MEMORY_NODE_COST > LIMIT)
        expected = TB_DISK_FULL;
    ck_assert_int_eq(call_open(memory, path, how, directory, &opened), expected);
    if (expected)
        return;
    ck_assert_int_eq(opened.created, node < 0);
    if (node < 0)
        node = model_new(parent, leaf, directory, opened.attributes.file_id);
    ck_assert_uint_eq(opened.attributes.file_id, nodes[node].file_id);
    ck_assert_uint_eq(opened.attributes.size, nodes[node].size);
    nodes[node].handles++;
    *slot = (struct open_handle){node, opened.handle};
}

static void step_close(void)
{
    struct open_handle *slot = random_handle();
    if (!slot)
        return;
    call_close(memory, slot->handle);
    nodes[slot->node].handles--;
    model_release(slot->node);
    slot->node = 0;
}

static size_t grown(const struct model_node *node, size_t size)
{
    return (size + 4095) / 4096 * 4096 - (node->size + 4095) / 4096 * 4096;
}

static void step_write(void)
{
    static uint8_t bytes[FILE_MAX / 2];
    struct open_handle *slot = random_handle();
    size_t offset = roll(FILE_MAX / 2), length = roll(roll(2) ? 100 : FILE_MAX / 2);

    if (!slot)
        return;
    struct model_node *node = &nodes[slot->node];
    size_t end = offset + length;
    enum tb_error expected = TB_OK;
    if (node->directory)
        expected = TB_FILE_IS_A_DIRECTORY;
    else if (length && end > node->size && model_used() + grown(node, end) > LIMIT)
        expected = TB_DISK_FULL;
    memset(bytes, (int)roll(256), length);
    ck_assert_int_eq(call_write(memory, slot->handle, offset, bytes, length), expected);
    if (expected || !length)
        return;
    memcpy(node->data + offset, bytes, length);
    if (end > node->size)
        node->size = end;
}

static void step_resize(void)
{
    struct open_handle *slot = random_handle();
    size_t size = roll(FILE_MAX);
    bool by_allocation = roll(4) == 0;

    if (!slot)
        return;
    struct model_node *node = &nodes[slot->node];
    if (by_allocation && size > node->size)
        size = node->size;
    enum tb_error expected = TB_OK;
    if (node->directory)
        expected = TB_FILE_IS_A_DIRECTORY;
    else if (size > node->size && model_used() + grown(node, size) > LIMIT)
        expected = TB_DISK_FULL;
    ck_assert_int_eq(by_allocation ? call_set_allocation(memory, slot->handle, size)
                                   : call_set_size(memory, slot->handle, size),
                     expected);
    if (expected)
        return;
    if (size < node->size)
        memset(node->data + size, 0, node->size - size);
    node->size = size;
}

static void step_read(void)
{
    static uint8_t bytes[FILE_MAX];
    struct open_handle *slot = random_handle();
    size_t offset = roll(FILE_MAX), length = roll(FILE_MAX);

    if (!slot || nodes[slot->node].directory)
        return;
    const struct model_node *node = &nodes[slot->node];
    size_t there = offset < node->size ? node->size - offset : 0;
    size_t expected = length < there ? length : there;
    ck_assert_int_eq(call_read(memory, slot->handle, offset, bytes, &length), TB_OK);
    ck_assert_uint_eq(length, expected);
    ck_assert(memcmp(bytes, node->data + offset, length) == 0);
}

static bool within(int node, int ancestor)
{
    while (node > 0 && node != ancestor)
        /* cppcheck-suppress arrayIndexOutOfBoundsCond */
        node = nodes[node].parent;
    return node == ancestor;
}

static void step_rename(void)
{
    struct open_handle *slot = random_handle();
    bool replace = roll(2);
    const char *leaf = "";
    char path[64];
    int parent = 0, target;

    if (!slot)
        return;
    int node = slot->node;
    random_path(path, sizeof path);
    enum tb_error expected = TB_FILE_DELETED;
    if (nodes[node].parent >= 0) {
        expected = model_walk(path, &parent, &target, &leaf);
        if (!expected && target != node && target >= 0 && !replace)
            expected = TB_OBJECT_NAME_COLLISION;
        if (!expected && target != node &&
            ((target >= 0 && nodes[target].directory) || within(parent, node)))
            expected = TB_ACCESS_DENIED;
    }
    ck_assert_int_eq(call_rename(memory, slot->handle, path, replace), expected);
    if (expected)
        return;
    if (target >= 0 && target != node) {
        nodes[target].parent = -1;
        model_release(target);
    }
    nodes[node].parent = parent;
    snprintf(nodes[node].name, sizeof nodes[node].name, "%s", leaf);
}

static void step_remove(void)
{
    struct open_handle *slot = random_handle();
    if (!slot)
        return;
    enum tb_error expected = nodes[slot->node].parent < 0 ? TB_FILE_DELETED : TB_OK;
    for (int i = 1; i < NODES; i++)
        if (nodes[i].file_id && nodes[i].parent == slot->node)
            expected = TB_DIRECTORY_NOT_EMPTY;
    ck_assert_int_eq(call_remove(memory, slot->handle), expected);
    if (!expected)
        nodes[slot->node].parent = -1;
}

static void check_listing(int directory, const char *path)
{
    struct listed *entries = calloc(NODES, sizeof *entries);
    struct opened opened;
    size_t count, expected = 0;
    char below[128];
    bool end;

    ck_assert_int_eq(call_open(memory, path, TB_OPEN_EXISTING, false, &opened), TB_OK);
    ck_assert_int_eq(call_list(memory, opened.handle, 0, entries, NODES, &count, &end), TB_OK);
    call_close(memory, opened.handle);
    for (int i = 1; i < NODES; i++)
        expected += nodes[i].file_id && nodes[i].parent == directory;
    ck_assert(end);
    ck_assert_uint_eq(count, expected);
    for (size_t i = 0; i < count; i++) {
        int node = model_find(directory, entries[i].name);
        ck_assert_int_ge(node, 0);
        ck_assert_str_eq(nodes[node].name, entries[i].name);
        ck_assert_uint_eq(nodes[node].size, entries[i].attributes.size);
        snprintf(below, sizeof below, "%s%s%s", path, *path ? "/" : "", entries[i].name);
        if (nodes[node].directory)
            check_listing(node, below);
    }
    free(entries);
}

static void check_all(void)
{
    struct tb_space space;
    ck_assert_int_eq(call_space(memory, &space), TB_OK);
    ck_assert_uint_eq(space.total - space.free, model_used());
    check_listing(0, "");
}

static void finish(void)
{
    for (int i = 0; i < HANDLES; i++)
        if (handles[i].node)
            call_close(memory, handles[i].handle);
    memset(handles, 0, sizeof handles);
    for (int i = 0; i < NODES; i++)
        free(nodes[i].data);
    memset(nodes, 0, sizeof nodes);
    tb_exporter_free(memory);
}

START_TEST(random_operations)
{
    static void (*const steps[])(void) = {step_open,   step_open,  step_open,   step_close,
                                          step_write,  step_read,  step_resize, step_rename,
                                          step_rename, step_remove};
    static const char *const options[] = {"size=1M", NULL};
    char message[100];

    world_init(&world);
    struct tb_env env = world_env(&world);
    ck_assert_int_eq(
        tb_exporter_start(&tb_memory_exporter, "", options, &env, &memory, message, sizeof message),
        TB_OK);
    seed = (uint64_t)_i * 7919 + 1;
    nodes[0] = (struct model_node){.directory = true, .parent = -1, .file_id = 1};
    for (int i = 0; i < 3000; i++) {
        steps[roll(sizeof steps / sizeof *steps)]();
        if (i % 100 == 0)
            check_all();
    }
    check_all();
    finish();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("memory against a model");
    TCase *tests = tcase_create("random");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, random_operations, 0, 20);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
