/* Memory for messages and for file data: one pool a loop.
 *
 * malloc of a megabyte costs more than encrypting it (the kernel maps and clears it each time), so
 * each loop keeps some free buffers of a few sizes. A buffer is taken and given back on its loop,
 * outside or inside the section. The pool counts the bytes that are out: the server's budget. */
#ifndef TB_PAYLOAD_H
#define TB_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>

#include "core/list.h"

struct tb_loop;

/* Reference-counted; the references belong to one loop. */
struct tb_payload {
    struct tb_list free;
    struct tb_loop *loop;
    unsigned references;
    unsigned size_class;
    size_t capacity;
    size_t length; /* bytes in use, set by who fills it */
    uint8_t data[];
};

#define TB_PAYLOAD_CLASSES 5

struct tb_payload_pool {
    struct tb_list free[TB_PAYLOAD_CLASSES];
    size_t free_bytes, used_bytes;
};

void tb_payload_pool_init(struct tb_payload_pool *pool);
void tb_payload_pool_clear(struct tb_payload_pool *pool);

/* A buffer of at least `length` bytes with one reference, or NULL. */
struct tb_payload *tb_payload_get(struct tb_loop *loop, size_t length);
struct tb_payload *tb_payload_hold(struct tb_payload *payload);
/* Give one reference back; NULL is allowed. */
void tb_payload_release(struct tb_payload *payload);

#endif
