#include "host/env.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "core/loop.h"
#include "core/nt/time.h"

#define LINE_MAX_BYTES 1024

static _Thread_local struct tb_loop *thread_loop;

static uint64_t monotonic_us(void *env)
{
    (void)env;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static uint64_t wall_filetime(void *env)
{
    (void)env;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return TB_FILETIME_UNIX_EPOCH + (uint64_t)now.tv_sec * TB_FILETIME_PER_SECOND +
           (uint64_t)now.tv_nsec / 100;
}

void tb_host_random(void *bytes, size_t length)
{
    uint8_t *at = bytes;
    while (length) {
        ssize_t got = getrandom(at, length, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            perror("tombolo: getrandom");
            abort();
        }
        at += got;
        length -= (size_t)got;
    }
}

/* Each open file takes a few bytes, some inside the section: a system call for every one of them
 * would cost more than the rest. What was handed out is not kept. */
static void random_bytes(void *env, enum tb_random_purpose purpose, void *bytes, size_t length)
{
    static _Thread_local uint8_t pool[512];
    static _Thread_local size_t left;
    (void)env;
    (void)purpose;
    if (length > sizeof(pool) / 4) {
        tb_host_random(bytes, length);
        return;
    }
    if (left < length) {
        tb_host_random(pool, sizeof(pool));
        left = sizeof(pool);
    }
    left -= length;
    memcpy(bytes, pool + left, length);
    explicit_bzero(pool + left, length);
}

bool tb_host_loop_init(struct tb_host_loop *host)
{
    atomic_init(&host->wanted, false);
    atomic_init(&host->asleep, false);
    host->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return host->wake_fd >= 0;
}

void tb_host_loop_clear(struct tb_host_loop *host)
{
    if (host->wake_fd >= 0)
        close(host->wake_fd);
    host->wake_fd = -1;
}

void tb_host_loop_enter(struct tb_loop *loop)
{
    thread_loop = loop;
}

/* The two flags are written in opposite order by the waker (wanted, then asleep) and by the loop
 * (asleep, then wanted), sequentially consistent: one of them sees the other. */
bool tb_host_loop_may_sleep(struct tb_host_loop *host)
{
    atomic_store(&host->asleep, true);
    return !atomic_load(&host->wanted);
}

bool tb_host_loop_awake(struct tb_host_loop *host)
{
    atomic_store(&host->asleep, false);
    return atomic_load(&host->wanted) && atomic_exchange(&host->wanted, false);
}

void tb_host_loop_wake(struct tb_host_loop *host)
{
    atomic_store(&host->wanted, true);
    if (!atomic_exchange(&host->asleep, false))
        return;
    uint64_t one = 1;
    ssize_t written;
    do
        written = write(host->wake_fd, &one, sizeof(one));
    while (written < 0 && errno == EINTR);
}

static void wake(void *env, struct tb_loop *loop)
{
    (void)env;
    tb_host_loop_wake(tb_loop_host(loop));
}

static struct tb_loop *current_loop(void *env)
{
    (void)env;
    return thread_loop;
}

static void section_enter(void *env)
{
    struct tb_host_env *host = env;
    pthread_mutex_lock(&host->section);
}

static void section_leave(void *env)
{
    struct tb_host_env *host = env;
    pthread_mutex_unlock(&host->section);
}

static size_t time_stamp(char *to, size_t size)
{
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    size_t length = strftime(to, size, "%Y-%m-%dT%H:%M:%S", &parts);
    int more = snprintf(to + length, size - length, ".%03dZ ", (int)(now.tv_nsec / 1000000));
    return length + (size_t)more;
}

/* Lines may hold names that a client chose: what would move a terminal's cursor is replaced. */
static void log_line(void *env, enum tb_log_level level, const char *line)
{
    static const char *const words[] = {"error", "warning", "info", "debug"};
    const struct tb_host_env *host = env;
    if (level > host->log_level)
        return;
    char text[LINE_MAX_BYTES];
    size_t length = time_stamp(text, sizeof(text) - 1);
    int more = snprintf(text + length, sizeof(text) - 1 - length, "%s: %s", words[level], line);
    size_t room = sizeof(text) - 2 - length;
    length += (size_t)more < room ? (size_t)more : room;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            text[i] = '?';
    text[length++] = '\n';
    ssize_t written = write(host->log_fd, text, length);
    (void)written;
}

void tb_host_log(const struct tb_env *env, enum tb_log_level level, const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    env->ops->log(env->data, level, line);
}

static const struct tb_env_ops ops = {
    .monotonic_us = monotonic_us,
    .wall_filetime = wall_filetime,
    .random = random_bytes,
    .wake = wake,
    .current_loop = current_loop,
    .section_enter = section_enter,
    .section_leave = section_leave,
    .log = log_line,
};

void tb_host_env_init(struct tb_host_env *host, enum tb_log_level log_level, struct tb_env *env)
{
    pthread_mutexattr_t adaptive;
    pthread_mutexattr_init(&adaptive);
    /* Held for microseconds: spinning a little is cheaper than the kernel's queue. */
    pthread_mutexattr_settype(&adaptive, PTHREAD_MUTEX_ADAPTIVE_NP);
    pthread_mutex_init(&host->section, &adaptive);
    pthread_mutexattr_destroy(&adaptive);
    host->log_level = log_level;
    host->log_fd = STDERR_FILENO;
    env->ops = &ops;
    env->data = host;
}

void tb_host_env_clear(struct tb_host_env *host)
{
    pthread_mutex_destroy(&host->section);
}
