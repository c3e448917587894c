/* OPLOCK_BREAK acknowledgements (MS-SMB2 3.3.5.22). No oplock or lease is ever granted, so nothing
 * is breaking and none can be acknowledged. */
#include "core/command.h"

static enum tb_error decode(struct tb_span message, union tb_request_body *body)
{
    (void)body;
    struct tb_oplock_break_request request;
    return tb_oplock_break_request_decode(message, &request);
}

static void encode(struct tb_writer *w, const struct tb_request *request)
{
    (void)request;
    tb_oplock_break_response_encode(w, &(struct tb_oplock_break_response){0});
}

static void start(struct tb_task *task) TB_INSIDE
{
    tb_request_finish(tb_request_of(task), TB_INVALID_DEVICE_STATE);
}

const struct tb_command tb_command_oplock_break = {
    .name = "OPLOCK_BREAK",
    .needs = TB_NEEDS_SESSION | TB_NEEDS_TREE | TB_SERVED_ABOVE_BUDGET,
    .decode = decode,
    .start = start,
    .encode = encode,
};
