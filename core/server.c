#include "core/server_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/credit.h"
#include "core/loop_internal.h"
#include "core/nt/upcase.h"
#include "core/wire/smb2.h"

void tb_section_enter(struct tb_server *server) TB_ANNOTATE(no_thread_safety_analysis)
{
    server->env.ops->section_enter(server->env.data);
}

void tb_section_leave(struct tb_server *server) TB_ANNOTATE(no_thread_safety_analysis)
{
    server->env.ops->section_leave(server->env.data);
}

void tb_server_config_default(struct tb_server_config *config)
{
    *config = (struct tb_server_config){
        .name = "TOMBOLO",
        .domain = "WORKGROUP",
        .dns_name = "tombolo",
        .comment = "Tombolo",
        .dialect_min = TB_SMB2_DIALECT_202,
        .dialect_max = TB_SMB2_DIALECT_311,
        .signing = TB_SIGNING_REQUIRED,
        .encryption = TB_ENCRYPTION_OFFERED,
        .read_max = 8u << 20,
        .write_max = 8u << 20,
        .transact_max = 8u << 20,
        .credits_max = TB_CREDITS_LIMIT,
        .connections_max = 20000,
        .sessions_max = 256,
        .opens_max = 65536,
        .connection_budget = 32u << 20,
        .negotiate_timeout_ms = 30000,
        .loops = 1,
    };
}

static char *copy(const char *text, bool *ok)
{
    char *own = strdup(text ? text : "");
    if (!own)
        *ok = false;
    return own;
}

static void free_config(struct tb_server_config *config)
{
    free((char *)config->name);
    free((char *)config->domain);
    free((char *)config->dns_name);
    free((char *)config->comment);
}

static bool copy_config(struct tb_server *server, const struct tb_server_config *config)
{
    bool ok = true;
    server->config = *config;
    server->config.name = copy(config->name, &ok);
    server->config.domain = copy(config->domain, &ok);
    server->config.dns_name = copy(config->dns_name, &ok);
    server->config.comment = copy(config->comment, &ok);
    return ok;
}

static struct tb_share *share_new(struct tb_server *server, enum tb_share_kind kind,
                                  const char *name, const char *comment)
    TB_ANNOTATE(no_thread_safety_analysis)
{
    struct tb_share *share = calloc(1, sizeof(*share));
    if (!share)
        return NULL;
    bool ok = true;
    share->server = server;
    share->kind = kind;
    share->name = copy(name, &ok);
    share->comment = copy(comment, &ok);
    tb_list_init(&share->in_server);
    tb_list_init(&share->renaming);
    tb_list_init(&share->watches);
    tb_list_init(&share->claims_in_order);
    tb_list_init(&share->nodes_in_order);
    if (!ok || !tb_table_init(&share->files) || !tb_table_init(&share->nodes_by_path) ||
        !tb_table_init(&share->claims)) {
        tb_share_free(share);
        return NULL;
    }
    return share;
}

static void set_identity(struct tb_server *server)
{
    uint8_t key[16];
    tb_env_random(&server->env, TB_RANDOM_HASH_KEY, key, sizeof(key));
    server->hash_key = tb_hash_key(key);
    server->start_filetime = tb_env_wall_filetime(&server->env);
    for (int i = 0; i < 3; i++)
        server->machine_sid[i] = tb_load_u32(server->config.guid + 4 * i) | 1;
}

static bool server_init(struct tb_server *server, const struct tb_server_config *config)
    TB_ANNOTATE(no_thread_safety_analysis)
{
    tb_list_init(&server->shares);
    tb_list_init(&server->sessions);
    if (!copy_config(server, config) || !tb_table_init(&server->sessions_by_id) ||
        !tb_table_init(&server->opens))
        return false;
    set_identity(server);
    server->ipc = share_new(server, TB_SHARE_PIPE, "IPC$", "Remote IPC");
    if (!server->ipc)
        return false;
    server->ipc->guest_ok = true;
    tb_list_append(&server->shares, &server->ipc->in_server);
    return true;
}

