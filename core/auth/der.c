#include "core/auth/der.h"

#include <assert.h>
#include <libtasn1.h>
#include <limits.h>

struct tb_span tb_der_read(struct tb_reader *r, uint8_t tag)
{
    int length_bytes = 0;

    if (tb_read_u8(r) != tag)
        r->failed = true;
    size_t left = tb_reader_left(r);
    if (left == 0 || left > INT_MAX) {
        r->failed = true;
        return tb_span(NULL, 0);
    }
    long length = asn1_get_length_der(r->whole.data + r->at, (int)left, &length_bytes);
    if (length < 0) {
        r->failed = true;
        return tb_span(NULL, 0);
    }
    tb_read_skip(r, (size_t)length_bytes);
    return tb_read_span(r, (size_t)length);
}

bool tb_der_read_optional(struct tb_reader *r, uint8_t tag, struct tb_span *contents)
{
    *contents = tb_span(NULL, 0);
    if (tb_reader_left(r) == 0 || r->whole.data[r->at] != tag)
        return false;
    *contents = tb_der_read(r, tag);
    return !r->failed;
}

struct tb_span tb_der_only(struct tb_span outer, uint8_t tag, bool *ok)
{
    struct tb_reader r = tb_reader(outer);
    struct tb_span inner = tb_der_read(&r, tag);

    if (!r.failed && tb_reader_left(&r) == 0)
        return inner;
    *ok = false;
    return tb_span(NULL, 0);
}

struct tb_der_writer tb_der_writer(void *data, size_t capacity)
{
    return (struct tb_der_writer){data, capacity, capacity, false};
}

void tb_der_write_bytes(struct tb_der_writer *w, struct tb_span bytes)
{
    if (w->failed || bytes.length > w->at) {
        w->failed = true;
        return;
    }
    w->at -= bytes.length;
    if (bytes.length)
        memcpy(w->data + w->at, bytes.data, bytes.length);
}

void tb_der_wrap(struct tb_der_writer *w, uint8_t tag, size_t mark)
{
    uint8_t header[TB_DER_HEADER_MAX] = {tag};
    int length_bytes = sizeof header - 1;

    assert(mark <= tb_der_mark(w));
    asn1_length_der((unsigned long)(tb_der_mark(w) - mark), header + 1, &length_bytes);
    tb_der_write_bytes(w, tb_span(header, 1 + (size_t)length_bytes));
}

void tb_der_write(struct tb_der_writer *w, uint8_t tag, struct tb_span contents)
{
    size_t mark = tb_der_mark(w);

    tb_der_write_bytes(w, contents);
    tb_der_wrap(w, tag, mark);
}
