/* IOCTL (MS-SMB2 2.2.31, 2.2.32). The control codes and their data are in fsctl.h. */
#ifndef TB_WIRE_IOCTL_H
#define TB_WIRE_IOCTL_H

#include "core/wire/header.h"

struct tb_ioctl_request {
    uint32_t ctl_code;
    struct tb_file_id file_id;
    struct tb_span input;
    struct tb_span output; /* meaningless; clients send none */
    uint32_t max_input_response;
    uint32_t max_output_response;
    uint32_t flags; /* TB_SMB2_0_IOCTL_IS_FSCTL */
};

struct tb_ioctl_response {
    uint32_t ctl_code;
    struct tb_file_id file_id;
    struct tb_span input; /* servers send none, but for FSCTL_SRV_... echoes of old ones */
    struct tb_span output;
    uint32_t flags;
};

enum tb_error tb_ioctl_request_decode(struct tb_span message, struct tb_ioctl_request *out);
void tb_ioctl_request_encode(struct tb_writer *w, const struct tb_ioctl_request *request);
enum tb_error tb_ioctl_response_decode(struct tb_span message, struct tb_ioctl_response *out);
void tb_ioctl_response_encode(struct tb_writer *w, const struct tb_ioctl_response *response);

#endif
