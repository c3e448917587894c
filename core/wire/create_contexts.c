#include "core/wire/create_contexts.h"

#include <assert.h>

enum { CONTEXT_HEADER_LENGTH = 16, CONTEXT_NAME_MIN = 4 };

/* The names as they are on the wire, indexed by enum tb_create_context_id. */
struct context_name {
    uint8_t length;
    char bytes[17];
};

static const struct context_name context_names[TB_CREATE_CONTEXT_COUNT] = {
    [TB_CREATE_CONTEXT_EA_BUFFER] = {4, "ExtA"},
    [TB_CREATE_CONTEXT_SD_BUFFER] = {4, "SecD"},
    [TB_CREATE_CONTEXT_DURABLE_HANDLE_REQUEST] = {4, "DHnQ"},
    [TB_CREATE_CONTEXT_DURABLE_HANDLE_RECONNECT] = {4, "DHnC"},
    [TB_CREATE_CONTEXT_ALLOCATION_SIZE] = {4, "AlSi"},
    [TB_CREATE_CONTEXT_MAXIMAL_ACCESS] = {4, "MxAc"},
    [TB_CREATE_CONTEXT_TIMEWARP_TOKEN] = {4, "TWrp"},
    [TB_CREATE_CONTEXT_QUERY_ON_DISK_ID] = {4, "QFid"},
    [TB_CREATE_CONTEXT_LEASE] = {4, "RqLs"},
    [TB_CREATE_CONTEXT_DURABLE_HANDLE_REQUEST_V2] = {4, "DH2Q"},
    [TB_CREATE_CONTEXT_DURABLE_HANDLE_RECONNECT_V2] = {4, "DH2C"},
    [TB_CREATE_CONTEXT_APP_INSTANCE_ID] =
        {16, "\x45\xBC\xA6\x6A\xEF\xA7\xF7\x4A\x90\x08\xFA\x46\x2E\x14\x4D\x74"},
    [TB_CREATE_CONTEXT_APP_INSTANCE_VERSION] =
        {16, "\xB9\x82\xD0\xB7\x3B\x56\x07\x4F\xA0\x7B\x52\x4A\x81\x16\xA0\x10"},
    [TB_CREATE_CONTEXT_SVHDX_OPEN_DEVICE] =
        {16, "\x9C\xCB\xCF\x9E\x04\xC1\xE6\x43\x98\x0E\x15\x8D\xA1\xF6\xEC\x83"},
    [TB_CREATE_CONTEXT_AAPL] = {4, "AAPL"},
};

static enum tb_create_context_id identify(struct tb_span name)
{
    for (int id = 1; id < TB_CREATE_CONTEXT_COUNT; id++) {
        const struct context_name *known = &context_names[id];
        if (name.length == known->length && memcmp(name.data, known->bytes, known->length) == 0)
            return (enum tb_create_context_id)id;
    }
    return TB_CREATE_CONTEXT_UNKNOWN;
}

/* One context in `whole`, which ends where the next one begins. */
static bool decode_one(struct tb_span whole, struct tb_create_context *out)
{
    struct tb_reader r = tb_reader(whole);
    tb_read_skip(&r, 4);
    uint16_t name_offset = tb_read_u16(&r);
    uint16_t name_length = tb_read_u16(&r);
    tb_read_skip(&r, 2);
    uint16_t data_offset = tb_read_u16(&r);
    uint32_t data_length = tb_read_u32(&r);
    bool ok = !r.failed && name_length >= CONTEXT_NAME_MIN && name_offset >= CONTEXT_HEADER_LENGTH &&
              (data_length == 0 || data_offset >= CONTEXT_HEADER_LENGTH);
    if (!ok)
        return false;
    out->name = tb_span_part(whole, name_offset, name_length, &ok);
    if (data_length)
        out->data = tb_span_part(whole, data_offset, data_length, &ok);
    if (ok)
        out->id = identify(out->name);
    return ok;
}

bool tb_create_contexts_next(struct tb_span *left, struct tb_create_context *out)
{
    *out = (struct tb_create_context){0};
    if (left->length < CONTEXT_HEADER_LENGTH)
        return false;
    size_t next = tb_load_u32(left->data);
    size_t length = next ? next : left->length;
    if (next % 8 || length < CONTEXT_HEADER_LENGTH || length > left->length)
        return false;
    if (next && left->length - next < CONTEXT_HEADER_LENGTH)
        return false;
    if (!decode_one(tb_span(left->data, length), out))
        return false;
    *left = tb_span(next ? left->data + length : NULL, left->length - length);
    return true;
}

enum tb_error tb_create_contexts_check(struct tb_span contexts)
{
    struct tb_create_context context;
    while (tb_create_contexts_next(&contexts, &context))
        ;
    return contexts.length == 0 ? TB_OK : TB_INVALID_PARAMETER;
}

bool tb_create_contexts_find(struct tb_span contexts, enum tb_create_context_id id,
                             struct tb_create_context *out)
{
    while (tb_create_contexts_next(&contexts, out)) {
        if (out->id == id)
            return true;
    }
    return false;
}

void tb_create_chain_begin(struct tb_create_chain *chain, void *buffer, size_t capacity)
{
    *chain = (struct tb_create_chain){.writer = tb_writer(buffer, capacity)};
}

void tb_create_chain_open(struct tb_create_chain *chain, enum tb_create_context_id id)
{
    assert(id > TB_CREATE_CONTEXT_UNKNOWN && id < TB_CREATE_CONTEXT_COUNT);
    struct tb_writer *w = &chain->writer;
    bool first = w->at == 0;
    tb_write_align(w, 8);
    if (!first)
        tb_write_u32_at(w, chain->opened_at, (uint32_t)(w->at - chain->opened_at));
    chain->opened_at = w->at;
    tb_write_u32(w, 0);
    tb_write_u16(w, CONTEXT_HEADER_LENGTH);
    tb_write_u16(w, context_names[id].length);
    tb_write_zeros(w, 8);
    tb_write_bytes(w, context_names[id].bytes, context_names[id].length);
    chain->data_at = w->at;
    tb_write_align(w, 8);
}

void tb_create_chain_close(struct tb_create_chain *chain)
{
    struct tb_writer *w = &chain->writer;
    if (w->failed)
        return;
    size_t data_at = (chain->data_at + 7) & ~(size_t)7;
    size_t length = w->at - data_at;
    if (length == 0) {
        w->at = chain->data_at;
        return;
    }
    tb_store_u16(w->data + chain->opened_at + 10, (uint16_t)(data_at - chain->opened_at));
    tb_write_u32_at(w, chain->opened_at + 12, (uint32_t)length);
}

struct tb_span tb_create_chain_contexts(const struct tb_create_chain *chain)
{
    assert(!chain->writer.failed);
    return tb_span(chain->writer.data, chain->writer.at);
}
