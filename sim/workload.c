#include "sim/workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool chance(struct tb_sim_actor *actor, unsigned one_in)
{
    return tb_sim_random_chance(&actor->workload->random, one_in);
}

struct tb_sim_workload *tb_sim_workload_new(struct tb_sim_driver *driver, uint64_t seed,
                                            const struct tb_sim_workload_settings *settings)
{
    struct tb_sim_workload *workload = calloc(1, sizeof(*workload));
    if (!workload)
        abort();
    tb_sim_require(settings->actors > 0 && settings->actors <= TB_SIM_ACTORS_MAX);
    workload->driver = driver;
    workload->settings = *settings;
    tb_sim_random_seed(&workload->random, seed, 5);
    for (unsigned i = 0; i < settings->actors; i++) {
        workload->actors[i].workload = workload;
        workload->actors[i].number = i;
    }
    return workload;
}

struct tb_sim_slot *tb_sim_slot_take(struct tb_sim_actor *actor, enum tb_sim_operation operation)
{
    for (unsigned i = 0; i < TB_SIM_SLOTS; i++) {
        if (actor->slots[i].operation == TB_SIM_FREE) {
            actor->slots[i].operation = operation;
            return &actor->slots[i];
        }
    }
    return NULL;
}

void tb_sim_slot_free(struct tb_sim_slot *slot)
{
    for (unsigned i = 0; i < slot->count; i++)
        tb_sim_request_free(slot->parts[i]);
    free(slot->data);
    *slot = (struct tb_sim_slot){0};
}

void tb_sim_slot_send(struct tb_sim_actor *actor, struct tb_sim_slot *slot)
{
    tb_sim_require(slot->count > 0 && slot->count <= TB_SIM_PARTS_MAX);
    for (unsigned i = 1; i < slot->count; i++)
        slot->parts[i]->related = true;
    if (!tb_sim_can_send(actor->client, slot->parts, slot->count)) {
        if (slot->operation >= TB_SIM_MODEL_DIRECTORY)
            actor->model_busy = false;
        tb_sim_slot_free(slot);
        return;
    }
    actor->workload->operations++;
    tb_sim_send(slot->parts, slot->count);
}

/* Becoming ready to work */

static void random_offer(struct tb_sim_actor *actor, struct tb_sim_offer *offer)
{
    static const uint16_t dialects[] = {TB_SMB2_DIALECT_202, TB_SMB2_DIALECT_210,
                                        TB_SMB2_DIALECT_300, TB_SMB2_DIALECT_302,
                                        TB_SMB2_DIALECT_311, TB_SMB2_DIALECT_311};
    struct tb_sim_random *random = &actor->workload->random;
    tb_sim_offer_dialect(offer, dialects[tb_sim_random_below(random, 6)]);
    offer->ciphers[0] = (uint16_t)(1 + tb_sim_random_below(random, 4));
    offer->signing[0] = (uint16_t)tb_sim_random_below(random, 3);
    offer->cipher_count = offer->signing_count = 1;
}

static void begin(struct tb_sim_actor *actor)
{
    struct tb_sim_offer offer;
    struct tb_sim_workload *workload = actor->workload;
    unsigned loop = (unsigned)tb_sim_random_below(&workload->random, 64);
    random_offer(actor, &offer);
    actor->client = tb_sim_client_create(workload->driver, loop);
    actor->client->encrypt = chance(actor, 3);
    actor->reading = true;
    actor->request = tb_sim_negotiate_request(actor->client, &offer);
    actor->state = TB_SIM_ACTOR_NEGOTIATES;
    tb_sim_send(&actor->request, 1);
}

/* Everything of this connection is over. */
static void end(struct tb_sim_actor *actor)
{
    for (unsigned i = 0; i < TB_SIM_SLOTS; i++)
        tb_sim_slot_free(&actor->slots[i]);
    tb_sim_request_free(actor->request);
    actor->request = NULL;
    if (actor->state == TB_SIM_ACTOR_LOGS_ON)
        tb_sim_logon_abandon(&actor->logon);
    tb_sim_client_free(actor->client);
    actor->client = NULL;
    actor->tree = NULL;
    actor->state = TB_SIM_ACTOR_GONE;
    memset(actor->handle_open, 0, sizeof(actor->handle_open));
    tb_sim_model_forget(actor);
}

