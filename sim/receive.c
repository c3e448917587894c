/* What comes from the server, checked against MS-SMB2 as a strict client would (3.2.5.1). */
#include "sim/client.h"

#include "core/wire/change_notify.h"
#include "core/wire/close.h"
#include "core/wire/create.h"
#include "core/wire/echo.h"
#include "core/wire/error.h"
#include "core/wire/flush.h"
#include "core/wire/fsctl.h"
#include "core/wire/ioctl.h"
#include "core/wire/lock.h"
#include "core/wire/logoff.h"
#include "core/wire/oplock_break.h"
#include "core/wire/query_directory.h"
#include "core/wire/query_info.h"
#include "core/wire/read.h"
#include "core/wire/session_setup.h"
#include "core/wire/set_info.h"
#include "core/wire/tree_connect.h"
#include "core/wire/tree_disconnect.h"
#include "core/wire/write.h"
#include <stdlib.h>
#include <string.h>

#define illegal(...) tb_sim_fail(__FILE__, __LINE__, "illegal: " __VA_ARGS__)

static struct tb_sim_request *find_request(struct tb_sim_client *client, uint64_t message_id)
{
    tb_list_for_each(i, &client->unanswered)
    {
        struct tb_sim_request *r = tb_container(i, struct tb_sim_request, place);
        if (r->header.message_id == message_id)
            return r;
    }
    return NULL;
}

static struct tb_sim_session *find_session(struct tb_sim_client *client, uint64_t id)
{
    tb_list_for_each(i, &client->sessions)
    {
        struct tb_sim_session *session = tb_container(i, struct tb_sim_session, place);
        if (session->id == id)
            return session;
    }
    return NULL;
}

#define DECODES(name)                                                                              \
    static bool name##_decodes(struct tb_span message)                                             \
    {                                                                                              \
        struct tb_##name##_response body;                                                          \
        return tb_##name##_response_decode(message, &body) == TB_OK;                               \
    }
DECODES(negotiate)
DECODES(session_setup)
DECODES(logoff)
DECODES(tree_connect)
DECODES(tree_disconnect)
DECODES(create)
DECODES(close)
DECODES(flush)
DECODES(read)
DECODES(write)
DECODES(lock)
DECODES(ioctl)
DECODES(echo)
DECODES(query_directory)
DECODES(change_notify)
DECODES(query_info)
DECODES(set_info)
DECODES(oplock_break)
DECODES(error)

static bool (*const decoders[TB_SMB2_COMMAND_COUNT])(struct tb_span) = {
    [TB_SMB2_NEGOTIATE] = negotiate_decodes,
    [TB_SMB2_SESSION_SETUP] = session_setup_decodes,
    [TB_SMB2_LOGOFF] = logoff_decodes,
    [TB_SMB2_TREE_CONNECT] = tree_connect_decodes,
    [TB_SMB2_TREE_DISCONNECT] = tree_disconnect_decodes,
    [TB_SMB2_CREATE] = create_decodes,
    [TB_SMB2_CLOSE] = close_decodes,
    [TB_SMB2_FLUSH] = flush_decodes,
    [TB_SMB2_READ] = read_decodes,
    [TB_SMB2_WRITE] = write_decodes,
    [TB_SMB2_LOCK] = lock_decodes,
    [TB_SMB2_IOCTL] = ioctl_decodes,
    [TB_SMB2_ECHO] = echo_decodes,
    [TB_SMB2_QUERY_DIRECTORY] = query_directory_decodes,
    [TB_SMB2_CHANGE_NOTIFY] = change_notify_decodes,
    [TB_SMB2_QUERY_INFO] = query_info_decodes,
    [TB_SMB2_SET_INFO] = set_info_decodes,
    [TB_SMB2_OPLOCK_BREAK] = oplock_break_decodes,
};

/* Statuses that come with the command's own response (MS-SMB2 3.3.4.4). */
static bool is_answer(uint16_t command, enum tb_error error)
{
    switch (error) {
    case TB_OK:
        return true;
    case TB_MORE_PROCESSING_REQUIRED:
        return command == TB_SMB2_SESSION_SETUP;
    case TB_BUFFER_OVERFLOW:
        return command == TB_SMB2_READ || command == TB_SMB2_IOCTL ||
               command == TB_SMB2_QUERY_INFO;
    case TB_NOTIFY_ENUM_DIR:
        return command == TB_SMB2_CHANGE_NOTIFY;
    default:
        return false;
    }
}

