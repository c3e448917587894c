#include "core/wire/oplock_break.h"

enum { OPLOCK_SIZE = 24, LEASE_ACKNOWLEDGEMENT_SIZE = 36, LEASE_NOTIFICATION_SIZE = 44 };

static bool has_structure_size(struct tb_span message, uint16_t structure_size)
{
    struct tb_reader r = tb_body_reader(message, structure_size);
    return !r.failed;
}

static enum tb_error oplock_decode(struct tb_span message, uint8_t *level,
                                   struct tb_file_id *file_id)
{
    struct tb_reader r = tb_body_reader(message, OPLOCK_SIZE);
    *level = tb_read_u8(&r);
    tb_read_skip(&r, 5);
    *file_id = tb_read_file_id(&r);
    return tb_reader_error(&r);
}

static void oplock_encode(struct tb_writer *w, uint8_t level, struct tb_file_id file_id)
{
    tb_body_begin(w, OPLOCK_SIZE);
    tb_write_u8(w, level);
    tb_write_zeros(w, 5);
    tb_write_file_id(w, file_id);
}

enum tb_error tb_oplock_break_notification_decode(struct tb_span message,
                                                  struct tb_oplock_break_notification *out)
{
    *out = (struct tb_oplock_break_notification){0};
    out->is_lease = has_structure_size(message, LEASE_NOTIFICATION_SIZE);
    if (!out->is_lease)
        return oplock_decode(message, &out->oplock_level, &out->file_id);
    struct tb_reader r = tb_body_reader(message, LEASE_NOTIFICATION_SIZE);
    out->new_epoch = tb_read_u16(&r);
    out->flags = tb_read_u32(&r);
    tb_read_copy(&r, out->lease_key, sizeof out->lease_key);
    out->current_lease_state = tb_read_u32(&r);
    out->new_lease_state = tb_read_u32(&r);
    tb_read_skip(&r, 12);
    return tb_reader_error(&r);
}

void tb_oplock_break_notification_encode(struct tb_writer *w,
                                         const struct tb_oplock_break_notification *notification)
{
    if (!notification->is_lease) {
        oplock_encode(w, notification->oplock_level, notification->file_id);
        return;
    }
    tb_body_begin(w, LEASE_NOTIFICATION_SIZE);
    tb_write_u16(w, notification->new_epoch);
    tb_write_u32(w, notification->flags);
    tb_write_bytes(w, notification->lease_key, sizeof notification->lease_key);
    tb_write_u32(w, notification->current_lease_state);
    tb_write_u32(w, notification->new_lease_state);
    tb_write_zeros(w, 12);
}

enum tb_error tb_oplock_break_request_decode(struct tb_span message,
                                             struct tb_oplock_break_request *out)
{
    *out = (struct tb_oplock_break_request){0};
    out->is_lease = has_structure_size(message, LEASE_ACKNOWLEDGEMENT_SIZE);
    if (!out->is_lease)
        return oplock_decode(message, &out->oplock_level, &out->file_id);
    struct tb_reader r = tb_body_reader(message, LEASE_ACKNOWLEDGEMENT_SIZE);
    tb_read_skip(&r, 2);
    out->flags = tb_read_u32(&r);
    tb_read_copy(&r, out->lease_key, sizeof out->lease_key);
    out->lease_state = tb_read_u32(&r);
    out->lease_duration = tb_read_u64(&r);
    return tb_reader_error(&r);
}

void tb_oplock_break_request_encode(struct tb_writer *w,
                                    const struct tb_oplock_break_request *request)
{
    if (!request->is_lease) {
        oplock_encode(w, request->oplock_level, request->file_id);
        return;
    }
    tb_body_begin(w, LEASE_ACKNOWLEDGEMENT_SIZE);
    tb_write_u16(w, 0);
    tb_write_u32(w, request->flags);
    tb_write_bytes(w, request->lease_key, sizeof request->lease_key);
    tb_write_u32(w, request->lease_state);
    tb_write_u64(w, request->lease_duration);
}

/* MS-SMB2 2.2.25: the answer is laid out as the acknowledgement it answers. */
enum tb_error tb_oplock_break_response_decode(struct tb_span message,
                                              struct tb_oplock_break_response *out)
{
    struct tb_oplock_break_request same;
    enum tb_error error = tb_oplock_break_request_decode(message, &same);
    *out = (struct tb_oplock_break_response){
        .is_lease = same.is_lease,
        .oplock_level = same.oplock_level,
        .file_id = same.file_id,
        .flags = same.flags,
        .lease_state = same.lease_state,
        .lease_duration = same.lease_duration,
    };
    memcpy(out->lease_key, same.lease_key, sizeof out->lease_key);
    return error;
}

void tb_oplock_break_response_encode(struct tb_writer *w,
                                     const struct tb_oplock_break_response *response)
{
    struct tb_oplock_break_request same = {
        .is_lease = response->is_lease,
        .oplock_level = response->oplock_level,
        .file_id = response->file_id,
        .flags = response->flags,
        .lease_state = response->lease_state,
        .lease_duration = response->lease_duration,
    };
    memcpy(same.lease_key, response->lease_key, sizeof same.lease_key);
    tb_oplock_break_request_encode(w, &same);
}
