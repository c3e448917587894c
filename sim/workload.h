/* A generated workload: several clients that do all sorts of things from one seed, and a check of
 * what comes of it.
 *
 * Each actor is a client that connects, logs on, works and now and then vanishes, logs off or stops
 * reading, and comes back. It works in two places. In "shared" it meets the others: opens, share
 * modes, locks, renames, deletions, notifications, cancellations, where only legality is checked.
 * In a directory of its own it is alone, so that contents, sizes and listings are known and are
 * compared with a model; the model ends with the connection, since what was under way then may
 * still take place.
 *
 * Nothing here waits: tb_sim_workload_pump() looks at answers and sends requests, the caller lets
 * time pass in between. So it runs in the simulated world and on real threads alike. */
#ifndef TB_SIM_WORKLOAD_H
#define TB_SIM_WORKLOAD_H

#include "sim/client.h"
#include "sim/files.h"

#define TB_SIM_ACTORS_MAX  16
#define TB_SIM_SLOTS       8 /* operations of an actor that are under way */
#define TB_SIM_HANDLES     6
#define TB_SIM_MODEL_FILES 4
#define TB_SIM_MODEL_MAX   20000
#define TB_SIM_PARTS_MAX   5

struct tb_sim_workload_settings {
    unsigned actors;
    unsigned operations; /* all together */
    unsigned end_one_in; /* operations that are the end of a connection, session or tree; 0: none */
    bool may_fail;       /* the exporter or memory fails now and then, or connections are cut */
    const char *share;
};

struct tb_sim_model_file {
    bool exists, known;
    size_t length;
    uint8_t bytes[TB_SIM_MODEL_MAX];
};

enum tb_sim_operation {
    TB_SIM_FREE,
    TB_SIM_PLAIN,  /* whatever comes is fine */
    TB_SIM_OPENS,  /* a CREATE whose handle is kept */
    TB_SIM_CLOSES,
    TB_SIM_MODEL_DIRECTORY,
    TB_SIM_MODEL_PUT,
    TB_SIM_MODEL_WRITE,
    TB_SIM_MODEL_GET,
    TB_SIM_MODEL_TRUNCATE,
    TB_SIM_MODEL_RENAME,
    TB_SIM_MODEL_DELETE,
    TB_SIM_MODEL_LIST,
};

struct tb_sim_slot {
    enum tb_sim_operation operation;
    struct tb_sim_request *parts[TB_SIM_PARTS_MAX];
    unsigned count;
    unsigned file, file_to; /* of the model */
    size_t offset, length;
    uint8_t *data;
};

struct tb_sim_actor {
    struct tb_sim_workload *workload;
    unsigned number, generation;
    enum {
        TB_SIM_ACTOR_GONE,
        TB_SIM_ACTOR_NEGOTIATES,
        TB_SIM_ACTOR_LOGS_ON,
        TB_SIM_ACTOR_CONNECTS_TREE,
        TB_SIM_ACTOR_WORKS,
    } state;
    struct tb_sim_client *client;
    struct tb_sim_request *request; /* of the states before WORKS */
    struct tb_sim_logon_state logon;
    struct tb_sim_tree *tree;
    uint64_t previous_session_id;
    bool reading, model_ready, model_busy;
    struct tb_sim_slot slots[TB_SIM_SLOTS];
    struct tb_sim_open handles[TB_SIM_HANDLES];
    bool handle_open[TB_SIM_HANDLES];
    struct tb_sim_model_file files[TB_SIM_MODEL_FILES];
};

struct tb_sim_workload {
    struct tb_sim_driver *driver;
    struct tb_sim_random random;
    struct tb_sim_workload_settings settings;
    unsigned operations; /* begun */
    unsigned compared;   /* answers that were compared with a model */
    struct tb_sim_actor actors[TB_SIM_ACTORS_MAX];
};

struct tb_sim_workload *tb_sim_workload_new(struct tb_sim_driver *driver, uint64_t seed,
                                            const struct tb_sim_workload_settings *settings);
/* Look at one actor. False when all operations were begun and answered, or given up. */
bool tb_sim_workload_pump(struct tb_sim_workload *workload);
/* What is under way, to stderr. */
void tb_sim_workload_print(const struct tb_sim_workload *workload);
/* Disconnects whoever is left. */
void tb_sim_workload_free(struct tb_sim_workload *workload);

/* Between the parts of the workload. */

/* A slot with a request, to be sent; NULL when all are taken. */
struct tb_sim_slot *tb_sim_slot_take(struct tb_sim_actor *actor, enum tb_sim_operation operation);
/* Send the parts, or drop them when there are no credits. */
void tb_sim_slot_send(struct tb_sim_actor *actor, struct tb_sim_slot *slot);
void tb_sim_slot_free(struct tb_sim_slot *slot);
/* sim/workload_model.c */
void tb_sim_model_begin(struct tb_sim_actor *actor);
void tb_sim_model_finish(struct tb_sim_actor *actor, struct tb_sim_slot *slot);
void tb_sim_model_forget(struct tb_sim_actor *actor);
/* sim/workload_chaos.c */
void tb_sim_chaos_begin(struct tb_sim_actor *actor);
void tb_sim_chaos_finish(struct tb_sim_actor *actor, struct tb_sim_slot *slot);

#endif
