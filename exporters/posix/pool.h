/* Threads that do what may block. Bounded: what finds none free waits, and only calls of this share
 * wait with it. */
#ifndef TB_EXPORTERS_POSIX_POOL_H
#define TB_EXPORTERS_POSIX_POOL_H

#include "core/exporter.h"

struct tb_posix_pool;

/* At most `limit` threads, each started when it is first needed. NULL without memory. */
struct tb_posix_pool *
tb_posix_pool_new(unsigned limit, void (*run)(void *context, struct tb_call *call), void *context);
/* No call is waiting or running. NULL is fine. */
void tb_posix_pool_free(struct tb_posix_pool *pool);

/* Have run(context, call) called on a thread of the pool; here and now if none can be started. Uses
 * call->exporter_data[0]. */
void tb_posix_pool_submit(struct tb_posix_pool *pool, struct tb_call *call);

#endif
