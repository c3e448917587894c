/* SET_INFO (MS-SMB2 2.2.39, 2.2.40). */
#ifndef TB_WIRE_SET_INFO_H
#define TB_WIRE_SET_INFO_H

#include "core/wire/header.h"

struct tb_set_info_request {
    uint8_t info_type; /* TB_SMB2_0_INFO_... */
    uint8_t file_info_class;
    uint32_t additional_information;
    struct tb_file_id file_id;
    struct tb_span buffer;
};

struct tb_set_info_response {
    uint8_t reserved; /* not on the wire */
};

enum tb_error tb_set_info_request_decode(struct tb_span message, struct tb_set_info_request *out);
void tb_set_info_request_encode(struct tb_writer *w, const struct tb_set_info_request *request);
enum tb_error tb_set_info_response_decode(struct tb_span message, struct tb_set_info_response *out);
void tb_set_info_response_encode(struct tb_writer *w, const struct tb_set_info_response *response);

#endif
