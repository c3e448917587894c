/* LOGOFF (MS-SMB2 3.3.5.6). */
#include "core/command.h"
#include "core/conn_internal.h"
#include "core/session.h"

static void logoff(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    tb_session_end(request->session);
    tb_channel_end(request->channel);
    tb_request_finish(request, TB_OK);
}

static enum tb_error decode(struct tb_span message, union tb_request_body *body)
{
    struct tb_logoff_request logoff_request;
    (void)body;
    return tb_logoff_request_decode(message, &logoff_request);
}

static void encode(struct tb_writer *w, const struct tb_request *request)
{
    struct tb_logoff_response response = {0};
    (void)request;
    tb_logoff_response_encode(w, &response);
}

const struct tb_command tb_command_logoff = {
    .name = "LOGOFF",
    .needs = TB_NEEDS_SESSION | TB_ALLOWS_EXPIRED | TB_SERVED_ABOVE_BUDGET,
    .decode = decode,
    .start = logoff,
    .encode = encode,
};
