/* States: fresh, bound (by a first BIND), hung up (for good). A request's fragments gather in
 * `stub` while `gathering`; replies wait in `unread`. */
#include "core/rpc/pipe.h"

#include "core/list.h"
#include "core/nt/name.h"
#include "core/nt/upcase.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* What Windows proposes for either direction, and the most we send at once. */
#define FRAGMENT_MAX       4280
#define ASSOCIATION_GROUP  0x000053F0
#define REPLY_LENGTH_MAX   TB_PIPE_REQUEST_LENGTH_MAX
#define HANDSHAKE_CAPACITY 1024

struct pipe_kind {
    const char *name;
    const struct tb_rpc_interface *interfaces[2]; /* NULL-terminated */
};

static const struct pipe_kind pipe_kinds[] = {
    {"srvsvc", {&tb_rpc_srvsvc}},
    {"wkssvc", {&tb_rpc_wkssvc}},
};

struct message {
    struct tb_list node;
    size_t length, taken;
    uint8_t data[];
};

struct context {
    uint16_t id;
    const struct tb_rpc_interface *interface;
};

struct tb_pipe {
    const struct pipe_kind *kind;
    bool bound, hung_up, gathering;
    uint16_t fragment_max; /* of replies */
    uint8_t context_count;
    struct context contexts[TB_RPC_CONTEXTS_MAX];
    struct tb_ndr_writer fragment; /* as far as it has come */
    struct tb_ndr_writer stub;
    uint32_t call_id; /* of the request being gathered */
    uint16_t context_id, operation;
    struct tb_list unread;
    size_t unread_length;
};

static const struct pipe_kind *kind_find(const char *name)
{
    if (tb_path_is_beneath_folded(name, "pipe"))
        name += strlen("pipe/");
    for (size_t i = 0; i < sizeof(pipe_kinds) / sizeof(pipe_kinds[0]); i++)
        if (tb_name_equal_folded(pipe_kinds[i].name, name))
            return &pipe_kinds[i];
    return NULL;
}

bool tb_pipe_exists(const char *name)
{
    return kind_find(name) != NULL;
}

enum tb_error tb_pipe_open(const char *name, struct tb_pipe **pipe)
{
    const struct pipe_kind *kind = kind_find(name);

    *pipe = NULL;
    if (!kind)
        return TB_OBJECT_NAME_NOT_FOUND;
    struct tb_pipe *p = calloc(1, sizeof(*p));
    if (!p)
        return TB_NO_MEMORY;
    p->kind = kind;
    p->fragment_max = TB_RPC_FRAGMENT_MIN;
    tb_ndr_writer_init(&p->fragment, UINT16_MAX);
    tb_ndr_writer_init(&p->stub, TB_PIPE_REQUEST_LENGTH_MAX);
    tb_list_init(&p->unread);
    *pipe = p;
    return TB_OK;
}

void tb_pipe_close(struct tb_pipe *pipe)
{
    struct tb_list *node;

    if (!pipe)
        return;
    while ((node = tb_list_take(&pipe->unread)) != NULL)
        free(tb_container(node, struct message, node));
    tb_ndr_writer_clear(&pipe->fragment);
    tb_ndr_writer_clear(&pipe->stub);
    free(pipe);
}

const char *tb_pipe_name(const struct tb_pipe *pipe)
{
    return pipe->kind->name;
}

static void hang_up(struct tb_pipe *pipe)
{
    pipe->hung_up = true;
}

/* A message with room for `capacity` bytes, or NULL, the pipe then hung up. */
static struct message *message_new(struct tb_pipe *pipe, size_t capacity)
{
    struct message *message = malloc(sizeof(*message) + capacity);
    if (!message) {
        hang_up(pipe);
        return NULL;
    }
    message->taken = 0;
    tb_list_init(&message->node);
    return message;
}

static void message_queue(struct tb_pipe *pipe, struct message *message, const struct tb_writer *w)
{
    assert(!w->failed && w->at > 0);
    message->length = w->at;
    tb_list_append(&pipe->unread, &message->node);
    pipe->unread_length += w->at;
}

