/* A session: one user logged on (MS-SMB2 3.3.1.8), and the channels it is used through.
 *
 * Ownership: server -> session -> tree connects and opens. A session is in the server's table from
 * its first SESSION_SETUP until it ends; requests, tree connects and opens hold references, and the
 * last one frees it.
 *
 * States: IN_PROGRESS -> VALID <-> (re-authenticating) ; any -> DEAD, from which nothing leads back.
 * Ending (tb_session_end) takes it out of the table, ends its tree connects and opens, and leaves
 * the channels on other loops to notice at their next message. */
#ifndef TB_SESSION_H
#define TB_SESSION_H

#include "core/auth.h"
#include "core/crypto/key_derivation.h"
#include "core/exporter.h"
#include "core/nt/sid.h"
#include "core/section.h"
#include "core/table.h"

struct tb_conn;
struct tb_server;
struct tb_task;

enum tb_session_state { TB_SESSION_IN_PROGRESS, TB_SESSION_VALID, TB_SESSION_DEAD };

struct tb_session {
    struct tb_table_entry by_id; /* the key is the session id */
    struct tb_list in_server;
    struct tb_server *server;
    unsigned references TB_GUARDED;
    enum tb_session_state state TB_GUARDED;
    uint16_t dialect;
    uint64_t conn_id; /* the connection it was set up on */
    /* Fixed from VALID on. */
    bool encrypt;
    enum tb_cipher cipher;
    struct tb_session_keys keys;
    /* Who it belongs to, from VALID on; re-authentication may change it. */
    bool guest TB_GUARDED, anonymous TB_GUARDED;
    const struct tb_identity *identity TB_GUARDED; /* one of `identities` */
    struct tb_credentials credentials TB_GUARDED;
    struct tb_list identities TB_GUARDED; /* all it has had, until it is freed: opens keep theirs */
    /* Of server_out: never reused, never rewound (MS-SMB2 2.2.41). */
    uint64_t next_nonce TB_GUARDED;
    struct tb_list trees TB_GUARDED;
    struct tb_list opens TB_GUARDED;
    uint32_t tree_count TB_GUARDED, open_count TB_GUARDED;
    uint32_t next_tree_id TB_GUARDED;
};

/* A session as one connection uses it: its MAC and cipher handles. Belongs to the connection's loop
 * and is touched by it alone; references are held by answers on their way out. */
struct tb_channel {
    struct tb_list in_conn;
    struct tb_conn *conn;
    unsigned references;
    uint64_t session_id;
    struct tb_session *session; /* a reference, given back inside the section */
    bool established; /* false while the first authentication goes on: there are no keys */
    bool signing_required, encrypt, has_keys;
    struct tb_signer *signer;
    struct tb_sealer *sealer_in, *sealer_out;
};

/* A new session in state IN_PROGRESS, in the server's table, with one reference for it. Errors:
 * NO_MEMORY. */
enum tb_error tb_session_create(struct tb_server *server, struct tb_session **out) TB_INSIDE;
struct tb_session *tb_session_find(struct tb_server *server, uint64_t session_id) TB_INSIDE;
struct tb_session *tb_session_hold(struct tb_session *session) TB_INSIDE;
void tb_session_release(struct tb_session *session) TB_INSIDE;

/* From now on it acts as `identity`; what is open goes on as it was, and its tree connects allow what
 * the new user may. Errors, all changing nothing: NO_MEMORY, INSUFFICIENT_RESOURCES (too many users
 * for one session). */
enum tb_error tb_session_become(struct tb_session *session, const struct tb_identity *identity,
                                bool guest, bool anonymous) TB_INSIDE;

/* Ends it: see above. Harmless when DEAD. */
void tb_session_end(struct tb_session *session) TB_INSIDE;

/* The user's SID, for owners of files and access checks. */
struct tb_sid tb_session_user_sid(const struct tb_session *session) TB_INSIDE;

#endif
