/* A tree connect: a session's use of a share (MS-SMB2 3.3.1.9). In its session's list until
 * TREE_DISCONNECT or the session's end; requests and opens hold references. */
#ifndef TB_TREE_H
#define TB_TREE_H

#include "core/list.h"
#include "core/section.h"
#include "core/share.h"

struct tb_session;

struct tb_tree {
    struct tb_list in_session;
    struct tb_session *session; /* a reference */
    struct tb_share *share;
    uint32_t id;
    uint32_t maximal_access;
    struct tb_credentials credentials; /* of exporter calls */
    unsigned references TB_GUARDED;
    bool connected TB_GUARDED;
    uint32_t open_count TB_GUARDED;
};

/* Errors: NO_MEMORY, INSUFFICIENT_RESOURCES (the session has too many), REQUEST_NOT_ACCEPTED (the
 * share has as many as it may). */
enum tb_error tb_tree_create(struct tb_session *session, struct tb_share *share,
                             struct tb_tree **out) TB_INSIDE;
/* What its session's user may do and act as: now, and again when the session becomes another's. */
void tb_tree_assess(struct tb_tree *tree) TB_INSIDE;
struct tb_tree *tb_tree_find(struct tb_session *session, uint32_t id) TB_INSIDE;
void tb_tree_release(struct tb_tree *tree) TB_INSIDE;
/* Disconnect: its opens are closed. */
void tb_tree_end(struct tb_tree *tree) TB_INSIDE;

#endif
