#include "exporters/tests/world.h"

#include <stdio.h>
#include <stdlib.h>

static uint64_t world_monotonic_us(void *data)
{
    struct world *world = data;
    pthread_mutex_lock(&world->lock);
    uint64_t now_us = ++world->now_us;
    pthread_mutex_unlock(&world->lock);
    return now_us;
}

static uint64_t world_wall_filetime(void *data)
{
    struct world *world = data;
    pthread_mutex_lock(&world->lock);
    uint64_t now_filetime = world->now_filetime;
    pthread_mutex_unlock(&world->lock);
    return now_filetime;
}

static void world_random(void *data, enum tb_random_purpose purpose, void *bytes, size_t length)
{
    struct world *world = data;
    memset(bytes, ++world->random + (int)purpose, length);
}

static void world_log(void *data, enum tb_log_level level, const char *line)
{
    struct world *world = data;
    (void)level;
    pthread_mutex_lock(&world->lock);
    size_t at = strlen(world->log);
    snprintf(world->log + at, sizeof world->log - at, "%s\n", line);
    world->log_lines++;
    pthread_mutex_unlock(&world->lock);
}

void world_init(struct world *world)
{
    memset(world, 0, sizeof *world);
    pthread_mutex_init(&world->lock, NULL);
    world->now_filetime = WORLD_START_FILETIME;
}

struct tb_env world_env(struct world *world)
{
    static const struct tb_env_ops ops = {
        .monotonic_us = world_monotonic_us,
        .wall_filetime = world_wall_filetime,
        .random = world_random,
        .log = world_log,
    };
    return (struct tb_env){&ops, world};
}

void world_pass(struct world *world, uint64_t filetime)
{
    pthread_mutex_lock(&world->lock);
    world->now_filetime += filetime;
    pthread_mutex_unlock(&world->lock);
}

struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t answered;
    bool done;
    enum tb_error error;
};

static void wake_waiter(struct tb_call *call, enum tb_error error)
{
    struct waiter *waiter = tb_call_context(call);
    pthread_mutex_lock(&waiter->lock);
    if (waiter->done)
        abort(); /* answered twice */
    waiter->done = true;
    waiter->error = error;
    pthread_cond_signal(&waiter->answered);
    pthread_mutex_unlock(&waiter->lock);
}

enum tb_error call_run(struct tb_exporter *exporter, struct tb_call *call)
{
    static const struct tb_credentials nobody = {.uid = 1234, .gid = 5678};
    struct waiter waiter = {.done = false};

    pthread_mutex_init(&waiter.lock, NULL);
    pthread_cond_init(&waiter.answered, NULL);
    call->credentials = &nobody;
    call->frame_count = 0;
    tb_call_push(call, wake_waiter, &waiter);
    tb_exporter_submit(exporter, call);
    pthread_mutex_lock(&waiter.lock);
    while (!waiter.done)
        pthread_cond_wait(&waiter.answered, &waiter.lock);
    pthread_mutex_unlock(&waiter.lock);
    pthread_cond_destroy(&waiter.answered);
    pthread_mutex_destroy(&waiter.lock);
    return waiter.error;
}

enum tb_error call_open(struct tb_exporter *exporter, const char *path, enum tb_open_how how,
                        bool create_directory, struct opened *out)
{
    struct tb_call call = {
        .operation = TB_CALL_OPEN,
        .open = {.path = path, .how = how, .use = USE_ALL, .create_directory = create_directory},
    };
    enum tb_error error = call_run(exporter, &call);
    memset(out, 0, sizeof *out);
    if (error)
        return error;
    out->handle = call.handle;
    out->created = call.open.created;
    out->attributes = call.open.attributes;
    if (call.open.real_path)
        snprintf(out->real_path, sizeof out->real_path, "%s", call.open.real_path);
    free(call.open.real_path);
    return TB_OK;
}

void call_close(struct tb_exporter *exporter, void *handle)
{
    struct tb_call call = {.operation = TB_CALL_CLOSE, .handle = handle};
    if (call_run(exporter, &call) != TB_OK)
        abort(); /* CLOSE cannot fail */
}

enum tb_error call_get(struct tb_exporter *exporter, void *handle, struct tb_attributes *out)
{
    struct tb_call call = {.operation = TB_CALL_GET_ATTRIBUTES, .handle = handle};
    enum tb_error error = call_run(exporter, &call);
    *out = call.attributes.values;
    return error;
}

enum tb_error call_set(struct tb_exporter *exporter, void *handle, unsigned mask,
                       const struct tb_attributes *in)
{
    struct tb_call call = {.operation = TB_CALL_SET_ATTRIBUTES, .handle = handle};
    call.attributes.mask = mask;
    call.attributes.values = *in;
    return call_run(exporter, &call);
}

enum tb_error call_set_size(struct tb_exporter *exporter, void *handle, uint64_t size)
{
    struct tb_call call = {.operation = TB_CALL_SET_SIZE, .handle = handle};
    call.attributes.size = size;
    return call_run(exporter, &call);
}

enum tb_error call_set_allocation(struct tb_exporter *exporter, void *handle, uint64_t size)
{
    struct tb_call call = {.operation = TB_CALL_SET_ALLOCATION, .handle = handle};
    call.attributes.size = size;
    return call_run(exporter, &call);
}

