#include "core/wire/header.h"

#define SMB2_PROTOCOL_ID           0x424D53FEu
#define SMB1_PROTOCOL_ID           0x424D53FFu
#define TRANSFORM_PROTOCOL_ID      0x424D53FDu
#define COMPRESSION_PROTOCOL_ID    0x424D53FCu
#define RDMA_TRANSFORM_PROTOCOL_ID 0x424D53FBu

#define SMB1_COM_NEGOTIATE 0x72

enum tb_protocol tb_message_protocol(struct tb_span message)
{
    if (message.length < 4)
        return TB_PROTOCOL_UNKNOWN;
    switch (tb_load_u32(message.data)) {
    case SMB2_PROTOCOL_ID:
        return TB_PROTOCOL_SMB2;
    case SMB1_PROTOCOL_ID:
        return TB_PROTOCOL_SMB1;
    case TRANSFORM_PROTOCOL_ID:
        return TB_PROTOCOL_TRANSFORM;
    case COMPRESSION_PROTOCOL_ID:
        return TB_PROTOCOL_COMPRESSION;
    case RDMA_TRANSFORM_PROTOCOL_ID:
        return TB_PROTOCOL_RDMA_TRANSFORM;
    default:
        return TB_PROTOCOL_UNKNOWN;
    }
}

enum tb_error tb_smb2_header_decode(struct tb_span message, struct tb_smb2_header *out)
{
    *out = (struct tb_smb2_header){0};
    struct tb_reader r = tb_reader(message);
    if (tb_read_u32(&r) != SMB2_PROTOCOL_ID || tb_read_u16(&r) != TB_SMB2_HEADER_LENGTH)
        r.failed = true;
    out->credit_charge = tb_read_u16(&r);
    out->status = tb_read_u32(&r);
    out->channel_sequence = (uint16_t)out->status;
    out->command = tb_read_u16(&r);
    out->credits = tb_read_u16(&r);
    out->flags = tb_read_u32(&r);
    out->next_command = tb_read_u32(&r);
    out->message_id = tb_read_u64(&r);
    if (out->flags & TB_SMB2_FLAGS_ASYNC_COMMAND) {
        out->async_id = tb_read_u64(&r);
    } else {
        out->process_id = tb_read_u32(&r);
        out->tree_id = tb_read_u32(&r);
    }
    out->session_id = tb_read_u64(&r);
    tb_read_copy(&r, out->signature, sizeof out->signature);
    return tb_reader_error(&r);
}

void tb_smb2_header_encode(struct tb_writer *w, const struct tb_smb2_header *header)
{
    tb_write_u32(w, SMB2_PROTOCOL_ID);
    tb_write_u16(w, TB_SMB2_HEADER_LENGTH);
    tb_write_u16(w, header->credit_charge);
    bool response = header->flags & TB_SMB2_FLAGS_SERVER_TO_REDIR;
    tb_write_u32(w, response ? header->status : header->channel_sequence);
    tb_write_u16(w, header->command);
    tb_write_u16(w, header->credits);
    tb_write_u32(w, header->flags);
    tb_write_u32(w, header->next_command);
    tb_write_u64(w, header->message_id);
    if (header->flags & TB_SMB2_FLAGS_ASYNC_COMMAND) {
        tb_write_u64(w, header->async_id);
    } else {
        tb_write_u32(w, header->process_id);
        tb_write_u32(w, header->tree_id);
    }
    tb_write_u64(w, header->session_id);
    tb_write_bytes(w, header->signature, sizeof header->signature);
}

enum tb_error tb_compound_next(struct tb_span message, struct tb_span *part, struct tb_span *rest)
{
    struct tb_smb2_header header;
    enum tb_error error = tb_smb2_header_decode(message, &header);
    if (error)
        return error;
    size_t next = header.next_command;
    if (next == 0) {
        *part = message;
        *rest = tb_span(NULL, 0);
        return TB_OK;
    }
    if (next % 8 || next < TB_SMB2_HEADER_LENGTH || next > message.length ||
        message.length - next < TB_SMB2_HEADER_LENGTH)
        return TB_INVALID_PARAMETER;
    *part = tb_span(message.data, next);
    *rest = tb_span(message.data + next, message.length - next);
    return TB_OK;
}

