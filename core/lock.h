/* Byte-range locks of a node (MS-FSA 2.1.5.7, MS-SMB2 3.3.5.14). */
#ifndef TB_LOCK_H
#define TB_LOCK_H

#include "core/list.h"
#include "core/section.h"

struct tb_node;
struct tb_open;

/* A granted range; in its node's list and its open's. All ranges are [offset, offset + length);
 * length 0 is a lock too. */
struct tb_lock {
    struct tb_list in_node, in_open;
    struct tb_open *open;
    uint64_t offset, length;
    bool exclusive;
};

/* Whether reading (or writing) this range through `open` hits somebody's lock
 * (MS-FSA 2.1.4.10). */
bool tb_lock_forbids(const struct tb_node *node, const struct tb_open *open, uint64_t offset,
                     uint64_t length, bool writing) TB_INSIDE;

/* The open is being closed: its locks go, its waiting requests end with TB_RANGE_NOT_LOCKED, and
 * others that waited for them go on. */
void tb_lock_end(struct tb_open *open) TB_INSIDE;

#endif
