/* What every request goes through before its command sees it (MS-SMB2 3.3.5.2). */
#include <assert.h>

#include "core/chain.h"
#include "core/command.h"
#include "core/conn_internal.h"
#include "core/open.h"
#include "core/server_internal.h"
#include "core/session.h"
#include "core/tree.h"

static const struct tb_command *const commands[TB_SMB2_COMMAND_COUNT] = {
    [TB_SMB2_NEGOTIATE] = &tb_command_negotiate,
    [TB_SMB2_SESSION_SETUP] = &tb_command_session_setup,
    [TB_SMB2_LOGOFF] = &tb_command_logoff,
    [TB_SMB2_TREE_CONNECT] = &tb_command_tree_connect,
    [TB_SMB2_TREE_DISCONNECT] = &tb_command_tree_disconnect,
    [TB_SMB2_CREATE] = &tb_command_create,
    [TB_SMB2_CLOSE] = &tb_command_close,
    [TB_SMB2_FLUSH] = &tb_command_flush,
    [TB_SMB2_READ] = &tb_command_read,
    [TB_SMB2_WRITE] = &tb_command_write,
    [TB_SMB2_LOCK] = &tb_command_lock,
    [TB_SMB2_IOCTL] = &tb_command_ioctl,
    [TB_SMB2_CANCEL] = &tb_command_cancel,
    [TB_SMB2_ECHO] = &tb_command_echo,
    [TB_SMB2_QUERY_DIRECTORY] = &tb_command_query_directory,
    [TB_SMB2_CHANGE_NOTIFY] = &tb_command_change_notify,
    [TB_SMB2_QUERY_INFO] = &tb_command_query_info,
    [TB_SMB2_SET_INFO] = &tb_command_set_info,
    [TB_SMB2_OPLOCK_BREAK] = &tb_command_oplock_break,
};

const struct tb_command *tb_command_find(uint16_t code)
{
    return code < TB_SMB2_COMMAND_COUNT ? commands[code] : NULL;
}

/* MS-SMB2 3.3.5.2.3. CANCEL uses no id of its own. */
static bool use_message_id(struct tb_request *request) TB_INSIDE
{
    struct tb_conn *conn = request->conn;
    if (request->command == &tb_command_cancel)
        return true;
    uint32_t charge = conn->large_mtu ? request->header.credit_charge : 1;
    return tb_credit_use(&conn->credits, request->header.message_id, charge);
}

/* Before NEGOTIATE nothing else is served, and after it no second one (MS-SMB2 3.3.5.2, 3.3.5.4). */
static bool fits_negotiation(const struct tb_request *request)
{
    const struct tb_conn *conn = request->conn;
    bool settled = conn->dialect != 0 && conn->dialect != TB_SMB2_DIALECT_WILDCARD;
    if (request->command == &tb_command_negotiate)
        return !settled && !conn->negotiating;
    return settled && !conn->negotiating;
}

/* MS-SMB2 3.3.5.2.7.2: session, tree connect and file of the request before. */
static enum tb_error relate(struct tb_request *request, bool first) TB_INSIDE
{
    struct tb_chain *chain = request->chain;
    if (!(request->header.flags & TB_SMB2_FLAGS_RELATED_OPERATIONS)) {
        chain->related_has_file_id = false;
        return TB_OK;
    }
    if (first)
        return TB_INVALID_PARAMETER;
    request->header.session_id = chain->related_session_id;
    request->header.tree_id = chain->related_tree_id;
    return chain->related_broken ? TB_INVALID_PARAMETER : TB_OK;
}

static enum tb_error find_session(struct tb_request *request) TB_INSIDE
{
    struct tb_channel *channel = request->channel;
    if (!channel || !channel->established || channel->session->state == TB_SESSION_DEAD) {
        if (channel && channel->session->state == TB_SESSION_DEAD)
            tb_channel_end(channel);
        return TB_USER_SESSION_DELETED;
    }
    struct tb_session *session = channel->session;
    if (session->encrypt && !request->chain->seal)
        return TB_ACCESS_DENIED;
    request->session = tb_session_hold(session);
    return TB_OK;
}

