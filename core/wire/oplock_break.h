/* OPLOCK_BREAK: the server's notification, the client's acknowledgement (here the request) and the
 * server's answer to it, each for an oplock or for a lease (MS-SMB2 2.2.23 to 2.2.25). They are
 * told apart by StructureSize. Only the fields of the one kind are filled. */
#ifndef TB_WIRE_OPLOCK_BREAK_H
#define TB_WIRE_OPLOCK_BREAK_H

#include "core/wire/header.h"

struct tb_oplock_break_notification {
    bool is_lease;
    uint8_t oplock_level; /* oplock: the new level */
    struct tb_file_id file_id;
    uint16_t new_epoch; /* lease */
    uint32_t flags;     /* TB_SMB2_NOTIFY_BREAK_LEASE_FLAG_ACK_REQUIRED */
    uint8_t lease_key[16];
    uint32_t current_lease_state;
    uint32_t new_lease_state;
};

struct tb_oplock_break_request {
    bool is_lease;
    uint8_t oplock_level; /* oplock */
    struct tb_file_id file_id;
    uint32_t flags; /* lease: reserved */
    uint8_t lease_key[16];
    uint32_t lease_state;
    uint64_t lease_duration; /* reserved */
};

struct tb_oplock_break_response {
    bool is_lease;
    uint8_t oplock_level; /* oplock */
    struct tb_file_id file_id;
    uint32_t flags; /* lease: reserved */
    uint8_t lease_key[16];
    uint32_t lease_state;
    uint64_t lease_duration; /* reserved */
};

enum tb_error tb_oplock_break_notification_decode(struct tb_span message,
                                                  struct tb_oplock_break_notification *out);
void tb_oplock_break_notification_encode(struct tb_writer *w,
                                         const struct tb_oplock_break_notification *notification);
enum tb_error tb_oplock_break_request_decode(struct tb_span message,
                                             struct tb_oplock_break_request *out);
void tb_oplock_break_request_encode(struct tb_writer *w,
                                    const struct tb_oplock_break_request *request);
enum tb_error tb_oplock_break_response_decode(struct tb_span message,
                                              struct tb_oplock_break_response *out);
void tb_oplock_break_response_encode(struct tb_writer *w,
                                     const struct tb_oplock_break_response *response);

#endif