/* A copy on the server tells with any status how far it came (MS-SMB2 2.2.32.1). */
static bool is_copychunk_answer(const struct tb_smb2_header *h, struct tb_span part)
{
    struct tb_ioctl_response ioctl;
    return h->command == TB_SMB2_IOCTL && tb_ioctl_response_decode(part, &ioctl) == TB_OK &&
           (ioctl.ctl_code == TB_FSCTL_SRV_COPYCHUNK ||
            ioctl.ctl_code == TB_FSCTL_SRV_COPYCHUNK_WRITE);
}

static void check_body(const struct tb_smb2_header *h, struct tb_span part)
{
    enum tb_error error = tb_error_from_status(h->status);
    if (tb_error_status(error) != h->status || error == TB_DROP_CONNECTION)
        illegal("status 0x%08x", h->status);
    bool own = is_answer(h->command, error) || is_copychunk_answer(h, part);
    if (!(own ? decoders[h->command](part) : error_decodes(part)))
        illegal("command %u, %s, %zu bytes that do not decode", h->command, tb_error_name(error),
                part.length);
}

/* Statuses that tell of a session which has no key any more, or never had. */
static bool is_about_session(uint32_t status)
{
    return status == tb_error_status(TB_USER_SESSION_DELETED) ||
           status == tb_error_status(TB_NETWORK_SESSION_EXPIRED);
}

static void check_signature(struct tb_sim_request *r, const struct tb_smb2_header *h,
                            struct tb_span part)
{
    struct tb_sim_session *session = r->session;
    if (h->flags & TB_SMB2_FLAGS_SIGNED) {
        if (h->command == TB_SMB2_SESSION_SETUP && !session->established)
            return; /* checked when the keys are known */
        if (!session || !session->signer)
            illegal("signed without a session");
        struct tb_span rest = tb_span(part.data + TB_SMB2_HEADER_LENGTH,
                                      part.length - TB_SMB2_HEADER_LENGTH);
        if (tb_signer_verify(session->signer, part.data, &rest, 1) != TB_OK && !r->lenient)
            illegal("wrong signature of message %llu", (unsigned long long)h->message_id);
    } else if (r->is_signed && !r->lenient && !r->client->lenient && !is_about_session(h->status)) {
        illegal("command %u, status 0x%08x: the answer to a signed request is not signed",
                h->command, h->status);
    }
}

static void take_credits(struct tb_sim_client *client, const struct tb_smb2_header *h)
{
    client->credits += h->credits;
    if (client->credits > 65535)
        illegal("more than 65,535 credits");
    if (client->credits == 0 && tb_list_empty(&client->unanswered))
        illegal("no credits are left and no request is under way");
}

static void take_interim(struct tb_sim_request *r, const struct tb_smb2_header *h)
{
    if (r->pending)
        illegal("a second interim response");
    if (!(h->flags & TB_SMB2_FLAGS_ASYNC_COMMAND) || h->async_id == 0)
        illegal("an interim response without an async id");
    if (h->flags & TB_SMB2_FLAGS_SIGNED)
        illegal("a signed interim response");
    tb_list_for_each(i, &r->client->unanswered)
    {
        const struct tb_sim_request *other = tb_container(i, struct tb_sim_request, place);
        if (other->pending && other->async_id == h->async_id)
            illegal("an async id used twice");
    }
    r->pending = true;
    r->async_id = h->async_id;
    r->client->interims_received++;
    take_credits(r->client, h);
}

static void take_final(struct tb_sim_request *r, const struct tb_smb2_header *h,
                       struct tb_span part)
{
    struct tb_sim_client *client = r->client;
    bool async = h->flags & TB_SMB2_FLAGS_ASYNC_COMMAND;
    if (async != r->pending || (async && h->async_id != r->async_id))
        illegal("a final response that does not fit its interim one");
    if (!async && r->tree && h->tree_id != r->tree->id && !client->lenient)
        illegal("another tree id");
    r->response = malloc(part.length);
    if (!r->response)
        abort();
    memcpy(r->response, part.data, part.length);
    r->response_length = part.length;
    r->status = h->status;
    r->error = tb_error_from_status(h->status);
    r->done = true;
    tb_list_remove(&r->place);
    client->responses_received++;
    if (r->error == TB_USER_SESSION_DELETED && r->session)
        r->session->over = true;
    take_credits(client, h);
    if (r->answered)
        r->answered(r);
}

static void take_break(struct tb_sim_client *client, const struct tb_smb2_header *h,
                       struct tb_span part)
{
    struct tb_oplock_break_notification notification;
    if (h->command != TB_SMB2_OPLOCK_BREAK || h->session_id || h->tree_id || h->status ||
        (h->flags & TB_SMB2_FLAGS_SIGNED) ||
        tb_oplock_break_notification_decode(part, &notification) != TB_OK)
        illegal("an unsolicited message that is no break notification");
    client->breaks_received++;
    if (client->oplock_break)
        client->oplock_break(client, part);
}