static void send_fault(struct tb_pipe *pipe, uint32_t call_id, uint16_t context_id, uint32_t status)
{
    struct message *message = message_new(pipe, HANDSHAKE_CAPACITY);
    if (!message)
        return;
    bool executed = status != TB_RPC_OP_RANGE_ERROR && status != TB_RPC_UNKNOWN_INTERFACE;
    struct tb_writer w = tb_writer(message->data, HANDSHAKE_CAPACITY);
    tb_rpc_fault_encode(&w, call_id, context_id, executed ? 0 : TB_RPC_DID_NOT_EXECUTE, status);
    message_queue(pipe, message, &w);
}

static void send_bind_nak(struct tb_pipe *pipe, uint32_t call_id, enum tb_rpc_nak_reason reason)
{
    struct message *message = message_new(pipe, HANDSHAKE_CAPACITY);
    if (!message)
        return;
    struct tb_writer w = tb_writer(message->data, HANDSHAKE_CAPACITY);
    tb_rpc_bind_nak_encode(&w, call_id, reason);
    message_queue(pipe, message, &w);
}

/* The results of a call, in as many fragments as it takes; all but the last hold a multiple of 8
 * (C706 12.6.4.9). */
static void send_response(struct tb_pipe *pipe, struct tb_span stub)
{
    size_t room = (pipe->fragment_max - (size_t)TB_RPC_REQUEST_HEADER_LENGTH) & ~(size_t)7;
    size_t at = 0;

    assert(pipe->fragment_max >= TB_RPC_FRAGMENT_MIN);
    do {
        size_t length = stub.length - at < room ? stub.length - at : room;
        struct message *message = message_new(pipe, TB_RPC_REQUEST_HEADER_LENGTH + length);
        if (!message)
            return;
        uint8_t flags = at == 0 ? TB_RPC_FIRST_FRAG : 0;
        flags |= at + length == stub.length ? TB_RPC_LAST_FRAG : 0;
        struct tb_rpc_response response = {
            .allocation_hint = (uint32_t)(stub.length - at),
            .context_id = pipe->context_id,
            .stub = tb_span_part(stub, at, length, NULL),
        };
        struct tb_writer w = tb_writer(message->data, TB_RPC_REQUEST_HEADER_LENGTH + length);
        tb_rpc_response_encode(&w, pipe->call_id, flags, &response);
        message_queue(pipe, message, &w);
        at += length;
    } while (at < stub.length);
}

static const struct tb_rpc_interface *interface_find(const struct pipe_kind *kind,
                                                     const struct tb_rpc_syntax *syntax)
{
    for (size_t i = 0; i < sizeof(kind->interfaces) / sizeof(kind->interfaces[0]); i++)
        if (kind->interfaces[i] && tb_rpc_syntax_equal(&kind->interfaces[i]->syntax, syntax))
            return kind->interfaces[i];
    return NULL;
}

static bool offers(const struct tb_rpc_context *context, const struct tb_rpc_syntax *transfer)
{
    for (size_t i = 0; i < context->transfer_count && i < TB_RPC_TRANSFERS_MAX; i++)
        if (tb_rpc_syntax_equal(&context->transfers[i], transfer))
            return true;
    return false;
}

static void context_set(struct tb_pipe *pipe, uint16_t id, const struct tb_rpc_interface *interface)
{
    size_t i = 0;

    while (i < pipe->context_count && pipe->contexts[i].id != id)
        i++;
    assert(i < TB_RPC_CONTEXTS_MAX);
    pipe->contexts[i] = (struct context){id, interface};
    if (i == pipe->context_count)
        pipe->context_count++;
}

static bool context_has_room(const struct tb_pipe *pipe, uint16_t id)
{
    for (size_t i = 0; i < pipe->context_count; i++)
        if (pipe->contexts[i].id == id)
            return true;
    return pipe->context_count < TB_RPC_CONTEXTS_MAX;
}

