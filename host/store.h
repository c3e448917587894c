/* The durable store behind core/store.h: an LMDB database in the state directory.
 *
 * Batches are committed on a thread of the store's own; those that arrive while one is being made
 * durable share the next commit. One server at a time uses a state directory. */
#ifndef TB_HOST_STORE_H
#define TB_HOST_STORE_H

#include "core/store.h"

struct tb_lmdb;

/* Longest key. Longer or empty ones are answered TB_INVALID_PARAMETER. */
#define TB_LMDB_KEY_MAX 511

/* Opens the store in `directory`, which is made when it does not exist. On failure `message` says
 * what is wrong and how to mend it. */
enum tb_error tb_lmdb_open(const char *directory, struct tb_lmdb **out, char *message, size_t size);
/* Commits what was handed over and ends; NULL is allowed. */
void tb_lmdb_close(struct tb_lmdb *lmdb);

/* The boundary's side of it; valid as long as `lmdb`. */
struct tb_store tb_lmdb_store(struct tb_lmdb *lmdb);

/* commit() of one change, waiting until it is durable. */
enum tb_error tb_store_put(const struct tb_store *store, struct tb_span key, struct tb_span value);

#endif
