/* `tombolo serve`: from settings to a running server, and its orderly end. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/hints.h"
#include "cmd/settings.h"
#include "core/crypto/digest.h"
#include "core/server.h"
#include "exporters/filters/filters.h"
#include "exporters/registry.h"
#include "host/env.h"
#include "host/store.h"
#include "host/users.h"
#include "transport/tcp/tcp.h"

#define THREADS_DEFAULT_MAX 8
#define STOP_LIMIT_US       UINT64_C(5000000)
#define STOP_POLL_MS        2
#define DESCRIPTORS_WANTED  65536

struct service {
    struct tb_settings settings;
    struct tb_host_env host;
    struct tb_env env;
    struct tb_lmdb *lmdb;
    struct tb_users *users;
    struct tb_auth auth;
    struct tb_server *server;
    struct tb_tcp *tcp;
    char password[TB_PASSWORD_CAPACITY]; /* made up; "" when accounts were given */
    char message[1024];
    struct tb_texts administrators;
    int status; /* what to exit with */
};

/* What is misspelt is the user's mistake, anything else the world's. `where` may be "". */
static bool fail_at(struct service *service, enum tb_error error, const char *where,
                    const char *what)
{
    fprintf(stderr, "tombolo: %s%s%s\n", where, *where ? ": " : "", what);
    bool misspelt = error == TB_INVALID_PARAMETER || error == TB_OBJECT_NAME_INVALID;
    service->status = misspelt ? TB_EXIT_USAGE : TB_EXIT_FAILED;
    return false;
}

static bool fail(struct service *service, enum tb_error error, const char *what)
{
    return fail_at(service, error, "", what);
}

static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= DESCRIPTORS_WANTED)
        return;
    limit.rlim_cur = limit.rlim_max < DESCRIPTORS_WANTED ? limit.rlim_max : DESCRIPTORS_WANTED;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static unsigned thread_count(const struct tb_settings *settings)
{
    cpu_set_t processors;
    if (settings->threads)
        return settings->threads;
    CPU_ZERO(&processors);
    if (sched_getaffinity(0, sizeof(processors), &processors) < 0)
        return 1;
    int count = CPU_COUNT(&processors);
    return count < THREADS_DEFAULT_MAX ? (unsigned)count : THREADS_DEFAULT_MAX;
}

static bool add_user(struct service *service, char *text)
{
    char *colon = strchr(text, ':');
    *colon = '\0';
    enum tb_error error =
        tb_users_add(service->users, text, colon + 1, service->message, sizeof(service->message));
    tb_wipe(colon + 1, strlen(colon + 1));
    *colon = ':';
    return !error || fail(service, error, service->message);
}

/* Files first: an account from the command line replaces theirs. */
static bool make_users(struct service *service)
{
    struct tb_settings *settings = &service->settings;
    service->users = tb_users_create(settings->workgroup);
    enum tb_error error = service->users ? TB_OK : TB_NO_MEMORY;
    if (error)
        return fail(service, error, "out of memory");
    for (size_t i = 0; i < settings->users_files.count && !error; i++)
        error = tb_users_load(service->users, settings->users_files.items[i], &service->env,
                              service->message, sizeof(service->message));
    if (error)
        return fail(service, error, service->message);
    for (size_t i = 0; i < settings->users.count; i++)
        if (!add_user(service, settings->users.items[i]))
            return false;
    service->auth = tb_users_auth(service->users);
    tb_members_resolve(&settings->admin_users, &service->administrators, "admin users");
    tb_users_set_administrators(service->users,
                                (const char *const *)service->administrators.items);
    if (settings->users.count || settings->users_files.count)
        return true;
    tb_make_password(service->password);
    error = tb_users_add(service->users, TB_SANDBOX_USER, service->password, service->message,
                         sizeof(service->message));
    return !error || fail(service, error, service->message);
}

/* The server's own number: kept in the state directory, or as good as new in each run. */
static bool find_guid(struct service *service, uint8_t guid[16])
{
    const struct tb_span key = tb_span("server/guid", 11);
    size_t length = 16;
    if (!service->settings.state) {
        tb_host_random(guid, 16);
        return true;
    }
    enum tb_error error = tb_lmdb_open(service->settings.state, &service->lmdb, service->message,
                                       sizeof(service->message));
    if (error)
        return fail(service, error, service->message);
    struct tb_store store = tb_lmdb_store(service->lmdb);
    error = store.ops->get(store.data, key, guid, &length);
    if (!error && length == 16)
        return true;
    if (error == TB_NOT_FOUND) {
        tb_host_random(guid, 16);
        error = tb_store_put(&store, key, tb_span(guid, 16));
        if (!error)
            return true;
    }
    snprintf(service->message, sizeof(service->message), "the state directory %s is damaged: %s",
             service->settings.state, tb_error_text(error));
    return fail(service, TB_IO_DEVICE_ERROR, service->message);
}

