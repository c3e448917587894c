#include "core/wire/lock.h"

#include <assert.h>

/* LockSequenceNumber is the low 4 bits, LockSequenceIndex the other 28. */
enum { SEQUENCE_NUMBER_BITS = 4, SEQUENCE_NUMBER_MASK = 0xF };

enum tb_error tb_lock_request_decode(struct tb_span message, struct tb_lock_request *out)
{
    *out = (struct tb_lock_request){0};
    struct tb_reader r = tb_body_reader(message, 48);
    out->lock_count = tb_read_u16(&r);
    uint32_t sequence = tb_read_u32(&r);
    out->lock_sequence_number = sequence & SEQUENCE_NUMBER_MASK;
    out->lock_sequence_index = sequence >> SEQUENCE_NUMBER_BITS;
    out->file_id = tb_read_file_id(&r);
    if (out->lock_count == 0)
        r.failed = true;
    out->locks = tb_read_span(&r, (size_t)out->lock_count * TB_LOCK_ELEMENT_LENGTH);
    return tb_reader_error(&r);
}

void tb_lock_request_encode(struct tb_writer *w, const struct tb_lock_request *request)
{
    assert(request->locks.length % TB_LOCK_ELEMENT_LENGTH == 0);
    tb_body_begin(w, 48);
    tb_write_length16(w, request->locks.length / TB_LOCK_ELEMENT_LENGTH);
    tb_write_u32(w, request->lock_sequence_index << SEQUENCE_NUMBER_BITS |
                        (request->lock_sequence_number & SEQUENCE_NUMBER_MASK));
    tb_write_file_id(w, request->file_id);
    tb_write_span(w, request->locks);
}

struct tb_lock_element tb_lock_request_element(const struct tb_lock_request *request, size_t i)
{
    assert(i < request->locks.length / TB_LOCK_ELEMENT_LENGTH);
    const uint8_t *p = request->locks.data + i * TB_LOCK_ELEMENT_LENGTH;
    return (struct tb_lock_element){tb_load_u64(p), tb_load_u64(p + 8), tb_load_u32(p + 16)};
}

void tb_lock_element_encode(struct tb_writer *w, const struct tb_lock_element *element)
{
    tb_write_u64(w, element->offset);
    tb_write_u64(w, element->length);
    tb_write_u32(w, element->flags);
    tb_write_u32(w, 0);
}

enum tb_error tb_lock_response_decode(struct tb_span message, struct tb_lock_response *out)
{
    return tb_reserved_decode(message, &out->reserved);
}

void tb_lock_response_encode(struct tb_writer *w, const struct tb_lock_response *response)
{
    tb_reserved_encode(w, response->reserved);
}
