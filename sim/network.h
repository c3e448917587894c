/* The simulated network: links between clients and the server's loops.
 *
 * Messages of one connection arrive in order, each after a delay drawn from the seed; between
 * connections everything may be reordered. A link can be cut at any message in either direction,
 * and a client may stop reading: what the server sends then stays with the server once `window`
 * bytes are on their way. */
#ifndef TB_SIM_NETWORK_H
#define TB_SIM_NETWORK_H

#include "core/conn.h"
#include "core/link.h"
#include "sim/port.h"
#include "sim/world.h"

struct tb_sim_network_settings {
    uint32_t delay_min_us, delay_max_us;
    uint32_t cut_one_in; /* a message that is lost with its connection; 0: never */
    size_t window;
};

struct tb_sim_network {
    struct tb_sim_world *world;
    struct tb_sim_random random;
    struct tb_sim_network_settings settings;
    struct tb_list links;
    struct tb_sim_driver driver; /* for clients on this network */
    unsigned numbers;
};

void tb_sim_network_init(struct tb_sim_network *network, struct tb_sim_world *world);
/* Frees links whose client has released them and whose connection has ended; all must have. */
void tb_sim_network_clear(struct tb_sim_network *network);
/* Links that the server's core still knows. */
unsigned tb_sim_network_connected(const struct tb_sim_network *network);

#endif
