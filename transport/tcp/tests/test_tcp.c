#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/bytes.h"
#include "host/env.h"
#include "transport/tcp/address.h"
#include "transport/tcp/tcp.h"
#include "transport/tcp/tests/fake_core.h"

static struct tb_host_env host;
static struct tb_env env;
static struct tb_tcp *tcp;
static char message[512];

static void start(unsigned loops, struct tb_tcp_limits limits)
{
    memset(&fake_counts, 0, sizeof(fake_counts));
    atomic_store(&fake_refuses_conns, false);
    atomic_store(&fake_refuses_payloads, false);
    tb_host_env_init(&host, TB_LOG_ERROR, &env);
    fake_core_set_env(&env);
    ck_assert_int_eq(tb_tcp_create(NULL, &env, loops, &limits, &tcp), TB_OK);
    ck_assert_int_eq(tb_tcp_listen(tcp, "127.0.0.1:0", message, sizeof(message)), TB_OK);
    ck_assert_int_eq(tb_tcp_start(tcp), TB_OK);
}

static void set_up(void)
{
    start(2, tb_tcp_limits_default());
}

static void set_up_impatient(void)
{
    start(1, (struct tb_tcp_limits){.stall_s = 1, .linger_s = 1});
}

/* Whatever a test did: every connection was lost, every answer and every buffer accounted for. */
static void tear_down(void)
{
    tb_tcp_refuse(tcp);
    tb_tcp_stop(tcp);
    fake_core_free_loops();
    tb_tcp_destroy(tcp);
    tb_host_env_clear(&host);
    ck_assert_uint_eq(atomic_load(&fake_counts.conns), atomic_load(&fake_counts.lost));
    ck_assert_uint_eq(atomic_load(&fake_counts.payloads), 0);
}

static int dial_address(const char *address)
{
    char name[64], port[8];
    ck_assert(tb_tcp_address_split(address, name, sizeof(name), port, sizeof(port)));
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)atoi(port))};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    bool six = strchr(name, ':') != NULL;
    int fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(inet_pton(six ? AF_INET6 : AF_INET, name,
                               six ? (void *)&in6.sin6_addr : (void *)&in.sin_addr),
                     1);
    ck_assert_int_eq(connect(fd, six ? (void *)&in6 : (void *)&in, six ? sizeof(in6) : sizeof(in)),
                     0);
    struct timeval limit = {.tv_sec = 60};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    return fd;
}

static int dial(void)
{
    return dial_address(tb_tcp_listener_address(tcp, 0));
}

static void put(int fd, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    while (length) {
        ssize_t written = send(fd, at, length, MSG_NOSIGNAL);
        ck_assert_int_gt(written, 0);
        at += written;
        length -= (size_t)written;
    }
}

/* Bytes that came before the end of the stream, at most `length`; a reset counts as an end. */
static size_t get(int fd, void *bytes, size_t length)
{
    size_t at = 0;
    while (at < length) {
        ssize_t got = recv(fd, (uint8_t *)bytes + at, length - at, 0);
        ck_assert_msg(got >= 0 || errno == ECONNRESET, "recv: %s", strerror(errno));
        if (got <= 0)
            break;
        at += (size_t)got;
    }
    return at;
}

static size_t frame(uint8_t *to, uint8_t type, uint8_t command, size_t length)
{
    to[0] = type;
    to[1] = (uint8_t)(length >> 16);
    to[2] = (uint8_t)(length >> 8);
    to[3] = (uint8_t)length;
    for (size_t i = 0; i < length; i++)
        to[4 + i] = i ? (uint8_t)(i * 31 + length) : command;
    return 4 + length;
}

static void expect_bytes(int fd, const uint8_t *bytes, size_t length)
{
    uint8_t *got = malloc(length);
    ck_assert_uint_eq(get(fd, got, length), length);
    ck_assert_mem_eq(got, bytes, length);
    free(got);
}

static void expect_end(int fd)
{
    uint8_t byte;
    ck_assert_uint_eq(get(fd, &byte, 1), 0);
    close(fd);
}

static void echo(int fd, size_t length)
{
    uint8_t *bytes = malloc(4 + length);
    frame(bytes, 0, FAKE_ECHO, length);
    put(fd, bytes, 4 + length);
    expect_bytes(fd, bytes, 4 + length);
    free(bytes);
}

