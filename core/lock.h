/* Byte-range locks of a node (MS-FSA 2.1.5.8, MS-SMB2 3.3.5.14).
 *
 * Ownership: a granted lock belongs to its node and its open; both are in its lists. A lock asked
 * for belongs to the request until it is granted. Who has to wait puts a struct tb_lock_waiter into
 * the file's lock_waiters; releasing a lock grants what has become possible, in the order of
 * asking.
 *
 * A request is judged against granted locks only, so a later one may overtake one that waits. */
#ifndef TB_LOCK_H
#define TB_LOCK_H

#include "core/list.h"
#include "core/section.h"

#include <stdint.h>

struct tb_node;
struct tb_open;
struct tb_request;

/* Beyond this an open is refused more: TB_INSUFFICIENT_RESOURCES. */
#define TB_LOCKS_PER_OPEN_MAX 4096

/* A range; when granted, in its node's list and its open's. All ranges are
 * [offset, offset + length), whose end may be 2^64; length 0 is a lock too: it conflicts where
 * `offset` lies inside another range, behind its first byte. */
struct tb_lock {
    struct tb_list in_node, in_open;
    struct tb_open *open;
    uint64_t offset, length;
    bool exclusive;
};

struct tb_lock_waiter {
    struct tb_list in_node;
    struct tb_lock *lock; /* owned; NULL once it is granted */
    struct tb_request *request;
};

/* Whether reading (or writing) this range through `open` hits somebody's lock
 * (MS-FSA 2.1.4.10). */
bool tb_lock_forbids(const struct tb_node *node, const struct tb_open *open, uint64_t offset,
                     uint64_t length, bool writing) TB_INSIDE;

/* Grant `lock`, which the node then owns, unless it conflicts with a granted one. */
bool tb_lock_take(struct tb_lock *lock) TB_INSIDE;

/* Take back a granted lock and free it, or the open's first one of exactly this range; false when
 * there is none. Call tb_lock_wake() afterwards. */
void tb_lock_release(struct tb_lock *lock) TB_INSIDE;
bool tb_lock_unlock(struct tb_open *open, uint64_t offset, uint64_t length) TB_INSIDE;

/* Grant what can be: the requests are unparked and made ready. */
void tb_lock_wake(struct tb_node *node) TB_INSIDE;

/* The open is being closed: its locks go, its waiting requests end with TB_RANGE_NOT_LOCKED, and
 * others that waited for them go on. */
void tb_lock_end(struct tb_open *open) TB_INSIDE;

#endif
