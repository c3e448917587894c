/* CHANGE_NOTIFY (MS-SMB2 2.2.35, 2.2.36). */
#ifndef TB_WIRE_CHANGE_NOTIFY_H
#define TB_WIRE_CHANGE_NOTIFY_H

#include "core/wire/header.h"

struct tb_change_notify_request {
    uint16_t flags; /* TB_SMB2_WATCH_TREE */
    uint32_t output_buffer_length;
    struct tb_file_id file_id;
    uint32_t completion_filter;
};

struct tb_change_notify_response {
    struct tb_span output_buffer; /* notify_information.h */
};

enum tb_error tb_change_notify_request_decode(struct tb_span message,
                                              struct tb_change_notify_request *out);
void tb_change_notify_request_encode(struct tb_writer *w,
                                     const struct tb_change_notify_request *request);
enum tb_error tb_change_notify_response_decode(struct tb_span message,
                                               struct tb_change_notify_response *out);
void tb_change_notify_response_encode(struct tb_writer *w,
                                      const struct tb_change_notify_response *response);

#endif