static void pause_ms(long ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static void wait_for(const atomic_uint *count, unsigned least)
{
    for (int i = 0; i < 2000 && atomic_load(count) < least; i++)
        pause_ms(10);
    ck_assert_uint_ge(atomic_load(count), least);
}

START_TEST(test_lengths)
{
    static const size_t lengths[] = {1,     2,     3,     100,    700,     16379,   16380,   16381,
                                     16384, 32768, 65535, 100000, 1 << 20, 3000001, 8 << 20, 5};
    int fd = dial();
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
        echo(fd, lengths[i]);
    close(fd);
}
END_TEST

START_TEST(test_one_byte_at_a_time)
{
    uint8_t bytes[64];
    size_t length = frame(bytes, 0, FAKE_ECHO, 20);
    length += frame(bytes + length, 0x85, 0, 0);
    length += frame(bytes + length, 0, FAKE_ECHO, 1);
    int fd = dial();
    for (size_t i = 0; i < length; i++) {
        put(fd, bytes + i, 1);
        pause_ms(2);
    }
    expect_bytes(fd, bytes, 24);
    expect_bytes(fd, bytes + 28, 5);
    close(fd);
}
END_TEST

START_TEST(test_every_split)
{
    uint8_t bytes[2 * (4 + 9)];
    size_t length = frame(bytes, 0, FAKE_ECHO, 9);
    length += frame(bytes + length, 0, FAKE_ECHO, 9);
    int fd = dial();
    for (size_t split = 1; split < length; split++) {
        put(fd, bytes, split);
        pause_ms(1);
        put(fd, bytes + split, length - split);
        expect_bytes(fd, bytes, length);
    }
    close(fd);
}
END_TEST

/* All are there before any is answered; they are answered in their order. */
START_TEST(test_many_in_one_segment)
{
    enum { COUNT = 3000, LENGTH = 40 };
    uint8_t *bytes = malloc(COUNT * (4 + LENGTH));
    size_t length = 0;
    for (unsigned i = 0; i < COUNT; i++) {
        frame(bytes + length, 0, FAKE_ECHO, LENGTH);
        tb_store_u32(bytes + length + 8, i);
        length += 4 + LENGTH;
    }
    int fd = dial();
    put(fd, bytes, length);
    expect_bytes(fd, bytes, length);
    ck_assert_uint_lt(atomic_load(&fake_counts.runs), COUNT / 4);
    free(bytes);
    close(fd);
}
END_TEST

START_TEST(test_large_among_small)
{
    enum { LARGE = 100000 };
    uint8_t *bytes = malloc(20 * (LARGE + 54));
    size_t length = 0;
    for (int i = 0; i < 20; i++) {
        length += frame(bytes + length, 0, FAKE_ECHO, (size_t)(LARGE - i * 1234));
        length += frame(bytes + length, 0, FAKE_ECHO, (size_t)(i + 1));
    }
    int fd = dial();
    put(fd, bytes, length);
    expect_bytes(fd, bytes, length);
    free(bytes);
    close(fd);
}
END_TEST

static const uint8_t refused[][8] = {
    {0x00, 0x00, 0x00, 0x00},       /* an empty message */
    {0x00, 0xff, 0xff, 0xff},       /* longer than admitted */
    {0x00, 0x80, 0x00, 0x01},       /* by one byte */
    {0x85, 0x00, 0x00, 0x01},       /* a keepalive with a body */
    {0x81, 0x00, 0xff, 0xff},       /* an absurd session request */
    {0x82, 0x00, 0x00, 0x00},       /* what only servers send */
    {'G', 'E', 'T', ' ', '/'},      /* another protocol */
    {0x16, 0x03, 0x01, 0x02, 0x00}, /* and another */
};

START_TEST(test_refused)
{
    int fd = dial();
    echo(fd, 10);
    put(fd, refused[_i], sizeof(refused[_i]));
    expect_end(fd);
    fd = dial();
    put(fd, refused[_i], 4);
    expect_end(fd);
}
END_TEST

START_TEST(test_session_request)
{
    uint8_t bytes[200];
    size_t length = frame(bytes, 0x81, 0x20, 68);
    int fd = dial();
    put(fd, bytes, length);
    expect_bytes(fd, (const uint8_t[]){0x82, 0, 0, 0}, 4);
    echo(fd, 50);
    put(fd, bytes, length); /* not a second time */
    expect_end(fd);
}
END_TEST

START_TEST(test_session_request_with_message)
{
    uint8_t bytes[200];
    size_t request = frame(bytes, 0x81, 0x20, 68), echoed = frame(bytes + request, 0, FAKE_ECHO, 9);
    int fd = dial();
    put(fd, bytes, request + echoed);
    expect_bytes(fd, (const uint8_t[]){0x82, 0, 0, 0}, 4);
    expect_bytes(fd, bytes + request, echoed);
    close(fd);
}
END_TEST

START_TEST(test_keepalives)
{
    static const uint8_t keepalive[4] = {0x85};
    int fd = dial();
    for (int i = 0; i < 5; i++) {
        put(fd, keepalive, 4);
        echo(fd, 30);
    }
    close(fd);
}
END_TEST

/* Answers pile up in the server while the client does not read; then all of them are right. */
START_TEST(test_slow_reader)
{
    enum { COUNT = 12, LENGTH = 2 << 20 };
    uint8_t request[9], *got = malloc(4 + LENGTH);
    frame(request, 0, FAKE_BIG, 5);
    tb_store_u32(request + 5, LENGTH);
    int fd = dial();
    for (int i = 0; i < COUNT; i++)
        put(fd, request, sizeof(request));
    pause_ms(300);
    int other = dial();
    echo(other, 1000);
    close(other);
    for (int i = 0; i < COUNT; i++) {
        ck_assert_uint_eq(get(fd, got, 4 + LENGTH), 4 + LENGTH);
        for (size_t j = 0; j < LENGTH; j++)
            if (got[4 + j] != (uint8_t)(j * 7))
                ck_abort_msg("wrong byte %zu of answer %d", j, i);
    }
    free(got);
    close(fd);
}
END_TEST

static void ask_big(int fd, uint32_t length)
{
    uint8_t request[9];
    frame(request, 0, FAKE_BIG, 5);
    tb_store_u32(request + 5, length);
    put(fd, request, sizeof(request));
}

/* Close while answers are on their way: reset or not, nothing is lost track of. */
START_TEST(test_gone_reader)
{
    for (int i = 0; i < 20; i++) {
        int fd = dial();
        for (int j = 0; j < 4; j++)
            ask_big(fd, 4 << 20);
        struct linger abort = {.l_onoff = i % 2, .l_linger = 0};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
        pause_ms(i);
        close(fd);
    }
}
END_TEST

START_TEST(test_half_close)
{
    uint8_t bytes[100];
    size_t length = frame(bytes, 0, FAKE_ECHO, 60);
    int fd = dial();
    put(fd, bytes, length);
    shutdown(fd, SHUT_WR);
    expect_bytes(fd, bytes, length);
    expect_end(fd);
}
END_TEST

START_TEST(test_half_close_with_large_answer)
{
    uint8_t *got = malloc(5 << 20);
    int fd = dial();
    ask_big(fd, 5 << 20);
    shutdown(fd, SHUT_WR);
    pause_ms(100);
    ck_assert_uint_eq(get(fd, got, 4), 4);
    ck_assert_uint_eq(get(fd, got, 5 << 20), 5 << 20);
    expect_end(fd);
    free(got);
}
END_TEST

START_TEST(test_end_inside_a_message)
{
    uint8_t bytes[100];
    frame(bytes, 0, FAKE_ECHO, 60);
    for (size_t length = 0; length < 64; length += 7) {
        int fd = dial();
        put(fd, bytes, length);
        shutdown(fd, SHUT_WR);
        expect_end(fd);
    }
}
END_TEST

START_TEST(test_close_after_answer)
{
    uint8_t bytes[64];
    size_t length = frame(bytes, 0, FAKE_CLOSE, 30);
    int fd = dial();
    put(fd, bytes, length);
    put(fd, bytes, 2);
    expect_bytes(fd, bytes, length);
    expect_end(fd);
}
END_TEST

START_TEST(test_close_at_once)
{
    uint8_t bytes[64];
    size_t length = frame(bytes, 0, FAKE_CLOSE_AT_ONCE, 30);
    int fd = dial();
    ask_big(fd, 6 << 20);
    put(fd, bytes, length);
    uint8_t *got = malloc(7 << 20);
    ck_assert_uint_lt(get(fd, got, 7 << 20), (6 << 20) + 4);
    free(got);
    close(fd);
}
END_TEST

START_TEST(test_pause)
{
    uint8_t bytes[200];
    size_t paused = frame(bytes, 0, FAKE_PAUSE, 30);
    size_t length = paused + frame(bytes + paused, 0, FAKE_ECHO, 100);
    int fd = dial();
    put(fd, bytes, paused);
    pause_ms(10);
    put(fd, bytes + paused, length - paused);
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    ck_assert_int_eq(poll(&waiting, 1, 50), 0);
    expect_bytes(fd, bytes, length);
    close(fd);
}
END_TEST

START_TEST(test_gone_while_paused)
{
    uint8_t bytes[40];
    int fd = dial();
    put(fd, bytes, frame(bytes, 0, FAKE_PAUSE, 30));
    struct linger abort = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
    wait_for(&fake_counts.received, 1);
    close(fd);
    wait_for(&fake_counts.lost, 1);
    while (atomic_load(&fake_counts.payloads))
        pause_ms(10);
}
END_TEST

START_TEST(test_wakes)
{
    uint8_t bytes[64];
    size_t length = frame(bytes, 0, FAKE_WAKE, 20);
    int fd = dial();
    for (int i = 0; i < 500; i++) {
        put(fd, bytes, length);
        expect_bytes(fd, bytes, length);
    }
    close(fd);
}
END_TEST

START_TEST(test_spread_over_loops)
{
    int fds[20];
    unsigned counts[2] = {0, 0};
    uint8_t bytes[8];
    for (int i = 0; i < 20; i++) {
        fds[i] = dial();
        put(fds[i], bytes, frame(bytes, 0, FAKE_LOOP, 1));
        ck_assert_uint_eq(get(fds[i], bytes, 5), 5);
        ck_assert_uint_lt(bytes[4], 2);
        counts[bytes[4]]++;
    }
    ck_assert_uint_eq(counts[0], 10);
    ck_assert_uint_eq(tb_tcp_connection_count(tcp, 1), 10);
    for (int i = 0; i < 20; i++)
        close(fds[i]);
}
END_TEST

START_TEST(test_refused_by_core)
{
    atomic_store(&fake_refuses_conns, true);
    for (int i = 0; i < 4; i++)
        expect_end(dial());
    atomic_store(&fake_refuses_conns, false);
    int fd = dial();
    echo(fd, 20);
    atomic_store(&fake_refuses_payloads, true);
    uint8_t bytes[40];
    put(fd, bytes, frame(bytes, 0, FAKE_ECHO, 30));
    expect_end(fd);
    wait_for(&fake_counts.lost, 1);
}
END_TEST

START_TEST(test_thousand_connections)
{
    enum { COUNT = 1000 };
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max < 2 * COUNT + 100 ? limit.rlim_max : 2 * COUNT + 100;
    setrlimit(RLIMIT_NOFILE, &limit);
    ck_assert_uint_ge(limit.rlim_cur, 2 * COUNT + 100);
    int *fds = calloc(COUNT, sizeof(*fds));
    for (int i = 0; i < COUNT; i++)
        fds[i] = dial();
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < COUNT; i++)
            echo(fds[i], (size_t)(10 + i));
    for (int i = 0; i < COUNT; i++)
        close(fds[i]);
    free(fds);
}
END_TEST

