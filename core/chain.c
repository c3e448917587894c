#include "core/chain.h"

#include <assert.h>
#include <stdlib.h>

#include "core/command.h"
#include "core/conn_internal.h"
#include "core/loop_internal.h"
#include "core/server_internal.h"
#include "core/session.h"
#include "core/tree.h"

/* A bound on the requests of one compound; Windows clients send a handful. */
#define COMPOUND_MAX 64

/* Segments an output needs for one request: header and body, data, padding. */
#define SPANS_A_REQUEST 3
#define SPANS_MORE      2 /* transform header, interim */

static struct tb_chain *chain_new(struct tb_conn *conn, struct tb_payload *message)
{
    struct tb_chain *chain = calloc(1, sizeof(*chain));
    if (!chain)
        return NULL;
    chain->conn = conn;
    chain->message = message;
    tb_list_init(&chain->link);
    tb_list_init(&chain->requests);
    tb_list_init(&chain->answered);
    tb_list_init(&chain->silent);
    for (unsigned i = 0; i < TB_CHAIN_OUTPUTS; i++) {
        tb_list_init(&chain->outputs[i].link);
        tb_list_init(&chain->outputs[i].requests);
        chain->outputs[i].chain = chain;
    }
    return chain;
}

static void free_requests(struct tb_list *requests)
{
    struct tb_list *node;
    while ((node = tb_list_take(requests))) {
        struct tb_request *request = tb_container(node, struct tb_request, in_chain);
        if (request->clean)
            request->clean(request);
        tb_payload_release(request->data);
        if (request->reply != request->reserve)
            free(request->reply);
        for (void *block = request->arena, *next; block; block = next) {
            next = *(void **)block;
            free(block);
        }
        free(request);
    }
}

void tb_chain_free(struct tb_chain *chain)
{
    free_requests(&chain->requests);
    free_requests(&chain->answered);
    free_requests(&chain->silent);
    for (unsigned i = 0; i < TB_CHAIN_OUTPUTS; i++)
        free_requests(&chain->outputs[i].requests);
    free(chain->spans);
    free(chain->vectors);
    tb_payload_release(chain->message);
    free(chain);
}

static struct tb_request *request_new(struct tb_chain *chain)
{
    struct tb_request *request = calloc(1, sizeof(*request));
    if (!request)
        return NULL;
    struct tb_conn *conn = chain->conn;
    tb_task_init(&request->task, conn->loop);
    tb_list_init(&request->in_conn);
    tb_list_init(&request->in_open);
    request->chain = chain;
    request->conn = conn;
    request->server = conn->server;
    request->reply = request->reserve;
    tb_list_append(&chain->requests, &request->in_chain);
    chain->request_count++;
    return request;
}

/* MS-SMB2 3.3.5.2.4. The session's own state is looked at later, inside. */
static enum tb_error verify(const struct tb_chain *chain, struct tb_request *request)
{
    struct tb_channel *channel = request->channel;
    if (chain->seal) {
        request->is_signed = true;
        return TB_OK;
    }
    if (!channel || !channel->established)
        return TB_OK;
    if (!(request->header.flags & TB_SMB2_FLAGS_SIGNED))
        return channel->signing_required ? TB_ACCESS_DENIED : TB_OK;
    if (!channel->signer)
        return TB_OK;
    struct tb_span rest = tb_span(request->message.data + TB_SMB2_HEADER_LENGTH,
                                  request->message.length - TB_SMB2_HEADER_LENGTH);
    request->is_signed = tb_signer_verify(channel->signer, request->message.data, &rest, 1) == TB_OK;
    return request->is_signed ? TB_OK : TB_ACCESS_DENIED;
}

static void decode(struct tb_request *request)
{
    request->command = tb_command_find(request->header.command);
    if (!request->command) {
        request->refusal = TB_INVALID_PARAMETER;
        return;
    }
    request->refusal = request->command->decode(request->message, &request->body);
    if (request->refusal == TB_OK && request->command->prepare)
        request->unprepared = request->command->prepare(request);
}

/* One part of the message. The session id of a related request is that of the one before. */
static bool add_part(struct tb_chain *chain, struct tb_span part, uint64_t *session_id)
{
    bool first = tb_list_empty(&chain->requests);
    struct tb_request *request = request_new(chain);
    if (!request || chain->request_count > COMPOUND_MAX)
        return false;
    request->message = part;
    if (tb_smb2_header_decode(part, &request->header) != TB_OK ||
        request->header.flags & TB_SMB2_FLAGS_SERVER_TO_REDIR)
        return false;
    if (first || !(request->header.flags & TB_SMB2_FLAGS_RELATED_OPERATIONS))
        *session_id = request->header.session_id;
    if (chain->seal && *session_id != chain->seal->session_id)
        return false;
    struct tb_channel *channel = tb_conn_channel(chain->conn, *session_id);
    if (channel)
        request->channel = tb_channel_hold(channel);
    request->forged = verify(chain, request);
    decode(request);
    return true;
}