enum tb_error tb_server_create(const struct tb_server_config *config, const struct tb_env *env,
                               const struct tb_auth *auth, struct tb_server **out)
{
    if (config->credits_max == 0 || config->read_max == 0 || config->write_max == 0 ||
        config->dialect_min > config->dialect_max)
        return TB_INVALID_PARAMETER;
    struct tb_server *server = calloc(1, sizeof(*server));
    if (!server)
        return TB_NO_MEMORY;
    server->env = *env;
    server->auth = *auth;
    if (!server_init(server, config)) {
        tb_server_destroy(server);
        return TB_NO_MEMORY;
    }
    *out = server;
    return TB_OK;
}

/* MS-SRVS 2.2.1.1: no control characters nor any of these. */
static bool is_share_name(const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length > 80)
        return false;
    for (size_t i = 0; i < length; i++)
        if ((uint8_t)name[i] < 0x20 || strchr("\"\\/[]:|<>+=;,*?", name[i]))
            return false;
    return true;
}

enum tb_error tb_server_add_share(struct tb_server *server, const struct tb_share_config *config)
{
    enum tb_error error = is_share_name(config->name) ? TB_OK : TB_OBJECT_NAME_INVALID;
    if (error == TB_OK && tb_share_find(server, config->name))
        error = TB_OBJECT_NAME_COLLISION;
    struct tb_share *share =
        error == TB_OK ? share_new(server, TB_SHARE_DISK, config->name, config->comment) : NULL;
    if (!share) {
        tb_exporter_free(config->exporter);
        return error == TB_OK ? TB_NO_MEMORY : error;
    }
    share->exporter = config->exporter;
    error = tb_share_configure(share, config);
    if (error != TB_OK) {
        tb_share_free(share);
        return error;
    }
    share->exporter->ops.capabilities(share->exporter->self, &share->capabilities);
    server->any_guest |= share->guest_ok;
    server->any_encrypt |= share->encrypt || share->prefer_encryption;
    tb_list_append(&server->shares, &share->in_server);
    return TB_OK;
}

void tb_server_stop(struct tb_server *server)
{
    tb_section_enter(server);
    server->stopping = true;
    tb_section_leave(server);
    for (unsigned i = 0; i < server->loop_count; i++)
        server->env.ops->wake(server->env.data, server->loops[i]);
}

bool tb_server_stopped(struct tb_server *server)
{
    tb_section_enter(server);
    bool stopped = server->conn_count == 0 && server->open_count == 0 &&
                   server->closing_count == 0 && server->session_count == 0;
    tb_section_leave(server);
    return stopped;
}

void tb_server_destroy(struct tb_server *server) TB_ANNOTATE(no_thread_safety_analysis)
{
    if (!server)
        return;
    struct tb_list *node;
    while (server->shares.next && (node = tb_list_take(&server->shares)))
        tb_share_free(tb_container(node, struct tb_share, in_server));
    for (unsigned i = 0; i < server->loop_count; i++) {
        tb_payload_pool_clear(&server->loops[i]->payloads);
        free(server->loops[i]);
    }
    if (server->sessions_by_id.buckets)
        tb_table_clear(&server->sessions_by_id);
    if (server->opens.buckets)
        tb_table_clear(&server->opens);
    free_config(&server->config);
    free(server);
}

void tb_server_count(struct tb_server *server, struct tb_server_counts *out)
{
    memset(out, 0, sizeof(*out));
    tb_section_enter(server);
    out->connections = server->conn_count;
    out->sessions = server->session_count;
    out->tree_connects = server->tree_count;
    out->opens = server->open_count + server->closing_count;
    out->nodes = server->node_count;
    out->locks = server->lock_count;
    out->requests_parked = server->parked_count;
    out->requests_total = server->request_count;
    tb_section_leave(server);
    for (unsigned i = 0; i < server->loop_count; i++)
        out->payload_bytes += server->loops[i]->payloads.used_bytes;
}
