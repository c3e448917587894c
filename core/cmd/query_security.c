/* QUERY_INFO of security descriptors (MS-SMB2 3.3.5.20.3). Exporters store none, so what is shown
 * says what holds: who owns the file, and that the share alone decides who may do what. */
#include "core/cmd/query_info.h"
#include "core/nt/attributes.h"
#include "core/nt/security_descriptor.h"
#include "core/open.h"
#include "core/session.h"
#include "core/share.h"

struct security_state {
    struct tb_sid owner, group;
    struct tb_writer answer;
    uint8_t needed[4]; /* the length that would do, for an error answer */
    enum tb_error error;
};

static void build_work(struct tb_task *task)
{
    struct tb_request *request = tb_request_of(task);
    const struct tb_query_info_request *body = &request->body.query_info;
    struct security_state *state = request->state;
    struct tb_security_descriptor descriptor;
    state->error = tb_security_descriptor_everyone(&state->owner, &state->group, &descriptor);
    if (state->error)
        return;
    size_t length = tb_security_descriptor_wire_length(&descriptor, body->additional_information);
    tb_store_u32(state->needed, (uint32_t)length);
    if (length > body->output_buffer_length)
        state->error = TB_BUFFER_TOO_SMALL;
    else
        state->error = tb_query_info_room(request, length, &state->answer);
    if (!state->error)
        tb_security_descriptor_encode(&descriptor, body->additional_information, &state->answer);
    tb_security_descriptor_clear(&descriptor);
}

static void built(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    struct security_state *state = request->state;
    if (state->error == TB_BUFFER_TOO_SMALL)
        request->error_data = tb_span(state->needed, sizeof state->needed);
    tb_query_info_finish(request, &state->answer, state->error);
}

/* Only the asking user's own SID is known; other owners are named by their number. */
static struct tb_sid owner_sid(const struct tb_session *session, uint32_t uid) TB_INSIDE
{
    if (!session->guest && !session->anonymous && session->identity->uid == uid)
        return tb_session_user_sid(session);
    return TB_SID_UNIX_USER(uid);
}

static void owner_known(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    struct security_state *state = request->state;
    const struct tb_attributes *attributes = &task->call.attributes.values;
    if (task->error) {
        tb_request_finish(request, task->error);
        return;
    }
    state->owner = owner_sid(request->session, attributes->uid);
    state->group = TB_SID_UNIX_GROUP(attributes->gid);
    tb_task_work(task, build_work, built);
}

void tb_query_security(struct tb_request *request)
{
    uint32_t needed = tb_access_for_security_query(request->body.query_info.additional_information);
    if ((request->open->access & needed) != needed) {
        tb_request_finish(request, TB_ACCESS_DENIED);
        return;
    }
    request->state = tb_request_alloc(request, sizeof(struct security_state));
    if (!request->state) {
        tb_request_finish(request, TB_NO_MEMORY);
        return;
    }
    tb_task_prepare(&request->task, request->open->share->exporter, TB_CALL_GET_ATTRIBUTES,
                    tb_request_credentials(request), request->open->handle);
    tb_task_call(&request->task, owner_known);
}
