#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/errno.h"
#include "transport/tcp/address.h"
#include "transport/tcp/internal.h"

#define ACCEPTS_A_TURN    64
#define ACCEPT_RETRY_US   UINT64_C(100000)
#define COMPLAIN_AGAIN_US UINT64_C(10000000)

static struct tcp_loop *loop_with_fewest(struct tb_tcp *tcp)
{
    struct tcp_loop *best = &tcp->loops[0];
    for (unsigned i = 1; i < tcp->loop_count; i++)
        if (atomic_load(&tcp->loops[i].link_count) < atomic_load(&best->link_count))
            best = &tcp->loops[i];
    return best;
}

static void hand_over(struct tb_tcp *tcp, int fd)
{
    struct tcp_loop *loop = loop_with_fewest(tcp);
    struct tcp_link *link = tb_tcp_link_new(loop, fd);
    if (!link) {
        close(fd);
        return;
    }
    if (loop == tcp->loops) {
        tb_tcp_link_adopt(link);
        return;
    }
    pthread_mutex_lock(&loop->mutex);
    tb_list_append(&loop->incoming, &link->links);
    pthread_mutex_unlock(&loop->mutex);
    tb_host_loop_wake(&loop->host);
}

static void complain(struct tb_tcp *tcp, int number)
{
    uint64_t now_us = tb_env_monotonic_us(&tcp->env);
    if (now_us < tcp->complain_us)
        return;
    tcp->complain_us = now_us + COMPLAIN_AGAIN_US;
    tb_host_log(&tcp->env, TB_LOG_ERROR, "clients are turned away: %s%s", strerror(number),
                number == EMFILE ? " (raise the limit with: ulimit -n)" : "");
}

static void watch_listeners(struct tb_tcp *tcp, uint32_t events)
{
    for (size_t i = 0; i < tcp->listener_count; i++) {
        struct tcp_listener *listener = tcp->listeners[i];
        struct epoll_event event = {.events = events, .data.ptr = &listener->watch};
        epoll_ctl(tcp->loops[0].epoll_fd, EPOLL_CTL_MOD, listener->fd, &event);
    }
}

/* A client that is not accepted would wait in the queue and have epoll report it for ever. Take it
 * with the reserved descriptor, and let it go. */
static void turn_away(struct tcp_listener *listener, int number)
{
    struct tb_tcp *tcp = listener->tcp;
    complain(tcp, number);
    if (tcp->reserve_fd >= 0) {
        close(tcp->reserve_fd);
        int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            close(fd);
        tcp->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (fd >= 0 && tcp->reserve_fd >= 0)
            return;
    }
    watch_listeners(tcp, 0);
    tcp->accept_us = tb_env_monotonic_us(&tcp->env) + ACCEPT_RETRY_US;
}

void tb_tcp_accept_again(struct tb_tcp *tcp)
{
    tcp->accept_us = UINT64_MAX;
    if (tcp->listeners_closed)
        return;
    if (tcp->reserve_fd < 0)
        tcp->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    watch_listeners(tcp, EPOLLIN);
}

static void ready(struct tcp_watch *watch, uint32_t events)
{
    (void)events;
    struct tcp_listener *listener = tb_container(watch, struct tcp_listener, watch);
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            hand_over(listener->tcp, fd);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            turn_away(listener, errno);
        /* Everything else is about one client that is gone already. */
        if (errno == EAGAIN || listener->tcp->accept_us != UINT64_MAX)
            return;
    }
}

void tb_tcp_close_listeners(struct tb_tcp *tcp)
{
    if (tcp->listeners_closed)
        return;
    tcp->listeners_closed = true;
    for (size_t i = 0; i < tcp->listener_count; i++) {
        close(tcp->listeners[i]->fd);
        tcp->listeners[i]->fd = -1;
    }
}

void tb_tcp_free_listeners(struct tb_tcp *tcp)
{
    for (size_t i = 0; i < tcp->listener_count; i++) {
        if (tcp->listeners[i]->fd >= 0)
            close(tcp->listeners[i]->fd);
        free(tcp->listeners[i]);
    }
    free(tcp->listeners);
}

static int open_socket(const struct addrinfo *info)
{
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (info->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
    if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    int number = errno;
    close(fd);
    errno = number;
    return -1;
}

static bool add_listener(struct tb_tcp *tcp, int fd)
{
    struct tcp_listener **listeners =
        realloc(tcp->listeners, (tcp->listener_count + 1) * sizeof(*listeners));
    struct tcp_listener *listener = calloc(1, sizeof(*listener));
    if (listeners)
        tcp->listeners = listeners;
    if (!listeners || !listener || !tb_tcp_watch(&tcp->loops[0], fd, EPOLLIN, &listener->watch)) {
        free(listener);
        close(fd);
        return false;
    }
    struct sockaddr_storage address;
    socklen_t length = sizeof(address);
    getsockname(fd, (struct sockaddr *)&address, &length);
    tb_tcp_address_format(&address, listener->address, sizeof(listener->address));
    listener->watch.ready = ready;
    listener->tcp = tcp;
    listener->fd = fd;
    tcp->listeners[tcp->listener_count++] = listener;
    return true;
}

static const char *remedy(int number)
{
    switch (number) {
    case EADDRINUSE:
        return "; another program listens there: stop it, or choose another port with "
               "--listen ADDR:PORT (port 0 takes any free one)";
    case EACCES:
        return "; ports below 1024 are for root or who has CAP_NET_BIND_SERVICE: choose another "
               "port with --listen ADDR:PORT";
    case EADDRNOTAVAIL:
        return "; this machine does not have that address: see \"ip address\", or use *:PORT for "
               "all that it has";
    default:
        return "";
    }
}

/* A name may have addresses of a family that this machine does not have: one is enough. */
static enum tb_error listen_on(struct tb_tcp *tcp, const struct addrinfo *info, const char *text,
                               char *message, size_t size)
{
    int number = 0, good = 0;
    for (; info; info = info->ai_next) {
        int fd = open_socket(info);
        if (fd >= 0 && !add_listener(tcp, fd)) {
            snprintf(message, size, "cannot listen on %s: out of memory", text);
            return TB_NO_MEMORY;
        }
        if (fd >= 0)
            good++;
        else if (errno != EAFNOSUPPORT && (errno != EADDRNOTAVAIL || !number))
            number = errno;
    }
    if (good && (!number || number == EADDRNOTAVAIL))
        return TB_OK;
    snprintf(message, size, "cannot listen on %s: %s%s", text, strerror(number), remedy(number));
    return number ? tb_error_from_errno(number) : TB_NOT_SUPPORTED;
}

enum tb_error tb_tcp_listen(struct tb_tcp *tcp, const char *text, char *message, size_t size)
{
    char host[256], port[8];
    if (!tb_tcp_address_split(text, host, sizeof(host), port, sizeof(port))) {
        snprintf(message, size,
                 "\"%s\" is no address to listen on: write ADDR:PORT, as in 127.0.0.1:4445, "
                 "[::1]:4445 or *:445",
                 text);
        return TB_INVALID_PARAMETER;
    }
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                   .ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    bool all = !*host || strcmp(host, "*") == 0;
    struct addrinfo *found;
    int result = getaddrinfo(all ? NULL : host, port, &hints, &found);
    if (result) {
        snprintf(message, size, "cannot listen on %s: %s: %s", text, host, gai_strerror(result));
        return TB_NOT_FOUND;
    }
    enum tb_error error = listen_on(tcp, found, text, message, size);
    freeaddrinfo(found);
    return error;
}
