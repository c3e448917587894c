#include "core/wire/tree_disconnect.h"

enum tb_error tb_tree_disconnect_request_decode(struct tb_span message,
                                                struct tb_tree_disconnect_request *out)
{
    return tb_reserved_decode(message, &out->reserved);
}

void tb_tree_disconnect_request_encode(struct tb_writer *w,
                                       const struct tb_tree_disconnect_request *request)
{
    tb_reserved_encode(w, request->reserved);
}

enum tb_error tb_tree_disconnect_response_decode(struct tb_span message,
                                                 struct tb_tree_disconnect_response *out)
{
    return tb_reserved_decode(message, &out->reserved);
}

void tb_tree_disconnect_response_encode(struct tb_writer *w,
                                        const struct tb_tree_disconnect_response *response)
{
    tb_reserved_encode(w, response->reserved);
}
