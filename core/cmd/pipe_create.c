/* CREATE on IPC$: opens a named pipe (MS-SMB2 3.3.5.9). */
#include "core/cmd/pipe.h"
#include "core/nt/access.h"
#include "core/nt/name.h"
#include "core/open.h"
#include "core/rpc/pipe.h"
#include "core/tree.h"

struct create_state {
    struct tb_pipe *pipe; /* until the open owns it */
    enum tb_error error;
    /* What CREATE has prepared for files. */
    void *outer_state;
    void (*outer_clean)(struct tb_request *request);
};

static void clean(struct tb_request *request)
{
    struct create_state *state = request->state;
    tb_pipe_close(state->pipe);
    request->state = state->outer_state;
    if (state->outer_clean)
        state->outer_clean(request);
}

static void open_work(struct tb_task *task)
{
    struct tb_request *request = tb_request_of(task);
    struct create_state *state = request->state;
    struct tb_path name;
    state->error = tb_path_from_wire_rename(request->body.create.name, &name);
    if (state->error)
        return;
    state->error = tb_pipe_open(name.path, &state->pipe);
    tb_path_clear(&name);
}

static uint32_t granted_access(uint32_t desired)
{
    uint32_t access = tb_access_map_generic(desired);
    return access & TB_MAXIMUM_ALLOWED ? TB_FILE_ALL_ACCESS : access;
}

static enum tb_error publish(struct tb_request *request) TB_INSIDE
{
    struct create_state *state = request->state;
    if (!request->tree->connected)
        return TB_NETWORK_NAME_DELETED;
    struct tb_open *open = tb_open_new(request->tree, request->task.loop);
    if (!open)
        return TB_NO_MEMORY;
    open->pipe = state->pipe;
    open->access = granted_access(request->body.create.desired_access);
    enum tb_error error = tb_open_publish(open);
    if (error) {
        open->pipe = NULL;
        tb_open_discard(open);
        return error;
    }
    state->pipe = NULL;
    request->response.create = (struct tb_create_response){
        .create_action = TB_FILE_OPENED,
        .file_attributes = TB_FILE_ATTRIBUTE_NORMAL,
        .file_id = open->id,
    };
    return TB_OK;
}

static void opened(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    const struct create_state *state = request->state;
    tb_request_finish(request, state->error ? state->error : publish(request));
}

static enum tb_error check(const struct tb_create_request *body)
{
    if (body->create_options & TB_FILE_DIRECTORY_FILE)
        return TB_NOT_A_DIRECTORY;
    if (body->create_disposition != TB_FILE_OPEN && body->create_disposition != TB_FILE_OPEN_IF)
        return TB_ACCESS_DENIED;
    if (body->desired_access == 0 || body->desired_access & ~TB_ACCESS_VALID)
        return TB_ACCESS_DENIED;
    return TB_OK;
}

void tb_named_pipe_create(struct tb_task *task)
{
    struct tb_request *request = tb_request_of(task);
    enum tb_error error = check(&request->body.create);
    struct create_state *state = error ? NULL : tb_request_alloc(request, sizeof *state);
    if (!state) {
        tb_request_finish(request, error ? error : TB_NO_MEMORY);
        return;
    }
    state->outer_state = request->state;
    state->outer_clean = request->clean;
    request->state = state;
    request->clean = clean;
    tb_task_work(task, open_work, opened);
}
