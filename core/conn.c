#include "core/conn_internal.h"

#include <assert.h>
#include <stdlib.h>

#include "core/chain.h"
#include "core/cmd/session_setup.h"
#include "core/loop_internal.h"
#include "core/server_internal.h"
#include "core/session.h"

/* What a client that is not logged on can have to say: a security token in SESSION_SETUP, whose
 * length is 16 bits. */
#define UNAUTHENTICATED_MESSAGE_MAX (72u << 10)
/* Header, fixed part and paths around the payload of the largest message. */
#define MESSAGE_OVERHEAD (66u << 10)

static bool take_place(struct tb_server *server, struct tb_conn *conn) TB_OUTSIDE
{
    tb_section_enter(server);
    bool free_place = !server->stopping && server->conn_count < server->config.connections_max;
    if (free_place) {
        server->conn_count++;
        conn->id = ++server->next_conn_id;
    }
    tb_section_leave(server);
    return free_place;
}

static struct tb_conn *conn_new(struct tb_loop *loop) TB_ANNOTATE(no_thread_safety_analysis)
{
    struct tb_conn *conn = calloc(1, sizeof(*conn));
    if (!conn)
        return NULL;
    conn->loop = loop;
    conn->server = loop->server;
    tb_list_init(&conn->in_loop);
    tb_list_init(&conn->in_unauthenticated);
    tb_list_init(&conn->in_doomed);
    tb_list_init(&conn->in_resumable);
    tb_list_init(&conn->channels);
    tb_list_init(&conn->setups);
    tb_list_init(&conn->requests);
    tb_list_init(&conn->deferred);
    tb_credit_init(&conn->credits, conn->server->config.credits_max);
    return conn;
}

struct tb_conn *tb_conn_create(struct tb_loop *loop, const struct tb_link_ops *ops, void *link,
                               const struct tb_peer *peer)
{
    struct tb_server *server = loop->server;
    struct tb_conn *conn = conn_new(loop);
    if (!conn)
        return NULL;
    conn->link_ops = ops;
    conn->link = link;
    conn->peer = *peer;
    conn->authenticate_by_us =
        tb_env_monotonic_us(&server->env) + server->config.negotiate_timeout_ms * UINT64_C(1000);
    if (!take_place(server, conn)) {
        free(conn);
        return NULL;
    }
    tb_list_append(&loop->conns, &conn->in_loop);
    tb_list_append(&loop->unauthenticated, &conn->in_unauthenticated);
    return conn;
}

uint64_t tb_conn_id(const struct tb_conn *conn)
{
    return conn->id;
}

bool tb_conn_admits(const struct tb_conn *conn, size_t length)
{
    const struct tb_server_config *config = &conn->server->config;
    if (!conn->authenticated)
        return length <= UNAUTHENTICATED_MESSAGE_MAX;
    size_t most = config->write_max > config->transact_max ? config->write_max
                                                           : config->transact_max;
    return length <= most + MESSAGE_OVERHEAD;
}

void tb_conn_receive(struct tb_conn *conn, struct tb_payload *message)
{
    if (conn->state != TB_CONN_OPEN) {
        tb_payload_release(message);
        return;
    }
    struct tb_chain *chain = tb_chain_receive(conn, message);
    if (!chain) {
        tb_conn_drop(conn);
        return;
    }
    conn->chains++;
    conn->held_bytes += message->capacity;
    tb_list_append(&conn->loop->arrived, &chain->link);
    if (!conn->paused && conn->held_bytes > conn->server->config.connection_budget) {
        conn->paused = true;
        conn->link_ops->pause(conn->link);
    }
}

void tb_conn_message_done(struct tb_conn *conn, size_t capacity)
{
    size_t budget = conn->server->config.connection_budget;
    assert(conn->held_bytes >= capacity);
    conn->held_bytes -= capacity;
    if (conn->paused && conn->state != TB_CONN_LOST && conn->held_bytes <= budget / 4 * 3 &&
        tb_list_empty(&conn->in_resumable))
        tb_list_append(&conn->loop->resumable, &conn->in_resumable);
}

