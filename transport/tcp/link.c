#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport/tcp/address.h"
#include "transport/tcp/internal.h"

/* Bytes thrown away at the end, so that closing does not reset what the peer has yet to read. */
#define DISCARD_BYTES_MAX ((size_t)256 << 10)

static void set_option(int fd, int level, int option, int value)
{
    setsockopt(fd, level, option, &value, sizeof(value));
}

/* A peer that vanished is found out after 60 + 5 * 10 seconds. */
static void set_options(int fd)
{
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 60);
    set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 10);
    set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 5);
}

void tb_tcp_link_touch(struct tcp_link *link)
{
    if (tb_list_empty(&link->dirty))
        tb_list_append(&link->loop->dirty, &link->dirty);
}

void tb_tcp_link_break(struct tcp_link *link)
{
    link->state = TCP_BROKEN;
    tb_tcp_link_touch(link);
}

void tb_tcp_link_drain(struct tcp_link *link)
{
    if (link->state == TCP_OPEN)
        link->state = TCP_DRAINING;
    link->idle_sweeps = 0;
    tb_tcp_link_moved(link);
    tb_tcp_link_touch(link);
}

void tb_tcp_link_moved(struct tcp_link *link)
{
    struct tcp_loop *loop = link->loop;
    if (!tb_list_empty(&link->timed))
        return;
    if (tb_list_empty(&loop->timed))
        loop->sweep_us = tb_env_monotonic_us(&loop->tcp->env) + TB_TCP_SWEEP_US;
    tb_list_append(&loop->timed, &link->timed);
}

static void link_close(void *self, bool at_once)
{
    if (at_once)
        tb_tcp_link_break(self);
    else
        tb_tcp_link_drain(self);
}

static void link_pause(void *self)
{
    struct tcp_link *link = self;
    link->paused = true;
    tb_tcp_link_touch(link);
}

static void link_resume(void *self)
{
    struct tcp_link *link = self;
    link->paused = false;
    link->idle_sweeps = 0;
    tb_tcp_link_touch(link);
}

static const struct tb_link_ops link_ops = {
    .kind = TB_LINK_TCP,
    .send = tb_tcp_link_send,
    .close = link_close,
    .pause = link_pause,
    .resume = link_resume,
};

static uint32_t events_wanted(const struct tcp_link *link)
{
    uint32_t events = link->blocked ? EPOLLOUT : 0;
    if (link->state == TCP_OPEN && !link->paused)
        events |= EPOLLIN;
    return events;
}

static void ready(struct tcp_watch *watch, uint32_t events)
{
    struct tcp_link *link = tb_container(watch, struct tcp_link, watch);
    if (events & EPOLLOUT) {
        link->blocked = false;
        tb_tcp_link_touch(link);
    }
    if (events_wanted(link) & EPOLLIN && events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        tb_tcp_link_receive(link);
    else if (events & (EPOLLHUP | EPOLLERR))
        tb_tcp_link_break(link);
}

struct tcp_link *tb_tcp_link_new(struct tcp_loop *loop, int fd)
{
    struct tcp_link *link = calloc(1, sizeof(*link));
    if (!link)
        return NULL;
    link->watch.ready = ready;
    link->loop = loop;
    link->fd = fd;
    tb_list_init(&link->links);
    tb_list_init(&link->dirty);
    tb_list_init(&link->timed);
    tb_list_init(&link->outgoing);
    atomic_fetch_add(&loop->link_count, 1);
    return link;
}

static void link_free(struct tcp_link *link)
{
    assert(tb_list_empty(&link->outgoing) && !link->message);
    tb_list_remove(&link->links);
    tb_list_remove(&link->dirty);
    tb_list_remove(&link->timed);
    close(link->fd);
    atomic_fetch_sub(&link->loop->link_count, 1);
    free(link);
}

static bool adopt(struct tcp_link *link)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof(address);
    struct tb_peer peer;
    if (getpeername(link->fd, (struct sockaddr *)&address, &length) < 0)
        return false;
    tb_tcp_address_format(&address, peer.address, sizeof(peer.address));
    set_options(link->fd);
    link->events = EPOLLIN;
    if (!tb_tcp_watch(link->loop, link->fd, link->events, &link->watch))
        return false;
    link->conn = tb_conn_create(link->loop->loop, &link_ops, link, &peer);
    return link->conn != NULL;
}

