/* A request: one SMB2 command of a received message, and the chain it came in.
 *
 * Owner: its chain (one received message, core/chain.c), which is freed when all its answers have
 * left. States: decoded → running (steps) → finished; while running it may be parked.
 *
 * References: a running request holds its session, tree connect and open, taken inside the section
 * when it starts and given back when it finishes. Nothing else keeps a finished request's objects.
 *
 * A parked request has an async id, `cancel` set, and hangs on its connection, so CANCEL, and the
 * end of its open, tree connect, session or connection, find it and call `cancel`. */
#ifndef TB_REQUEST_H
#define TB_REQUEST_H

#include "core/auth.h"
#include "core/payload.h"
#include "core/task.h"
#include "core/wire/cancel.h"
#include "core/wire/change_notify.h"
#include "core/wire/close.h"
#include "core/wire/create.h"
#include "core/wire/echo.h"
#include "core/wire/error.h"
#include "core/wire/flush.h"
#include "core/wire/header.h"
#include "core/wire/ioctl.h"
#include "core/wire/lock.h"
#include "core/wire/logoff.h"
#include "core/wire/negotiate.h"
#include "core/wire/oplock_break.h"
#include "core/wire/query_directory.h"
#include "core/wire/query_info.h"
#include "core/wire/read.h"
#include "core/wire/session_setup.h"
#include "core/wire/set_info.h"
#include "core/wire/tree_connect.h"
#include "core/wire/tree_disconnect.h"
#include "core/wire/write.h"

struct tb_chain;
struct tb_channel;
struct tb_command;
struct tb_conn;
struct tb_open;
struct tb_request;
struct tb_server;
struct tb_session;
struct tb_tree;

/* Header, fixed body and small contexts of an answer: room that exists from the beginning, so an
 * answer can always be given after an effect. */
#define TB_REPLY_RESERVE 448

union tb_request_body {
    struct tb_negotiate_request negotiate;
    struct tb_session_setup_request session_setup;
    struct tb_tree_connect_request tree_connect;
    struct tb_create_request create;
    struct tb_close_request close;
    struct tb_flush_request flush;
    struct tb_read_request read;
    struct tb_write_request write;
    struct tb_lock_request lock;
    struct tb_ioctl_request ioctl;
    struct tb_query_directory_request query_directory;
    struct tb_change_notify_request change_notify;
    struct tb_query_info_request query_info;
    struct tb_set_info_request set_info;
};

/* Variable buffers in these point to memory that lives as long as the request: its arena, its
 * `data`, or the message it came in. */
union tb_response_body {
    struct tb_negotiate_response negotiate;
    struct tb_session_setup_response session_setup;
    struct tb_tree_connect_response tree_connect;
    struct tb_create_response create;
    struct tb_close_response close;
    struct tb_read_response read;
    struct tb_write_response write;
    struct tb_ioctl_response ioctl;
    struct tb_query_directory_response query_directory;
    struct tb_change_notify_response change_notify;
    struct tb_query_info_response query_info;
};

typedef void tb_cancel(struct tb_request *request, enum tb_error error);

struct tb_request {
    struct tb_task task;
    struct tb_list in_chain;
    struct tb_list in_conn; /* running requests of the connection */
    struct tb_list in_open; /* running requests of the open */
    struct tb_chain *chain;
    struct tb_conn *conn;
    struct tb_server *server;
    const struct tb_command *command;
    struct tb_span message; /* this part, header included */
    struct tb_smb2_header header;
    union tb_request_body body;
    enum tb_error forged;  /* found outside: the signature is wrong or missing; TB_OK: none */
    enum tb_error refusal; /* found outside: malformed; TB_OK: none */
    enum tb_error unprepared; /* what prepare() returned */
    bool is_signed;        /* and the signature is right */

    /* References, inside the section; the channel is the loop's. */
    struct tb_channel *channel;
    struct tb_session *session;
    struct tb_tree *tree;
    struct tb_open *open;

    void *state; /* the command's own, from tb_request_alloc() */
    void *arena;
    void (*clean)(struct tb_request *request); /* frees what the arena does not; outside */
    /* The answer has been encoded (and signed), for preauthentication integrity; outside. */
    void (*encoded)(struct tb_request *request, struct tb_span answer);

    bool running, parked, finished, interim_sent;
    uint64_t async_id;
    tb_cancel *cancel;

    enum tb_error status;
    union tb_response_body response;
    bool with_body; /* `response` goes with an error, too */
    struct tb_payload *data;  /* READ's data, released with the request */
    size_t reply_reserved;    /* counted in conn->reply_bytes until the chain has left */
    struct tb_span error_data; /* for an error answer; points like the response's buffers */
    /* The answer's form, fixed when it is queued. */
    uint16_t credits_granted;
    uint8_t *reply; /* `reserve` or malloc'ed */
    size_t reply_length;
    uint8_t padding[8]; /* zeros behind it in a compound; enciphered in place like the rest */
    uint8_t reserve[TB_REPLY_RESERVE];
};

static inline struct tb_request *tb_request_of(struct tb_task *task)
{
    return tb_container(task, struct tb_request, task);
}

/* Zeroed memory that lives as long as the request, or NULL. Inside or outside the section, on the
 * request's loop. */
void *tb_request_alloc(struct tb_request *request, size_t size);

/* Finish with a status: the answer is queued, references are given back. For TB_OK,
 * TB_MORE_PROCESSING_REQUIRED, TB_BUFFER_OVERFLOW and TB_NOTIFY_ENUM_DIR (see the command table)
 * `response` is filled; all others become an ERROR response with `error_data`. Ends a step. */
void tb_request_finish(struct tb_request *request, enum tb_error status) TB_INSIDE;

/* Wait without limit (a lock, a notification): sends the interim answer, and has `cancel` called,
 * inside the section, when it is to end early; `cancel` takes the request out of whatever wakes it
 * and finishes it with the error given. False, with nothing done, when the request may not wait
 * (it is not the last of its compound): finish it with TB_INTERNAL_ERROR. Follow with
 * tb_task_wait(). */
bool tb_request_park(struct tb_request *request, tb_cancel *cancel) TB_INSIDE;

/* A parked request goes on: `cancel` is not called any more. Call before tb_task_ready() or
 * tb_request_finish(). */
void tb_request_unpark(struct tb_request *request) TB_INSIDE;

/* Let go of request->open before the request finishes. */
void tb_request_drop_open(struct tb_request *request) TB_INSIDE;

/* The identity that exporter calls are made with: its open's, or else its session's. */
const struct tb_credentials *tb_request_credentials(const struct tb_request *request) TB_INSIDE;

#endif