static void log_on(struct tb_sim_actor *actor)
{
    struct tb_sim_logon logon = {.user = actor->number % 3 ? "user" : "admin",
                                 .password = actor->number % 3 ? "password" : "Secret-2",
                                 .previous_session_id = actor->previous_session_id};
    actor->request = tb_sim_logon_begin(&actor->logon, actor->client, &logon);
    actor->state = TB_SIM_ACTOR_LOGS_ON;
    tb_sim_send(&actor->request, 1);
}

static void logged_on(struct tb_sim_actor *actor)
{
    actor->request = tb_sim_logon_next(&actor->logon, actor->request);
    if (actor->request) {
        tb_sim_send(&actor->request, 1);
        return;
    }
    if (actor->logon.error != TB_OK) {
        if (!actor->workload->settings.may_fail)
            tb_sim_require_error(actor->logon.error, TB_DROP_CONNECTION);
        actor->state = TB_SIM_ACTOR_NEGOTIATES;
        end(actor);
        return;
    }
    actor->previous_session_id = actor->logon.session->id;
    actor->request =
        tb_sim_tree_connect_request(actor->logon.session, actor->workload->settings.share);
    actor->state = TB_SIM_ACTOR_CONNECTS_TREE;
    tb_sim_send(&actor->request, 1);
}

/* Without memory the server may refuse anything. */
static bool is_refused(struct tb_sim_actor *actor)
{
    if (actor->request->error == TB_OK || !actor->workload->settings.may_fail) {
        tb_sim_require_ok(actor->request->error);
        return false;
    }
    end(actor);
    return true;
}

static void tree_connected(struct tb_sim_actor *actor)
{
    if (is_refused(actor))
        return;
    actor->tree = tb_sim_tree_connected(actor->request);
    tb_sim_request_free(actor->request);
    actor->request = NULL;
    actor->state = TB_SIM_ACTOR_WORKS;
    actor->generation++;
}

static void go_on(struct tb_sim_actor *actor)
{
    if (!actor->request->done)
        return;
    if (actor->request->lost) {
        end(actor);
        return;
    }
    switch (actor->state) {
    case TB_SIM_ACTOR_NEGOTIATES:
        if (is_refused(actor))
            return;
        tb_sim_negotiated(actor->client, actor->request);
        tb_sim_request_free(actor->request);
        log_on(actor);
        break;
    case TB_SIM_ACTOR_LOGS_ON:
        logged_on(actor);
        break;
    default:
        tree_connected(actor);
        break;
    }
}

/* Working */

static bool is_done(const struct tb_sim_slot *slot)
{
    for (unsigned i = 0; i < slot->count; i++) {
        if (!slot->parts[i]->done)
            return false;
    }
    return true;
}

static unsigned finish_slots(struct tb_sim_actor *actor)
{
    unsigned busy = 0;
    for (unsigned i = 0; i < TB_SIM_SLOTS; i++) {
        struct tb_sim_slot *slot = &actor->slots[i];
        if (slot->operation == TB_SIM_FREE)
            continue;
        if (!is_done(slot)) {
            busy++;
            continue;
        }
        if (slot->operation >= TB_SIM_MODEL_DIRECTORY)
            tb_sim_model_finish(actor, slot);
        else
            tb_sim_chaos_finish(actor, slot);
        tb_sim_slot_free(slot);
    }
    return busy;
}

/* Log off or disconnect the tree, while requests are under way. */
static void take_leave(struct tb_sim_actor *actor, struct tb_sim_slot *slot, bool logoff)
{
    static const uint8_t body[4] = {4};
    struct tb_sim_session *session = actor->tree->session;
    struct tb_sim_request *r =
        tb_sim_request_new(actor->client, session, logoff ? NULL : actor->tree,
                           logoff ? TB_SMB2_LOGOFF : TB_SMB2_TREE_DISCONNECT, sizeof(body));
    tb_write_bytes(&r->writer, body, sizeof(body));
    slot->parts[slot->count++] = r;
    tb_sim_slot_send(actor, slot);
    session->over = true;
}

