#include "core/rpc/pdu.h"

#define VERSION_MAJOR       5
#define LITTLE_ENDIAN_ASCII 0x10
#define SECURITY_TRAILER    8

/* A transfer syntax of bind time feature negotiation starts with these and has the features in the
 * rest (MS-RPCE 3.3.1.5.3). */
#define FEATURES_TIME_LOW  0x6CB71C2C
#define FEATURES_TIME_MID  0x9812
#define FEATURES_TIME_HIGH 0x4540

const struct tb_rpc_syntax tb_rpc_ndr20 = {
    {0x8A885D04, 0x1CEB, 0x11C9, {0x9F, 0xE8, 0x08, 0x00, 0x2B, 0x10, 0x48, 0x60}}, 2, 0};
const struct tb_rpc_syntax tb_rpc_ndr64 = {
    {0x71710533, 0xBEBA, 0x4937, {0x83, 0x19, 0xB5, 0xDB, 0xEF, 0x9C, 0xCC, 0x36}}, 1, 0};

bool tb_rpc_uuid_equal(const struct tb_rpc_uuid *a, const struct tb_rpc_uuid *b)
{
    return a->time_low == b->time_low && a->time_mid == b->time_mid &&
           a->time_high == b->time_high && memcmp(a->rest, b->rest, sizeof(a->rest)) == 0;
}

bool tb_rpc_syntax_equal(const struct tb_rpc_syntax *a, const struct tb_rpc_syntax *b)
{
    return a->major == b->major && a->minor == b->minor && tb_rpc_uuid_equal(&a->uuid, &b->uuid);
}

bool tb_rpc_syntax_is_features(const struct tb_rpc_syntax *syntax, uint16_t *features)
{
    *features = tb_load_u16(syntax->uuid.rest);
    return syntax->uuid.time_low == FEATURES_TIME_LOW &&
           syntax->uuid.time_mid == FEATURES_TIME_MID &&
           syntax->uuid.time_high == FEATURES_TIME_HIGH && syntax->major == 1;
}

static struct tb_rpc_syntax read_syntax(struct tb_reader *r)
{
    struct tb_rpc_syntax syntax;

    syntax.uuid.time_low = tb_read_u32(r);
    syntax.uuid.time_mid = tb_read_u16(r);
    syntax.uuid.time_high = tb_read_u16(r);
    tb_read_copy(r, syntax.uuid.rest, sizeof(syntax.uuid.rest));
    syntax.major = tb_read_u16(r);
    syntax.minor = tb_read_u16(r);
    return syntax;
}

static void write_syntax(struct tb_writer *w, const struct tb_rpc_syntax *syntax)
{
    tb_write_u32(w, syntax->uuid.time_low);
    tb_write_u16(w, syntax->uuid.time_mid);
    tb_write_u16(w, syntax->uuid.time_high);
    tb_write_bytes(w, syntax->uuid.rest, sizeof(syntax->uuid.rest));
    tb_write_u16(w, syntax->major);
    tb_write_u16(w, syntax->minor);
}

static uint16_t swap(uint16_t v)
{
    return (uint16_t)(v << 8 | v >> 8);
}

enum tb_error tb_rpc_header_decode(struct tb_span bytes, struct tb_rpc_header *header)
{
    struct tb_reader r = tb_reader(bytes);

    header->major = tb_read_u8(&r);
    header->minor = tb_read_u8(&r);
    header->type = tb_read_u8(&r);
    header->flags = tb_read_u8(&r);
    header->little_endian = tb_read_u8(&r) == LITTLE_ENDIAN_ASCII;
    tb_read_skip(&r, 3);
    header->fragment_length = tb_read_u16(&r);
    header->auth_length = tb_read_u16(&r);
    header->call_id = tb_read_u32(&r);
    if (r.failed)
        return TB_PENDING;
    if (!header->little_endian) {
        header->fragment_length = swap(header->fragment_length);
        header->auth_length = swap(header->auth_length);
        header->call_id = (uint32_t)swap((uint16_t)header->call_id) << 16 |
                          swap((uint16_t)(header->call_id >> 16));
    }
    return header->fragment_length < TB_RPC_HEADER_LENGTH ? TB_INVALID_PARAMETER : TB_OK;
}

/* What lies between the header and the authentication trailer, the latter's padding left out. */
static struct tb_reader body_reader(struct tb_span fragment, const struct tb_rpc_header *header)
{
    struct tb_reader r = tb_reader(fragment);
    size_t length = header->fragment_length, trailer = 0;

