#include "transport/tcp/tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "core/loop.h"
#include "transport/tcp/internal.h"

struct tb_tcp_limits tb_tcp_limits_default(void)
{
    return (struct tb_tcp_limits){.stall_s = 120, .linger_s = 3};
}

/* Being woken is all that this event is for. */
static void woken(struct tcp_watch *watch, uint32_t events)
{
    (void)watch;
    (void)events;
}

static enum tb_error init_loop(struct tcp_loop *loop, struct tb_tcp *tcp, struct tb_server *server)
{
    loop->tcp = tcp;
    loop->sweep_us = UINT64_MAX;
    loop->wake.ready = woken;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (!tb_host_loop_init(&loop->host) || loop->epoll_fd < 0 ||
        !tb_tcp_watch(loop, loop->host.wake_fd, EPOLLIN | EPOLLET, &loop->wake))
        return TB_TOO_MANY_OPENED_FILES;
    loop->scratch = malloc(TB_TCP_SCRATCH_BYTES);
    loop->loop = tb_loop_create(server, &loop->host);
    return loop->scratch && loop->loop ? TB_OK : TB_NO_MEMORY;
}

static void prepare_loop(struct tcp_loop *loop)
{
    loop->epoll_fd = loop->host.wake_fd = -1;
    tb_list_init(&loop->links);
    tb_list_init(&loop->dirty);
    tb_list_init(&loop->timed);
    tb_list_init(&loop->written);
    tb_list_init(&loop->incoming);
    pthread_mutex_init(&loop->mutex, NULL);
}

static void clear_loop(struct tcp_loop *loop)
{
    tb_host_loop_clear(&loop->host);
    if (loop->epoll_fd >= 0)
        close(loop->epoll_fd);
    pthread_mutex_destroy(&loop->mutex);
    free(loop->scratch);
}

static struct tb_tcp *new_tcp(const struct tb_env *env, unsigned loops,
                              const struct tb_tcp_limits *limits)
{
    struct tb_tcp *tcp = calloc(1, sizeof(*tcp));
    if (!tcp)
        return NULL;
    tcp->env = *env;
    tcp->limits = *limits;
    tcp->accept_us = UINT64_MAX;
    tcp->reserve_fd = -1;
    tcp->loops = calloc(loops, sizeof(*tcp->loops));
    if (!tcp->loops) {
        free(tcp);
        return NULL;
    }
    tcp->loop_count = loops;
    for (unsigned i = 0; i < loops; i++)
        prepare_loop(&tcp->loops[i]);
    return tcp;
}

enum tb_error tb_tcp_create(struct tb_server *server, const struct tb_env *env, unsigned loops,
                            const struct tb_tcp_limits *limits, struct tb_tcp **out)
{
    struct tb_tcp *tcp = new_tcp(env, loops, limits);
    if (!tcp)
        return TB_NO_MEMORY;
    enum tb_error error = TB_OK;
    for (unsigned i = 0; i < loops && !error; i++)
        error = init_loop(&tcp->loops[i], tcp, server);
    tcp->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (!error && tcp->reserve_fd < 0)
        error = TB_TOO_MANY_OPENED_FILES;
    if (error)
        tb_tcp_destroy(tcp);
    else
        *out = tcp;
    return error;
}

size_t tb_tcp_listener_count(const struct tb_tcp *tcp)
{
    return tcp->listener_count;
}

const char *tb_tcp_listener_address(const struct tb_tcp *tcp, size_t index)
{
    return tcp->listeners[index]->address;
}

enum tb_error tb_tcp_start(struct tb_tcp *tcp)
{
    for (unsigned i = 0; i < tcp->loop_count; i++) {
        struct tcp_loop *loop = &tcp->loops[i];
        if (pthread_create(&loop->thread, NULL, tb_tcp_loop_main, loop))
            return TB_INSUFFICIENT_RESOURCES;
        loop->running = true;
    }
    return TB_OK;
}

void tb_tcp_refuse(struct tb_tcp *tcp)
{
    atomic_store(&tcp->refusing, true);
    tb_host_loop_wake(&tcp->loops[0].host);
}

void tb_tcp_stop(struct tb_tcp *tcp)
{
    atomic_store(&tcp->stopping, true);
    for (unsigned i = 0; i < tcp->loop_count; i++)
        tb_host_loop_wake(&tcp->loops[i].host);
    for (unsigned i = 0; i < tcp->loop_count; i++) {
        if (tcp->loops[i].running)
            pthread_join(tcp->loops[i].thread, NULL);
        tcp->loops[i].running = false;
    }
}

void tb_tcp_destroy(struct tb_tcp *tcp)
{
    if (!tcp)
        return;
    tb_tcp_free_listeners(tcp);
    if (tcp->reserve_fd >= 0)
        close(tcp->reserve_fd);
    for (unsigned i = 0; i < tcp->loop_count; i++)
        clear_loop(&tcp->loops[i]);
    free(tcp->loops);
    free(tcp);
}

unsigned tb_tcp_connection_count(const struct tb_tcp *tcp, unsigned loop)
{
    return atomic_load(&tcp->loops[loop].link_count);
}