void tb_tcp_link_adopt(struct tcp_link *link)
{
    if (adopt(link))
        tb_list_append(&link->loop->links, &link->links);
    else
        link_free(link);
}

static void answer_written(struct tcp_loop *loop)
{
    struct tb_list *node;
    loop->eventful |= !tb_list_empty(&loop->written);
    while ((node = tb_list_take(&loop->written))) {
        struct tb_outgoing *message = tb_container(node, struct tb_outgoing, queued);
        message->sent(message, true);
    }
}

static void answer_unsent(struct tcp_link *link)
{
    struct tb_list *node;
    while ((node = tb_list_take(&link->outgoing))) {
        struct tb_outgoing *message = tb_container(node, struct tb_outgoing, queued);
        message->sent(message, false);
    }
    link->outgoing_bytes = 0;
}

/* Nobody waits for what is thrown away here. */
static void finish_stream(const struct tcp_link *link)
{
    size_t left = DISCARD_BYTES_MAX;
    ssize_t got = 1;
    shutdown(link->fd, SHUT_WR);
    while (left && got > 0) {
        got = recv(link->fd, link->loop->scratch, TB_TCP_SCRATCH_BYTES, MSG_DONTWAIT);
        left -= got > 0 && (size_t)got < left ? (size_t)got : left;
    }
}

static void end(struct tcp_link *link, bool orderly)
{
    if (orderly)
        finish_stream(link);
    link->state = TCP_BROKEN;
    answer_written(link->loop);
    answer_unsent(link);
    tb_payload_release(link->message);
    link->message = NULL;
    tb_conn_lost(link->conn);
    link->loop->eventful = true;
    link->conn = NULL;
    answer_unsent(link);
    link_free(link);
}

static void settle(struct tcp_link *link)
{
    if (link->state != TCP_BROKEN && !tb_list_empty(&link->outgoing))
        tb_tcp_link_write(link);
    if (link->state == TCP_BROKEN) {
        end(link, false);
        return;
    }
    if (link->state == TCP_DRAINING && tb_list_empty(&link->outgoing)) {
        end(link, true);
        return;
    }
    uint32_t events = events_wanted(link);
    if (events == link->events)
        return;
    struct epoll_event event = {.events = events, .data.ptr = &link->watch};
    link->events = events;
    if (epoll_ctl(link->loop->epoll_fd, EPOLL_CTL_MOD, link->fd, &event) < 0)
        end(link, false);
}

void tb_tcp_links_settle(struct tcp_loop *loop)
{
    while (!tb_list_empty(&loop->dirty) || !tb_list_empty(&loop->written)) {
        struct tb_list *node = tb_list_take(&loop->dirty);
        if (node)
            settle(tb_container(node, struct tcp_link, dirty));
        else
            answer_written(loop);
    }
}

static bool could_stall(const struct tcp_link *link)
{
    bool half_received = link->message || link->header_length || link->skip;
    return link->blocked || link->state != TCP_OPEN || (half_received && !link->paused);
}

void tb_tcp_links_sweep(struct tcp_loop *loop)
{
    const struct tb_tcp_limits *limits = &loop->tcp->limits;
    tb_list_for_each(i, &loop->timed)
    {
        struct tcp_link *link = tb_container(i, struct tcp_link, timed);
        unsigned limit = link->state == TCP_OPEN ? limits->stall_s : limits->linger_s;
        if (!could_stall(link))
            tb_list_remove(&link->timed);
        else if (link->idle_sweeps++ >= limit)
            tb_tcp_link_break(link);
    }
    loop->sweep_us = tb_list_empty(&loop->timed)
                         ? UINT64_MAX
                         : tb_env_monotonic_us(&loop->tcp->env) + TB_TCP_SWEEP_US;
}