void tb_conns_resume(struct tb_loop *loop)
{
    struct tb_list *node;
    while ((node = tb_list_take(&loop->resumable))) {
        struct tb_conn *conn = tb_container(node, struct tb_conn, in_resumable);
        conn->paused = false;
        conn->link_ops->resume(conn->link);
    }
}

void tb_conn_drop(struct tb_conn *conn)
{
    if (conn->state == TB_CONN_LOST || conn->close_asked)
        return;
    conn->state = TB_CONN_CLOSING;
    conn->close_asked = true;
    conn->link_ops->close(conn->link, true);
}

void tb_conn_doom(struct tb_conn *conn)
{
    if (conn->state == TB_CONN_LOST || !tb_list_empty(&conn->in_doomed))
        return;
    tb_list_append(&conn->loop->doomed, &conn->in_doomed);
    if (conn->server->inside != conn->loop)
        conn->server->wake_mask |= UINT64_C(1) << conn->loop->index;
}

void tb_conn_authenticated(struct tb_conn *conn)
{
    conn->authenticated = true;
    tb_list_remove(&conn->in_unauthenticated);
}

/* The user is gone: sessions that live on this connection alone end with it (MS-SMB2 3.3.7.1). */
static void end_sessions(struct tb_conn *conn) TB_INSIDE
{
    tb_list_for_each (i, &conn->channels) {
        struct tb_channel *channel = tb_container(i, struct tb_channel, in_conn);
        tb_session_end(channel->session);
        tb_channel_end(channel);
    }
    tb_setup_end_all(conn);
}

void tb_conn_lost(struct tb_conn *conn)
{
    struct tb_server *server = conn->server;
    assert(conn->state != TB_CONN_LOST);
    conn->state = TB_CONN_LOST;
    tb_section_enter(server);
    server->inside = conn->loop;
    end_sessions(conn);
    tb_list_remove(&conn->in_doomed);
    tb_list_remove(&conn->in_resumable);
    tb_list_for_each (i, &conn->deferred) {
        tb_list_remove(i);
        tb_task_ready(tb_container(i, struct tb_task, link));
    }
    tb_conn_settle(conn);
    server->inside = NULL;
    tb_section_leave(server);
}

void tb_conn_settle(struct tb_conn *conn)
{
    if (conn->state != TB_CONN_LOST || conn->chains > 0)
        return;
    assert(tb_list_empty(&conn->requests) && tb_list_empty(&conn->channels));
    assert(tb_list_empty(&conn->setups));
    conn->server->conn_count--;
    tb_credit_clear(&conn->credits);
    tb_list_remove(&conn->in_loop);
    tb_list_remove(&conn->in_unauthenticated);
    free(conn);
}

bool tb_conn_reply_room(struct tb_conn *conn, size_t length, struct tb_task *task)
{
    if (conn->reply_bytes == 0 || conn->state == TB_CONN_LOST ||
        conn->reply_bytes + length <= conn->server->config.connection_budget)
        return true;
    tb_list_append(&conn->deferred, &task->link);
    return false;
}

void tb_conn_reply_begun(struct tb_conn *conn, size_t length)
{
    conn->reply_bytes += length;
}

void tb_conn_reply_done(struct tb_conn *conn, size_t length)
{
    assert(conn->reply_bytes >= length);
    conn->reply_bytes -= length;
    size_t room = conn->server->config.connection_budget;
    if (length == 0 || conn->reply_bytes > room / 2)
        return;
    tb_list_for_each (i, &conn->deferred) {
        tb_list_remove(i);
        tb_task_ready(tb_container(i, struct tb_task, link));
    }
}

uint32_t tb_conn_transact_max(const struct tb_conn *conn)
{
    uint32_t most = conn->server->config.transact_max;
    return conn->large_mtu || most < 65536 ? most : 65536;
}

struct tb_channel *tb_conn_channel(const struct tb_conn *conn, uint64_t session_id)
{
    tb_list_for_each (i, &conn->channels) {
        struct tb_channel *channel = tb_container(i, struct tb_channel, in_conn);
        if (channel->session_id == session_id)
            return channel;
    }
    return NULL;
}