static void vanish(struct tb_sim_actor *actor)
{
    uint64_t how = tb_sim_random_below(&actor->workload->random, 3);
    struct tb_sim_slot *slot = how ? tb_sim_slot_take(actor, TB_SIM_PLAIN) : NULL;
    if (slot)
        take_leave(actor, slot, how == 1);
    else
        tb_sim_client_disconnect(actor->client);
}

static void set_reading(struct tb_sim_actor *actor, bool reading)
{
    if (actor->reading == reading)
        return;
    actor->reading = reading;
    tb_sim_client_set_reading(actor->client, reading);
}

static void cancel_something(struct tb_sim_actor *actor, bool all)
{
    for (unsigned i = 0; i < TB_SIM_SLOTS; i++) {
        struct tb_sim_slot *slot = &actor->slots[i];
        if (slot->operation != TB_SIM_FREE && (all || chance(actor, 3)) &&
            slot->parts[slot->count - 1]->pending)
            tb_sim_cancel(slot->parts[slot->count - 1]);
    }
}

static void work(struct tb_sim_actor *actor)
{
    const struct tb_sim_workload_settings *settings = &actor->workload->settings;
    unsigned busy = finish_slots(actor);
    bool over = actor->tree->session->over || actor->client->ended;
    bool finishing = actor->workload->operations >= settings->operations;
    if (over && (busy == 0 || actor->client->ended)) {
        end(actor);
        return;
    }
    if (over || finishing) {
        set_reading(actor, true);
        cancel_something(actor, true);
        return;
    }
    if (chance(actor, settings->end_one_in))
        vanish(actor);
    else if (chance(actor, 60))
        set_reading(actor, !actor->reading);
    else if (chance(actor, 20))
        cancel_something(actor, false);
    else if (!actor->model_busy && chance(actor, 3))
        tb_sim_model_begin(actor);
    else if (chance(actor, 2))
        tb_sim_chaos_begin(actor);
}

static bool is_idle(const struct tb_sim_actor *actor)
{
    for (unsigned i = 0; i < TB_SIM_SLOTS; i++) {
        if (actor->slots[i].operation != TB_SIM_FREE)
            return false;
    }
    return actor->state == TB_SIM_ACTOR_GONE || actor->state == TB_SIM_ACTOR_WORKS;
}

bool tb_sim_workload_pump(struct tb_sim_workload *workload)
{
    unsigned i = (unsigned)tb_sim_random_below(&workload->random, workload->settings.actors);
    struct tb_sim_actor *actor = &workload->actors[i];
    bool finishing = workload->operations >= workload->settings.operations;
    if (actor->state == TB_SIM_ACTOR_WORKS)
        work(actor);
    else if (actor->state != TB_SIM_ACTOR_GONE)
        go_on(actor);
    else if (!finishing)
        begin(actor);
    if (!finishing)
        return true;
    for (i = 0; i < workload->settings.actors; i++) {
        if (!is_idle(&workload->actors[i]))
            return true;
    }
    return false;
}

static void print_request(const struct tb_sim_request *r)
{
    fprintf(stderr, "    command %u, message %llu: %s%s%s\n", r->header.command,
            (unsigned long long)r->header.message_id, r->done ? "done " : "waits ",
            r->pending ? "pending " : "", r->done && !r->lost ? tb_error_name(r->error) : "");
}

void tb_sim_workload_print(const struct tb_sim_workload *workload)
{
    for (unsigned a = 0; a < workload->settings.actors; a++) {
        const struct tb_sim_actor *actor = &workload->actors[a];
        fprintf(stderr, "  actor %u: state %d, %s, credits %u%s\n", a, actor->state,
                actor->reading ? "reads" : "does not read", actor->client ? actor->client->credits : 0,
                actor->tree && actor->tree->session->over ? ", session over" : "");
        if (actor->request)
            print_request(actor->request);
        for (unsigned i = 0; i < TB_SIM_SLOTS; i++) {
            for (unsigned j = 0; j < actor->slots[i].count; j++)
                print_request(actor->slots[i].parts[j]);
        }
    }
}

void tb_sim_workload_free(struct tb_sim_workload *workload)
{
    for (unsigned i = 0; i < workload->settings.actors; i++) {
        if (workload->actors[i].client)
            end(&workload->actors[i]);
    }
    free(workload);
}
