/* A client of the pipes, as tests need one. */
#ifndef TB_CORE_RPC_TESTS_CLIENT_H
#define TB_CORE_RPC_TESTS_CLIENT_H

#include "core/rpc/pipe.h"

extern const struct tb_rpc_share shares[4];
extern const struct tb_rpc_environment environment;
extern uint8_t answer[70000]; /* of the last exchange, one fragment */
extern size_t answer_length;

/* NDR in one context. */
struct tb_rpc_bind bind_to(const struct tb_rpc_interface *interface);
/* The answer is then in `answer`. */
enum tb_error transceive(struct tb_pipe *pipe, const struct tb_writer *w);
/* Decoded; its length must be right. */
struct tb_rpc_header answer_header(void);
/* To be closed. */
struct tb_pipe *open_bound(const char *name, const struct tb_rpc_interface *interface);
/* One call in one fragment: the stub data of the whole answer, gathered (to be cleared), and its
 * status of fault. */
uint32_t call_with(struct tb_pipe *pipe, uint16_t operation, const struct tb_ndr_writer *in,
                   struct tb_ndr_writer *out);
/* Arguments of NetrShareEnum and NetrShareGetInfo, to be cleared. */
struct tb_ndr_writer share_enum_arguments(uint32_t level, uint32_t length_max, bool resume,
                                          uint32_t handle);
struct tb_ndr_writer share_info_arguments(const char *name, uint32_t level);
/* A fragment of a NetrShareEnum request; its length. */
size_t encode_request(uint8_t *bytes, size_t capacity, uint8_t flags, uint32_t call_id,
                      struct tb_span stub);

#endif
