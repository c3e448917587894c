/* NDR, the encoding of DCE/RPC arguments (C706 chapter 14; little-endian NDR 2.0 only).
 *
 * Every primitive is aligned to its size, counted from the start of the stub data. */
#ifndef TB_RPC_NDR_H
#define TB_RPC_NDR_H

#include "core/bytes.h"
#include "core/error.h"

/* The reader is a tb_reader over the stub data: once failed, it yields zeros. */
struct tb_ndr_reader {
    struct tb_reader bytes;
};

static inline struct tb_ndr_reader tb_ndr_reader(struct tb_span stub)
{
    return (struct tb_ndr_reader){tb_reader(stub)};
}

static inline bool tb_ndr_reader_failed(const struct tb_ndr_reader *r)
{
    return r->bytes.failed;
}

uint16_t tb_ndr_read_u16(struct tb_ndr_reader *r);
uint32_t tb_ndr_read_u32(struct tb_ndr_reader *r);
uint64_t tb_ndr_read_u64(struct tb_ndr_reader *r);

/* A unique or full pointer: whether it is not null. Its referent follows where the enclosing
 * structure ends. */
bool tb_ndr_read_pointer(struct tb_ndr_reader *r);

/* A conformant, varying string of wide characters ([string] wchar_t *): its UTF-16LE up to the
 * first NUL, inside the stub data. Fails unless offset is 0, the count fits, and it ends in a NUL.
 */
struct tb_span tb_ndr_read_string(struct tb_ndr_reader *r);

/* A unique pointer to a string, where the referent follows at once (a top-level argument). Data is
 * NULL when the pointer is null. */
struct tb_span tb_ndr_read_unique_string(struct tb_ndr_reader *r);

/* A conformant array of bytes: its count, then that many bytes. */
struct tb_span tb_ndr_read_byte_array(struct tb_ndr_reader *r);

/* The writer owns a buffer that grows up to `limit` bytes; without memory or beyond the limit it
 * sets `failed` and from then on writes nothing. */
struct tb_ndr_writer {
    uint8_t *data;
    size_t length, capacity, limit;
    uint32_t referent; /* the last referent id handed out */
    bool failed;
};

void tb_ndr_writer_init(struct tb_ndr_writer *w, size_t limit);
void tb_ndr_writer_clear(struct tb_ndr_writer *w);

void tb_ndr_write_align(struct tb_ndr_writer *w, size_t alignment);
void tb_ndr_write_bytes(struct tb_ndr_writer *w, const void *bytes, size_t length);
void tb_ndr_write_u8(struct tb_ndr_writer *w, uint8_t v);
void tb_ndr_write_u16(struct tb_ndr_writer *w, uint16_t v);
void tb_ndr_write_u32(struct tb_ndr_writer *w, uint32_t v);
void tb_ndr_write_u64(struct tb_ndr_writer *w, uint64_t v);

/* A referent id, or 0 for a null pointer. */
void tb_ndr_write_pointer(struct tb_ndr_writer *w, bool present);

/* A conformant, varying, terminated string of wide characters from UTF-8. Ill-formed text fails the
 * writer. */
void tb_ndr_write_string(struct tb_ndr_writer *w, const char *utf8);

/* Bytes that tb_ndr_write_string() adds when aligned, for preferred maximum lengths. */
size_t tb_ndr_string_length(const char *utf8);

/* Overwrites four bytes written earlier. */
void tb_ndr_patch_u32(struct tb_ndr_writer *w, size_t at, uint32_t v);

#endif
