/* Bounds-checked little-endian reading and writing.
 *
 * A reader or writer that runs out of room sets `failed` and from then on yields zeros or writes
 * nothing, so a codec checks once at its end instead of after every field. */
#ifndef TB_BYTES_H
#define TB_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes owned by somebody else. */
struct tb_span {
    const uint8_t *data;
    size_t length;
};

static inline struct tb_span tb_span(const void *data, size_t length)
{
    return (struct tb_span){data, length};
}

/* The part of `whole` at [offset, offset + length); an empty span with data NULL if it does not
 * lie inside. `ok`, when not NULL, is cleared in that case and else left alone. */
static inline struct tb_span tb_span_part(struct tb_span whole, size_t offset, size_t length,
                                          bool *ok)
{
    if (offset > whole.length || length > whole.length - offset) {
        if (ok)
            *ok = false;
        return tb_span(NULL, 0);
    }
    return tb_span(whole.data + offset, length);
}

static inline uint16_t tb_load_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t tb_load_u32(const uint8_t *p)
{
    return tb_load_u16(p) | (uint32_t)tb_load_u16(p + 2) << 16;
}

static inline uint64_t tb_load_u64(const uint8_t *p)
{
    return tb_load_u32(p) | (uint64_t)tb_load_u32(p + 4) << 32;
}

static inline void tb_store_u16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static inline void tb_store_u32(uint8_t *p, uint32_t v)
{
    tb_store_u16(p, (uint16_t)v);
    tb_store_u16(p + 2, (uint16_t)(v >> 16));
}

static inline void tb_store_u64(uint8_t *p, uint64_t v)
{
    tb_store_u32(p, (uint32_t)v);
    tb_store_u32(p + 4, (uint32_t)(v >> 32));
}

struct tb_reader {
    struct tb_span whole;
    size_t at;
    bool failed;
};

static inline struct tb_reader tb_reader(struct tb_span whole)
{
    return (struct tb_reader){whole, 0, false};
}

static inline size_t tb_reader_left(const struct tb_reader *r)
{
    return r->failed ? 0 : r->whole.length - r->at;
}

/* The next `length` bytes, or NULL (and failed) if there are fewer. */
static inline const uint8_t *tb_read_bytes(struct tb_reader *r, size_t length)
{
    if (r->failed || length > r->whole.length - r->at) {
        r->failed = true;
        return NULL;
    }
    const uint8_t *p = r->whole.data + r->at;
    r->at += length;
    return p;
}

static inline struct tb_span tb_read_span(struct tb_reader *r, size_t length)
{
    const uint8_t *p = tb_read_bytes(r, length);
    return tb_span(p, p ? length : 0);
}

static inline void tb_read_skip(struct tb_reader *r, size_t length)
{
    (void)tb_read_bytes(r, length);
}

/* Skip to the next multiple of `alignment` from the reader's start. */
static inline void tb_read_align(struct tb_reader *r, size_t alignment)
{
    tb_read_skip(r, (alignment - r->at % alignment) % alignment);
}

/* Copy the next `length` bytes to `to` (zeros when failed). */
static inline void tb_read_copy(struct tb_reader *r, void *to, size_t length)
{
    const uint8_t *p = tb_read_bytes(r, length);
    if (p && length)
        memcpy(to, p, length);
    else if (length)
        memset(to, 0, length);
}

static inline uint8_t tb_read_u8(struct tb_reader *r)
{
    const uint8_t *p = tb_read_bytes(r, 1);
    return p ? *p : 0;
}

static inline uint16_t tb_read_u16(struct tb_reader *r)
{
    const uint8_t *p = tb_read_bytes(r, 2);
    return p ? tb_load_u16(p) : 0;
}

static inline uint32_t tb_read_u32(struct tb_reader *r)
{
    const uint8_t *p = tb_read_bytes(r, 4);
    return p ? tb_load_u32(p) : 0;
}

static inline uint64_t tb_read_u64(struct tb_reader *r)
{
    const uint8_t *p = tb_read_bytes(r, 8);
    return p ? tb_load_u64(p) : 0;
}

/* Writes into memory of fixed size that somebody else owns. */
struct tb_writer {
    uint8_t *data;
    size_t capacity;
    size_t at;
    bool failed;
};

static inline struct tb_writer tb_writer(void *data, size_t capacity)
{
    return (struct tb_writer){data, capacity, 0, false};
}

/* Room for `length` bytes, or NULL (and failed). */
static inline uint8_t *tb_write_reserve(struct tb_writer *w, size_t length)
{
    if (w->failed || length > w->capacity - w->at) {
        w->failed = true;
        return NULL;
    }
    uint8_t *p = w->data + w->at;
    w->at += length;
    return p;
}

static inline void tb_write_bytes(struct tb_writer *w, const void *bytes, size_t length)
{
    uint8_t *p = tb_write_reserve(w, length);
    if (p && length)
        memcpy(p, bytes, length);
}

static inline void tb_write_span(struct tb_writer *w, struct tb_span span)
{
    tb_write_bytes(w, span.data, span.length);
}

static inline void tb_write_zeros(struct tb_writer *w, size_t length)
{
    uint8_t *p = tb_write_reserve(w, length);
    if (p && length)
        memset(p, 0, length);
}

/* Pad with zeros to the next multiple of `alignment` from the writer's start. */
static inline void tb_write_align(struct tb_writer *w, size_t alignment)
{
    tb_write_zeros(w, (alignment - w->at % alignment) % alignment);
}

static inline void tb_write_u8(struct tb_writer *w, uint8_t v)
{
    uint8_t *p = tb_write_reserve(w, 1);
    if (p)
        *p = v;
}

static inline void tb_write_u16(struct tb_writer *w, uint16_t v)
{
    uint8_t *p = tb_write_reserve(w, 2);
    if (p)
        tb_store_u16(p, v);
}

static inline void tb_write_u32(struct tb_writer *w, uint32_t v)
{
    uint8_t *p = tb_write_reserve(w, 4);
    if (p)
        tb_store_u32(p, v);
}

static inline void tb_write_u64(struct tb_writer *w, uint64_t v)
{
    uint8_t *p = tb_write_reserve(w, 8);
    if (p)
        tb_store_u64(p, v);
}

#endif
