/* A named pipe of the IPC$ share, opened: an RPC server behind message-mode reads and writes
 * (MS-RPCE 2.1.1.2, MS-SMB2 3.3.5.12 and 13).
 *
 * Calls are answered inside tb_pipe_write(); what is left to the caller is to park a read that
 * finds the pipe empty until the next write or the close. Not shared between threads. */
#ifndef TB_RPC_PIPE_H
#define TB_RPC_PIPE_H

#include "core/rpc/interface.h"

/* Limits: a request's stub data over all fragments, and replies not yet read. */
#define TB_PIPE_REQUEST_LENGTH_MAX (4u << 20)
#define TB_PIPE_UNREAD_LENGTH_MAX  (8u << 20)

struct tb_pipe;

/* Whether there is a pipe of this name: "srvsvc" in any case, or "pipe/srvsvc". */
bool tb_pipe_exists(const char *name);

/* TB_OBJECT_NAME_NOT_FOUND, TB_NO_MEMORY. */
enum tb_error tb_pipe_open(const char *name, struct tb_pipe **pipe);

/* Harmless on NULL. */
void tb_pipe_close(struct tb_pipe *pipe);

/* The canonical name, "srvsvc"; static. */
const char *tb_pipe_name(const struct tb_pipe *pipe);

/* Takes all of `bytes`; whole requests in it are answered at once, their replies become readable.
 * A PDU may come in several writes and several in one. TB_PIPE_DISCONNECTED: the RPC server hung up
 * before, or did now without a reply that says why, because the stream made no sense or memory ran
 * out. TB_PIPE_BUSY: too much is unread; nothing was taken. */
enum tb_error tb_pipe_write(struct tb_pipe *pipe, const struct tb_rpc_environment *environment,
                            struct tb_span bytes);

/* Reads from the first message (one fragment of a reply) at most `capacity` bytes.
 * TB_BUFFER_OVERFLOW: cut; the rest of the message is read next. TB_PIPE_EMPTY: nothing is there.
 * TB_PIPE_DISCONNECTED: nothing is there and nothing will come. */
enum tb_error tb_pipe_read(struct tb_pipe *pipe, void *to, size_t capacity, size_t *length);

/* FSCTL_PIPE_TRANSCEIVE: a write, then a read of one message. TB_PIPE_BUSY: something is unread.
 * TB_PIPE_EMPTY: the write completed no request; wait as a read does. */
enum tb_error tb_pipe_transceive(struct tb_pipe *pipe, const struct tb_rpc_environment *environment,
                                 struct tb_span bytes, void *to, size_t capacity, size_t *length);

/* FSCTL_PIPE_PEEK and the pipe information classes (MS-FSCC 2.3.45, 2.4.37, 2.4.38). */
struct tb_pipe_state {
    bool connected;
    uint32_t messages;       /* unread */
    uint32_t message_length; /* left of the first */
    uint32_t available;      /* unread bytes in all */
};

struct tb_pipe_state tb_pipe_state(const struct tb_pipe *pipe);

/* Copies from the first message without taking it; never fails, may copy nothing. */
size_t tb_pipe_peek(const struct tb_pipe *pipe, void *to, size_t capacity);

#endif
