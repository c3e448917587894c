#include "sim/client.h"

#include "core/wire/cancel.h"
#include <stdlib.h>
#include <string.h>

struct tb_sim_request *tb_sim_request_new(struct tb_sim_client *client,
                                          struct tb_sim_session *session, struct tb_sim_tree *tree,
                                          uint16_t command, size_t room)
{
    struct tb_sim_request *r = calloc(1, sizeof(*r));
    uint8_t *bytes = malloc(TB_SMB2_HEADER_LENGTH + room);
    if (!r || !bytes)
        abort();
    tb_list_init(&r->place);
    r->client = client;
    r->session = session;
    r->tree = tree;
    r->bytes = bytes;
    r->header.command = command;
    r->header.session_id = session ? session->id : 0;
    r->header.tree_id = tree ? tree->id : 0;
    r->writer = tb_writer(bytes, TB_SMB2_HEADER_LENGTH + room);
    tb_write_zeros(&r->writer, TB_SMB2_HEADER_LENGTH);
    return r;
}

void tb_sim_request_free(struct tb_sim_request *request)
{
    if (!request)
        return;
    tb_list_remove(&request->place);
    free(request->bytes);
    free(request->response);
    free(request);
}

uint16_t tb_sim_request_charge(const struct tb_sim_request *request)
{
    size_t payload = request->payload ? request->payload : 1;
    return (uint16_t)(1 + (payload - 1) / 65536);
}

/* The credits one takes: in 2.0.2 there are no charges. */
static uint16_t cost(const struct tb_sim_request *request)
{
    bool charges = request->client->server_capabilities & TB_SMB2_GLOBAL_CAP_LARGE_MTU;
    return charges ? tb_sim_request_charge(request) : 1;
}

bool tb_sim_can_send(const struct tb_sim_client *client, struct tb_sim_request *const *parts,
                     unsigned count)
{
    uint32_t sum = 0;
    for (unsigned i = 0; i < count; i++)
        sum += cost(parts[i]);
    return sum <= client->credits;
}

static bool encrypts(const struct tb_sim_request *request)
{
    const struct tb_sim_session *session = request->session;
    return session && session->seal && !request->plain &&
           (session->encrypt || (request->tree && request->tree->encrypt));
}

static bool is_signed(const struct tb_sim_request *request)
{
    return request->session && request->session->sign && request->session->signer &&
           !request->plain && !encrypts(request);
}

/* In a related part, session and tree may be all ones instead of what they are. */
static void set_related(struct tb_sim_request *request)
{
    request->header.flags |= TB_SMB2_FLAGS_RELATED_OPERATIONS;
    if (tb_sim_random_chance(&request->client->driver->random, 2)) {
        request->header.session_id = UINT64_MAX;
        request->header.tree_id = UINT32_MAX;
    }
}

static void set_header(struct tb_sim_request *request)
{
    struct tb_sim_client *client = request->client;
    struct tb_smb2_header *h = &request->header;
    tb_sim_require(client->credits >= cost(request));
    h->message_id = client->next_message_id;
    client->next_message_id += cost(request);
    client->credits -= cost(request);
    if (client->server_capabilities & TB_SMB2_GLOBAL_CAP_LARGE_MTU)
        h->credit_charge = cost(request);
    h->credits = (uint16_t)client->credits_wanted;
    request->encrypted = encrypts(request);
    request->is_signed = is_signed(request);
    if (request->is_signed)
        h->flags |= TB_SMB2_FLAGS_SIGNED;
    if (request->related)
        set_related(request);
}

static void sign(struct tb_sim_request *request, uint8_t *bytes, size_t length)
{
    struct tb_span rest = tb_span(bytes + TB_SMB2_HEADER_LENGTH, length - TB_SMB2_HEADER_LENGTH);
    if (tb_signer_sign(request->session->signer, bytes, &rest, 1) != TB_OK)
        tb_sim_fail(__FILE__, __LINE__, "cannot sign");
}

