/* The functions of core/loop.h, conn.h and payload.h that a transport calls, without a protocol:
 * each message is a command to this core, named by its first byte, and is answered or not. */
#ifndef TB_TRANSPORT_TESTS_FAKE_CORE_H
#define TB_TRANSPORT_TESTS_FAKE_CORE_H

#include <stdatomic.h>

#include "core/env.h"

#define FAKE_ADMITTED_MAX ((size_t)8 << 20)

enum fake_command {
    FAKE_ECHO = 'e',          /* the message itself, in many segments */
    FAKE_BIG = 'b',           /* as many bytes as the 32-bit number behind it says */
    FAKE_SILENT = 's',        /* nothing */
    FAKE_CLOSE = 'c',         /* the message, and close */
    FAKE_CLOSE_AT_ONCE = 'x', /* close */
    FAKE_PAUSE = 'p',         /* pause for a second; then the message */
    FAKE_WAKE = 'w',          /* the message, later, by a wake from another thread */
    FAKE_LOOP = 'l',          /* the index of the loop, one byte */
};

struct fake_counts {
    atomic_uint conns, lost, received, sent, unsent, payloads, runs;
};
extern struct fake_counts fake_counts;
extern atomic_bool fake_refuses_conns, fake_refuses_payloads;

void fake_core_set_env(const struct tb_env *env);
void fake_core_free_loops(void);

#endif
