/* An exporter between the server and the real one: it delays, reorders and fails by seed, counts
 * calls, and writes the transcript. What fails does not reach the exporter below; CLOSE never
 * fails. */
#ifndef TB_SIM_SLOW_EXPORTER_H
#define TB_SIM_SLOW_EXPORTER_H

#include "core/exporter.h"
#include "sim/world.h"

struct tb_sim_slow_settings {
    unsigned delay_one_in; /* calls whose answer is held; 0: none, 1: all */
    uint32_t delay_max_us;
    unsigned fail_one_in;  /* calls that fail; 0: none */
    enum tb_error fail_error;
    uint64_t fail_at;      /* the number of one call that fails; 0: none */
    unsigned refused_uses; /* tb_open_use bits that no OPEN is given */
};

struct tb_sim_slow {
    struct tb_sim_world *world;
    struct tb_exporter *below;
    struct tb_sim_slow_settings settings;
    struct tb_sim_random random;
    uint64_t calls;    /* those that may fail */
    uint64_t failed;
    uint64_t handles;  /* open ones */
    uint64_t held;     /* answers on their way */
    uint32_t last_remover; /* uid of the last REMOVE */
};

/* Takes ownership of `below`; end it with tb_exporter_free(). *slow lives as long. */
struct tb_exporter *tb_sim_slow_exporter(struct tb_sim_world *world, struct tb_exporter *below,
                                         struct tb_sim_slow **slow);

#endif