/* Without descriptors a client is turned away instead of left waiting; afterwards all is well. */
START_TEST(test_out_of_descriptors)
{
    struct rlimit limit, small;
    getrlimit(RLIMIT_NOFILE, &limit);
    int fds[50], count = 0, last = dup(0);
    host.log_level = 0;
    host.log_fd = -1;
    small = limit;
    small.rlim_cur = (rlim_t)last + 10;
    setrlimit(RLIMIT_NOFILE, &small);
    for (int i = 0; i < 20; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (fd < 0)
            break;
        close(fd);
        fds[count++] = dial();
        pause_ms(5);
    }
    setrlimit(RLIMIT_NOFILE, &limit);
    for (int i = 0; i < count; i++)
        close(fds[i]);
    close(last);
    pause_ms(150);
    int fd = dial();
    echo(fd, 100);
    close(fd);
}
END_TEST

START_TEST(test_stalled_sender)
{
    uint8_t bytes[100];
    frame(bytes, 0, FAKE_ECHO, 90);
    int stalled = dial(), idle = dial();
    echo(idle, 10);
    put(stalled, bytes, 20);
    expect_end(stalled);
    echo(idle, 10);
    close(idle);
}
END_TEST

START_TEST(test_stalled_reader)
{
    int fd = dial();
    ask_big(fd, 8 << 20);
    ask_big(fd, 8 << 20);
    wait_for(&fake_counts.lost, 1);
    ck_assert_uint_ge(atomic_load(&fake_counts.unsent), 1);
    close(fd);
}
END_TEST

