#include "core/task.h"

#include <assert.h>
#include <string.h>

#include "core/loop_internal.h"
#include "core/server_internal.h"

void tb_task_init(struct tb_task *task, struct tb_loop *loop)
{
    memset(task, 0, sizeof(*task));
    tb_list_init(&task->link);
    task->loop = loop;
}

/* An exporter has answered: on the loop's own thread no lock is needed. */
static void call_done(struct tb_call *call, enum tb_error error)
{
    struct tb_task *task = tb_call_context(call);
    task->error = error;
    tb_task_resume(task);
}

struct tb_call *tb_task_prepare(struct tb_task *task, struct tb_exporter *exporter,
                                enum tb_operation operation,
                                const struct tb_credentials *credentials, void *handle)
{
    struct tb_call *call = &task->call;
    memset(call, 0, offsetof(struct tb_call, frames));
    call->operation = operation;
    call->credentials = credentials;
    call->handle = handle;
    call->frame_count = 0;
    task->exporter = exporter;
    bool pushed = tb_call_push(call, call_done, task);
    assert(pushed);
    (void)pushed;
    return call;
}

static void to_be_done_outside(struct tb_task *task, tb_step *step)
{
    assert(tb_list_empty(&task->link));
    task->step = step;
    tb_list_append(&task->loop->pending, &task->link);
}

void tb_task_call(struct tb_task *task, tb_step *step)
{
    assert(task->call.frame_count == 1);
    task->work = NULL;
    task->resumes_itself = false;
    to_be_done_outside(task, step);
}

void tb_task_work(struct tb_task *task, tb_work *work, tb_step *step)
{
    task->work = work;
    task->resumes_itself = false;
    to_be_done_outside(task, step);
}

void tb_task_start(struct tb_task *task, tb_work *begin, tb_step *step)
{
    task->work = begin;
    task->resumes_itself = true;
    to_be_done_outside(task, step);
}

void tb_task_wait(struct tb_task *task, tb_step *step)
{
    task->step = step;
}

void tb_task_ready(struct tb_task *task)
{
    struct tb_loop *loop = task->loop;
    assert(tb_list_empty(&task->link));
    tb_list_append(&loop->ready, &task->link);
    if (loop->server->inside != loop)
        loop->server->wake_mask |= UINT64_C(1) << loop->index;
}

void tb_task_resume(struct tb_task *task)
{
    struct tb_loop *loop = task->loop;
    const struct tb_env *env = &loop->server->env;
    if (env->ops->current_loop(env->data) == loop && loop->running) {
        tb_list_append(&loop->answered, &task->link);
        return;
    }
    struct tb_server *server = loop->server;
    tb_section_enter(server);
    tb_task_ready(task);
    uint64_t wake_mask = server->wake_mask;
    server->wake_mask = 0;
    tb_section_leave(server);
    tb_loops_wake(server, wake_mask);
}
