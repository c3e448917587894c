/* LOCK (MS-SMB2 2.2.26, 2.2.27). */
#ifndef TB_WIRE_LOCK_H
#define TB_WIRE_LOCK_H

#include "core/wire/header.h"

struct tb_lock_element {
    uint64_t offset;
    uint64_t length;
    uint32_t flags; /* TB_SMB2_LOCKFLAG_... */
};

#define TB_LOCK_ELEMENT_LENGTH 24u

struct tb_lock_request {
    uint16_t lock_count;          /* from decoding; never 0 */
    uint8_t lock_sequence_number; /* 4 bits */
    uint32_t lock_sequence_index; /* 28 bits */
    struct tb_file_id file_id;
    struct tb_span locks; /* lock_count encoded elements; encoding counts these */
};

struct tb_lock_response {
    uint16_t reserved;
};

enum tb_error tb_lock_request_decode(struct tb_span message, struct tb_lock_request *out);
void tb_lock_request_encode(struct tb_writer *w, const struct tb_lock_request *request);
enum tb_error tb_lock_response_decode(struct tb_span message, struct tb_lock_response *out);
void tb_lock_response_encode(struct tb_writer *w, const struct tb_lock_response *response);

/* The i-th element; `i` is below lock_count. */
struct tb_lock_element tb_lock_request_element(const struct tb_lock_request *request, size_t i);
void tb_lock_element_encode(struct tb_writer *w, const struct tb_lock_element *element);

#endif
