/* SESSION_SETUP (MS-SMB2 2.2.5, 2.2.6). */
#ifndef TB_WIRE_SESSION_SETUP_H
#define TB_WIRE_SESSION_SETUP_H

#include "core/wire/header.h"

struct tb_session_setup_request {
    uint8_t flags;         /* TB_SMB2_SESSION_FLAG_BINDING */
    uint8_t security_mode; /* TB_SMB2_NEGOTIATE_SIGNING_... */
    uint32_t capabilities;
    uint32_t channel;
    uint64_t previous_session_id;
    struct tb_span security_buffer;
};

struct tb_session_setup_response {
    uint16_t session_flags;
    struct tb_span security_buffer;
};

enum tb_error tb_session_setup_request_decode(struct tb_span message,
                                              struct tb_session_setup_request *out);
void tb_session_setup_request_encode(struct tb_writer *w,
                                     const struct tb_session_setup_request *request);
enum tb_error tb_session_setup_response_decode(struct tb_span message,
                                               struct tb_session_setup_response *out);
void tb_session_setup_response_encode(struct tb_writer *w,
                                      const struct tb_session_setup_response *response);

#endif
