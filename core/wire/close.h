/* CLOSE (MS-SMB2 2.2.15, 2.2.16). */
#ifndef TB_WIRE_CLOSE_H
#define TB_WIRE_CLOSE_H

#include "core/wire/header.h"

struct tb_close_request {
    uint16_t flags; /* TB_SMB2_CLOSE_FLAG_POSTQUERY_ATTRIB */
    struct tb_file_id file_id;
};

struct tb_close_response {
    uint16_t flags; /* as above: the rest counts only when set */
    uint64_t creation_time;
    uint64_t last_access_time;
    uint64_t last_write_time;
    uint64_t change_time;
    uint64_t allocation_size;
    uint64_t end_of_file;
    uint32_t file_attributes;
};

enum tb_error tb_close_request_decode(struct tb_span message, struct tb_close_request *out);
void tb_close_request_encode(struct tb_writer *w, const struct tb_close_request *request);
enum tb_error tb_close_response_decode(struct tb_span message, struct tb_close_response *out);
void tb_close_response_encode(struct tb_writer *w, const struct tb_close_response *response);

#endif
