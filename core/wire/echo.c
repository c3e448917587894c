#include "core/wire/echo.h"

enum tb_error tb_echo_request_decode(struct tb_span message, struct tb_echo_request *out)
{
    return tb_reserved_decode(message, &out->reserved);
}

void tb_echo_request_encode(struct tb_writer *w, const struct tb_echo_request *request)
{
    tb_reserved_encode(w, request->reserved);
}

enum tb_error tb_echo_response_decode(struct tb_span message, struct tb_echo_response *out)
{
    return tb_reserved_decode(message, &out->reserved);
}

void tb_echo_response_encode(struct tb_writer *w, const struct tb_echo_response *response)
{
    tb_reserved_encode(w, response->reserved);
}