static void take_part(struct tb_sim_client *client, struct tb_span part, bool encrypted)
{
    struct tb_smb2_header h;
    if (tb_smb2_header_decode(part, &h) != TB_OK || !(h.flags & TB_SMB2_FLAGS_SERVER_TO_REDIR))
        illegal("a header");
    if (h.message_id == TB_SMB2_MESSAGE_ID_UNSOLICITED) {
        take_break(client, &h, part);
        return;
    }
    struct tb_sim_request *r = find_request(client, h.message_id);
    if (client->lenient && (!r || r->header.command != h.command))
        return;
    if (!r)
        illegal("an answer to message %llu, which nobody waits for",
                (unsigned long long)h.message_id);
    if (r->header.command != h.command || h.command >= TB_SMB2_COMMAND_COUNT)
        illegal("command %u answered by %u", r->header.command, h.command);
    if (r->session && r->session->id && h.session_id != r->session->id && !client->lenient)
        illegal("command %u, message %llu, status 0x%08x: session id %llx, not %llx", h.command,
                (unsigned long long)h.message_id, h.status, (unsigned long long)h.session_id,
                (unsigned long long)r->session->id);
    if (encrypted != r->encrypted && !r->lenient && !is_about_session(h.status))
        illegal("command %u, status 0x%08x: %s", h.command, h.status,
                encrypted ? "encrypted for no reason" : "an encrypted request answered in clear");
    if (h.status == tb_error_status(TB_PENDING)) {
        take_interim(r, &h);
        return;
    }
    check_body(&h, part);
    if (!encrypted)
        check_signature(r, &h, part);
    take_final(r, &h, part);
}

static void take_parts(struct tb_sim_client *client, struct tb_span message, bool encrypted)
{
    struct tb_span rest = message;
    while (rest.length) {
        struct tb_span part;
        if (tb_compound_next(rest, &part, &rest) != TB_OK)
            illegal("a compound");
        take_part(client, part, encrypted);
    }
}

/* A (key, nonce) pair must never come twice. */
static void check_nonce(struct tb_sim_session *session, const uint8_t nonce[16])
{
    uint64_t value = tb_load_u64(nonce);
    size_t i = session->nonces_count;
    while (i > 0 && session->nonces_seen[i - 1] >= value)
        i--;
    if (i < session->nonces_count && session->nonces_seen[i] == value)
        illegal("a nonce used twice");
    if (session->nonces_count == session->nonces_capacity) {
        session->nonces_capacity = session->nonces_capacity * 2 + 64;
        session->nonces_seen =
            realloc(session->nonces_seen, session->nonces_capacity * sizeof(uint64_t));
        if (!session->nonces_seen)
            abort();
    }
    memmove(session->nonces_seen + i + 1, session->nonces_seen + i,
            (session->nonces_count - i) * sizeof(uint64_t));
    session->nonces_seen[i] = value;
    session->nonces_count++;
}

static void take_encrypted(struct tb_sim_client *client, uint8_t *bytes, size_t length)
{
    struct tb_transform_header h;
    if (tb_transform_header_decode(tb_span(bytes, length), &h) != TB_OK)
        illegal("a transform header");
    struct iovec text = {bytes + TB_SMB2_TRANSFORM_HEADER_LENGTH,
                         length - TB_SMB2_TRANSFORM_HEADER_LENGTH};
    struct tb_sim_session *session = find_session(client, h.session_id);
    if (h.original_message_size != text.iov_len || h.flags != TB_SMB2_TRANSFORM_FLAG_ENCRYPTED ||
        !session || !session->unseal)
        illegal("an encrypted message for no session, or its size or flags");
    check_nonce(session, h.nonce);
    if (tb_sealer_decrypt(session->unseal, bytes, &text, 1) != TB_OK)
        illegal("a message that does not decrypt");
    take_parts(client, tb_span(text.iov_base, text.iov_len), true);
}

void tb_sim_client_receive(struct tb_sim_client *client, struct tb_span message)
{
    uint8_t *bytes = malloc(message.length + 1);
    if (!bytes)
        abort();
    tb_sim_require(!client->ended);
    if (message.length)
        memcpy(bytes, message.data, message.length);
    switch (tb_message_protocol(message)) {
    case TB_PROTOCOL_SMB2:
        take_parts(client, tb_span(bytes, message.length), false);
        break;
    case TB_PROTOCOL_TRANSFORM:
        take_encrypted(client, bytes, message.length);
        break;
    default:
        illegal("no SMB2 message");
    }
    free(bytes);
}
