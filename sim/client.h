/* An SMB2 client for tests: it can speak every dialect, signs and encrypts, keeps account of message
 * ids and credits, and checks every response for legality; one that is not fails the test.
 *
 * Owner: who created it; sessions and tree connects belong to the client and go with it. All on one
 * thread. Functions that wait let the driver step until the answer is there; they must not be called
 * from an event or a callback, where requests are built, sent and answered through `answered`. */
#ifndef TB_SIM_CLIENT_H
#define TB_SIM_CLIENT_H

#include "core/auth/initiator.h"
#include "core/crypto/key_derivation.h"
#include "core/list.h"
#include "core/wire/header.h"
#include "core/wire/negotiate.h"
#include "sim/port.h"
#include "sim/world.h"

#define TB_SIM_MESSAGE_MAX  (8u * 1024 * 1024 + 65536)
#define TB_SIM_COMPOUND_MAX 32

/* What a client offers; zeros are the defaults of tb_sim_offer_default(). */
struct tb_sim_offer {
    uint16_t dialects[8];
    unsigned dialect_count;
    bool smb1;                 /* begin with SMB1's NEGOTIATE: "SMB 2.002", "SMB 2.???" */
    uint16_t ciphers[5];       /* in order of preference */
    unsigned cipher_count;
    uint16_t signing[4];
    unsigned signing_count;    /* 0: no signing context */
    bool unknown_contexts;     /* contexts nobody knows, which must be ignored */
    uint16_t security_mode;
    uint32_t capabilities;
};

struct tb_sim_client;
struct tb_sim_session;

struct tb_sim_tree {
    struct tb_list place; /* in its client */
    struct tb_sim_session *session;
    uint32_t id;
    bool encrypt;
    uint8_t share_type;
    uint32_t share_flags, maximal_access;
};

struct tb_sim_session {
    struct tb_list place; /* in its client */
    struct tb_sim_client *client;
    uint64_t id;
    struct tb_preauth preauth;
    struct tb_session_keys keys;
    struct tb_signer *signer;
    struct tb_sealer *seal, *unseal;
    uint64_t nonce;
    uint64_t *nonces_seen; /* of the server, sorted */
    size_t nonces_count, nonces_capacity;
    uint16_t flags;   /* TB_SMB2_SESSION_FLAG_ of the last SESSION_SETUP response */
    bool established; /* keys are there */
    bool sign;        /* sign requests that are not encrypted */
    bool encrypt;     /* encrypt all requests */
    bool over;        /* logged off, or the server said that it is gone */
};

/* One request, or one part of a compound. Freed by tb_sim_request_free(). */
struct tb_sim_request {
    struct tb_list place; /* among the client's unanswered ones */
    struct tb_sim_client *client;
    struct tb_sim_session *session; /* or NULL */
    struct tb_sim_tree *tree;       /* or NULL */
    struct tb_smb2_header header;
    uint8_t *bytes;
    struct tb_writer writer; /* behind the header, for the body */
    size_t payload;          /* bytes it sends or asks for: decides the credit charge */
    bool related;            /* to the part before it */
    bool plain;              /* not signed, though the session signs */
    bool lenient;            /* tampered with: an unsigned refusal is legal */
    bool is_signed, encrypted;

    bool done;    /* answered, or the connection is gone (`lost`) */
    bool lost;
    bool pending; /* an interim response has come */
    uint64_t async_id;
    enum tb_error error;
    uint32_t status;
    uint8_t *response; /* this part, from its header on; NULL when lost */
    size_t response_length;
    void (*answered)(struct tb_sim_request *request); /* may free it; may be NULL */
    void *context;
};

struct tb_sim_client {
    struct tb_sim_driver *driver;
    struct tb_sim_port port;
    unsigned loop;
    bool connected, ended;
    struct tb_preauth preauth;
    uint16_t dialect;
    enum tb_signing_algorithm signing_algorithm;
    enum tb_cipher cipher;
    uint8_t guid[16];
    struct tb_sim_offer offer;
    uint16_t server_security_mode;
    uint32_t server_capabilities, transact_max, read_max, write_max;
    uint8_t server_guid[16];
    struct tb_token hint; /* the NEGOTIATE response's security buffer */
    bool lenient;         /* headers were tampered with: answers to unknown messages are ignored */
    bool sign;            /* new sessions sign (default) */
    bool encrypt;         /* new sessions encrypt everything */

    uint64_t next_message_id;
    uint32_t credits;          /* to spend */
    uint32_t credits_wanted;   /* asked for in each request */
    uint64_t requests_sent, responses_received, interims_received, breaks_received;
    struct tb_list unanswered; /* of struct tb_sim_request */
    struct tb_list sessions, trees;
    void (*oplock_break)(struct tb_sim_client *client, struct tb_span message);
    void *context;
};

/* Connect to a loop of the server. Nothing is negotiated yet. */
struct tb_sim_client *tb_sim_client_create(struct tb_sim_driver *driver, unsigned loop);
/* Ends the connection; requests that were not answered are lost, and freed by whoever made them
 * before this. */
void tb_sim_client_free(struct tb_sim_client *client);
void tb_sim_client_disconnect(struct tb_sim_client *client);
void tb_sim_client_set_reading(struct tb_sim_client *client, bool reading);
/* Wait until the server has closed the connection. */
void tb_sim_client_wait_end(struct tb_sim_client *client);

