/* Answers: encode, sign, encipher, send. All of it outside the section, on the connection's loop, in
 * the order that was decided inside. */
#include <assert.h>
#include <stdlib.h>

#include "core/chain.h"
#include "core/command.h"
#include "core/conn_internal.h"
#include "core/loop_internal.h"
#include "core/server_internal.h"
#include "core/session.h"

/* A status that goes with the command's own body (MS-SMB2 3.3.4.4). */
static bool has_body(const struct tb_request *request)
{
    if (request->status == TB_OK || request->status == TB_NOTIFY_ENUM_DIR || request->with_body)
        return true;
    if (request->status == TB_BUFFER_OVERFLOW)
        return request->command == &tb_command_query_info ||
               request->command == &tb_command_ioctl || request->command == &tb_command_read;
    return request->status == TB_MORE_PROCESSING_REQUIRED &&
           request->command == &tb_command_session_setup;
}

static void encode_header(struct tb_writer *w, const struct tb_request *request, uint32_t status,
                          bool async, uint16_t credits)
{
    struct tb_smb2_header header = request->header;
    header.status = status;
    header.credits = credits;
    header.flags = TB_SMB2_FLAGS_SERVER_TO_REDIR |
                   (request->header.flags & TB_SMB2_FLAGS_RELATED_OPERATIONS);
    if (async) {
        header.flags |= TB_SMB2_FLAGS_ASYNC_COMMAND;
        header.async_id = request->async_id;
    }
    header.next_command = 0;
    memset(header.signature, 0, sizeof(header.signature));
    tb_smb2_header_encode(w, &header);
}

static void encode_error(struct tb_writer *w, const struct tb_request *request)
{
    if (request->error_data.length > 0) {
        tb_error_response_encode_data(w, request->conn->dialect, TB_SMB2_ERROR_ID_DEFAULT,
                                      request->error_data);
        return;
    }
    struct tb_error_response none = {0};
    tb_error_response_encode(w, &none);
}

/* Into the reserve, or into memory when the command's body is larger. */
static bool encode_into(struct tb_request *request, uint8_t *bytes, size_t capacity, bool body)
{
    struct tb_writer w = tb_writer(bytes, capacity);
    encode_header(&w, request, tb_error_status(request->status), request->interim_sent,
                  request->credits_granted);
    if (body)
        request->command->encode(&w, request);
    else
        encode_error(&w, request);
    request->reply_length = w.at;
    return !w.failed;
}

static void encode(struct tb_request *request)
{
    bool body = has_body(request);
    size_t extra = body && request->command->extra ? request->command->extra(request) : 0;
    if (extra > 0) {
        size_t capacity = TB_REPLY_RESERVE + extra;
        uint8_t *bytes = malloc(capacity);
        if (bytes) {
            request->reply = bytes;
            if (encode_into(request, bytes, capacity, true))
                return;
        }
        /* Only commands without effect have large bodies: refusing them is true. */
        request->status = TB_NO_MEMORY;
        tb_payload_release(request->data);
        request->data = NULL;
        body = false;
        request->error_data = tb_span(NULL, 0);
        if (!bytes)
            request->reply = request->reserve;
    }
    bool fits = encode_into(request, request->reply, TB_REPLY_RESERVE, body);
    assert(fits);
    (void)fits;
}

/* MS-SMB2 3.3.4.1.1: what the client signed is answered signed, and the end of a session set-up. */
static bool is_to_be_signed(const struct tb_request *request)
{
    const struct tb_channel *channel = request->channel;
    if (request->chain->seal || !channel || !channel->signer)
        return false;
    if (request->command == &tb_command_session_setup)
        return request->status == TB_OK || request->is_signed;
    return request->is_signed || channel->signing_required;
}

static struct tb_span *add_segment(struct tb_output *output, const void *bytes, size_t length)
{
    struct tb_span *span = &output->chain->spans[output->chain->spans_used++];
    *span = tb_span(bytes, length);
    output->outgoing.segment_count++;
    output->outgoing.length += length;
    return span;
}