/* What becomes of one presentation context (MS-RPCE 3.3.1.5.3, C706 12.6.4.4). */
static struct tb_rpc_bind_result negotiate(struct tb_pipe *pipe,
                                           const struct tb_rpc_context *context)
{
    const struct tb_rpc_interface *interface = interface_find(pipe->kind, &context->abstract);
    struct tb_rpc_bind_result result = {.result = TB_RPC_PROVIDER_REJECTION};
    uint16_t features;

    if (context->transfer_count == 1 &&
        tb_rpc_syntax_is_features(&context->transfers[0], &features)) {
        result.result = TB_RPC_NEGOTIATE_ACK;
        result.reason = 0; /* of the features, none */
    } else if (!interface) {
        result.reason = TB_RPC_ABSTRACT_SYNTAX_NOT_SUPPORTED;
    } else if (!offers(context, &tb_rpc_ndr20)) {
        result.reason = TB_RPC_TRANSFER_SYNTAXES_NOT_SUPPORTED;
    } else if (!context_has_room(pipe, context->id)) {
        result.reason = TB_RPC_LOCAL_LIMIT_EXCEEDED;
    } else {
        context_set(pipe, context->id, interface);
        result.result = TB_RPC_ACCEPTANCE;
        result.transfer = tb_rpc_ndr20;
    }
    return result;
}

static void take_bind(struct tb_pipe *pipe, struct tb_span fragment,
                      const struct tb_rpc_header *header)
{
    bool alter = header->type == TB_RPC_ALTER_CONTEXT;
    struct tb_rpc_bind bind;
    struct tb_rpc_bind_ack ack = {.association_group = ASSOCIATION_GROUP};

    if (tb_rpc_bind_decode(fragment, header, &bind) || (!alter && pipe->bound) ||
        bind.receive_fragment_max < TB_RPC_FRAGMENT_MIN) {
        send_bind_nak(pipe, header->call_id, TB_RPC_NAK_NOT_SPECIFIED);
        hang_up(pipe);
        return;
    }
    if (!alter) {
        pipe->bound = true;
        pipe->fragment_max =
            bind.receive_fragment_max < FRAGMENT_MAX ? bind.receive_fragment_max : FRAGMENT_MAX;
        snprintf(ack.secondary_address, sizeof(ack.secondary_address), "\\PIPE\\%s",
                 pipe->kind->name);
    }
    if (bind.association_group != 0)
        ack.association_group = bind.association_group;
    ack.transmit_fragment_max = pipe->fragment_max;
    ack.receive_fragment_max =
        bind.transmit_fragment_max < FRAGMENT_MAX ? bind.transmit_fragment_max : FRAGMENT_MAX;
    for (; ack.result_count < bind.context_count; ack.result_count++)
        ack.results[ack.result_count] = negotiate(pipe, &bind.contexts[ack.result_count]);

    struct message *message = message_new(pipe, HANDSHAKE_CAPACITY);
    if (!message)
        return;
    struct tb_writer w = tb_writer(message->data, HANDSHAKE_CAPACITY);
    tb_rpc_bind_ack_encode(&w, alter ? TB_RPC_ALTER_CONTEXT_RESP : TB_RPC_BIND_ACK, header->call_id,
                           &ack);
    message_queue(pipe, message, &w);
}

/* Runs the operation; 0 or a fault. */
static uint32_t run(struct tb_pipe *pipe, const struct tb_rpc_environment *environment,
                    struct tb_ndr_writer *out)
{
    const struct tb_rpc_interface *interface = NULL;

    for (size_t i = 0; i < pipe->context_count; i++)
        if (pipe->contexts[i].id == pipe->context_id)
            interface = pipe->contexts[i].interface;
    if (!interface)
        return TB_RPC_UNKNOWN_INTERFACE;
    if (pipe->operation >= interface->operation_count || !interface->operations[pipe->operation])
        return TB_RPC_OP_RANGE_ERROR;

    struct tb_ndr_reader in = tb_ndr_reader(tb_span(pipe->stub.data, pipe->stub.length));
    struct tb_rpc_call call = {environment, &in, out};
    uint32_t fault = interface->operations[pipe->operation](&call);
    if (fault)
        return fault;
    if (tb_ndr_reader_failed(&in))
        return TB_RPC_BAD_STUB_DATA;
    return out->failed ? TB_RPC_OUT_OF_MEMORY : 0;
}