    if (header->auth_length > 0)
        trailer = SECURITY_TRAILER + (size_t)header->auth_length;
    if (fragment.length < length || length < TB_RPC_HEADER_LENGTH + trailer) {
        r.failed = true;
        return r;
    }
    size_t padding = trailer ? fragment.data[length - trailer + 2] : 0;
    if (padding > length - TB_RPC_HEADER_LENGTH - trailer)
        r.failed = true;
    else
        r.whole.length = length - trailer - padding;
    tb_read_skip(&r, TB_RPC_HEADER_LENGTH);
    return r;
}

static enum tb_error result_of(const struct tb_reader *r)
{
    return r->failed ? TB_INVALID_PARAMETER : TB_OK;
}

static void read_context(struct tb_reader *r, struct tb_rpc_context *context)
{
    context->id = tb_read_u16(r);
    context->transfer_count = tb_read_u8(r);
    tb_read_skip(r, 1);
    context->abstract = read_syntax(r);
    for (unsigned i = 0; i < context->transfer_count; i++) {
        struct tb_rpc_syntax transfer = read_syntax(r);
        if (i < TB_RPC_TRANSFERS_MAX)
            context->transfers[i] = transfer;
    }
}

enum tb_error tb_rpc_bind_decode(struct tb_span fragment, const struct tb_rpc_header *header,
                                 struct tb_rpc_bind *bind)
{
    struct tb_reader r = body_reader(fragment, header);

    *bind = (struct tb_rpc_bind){0};
    bind->transmit_fragment_max = tb_read_u16(&r);
    bind->receive_fragment_max = tb_read_u16(&r);
    bind->association_group = tb_read_u32(&r);
    uint8_t count = tb_read_u8(&r);
    tb_read_skip(&r, 3);
    if (r.failed || count == 0 || count > TB_RPC_CONTEXTS_MAX)
        return TB_INVALID_PARAMETER;
    for (bind->context_count = 0; bind->context_count < count; bind->context_count++)
        read_context(&r, &bind->contexts[bind->context_count]);
    return result_of(&r);
}

enum tb_error tb_rpc_bind_ack_decode(struct tb_span fragment, const struct tb_rpc_header *header,
                                     struct tb_rpc_bind_ack *ack)
{
    struct tb_reader r = body_reader(fragment, header);

    *ack = (struct tb_rpc_bind_ack){0};
    ack->transmit_fragment_max = tb_read_u16(&r);
    ack->receive_fragment_max = tb_read_u16(&r);
    ack->association_group = tb_read_u32(&r);
    struct tb_span address = tb_read_span(&r, tb_read_u16(&r));
    if (address.length >= sizeof(ack->secondary_address))
        return TB_INVALID_PARAMETER;
    if (address.length)
        memcpy(ack->secondary_address, address.data, address.length);
    tb_read_align(&r, 4);
    uint8_t count = tb_read_u8(&r);
    tb_read_skip(&r, 3);
    if (r.failed || count > TB_RPC_CONTEXTS_MAX)
        return TB_INVALID_PARAMETER;
    for (ack->result_count = 0; ack->result_count < count; ack->result_count++) {
        struct tb_rpc_bind_result *result = &ack->results[ack->result_count];
        result->result = tb_read_u16(&r);
        result->reason = tb_read_u16(&r);
        result->transfer = read_syntax(&r);
    }
    return result_of(&r);
}

enum tb_error tb_rpc_request_decode(struct tb_span fragment, const struct tb_rpc_header *header,
                                    struct tb_rpc_request *request)
{
    struct tb_reader r = body_reader(fragment, header);

    request->allocation_hint = tb_read_u32(&r);
    request->context_id = tb_read_u16(&r);
    request->operation = tb_read_u16(&r);
    if (header->flags & TB_RPC_OBJECT_UUID)
        tb_read_skip(&r, 16);
    request->stub = tb_read_span(&r, tb_reader_left(&r));
    return result_of(&r);
}

enum tb_error tb_rpc_response_decode(struct tb_span fragment, const struct tb_rpc_header *header,
                                     struct tb_rpc_response *response)
{
    struct tb_reader r = body_reader(fragment, header);

    *response = (struct tb_rpc_response){0};
    response->allocation_hint = tb_read_u32(&r);
    response->context_id = tb_read_u16(&r);
    tb_read_skip(&r, 2);
    if (header->type == TB_RPC_FAULT)
        response->fault_status = tb_read_u32(&r);
    else
        response->stub = tb_read_span(&r, tb_reader_left(&r));
    return result_of(&r);
}

/* Writes a header and returns where it starts; end_fragment() fills in the length. */
static size_t begin_fragment(struct tb_writer *w, enum tb_rpc_pdu_type type, uint8_t flags,
                             uint32_t call_id)
{
    size_t start = w->at;

    tb_write_u8(w, VERSION_MAJOR);
    tb_write_u8(w, 0);
    tb_write_u8(w, (uint8_t)type);
    tb_write_u8(w, flags);
    tb_write_u32(w, LITTLE_ENDIAN_ASCII);
    tb_write_u32(w, 0);
    tb_write_u32(w, call_id);
    return start;
}

