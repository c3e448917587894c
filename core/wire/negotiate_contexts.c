#include "core/wire/negotiate_contexts.h"

#include <assert.h>

enum { CONTEXT_HEADER_LENGTH = 8 };

bool tb_negotiate_contexts_next(struct tb_negotiate_contexts *left,
                                struct tb_negotiate_context *out)
{
    *out = (struct tb_negotiate_context){0};
    if (left->count == 0)
        return false;
    struct tb_reader r = tb_reader(left->data);
    out->type = tb_read_u16(&r);
    uint16_t length = tb_read_u16(&r);
    tb_read_skip(&r, 4);
    out->data = tb_read_span(&r, length);
    if (r.failed)
        return false;
    left->count--;
    if (left->count)
        tb_read_align(&r, 8);
    if (r.failed)
        left->count = 0;
    left->data =
        r.failed ? tb_span(NULL, 0) : tb_span(left->data.data + r.at, left->data.length - r.at);
    return true;
}

enum tb_error tb_negotiate_contexts_check(struct tb_negotiate_contexts contexts)
{
    uint32_t expected = contexts.count;
    struct tb_negotiate_context context;
    while (tb_negotiate_contexts_next(&contexts, &context))
        expected--;
    return expected == 0 ? TB_OK : TB_INVALID_PARAMETER;
}

void tb_negotiate_chain_begin(struct tb_negotiate_chain *chain, void *buffer, size_t capacity)
{
    *chain = (struct tb_negotiate_chain){.writer = tb_writer(buffer, capacity)};
}

void tb_negotiate_chain_open(struct tb_negotiate_chain *chain, uint16_t type)
{
    tb_write_align(&chain->writer, 8);
    chain->opened_at = chain->writer.at;
    tb_write_u16(&chain->writer, type);
    tb_write_zeros(&chain->writer, CONTEXT_HEADER_LENGTH - 2);
}

void tb_negotiate_chain_close(struct tb_negotiate_chain *chain)
{
    chain->count++;
    if (chain->writer.failed)
        return;
    size_t length = chain->writer.at - chain->opened_at - CONTEXT_HEADER_LENGTH;
    if (length > UINT16_MAX) {
        chain->writer.failed = true;
        return;
    }
    tb_store_u16(chain->writer.data + chain->opened_at + 2, (uint16_t)length);
}

struct tb_negotiate_contexts tb_negotiate_chain_contexts(const struct tb_negotiate_chain *chain)
{
    assert(!chain->writer.failed);
    return (struct tb_negotiate_contexts){tb_span(chain->writer.data, chain->writer.at),
                                          chain->count};
}

/* `count` 16-bit ids, at least one. */
static struct tb_span read_ids(struct tb_reader *r, uint16_t count)
{
    if (count == 0)
        r->failed = true;
    return tb_read_span(r, 2 * (size_t)count);
}

enum tb_error
tb_preauth_integrity_capabilities_decode(struct tb_span data,
                                         struct tb_preauth_integrity_capabilities *out)
{
    struct tb_reader r = tb_reader(data);
    uint16_t count = tb_read_u16(&r);
    uint16_t salt_length = tb_read_u16(&r);
    out->hash_algorithms = read_ids(&r, count);
    out->salt = tb_read_span(&r, salt_length);
    return tb_reader_error(&r);
}

void tb_preauth_integrity_capabilities_encode(
    struct tb_writer *w, const struct tb_preauth_integrity_capabilities *capabilities)
{
    tb_write_length16(w, tb_u16_count(capabilities->hash_algorithms));
    tb_write_length16(w, capabilities->salt.length);
    tb_write_span(w, capabilities->hash_algorithms);
    tb_write_span(w, capabilities->salt);
}

static enum tb_error ids_decode(struct tb_span data, struct tb_span *ids)
{
    struct tb_reader r = tb_reader(data);
    *ids = read_ids(&r, tb_read_u16(&r));
    return tb_reader_error(&r);
}

static void ids_encode(struct tb_writer *w, struct tb_span ids)
{
    tb_write_length16(w, tb_u16_count(ids));
    tb_write_span(w, ids);
}

enum tb_error tb_encryption_capabilities_decode(struct tb_span data,
                                                struct tb_encryption_capabilities *out)
{
    return ids_decode(data, &out->ciphers);
}

void tb_encryption_capabilities_encode(struct tb_writer *w,
                                       const struct tb_encryption_capabilities *capabilities)
{
    ids_encode(w, capabilities->ciphers);
}

enum tb_error tb_signing_capabilities_decode(struct tb_span data,
                                             struct tb_signing_capabilities *out)
{
    return ids_decode(data, &out->signing_algorithms);
}

void tb_signing_capabilities_encode(struct tb_writer *w,
                                    const struct tb_signing_capabilities *capabilities)
{
    ids_encode(w, capabilities->signing_algorithms);
}

enum tb_error tb_compression_capabilities_decode(struct tb_span data,
                                                 struct tb_compression_capabilities *out)
{
    struct tb_reader r = tb_reader(data);
    uint16_t count = tb_read_u16(&r);
    tb_read_skip(&r, 2);
    out->flags = tb_read_u32(&r);
    out->compression_algorithms = read_ids(&r, count);
    return tb_reader_error(&r);
}

void tb_compression_capabilities_encode(struct tb_writer *w,
                                        const struct tb_compression_capabilities *capabilities)
{
    tb_write_length16(w, tb_u16_count(capabilities->compression_algorithms));
    tb_write_u16(w, 0);
    tb_write_u32(w, capabilities->flags);
    tb_write_span(w, capabilities->compression_algorithms);
}

enum tb_error tb_netname_context_decode(struct tb_span data, struct tb_netname_context *out)
{
    out->net_name = data;
    return data.length % 2 ? TB_INVALID_PARAMETER : TB_OK;
}

void tb_netname_context_encode(struct tb_writer *w, const struct tb_netname_context *context)
{
    tb_write_span(w, context->net_name);
}

enum tb_error tb_transport_capabilities_decode(struct tb_span data,
                                               struct tb_transport_capabilities *out)
{
    struct tb_reader r = tb_reader(data);
    out->flags = tb_read_u32(&r);
    return tb_reader_error(&r);
}

void tb_transport_capabilities_encode(struct tb_writer *w,
                                      const struct tb_transport_capabilities *capabilities)
{
    tb_write_u32(w, capabilities->flags);
}

enum tb_error tb_rdma_transform_capabilities_decode(struct tb_span data,
                                                    struct tb_rdma_transform_capabilities *out)
{
    struct tb_reader r = tb_reader(data);
    uint16_t count = tb_read_u16(&r);
    tb_read_skip(&r, 6);
    out->rdma_transform_ids = read_ids(&r, count);
    return tb_reader_error(&r);
}

void tb_rdma_transform_capabilities_encode(
    struct tb_writer *w, const struct tb_rdma_transform_capabilities *capabilities)
{
    tb_write_length16(w, tb_u16_count(capabilities->rdma_transform_ids));
    tb_write_zeros(w, 6);
    tb_write_span(w, capabilities->rdma_transform_ids);
}