static void encrypt(struct tb_sim_session *session, struct tb_sim_message *message)
{
    uint8_t *whole = malloc(TB_SMB2_TRANSFORM_HEADER_LENGTH + message->length);
    if (!whole)
        abort();
    memcpy(whole + TB_SMB2_TRANSFORM_HEADER_LENGTH, message->bytes, message->length);
    struct tb_writer w = tb_writer(whole, TB_SMB2_TRANSFORM_HEADER_LENGTH);
    tb_transform_header_encode(
        &w, &(struct tb_transform_header){.original_message_size = (uint32_t)message->length,
                                          .flags = TB_SMB2_TRANSFORM_FLAG_ENCRYPTED,
                                          .session_id = session->id});
    struct iovec segment = {whole + TB_SMB2_TRANSFORM_HEADER_LENGTH, message->length};
    if (tb_sealer_encrypt(session->seal, whole, ++session->nonce, &segment, 1) != TB_OK)
        tb_sim_fail(__FILE__, __LINE__, "cannot encrypt");
    free(message->bytes);
    message->bytes = whole;
    message->length += TB_SMB2_TRANSFORM_HEADER_LENGTH;
}

static void put_part(struct tb_sim_request *request, bool last, struct tb_sim_message *message)
{
    size_t length = request->writer.at;
    size_t padded = last ? length : (length + 7) / 8 * 8;
    uint8_t *at = message->bytes + message->length;
    tb_sim_require(!request->writer.failed);
    set_header(request);
    request->header.next_command = last ? 0 : (uint32_t)padded;
    struct tb_writer w = tb_writer(request->bytes, TB_SMB2_HEADER_LENGTH);
    tb_smb2_header_encode(&w, &request->header);
    memcpy(at, request->bytes, length);
    memset(at + length, 0, padded - length);
    if (request->is_signed)
        sign(request, at, padded);
    message->length += padded;
}

struct tb_sim_message tb_sim_finish(struct tb_sim_request *const *parts, unsigned count)
{
    size_t length = 0;
    tb_sim_require(count > 0 && count <= TB_SIM_COMPOUND_MAX);
    for (unsigned i = 0; i < count; i++)
        length += parts[i]->writer.at + 8;
    struct tb_sim_message message = {malloc(length), 0};
    if (!message.bytes)
        abort();
    for (unsigned i = 0; i < count; i++)
        put_part(parts[i], i + 1 == count, &message);
    if (parts[0]->encrypted)
        encrypt(parts[0]->session, &message);
    return message;
}

void tb_sim_transmit(struct tb_sim_client *client, struct tb_sim_request *const *parts,
                     unsigned count, struct tb_sim_message message)
{
    for (unsigned i = 0; i < count; i++) {
        tb_list_append(&client->unanswered, &parts[i]->place);
        client->requests_sent++;
    }
    client->port.ops->transmit(client->port.port, tb_span(message.bytes, message.length));
    free(message.bytes);
}

void tb_sim_send(struct tb_sim_request *const *parts, unsigned count)
{
    struct tb_sim_client *client = parts[0]->client;
    if (client->ended) {
        for (unsigned i = 0; i < count; i++)
            parts[i]->done = parts[i]->lost = true;
        return;
    }
    tb_sim_transmit(client, parts, count, tb_sim_finish(parts, count));
}

void tb_sim_send_raw(struct tb_sim_client *client, struct tb_span message)
{
    if (!client->ended)
        client->port.ops->transmit(client->port.port, message);
}

void tb_sim_cancel(struct tb_sim_request *request)
{
    struct tb_sim_client *client = request->client;
    if (request->done || client->ended)
        return;
    struct tb_sim_request *cancel = tb_sim_request_new(client, request->session, request->tree,
                                                       TB_SMB2_CANCEL, 4);
    struct tb_smb2_header *h = &cancel->header;
    tb_cancel_request_encode(&cancel->writer, &(struct tb_cancel_request){0});
    h->message_id = request->header.message_id;
    if (request->pending) {
        h->flags |= TB_SMB2_FLAGS_ASYNC_COMMAND;
        h->async_id = request->async_id;
    }
    cancel->is_signed = is_signed(cancel);
    if (cancel->is_signed)
        h->flags |= TB_SMB2_FLAGS_SIGNED;
    struct tb_writer w = tb_writer(cancel->bytes, TB_SMB2_HEADER_LENGTH);
    tb_smb2_header_encode(&w, h);
    if (cancel->is_signed)
        sign(cancel, cancel->bytes, cancel->writer.at);
    struct tb_sim_message message = {malloc(cancel->writer.at), cancel->writer.at};
    if (!message.bytes)
        abort();
    memcpy(message.bytes, cancel->bytes, message.length);
    if (encrypts(cancel))
        encrypt(cancel->session, &message);
    tb_sim_send_raw(client, tb_span(message.bytes, message.length));
    free(message.bytes);
    tb_sim_request_free(cancel);
}
