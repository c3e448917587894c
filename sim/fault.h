/* Countdown faults: make the k-th allocation of the server fail, libraries' allocations included.
 *
 * sim/fault_malloc.c, linked into a program, replaces malloc and its family there. Only what is
 * allocated while `armed` counts: the world arms around calls into the server and disarms where the
 * server calls back into the simulator. Without that file these are just variables. */
#ifndef TB_SIM_FAULT_H
#define TB_SIM_FAULT_H

#include "sim/random.h"

struct tb_sim_fault {
    bool wanted;       /* arm around the server's code at all */
    bool armed;        /* the server's code is running */
    uint64_t fail_at;  /* the number of the allocation that fails; 0: none */
    bool persistent;   /* all after it fail, too */
    uint64_t fail_one_in; /* instead: each with this chance, drawn from `random`; 0: not so */
    uint64_t random;
    uint64_t count;    /* allocations so far */
    uint64_t failed;   /* of them, how many were refused */
    uint64_t live;     /* allocated while armed and not freed yet */
};

extern struct tb_sim_fault tb_sim_fault;

/* Begin counting anew; in sim/fault_malloc.c. */
void tb_sim_fault_start(uint64_t fail_at);
void tb_sim_fault_stop(void);

static inline bool tb_sim_fault_arm(bool armed)
{
    bool before = tb_sim_fault.armed;
    tb_sim_fault.armed = armed && tb_sim_fault.wanted;
    return before;
}

static inline void tb_sim_fault_restore(bool before)
{
    tb_sim_fault.armed = before;
}

#endif
