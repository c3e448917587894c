/* The thread that answers what is answered late, and the exporter that uses it. */
#ifndef TB_SIM_THREADS_EXPORTER_H
#define TB_SIM_THREADS_EXPORTER_H

#include "core/auth.h"
#include "core/exporter.h"
#include <pthread.h>

struct tb_sim_answerer {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_t thread;
    struct tb_list jobs;
    bool ends;
};

void tb_sim_answerer_start(struct tb_sim_answerer *answerer);
void tb_sim_answerer_stop(struct tb_sim_answerer *answerer);
/* auth.h with the simulator's accounts; its data is the answerer. */
extern const struct tb_auth_ops tb_sim_answerer_auth;
/* Takes `below` over. */
struct tb_exporter *tb_sim_answerer_exporter(struct tb_sim_answerer *answerer,
                                             struct tb_exporter *below);

#endif
