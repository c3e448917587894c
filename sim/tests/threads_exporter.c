#include "sim/tests/threads_exporter.h"

#include "sim/accounts.h"
#include <stdatomic.h>
#include <stdlib.h>

struct job {
    struct tb_list place;
    struct tb_call *call;          /* to be answered with `error` ... */
    struct tb_auth_lookup *lookup; /* ... or this */
    enum tb_error error;
};

struct late {
    struct tb_sim_answerer *answerer;
    struct tb_exporter *below;
    atomic_uint calls;
};

static void enqueue(struct tb_sim_answerer *answerer, struct tb_call *call,
                    struct tb_auth_lookup *lookup, enum tb_error error)
{
    struct job *job = malloc(sizeof(*job));
    if (!job)
        abort();
    *job = (struct job){.call = call, .lookup = lookup, .error = error};
    tb_list_init(&job->place);
    pthread_mutex_lock(&answerer->mutex);
    tb_list_append(&answerer->jobs, &job->place);
    pthread_cond_signal(&answerer->changed);
    pthread_mutex_unlock(&answerer->mutex);
}

static struct job *take(struct tb_sim_answerer *answerer)
{
    struct tb_list *node;
    pthread_mutex_lock(&answerer->mutex);
    while (!(node = tb_list_take(&answerer->jobs)) && !answerer->ends)
        pthread_cond_wait(&answerer->changed, &answerer->mutex);
    pthread_mutex_unlock(&answerer->mutex);
    return node ? tb_container(node, struct job, place) : NULL;
}

static void *answer(void *data)
{
    struct job *job;
    while ((job = take(data))) {
        if (job->lookup)
            job->lookup->done(job->lookup, tb_sim_account_find(job->lookup));
        else
            tb_call_reply(job->call, job->error);
        free(job);
    }
    return NULL;
}

void tb_sim_answerer_start(struct tb_sim_answerer *answerer)
{
    pthread_mutex_init(&answerer->mutex, NULL);
    pthread_cond_init(&answerer->changed, NULL);
    tb_list_init(&answerer->jobs);
    answerer->ends = false;
    if (pthread_create(&answerer->thread, NULL, answer, answerer) != 0)
        abort();
}

void tb_sim_answerer_stop(struct tb_sim_answerer *answerer)
{
    pthread_mutex_lock(&answerer->mutex);
    answerer->ends = true;
    pthread_cond_signal(&answerer->changed);
    pthread_mutex_unlock(&answerer->mutex);
    pthread_join(answerer->thread, NULL);
    pthread_cond_destroy(&answerer->changed);
    pthread_mutex_destroy(&answerer->mutex);
}

static void look_up(void *auth, struct tb_auth_lookup *lookup)
{
    enqueue(auth, NULL, lookup, TB_OK);
}

const struct tb_auth_ops tb_sim_answerer_auth = {look_up};

static void answered_below(struct tb_call *call, enum tb_error error)
{
    struct late *late = tb_call_context(call);
    enqueue(late->answerer, call, NULL, error);
}

static void submit(void *self, struct tb_call *call)
{
    struct late *late = self;
    if (atomic_fetch_add(&late->calls, 1) % 2 && !tb_call_push(call, answered_below, late))
        abort();
    tb_exporter_submit(late->below, call);
}

static void capabilities(void *self, struct tb_exporter_capabilities *out)
{
    struct late *late = self;
    late->below->ops.capabilities(late->below->self, out);
}

static void stop(void *self)
{
    struct late *late = self;
    tb_exporter_free(late->below);
    free(late);
}

struct tb_exporter *tb_sim_answerer_exporter(struct tb_sim_answerer *answerer,
                                             struct tb_exporter *below)
{
    struct tb_exporter *exporter = calloc(1, sizeof(*exporter));
    struct late *late = calloc(1, sizeof(*late));
    if (!exporter || !late)
        abort();
    late->answerer = answerer;
    late->below = below;
    atomic_init(&late->calls, 0);
    exporter->ops = below->ops;
    exporter->ops.capabilities = capabilities;
    exporter->ops.stop = stop;
    exporter->self = late;
    exporter->submit = submit;
    return exporter;
}
