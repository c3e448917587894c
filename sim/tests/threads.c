#include "sim/tests/threads.h"

#include "core/conn.h"
#include "core/loop.h"
#include "exporters/memory/memory.h"
#include "sim/client.h"
#include "sim/tests/threads_exporter.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOOPS_MAX 8

enum kind { CONNECT, MESSAGE, DISCONNECT, READ_ON, READ_OFF, RELEASE, ENDED, GONE };

/* Something for a loop, or for the clients' thread. */
struct letter {
    struct tb_list place;
    enum kind kind;
    struct link *link;
    size_t length;
    uint8_t data[];
};

struct mailbox {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct tb_list letters;
    bool woken, ends;
};

struct host {
    struct tb_sim_threads *threads;
    struct tb_loop *loop;
    struct mailbox mailbox;
    struct tb_list closing; /* links that the server wants closed */
    pthread_t thread;
};

/* The loop's thread owns all but what is said. RELEASE is the last letter to the loop, GONE its
 * answer and the last one to the clients' thread, which then frees the link. */
struct link {
    struct host *host;
    struct tb_conn *conn;
    struct tb_list outgoing, in_closing;
    bool reading, ended;
    struct tb_sim_client *client; /* the clients' thread; NULL when released */
};

struct tb_sim_threads {
    struct tb_server *server;
    struct host hosts[LOOPS_MAX];
    unsigned loops;
    struct mailbox inbox; /* of the clients' thread */
    struct tb_sim_answerer answerer;
    pthread_mutex_t section, entropy_mutex;
    struct tb_sim_random entropy;
    struct tb_sim_driver driver;
};

static _Thread_local struct host *current;

static void mailbox_init(struct mailbox *mailbox)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&mailbox->mutex, NULL);
    pthread_cond_init(&mailbox->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    tb_list_init(&mailbox->letters);
}

static void mailbox_clear(struct mailbox *mailbox)
{
    for (struct tb_list *i; (i = tb_list_take(&mailbox->letters));)
        free(tb_container(i, struct letter, place));
    pthread_cond_destroy(&mailbox->changed);
    pthread_mutex_destroy(&mailbox->mutex);
}

static struct letter *letter_new(enum kind kind, struct link *link, size_t length)
{
    struct letter *letter = malloc(sizeof(*letter) + length);
    if (!letter)
        abort();
    letter->kind = kind;
    letter->link = link;
    letter->length = length;
    tb_list_init(&letter->place);
    return letter;
}

static void post(struct mailbox *mailbox, struct letter *letter)
{
    pthread_mutex_lock(&mailbox->mutex);
    tb_list_append(&mailbox->letters, &letter->place);
    pthread_cond_signal(&mailbox->changed);
    pthread_mutex_unlock(&mailbox->mutex);
}