static bool add_parts(struct tb_chain *chain, struct tb_span message)
{
    uint64_t session_id = 0;
    while (message.length > 0) {
        struct tb_span part;
        if (tb_compound_next(message, &part, &message) != TB_OK)
            return false;
        if (!add_part(chain, part, &session_id))
            return false;
    }
    return true;
}

static bool add_smb1_negotiate(struct tb_chain *chain, struct tb_span message)
{
    struct tb_smb1_negotiate smb1;
    if (chain->conn->dialect != 0 || tb_smb1_negotiate_decode(message, &smb1) != TB_OK)
        return false;
    struct tb_request *request = request_new(chain);
    if (!request)
        return false;
    request->message = message;
    request->command = &tb_command_negotiate;
    request->state = tb_request_alloc(request, sizeof(smb1));
    if (!request->state)
        return false;
    *(struct tb_smb1_negotiate *)request->state = smb1;
    request->header.credits = 1;
    chain->smb1_negotiate = true;
    return true;
}

/* Decipher in place (MS-SMB2 3.3.5.2.1.1): what cannot be deciphered ends the connection. */
static bool unseal(struct tb_chain *chain, struct tb_span *message)
{
    struct tb_transform_header header;
    if (tb_transform_header_decode(*message, &header) != TB_OK ||
        header.flags != TB_SMB2_TRANSFORM_FLAG_ENCRYPTED)
        return false;
    struct tb_channel *channel = tb_conn_channel(chain->conn, header.session_id);
    size_t length = message->length - TB_SMB2_TRANSFORM_HEADER_LENGTH;
    if (!channel || !channel->sealer_in || header.original_message_size != length)
        return false;
    uint8_t *bytes = chain->message->data + TB_SMB2_TRANSFORM_HEADER_LENGTH;
    struct iovec all = {bytes, length};
    if (tb_sealer_decrypt(channel->sealer_in, message->data, &all, 1) != TB_OK)
        return false;
    chain->seal = tb_channel_hold(channel);
    *message = tb_span(bytes, length);
    return tb_message_protocol(*message) == TB_PROTOCOL_SMB2;
}

static bool fill(struct tb_chain *chain)
{
    struct tb_span message = tb_span(chain->message->data, chain->message->length);
    switch (tb_message_protocol(message)) {
    case TB_PROTOCOL_SMB1:
        return add_smb1_negotiate(chain, message);
    case TB_PROTOCOL_SMB2:
        return add_parts(chain, message);
    case TB_PROTOCOL_TRANSFORM:
        return unseal(chain, &message) && add_parts(chain, message);
    default:
        return false;
    }
}

static void report(const struct tb_chain *chain)
{
    const struct tb_server_config *config = &chain->conn->server->config;
    if (!config->transcript)
        return;
    size_t skip = chain->seal ? TB_SMB2_TRANSFORM_HEADER_LENGTH : 0;
    struct tb_span message =
        tb_span(chain->message->data + skip, chain->message->length - skip);
    config->transcript(config->transcript_data, chain->conn->id, false, &message, 1);
}

static void give_back(struct tb_chain *chain) TB_INSIDE
{
    struct tb_list *lists[3 + TB_CHAIN_OUTPUTS] = {&chain->requests, &chain->answered,
                                                   &chain->silent};
    for (unsigned i = 0; i < TB_CHAIN_OUTPUTS; i++)
        lists[3 + i] = &chain->outputs[i].requests;
    for (unsigned l = 0; l < 3 + TB_CHAIN_OUTPUTS; l++)
        tb_list_for_each (i, lists[l]) {
            struct tb_request *request = tb_container(i, struct tb_request, in_chain);
            tb_channel_release(request->channel);
            request->channel = NULL;
            tb_conn_reply_done(chain->conn, request->reply_reserved);
            request->reply_reserved = 0;
        }
    tb_channel_release(chain->seal);
    chain->seal = NULL;
}

static void discard(struct tb_chain *chain) TB_OUTSIDE
{
    struct tb_server *server = chain->conn->server;
    tb_section_enter(server);
    give_back(chain);
    tb_section_leave(server);
    tb_chain_free(chain);
}

