#include <assert.h>
#include <stdlib.h>

#include "core/conn_internal.h"
#include "core/session.h"

struct tb_channel *tb_channel_new(struct tb_conn *conn, struct tb_session *session)
{
    struct tb_channel *channel = calloc(1, sizeof(*channel));
    if (!channel)
        return NULL;
    channel->conn = conn;
    channel->references = 1;
    channel->session = tb_session_hold(session);
    channel->session_id = session->by_id.key;
    tb_list_append(&conn->channels, &channel->in_conn);
    conn->channel_count++;
    return channel;
}

struct tb_channel *tb_channel_hold(struct tb_channel *channel)
{
    assert(channel->references > 0);
    channel->references++;
    return channel;
}

void tb_channel_release(struct tb_channel *channel)
{
    if (!channel || --channel->references > 0)
        return;
    tb_signer_destroy(channel->signer);
    tb_sealer_destroy(channel->sealer_in);
    tb_sealer_destroy(channel->sealer_out);
    tb_session_release(channel->session);
    free(channel);
}

void tb_channel_end(struct tb_channel *channel)
{
    if (tb_list_empty(&channel->in_conn))
        return;
    tb_list_remove(&channel->in_conn);
    channel->conn->channel_count--;
    tb_channel_release(channel);
}
