/* Names on stable storage. fsync(2) of a file need not save the name it was reached by, nor the names
 * of the directories above; whoever acknowledges data must have synced them too. */
#ifndef TB_EXPORTERS_POSIX_SYNC_H
#define TB_EXPORTERS_POSIX_SYNC_H

#include "exporters/posix/handle.h"

/* Which directories need no syncing; NULL without memory. */
struct tb_posix_synced *tb_posix_synced_new(void);
void tb_posix_synced_free(struct tb_posix_synced *synced);

/* Save the handle's name in every directory from its parent up to the share's root. Does nothing
 * when that was done since the name was made. Errors: errno's. */
enum tb_error tb_posix_sync_name(struct tb_posix_share *share, struct tb_posix_handle *handle);

#endif
