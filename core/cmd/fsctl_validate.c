/* FSCTL_VALIDATE_NEGOTIATE_INFO (MS-SMB2 3.3.5.15.12): the client tells again, signed, what it said
 * in NEGOTIATE. If that is not what has arrived, somebody in between has changed it, and the
 * connection ends without an answer. */
#include "core/cmd/ioctl.h"
#include "core/conn_internal.h"
#include "core/server_internal.h"
#include "core/wire/fsctl.h"

enum { ANSWER_LENGTH = 24 };

static uint16_t best_dialect(const struct tb_server_config *config, struct tb_span dialects)
{
    uint16_t best = 0;
    for (size_t i = 0; i < tb_u16_count(dialects); i++) {
        uint16_t dialect = tb_u16_at(dialects, i);
        if (dialect >= config->dialect_min && dialect <= config->dialect_max && dialect > best)
            best = dialect;
    }
    return best;
}

static bool is_valid(const struct tb_request *request)
{
    const struct tb_conn *conn = request->conn;
    const struct tb_ioctl_request *body = &request->body.ioctl;
    struct tb_validate_negotiate_request info;
    if (conn->dialect == TB_SMB2_DIALECT_311 || body->max_output_response < ANSWER_LENGTH ||
        tb_validate_negotiate_request_decode(body->input, &info) != TB_OK)
        return false;
    return info.capabilities == conn->client_capabilities &&
           info.security_mode == conn->client_security_mode &&
           memcmp(info.guid, conn->client_guid, sizeof(info.guid)) == 0 &&
           tb_u16_count(info.dialects) == conn->client_dialect_count &&
           best_dialect(&request->server->config, info.dialects) == conn->dialect;
}

void tb_fsctl_validate_negotiate(struct tb_task *task)
{
    struct tb_request *request = tb_request_of(task);
    const struct tb_conn *conn = request->conn;
    uint8_t *answer = tb_request_alloc(request, ANSWER_LENGTH);
    if (!is_valid(request)) {
        tb_request_finish(request, TB_DROP_CONNECTION);
        return;
    }
    if (!answer) {
        tb_request_finish(request, TB_NO_MEMORY);
        return;
    }
    struct tb_validate_negotiate_response response = {
        .capabilities = conn->capabilities,
        .security_mode = conn->security_mode,
        .dialect = conn->dialect,
    };
    memcpy(response.guid, request->server->config.guid, sizeof(response.guid));
    struct tb_writer w = tb_writer(answer, ANSWER_LENGTH);
    tb_validate_negotiate_response_encode(&w, &response);
    request->response.ioctl.output = tb_span(answer, w.at);
    tb_request_finish(request, TB_OK);
}
