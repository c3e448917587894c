/* CANCEL (MS-SMB2 3.3.5.16): takes no credit and gets no answer. */
#include "core/command.h"
#include "core/conn_internal.h"

static bool is_meant(const struct tb_request *cancel, const struct tb_request *other)
{
    if (cancel->header.flags & TB_SMB2_FLAGS_ASYNC_COMMAND)
        return other->async_id != 0 && other->async_id == cancel->header.async_id;
    return other->header.message_id == cancel->header.message_id;
}

static void cancel_request(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    struct tb_conn *conn = request->conn;
    if (request->refusal == TB_OK) {
        tb_list_for_each (i, &conn->requests) {
            struct tb_request *other = tb_container(i, struct tb_request, in_conn);
            if (other == request || !other->parked || !is_meant(request, other))
                continue;
            other->cancel(other, TB_CANCELLED);
            break;
        }
    }
    tb_request_finish(request, TB_OK);
}

static enum tb_error decode(struct tb_span message, union tb_request_body *body)
{
    struct tb_cancel_request cancel;
    (void)body;
    return tb_cancel_request_decode(message, &cancel);
}

const struct tb_command tb_command_cancel = {
    .name = "CANCEL",
    .needs = TB_SERVED_ABOVE_BUDGET,
    .decode = decode,
    .start = cancel_request,
};
