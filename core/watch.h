/* Change notification (MS-FSA 2.1.5.11, MS-SMB2 3.3.5.19): what an open directory was told to look
 * out for, the changes not yet reported, and the requests that wait for them.
 *
 * A watch begins with an open's first CHANGE_NOTIFY and ends with the open; filter, tree flag and
 * buffer size are those of the first. Changes that come while no request waits are kept up to that
 * size; what does not fit makes the next answer STATUS_NOTIFY_ENUM_DIR. */
#ifndef TB_WATCH_H
#define TB_WATCH_H

#include "core/list.h"
#include "core/section.h"
#include "core/share.h"

struct tb_open;
struct tb_request;
struct tb_watch;

/* Something has changed at `path` (its new or only name). `action` is MS-FSCC 2.7.1's, `filter` the
 * bits of MS-SMB2 2.2.35 that it matches. Tells every watch of the share that it concerns. */
void tb_watch_changed(struct tb_share *share, uint32_t action, uint32_t filter,
                      const char *path) TB_INSIDE;
/* A rename: told as old and new name to those that see both. */
void tb_watch_renamed(struct tb_share *share, const char *old_path, const char *new_path,
                      bool directory) TB_INSIDE;

/* The open is being closed: what waits ends with TB_NOTIFY_CLEANUP. Frees the watch. */
void tb_watch_end(struct tb_open *open) TB_INSIDE;

#endif
