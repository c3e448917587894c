/* FLUSH (MS-SMB2 2.2.17, 2.2.18). */
#ifndef TB_WIRE_FLUSH_H
#define TB_WIRE_FLUSH_H

#include "core/wire/header.h"

struct tb_flush_request {
    struct tb_file_id file_id;
};

struct tb_flush_response {
    uint16_t reserved;
};

enum tb_error tb_flush_request_decode(struct tb_span message, struct tb_flush_request *out);
void tb_flush_request_encode(struct tb_writer *w, const struct tb_flush_request *request);
enum tb_error tb_flush_response_decode(struct tb_span message, struct tb_flush_response *out);
void tb_flush_response_encode(struct tb_writer *w, const struct tb_flush_response *response);

#endif