/* One answer as segments: head, data, padding to 8 bytes if another follows (MS-SMB2 3.3.4.1.3). */
static enum tb_error add_answer(struct tb_output *output, struct tb_request *request, bool last)
{
    encode(request);
    size_t length = request->reply_length;
    struct tb_span *head = add_segment(output, request->reply, request->reply_length);
    size_t rest = 0;
    if (request->data && request->data->length > 0 && has_body(request)) {
        add_segment(output, request->data->data, request->data->length);
        length += request->data->length;
        rest++;
    }
    if (!last && length % 8) {
        add_segment(output, request->padding, 8 - length % 8);
        length += 8 - length % 8;
        rest++;
    }
    if (!last)
        tb_store_u32(request->reply + TB_SMB2_HEADER_NEXT_COMMAND_OFFSET, (uint32_t)length);
    if (is_to_be_signed(request)) {
        uint8_t *flags = request->reply + TB_SMB2_HEADER_FLAGS_OFFSET;
        tb_store_u32(flags, tb_load_u32(flags) | TB_SMB2_FLAGS_SIGNED);
        struct tb_span parts[3] = {tb_span(request->reply + TB_SMB2_HEADER_LENGTH,
                                           request->reply_length - TB_SMB2_HEADER_LENGTH)};
        for (size_t i = 0; i < rest; i++)
            parts[i + 1] = head[i + 1];
        enum tb_error error =
            tb_signer_sign(request->channel->signer, request->reply, parts, rest + 1);
        if (error != TB_OK)
            return error;
    }
    if (request->encoded)
        request->encoded(request, tb_span(request->reply, request->reply_length));
    return TB_OK;
}

/* STATUS_PENDING: never signed (MS-SMB2 3.3.4.2). */
static void add_interim(struct tb_output *output, const struct tb_request *request)
{
    struct tb_writer w = tb_writer(output->interim_bytes, sizeof(output->interim_bytes));
    encode_header(&w, request, tb_error_status(TB_PENDING), true, output->interim_credits);
    struct tb_error_response none = {0};
    tb_error_response_encode(&w, &none);
    assert(!w.failed);
    add_segment(output, output->interim_bytes, w.at);
}

static enum tb_error seal(struct tb_output *output, struct tb_span *first)
{
    struct tb_chain *chain = output->chain;
    struct tb_transform_header header = {
        .original_message_size = (uint32_t)output->outgoing.length,
        .flags = TB_SMB2_TRANSFORM_FLAG_ENCRYPTED,
        .session_id = chain->seal->session_id,
    };
    struct tb_writer w = tb_writer(output->transform, sizeof(output->transform));
    tb_transform_header_encode(&w, &header);
    size_t count = output->outgoing.segment_count - 1;
    size_t vectors = 0;
    for (size_t i = 0; i < count; i++) {
        chain->vectors[vectors].iov_base = (uint8_t *)first[i + 1].data;
        chain->vectors[vectors++].iov_len = first[i + 1].length;
    }
    *first = tb_span(output->transform, sizeof(output->transform));
    output->outgoing.length += sizeof(output->transform);
    return tb_sealer_encrypt(chain->seal->sealer_out, output->transform, output->nonce,
                             chain->vectors, vectors);
}

static void sent(struct tb_outgoing *outgoing, bool ok)
{
    struct tb_output *output = tb_container(outgoing, struct tb_output, outgoing);
    (void)ok;
    tb_list_append(&output->chain->conn->loop->sent, &output->link);
}

static void report(const struct tb_output *output, const struct tb_span *first, size_t count)
{
    const struct tb_conn *conn = output->chain->conn;
    const struct tb_server_config *config = &conn->server->config;
    if (config->transcript)
        config->transcript(config->transcript_data, conn->id, true, first, count);
}

void tb_output_send(struct tb_output *output)
{
    struct tb_chain *chain = output->chain;
    struct tb_conn *conn = chain->conn;
    output->outgoing.sent = sent;
    if (conn->state == TB_CONN_LOST || conn->close_asked) {
        sent(&output->outgoing, false);
        return;
    }
    struct tb_span *first = &chain->spans[chain->spans_used];
    if (chain->seal)
        add_segment(output, NULL, 0);
    enum tb_error error = TB_OK;
    if (output->interim)
        add_interim(output, output->interim);
    tb_list_for_each (i, &output->requests) {
        bool last = i->next == &output->requests;
        if (error == TB_OK)
            error = add_answer(output, tb_container(i, struct tb_request, in_chain), last);
    }
    size_t skip = chain->seal ? 1 : 0;
    report(output, first + skip, output->outgoing.segment_count - skip);
    if (error == TB_OK && chain->seal)
        error = seal(output, first);
    output->outgoing.segments = first;
    if (error != TB_OK) {
        tb_conn_drop(conn);
        sent(&output->outgoing, false);
        return;
    }
    conn->link_ops->send(conn->link, &output->outgoing);
}
