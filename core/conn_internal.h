/* A connection's own state (MS-SMB2 3.3.1.7).
 *
 * Owner: its loop, from tb_conn_create() until the link is lost and no chain refers to it any more.
 * States: OPEN -> CLOSING (no message is taken any more; ends when the answers have left) -> LOST.
 * What is not guarded belongs to the loop's thread, inside or outside the section. */
#ifndef TB_CONN_INTERNAL_H
#define TB_CONN_INTERNAL_H

#include "core/conn.h"
#include "core/credit.h"
#include "core/crypto/preauth.h"
#include "core/crypto/sealing.h"
#include "core/crypto/signing.h"
#include "core/list.h"
#include "core/section.h"

struct tb_channel;
struct tb_server;
struct tb_session;
struct tb_setup;
struct tb_task;

enum tb_conn_state { TB_CONN_OPEN, TB_CONN_CLOSING, TB_CONN_LOST };

struct tb_conn {
    struct tb_list in_loop;
    struct tb_list in_unauthenticated; /* loop->unauthenticated, oldest first */
    struct tb_list in_doomed;          /* loop->doomed */
    struct tb_loop *loop;
    struct tb_server *server;
    const struct tb_link_ops *link_ops;
    void *link;
    struct tb_peer peer;
    uint64_t id;
    enum tb_conn_state state;
    uint64_t authenticate_by_us;
    bool authenticated;   /* some session was set up on it */
    bool close_asked;     /* link->close() was called */
    unsigned chains;      /* received messages not done with */
    size_t held_bytes;    /* of their buffers */
    bool paused;          /* link->pause() was called: held_bytes is above the budget */
    struct tb_list in_resumable; /* loop->resumable: to be resumed outside */

    /* What NEGOTIATE settled. `dialect` is 0 before, TB_SMB2_DIALECT_WILDCARD after an SMB1
     * NEGOTIATE that asked to go on with SMB2. */
    uint16_t dialect;
    bool negotiating; /* a NEGOTIATE is being answered */
    uint8_t client_guid[16];
    uint32_t client_capabilities;
    uint16_t client_security_mode, client_dialect_count;
    bool offers_encryption;
    uint32_t capabilities; /* as answered */
    uint16_t security_mode;
    bool large_mtu; /* multi-credit requests */
    enum tb_cipher cipher;
    enum tb_signing_algorithm signing_algorithm;
    struct tb_preauth preauth;

    struct tb_list channels; /* tb_channel.in_conn */
    struct tb_list setups;   /* tb_setup.in_conn: authentications going on */
    unsigned channel_count;

    struct tb_list requests TB_GUARDED; /* running: tb_request.in_conn */
    struct tb_credit_window credits TB_GUARDED;
    size_t reply_bytes TB_GUARDED;   /* data of answers that have not left */
    size_t message_bytes TB_GUARDED; /* of chains */
    struct tb_list deferred TB_GUARDED; /* requests that wait for reply_bytes to fall: task.link */
};

/* The channel of a session id on this connection, or NULL. */
struct tb_channel *tb_conn_channel(const struct tb_conn *conn, uint64_t session_id);

/* Close it without regard for what is on its way. Outside. */
void tb_conn_drop(struct tb_conn *conn);

/* Frees the connection when it is lost and nothing refers to it; inside, on its loop. */
void tb_conn_settle(struct tb_conn *conn) TB_INSIDE;

/* SMB2 header limits and what is over them: whether a reply of `length` bytes may be begun now. If
 * not, the task waits in `deferred` and is made ready when it may. */
bool tb_conn_reply_room(struct tb_conn *conn, size_t length, struct tb_task *task) TB_INSIDE;

/* Count data of an answer in, and out again when it has left. */
void tb_conn_reply_begun(struct tb_conn *conn, size_t length) TB_INSIDE;
void tb_conn_reply_done(struct tb_conn *conn, size_t length) TB_INSIDE;

/* Most bytes of input and of output that requests other than READ and WRITE may have
 * (MS-SMB2 3.3.5.4, MaxTransactSize). */
uint32_t tb_conn_transact_max(const struct tb_conn *conn);

/* A received message's buffer of `capacity` bytes goes back. While a connection holds more than its
 * budget in messages, nothing more is read from its link. On its loop. */
void tb_conn_message_done(struct tb_conn *conn, size_t capacity) TB_INSIDE;
/* Go on reading from the links that may. Outside. */
void tb_conns_resume(struct tb_loop *loop);

/* Close the connection when the answers decided so far have left; nothing more is taken. */
void tb_conn_doom(struct tb_conn *conn) TB_INSIDE;

/* It has a user: the time limit ends. On its loop. */
void tb_conn_authenticated(struct tb_conn *conn);

/* Channels; see core/session.h. A new one is on its connection with one reference for that, and
 * holds a reference to the session. NULL without memory. */
struct tb_channel *tb_channel_new(struct tb_conn *conn, struct tb_session *session) TB_INSIDE;
struct tb_channel *tb_channel_hold(struct tb_channel *channel);
void tb_channel_release(struct tb_channel *channel) TB_INSIDE;
/* Take it off its connection. */
void tb_channel_end(struct tb_channel *channel) TB_INSIDE;

#endif
