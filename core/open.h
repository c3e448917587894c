/* An open: what a CREATE made and a FileId names (MS-SMB2 3.3.1.10).
 *
 * Ownership: session -> open, by tree connect. It is in the server's table until it is closed by
 * CLOSE, TREE_DISCONNECT, LOGOFF, or the end of its session or connection.
 *
 * States: LIVE -> CLOSING (tb_open_close: out of the table, parked requests ended, locks and share
 * mode given back, a doomed name claimed) -> when the last running request that uses it has
 * finished: delete on close, the exporter's CLOSE, gone. The closing is done by the open's own task,
 * so it goes on without connection or session. */
#ifndef TB_OPEN_H
#define TB_OPEN_H

#include "core/claim.h"
#include "core/exporter.h"
#include "core/list.h"
#include "core/section.h"
#include "core/table.h"
#include "core/task.h"
#include "core/watch.h"
#include "core/wire/fields.h"

struct tb_node;
struct tb_pipe;
struct tb_session;
struct tb_tree;

/* MS-SMB2 3.3.1.10 Open.LockSequenceArray */
#define TB_LOCK_SEQUENCES 64

struct tb_open {
    struct tb_task task; /* the closing */
    struct tb_table_entry by_id; /* the key is id.volatile_ */
    struct tb_list in_session;
    struct tb_list in_node; /* counts for share modes */
    struct tb_list requests; /* running requests, tb_request.in_open */
    unsigned holds TB_GUARDED; /* by requests on other opens that read from this one */
    struct tb_file_id id;
    struct tb_session *session; /* a reference */
    struct tb_tree *tree;       /* a reference */
    struct tb_server *server;
    struct tb_share *share;
    struct tb_credentials credentials; /* the tree connect's */
    bool live TB_GUARDED;
    bool closing TB_GUARDED; /* closed, and requests are still using it */
    bool removes TB_GUARDED; /* the name goes with this open: it is doomed */

    struct tb_pipe *pipe; /* a named pipe's open has this and none of what follows */
    struct tb_list pipe_readers TB_GUARDED; /* parked reads, tb_task.link */
    bool pipe_busy TB_GUARDED; /* a request is working on the pipe outside */
    struct tb_list pipe_queue TB_GUARDED; /* who waits for that to end, tb_task.link */

    struct tb_node *node;       /* a reference */
    void *handle;               /* the exporter's */
    bool directory;
    uint32_t access;            /* granted */
    uint32_t share_access, options, file_attributes;
    bool delete_on_close TB_GUARDED;
    bool posix_delete TB_GUARDED; /* a doomed name goes with this open, whoever else has it open */
    bool write_through;
    uint64_t position; /* FilePositionInformation */
    uint32_t mode;     /* FileModeInformation */
    uint64_t change_filetime; /* set by SET_INFO through this open; 0: not */

    /* A directory's enumeration (MS-FSA 2.1.5.6.3); one QUERY_DIRECTORY at a time. */
    struct {
        char *pattern; /* UTF-8; NULL before the first query */
        uint64_t cookie; /* of the last entry given out */
        uint8_t dots;    /* how many of "." and ".." were given out */
        bool busy, any_given;
        struct tb_list waiters; /* tb_task.link */
    } listing TB_GUARDED;
    struct tb_watch *watch TB_GUARDED; /* made by the first CHANGE_NOTIFY */

    struct tb_list locks TB_GUARDED; /* this open's granted ranges */
    uint32_t lock_count TB_GUARDED;
    uint8_t lock_sequences[TB_LOCK_SEQUENCES] TB_GUARDED; /* number + 1; 0 is invalid */

    struct tb_claim closing_claim; /* on the node's name, when `removes` */
    struct tb_task *closed_waiter TB_GUARDED; /* CLOSE, to be answered when done */
};

/* A new open that is not in any table yet, with its ids; NULL without memory. `session` and `tree`
 * are referenced. */
struct tb_open *tb_open_new(struct tb_tree *tree, struct tb_loop *loop) TB_INSIDE;
/* Make it known. Errors: TOO_MANY_OPENED_FILES. */
enum tb_error tb_open_publish(struct tb_open *open) TB_INSIDE;
/* Free one that was never published (its handle is the caller's affair). */
void tb_open_discard(struct tb_open *open) TB_INSIDE;

struct tb_open *tb_open_find(struct tb_session *session, struct tb_file_id id) TB_INSIDE;

/* Close: see above. `waiter`, if not NULL, becomes ready when all is done; if it is a request, it
 * has let go of the open before (tb_request_drop_open). The open's task runs on `loop`, which is
 * the one whose step is running. */
void tb_open_close(struct tb_open *open, struct tb_task *waiter, struct tb_loop *loop) TB_INSIDE;

/* Use an open beside the request's own: its handle stays until it is let go. */
void tb_open_hold(struct tb_open *open) TB_INSIDE;
void tb_open_let_go(struct tb_open *open) TB_INSIDE;

/* A request stops using the open (tb_request_finish does it). */
void tb_open_request_done(struct tb_open *open) TB_INSIDE;

#endif