static void end_fragment(struct tb_writer *w, size_t start)
{
    if (w->failed || w->at - start > UINT16_MAX)
        w->failed = true;
    else
        tb_store_u16(w->data + start + 8, (uint16_t)(w->at - start));
}

void tb_rpc_bind_encode(struct tb_writer *w, enum tb_rpc_pdu_type type, uint32_t call_id,
                        const struct tb_rpc_bind *bind)
{
    size_t start = begin_fragment(w, type, TB_RPC_FIRST_FRAG | TB_RPC_LAST_FRAG, call_id);

    tb_write_u16(w, bind->transmit_fragment_max);
    tb_write_u16(w, bind->receive_fragment_max);
    tb_write_u32(w, bind->association_group);
    tb_write_u32(w, bind->context_count);
    for (size_t i = 0; i < bind->context_count; i++) {
        const struct tb_rpc_context *context = &bind->contexts[i];
        tb_write_u16(w, context->id);
        tb_write_u16(w, context->transfer_count);
        write_syntax(w, &context->abstract);
        for (size_t k = 0; k < context->transfer_count && k < TB_RPC_TRANSFERS_MAX; k++)
            write_syntax(w, &context->transfers[k]);
    }
    end_fragment(w, start);
}

void tb_rpc_bind_ack_encode(struct tb_writer *w, enum tb_rpc_pdu_type type, uint32_t call_id,
                            const struct tb_rpc_bind_ack *ack)
{
    size_t start = begin_fragment(w, type, TB_RPC_FIRST_FRAG | TB_RPC_LAST_FRAG, call_id);
    size_t address = ack->secondary_address[0] ? strlen(ack->secondary_address) + 1 : 0;

    tb_write_u16(w, ack->transmit_fragment_max);
    tb_write_u16(w, ack->receive_fragment_max);
    tb_write_u32(w, ack->association_group);
    tb_write_u16(w, (uint16_t)address);
    tb_write_bytes(w, ack->secondary_address, address);
    tb_write_zeros(w, (4 - (w->at - start) % 4) % 4);
    tb_write_u32(w, ack->result_count);
    for (size_t i = 0; i < ack->result_count; i++) {
        tb_write_u16(w, ack->results[i].result);
        tb_write_u16(w, ack->results[i].reason);
        write_syntax(w, &ack->results[i].transfer);
    }
    end_fragment(w, start);
}

void tb_rpc_bind_nak_encode(struct tb_writer *w, uint32_t call_id, enum tb_rpc_nak_reason reason)
{
    size_t start =
        begin_fragment(w, TB_RPC_BIND_NAK, TB_RPC_FIRST_FRAG | TB_RPC_LAST_FRAG, call_id);

    tb_write_u16(w, (uint16_t)reason);
    tb_write_u8(w, 1); /* the versions supported: 5.0 */
    tb_write_u8(w, VERSION_MAJOR);
    tb_write_u8(w, 0);
    tb_write_zeros(w, 3);
    end_fragment(w, start);
}

void tb_rpc_request_encode(struct tb_writer *w, uint32_t call_id, uint8_t flags,
                           const struct tb_rpc_request *request)
{
    size_t start = begin_fragment(w, TB_RPC_REQUEST, flags & (uint8_t)~TB_RPC_OBJECT_UUID, call_id);

    tb_write_u32(w, request->allocation_hint);
    tb_write_u16(w, request->context_id);
    tb_write_u16(w, request->operation);
    tb_write_span(w, request->stub);
    end_fragment(w, start);
}

void tb_rpc_response_encode(struct tb_writer *w, uint32_t call_id, uint8_t flags,
                            const struct tb_rpc_response *response)
{
    size_t start = begin_fragment(w, TB_RPC_RESPONSE, flags, call_id);

    tb_write_u32(w, response->allocation_hint);
    tb_write_u16(w, response->context_id);
    tb_write_u16(w, 0);
    tb_write_span(w, response->stub);
    end_fragment(w, start);
}

void tb_rpc_fault_encode(struct tb_writer *w, uint32_t call_id, uint16_t context_id, uint8_t flags,
                         uint32_t status)
{
    size_t start =
        begin_fragment(w, TB_RPC_FAULT, flags | TB_RPC_FIRST_FRAG | TB_RPC_LAST_FRAG, call_id);

    tb_write_u32(w, 0);
    tb_write_u16(w, context_id);
    tb_write_u16(w, 0);
    tb_write_u32(w, status);
    tb_write_u32(w, 0);
    end_fragment(w, start);
}
