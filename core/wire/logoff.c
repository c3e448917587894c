#include "core/wire/logoff.h"

enum tb_error tb_logoff_request_decode(struct tb_span message, struct tb_logoff_request *out)
{
    return tb_reserved_decode(message, &out->reserved);
}

void tb_logoff_request_encode(struct tb_writer *w, const struct tb_logoff_request *request)
{
    tb_reserved_encode(w, request->reserved);
}

enum tb_error tb_logoff_response_decode(struct tb_span message, struct tb_logoff_response *out)
{
    return tb_reserved_decode(message, &out->reserved);
}

void tb_logoff_response_encode(struct tb_writer *w, const struct tb_logoff_response *response)
{
    tb_reserved_encode(w, response->reserved);
}