static bool make_server(struct service *service)
{
    const struct tb_settings *settings = &service->settings;
    struct tb_server_config config;
    char host[256] = "";
    tb_server_config_default(&config);
    gethostname(host, sizeof(host) - 1);
    config.name = settings->name;
    config.domain = settings->workgroup;
    config.dns_name = *host ? host : settings->name;
    config.comment = settings->comment ? settings->comment : "";
    config.dialect_min = settings->dialect_min;
    config.dialect_max = settings->dialect_max;
    config.signing = settings->signing;
    config.encryption = settings->encryption;
    config.loops = thread_count(settings);
    if (!find_guid(service, config.guid))
        return false;
    enum tb_error error =
        tb_server_create(&config, &service->env, &service->auth, &service->server);
    return !error || fail(service, error, tb_error_text(error));
}

static void fill_config(const struct tb_share_settings *share,
                        const struct tb_share_members *members, struct tb_share_config *config)
{
    *config = (struct tb_share_config){
        .name = share->name,
        .comment = share->comment ? share->comment : "",
        .read_only = share->read_only,
        .guest_ok = share->guest_ok,
        .encrypt = share->encryption == TB_ENCRYPTION_REQUIRED,
        .prefer_encryption = share->encryption == TB_ENCRYPTION_DESIRED,
        .hidden = !share->browseable,
        .connections_max = share->connections_max,
        .valid_users = (const char *const *)members->valid_users.items,
        .invalid_users = (const char *const *)members->invalid_users.items,
        .read_list = (const char *const *)members->read_list.items,
        .write_list = (const char *const *)members->write_list.items,
        .admin_users = (const char *const *)members->admin_users.items,
        .force_user = members->has_force_user ? &members->force_user : NULL,
        .force_group = members->has_force_group ? &members->force_group : NULL,
        .force_group_of_members = members->force_group_of_members,
    };
}

/* What is vetoed and what is hidden. Directory trees hide names with a dot by themselves. */
static enum tb_error add_names_filter(struct service *service,
                                      const struct tb_share_settings *share,
                                      struct tb_exporter **exporter)
{
    bool dots = share->hide_dot_files == TB_CHOICE_YES && !tb_share_is_posix(share);
    const char *hidden = share->hide_files ? share->hide_files : "/";
    char *veto = NULL, *hide = NULL;
    enum tb_error error = TB_OK;
    if (!share->veto_files && !share->hide_files && !dots)
        return TB_OK;
    if (asprintf(&veto, "veto=%s", share->veto_files ? share->veto_files : "") < 0 ||
        asprintf(&hide, "hide=%s%s", hidden, dots ? ".*/" : "") < 0) {
        snprintf(service->message, sizeof(service->message), "out of memory");
        error = TB_NO_MEMORY;
        tb_exporter_free(*exporter);
    } else {
        const char *options[] = {veto, hide, share->delete_veto_files ? "delete-vetoed" : NULL,
                                 NULL};
        error = tb_filter_names_start(*exporter, options, &service->env, exporter,
                                      service->message, sizeof(service->message));
    }
    free(veto);
    free(hide);
    return error;
}

static bool add_share(struct service *service, const struct tb_share_settings *share)
{
    struct tb_share_members members;
    struct tb_share_config config;
    char where[128];
    snprintf(where, sizeof(where), "share \"%s\"", share->name);
    if (!tb_members_find(&service->settings, share, &members)) {
        tb_members_clear(&members);
        return fail(service, TB_INVALID_PARAMETER, service->settings.message);
    }
    fill_config(share, &members, &config);
    enum tb_error error = tb_exporter_make(share->specification, &service->env, &config.exporter,
                                           service->message, sizeof(service->message));
    if (!error)
        error = add_names_filter(service, share, &config.exporter);
    if (!error) {
        error = tb_server_add_share(service->server, &config);
        snprintf(service->message, sizeof(service->message), "%s", tb_error_text(error));
    }
    tb_members_clear(&members);
    return !error || fail_at(service, error, where, service->message);
}

/* A misspelt name would shut somebody out, or let somebody in. */
static void check_names(const struct service *service, const struct tb_share_settings *share,
                        const struct tb_texts *names)
{
    for (size_t i = 0; i < names->count; i++)
        if (*names->items[i] != '@' && !tb_users_has(service->users, names->items[i]))
            tb_settings_warn("share \"%s\": there is no user %s", share->name, names->items[i]);
}

static void check_users(const struct service *service, const struct tb_share_settings *share)
{
    check_names(service, share, &share->valid_users);
    check_names(service, share, &share->invalid_users);
    check_names(service, share, &share->read_list);
    check_names(service, share, &share->write_list);
    check_names(service, share, &share->admin_users);
}

