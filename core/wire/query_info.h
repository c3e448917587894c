/* QUERY_INFO (MS-SMB2 2.2.37, 2.2.38). */
#ifndef TB_WIRE_QUERY_INFO_H
#define TB_WIRE_QUERY_INFO_H

#include "core/wire/header.h"

struct tb_query_info_request {
    uint8_t info_type; /* TB_SMB2_0_INFO_... */
    uint8_t file_info_class;
    uint32_t output_buffer_length;
    uint32_t additional_information;
    uint32_t flags; /* TB_SL_... */
    struct tb_file_id file_id;
    struct tb_span input_buffer;
};

struct tb_query_info_response {
    struct tb_span output_buffer;
};

enum tb_error tb_query_info_request_decode(struct tb_span message,
                                           struct tb_query_info_request *out);
void tb_query_info_request_encode(struct tb_writer *w, const struct tb_query_info_request *request);
enum tb_error tb_query_info_response_decode(struct tb_span message,
                                            struct tb_query_info_response *out);
void tb_query_info_response_encode(struct tb_writer *w,
                                   const struct tb_query_info_response *response);

#endif
