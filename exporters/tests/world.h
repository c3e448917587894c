/* A world for tests of exporters, and calls that wait for their answer. */
#ifndef TB_EXPORTERS_TESTS_WORLD_H
#define TB_EXPORTERS_TESTS_WORLD_H

#include "core/exporter.h"

#include <pthread.h>

#define WORLD_START_FILETIME UINT64_C(133500000000000000)

/* Wall time is set by the test; randomness is a counter; log lines are kept. */
struct world {
    pthread_mutex_t lock;
    uint64_t now_filetime;
    uint64_t now_us;
    uint8_t random;
    char log[8192]; /* lines, each with its newline */
    unsigned log_lines;
};

void world_init(struct world *world);
struct tb_env world_env(struct world *world);
/* Move wall time. */
void world_pass(struct world *world, uint64_t filetime);

/* Submit and wait for the answer. */
enum tb_error call_run(struct tb_exporter *exporter, struct tb_call *call);

/* The operations. `handle` is what call_open() gave; attributes may be NULL. */
struct opened {
    void *handle;
    bool created;
    char real_path[200]; /* "" when none was given back */
    struct tb_attributes attributes;
};
#define USE_ALL (TB_USE_READ | TB_USE_WRITE | TB_USE_ATTRIBUTES | TB_USE_NAME)
enum tb_error call_open(struct tb_exporter *exporter, const char *path, enum tb_open_how how,
                        bool create_directory, struct opened *out);
void call_close(struct tb_exporter *exporter, void *handle);
enum tb_error call_get(struct tb_exporter *exporter, void *handle, struct tb_attributes *out);
enum tb_error call_set(struct tb_exporter *exporter, void *handle, unsigned mask,
                       const struct tb_attributes *in);
enum tb_error call_set_size(struct tb_exporter *exporter, void *handle, uint64_t size);
enum tb_error call_set_allocation(struct tb_exporter *exporter, void *handle, uint64_t size);
enum tb_error call_write(struct tb_exporter *exporter, void *handle, uint64_t offset,
                         const void *data, size_t length);
/* *length: in, room; out, bytes read. */
enum tb_error call_read(struct tb_exporter *exporter, void *handle, uint64_t offset, void *buffer,
                        size_t *length);
enum tb_error call_rename(struct tb_exporter *exporter, void *handle, const char *path,
                          bool replace);
enum tb_error call_link(struct tb_exporter *exporter, void *handle, const char *path, bool replace);
enum tb_error call_zero(struct tb_exporter *exporter, void *handle, uint64_t offset,
                        uint64_t length);
/* The first ranges that are allocated; `count` goes no further than their room. */
struct held {
    struct {
        uint64_t offset, length;
    } ranges[16];
    size_t count;
};
enum tb_error call_allocated(struct tb_exporter *exporter, void *handle, uint64_t offset,
                             uint64_t length, struct held *held);
enum tb_error call_remove(struct tb_exporter *exporter, void *handle);
enum tb_error call_space(struct tb_exporter *exporter, struct tb_space *out);

/* Part of a listing, behind `cookie`: at most `room` entries. */
struct listed {
    char name[800];
    struct tb_attributes attributes;
    uint64_t cookie;
};
enum tb_error call_list(struct tb_exporter *exporter, void *handle, uint64_t cookie,
                        struct listed *entries, size_t room, size_t *count, bool *end);

/* Shorthands: open, do, close. */
enum tb_error path_create(struct tb_exporter *exporter, const char *path, bool directory);
enum tb_error path_remove(struct tb_exporter *exporter, const char *path);
enum tb_error path_rename(struct tb_exporter *exporter, const char *from, const char *to,
                          bool replace);
enum tb_error path_get(struct tb_exporter *exporter, const char *path, struct tb_attributes *out);

#endif
