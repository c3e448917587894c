/* TREE_CONNECT (MS-SMB2 2.2.9, 2.2.10). The request extension of 3.1.1 clusters is passed over. */
#ifndef TB_WIRE_TREE_CONNECT_H
#define TB_WIRE_TREE_CONNECT_H

#include "core/wire/header.h"

struct tb_tree_connect_request {
    uint16_t flags;
    struct tb_span path; /* UTF-16LE: two backslashes, server, backslash, share */
};

struct tb_tree_connect_response {
    uint8_t share_type;
    uint32_t share_flags;
    uint32_t capabilities;
    uint32_t maximal_access;
};

enum tb_error tb_tree_connect_request_decode(struct tb_span message,
                                             struct tb_tree_connect_request *out);
void tb_tree_connect_request_encode(struct tb_writer *w,
                                    const struct tb_tree_connect_request *request);
enum tb_error tb_tree_connect_response_decode(struct tb_span message,
                                              struct tb_tree_connect_response *out);
void tb_tree_connect_response_encode(struct tb_writer *w,
                                     const struct tb_tree_connect_response *response);

#endif
