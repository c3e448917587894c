/* READ (MS-SMB2 2.2.19, 2.2.20). */
#ifndef TB_WIRE_READ_H
#define TB_WIRE_READ_H

#include "core/wire/header.h"

struct tb_read_request {
    uint8_t padding; /* where in the response the client would like the data */
    uint8_t flags;
    uint32_t length;
    uint64_t offset;
    struct tb_file_id file_id;
    uint32_t minimum_count;
    uint32_t channel;
    uint32_t remaining_bytes;
    struct tb_span read_channel_info;
};

struct tb_read_response {
    uint32_t data_length; /* encoding takes it only where the data is left out */
    uint32_t data_remaining;
    uint32_t flags; /* 3.1.1; Reserved before */
    struct tb_span data;
};

/* Where the data of an encoded response begins. */
#define TB_READ_RESPONSE_DATA_OFFSET 80u

enum tb_error tb_read_request_decode(struct tb_span message, struct tb_read_request *out);
void tb_read_request_encode(struct tb_writer *w, const struct tb_read_request *request);
enum tb_error tb_read_response_decode(struct tb_span message, struct tb_read_response *out);
void tb_read_response_encode(struct tb_writer *w, const struct tb_read_response *response);

/* The response without its data, which follows as a segment of its own: writes 16 bytes that
 * announce data_length bytes at TB_READ_RESPONSE_DATA_OFFSET. */
void tb_read_response_encode_fixed(struct tb_writer *w, const struct tb_read_response *response);

#endif
