/* The table of commands: what each needs and allows (MS-SMB2 3.3.5.2). One file a command in
 * core/cmd/; each defines its row. */
#ifndef TB_COMMAND_H
#define TB_COMMAND_H

#include "core/request.h"

enum tb_command_needs {
    TB_NEEDS_SESSION = 1 << 0,
    TB_NEEDS_TREE = 1 << 1,
    TB_NEEDS_OPEN = 1 << 2,          /* body.X.file_id names an open of the session */
    TB_ALLOWS_EXPIRED = 1 << 3,      /* served while the session is expired or re-authenticating */
    TB_ALLOWS_CLOSED_TREE = 1 << 4,
    TB_SERVED_ABOVE_BUDGET = 1 << 5, /* never deferred by back-pressure */
    TB_MAY_HAVE_OPEN = 1 << 6,       /* like TB_NEEDS_OPEN, but request->open may be NULL */
};

struct tb_command {
    const char *name;
    unsigned needs;
    /* Decode `message` into request->body. Outside. */
    enum tb_error (*decode)(struct tb_span message, union tb_request_body *body);
    /* Optional: conversions and allocations that need no shared state, before the first step.
     * Outside; an error becomes the answer (after session, tree and open have been checked). */
    enum tb_error (*prepare)(struct tb_request *request);
    /* The file id in the body, for TB_NEEDS_OPEN. */
    struct tb_file_id (*file_id)(const union tb_request_body *body);
    /* The largest of the payload sizes in and out, for the credit charge (MS-SMB2 3.3.5.2.5); NULL:
     * the charge is not checked. */
    uint32_t (*payload)(const union tb_request_body *body);
    /* First step. */
    tb_step *start;
    /* Encode the body of a successful answer; called outside, after the header was written. */
    void (*encode)(struct tb_writer *w, const struct tb_request *request);
    /* Bytes that encode() may need beyond a few fixed ones; NULL: the reserve is enough. */
    size_t (*extra)(const struct tb_request *request);
};

extern const struct tb_command tb_command_negotiate, tb_command_session_setup, tb_command_logoff,
    tb_command_tree_connect, tb_command_tree_disconnect, tb_command_create, tb_command_close,
    tb_command_flush, tb_command_read, tb_command_write, tb_command_lock, tb_command_ioctl,
    tb_command_cancel, tb_command_echo, tb_command_query_directory, tb_command_change_notify,
    tb_command_query_info, tb_command_set_info, tb_command_oplock_break;

/* The row of a command code, or NULL when there is none (MS-SMB2 3.3.5.2.6). */
const struct tb_command *tb_command_find(uint16_t code);

#endif
