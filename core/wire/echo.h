/* ECHO (MS-SMB2 2.2.28, 2.2.29). There is nothing in it. */
#ifndef TB_WIRE_ECHO_H
#define TB_WIRE_ECHO_H

#include "core/wire/header.h"

struct tb_echo_request {
    uint16_t reserved;
};

struct tb_echo_response {
    uint16_t reserved;
};

enum tb_error tb_echo_request_decode(struct tb_span message, struct tb_echo_request *out);
void tb_echo_request_encode(struct tb_writer *w, const struct tb_echo_request *request);
enum tb_error tb_echo_response_decode(struct tb_span message, struct tb_echo_response *out);
void tb_echo_response_encode(struct tb_writer *w, const struct tb_echo_response *response);

#endif
