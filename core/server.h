/* A server: what the world makes to serve shares. This header and loop.h, conn.h, payload.h are how
 * a program embeds the core.
 *
 * Life: tb_server_create(), tb_server_add_share() …, tb_loop_create() for each loop, then
 * connections (core/conn.h). To end: tb_server_stop() once, on any thread, then run the loops until
 * tb_server_stopped(); then end all loops' threads; tb_server_destroy() frees everything. */
#ifndef TB_SERVER_H
#define TB_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/auth.h"
#include "core/env.h"
#include "core/error.h"
#include "core/exporter.h"
#include "core/section.h"

struct tb_server;
struct tb_loop;

enum tb_signing_policy { TB_SIGNING_OPTIONAL, TB_SIGNING_REQUIRED };
/* OFF: not offered, but to shares that demand it. OFFERED: the client decides. DESIRED: who can, must.
 * REQUIRED: all must. */
enum tb_encryption_policy {
    TB_ENCRYPTION_OFF,
    TB_ENCRYPTION_OFFERED,
    TB_ENCRYPTION_DESIRED,
    TB_ENCRYPTION_REQUIRED,
};

/* Values a server keeps for its life. tb_server_config_default() fills it; the strings are copied. */
struct tb_server_config {
    const char *name;      /* NetBIOS name, at most 15 characters */
    const char *domain;    /* workgroup */
    const char *dns_name;  /* host.domain, may equal name */
    const char *comment;
    uint8_t guid[16];      /* stable over restarts */
    uint16_t dialect_min, dialect_max; /* 0x0202 to 0x0311 */
    enum tb_signing_policy signing;
    enum tb_encryption_policy encryption;
    uint32_t read_max, write_max, transact_max; /* bytes; at most 8 MiB */
    uint32_t credits_max;                       /* a connection */
    uint32_t connections_max, sessions_max;     /* sessions: a connection */
    uint32_t opens_max;                         /* a session */
    size_t connection_budget; /* bytes of requests and replies a connection may hold */
    uint32_t negotiate_timeout_ms; /* to be authenticated in */
    unsigned loops;
    /* Test switch: every answer's message as bytes before ciphering, for transcripts. May be NULL.
     * Called on the connection's loop, outside the section. */
    void (*transcript)(void *data, uint64_t connection_id, bool outgoing,
                       const struct tb_span *segments, size_t count);
    void *transcript_data;
};

struct tb_share_config {
    const char *name, *comment;
    struct tb_exporter *exporter; /* the server frees it at its end */
    bool read_only;
    bool guest_ok;
    bool encrypt;      /* refuse who does not encrypt; needs SMB 3 */
    bool prefer_encryption; /* tell clients that can to encrypt */
    bool hidden;       /* not in listings */
    uint32_t connections_max; /* tree connects at one time; 0: any number */
    /* NULL-terminated lists of those who log on: names, or "@" and the number of a group. NULL
     * names nobody, but as valid_users everybody. Who is invalid is refused whatever the others
     * say; write_list wins over read_list, and both over read_only. Administrators act as uid 0. */
    const char *const *valid_users, *const *invalid_users, *const *read_list, *const *write_list,
        *const *admin_users;
    /* Whose files everybody's are; NULL: each his own. */
    const struct tb_credentials *force_user;
    const uint32_t *force_group; /* NULL: none */
    bool force_group_of_members; /* it holds for those only who are in it */
};

void tb_server_config_default(struct tb_server_config *config);
enum tb_error tb_server_create(const struct tb_server_config *config, const struct tb_env *env,
                               const struct tb_auth *auth, struct tb_server **out);
/* Errors: OBJECT_NAME_COLLISION, OBJECT_NAME_INVALID, NO_MEMORY; the exporter is freed on errors too. */
enum tb_error tb_server_add_share(struct tb_server *server, const struct tb_share_config *share);
/* Stop serving: parked requests are answered, sessions end, connections close when their answers
 * have left. Outside the section, any thread. */
void tb_server_stop(struct tb_server *server) TB_OUTSIDE;
/* Whether nothing is left: no connection, no open, no call in flight. */
bool tb_server_stopped(struct tb_server *server) TB_OUTSIDE;
/* Frees the server, its loops and its exporters. After tb_server_stopped(). */
void tb_server_destroy(struct tb_server *server);

/* Numbers for tests, `tombolo status` and benchmarks. */
struct tb_server_counts {
    uint64_t connections, sessions, tree_connects, opens, nodes, locks, requests_parked;
    uint64_t requests_total, payload_bytes;
};
void tb_server_count(struct tb_server *server, struct tb_server_counts *out) TB_OUTSIDE;

void tb_section_enter(struct tb_server *server) TB_ANNOTATE(acquire_capability(tb_section));
void tb_section_leave(struct tb_server *server) TB_ANNOTATE(release_capability(tb_section));

#endif
