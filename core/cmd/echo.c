/* ECHO (MS-SMB2 3.3.5.17). */
#include "core/command.h"

static enum tb_error decode(struct tb_span message, union tb_request_body *body)
{
    (void)body;
    struct tb_echo_request request;
    return tb_echo_request_decode(message, &request);
}

static void encode(struct tb_writer *w, const struct tb_request *request)
{
    (void)request;
    tb_echo_response_encode(w, &(struct tb_echo_response){0});
}

static void start(struct tb_task *task) TB_INSIDE
{
    tb_request_finish(tb_request_of(task), TB_OK);
}

const struct tb_command tb_command_echo = {
    .name = "ECHO",
    .needs = TB_SERVED_ABOVE_BUDGET | TB_ALLOWS_EXPIRED,
    .decode = decode,
    .start = start,
    .encode = encode,
};
