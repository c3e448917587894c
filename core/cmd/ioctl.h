/* IOCTL is a table of control codes; the larger ones have files of their own. */
#ifndef TB_CMD_IOCTL_H
#define TB_CMD_IOCTL_H

#include "core/command.h"

/* FSCTL_VALIDATE_NEGOTIATE_INFO (MS-SMB2 3.3.5.15.12). */
void tb_fsctl_validate_negotiate(struct tb_task *task) TB_INSIDE;

#endif
