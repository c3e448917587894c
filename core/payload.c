#include "core/payload.h"

#include <assert.h>
#include <stdlib.h>

#include "core/loop_internal.h"

/* Sizes worth keeping: from where malloc begins to map and clear pages anew. A message carries its
 * header in the same buffer, hence a little more than the round sizes. */
#define SLACK 1024
static const size_t class_capacity[TB_PAYLOAD_CLASSES] = {
    (16u << 10) + SLACK, (64u << 10) + SLACK, (256u << 10) + SLACK, (1u << 20) + SLACK,
    (8u << 20) + SLACK,
};

#define SMALL      0xFFu /* a class of its own: plain malloc */
#define SMALL_MAX  4096u
#define FREE_BYTES_MAX (12u << 20)

void tb_payload_pool_init(struct tb_payload_pool *pool)
{
    for (unsigned i = 0; i < TB_PAYLOAD_CLASSES; i++)
        tb_list_init(&pool->free[i]);
    pool->free_bytes = pool->used_bytes = 0;
}

void tb_payload_pool_clear(struct tb_payload_pool *pool)
{
    for (unsigned i = 0; i < TB_PAYLOAD_CLASSES; i++) {
        struct tb_list *node;
        while ((node = tb_list_take(&pool->free[i])))
            free(tb_container(node, struct tb_payload, free));
    }
    pool->free_bytes = 0;
}

static unsigned class_for(size_t length)
{
    if (length <= SMALL_MAX)
        return SMALL;
    unsigned i = 0;
    while (i < TB_PAYLOAD_CLASSES && class_capacity[i] < length)
        i++;
    return i;
}

struct tb_payload *tb_payload_get(struct tb_loop *loop, size_t length)
{
    struct tb_payload_pool *pool = &loop->payloads;
    unsigned size_class = class_for(length);
    if (size_class == TB_PAYLOAD_CLASSES)
        return NULL;
    struct tb_payload *payload = NULL;
    size_t capacity = size_class == SMALL ? length : class_capacity[size_class];
    if (size_class != SMALL) {
        struct tb_list *node = tb_list_take(&pool->free[size_class]);
        if (node) {
            payload = tb_container(node, struct tb_payload, free);
            pool->free_bytes -= capacity;
        }
    }
    if (!payload)
        payload = malloc(sizeof(*payload) + capacity);
    if (!payload)
        return NULL;
    tb_list_init(&payload->free);
    payload->loop = loop;
    payload->references = 1;
    payload->size_class = size_class;
    payload->capacity = capacity;
    payload->length = length;
    pool->used_bytes += capacity;
    return payload;
}

struct tb_payload *tb_payload_hold(struct tb_payload *payload)
{
    assert(payload->references > 0);
    payload->references++;
    return payload;
}

void tb_payload_release(struct tb_payload *payload)
{
    if (!payload || --payload->references > 0)
        return;
    struct tb_payload_pool *pool = &payload->loop->payloads;
    assert(pool->used_bytes >= payload->capacity);
    pool->used_bytes -= payload->capacity;
    if (payload->size_class == SMALL || pool->free_bytes + payload->capacity > FREE_BYTES_MAX) {
        free(payload);
        return;
    }
    tb_list_prepend(&pool->free[payload->size_class], &payload->free);
    pool->free_bytes += payload->capacity;
}