enum tb_error tb_transform_header_decode(struct tb_span message, struct tb_transform_header *out)
{
    *out = (struct tb_transform_header){0};
    struct tb_reader r = tb_reader(message);
    if (tb_read_u32(&r) != TRANSFORM_PROTOCOL_ID)
        r.failed = true;
    tb_read_copy(&r, out->signature, sizeof out->signature);
    tb_read_copy(&r, out->nonce, sizeof out->nonce);
    out->original_message_size = tb_read_u32(&r);
    tb_read_skip(&r, 2);
    out->flags = tb_read_u16(&r);
    out->session_id = tb_read_u64(&r);
    return tb_reader_error(&r);
}

void tb_transform_header_encode(struct tb_writer *w, const struct tb_transform_header *header)
{
    tb_write_u32(w, TRANSFORM_PROTOCOL_ID);
    tb_write_bytes(w, header->signature, sizeof header->signature);
    tb_write_bytes(w, header->nonce, sizeof header->nonce);
    tb_write_u32(w, header->original_message_size);
    tb_write_u16(w, 0);
    tb_write_u16(w, header->flags);
    tb_write_u64(w, header->session_id);
}

/* The string at the front of `left` without its zero byte, which must be there. */
static struct tb_span take_string(struct tb_reader *left)
{
    const uint8_t *begin = left->whole.data + left->at;
    size_t available = tb_reader_left(left);
    const uint8_t *end = available ? memchr(begin, 0, available) : NULL;
    if (!end) {
        left->failed = true;
        return tb_span(NULL, 0);
    }
    tb_read_skip(left, (size_t)(end - begin) + 1);
    return tb_span(begin, (size_t)(end - begin));
}

static bool span_is(struct tb_span span, const char *text)
{
    return span.length == strlen(text) && memcmp(span.data, text, span.length) == 0;
}

/* MS-CIFS 2.2.4.52.1: no words, then dialects as 0x02 "name" 0. */
enum tb_error tb_smb1_negotiate_decode(struct tb_span message, struct tb_smb1_negotiate *out)
{
    *out = (struct tb_smb1_negotiate){0};
    struct tb_reader r = tb_reader(message);
    if (tb_read_u32(&r) != SMB1_PROTOCOL_ID || tb_read_u8(&r) != SMB1_COM_NEGOTIATE)
        r.failed = true;
    tb_read_skip(&r, 27);
    if (tb_read_u8(&r) != 0)
        r.failed = true;
    struct tb_reader names = tb_reader(tb_read_span(&r, tb_read_u16(&r)));
    while (!r.failed && tb_reader_left(&names)) {
        if (tb_read_u8(&names) != 2)
            return TB_INVALID_PARAMETER;
        struct tb_span name = take_string(&names);
        if (names.failed)
            return TB_INVALID_PARAMETER;
        out->smb_2_002 |= span_is(name, "SMB 2.002");
        out->smb_2_wildcard |= span_is(name, "SMB 2.???");
    }
    return tb_reader_error(&r);
}

static const char wildcard_dialect[] = "\x02SMB 2.???";
static const char dialect_2_002[] = "\x02SMB 2.002";
static const char old_dialect[] = "\x02NT LM 0.12";

void tb_smb1_negotiate_encode(struct tb_writer *w, const struct tb_smb1_negotiate *negotiate)
{
    size_t length = sizeof old_dialect + (negotiate->smb_2_002 ? sizeof dialect_2_002 : 0) +
                    (negotiate->smb_2_wildcard ? sizeof wildcard_dialect : 0);
    tb_write_u32(w, SMB1_PROTOCOL_ID);
    tb_write_u8(w, SMB1_COM_NEGOTIATE);
    tb_write_u32(w, 0);
    tb_write_u8(w, 0x18);    /* canonical paths, caseless */
    tb_write_u16(w, 0xC853); /* Unicode, NTSTATUS, extended security, long names, as Windows */
    tb_write_zeros(w, 20);
    tb_write_u8(w, 0);
    tb_write_length16(w, length);
    tb_write_bytes(w, old_dialect, sizeof old_dialect);
    if (negotiate->smb_2_002)
        tb_write_bytes(w, dialect_2_002, sizeof dialect_2_002);
    if (negotiate->smb_2_wildcard)
        tb_write_bytes(w, wildcard_dialect, sizeof wildcard_dialect);
}