struct tb_chain *tb_chain_receive(struct tb_conn *conn, struct tb_payload *message)
{
    struct tb_chain *chain = chain_new(conn, message);
    if (!chain) {
        tb_payload_release(message);
        return NULL;
    }
    bool good = fill(chain);
    if (good) {
        size_t spans = chain->request_count * SPANS_A_REQUEST + TB_CHAIN_OUTPUTS * SPANS_MORE;
        chain->spans = calloc(spans, sizeof(*chain->spans));
        chain->vectors = chain->seal ? calloc(spans, sizeof(*chain->vectors)) : NULL;
        good = chain->spans && (chain->vectors || !chain->seal);
    }
    if (!good) {
        discard(chain);
        return NULL;
    }
    report(chain);
    return chain;
}

/* Queue an output: its place on the wire is decided here. */
static void queue_output(struct tb_chain *chain, struct tb_output *output) TB_INSIDE
{
    struct tb_loop *loop = chain->conn->loop;
    if (chain->seal)
        output->nonce = ++chain->seal->session->next_nonce;
    chain->outputs_left++;
    tb_list_append(&loop->outbox, &output->link);
    if (loop->server->inside != loop)
        loop->server->wake_mask |= UINT64_C(1) << loop->index;
}

static struct tb_output *next_output(struct tb_chain *chain)
{
    assert(chain->output_count < TB_CHAIN_OUTPUTS);
    return &chain->outputs[chain->output_count++];
}

/* How many credits an answer brings (MS-SMB2 3.3.1.2). Above the budget no more than what keeps the
 * client alive. */
static void grant(struct tb_request *request) TB_INSIDE
{
    struct tb_conn *conn = request->conn;
    uint32_t wanted = request->header.credits ? request->header.credits : 1;
    size_t held = conn->reply_bytes + conn->message_bytes;
    if (held > conn->server->config.connection_budget)
        wanted = 0;
    request->credits_granted = tb_credit_grant(&conn->credits, wanted);
}

static void flush_answered(struct tb_chain *chain) TB_INSIDE
{
    if (tb_list_empty(&chain->answered))
        return;
    struct tb_output *output = next_output(chain);
    tb_list_for_each (i, &chain->answered) {
        struct tb_request *request = tb_container(i, struct tb_request, in_chain);
        if (!request->interim_sent)
            grant(request);
        else
            request->credits_granted = 0;
    }
    tb_list_splice(&output->requests, &chain->answered);
    queue_output(chain, output);
}

void tb_chain_interim(struct tb_chain *chain, struct tb_request *request)
{
    flush_answered(chain);
    request->interim_sent = true;
    grant(request);
    struct tb_output *output = next_output(chain);
    output->interim = request;
    output->interim_credits = request->credits_granted;
    queue_output(chain, output);
}

static bool is_answered(const struct tb_request *request)
{
    return request->command != &tb_command_cancel && request->status != TB_DROP_CONNECTION;
}

void tb_chain_advance(struct tb_chain *chain)
{
    struct tb_request *request = chain->current;
    assert(request && request->finished);
    chain->current = NULL;
    bool dropping = request->status == TB_DROP_CONNECTION;
    if (is_answered(request)) {
        tb_list_remove(&request->in_chain);
        tb_list_append(&chain->answered, &request->in_chain);
    } else if (!dropping) {
        tb_list_remove(&request->in_chain);
        tb_list_append(&chain->silent, &request->in_chain);
    }
    if (!dropping && !tb_list_empty(&chain->requests)) {
        tb_chain_begin(chain);
        return;
    }
    flush_answered(chain);
    chain->ended = true;
    if (chain->outputs_left == 0)
        tb_chain_retire(chain);
}

void tb_chain_retire(struct tb_chain *chain)
{
    struct tb_loop *loop = chain->conn->loop;
    assert(chain->ended && chain->outputs_left == 0);
    tb_list_append(&loop->retired, &chain->link);
    if (loop->server->inside != loop)
        loop->server->wake_mask |= UINT64_C(1) << loop->index;
}

void tb_chain_settle(struct tb_chain *chain)
{
    struct tb_conn *conn = chain->conn;
    give_back(chain);
    assert(conn->message_bytes >= chain->message->capacity);
    conn->message_bytes -= chain->message->capacity;
    conn->chains--;
    tb_conn_message_done(conn, chain->message->capacity);
    tb_conn_settle(conn);
}
