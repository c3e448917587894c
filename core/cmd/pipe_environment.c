/* What srvsvc and wkssvc are told of the server (MS-SRVS 2.2.4, MS-WKST 2.2.5). */
#include "core/cmd/pipe.h"
#include "core/server_internal.h"
#include "core/session.h"
#include "core/share.h"

/* Versions that clients take for a current server. */
enum { WINDOWS_MAJOR = 10, WINDOWS_MINOR = 0 };

static uint32_t share_type(const struct tb_share *share)
{
    if (share->kind == TB_SHARE_PIPE)
        return TB_RPC_SHARE_IPC | TB_RPC_SHARE_SPECIAL;
    return TB_RPC_SHARE_DISK;
}

/* IPC$ is no share to browse, but enumerations list it, as those of Windows do. */
static bool is_listed(const struct tb_share *share)
{
    return !share->hidden || share->kind == TB_SHARE_PIPE;
}

static size_t count_shares(const struct tb_server *server, bool listed)
{
    size_t count = 0;
    tb_list_for_each (i, &server->shares)
        count += is_listed(tb_container(i, struct tb_share, in_server)) == listed;
    return count;
}

/* Appends those that are listed, or those that are not, and returns where the next goes. */
static struct tb_rpc_share *fill_shares(const struct tb_server *server, bool listed,
                                        struct tb_rpc_share *to) TB_INSIDE
{
    tb_list_for_each (i, &server->shares) {
        const struct tb_share *share = tb_container(i, struct tb_share, in_server);
        if (is_listed(share) != listed)
            continue;
        *to++ = (struct tb_rpc_share){
            .name = share->name,
            .comment = share->comment,
            .type = share_type(share),
            .uses_max = share->connections_max ? share->connections_max : TB_RPC_SHARE_UNLIMITED,
            .uses = share->tree_count,
        };
    }
    return to;
}

enum tb_error tb_rpc_environment_fill(struct tb_request *request,
                                      struct tb_rpc_environment *environment)
{
    const struct tb_server *server = request->server;
    size_t listed = count_shares(server, true), hidden = count_shares(server, false);
    struct tb_rpc_share *shares = tb_request_alloc(request, (listed + hidden + 1) * sizeof *shares);
    if (!shares)
        return TB_NO_MEMORY;
    fill_shares(server, false, fill_shares(server, true, shares));
    *environment = (struct tb_rpc_environment){
        .shares = shares,
        .share_count = listed,
        .hidden_count = hidden,
        .server_name = server->config.name,
        .domain = server->config.domain,
        .comment = server->config.comment,
        .version_major = WINDOWS_MAJOR,
        .version_minor = WINDOWS_MINOR,
        .administrator = request->session->identity->administrator,
    };
    return TB_OK;
}
