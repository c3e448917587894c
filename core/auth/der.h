/* Reading and writing DER, length by length, over libtasn1: private to core/auth.
 *
 * Nothing here allocates. All tags are single bytes. Writing goes from the end to the front, so
 * that every length is known when it is written. */
#ifndef TB_AUTH_DER_H
#define TB_AUTH_DER_H

#include "core/bytes.h"

#define TB_DER_OCTET_STRING   0x04
#define TB_DER_OBJECT_ID      0x06
#define TB_DER_ENUMERATED     0x0A
#define TB_DER_GENERAL_STRING 0x1B
#define TB_DER_SEQUENCE       0x30
/* [APPLICATION 0], constructed. */
#define TB_DER_APPLICATION 0x60
/* [n], constructed. */
#define TB_DER_CONTEXT(n) (0xA0 + (n))

/* Tag and length take no more than this. */
#define TB_DER_HEADER_MAX 10

/* The contents of the next element, which must have this tag; otherwise the reader fails. */
struct tb_span tb_der_read(struct tb_reader *r, uint8_t tag);

/* The same when the next element has this tag; otherwise nothing is read and it is false. */
bool tb_der_read_optional(struct tb_reader *r, uint8_t tag, struct tb_span *contents);

/* An element within an element: the contents of `outer`'s only element, which has this tag. Clears
 * `*ok` when that is not so. */
struct tb_span tb_der_only(struct tb_span outer, uint8_t tag, bool *ok);

/* Writes before what is already there. */
struct tb_der_writer {
    uint8_t *data;
    /* Bytes still free, in front. */
    size_t at;
    size_t capacity;
    bool failed;
};

struct tb_der_writer tb_der_writer(void *data, size_t capacity);

/* Bytes written so far: the mark from which tb_der_wrap() counts. */
static inline size_t tb_der_mark(const struct tb_der_writer *w)
{
    return w->capacity - w->at;
}

void tb_der_write_bytes(struct tb_der_writer *w, struct tb_span bytes);

/* Put tag and length before all that was written since `mark`. */
void tb_der_wrap(struct tb_der_writer *w, uint8_t tag, size_t mark);

/* A whole element. */
void tb_der_write(struct tb_der_writer *w, uint8_t tag, struct tb_span contents);

#endif