static uint64_t clock_us(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Until something is there, `until_us` or the end. */
static void wait_for_letters(struct mailbox *mailbox, uint64_t until_us)
{
    struct timespec t = {(time_t)(until_us / 1000000), (long)(until_us % 1000000) * 1000};
    while (tb_list_empty(&mailbox->letters) && !mailbox->woken && !mailbox->ends &&
           clock_us(CLOCK_MONOTONIC) < until_us)
        pthread_cond_timedwait(&mailbox->changed, &mailbox->mutex, &t);
}

/* env.h */

static uint64_t monotonic_us(void *env)
{
    (void)env;
    return clock_us(CLOCK_MONOTONIC);
}

static uint64_t wall_filetime(void *env)
{
    (void)env;
    return clock_us(CLOCK_REALTIME) * 10 + UINT64_C(116444736000000000);
}

static void random_bytes(void *env, enum tb_random_purpose purpose, void *bytes, size_t length)
{
    struct tb_sim_threads *threads = env;
    (void)purpose;
    pthread_mutex_lock(&threads->entropy_mutex);
    tb_sim_random_bytes(&threads->entropy, bytes, length);
    pthread_mutex_unlock(&threads->entropy_mutex);
}

static void wake(void *env, struct tb_loop *loop)
{
    struct mailbox *mailbox = &((struct host *)tb_loop_host(loop))->mailbox;
    (void)env;
    pthread_mutex_lock(&mailbox->mutex);
    mailbox->woken = true;
    pthread_cond_signal(&mailbox->changed);
    pthread_mutex_unlock(&mailbox->mutex);
}

static struct tb_loop *current_loop(void *env)
{
    (void)env;
    return current ? current->loop : NULL;
}

static void section_enter(void *env)
{
    pthread_mutex_lock(&((struct tb_sim_threads *)env)->section);
}

static void section_leave(void *env)
{
    pthread_mutex_unlock(&((struct tb_sim_threads *)env)->section);
}

static void log_line(void *env, enum tb_log_level level, const char *line)
{
    (void)env;
    (void)level;
    (void)line;
}

static const struct tb_env_ops env_ops = {
    .monotonic_us = monotonic_us,
    .wall_filetime = wall_filetime,
    .random = random_bytes,
    .wake = wake,
    .current_loop = current_loop,
    .section_enter = section_enter,
    .section_leave = section_leave,
    .log = log_line,
};

/* link.h */

static void deliver(struct link *link, struct tb_outgoing *message)
{
    struct letter *letter = letter_new(MESSAGE, link, message->length);
    size_t at = 0;
    for (size_t i = 0; i < message->segment_count; i++) {
        if (message->segments[i].length)
            memcpy(letter->data + at, message->segments[i].data, message->segments[i].length);
        at += message->segments[i].length;
    }
    post(&link->host->threads->inbox, letter);
    message->sent(message, true);
}

static void link_send(void *data, struct tb_outgoing *message)
{
    struct link *link = data;
    if (link->reading && tb_list_empty(&link->outgoing))
        deliver(link, message);
    else
        tb_list_append(&link->outgoing, &message->queued);
}

static void link_close(void *data, bool at_once)
{
    struct link *link = data;
    (void)at_once;
    tb_list_remove(&link->in_closing);
    tb_list_append(&link->host->closing, &link->in_closing);
}

static void link_pause(void *data)
{
    (void)data;
}

static const struct tb_link_ops link_ops = {
    .kind = TB_LINK_SIMULATED,
    .send = link_send,
    .close = link_close,
    .pause = link_pause,
    .resume = link_pause,
};

static void flush(struct link *link)
{
    for (struct tb_list *i; link->reading && (i = tb_list_take(&link->outgoing));)
        deliver(link, tb_container(i, struct tb_outgoing, queued));
}

static void end(struct link *link)
{
    if (link->ended)
        return;
    link->ended = true;
    tb_list_remove(&link->in_closing);
    for (struct tb_list *i; (i = tb_list_take(&link->outgoing));) {
        struct tb_outgoing *message = tb_container(i, struct tb_outgoing, queued);
        message->sent(message, false);
    }
    if (link->conn)
        tb_conn_lost(link->conn);
    post(&link->host->threads->inbox, letter_new(ENDED, link, 0));
}

static void receive(struct link *link, const struct letter *letter)
{
    if (link->ended || !link->conn)
        return;
    struct tb_payload *payload = tb_conn_admits(link->conn, letter->length)
                                     ? tb_payload_get(link->host->loop, letter->length)
                                     : NULL;
    if (!payload) {
        end(link);
        return;
    }
    memcpy(payload->data, letter->data, letter->length);
    payload->length = letter->length;
    tb_conn_receive(link->conn, payload);
}

static void open_letter(struct letter *letter)
{
    struct link *link = letter->link;
    static const struct tb_peer peer = {"192.0.2.1:1"};
    switch (letter->kind) {
    case CONNECT:
        link->conn = tb_conn_create(link->host->loop, &link_ops, link, &peer);
        if (!link->conn)
            end(link);
        break;
    case MESSAGE:
        receive(link, letter);
        break;
    case DISCONNECT:
        end(link);
        break;
    case RELEASE:
        end(link);
        post(&link->host->threads->inbox, letter_new(GONE, link, 0));
        break;
    default:
        link->reading = letter->kind == READ_ON;
        flush(link);
        break;
    }
    free(letter);
}

/* Whether it goes on. */
static bool collect(struct host *host, struct tb_list *letters)
{
    struct mailbox *mailbox = &host->mailbox;
    uint64_t deadline_us = tb_loop_deadline_us(host->loop), now_us = clock_us(CLOCK_MONOTONIC);
    uint64_t wait_us = deadline_us > now_us ? deadline_us - now_us : 0;
    wait_us = wait_us < 100000 ? wait_us : 100000;
    pthread_mutex_lock(&mailbox->mutex);
    wait_for_letters(mailbox, now_us + wait_us);
    tb_list_splice(letters, &mailbox->letters);
    mailbox->woken = false;
    bool goes_on = !mailbox->ends;
    pthread_mutex_unlock(&mailbox->mutex);
    return goes_on;
}

static void *run_loop(void *data)
{
    struct host *host = data;
    struct tb_list letters;
    bool goes_on;
    current = host;
    tb_list_init(&letters);
    do {
        goes_on = collect(host, &letters);
        for (struct tb_list *i; (i = tb_list_take(&letters));)
            open_letter(tb_container(i, struct letter, place));
        tb_loop_run(host->loop);
        bool closed = !tb_list_empty(&host->closing);
        for (struct tb_list *i; (i = tb_list_take(&host->closing));)
            end(tb_container(i, struct link, in_closing));
        if (closed)
            tb_loop_run(host->loop);
    } while (goes_on);
    return NULL;
}

/* The clients' thread */

static void port_transmit(void *port, struct tb_span message)
{
    struct link *link = port;
    struct letter *letter = letter_new(MESSAGE, link, message.length);
    memcpy(letter->data, message.data, message.length);
    post(&link->host->mailbox, letter);
}

static void port_disconnect(void *port)
{
    struct link *link = port;
    post(&link->host->mailbox, letter_new(DISCONNECT, link, 0));
}

static void port_set_reading(void *port, bool reading)
{
    struct link *link = port;
    post(&link->host->mailbox, letter_new(reading ? READ_ON : READ_OFF, link, 0));
}

static void port_release(void *port)
{
    struct link *link = port;
    link->client = NULL;
    post(&link->host->mailbox, letter_new(RELEASE, link, 0));
}

static const struct tb_sim_port_ops port_ops = {
    .transmit = port_transmit,
    .disconnect = port_disconnect,
    .set_reading = port_set_reading,
    .release = port_release,
};

static struct tb_sim_port driver_connect(void *driver, struct tb_sim_client *client, unsigned loop)
{
    struct tb_sim_threads *threads = driver;
    struct link *link = calloc(1, sizeof(*link));
    if (!link)
        abort();
    link->host = &threads->hosts[loop % threads->loops];
    link->client = client;
    link->reading = true;
    tb_list_init(&link->outgoing);
    tb_list_init(&link->in_closing);
    post(&link->host->mailbox, letter_new(CONNECT, link, 0));
    return (struct tb_sim_port){&port_ops, link};
}

static void take_in(struct letter *letter)
{
    struct link *link = letter->link;
    if (letter->kind == GONE)
        free(link);
    else if (link->client && letter->kind == MESSAGE)
        tb_sim_client_receive(link->client, tb_span(letter->data, letter->length));
    else if (link->client)
        tb_sim_client_ended(link->client);
    free(letter);
}

static bool driver_step(void *driver)
{
    struct mailbox *inbox = &((struct tb_sim_threads *)driver)->inbox;
    pthread_mutex_lock(&inbox->mutex);
    wait_for_letters(inbox, clock_us(CLOCK_MONOTONIC) + 500);
    struct tb_list *node = tb_list_take(&inbox->letters);
    pthread_mutex_unlock(&inbox->mutex);
    if (node)
        take_in(tb_container(node, struct letter, place));
    return true;
}

static uint64_t driver_filetime(void *driver)
{
    return wall_filetime(driver);
}

static const struct tb_sim_driver_ops driver_ops = {
    .connect = driver_connect,
    .step = driver_step,
    .filetime = driver_filetime,
};

struct tb_sim_driver *tb_sim_threads_driver(struct tb_sim_threads *threads)
{
    return &threads->driver;
}

static void create_server(struct tb_sim_threads *threads, const struct tb_env *env)
{
    struct tb_server_config config;
    struct tb_exporter *memory;
    struct tb_auth auth = {&tb_sim_answerer_auth, &threads->answerer};
    char message[200];
    tb_server_config_default(&config);
    config.loops = threads->loops;
    tb_sim_require_ok(tb_server_create(&config, env, &auth, &threads->server));
    tb_sim_require_ok(tb_exporter_start(&tb_memory_exporter, "", NULL, env, &memory, message,
                                        sizeof(message)));
    struct tb_share_config share = {
        .name = "share", .exporter = tb_sim_answerer_exporter(&threads->answerer, memory)};
    tb_sim_require_ok(tb_server_add_share(threads->server, &share));
}

struct tb_sim_threads *tb_sim_threads_start(unsigned loops, uint64_t seed)
{
    struct tb_sim_threads *threads = calloc(1, sizeof(*threads));
    if (!threads || loops > LOOPS_MAX)
        abort();
    struct tb_env env = {&env_ops, threads};
    threads->loops = loops;
    threads->driver = (struct tb_sim_driver){.ops = &driver_ops, .driver = threads};
    tb_sim_random_seed(&threads->driver.random, seed, 2);
    tb_sim_random_seed(&threads->entropy, seed, 100);
    pthread_mutex_init(&threads->section, NULL);
    pthread_mutex_init(&threads->entropy_mutex, NULL);
    mailbox_init(&threads->inbox);
    tb_sim_answerer_start(&threads->answerer);
    create_server(threads, &env);
    for (unsigned i = 0; i < loops; i++) {
        struct host *host = &threads->hosts[i];
        host->threads = threads;
        mailbox_init(&host->mailbox);
        tb_list_init(&host->closing);
        host->loop = tb_loop_create(threads->server, host);
        tb_sim_require(host->loop);
    }
    for (unsigned i = 0; i < loops; i++)
        tb_sim_require(pthread_create(&threads->hosts[i].thread, NULL, run_loop,
                                      &threads->hosts[i]) == 0);
    return threads;
}

static void end_loops(struct tb_sim_threads *threads)
{
    for (unsigned i = 0; i < threads->loops; i++) {
        struct mailbox *mailbox = &threads->hosts[i].mailbox;
        pthread_mutex_lock(&mailbox->mutex);
        mailbox->ends = true;
        pthread_cond_signal(&mailbox->changed);
        pthread_mutex_unlock(&mailbox->mutex);
    }
    for (unsigned i = 0; i < threads->loops; i++) {
        pthread_join(threads->hosts[i].thread, NULL);
        mailbox_clear(&threads->hosts[i].mailbox);
    }
}

void tb_sim_threads_stop(struct tb_sim_threads *threads)
{
    uint64_t end_us = clock_us(CLOCK_MONOTONIC) + 60000000;
    struct tb_server_counts counts;
    tb_server_stop(threads->server);
    while (!tb_server_stopped(threads->server)) {
        driver_step(threads);
        tb_sim_require(clock_us(CLOCK_MONOTONIC) < end_us);
    }
    end_loops(threads);
    while (!tb_list_empty(&threads->inbox.letters))
        driver_step(threads);
    tb_sim_answerer_stop(&threads->answerer);
    tb_server_count(threads->server, &counts);
    tb_sim_require(counts.connections == 0 && counts.sessions == 0 && counts.opens == 0 &&
                   counts.nodes == 0 && counts.locks == 0 && counts.payload_bytes == 0);
    tb_server_destroy(threads->server);
    mailbox_clear(&threads->inbox);
    pthread_mutex_destroy(&threads->section);
    pthread_mutex_destroy(&threads->entropy_mutex);
    free(threads);
}