static enum tb_error find_tree(struct tb_request *request) TB_INSIDE
{
    struct tb_tree *tree = tb_tree_find(request->session, request->header.tree_id);
    if (!tree)
        return TB_NETWORK_NAME_DELETED;
    if (tree->share->encrypt && !request->chain->seal)
        return TB_ACCESS_DENIED;
    tree->references++;
    request->tree = tree;
    return TB_OK;
}

static enum tb_error find_open(struct tb_request *request) TB_INSIDE
{
    struct tb_chain *chain = request->chain;
    struct tb_file_id id = request->command->file_id(&request->body);
    if (tb_file_id_is_related(id) && request->header.flags & TB_SMB2_FLAGS_RELATED_OPERATIONS) {
        if (!chain->related_has_file_id)
            return TB_FILE_CLOSED;
        if (chain->related_status != TB_OK)
            return chain->related_status;
        id = chain->related_file_id;
    }
    struct tb_open *open = tb_open_find(request->session, id);
    if (!open || open->tree != request->tree)
        return TB_FILE_CLOSED;
    chain->related_has_file_id = true;
    chain->related_status = TB_OK;
    chain->related_file_id = id;
    request->open = open;
    tb_list_append(&open->requests, &request->in_open);
    return TB_OK;
}

/* MS-SMB2 3.3.5.2.5 */
static enum tb_error check_charge(const struct tb_request *request)
{
    const struct tb_command *command = request->command;
    if (!command->payload)
        return TB_OK;
    uint64_t payload = command->payload(&request->body);
    uint64_t charge = 1;
    if (request->conn->large_mtu && request->header.credit_charge > 1)
        charge = request->header.credit_charge;
    if (!request->conn->large_mtu && request->conn->dialect == TB_SMB2_DIALECT_202)
        return TB_OK; /* sizes are checked against the largest of the dialect by the command */
    return payload <= charge * 65536 ? TB_OK : TB_INVALID_PARAMETER;
}

/* Clients forget the keys of a session they have logged off. */
static bool ended(const struct tb_channel *channel) TB_INSIDE
{
    return channel && channel->session->state == TB_SESSION_DEAD;
}

static enum tb_error admit(struct tb_request *request, bool first) TB_INSIDE
{
    enum tb_error error = relate(request, first);
    if (error != TB_OK)
        return error;
    if (!request->command)
        return TB_INVALID_PARAMETER;
    unsigned needs = request->command->needs;
    if (request->forged != TB_OK)
        return ended(request->channel) ? TB_USER_SESSION_DELETED : request->forged;
    if (needs & TB_NEEDS_SESSION)
        error = find_session(request);
    if (error == TB_OK && needs & TB_NEEDS_TREE)
        error = find_tree(request);
    if (error == TB_OK)
        error = request->refusal;
    if (error == TB_OK)
        error = check_charge(request);
    if (error == TB_OK && needs & (TB_NEEDS_OPEN | TB_MAY_HAVE_OPEN))
        error = find_open(request);
    if (error == TB_FILE_CLOSED && needs & TB_MAY_HAVE_OPEN)
        error = TB_OK;
    return error == TB_OK ? request->unprepared : error;
}

void tb_chain_begin(struct tb_chain *chain)
{
    struct tb_request *request = tb_container(chain->requests.next, struct tb_request, in_chain);
    struct tb_conn *conn = chain->conn;
    bool first = !chain->begun;
    if (first)
        conn->message_bytes += chain->message->capacity;
    chain->begun = true;
    chain->current = request;
    request->running = true;
    tb_list_append(&conn->requests, &request->in_conn);
    request->server->request_count++;
    if (conn->state != TB_CONN_OPEN || !fits_negotiation(request) ||
        !(chain->smb1_negotiate || use_message_id(request))) {
        tb_request_finish(request, TB_DROP_CONNECTION);
        return;
    }
    enum tb_error error = admit(request, first);
    if (error != TB_OK && request->command == &tb_command_cancel)
        error = TB_OK, request->refusal = TB_INVALID_PARAMETER;
    if (error != TB_OK)
        tb_request_finish(request, error);
    else
        request->command->start(&request->task);
}
