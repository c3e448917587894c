#include <errno.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "core/loop.h"
#include "transport/tcp/internal.h"

#define EVENTS_MAX    128
#define ROUNDS_A_TURN 8

bool tb_tcp_watch(struct tcp_loop *loop, int fd, uint32_t events, struct tcp_watch *watch)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};
    return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t next_deadline_us(struct tcp_loop *loop)
{
    uint64_t deadline_us = earlier(tb_loop_deadline_us(loop->loop), loop->sweep_us);
    return loop == loop->tcp->loops ? earlier(deadline_us, loop->tcp->accept_us) : deadline_us;
}

/* In whole milliseconds, for kernels before 5.11. */
static int wait_coarsely(int epoll_fd, struct epoll_event *events, uint64_t left_us)
{
    uint64_t left_ms = left_us / 1000 + (left_us % 1000 != 0);
    int timeout = left_us == UINT64_MAX ? -1 : left_ms < 3600000 ? (int)left_ms : 3600000;
    return epoll_wait(epoll_fd, events, EVENTS_MAX, timeout);
}

static int wait_for_events(int epoll_fd, struct epoll_event *events, uint64_t left_us)
{
    if (left_us == 0 || left_us == UINT64_MAX)
        return wait_coarsely(epoll_fd, events, left_us);
    struct timespec left = {.tv_sec = (time_t)(left_us / 1000000),
                            .tv_nsec = (long)(left_us % 1000000) * 1000};
    int count = epoll_pwait2(epoll_fd, events, EVENTS_MAX, &left, NULL);
    if (count < 0 && (errno == ENOSYS || errno == EPERM))
        return wait_coarsely(epoll_fd, events, left_us);
    return count;
}

static uint64_t time_left_us(struct tcp_loop *loop, uint64_t deadline_us)
{
    if (deadline_us == UINT64_MAX)
        return UINT64_MAX;
    uint64_t now_us = tb_env_monotonic_us(&loop->tcp->env);
    return deadline_us > now_us ? deadline_us - now_us : 0;
}

static void take_incoming(struct tcp_loop *loop)
{
    struct tb_list incoming, *node;
    tb_list_init(&incoming);
    pthread_mutex_lock(&loop->mutex);
    tb_list_splice(&incoming, &loop->incoming);
    pthread_mutex_unlock(&loop->mutex);
    while ((node = tb_list_take(&incoming)))
        tb_tcp_link_adopt(tb_container(node, struct tcp_link, links));
}

static void look_after_time(struct tcp_loop *loop)
{
    struct tb_tcp *tcp = loop->tcp;
    bool first = loop == tcp->loops;
    if (loop->sweep_us == UINT64_MAX && (!first || tcp->accept_us == UINT64_MAX))
        return;
    uint64_t now_us = tb_env_monotonic_us(&tcp->env);
    if (now_us >= loop->sweep_us)
        tb_tcp_links_sweep(loop);
    if (first && now_us >= tcp->accept_us)
        tb_tcp_accept_again(tcp);
}

/* Run the core and settle until neither has news for the other; bounded, as others wait. What
 * arrived is run before the link that brought it may end. */
static void work(struct tcp_loop *loop)
{
    for (int i = 0; i < ROUNDS_A_TURN; i++) {
        bool eventful = loop->eventful;
        loop->eventful = false;
        if (eventful)
            tb_loop_run(loop->loop);
        tb_tcp_links_settle(loop);
        if (!loop->eventful)
            break;
    }
}

static void turn(struct tcp_loop *loop)
{
    struct epoll_event events[EVENTS_MAX];
    uint64_t deadline_us = next_deadline_us(loop);
    bool may_sleep = tb_host_loop_may_sleep(&loop->host) && !loop->eventful;
    int count =
        wait_for_events(loop->epoll_fd, events, may_sleep ? time_left_us(loop, deadline_us) : 0);
    bool woken = tb_host_loop_awake(&loop->host);
    for (int i = 0; i < count; i++) {
        struct tcp_watch *watch = events[i].data.ptr;
        watch->ready(watch, events[i].events);
    }
    if (woken) {
        take_incoming(loop);
        if (loop == loop->tcp->loops && atomic_load(&loop->tcp->refusing))
            tb_tcp_close_listeners(loop->tcp);
    }
    look_after_time(loop);
    loop->eventful |= woken || time_left_us(loop, deadline_us) == 0;
    work(loop);
}

static void end_all_links(struct tcp_loop *loop)
{
    take_incoming(loop);
    tb_list_for_each(i, &loop->links) tb_tcp_link_break(tb_container(i, struct tcp_link, links));
    tb_tcp_links_settle(loop);
    loop->eventful = true;
    work(loop);
}

void *tb_tcp_loop_main(void *argument)
{
    struct tcp_loop *loop = argument;
    tb_host_loop_enter(loop->loop);
    while (!atomic_load(&loop->tcp->stopping))
        turn(loop);
    end_all_links(loop);
    tb_host_loop_enter(NULL);
    return NULL;
}
