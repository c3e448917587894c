#include "exporters/posix/pool.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

struct tb_posix_pool {
    void (*run)(void *context, struct tb_call *call);
    void *context;
    unsigned limit;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    struct tb_call *first, *last; /* waiting; linked by exporter_data[0] */
    unsigned waiting, idle, thread_count;
    bool stopping;
    pthread_t threads[];
};

static struct tb_call *take_locked(struct tb_posix_pool *pool)
{
    struct tb_call *call = pool->first;
    pool->first = call->exporter_data[0];
    pool->waiting--;
    return call;
}

static void *work(void *data)
{
    struct tb_posix_pool *pool = data;

    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (!pool->first && !pool->stopping) {
            pool->idle++;
            pthread_cond_wait(&pool->changed, &pool->lock);
            pool->idle--;
        }
        if (!pool->first)
            break;
        struct tb_call *call = take_locked(pool);
        pthread_mutex_unlock(&pool->lock);
        pool->run(pool->context, call);
        pthread_mutex_lock(&pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* Signals are for the threads that expect them. */
static void start_thread_locked(struct tb_posix_pool *pool)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&pool->threads[pool->thread_count], NULL, work, pool) == 0)
        pool->thread_count++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct tb_posix_pool *
tb_posix_pool_new(unsigned limit, void (*run)(void *context, struct tb_call *call), void *context)
{
    struct tb_posix_pool *pool = calloc(1, sizeof *pool + limit * sizeof pool->threads[0]);
    if (!pool)
        return NULL;
    pool->run = run;
    pool->context = context;
    pool->limit = limit;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->changed, NULL);
    return pool;
}

void tb_posix_pool_free(struct tb_posix_pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    assert(!pool->first);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->thread_count; i++)
        pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

void tb_posix_pool_submit(struct tb_posix_pool *pool, struct tb_call *call)
{
    pthread_mutex_lock(&pool->lock);
    if (pool->waiting >= pool->idle && pool->thread_count < pool->limit)
        start_thread_locked(pool);
    bool here = pool->thread_count == 0;
    if (!here) {
        call->exporter_data[0] = NULL;
        if (pool->first)
            pool->last->exporter_data[0] = call;
        else
            pool->first = call;
        pool->last = call;
        pool->waiting++;
        pthread_cond_signal(&pool->changed);
    }
    pthread_mutex_unlock(&pool->lock);
    if (here)
        pool->run(pool->context, call);
}