static bool add_shares(struct service *service)
{
    const struct tb_settings *settings = &service->settings;
    for (size_t i = 0; i < settings->share_count; i++) {
        const struct tb_share_settings *share = settings->shares[i];
        if (!share->available)
            continue;
        if (!add_share(service, share))
            return false;
        check_users(service, share);
    }
    return true;
}

static bool make_transport(struct service *service)
{
    const struct tb_settings *settings = &service->settings;
    const struct tb_tcp_limits limits = tb_tcp_limits_default();
    enum tb_error error = tb_tcp_create(service->server, &service->env, thread_count(settings),
                                        &limits, &service->tcp);
    if (error)
        return fail(service, error, tb_error_text(error));
    for (size_t i = 0; i < settings->listen.count && !error; i++)
        error = tb_tcp_listen(service->tcp, settings->listen.items[i], service->message,
                              sizeof(service->message));
    if (error)
        return fail(service, error, service->message);
    error = tb_tcp_start(service->tcp);
    return !error || fail(service, error, "no thread can be started");
}

static void announce(struct service *service)
{
    const struct tb_settings *settings = &service->settings;
    if (*service->password && settings->share_count) {
        const struct tb_hints hints = {.address = tb_tcp_listener_address(service->tcp, 0),
                                       .share = settings->shares[0]->name,
                                       .user = TB_SANDBOX_USER,
                                       .password = service->password};
        tb_print_hints(&hints);
    }
    for (size_t i = 0; i < tb_tcp_listener_count(service->tcp); i++)
        printf("tombolo: ready on %s\n", tb_tcp_listener_address(service->tcp, i));
    fflush(stdout);
    tb_wipe(service->password, sizeof(service->password));
}

static void wait_for_signal(struct service *service, const sigset_t *signals)
{
    int number;
    while (sigwait(signals, &number), number == SIGHUP)
        tb_users_reload(service->users);
}

static void tell_abandoned(struct tb_server *server)
{
    struct tb_server_counts counts;
    tb_server_count(server, &counts);
    fprintf(stderr,
            "tombolo: after 5 s these are abandoned: %llu connections, %llu open files, %llu "
            "waiting requests\n",
            (unsigned long long)counts.connections, (unsigned long long)counts.opens,
            (unsigned long long)counts.requests_parked);
}

/* True when all has ended. A second signal cuts the wait short. */
static bool stop(struct service *service, const sigset_t *signals)
{
    const struct timespec pause = {.tv_nsec = STOP_POLL_MS * 1000000};
    uint64_t limit_us = tb_env_monotonic_us(&service->env) + STOP_LIMIT_US;
    tb_tcp_refuse(service->tcp);
    tb_server_stop(service->server);
    while (!tb_server_stopped(service->server)) {
        int number = sigtimedwait(signals, NULL, &pause);
        bool again = number == SIGTERM || number == SIGINT;
        if (again || tb_env_monotonic_us(&service->env) >= limit_us) {
            tell_abandoned(service->server);
            return false;
        }
    }
    tb_tcp_stop(service->tcp);
    return true;
}

static void clear(struct service *service)
{
    if (service->tcp)
        tb_tcp_stop(service->tcp);
    tb_server_destroy(service->server);
    tb_tcp_destroy(service->tcp);
    tb_users_destroy(service->users);
    tb_texts_clear(&service->administrators);
    tb_lmdb_close(service->lmdb);
    tb_host_env_clear(&service->host);
    tb_settings_clear(&service->settings);
    tb_wipe(service->password, sizeof(service->password));
}

static bool start(struct service *service)
{
    raise_descriptor_limit();
    umask(0); /* the shares' masks say which modes new files have */
    tb_host_env_init(&service->host, service->settings.log_level, &service->env);
    return make_users(service) && make_server(service) && add_shares(service) &&
           make_transport(service);
}

static int usage_error(struct service *service)
{
    fprintf(stderr, "tombolo: %s\n", service->settings.message);
    tb_settings_clear(&service->settings);
    return TB_EXIT_USAGE;
}

int tb_cmd_serve(char **arguments)
{
    static struct service service;
    bool help = false;
    sigset_t signals;
    tb_settings_init(&service.settings);
    if (!tb_settings_from_arguments(&service.settings, arguments, &help))
        return usage_error(&service);
    if (help) {
        tb_print_serve_help();
        tb_settings_clear(&service.settings);
        return TB_EXIT_OK;
    }
    /* Before any thread, so that all inherit it and only this one takes them. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    bool good = start(&service);
    if (good) {
        announce(&service);
        wait_for_signal(&service, &signals);
        if (!stop(&service, &signals))
            _exit(TB_EXIT_OK);
    }
    clear(&service);
    return service.status;
}
