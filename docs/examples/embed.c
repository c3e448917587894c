/* The least a program does to embed Tombolo's core: a world of one loop on one thread, an account,
 * a server without shares, its end. A transport would call tb_conn_create() and the rest of
 * core/conn.h in between.
 *
 *     cc -o embed embed.c $(pkg-config --cflags --libs tombolo) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <core/auth.h>
#include <core/auth/ntlm_crypto.h>
#include <core/loop.h>
#include <core/nt/time.h>
#include <core/server.h>

static uint64_t monotonic_us(void *world)
{
    (void)world;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static uint64_t wall_filetime(void *world)
{
    (void)world;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return tb_filetime_from_unix_clamped(now.tv_sec, (uint32_t)now.tv_nsec);
}

static void random_bytes(void *world, enum tb_random_purpose purpose, void *bytes, size_t length)
{
    (void)world;
    (void)purpose;
    if (getrandom(bytes, length, 0) != (ssize_t)length)
        abort();
}

/* With one thread the loop is always about to run, and the section is never contended. */
static void wake(void *world, struct tb_loop *loop)
{
    (void)world;
    (void)loop;
}

static struct tb_loop *current_loop(void *world)
{
    return *(struct tb_loop **)world;
}

static void section(void *world)
{
    (void)world;
}

static void log_line(void *world, enum tb_log_level level, const char *line)
{
    (void)world;
    fprintf(stderr, "%d: %s\n", level, line);
}

static void look_up(void *accounts, struct tb_auth_lookup *lookup)
{
    (void)accounts;
    if (strcmp(lookup->user, "alice") != 0 || tb_ntlm_hash_password("secret", lookup->nt_hash)) {
        lookup->done(lookup, TB_LOGON_FAILURE);
        return;
    }
    lookup->identity = (struct tb_identity){.user = "alice", .relative_id = 1000};
    lookup->done(lookup, TB_OK);
}

int main(void)
{
    static const struct tb_env_ops env_ops = {
        .monotonic_us = monotonic_us,
        .wall_filetime = wall_filetime,
        .random = random_bytes,
        .wake = wake,
        .current_loop = current_loop,
        .section_enter = section,
        .section_leave = section,
        .log = log_line,
    };
    static const struct tb_auth_ops auth_ops = {.lookup = look_up};
    struct tb_loop *loop = NULL;
    struct tb_env env = {&env_ops, &loop};
    struct tb_auth auth = {&auth_ops, NULL};
    struct tb_server_config config;
    struct tb_server *server;

    tb_server_config_default(&config);
    config.name = "EMBEDDED";
    random_bytes(NULL, TB_RANDOM_SERVER_GUID, config.guid, sizeof(config.guid));
    enum tb_error error = tb_server_create(&config, &env, &auth, &server);
    if (error) {
        fprintf(stderr, "%s\n", tb_error_text(error));
        return EXIT_FAILURE;
    }
    loop = tb_loop_create(server, NULL);
    if (!loop)
        return EXIT_FAILURE;
    tb_loop_run(loop);
    tb_server_stop(server);
    while (!tb_server_stopped(server))
        tb_loop_run(loop);
    tb_server_destroy(server);
    puts("embedded");
    return EXIT_SUCCESS;
}
