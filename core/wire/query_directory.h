/* QUERY_DIRECTORY (MS-SMB2 2.2.33, 2.2.34). */
#ifndef TB_WIRE_QUERY_DIRECTORY_H
#define TB_WIRE_QUERY_DIRECTORY_H

#include "core/wire/header.h"

struct tb_query_directory_request {
    uint8_t file_information_class;
    uint8_t flags; /* TB_SMB2_RESTART_SCANS ... */
    uint32_t file_index;
    struct tb_file_id file_id;
    uint32_t output_buffer_length;
    struct tb_span file_name; /* the search pattern: UTF-16LE, of even length */
};

struct tb_query_directory_response {
    struct tb_span output_buffer;
};

enum tb_error tb_query_directory_request_decode(struct tb_span message,
                                                struct tb_query_directory_request *out);
void tb_query_directory_request_encode(struct tb_writer *w,
                                       const struct tb_query_directory_request *request);
enum tb_error tb_query_directory_response_decode(struct tb_span message,
                                                 struct tb_query_directory_response *out);
void tb_query_directory_response_encode(struct tb_writer *w,
                                        const struct tb_query_directory_response *response);

#endif