/* Calls from the port. */
void tb_sim_client_receive(struct tb_sim_client *client, struct tb_span message);
void tb_sim_client_ended(struct tb_sim_client *client);

/* A request whose header is filled in and whose body `writer` takes; `room` is the body's at most. */
struct tb_sim_request *tb_sim_request_new(struct tb_sim_client *client,
                                          struct tb_sim_session *session, struct tb_sim_tree *tree,
                                          uint16_t command, size_t room);
void tb_sim_request_free(struct tb_sim_request *request);
uint16_t tb_sim_request_charge(const struct tb_sim_request *request);
/* Whether there are credits for these parts. */
bool tb_sim_can_send(const struct tb_sim_client *client, struct tb_sim_request *const *parts,
                     unsigned count);

/* A message that is ready to go. */
struct tb_sim_message {
    uint8_t *bytes;
    size_t length;
};

/* Give the parts message ids and credits, chain, sign and encrypt them. There must be credits. */
struct tb_sim_message tb_sim_finish(struct tb_sim_request *const *parts, unsigned count);
/* The parts wait for their responses from here on. Frees the message. */
void tb_sim_transmit(struct tb_sim_client *client, struct tb_sim_request *const *parts,
                     unsigned count, struct tb_sim_message message);
/* Both, at once. */
void tb_sim_send(struct tb_sim_request *const *parts, unsigned count);
/* Bytes as they are, which nothing is expected for. */
void tb_sim_send_raw(struct tb_sim_client *client, struct tb_span message);
/* CANCEL a request, by its async id once there is one. */
void tb_sim_cancel(struct tb_sim_request *request);

/* Waiting */

/* Wait for an interim response (or the final one, at once). */
void tb_sim_wait_pending(struct tb_sim_request *request);
/* TB_DROP_CONNECTION when the connection ended first. */
enum tb_error tb_sim_wait(struct tb_sim_request *request);
/* Wait for credits, send, wait for the answers. */
enum tb_error tb_sim_call(struct tb_sim_request *request);
void tb_sim_call_all(struct tb_sim_request *const *parts, unsigned count);
/* tb_sim_call() and free: for requests whose answer is only a status. */
enum tb_error tb_sim_do(struct tb_sim_request *request);

static inline struct tb_span tb_sim_response(const struct tb_sim_request *request)
{
    return tb_span(request->response, request->response_length);
}

/* Negotiation and log-on: sim/logon.c */

void tb_sim_offer_default(struct tb_sim_offer *offer);
/* Only one dialect, with all contexts when it is 3.1.1. */
void tb_sim_offer_dialect(struct tb_sim_offer *offer, uint16_t dialect);
/* The body of a NEGOTIATE for this offer. */
struct tb_sim_request *tb_sim_negotiate_request(struct tb_sim_client *client,
                                                const struct tb_sim_offer *offer);
/* Take over what a NEGOTIATE response says. */
void tb_sim_negotiated(struct tb_sim_client *client, struct tb_sim_request *request);
/* SMB1's NEGOTIATE; waits for the answer to it and leaves the client as it is now. */
enum tb_error tb_sim_negotiate_smb1(struct tb_sim_client *client, const struct tb_sim_offer *offer);
enum tb_error tb_sim_negotiate(struct tb_sim_client *client, const struct tb_sim_offer *offer);
/* Compare the negotiation with what the server says under signature. */
enum tb_error tb_sim_validate_negotiate(struct tb_sim_tree *tree);

struct tb_sim_logon {
    const char *user, *password, *domain; /* "" as user: anonymous */
    uint64_t previous_session_id;
    struct tb_sim_session *again; /* re-authenticate this session */
    bool bare;                    /* NTLMSSP without SPNEGO */
    enum tb_mechanism preferred;  /* offered before NTLMSSP */
    bool tamper_preauth;          /* hash something else than what was sent */
};

/* One log-on that is going on: for those who do not wait. */
struct tb_sim_logon_state {
    struct tb_sim_logon logon;
    struct tb_sim_client *client;
    struct tb_sim_session *session;
    struct tb_initiator *initiator;
    bool done;
    enum tb_error error;
};

/* Begin, with the request to send; later take each answer, which frees it and yields the next
 * request, or NULL when done. */
struct tb_sim_request *tb_sim_logon_begin(struct tb_sim_logon_state *state,
                                          struct tb_sim_client *client,
                                          const struct tb_sim_logon *logon);
struct tb_sim_request *tb_sim_logon_next(struct tb_sim_logon_state *state,
                                         struct tb_sim_request *answered);
/* Give up: frees what is left. */
void tb_sim_logon_abandon(struct tb_sim_logon_state *state);

/* *session stays NULL on errors. */
enum tb_error tb_sim_logon(struct tb_sim_client *client, const struct tb_sim_logon *logon,
                           struct tb_sim_session **session);
enum tb_error tb_sim_logoff(struct tb_sim_session *session);
enum tb_error tb_sim_tree_connect(struct tb_sim_session *session, const char *share,
                                  struct tb_sim_tree **tree);
enum tb_error tb_sim_tree_disconnect(struct tb_sim_tree *tree);
struct tb_sim_request *tb_sim_tree_connect_request(struct tb_sim_session *session,
                                                   const char *share);
struct tb_sim_tree *tb_sim_tree_connected(struct tb_sim_request *request);
enum tb_error tb_sim_echo(struct tb_sim_client *client, struct tb_sim_session *session);

#endif
