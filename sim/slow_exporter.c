#include "sim/slow_exporter.h"

#include "sim/fault.h"
#include "sim/transcript.h"
#include <stdlib.h>

/* One call that goes through; lives until it is answered. */
struct passage {
    struct tb_sim_slow *slow;
    struct tb_call *call;
    enum tb_error error;
    bool hold;
    struct tb_sim_event event;
};

static void answer(struct passage *passage)
{
    struct tb_sim_slow *slow = passage->slow;
    struct tb_call *call = passage->call;
    enum tb_error error = passage->error;
    if (error == TB_OK && call->operation == TB_CALL_OPEN)
        slow->handles++;
    if (call->operation == TB_CALL_OPEN)
        call->open.use_given &= ~slow->settings.refused_uses;
    if (call->operation == TB_CALL_CLOSE)
        slow->handles--;
    if (slow->world->transcript)
        tb_sim_transcript_call(slow->world->transcript, call, true, error);
    bool armed = tb_sim_fault_arm(false);
    free(passage);
    tb_sim_fault_restore(armed);
    tb_call_reply(call, error);
}

/* From no loop at all, as an exporter's thread would. */
static void answer_late(struct tb_sim_event *event)
{
    struct passage *passage = tb_container(event, struct passage, event);
    tb_sim_require(!passage->slow->world->current);
    passage->slow->held--;
    tb_sim_fault_arm(true);
    answer(passage);
    tb_sim_fault_arm(false);
}

static void hold_or_answer(struct passage *passage)
{
    struct tb_sim_slow *slow = passage->slow;
    if (!passage->hold) {
        answer(passage);
        return;
    }
    bool armed = tb_sim_fault_arm(false);
    slow->held++;
    tb_sim_event_schedule(slow->world, &passage->event,
                          tb_sim_random_below(&slow->random, slow->settings.delay_max_us + 1));
    tb_sim_fault_restore(armed);
}

static void answered_below(struct tb_call *call, enum tb_error error)
{
    struct passage *passage = tb_call_context(call);
    passage->error = error;
    hold_or_answer(passage);
}

static bool fails(struct tb_sim_slow *slow, const struct tb_call *call)
{
    const struct tb_sim_slow_settings *s = &slow->settings;
    if (call->operation == TB_CALL_CLOSE)
        return false;
    slow->calls++;
    if (slow->calls != s->fail_at && !tb_sim_random_chance(&slow->random, s->fail_one_in))
        return false;
    slow->failed++;
    return true;
}

static void submit(void *self, struct tb_call *call)
{
    struct tb_sim_slow *slow = self;
    bool armed = tb_sim_fault_arm(false);
    tb_sim_require(!slow->world->in_section);
    struct passage *passage = calloc(1, sizeof(*passage));
    if (!passage)
        abort();
    *passage = (struct passage){
        .slow = slow, .call = call, .error = slow->settings.fail_error, .event.run = answer_late};
    passage->hold = tb_sim_random_chance(&slow->random, slow->settings.delay_one_in);
    if (slow->world->transcript)
        tb_sim_transcript_call(slow->world->transcript, call, false, TB_OK);
    bool failing = fails(slow, call);
    if (call->operation == TB_CALL_REMOVE)
        slow->last_remover = call->credentials->uid;
    if (call->operation == TB_CALL_OPEN && call->open.use & slow->settings.refused_uses) {
        failing = true;
        passage->error = TB_ACCESS_DENIED;
    }
    tb_sim_world_may_switch(slow->world);
    tb_sim_fault_restore(armed);
    if (failing) {
        hold_or_answer(passage);
        return;
    }
    if (!tb_call_push(call, answered_below, passage))
        tb_sim_fail(__FILE__, __LINE__, "too many filters");
    tb_exporter_submit(slow->below, call);
}

static void capabilities(void *self, struct tb_exporter_capabilities *out)
{
    const struct tb_sim_slow *slow = self;
    *out = (struct tb_exporter_capabilities){0};
    slow->below->ops.capabilities(slow->below->self, out);
}

static void stop(void *self)
{
    struct tb_sim_slow *slow = self;
    if (slow->handles || slow->held)
        tb_sim_fail(__FILE__, __LINE__, "the exporter is ended with open handles: %llu",
                    (unsigned long long)slow->handles);
    tb_exporter_free(slow->below);
    free(slow);
}

struct tb_exporter *tb_sim_slow_exporter(struct tb_sim_world *world, struct tb_exporter *below,
                                         struct tb_sim_slow **out)
{
    struct tb_exporter *exporter = calloc(1, sizeof(*exporter));
    struct tb_sim_slow *slow = calloc(1, sizeof(*slow));
    if (!exporter || !slow)
        abort();
    *slow = (struct tb_sim_slow){.world = world, .below = below};
    slow->settings.fail_error = TB_IO_DEVICE_ERROR;
    slow->settings.delay_one_in = 3;
    slow->settings.delay_max_us = 2000;
    tb_sim_random_seed(&slow->random, world->seed, 3);
    exporter->ops = below->ops;
    exporter->ops.name = "slow";
    exporter->ops.capabilities = capabilities;
    exporter->ops.stop = stop;
    exporter->self = slow;
    exporter->submit = submit;
    *out = slow;
    return exporter;
}
