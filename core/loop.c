#include "core/loop_internal.h"

#include <assert.h>
#include <stdlib.h>

#include "core/chain.h"
#include "core/conn_internal.h"
#include "core/server_internal.h"
#include "core/session.h"
#include "core/task.h"

struct tb_loop *tb_loop_create(struct tb_server *server, void *host)
    TB_ANNOTATE(no_thread_safety_analysis)
{
    if (server->loop_count == TB_LOOPS_MAX)
        return NULL;
    struct tb_loop *loop = calloc(1, sizeof(*loop));
    if (!loop)
        return NULL;
    loop->server = server;
    loop->host = host;
    loop->index = server->loop_count;
    tb_payload_pool_init(&loop->payloads);
    struct tb_list *lists[] = {&loop->arrived,         &loop->answered,  &loop->pending,
                               &loop->sent,            &loop->conns,     &loop->unauthenticated,
                               &loop->resumable,       &loop->ready,     &loop->retired,
                               &loop->doomed,          &loop->outbox};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        tb_list_init(lists[i]);
    server->loops[server->loop_count++] = loop;
    return loop;
}

void *tb_loop_host(const struct tb_loop *loop)
{
    return loop->host;
}

unsigned tb_loop_index(const struct tb_loop *loop)
{
    return loop->index;
}

/* Outputs that have left: the last one retires its chain. */
static void settle_sent(struct tb_loop *loop) TB_INSIDE
{
    struct tb_list *node;
    while ((node = tb_list_take(&loop->sent))) {
        struct tb_output *output = tb_container(node, struct tb_output, link);
        struct tb_chain *chain = output->chain;
        assert(chain->outputs_left > 0);
        if (--chain->outputs_left == 0 && chain->ended)
            tb_chain_retire(chain);
    }
}

static void step_all(struct tb_loop *loop) TB_INSIDE
{
    struct tb_list *node;
    tb_list_splice(&loop->ready, &loop->answered);
    while ((node = tb_list_take(&loop->arrived)))
        tb_chain_begin(tb_container(node, struct tb_chain, link));
    while ((node = tb_list_take(&loop->ready))) {
        struct tb_task *task = tb_container(node, struct tb_task, link);
        task->step(task);
    }
}

/* A server that is stopping ends the sessions of its connections ... */
static void stop_conns(struct tb_loop *loop) TB_INSIDE
{
    tb_list_for_each (i, &loop->conns) {
        struct tb_conn *conn = tb_container(i, struct tb_conn, in_loop);
        if (conn->state != TB_CONN_OPEN)
            continue;
        conn->state = TB_CONN_CLOSING;
        tb_list_for_each (c, &conn->channels)
            tb_session_end(tb_container(c, struct tb_channel, in_conn)->session);
    }
}

/* ... and closes each when the answers to what it had asked have left. */
static void close_idle_conns(struct tb_loop *loop) TB_INSIDE
{
    tb_list_for_each (i, &loop->conns) {
        struct tb_conn *conn = tb_container(i, struct tb_conn, in_loop);
        if (conn->chains == 0)
            tb_conn_doom(conn);
    }
}

/* What the batch leaves to be done outside. */
struct leftovers {
    struct tb_list pending, outbox, retired, doomed;
    uint64_t wake_mask;
};

static void settle_retired(struct tb_loop *loop, struct tb_list *settled) TB_INSIDE
{
    struct tb_list *node;
    while ((node = tb_list_take(&loop->retired))) {
        tb_chain_settle(tb_container(node, struct tb_chain, link));
        tb_list_append(settled, node);
    }
}

static void run_inside(struct tb_loop *loop, struct leftovers *left) TB_OUTSIDE
{
    struct tb_server *server = loop->server;
    tb_section_enter(server);
    server->inside = loop;
    settle_sent(loop);
    if (server->stopping)
        stop_conns(loop);
    do {
        step_all(loop);
        settle_retired(loop, &left->retired);
    } while (!tb_list_empty(&loop->ready)); /* requests that had waited for room */
    if (server->stopping)
        close_idle_conns(loop);
    tb_list_splice(&left->pending, &loop->pending);
    tb_list_splice(&left->outbox, &loop->outbox);
    tb_list_splice(&left->doomed, &loop->doomed);
    left->wake_mask = server->wake_mask;
    server->wake_mask = 0;
    server->inside = NULL;
    tb_section_leave(server);
}

static void run_pending(struct tb_loop *loop, struct tb_list *pending)
{
    struct tb_list *node;
    while ((node = tb_list_take(pending))) {
        struct tb_task *task = tb_container(node, struct tb_task, link);
        if (!task->work) {
            tb_exporter_submit(task->exporter, &task->call);
        } else if (task->resumes_itself) {
            task->work(task);
        } else {
            task->work(task);
            tb_list_append(&loop->answered, &task->link);
        }
    }
}

void tb_loops_wake(struct tb_server *server, uint64_t mask)
{
    for (unsigned i = 0; i < server->loop_count; i++)
        if (mask >> i & 1)
            server->env.ops->wake(server->env.data, server->loops[i]);
}

static void run_outside(struct tb_loop *loop, struct leftovers *left) TB_OUTSIDE
{
    struct tb_list *node;
    tb_loops_wake(loop->server, left->wake_mask);
    while ((node = tb_list_take(&left->retired)))
        tb_chain_free(tb_container(node, struct tb_chain, link));
    while ((node = tb_list_take(&left->outbox)))
        tb_output_send(tb_container(node, struct tb_output, link));
    while ((node = tb_list_take(&left->doomed))) {
        struct tb_conn *conn = tb_container(node, struct tb_conn, in_doomed);
        if (conn->state == TB_CONN_LOST || conn->close_asked)
            continue;
        conn->state = TB_CONN_CLOSING;
        conn->close_asked = true;
        conn->link_ops->close(conn->link, false);
    }
    tb_conns_resume(loop);
    run_pending(loop, &left->pending);
}

static void drop_late_clients(struct tb_loop *loop)
{
    if (tb_list_empty(&loop->unauthenticated))
        return;
    uint64_t now_us = tb_env_monotonic_us(&loop->server->env);
    tb_list_for_each (i, &loop->unauthenticated) {
        struct tb_conn *conn = tb_container(i, struct tb_conn, in_unauthenticated);
        if (conn->authenticate_by_us > now_us)
            break;
        tb_list_remove(&conn->in_unauthenticated);
        tb_conn_drop(conn);
    }
}

static bool has_work(const struct tb_loop *loop)
{
    return !tb_list_empty(&loop->arrived) || !tb_list_empty(&loop->answered) ||
           !tb_list_empty(&loop->sent);
}

void tb_loop_run(struct tb_loop *loop)
{
    assert(!loop->running);
    loop->running = true;
    drop_late_clients(loop);
    do {
        struct leftovers left;
        tb_list_init(&left.pending);
        tb_list_init(&left.outbox);
        tb_list_init(&left.retired);
        tb_list_init(&left.doomed);
        run_inside(loop, &left);
        run_outside(loop, &left);
    } while (has_work(loop));
    loop->running = false;
}

uint64_t tb_loop_deadline_us(struct tb_loop *loop)
{
    if (tb_list_empty(&loop->unauthenticated))
        return UINT64_MAX;
    return tb_container(loop->unauthenticated.next, struct tb_conn, in_unauthenticated)
        ->authenticate_by_us;
}