static void finish_request(struct tb_pipe *pipe, const struct tb_rpc_environment *environment,
                           bool wants_answer)
{
    struct tb_ndr_writer out;

    assert(pipe->bound && pipe->gathering);
    tb_ndr_writer_init(&out, REPLY_LENGTH_MAX);
    uint32_t fault = run(pipe, environment, &out);
    pipe->gathering = false;
    tb_ndr_writer_clear(&pipe->stub);
    tb_ndr_writer_init(&pipe->stub, TB_PIPE_REQUEST_LENGTH_MAX);
    if (wants_answer && fault)
        send_fault(pipe, pipe->call_id, pipe->context_id, fault);
    else if (wants_answer)
        send_response(pipe, tb_span(out.data, out.length));
    tb_ndr_writer_clear(&out);
}

/* Whether a fragment is the next of the request being gathered, or starts one when there is none.
 */
static bool continues(const struct tb_pipe *pipe, const struct tb_rpc_header *header,
                      const struct tb_rpc_request *request)
{
    bool first = (header->flags & TB_RPC_FIRST_FRAG) != 0;

    if (first || !pipe->gathering)
        return first != pipe->gathering;
    return header->call_id == pipe->call_id && request->context_id == pipe->context_id &&
           request->operation == pipe->operation;
}

static void take_request(struct tb_pipe *pipe, const struct tb_rpc_environment *environment,
                         struct tb_span fragment, const struct tb_rpc_header *header)
{
    struct tb_rpc_request request;
    uint32_t fault = 0;

    if (!pipe->bound || tb_rpc_request_decode(fragment, header, &request) ||
        !continues(pipe, header, &request)) {
        send_fault(pipe, header->call_id, 0, TB_RPC_PROTOCOL_ERROR);
        hang_up(pipe);
        return;
    }
    pipe->gathering = true;
    pipe->call_id = header->call_id;
    pipe->context_id = request.context_id;
    pipe->operation = request.operation;
    if (header->auth_length > 0) /* no bind agreed to it */
        fault = TB_RPC_ACCESS_DENIED;
    tb_ndr_write_bytes(&pipe->stub, request.stub.data, request.stub.length);
    if (!fault && pipe->stub.failed)
        fault = TB_RPC_OUT_OF_MEMORY;
    if (fault) {
        send_fault(pipe, header->call_id, request.context_id, fault);
        hang_up(pipe);
    } else if (header->flags & TB_RPC_LAST_FRAG) {
        finish_request(pipe, environment, !(header->flags & TB_RPC_MAYBE));
    }
}

/* A version or byte order that is not spoken, or security that is not offered. */
static bool refuse(struct tb_pipe *pipe, const struct tb_rpc_header *header)
{
    bool binds = header->type == TB_RPC_BIND || header->type == TB_RPC_ALTER_CONTEXT;
    bool version = header->major == 5 && header->minor <= 1;

    if (version && header->little_endian && !(binds && header->auth_length > 0))
        return false;
    if (binds)
        send_bind_nak(pipe, header->call_id,
                      !version                 ? TB_RPC_NAK_PROTOCOL_VERSION
                      : !header->little_endian ? TB_RPC_NAK_NOT_SPECIFIED
                                               : TB_RPC_NAK_AUTH_TYPE);
    else
        send_fault(pipe, header->call_id, 0, TB_RPC_PROTOCOL_ERROR);
    hang_up(pipe);
    return true;
}

static void take_fragment(struct tb_pipe *pipe, const struct tb_rpc_environment *environment,
                          const struct tb_rpc_header *header)
{
    struct tb_span fragment = tb_span(pipe->fragment.data, pipe->fragment.length);

    if (refuse(pipe, header))
        return;
    switch (header->type) {
    case TB_RPC_ALTER_CONTEXT:
        if (!pipe->bound) {
            send_fault(pipe, header->call_id, 0, TB_RPC_PROTOCOL_ERROR);
            hang_up(pipe);
            break;
        }
        /* fall through */
    case TB_RPC_BIND:
        take_bind(pipe, fragment, header);
        break;
    case TB_RPC_REQUEST:
        take_request(pipe, environment, fragment, header);
        break;
    case TB_RPC_ORPHANED:
        pipe->gathering = false;
        tb_ndr_writer_clear(&pipe->stub);
        tb_ndr_writer_init(&pipe->stub, TB_PIPE_REQUEST_LENGTH_MAX);
        break;
    case TB_RPC_CO_CANCEL: /* calls end inside the write that completes them */
    case TB_RPC_AUTH3:
        break;
    default:
        send_fault(pipe, header->call_id, 0, TB_RPC_PROTOCOL_ERROR);
        hang_up(pipe);
    }
}

