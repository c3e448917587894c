/* A server on real threads, one a loop, for clients in the same process: links are queues in memory.
 * One thread drives the clients (struct tb_sim_driver); a further one answers half of the exporter's
 * calls and all account look-ups, as an exporter with threads of its own would. */
#ifndef TB_SIM_THREADS_H
#define TB_SIM_THREADS_H

#include "core/server.h"
#include "sim/port.h"

struct tb_sim_threads;

/* A server with one share "share" on the memory exporter. */
struct tb_sim_threads *tb_sim_threads_start(unsigned loops, uint64_t seed);
struct tb_sim_driver *tb_sim_threads_driver(struct tb_sim_threads *threads);
/* Stop the server, join its threads, check that nothing is left and free all. */
void tb_sim_threads_stop(struct tb_sim_threads *threads);

#endif
