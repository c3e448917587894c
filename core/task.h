/* A task: work that goes on in steps, on one loop.
 *
 * A *step* runs inside the section: it looks at shared state, decides, and ends by choosing what is
 * next, exactly one of
 *   tb_task_call()   hand task->call to an exporter; `step` runs with its answer in task->error
 *   tb_task_work()   run a function outside the section (copies, ciphers, allocation), then `step`
 *   tb_task_start()  run a function outside that begins something which answers on its own
 *   tb_task_wait()   be woken by somebody's tb_task_ready(), then `step`
 *   or end what the task belongs to (tb_request_finish(), …).
 * A step keeps no pointer to shared objects over that, except references that the task's owner
 * holds; it checks again that they are alive.
 *
 * Owners embed the task: requests (core/request.h) and opens being closed (core/open.h). */
#ifndef TB_TASK_H
#define TB_TASK_H

#include "core/exporter.h"
#include "core/list.h"
#include "core/section.h"

struct tb_loop;
struct tb_task;
typedef void tb_step(struct tb_task *task);
typedef void tb_work(struct tb_task *task);

struct tb_task {
    struct tb_list link; /* in one of the loop's queues, or in a queue of who wakes it */
    struct tb_loop *loop;
    tb_step *step; /* the next */
    tb_work *work; /* to be run outside first; NULL: task->call is to be submitted */
    bool resumes_itself; /* `work` was given to tb_task_start() */
    struct tb_exporter *exporter; /* for the call */
    struct tb_call call;
    enum tb_error error; /* of the last call */
};

void tb_task_init(struct tb_task *task, struct tb_loop *loop);

/* Prepare task->call: zeroes it and sets operation, handle and the rest that is always needed. */
struct tb_call *tb_task_prepare(struct tb_task *task, struct tb_exporter *exporter,
                                enum tb_operation operation,
                                const struct tb_credentials *credentials, void *handle);

/* What is next; see above. Inside a step. */
void tb_task_call(struct tb_task *task, tb_step *step) TB_INSIDE;
void tb_task_work(struct tb_task *task, tb_work *work, tb_step *step) TB_INSIDE;
/* `begin` has tb_task_resume() called exactly once, inside it or later, from any thread. */
void tb_task_start(struct tb_task *task, tb_work *begin, tb_step *step) TB_INSIDE;
void tb_task_wait(struct tb_task *task, tb_step *step) TB_INSIDE;

/* Wake a waiting task: its step runs soon, on its own loop. The task is in no list. */
void tb_task_ready(struct tb_task *task) TB_INSIDE;

/* Wake all tasks that wait in a list, in its order. */
static inline void tb_task_ready_all(struct tb_list *waiting) TB_INSIDE;
static inline void tb_task_ready_all(struct tb_list *waiting)
{
    struct tb_list *link;
    while ((link = tb_list_take(waiting)))
        tb_task_ready(tb_container(link, struct tb_task, link));
}

/* The same from outside the section and any thread, for what tb_task_start() began. */
void tb_task_resume(struct tb_task *task) TB_OUTSIDE;

#endif
