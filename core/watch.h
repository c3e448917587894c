/* Change notification (MS-FSA 2.1.5.11, MS-SMB2 3.3.5.19): what an open directory was told to look
 * out for, the changes not yet reported, and the requests that wait for them.
 *
 * A watch begins with an open's first CHANGE_NOTIFY and ends with the open; filter, tree flag and
 * buffer size are those of the first. Changes that come while no request waits are kept up to that
 * size; what does not fit, or finds no memory, makes the next answer STATUS_NOTIFY_ENUM_DIR.
 *
 * A request that waits is a tb_watch_waiter. When something happens it is handed all that is kept,
 * unparked and made ready: nothing that comes later takes that away from it. */
#ifndef TB_WATCH_H
#define TB_WATCH_H

#include "core/list.h"
#include "core/section.h"
#include "core/share.h"

struct tb_node;
struct tb_open;
struct tb_request;

/* Most bytes of changes, in the form of the wire, that are kept for one watch. */
#define TB_WATCH_KEPT_MAX 65536

struct tb_watch_change {
    struct tb_list in_list;
    uint32_t action;
    char name[]; /* relative to the watched directory */
};

struct tb_watch {
    struct tb_list in_share;
    struct tb_open *open;
    uint32_t filter;
    bool tree;
    bool overflow;          /* more has happened than is kept; `changes` is empty */
    size_t room, used;      /* bytes of the wire's form */
    struct tb_list changes; /* tb_watch_change.in_list */
    struct tb_list waiters; /* tb_watch_waiter.in_watch */
};

struct tb_watch_waiter {
    struct tb_list in_watch;
    struct tb_request *request;
    struct tb_list changes; /* handed over; freed with tb_watch_changes_clear() */
    bool overflow;
};

/* The open's watch, made if it has none; NULL without memory. */
struct tb_watch *tb_watch_begin(struct tb_open *open, uint32_t filter, bool tree,
                                size_t room) TB_INSIDE;

/* Hand over what is kept; false when there is nothing. */
bool tb_watch_take(struct tb_watch *watch, struct tb_watch_waiter *waiter) TB_INSIDE;

void tb_watch_changes_clear(struct tb_list *changes);

/* Something has changed at `path` (its new or only name). `action` is MS-FSCC 2.7.1's, `filter` the
 * bits of MS-SMB2 2.2.35 that it matches. Tells every watch of the share that it concerns. */
void tb_watch_changed(struct tb_share *share, uint32_t action, uint32_t filter,
                      const char *path) TB_INSIDE;
/* A rename: told as old and new name to those that see both. */
void tb_watch_renamed(struct tb_share *share, const char *old_path, const char *new_path,
                      bool directory) TB_INSIDE;

/* A directory is about to be deleted: what waits for changes in it ends with TB_DELETE_PENDING. */
void tb_watch_delete_pending(struct tb_node *node) TB_INSIDE;

/* The open is being closed: what waits ends with TB_NOTIFY_CLEANUP. Frees the watch. */
void tb_watch_end(struct tb_open *open) TB_INSIDE;

#endif