START_TEST(test_families)
{
    struct tb_tcp *other;
    struct tb_tcp_limits limits = tb_tcp_limits_default();
    ck_assert_int_eq(tb_tcp_create(NULL, &env, 1, &limits, &other), TB_OK);
    ck_assert_int_eq(tb_tcp_listen(other, "*:0", message, sizeof(message)), TB_OK);
    ck_assert_int_eq(tb_tcp_start(other), TB_OK);
    for (size_t i = 0; i < tb_tcp_listener_count(other); i++) {
        int fd = dial_address(tb_tcp_listener_address(other, i));
        echo(fd, 33);
        close(fd);
    }
    tb_tcp_stop(other);
    tb_tcp_destroy(other);
}
END_TEST

START_TEST(test_port_in_use)
{
    char again[64];
    snprintf(again, sizeof(again), "%s", tb_tcp_listener_address(tcp, 0));
    ck_assert_int_ne(tb_tcp_listen(tcp, again, message, sizeof(message)), TB_OK);
    ck_assert_ptr_nonnull(strstr(message, again));
    ck_assert_ptr_nonnull(strstr(message, "choose another port"));
}
END_TEST

START_TEST(test_addresses)
{
    static const char *const bad[] = {"",     "4445",    "127.0.0.1",  "127.0.0.1:", "a:-1",
                                      "a:1x", "a:65536", "::1:4445x1", "::1:4445",   "[::1]"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_int_eq(tb_tcp_listen(tcp, bad[i], message, sizeof(message)),
                         TB_INVALID_PARAMETER);
    char name[16], port[8];
    ck_assert(tb_tcp_address_split("[::1]:445", name, sizeof(name), port, sizeof(port)));
    ck_assert_str_eq(name, "::1");
    ck_assert_str_eq(port, "445");
    ck_assert(tb_tcp_address_split(":0", name, sizeof(name), port, sizeof(port)));
    ck_assert_str_eq(name, "");
    ck_assert(
        !tb_tcp_address_split("a.very.long.name.indeed:1", name, sizeof(name), port, sizeof(port)));
}
END_TEST

static TCase *add_case(Suite *suite, const char *name, void (*begin)(void))
{
    TCase *tests = tcase_create(name);
    tcase_set_timeout(tests, 180);
    tcase_add_checked_fixture(tests, begin, tear_down);
    suite_add_tcase(suite, tests);
    return tests;
}

static void add_framing(TCase *tests)
{
    tcase_add_test(tests, test_lengths);
    tcase_add_test(tests, test_one_byte_at_a_time);
    tcase_add_test(tests, test_every_split);
    tcase_add_test(tests, test_many_in_one_segment);
    tcase_add_test(tests, test_large_among_small);
    tcase_add_loop_test(tests, test_refused, 0, sizeof(refused) / sizeof(refused[0]));
    tcase_add_test(tests, test_session_request);
    tcase_add_test(tests, test_session_request_with_message);
    tcase_add_test(tests, test_keepalives);
    tcase_add_test(tests, test_addresses);
}

static void add_connections(TCase *tests)
{
    tcase_add_test(tests, test_slow_reader);
    tcase_add_test(tests, test_gone_reader);
    tcase_add_test(tests, test_half_close);
    tcase_add_test(tests, test_half_close_with_large_answer);
    tcase_add_test(tests, test_end_inside_a_message);
    tcase_add_test(tests, test_close_after_answer);
    tcase_add_test(tests, test_close_at_once);
    tcase_add_test(tests, test_pause);
    tcase_add_test(tests, test_gone_while_paused);
    tcase_add_test(tests, test_wakes);
    tcase_add_test(tests, test_spread_over_loops);
    tcase_add_test(tests, test_refused_by_core);
    tcase_add_test(tests, test_thousand_connections);
    tcase_add_test(tests, test_out_of_descriptors);
    tcase_add_test(tests, test_families);
    tcase_add_test(tests, test_port_in_use);
}

int main(void)
{
    Suite *suite = suite_create("tcp");
    add_framing(add_case(suite, "framing", set_up));
    add_connections(add_case(suite, "connections", set_up));
    TCase *impatient = add_case(suite, "stalls", set_up_impatient);
    tcase_add_test(impatient, test_stalled_sender);
    tcase_add_test(impatient, test_stalled_reader);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