enum tb_error call_write(struct tb_exporter *exporter, void *handle, uint64_t offset,
                         const void *data, size_t length)
{
    struct tb_call call = {.operation = TB_CALL_WRITE, .handle = handle};
    call.io.offset = offset;
    call.io.data = tb_span(data, length);
    return call_run(exporter, &call);
}

enum tb_error call_read(struct tb_exporter *exporter, void *handle, uint64_t offset, void *buffer,
                        size_t *length)
{
    struct tb_call call = {.operation = TB_CALL_READ, .handle = handle};
    call.io.offset = offset;
    call.io.buffer = buffer;
    call.io.length = *length;
    enum tb_error error = call_run(exporter, &call);
    *length = call.io.length;
    return error;
}

static enum tb_error call_name(struct tb_exporter *exporter, enum tb_operation operation,
                               void *handle, const char *path, bool replace)
{
    struct tb_call call = {.operation = operation, .handle = handle};
    call.rename.path = path;
    call.rename.replace = replace;
    enum tb_error error = call_run(exporter, &call);
    if (!error)
        free(call.rename.real_path);
    return error;
}

enum tb_error call_rename(struct tb_exporter *exporter, void *handle, const char *path,
                          bool replace)
{
    return call_name(exporter, TB_CALL_RENAME, handle, path, replace);
}

enum tb_error call_link(struct tb_exporter *exporter, void *handle, const char *path, bool replace)
{
    return call_name(exporter, TB_CALL_LINK, handle, path, replace);
}

enum tb_error call_zero(struct tb_exporter *exporter, void *handle, uint64_t offset,
                        uint64_t length)
{
    struct tb_call call = {.operation = TB_CALL_ZERO, .handle = handle};
    call.range.offset = offset;
    call.range.length = length;
    return call_run(exporter, &call);
}

struct ranging {
    struct tb_call call;
    struct held *held;
};

static bool range_add(struct tb_call *call, uint64_t offset, uint64_t length)
{
    struct held *held = tb_container(call, struct ranging, call)->held;
    if (held->count == sizeof held->ranges / sizeof held->ranges[0])
        return false;
    held->ranges[held->count].offset = offset;
    held->ranges[held->count++].length = length;
    return true;
}

enum tb_error call_allocated(struct tb_exporter *exporter, void *handle, uint64_t offset,
                             uint64_t length, struct held *held)
{
    struct ranging ranging = {
        .call = {.operation = TB_CALL_ALLOCATED_RANGES, .handle = handle},
        .held = held,
    };
    ranging.call.range.offset = offset;
    ranging.call.range.length = length;
    ranging.call.range.add = range_add;
    held->count = 0;
    return call_run(exporter, &ranging.call);
}

enum tb_error call_remove(struct tb_exporter *exporter, void *handle)
{
    struct tb_call call = {.operation = TB_CALL_REMOVE, .handle = handle};
    return call_run(exporter, &call);
}

enum tb_error call_space(struct tb_exporter *exporter, struct tb_space *out)
{
    struct tb_call call = {.operation = TB_CALL_GET_SPACE};
    enum tb_error error = call_run(exporter, &call);
    *out = call.space;
    return error;
}

struct listing {
    struct tb_call call;
    struct listed *entries;
    size_t room, count;
};

static bool listing_add(struct tb_call *call, const struct tb_directory_entry *entry)
{
    struct listing *listing = tb_container(call, struct listing, call);
    if (listing->count == listing->room)
        return false;
    struct listed *listed = &listing->entries[listing->count++];
    snprintf(listed->name, sizeof listed->name, "%s", entry->name);
    listed->attributes = entry->attributes;
    listed->cookie = entry->cookie;
    return true;
}

enum tb_error call_list(struct tb_exporter *exporter, void *handle, uint64_t cookie,
                        struct listed *entries, size_t room, size_t *count, bool *end)
{
    struct listing listing = {
        .call = {.operation = TB_CALL_READ_DIRECTORY, .handle = handle},
        .entries = entries,
        .room = room,
    };
    listing.call.directory.cookie = cookie;
    listing.call.directory.add = listing_add;
    enum tb_error error = call_run(exporter, &listing.call);
    *count = listing.count;
    *end = listing.call.directory.end;
    return error;
}

enum tb_error path_create(struct tb_exporter *exporter, const char *path, bool directory)
{
    struct opened opened;
    enum tb_error error = call_open(exporter, path, TB_OPEN_NEW, directory, &opened);
    if (!error)
        call_close(exporter, opened.handle);
    return error;
}

enum tb_error path_remove(struct tb_exporter *exporter, const char *path)
{
    struct opened opened;
    enum tb_error error = call_open(exporter, path, TB_OPEN_EXISTING, false, &opened);
    if (error)
        return error;
    error = call_remove(exporter, opened.handle);
    call_close(exporter, opened.handle);
    return error;
}

enum tb_error path_rename(struct tb_exporter *exporter, const char *from, const char *to,
                          bool replace)
{
    struct opened opened;
    enum tb_error error = call_open(exporter, from, TB_OPEN_EXISTING, false, &opened);
    if (error)
        return error;
    error = call_rename(exporter, opened.handle, to, replace);
    call_close(exporter, opened.handle);
    return error;
}

enum tb_error path_get(struct tb_exporter *exporter, const char *path, struct tb_attributes *out)
{
    struct opened opened;
    enum tb_error error = call_open(exporter, path, TB_OPEN_EXISTING, false, &opened);
    if (error)
        return error;
    *out = opened.attributes;
    call_close(exporter, opened.handle);
    return TB_OK;
}
