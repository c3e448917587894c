/* TREE_CONNECT (MS-SMB2 3.3.5.7). */
#include "core/tree.h"

#include <stdlib.h>
#include <string.h>

#include "core/chain.h"
#include "core/command.h"
#include "core/conn_internal.h"
#include "core/nt/utf.h"
#include "core/server_internal.h"
#include "core/session.h"

/* Two backslashes, a server, a backslash and a share of at most 80 characters, generously. */
#define PATH_BYTES_MAX 2048

struct tree_path {
    char *path;  /* \\server\share */
    char *share; /* its last part */
};

static void clean(struct tb_request *request)
{
    free(((struct tree_path *)request->state)->path);
}

static enum tb_error prepare(struct tb_request *request)
{
    struct tb_span wire = request->body.tree_connect.path;
    struct tree_path *state = tb_request_alloc(request, sizeof(*state));
    if (!state)
        return TB_NO_MEMORY;
    if (wire.length > PATH_BYTES_MAX)
        return TB_BAD_NETWORK_NAME;
    request->state = state;
    request->clean = clean;
    enum tb_error error = tb_utf8_from_utf16_new(wire, &state->path);
    if (error != TB_OK)
        return error == TB_NO_MEMORY ? error : TB_BAD_NETWORK_NAME;
    char *separator = strrchr(state->path, '\\');
    if (!separator)
        return TB_BAD_NETWORK_NAME;
    state->share = separator + 1;
    return TB_OK;
}

/* MS-SMB2 3.3.5.7: in 3.1.1 an unsigned, unencrypted TREE_CONNECT shows a man in the middle. */
static bool is_unprotected(const struct tb_request *request) TB_INSIDE
{
    const struct tb_session *session = request->session;
    return request->conn->dialect == TB_SMB2_DIALECT_311 && !session->guest &&
           !session->anonymous && !request->is_signed;
}

static enum tb_error connect_share(struct tb_request *request, struct tb_tree **tree) TB_INSIDE
{
    struct tree_path *state = request->state;
    struct tb_share *share = tb_share_find(request->server, state->share);
    if (!share)
        return TB_BAD_NETWORK_NAME;
    if (tb_share_access(share, request->session) == 0)
        return TB_ACCESS_DENIED;
    if (share->encrypt && !request->channel->sealer_out)
        return TB_ACCESS_DENIED;
    return tb_tree_create(request->session, share, tree);
}

static void tree_connect(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    struct tb_tree *tree;
    if (is_unprotected(request)) {
        tb_request_finish(request, TB_DROP_CONNECTION);
        return;
    }
    enum tb_error error = connect_share(request, &tree);
    if (error == TB_OK) {
        struct tb_tree_connect_response *response = &request->response.tree_connect;
        bool pipe = tree->share->kind == TB_SHARE_PIPE;
        request->header.tree_id = tree->id;
        response->share_type = pipe ? TB_SMB2_SHARE_TYPE_PIPE : TB_SMB2_SHARE_TYPE_DISK;
        response->share_flags =
            pipe ? TB_SMB2_SHAREFLAG_NO_CACHING : TB_SMB2_SHAREFLAG_MANUAL_CACHING;
        if (tree->share->encrypt ||
            (tree->share->prefer_encryption && request->channel->sealer_out))
            response->share_flags |= TB_SMB2_SHAREFLAG_ENCRYPT_DATA;
        response->maximal_access = tree->maximal_access;
    }
    tb_request_finish(request, error);
}

static enum tb_error decode(struct tb_span message, union tb_request_body *body)
{
    return tb_tree_connect_request_decode(message, &body->tree_connect);
}

static void encode(struct tb_writer *w, const struct tb_request *request)
{
    tb_tree_connect_response_encode(w, &request->response.tree_connect);
}

const struct tb_command tb_command_tree_connect = {
    .name = "TREE_CONNECT",
    .needs = TB_NEEDS_SESSION | TB_SERVED_ABOVE_BUDGET,
    .decode = decode,
    .prepare = prepare,
    .start = tree_connect,
    .encode = encode,
};