/* Moves bytes into the fragment until it has `length`; false when they ran out first. */
static bool gather(struct tb_pipe *pipe, struct tb_span *bytes, size_t length)
{
    size_t missing = length > pipe->fragment.length ? length - pipe->fragment.length : 0;
    size_t taken = missing < bytes->length ? missing : bytes->length;

    tb_ndr_write_bytes(&pipe->fragment, bytes->data, taken);
    *bytes = tb_span(bytes->data + taken, bytes->length - taken);
    return taken == missing;
}

enum tb_error tb_pipe_write(struct tb_pipe *pipe, const struct tb_rpc_environment *environment,
                            struct tb_span bytes)
{
    struct tb_rpc_header header;

    if (pipe->hung_up)
        return TB_PIPE_DISCONNECTED;
    if (pipe->unread_length > TB_PIPE_UNREAD_LENGTH_MAX)
        return TB_PIPE_BUSY;
    while (bytes.length > 0 && !pipe->hung_up) {
        if (!gather(pipe, &bytes, TB_RPC_HEADER_LENGTH))
            break;
        if (pipe->fragment.failed ||
            tb_rpc_header_decode(tb_span(pipe->fragment.data, pipe->fragment.length), &header)) {
            hang_up(pipe);
            break;
        }
        if (!gather(pipe, &bytes, header.fragment_length))
            break;
        if (!pipe->fragment.failed)
            take_fragment(pipe, environment, &header);
        pipe->fragment.length = 0;
        if (pipe->unread_length > TB_PIPE_UNREAD_LENGTH_MAX && bytes.length > 0)
            hang_up(pipe); /* many requests in one write */
    }
    if (pipe->fragment.failed)
        hang_up(pipe);
    /* A refusal can still be read; without one the stream just made no sense. */
    return pipe->hung_up && tb_list_empty(&pipe->unread) ? TB_PIPE_DISCONNECTED : TB_OK;
}

static struct message *first_message(const struct tb_pipe *pipe)
{
    if (tb_list_empty(&pipe->unread))
        return NULL;
    return tb_container(pipe->unread.next, struct message, node);
}

size_t tb_pipe_peek(const struct tb_pipe *pipe, void *to, size_t capacity)
{
    const struct message *message = first_message(pipe);

    if (!message)
        return 0;
    size_t left = message->length - message->taken;
    size_t length = left < capacity ? left : capacity;
    if (length)
        memcpy(to, message->data + message->taken, length);
    return length;
}

enum tb_error tb_pipe_read(struct tb_pipe *pipe, void *to, size_t capacity, size_t *length)
{
    struct message *message = first_message(pipe);

    *length = tb_pipe_peek(pipe, to, capacity);
    if (!message)
        return pipe->hung_up ? TB_PIPE_DISCONNECTED : TB_PIPE_EMPTY;
    assert(*length <= pipe->unread_length);
    message->taken += *length;
    pipe->unread_length -= *length;
    if (message->taken < message->length)
        return TB_BUFFER_OVERFLOW;
    tb_list_remove(&message->node);
    free(message);
    return TB_OK;
}

enum tb_error tb_pipe_transceive(struct tb_pipe *pipe, const struct tb_rpc_environment *environment,
                                 struct tb_span bytes, void *to, size_t capacity, size_t *length)
{
    *length = 0;
    if (!tb_list_empty(&pipe->unread))
        return TB_PIPE_BUSY;
    enum tb_error error = tb_pipe_write(pipe, environment, bytes);
    return error ? error : tb_pipe_read(pipe, to, capacity, length);
}

struct tb_pipe_state tb_pipe_state(const struct tb_pipe *pipe)
{
    const struct message *message = first_message(pipe);
    struct tb_pipe_state state = {.connected = !pipe->hung_up,
                                  .available = (uint32_t)pipe->unread_length};

    if (message)
        state.message_length = (uint32_t)(message->length - message->taken);
    tb_list_for_each(node, &pipe->unread) state.messages++;
    return state;
}
