/* NEGOTIATE (MS-SMB2 2.2.3, 2.2.4). */
#ifndef TB_WIRE_NEGOTIATE_H
#define TB_WIRE_NEGOTIATE_H

#include "core/wire/header.h"
#include "core/wire/negotiate_contexts.h"

struct tb_negotiate_request {
    uint16_t security_mode;
    uint32_t capabilities;
    uint8_t client_guid[16];
    uint64_t client_start_time;            /* only if 3.1.1 is not among the dialects */
    struct tb_span dialects;               /* tb_u16_count(), tb_u16_at(); may be empty */
    struct tb_negotiate_contexts contexts; /* only if 3.1.1 is among the dialects */
};

struct tb_negotiate_response {
    uint16_t security_mode;
    uint16_t dialect_revision;
    uint8_t server_guid[16];
    uint32_t capabilities;
    uint32_t max_transact_size;
    uint32_t max_read_size;
    uint32_t max_write_size;
    uint64_t system_time;       /* FILETIME */
    uint64_t server_start_time; /* FILETIME or 0 */
    struct tb_span security_buffer;
    struct tb_negotiate_contexts contexts; /* only if dialect_revision is 3.1.1 */
};

enum tb_error tb_negotiate_request_decode(struct tb_span message, struct tb_negotiate_request *out);
void tb_negotiate_request_encode(struct tb_writer *w, const struct tb_negotiate_request *request);
enum tb_error tb_negotiate_response_decode(struct tb_span message,
                                           struct tb_negotiate_response *out);
void tb_negotiate_response_encode(struct tb_writer *w,
                                  const struct tb_negotiate_response *response);

#endif
