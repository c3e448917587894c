#include "core/wire/cancel.h"

enum tb_error tb_cancel_request_decode(struct tb_span message, struct tb_cancel_request *out)
{
    return tb_reserved_decode(message, &out->reserved);
}

void tb_cancel_request_encode(struct tb_writer *w, const struct tb_cancel_request *request)
{
    tb_reserved_encode(w, request->reserved);
}
