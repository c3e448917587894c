/* The client's end of a connection, and what drives a client: the simulated network and its world
 * (sim/network.h), or real threads (sim/tests/test_threads.c).
 *
 * The client calls the operations; the port calls tb_sim_client_receive() for each message and
 * tb_sim_client_ended() once when the connection is no more, never from inside an operation. */
#ifndef TB_SIM_PORT_H
#define TB_SIM_PORT_H

#include "core/bytes.h"
#include "sim/random.h"

struct tb_sim_client;

struct tb_sim_port_ops {
    /* Send one message; the bytes are copied. */
    void (*transmit)(void *port, struct tb_span message);
    /* Vanish, without a word to the server's core but tb_conn_lost(). */
    void (*disconnect)(void *port);
    /* Stop or resume taking what the server sends. */
    void (*set_reading)(void *port, bool reading);
    /* The client is gone and wants no more calls. Disconnects. */
    void (*release)(void *port);
};

struct tb_sim_port {
    const struct tb_sim_port_ops *ops;
    void *port;
};

/* What makes time pass for a client that waits. */
struct tb_sim_driver_ops {
    /* Connect `client` to loop number `loop` (modulo the loops there are). */
    struct tb_sim_port (*connect)(void *driver, struct tb_sim_client *client, unsigned loop);
    /* Let something happen. False when nothing will any more. */
    bool (*step)(void *driver);
    uint64_t (*filetime)(void *driver);
};

struct tb_sim_driver {
    const struct tb_sim_driver_ops *ops;
    void *driver;
    struct tb_sim_random random; /* what clients draw from */
};

#endif
