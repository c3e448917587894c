#include "transport/tcp/tests/fake_core.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/conn.h"
#include "core/loop.h"

#define SEGMENTS_MAX 700
#define LOOPS_MAX    16
#define WAKERS_MAX   1000

struct fake_counts fake_counts;
atomic_bool fake_refuses_conns, fake_refuses_payloads;

struct tb_loop {
    void *host;
    unsigned index;
    struct tb_list requests;
    struct tb_list paused; /* answers to give when the pause is over */
    uint64_t resume_us;
    pthread_mutex_t mutex;
    struct tb_list woken; /* under mutex */
};

struct tb_conn {
    struct tb_loop *loop;
    const struct tb_link_ops *ops;
    void *link;
    unsigned references;
    bool lost;
};

struct request {
    struct tb_list link;
    struct tb_conn *conn;
    struct tb_payload *payload;
    struct tb_outgoing answer;
    struct tb_span segments[SEGMENTS_MAX];
};

static const struct tb_env *env;
static struct tb_loop *loops[LOOPS_MAX];
static unsigned loop_count;

/* Threads that wake loops; joined at the end, as an exporter's are by its stop(). */
static pthread_t wakers[WAKERS_MAX];
static unsigned waker_count;

void fake_core_set_env(const struct tb_env *e)
{
    env = e;
    loop_count = 0;
}

void fake_core_free_loops(void)
{
    while (waker_count)
        pthread_join(wakers[--waker_count], NULL);
    for (unsigned i = 0; i < loop_count; i++) {
        pthread_mutex_destroy(&loops[i]->mutex);
        free(loops[i]);
    }
    loop_count = 0;
}

struct tb_loop *tb_loop_create(struct tb_server *server, void *host)
{
    (void)server;
    struct tb_loop *loop = calloc(1, sizeof(*loop));
    loop->host = host;
    loop->index = loop_count;
    loop->resume_us = UINT64_MAX;
    tb_list_init(&loop->requests);
    tb_list_init(&loop->paused);
    tb_list_init(&loop->woken);
    pthread_mutex_init(&loop->mutex, NULL);
    loops[loop_count++] = loop;
    return loop;
}

void *tb_loop_host(const struct tb_loop *loop)
{
    return loop->host;
}

uint64_t tb_loop_deadline_us(struct tb_loop *loop)
{
    assert(env->ops->current_loop(env->data) == loop);
    return loop->resume_us;
}

struct tb_payload *tb_payload_get(struct tb_loop *loop, size_t length)
{
    if (atomic_load(&fake_refuses_payloads))
        return NULL;
    struct tb_payload *payload = malloc(sizeof(*payload) + length);
    payload->loop = loop;
    payload->references = 1;
    payload->capacity = length;
    atomic_fetch_add(&fake_counts.payloads, 1);
    return payload;
}

void tb_payload_release(struct tb_payload *payload)
{
    if (!payload)
        return;
    assert(env->ops->current_loop(env->data) == payload->loop);
    free(payload);
    atomic_fetch_sub(&fake_counts.payloads, 1);
}

static void conn_release(struct tb_conn *conn)
{
    if (--conn->references == 0)
        free(conn);
}

struct tb_conn *tb_conn_create(struct tb_loop *loop, const struct tb_link_ops *ops, void *link,
                               const struct tb_peer *peer)
{
    assert(env->ops->current_loop(env->data) == loop && strchr(peer->address, ':'));
    if (atomic_load(&fake_refuses_conns))
        return NULL;
    struct tb_conn *conn = calloc(1, sizeof(*conn));
    *conn = (struct tb_conn){.loop = loop, .ops = ops, .link = link, .references = 1};
    atomic_fetch_add(&fake_counts.conns, 1);
    return conn;
}

bool tb_conn_admits(const struct tb_conn *conn, size_t length)
{
    assert(!conn->lost && length > 0);
    return length <= FAKE_ADMITTED_MAX;
}

void tb_conn_receive(struct tb_conn *conn, struct tb_payload *message)
{
    assert(!conn->lost);
    struct request *request = calloc(1, sizeof(*request));
    request->conn = conn;
    request->payload = message;
    conn->references++;
    atomic_fetch_add(&fake_counts.received, 1);
    tb_list_append(&conn->loop->requests, &request->link);
}

void tb_conn_lost(struct tb_conn *conn)
{
    assert(!conn->lost);
    conn->lost = true;
    atomic_fetch_add(&fake_counts.lost, 1);
    conn_release(conn);
}

