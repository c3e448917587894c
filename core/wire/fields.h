/* Small things that several messages share. */
#ifndef TB_WIRE_FIELDS_H
#define TB_WIRE_FIELDS_H

#include "core/bytes.h"
#include "core/error.h"

/* SMB2_FILEID (MS-SMB2 2.2.14.1). All ones in both means "the one of the compound before me". */
struct tb_file_id {
    uint64_t persistent;
    uint64_t volatile_;
};

static inline struct tb_file_id tb_read_file_id(struct tb_reader *r)
{
    uint64_t persistent = tb_read_u64(r);
    return (struct tb_file_id){persistent, tb_read_u64(r)};
}

static inline void tb_write_file_id(struct tb_writer *w, struct tb_file_id id)
{
    tb_write_u64(w, id.persistent);
    tb_write_u64(w, id.volatile_);
}

static inline bool tb_file_id_equal(struct tb_file_id a, struct tb_file_id b)
{
    return a.persistent == b.persistent && a.volatile_ == b.volatile_;
}

/* The file id that stands for the previous one in a related compound. */
static inline bool tb_file_id_is_related(struct tb_file_id id)
{
    return id.persistent == UINT64_MAX && id.volatile_ == UINT64_MAX;
}

/* A list of 16-bit numbers as on the wire (dialects, cipher ids ...): little-endian, unaligned. */
static inline size_t tb_u16_count(struct tb_span list)
{
    return list.length / 2;
}

/* The i-th; `i` must be below tb_u16_count(). */
static inline uint16_t tb_u16_at(struct tb_span list, size_t i)
{
    return tb_load_u16(list.data + 2 * i);
}

static inline bool tb_u16_contains(struct tb_span list, uint16_t wanted)
{
    for (size_t i = 0; i < tb_u16_count(list); i++) {
        if (tb_u16_at(list, i) == wanted)
            return true;
    }
    return false;
}

/* For the codecs of this folder.
 *
 * A reader of `message` (which starts at its SMB2 header) that stands behind StructureSize;
 * failed when the message is too short or the size is not `structure_size`. */
struct tb_reader tb_body_reader(struct tb_span message, uint16_t structure_size);

/* The variable part of the message at [offset, offset + length). An empty one may have any
 * offset. One that lies outside the message, or begins before `fixed_end` (the end of the fixed
 * part), fails the reader. */
struct tb_span tb_body_part(struct tb_reader *r, size_t offset, size_t length, size_t fixed_end);

/* The same, of even length as UTF-16 must be. */
struct tb_span tb_body_name(struct tb_reader *r, size_t offset, size_t length, size_t fixed_end);

/* TB_OK, or TB_INVALID_PARAMETER when the reader has failed. */
enum tb_error tb_reader_error(const struct tb_reader *r);

/* Write StructureSize; the writer must stand right behind the header. */
void tb_body_begin(struct tb_writer *w, uint16_t structure_size);

/* Lengths that must fit the field, or the writer fails. */
void tb_write_length16(struct tb_writer *w, size_t length);
void tb_write_length32(struct tb_writer *w, size_t length);

/* Set a field that was written before. */
void tb_write_u32_at(struct tb_writer *w, size_t at, uint32_t value);

/* Where StructureSize counts one byte of variable part, a request has at least that byte: some
 * servers insist. `fixed_end` is where the variable part begins. */
void tb_write_at_least_one(struct tb_writer *w, size_t fixed_end);

/* The bodies that are StructureSize 4 and two reserved bytes. */
enum tb_error tb_reserved_decode(struct tb_span message, uint16_t *reserved);
void tb_reserved_encode(struct tb_writer *w, uint16_t reserved);

/* The bodies of responses that are one buffer: StructureSize 9, offset, 32-bit length. */
enum tb_error tb_output_buffer_decode(struct tb_span message, struct tb_span *buffer);
void tb_output_buffer_encode(struct tb_writer *w, struct tb_span buffer);

#endif
