/* CANCEL (MS-SMB2 2.2.30). There is nothing in it, and no response. */
#ifndef TB_WIRE_CANCEL_H
#define TB_WIRE_CANCEL_H

#include "core/wire/header.h"

struct tb_cancel_request {
    uint16_t reserved;
};

enum tb_error tb_cancel_request_decode(struct tb_span message, struct tb_cancel_request *out);
void tb_cancel_request_encode(struct tb_writer *w, const struct tb_cancel_request *request);

#endif
