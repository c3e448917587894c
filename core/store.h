/* Boundary 5 of 5: what must survive a restart. Ordered keys and values.
 *
 * host/store.c keeps them in LMDB in the state directory; the simulator keeps them in memory and
 * at a crash drops or keeps each unfinished batch as a whole. */
#ifndef TB_STORE_H
#define TB_STORE_H

#include "core/bytes.h"
#include "core/error.h"

/* One change; a value with data NULL deletes the key. */
struct tb_store_change {
    struct tb_span key, value;
};

/* A batch that becomes durable as a whole. Answered exactly once by `done`, from any thread. */
struct tb_store_batch {
    const struct tb_store_change *changes;
    size_t count;
    void (*done)(struct tb_store_batch *, enum tb_error error);
};

struct tb_store_ops {
    /* Read a value into `bytes`; *length is room in, length out. At start-up only: it may block.
     * Errors: NOT_FOUND, BUFFER_TOO_SMALL, IO_DEVICE_ERROR. */
    enum tb_error (*get)(void *store, struct tb_span key, void *bytes, size_t *length);
    void (*commit)(void *store, struct tb_store_batch *batch);
};

struct tb_store {
    const struct tb_store_ops *ops;
    void *data;
};

#endif
