/* TREE_DISCONNECT (MS-SMB2 3.3.5.8). */
#include "core/command.h"
#include "core/tree.h"

static void tree_disconnect(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    tb_tree_end(request->tree);
    tb_request_finish(request, TB_OK);
}

static enum tb_error decode(struct tb_span message, union tb_request_body *body)
{
    struct tb_tree_disconnect_request disconnect;
    (void)body;
    return tb_tree_disconnect_request_decode(message, &disconnect);
}

static void encode(struct tb_writer *w, const struct tb_request *request)
{
    struct tb_tree_disconnect_response response = {0};
    (void)request;
    tb_tree_disconnect_response_encode(w, &response);
}

const struct tb_command tb_command_tree_disconnect = {
    .name = "TREE_DISCONNECT",
    .needs = TB_NEEDS_SESSION | TB_NEEDS_TREE | TB_SERVED_ABOVE_BUDGET,
    .decode = decode,
    .start = tree_disconnect,
    .encode = encode,
};
