/* LOGOFF (MS-SMB2 2.2.7, 2.2.8). There is nothing in it. */
#ifndef TB_WIRE_LOGOFF_H
#define TB_WIRE_LOGOFF_H

#include "core/wire/header.h"

struct tb_logoff_request {
    uint16_t reserved;
};

struct tb_logoff_response {
    uint16_t reserved;
};

enum tb_error tb_logoff_request_decode(struct tb_span message, struct tb_logoff_request *out);
void tb_logoff_request_encode(struct tb_writer *w, const struct tb_logoff_request *request);
enum tb_error tb_logoff_response_decode(struct tb_span message, struct tb_logoff_response *out);
void tb_logoff_response_encode(struct tb_writer *w, const struct tb_logoff_response *response);

#endif
