/* Acting as the caller. Identity belongs to the thread: between enter and leave the kernel judges
 * its file accesses as the caller's (setfsuid(2)), so nothing else may be done there. */
#ifndef TB_EXPORTERS_POSIX_IDENTITY_H
#define TB_EXPORTERS_POSIX_IDENTITY_H

#include "exporters/posix/share.h"

/* TB_ACCESS_DENIED when the kernel refuses; the thread is then as it was. Otherwise leave() follows
 * on the same thread. No system call when the server is not root, or the caller is. */
enum tb_error tb_posix_enter(const struct tb_posix_share *share,
                             const struct tb_credentials *credentials);
/* Keeps errno. A thread that cannot go back to its own identity stops the program. */
void tb_posix_leave(const struct tb_posix_share *share, const struct tb_credentials *credentials);

#endif
