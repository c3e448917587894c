/* TREE_DISCONNECT (MS-SMB2 2.2.11, 2.2.12). There is nothing in it. */
#ifndef TB_WIRE_TREE_DISCONNECT_H
#define TB_WIRE_TREE_DISCONNECT_H

#include "core/wire/header.h"

struct tb_tree_disconnect_request {
    uint16_t reserved;
};

struct tb_tree_disconnect_response {
    uint16_t reserved;
};

enum tb_error tb_tree_disconnect_request_decode(struct tb_span message,
                                                struct tb_tree_disconnect_request *out);
void tb_tree_disconnect_request_encode(struct tb_writer *w,
                                       const struct tb_tree_disconnect_request *request);
enum tb_error tb_tree_disconnect_response_decode(struct tb_span message,
                                                 struct tb_tree_disconnect_response *out);
void tb_tree_disconnect_response_encode(struct tb_writer *w,
                                        const struct tb_tree_disconnect_response *response);

#endif
