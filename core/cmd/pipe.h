/* Named pipes (IPC$): what the commands do with them (MS-SMB2 3.3.5.9, 3.3.5.12, 3.3.5.13).
 *
 * The RPC server behind a pipe (core/rpc/pipe.h) works outside the section. open->pipe_busy keeps
 * others off it meanwhile; they wait in open->pipe_queue. A read that finds nothing is parked in
 * open->pipe_readers until a write or the close. */
#ifndef TB_CMD_PIPE_H
#define TB_CMD_PIPE_H

#include "core/command.h"
#include "core/rpc/interface.h"

/* First steps for CREATE on a pipe share, and for READ and WRITE of an open with a pipe. Each does
 * the whole command. */
void tb_named_pipe_create(struct tb_task *task) TB_INSIDE;
void tb_named_pipe_read(struct tb_task *task) TB_INSIDE;
void tb_named_pipe_write(struct tb_task *task) TB_INSIDE;

/* FSCTL_PIPE_TRANSCEIVE and FSCTL_PIPE_PEEK on an open with a pipe. */
void tb_named_pipe_transceive(struct tb_task *task) TB_INSIDE;
void tb_named_pipe_peek(struct tb_task *task) TB_INSIDE;

/* What an RPC call may know of the server, in memory of the request; TB_NO_MEMORY. The time is left
 * out: it is filled in outside the section. */
enum tb_error tb_rpc_environment_fill(struct tb_request *request,
                                      struct tb_rpc_environment *environment) TB_INSIDE;

#endif