static void request_free(struct request *request)
{
    tb_payload_release(request->payload);
    conn_release(request->conn);
    free(request);
}

static void sent(struct tb_outgoing *answer, bool ok)
{
    struct request *request = tb_container(answer, struct request, answer);
    assert(ok || !request->conn->lost);
    atomic_fetch_add(ok ? &fake_counts.sent : &fake_counts.unsent, 1);
    request_free(request);
}

/* Many small segments, an empty one among them, and the rest in one. */
static void answer(struct request *request)
{
    struct tb_conn *conn = request->conn;
    const struct tb_payload *p = request->payload;
    if (conn->lost) {
        request_free(request);
        return;
    }
    size_t count = 0, at = 0;
    for (; at < p->length && count < SEGMENTS_MAX - 1; count++) {
        size_t length = count == 3 ? 0 : 1;
        request->segments[count] = tb_span(p->data + at, length);
        at += length;
    }
    request->segments[count++] = tb_span(p->data + at, p->length - at);
    request->answer.segments = request->segments;
    request->answer.segment_count = count;
    request->answer.length = p->length;
    request->answer.sent = sent;
    tb_list_init(&request->answer.queued);
    conn->ops->send(conn->link, &request->answer);
}

static void answer_big(struct request *request)
{
    size_t length = tb_load_u32(request->payload->data + 1);
    tb_payload_release(request->payload);
    request->payload = tb_payload_get(request->conn->loop, length);
    request->payload->length = length;
    for (size_t i = 0; i < length; i++)
        request->payload->data[i] = (uint8_t)(i * 7);
    answer(request);
}

static void *wake_later(void *argument)
{
    struct request *request = argument;
    struct tb_loop *loop = request->conn->loop;
    pthread_mutex_lock(&loop->mutex);
    tb_list_append(&loop->woken, &request->link);
    pthread_mutex_unlock(&loop->mutex);
    env->ops->wake(env->data, loop);
    return NULL;
}

static void start_waker(struct request *request)
{
    assert(waker_count < WAKERS_MAX);
    pthread_create(&wakers[waker_count++], NULL, wake_later, request);
}

static void pause_conn(struct request *request)
{
    struct tb_conn *conn = request->conn;
    conn->ops->pause(conn->link);
    conn->loop->resume_us = tb_env_monotonic_us(env) + 1000000;
    tb_list_append(&conn->loop->paused, &request->link);
}

static void serve(struct request *request)
{
    struct tb_conn *conn = request->conn;
    if (conn->lost) {
        request_free(request);
        return;
    }
    switch (request->payload->data[0]) {
    case FAKE_BIG:
        answer_big(request);
        return;
    case FAKE_SILENT:
        request_free(request);
        return;
    case FAKE_CLOSE:
        answer(request);
        conn->ops->close(conn->link, false);
        return;
    case FAKE_CLOSE_AT_ONCE:
        conn->ops->close(conn->link, true);
        request_free(request);
        return;
    case FAKE_PAUSE:
        pause_conn(request);
        return;
    case FAKE_WAKE:
        start_waker(request);
        return;
    case FAKE_LOOP:
        request->payload->data[0] = (uint8_t)conn->loop->index;
        answer(request);
        return;
    default:
        answer(request);
    }
}

static void end_pauses(struct tb_loop *loop)
{
    struct tb_list *node;
    loop->resume_us = UINT64_MAX;
    while ((node = tb_list_take(&loop->paused))) {
        struct request *request = tb_container(node, struct request, link);
        if (!request->conn->lost)
            request->conn->ops->resume(request->conn->link);
        answer(request);
    }
}

void tb_loop_run(struct tb_loop *loop)
{
    struct tb_list *node, woken;
    assert(env->ops->current_loop(env->data) == loop);
    atomic_fetch_add(&fake_counts.runs, 1);
    while ((node = tb_list_take(&loop->requests)))
        serve(tb_container(node, struct request, link));
    tb_list_init(&woken);
    pthread_mutex_lock(&loop->mutex);
    tb_list_splice(&woken, &loop->woken);
    pthread_mutex_unlock(&loop->mutex);
    while ((node = tb_list_take(&woken)))
        answer(tb_container(node, struct request, link));
    if (tb_env_monotonic_us(env) >= loop->resume_us)
        end_pauses(loop);
}
