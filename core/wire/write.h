/* WRITE (MS-SMB2 2.2.21, 2.2.22). */
#ifndef TB_WIRE_WRITE_H
#define TB_WIRE_WRITE_H

#include "core/wire/header.h"

struct tb_write_request {
    uint64_t offset;
    struct tb_file_id file_id;
    uint32_t channel;
    uint32_t remaining_bytes;
    uint32_t flags;
    uint32_t data_length; /* encoding takes it only where the data is left out */
    struct tb_span data;
    struct tb_span write_channel_info;
};

struct tb_write_response {
    uint32_t count;
    uint32_t remaining;
};

/* Where the data of an encoded request without channel information begins. */
#define TB_WRITE_REQUEST_DATA_OFFSET 112u

enum tb_error tb_write_request_decode(struct tb_span message, struct tb_write_request *out);
void tb_write_request_encode(struct tb_writer *w, const struct tb_write_request *request);
enum tb_error tb_write_response_decode(struct tb_span message, struct tb_write_response *out);
void tb_write_response_encode(struct tb_writer *w, const struct tb_write_response *response);

/* The request without its data, which follows as a segment of its own: writes 48 bytes that
 * announce data_length bytes at TB_WRITE_REQUEST_DATA_OFFSET, and no channel information. */
void tb_write_request_encode_fixed(struct tb_writer *w, const struct tb_write_request *request);

#endif
