/* Credits: which message ids a connection may still use (MS-SMB2 3.3.1.1, 3.3.5.2.3).
 *
 * The window is [low, high): ids handed out, of which those used are marked. It moves up as the
 * lowest are used, and widens as credits are granted. Guarded by the section, with its connection. */
#ifndef TB_CREDIT_H
#define TB_CREDIT_H

#include <stdbool.h>
#include <stdint.h>

#define TB_CREDITS_LIMIT 8192

struct tb_credit_window {
    uint64_t low, high;
    uint32_t unused;   /* ids in the window that are not used yet: the client's credits */
    uint32_t limit;    /* of `unused`; the window is at most twice as wide */
    uint64_t *used;    /* a bit an id, indexed by id modulo the width; allocated by need */
    uint32_t width;    /* bits in `used`, a power of two */
};

/* One credit, for NEGOTIATE, without allocation. `limit` is at most TB_CREDITS_LIMIT. */
void tb_credit_init(struct tb_credit_window *window, uint32_t limit);
void tb_credit_clear(struct tb_credit_window *window);

/* Use ids [id, id + charge); false when one of them may not be used. */
bool tb_credit_use(struct tb_credit_window *window, uint64_t id, uint32_t charge);

/* Grant up to `wanted`; returns how many. At least one when the client has none left. */
uint16_t tb_credit_grant(struct tb_credit_window *window, uint32_t wanted);

#endif
