/* Sparse files: FSCTL_SET_SPARSE, FSCTL_SET_ZERO_DATA, FSCTL_QUERY_ALLOCATED_RANGES
 * (MS-FSA 2.1.5.10.38, 2.1.5.10.39, 2.1.5.10.22). */
#include "core/cmd/ioctl.h"
#include "core/lock.h"
#include "core/node.h"
#include "core/open.h"
#include "core/share.h"
#include "core/watch.h"
#include "core/wire/fsctl.h"
#include "core/wire/notify_information.h"

/* Ranges in one answer at most: a client goes on where it was cut (STATUS_BUFFER_OVERFLOW). */
#define RANGES_MAX 4096u

static struct tb_call *prepare(struct tb_request *request, enum tb_operation operation) TB_INSIDE
{
    return tb_task_prepare(&request->task, request->open->share->exporter, operation,
                           tb_request_credentials(request), request->open->handle);
}

static void changed(struct tb_request *request, uint32_t notification) TB_INSIDE
{
    const struct tb_open *open = request->open;
    if (!request->task.error)
        tb_watch_changed(open->share, TB_FILE_ACTION_MODIFIED, notification, open->node->path);
    tb_request_finish(request, request->task.error);
}

static void sparse_set(struct tb_task *task) TB_INSIDE
{
    changed(tb_request_of(task), TB_FILE_NOTIFY_CHANGE_ATTRIBUTES);
}

/* An empty buffer means yes. */
static bool sparse_wanted(struct tb_span input)
{
    return input.length == 0 || input.data[0] != 0;
}

static void attributes_known(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    uint32_t before = task->call.attributes.values.file_attributes;
    uint32_t after = before & ~(uint32_t)TB_FILE_ATTRIBUTE_SPARSE_FILE;
    if (sparse_wanted(request->body.ioctl.input))
        after |= TB_FILE_ATTRIBUTE_SPARSE_FILE;
    if (task->error || after == before) {
        tb_request_finish(request, task->error);
        return;
    }
    struct tb_call *call = prepare(request, TB_CALL_SET_ATTRIBUTES);
    call->attributes.mask = TB_SET_FILE_ATTRIBUTES;
    call->attributes.values.file_attributes = after;
    tb_task_call(task, sparse_set);
}

void tb_fsctl_set_sparse(struct tb_task *task)
{
    struct tb_request *request = tb_request_of(task);
    const struct tb_open *open = request->open;
    const uint32_t any = TB_FILE_WRITE_DATA | TB_FILE_APPEND_DATA | TB_FILE_WRITE_ATTRIBUTES;
    enum tb_error error = TB_OK;
    if (open->directory)
        error = TB_INVALID_PARAMETER;
    else if (!(open->access & any))
        error = TB_ACCESS_DENIED;
    else if (!open->share->capabilities.sparse)
        error = TB_INVALID_DEVICE_REQUEST;
    if (error) {
        tb_request_finish(request, error);
        return;
    }
    prepare(request, TB_CALL_GET_ATTRIBUTES);
    tb_task_call(task, attributes_known);
}

static void zeroed(struct tb_task *task) TB_INSIDE
{
    changed(tb_request_of(task), TB_FILE_NOTIFY_CHANGE_LAST_WRITE);
}

static enum tb_error check_zero(const struct tb_request *request,
                                struct tb_zero_data_request *zero) TB_INSIDE
{
    const struct tb_open *open = request->open;
    enum tb_error error = tb_zero_data_request_decode(request->body.ioctl.input, zero);
    if (error)
        return error;
    if (open->directory || zero->file_offset > INT64_MAX || zero->beyond_final_zero > INT64_MAX ||
        zero->beyond_final_zero < zero->file_offset)
        return TB_INVALID_PARAMETER;
    if (!(open->access & TB_FILE_WRITE_DATA))
        return TB_ACCESS_DENIED;
    if (tb_lock_forbids(open->node, open, zero->file_offset,
                        zero->beyond_final_zero - zero->file_offset, true))
        return TB_FILE_LOCK_CONFLICT;
    return TB_OK;
}

void tb_fsctl_set_zero_data(struct tb_task *task)
{
    struct tb_request *request = tb_request_of(task);
    struct tb_zero_data_request zero;
    enum tb_error error = check_zero(request, &zero);
    if (error || zero.beyond_final_zero == zero.file_offset) {
        tb_request_finish(request, error);
        return;
    }
    struct tb_call *call = prepare(request, TB_CALL_ZERO);
    call->range.offset = zero.file_offset;
    call->range.length = zero.beyond_final_zero - zero.file_offset;
    tb_task_call(task, zeroed);
}

struct ranges_state {
    struct tb_allocated_range asked;
    struct tb_writer w;
    bool cut;
};

static bool add(struct tb_call *call, uint64_t offset, uint64_t length)
{
    struct ranges_state *state = tb_request_of(tb_container(call, struct tb_task, call))->state;
    state->cut = state->w.capacity - state->w.at < TB_ALLOCATED_RANGE_LENGTH;
    if (!state->cut)
        tb_allocated_range_encode(&state->w, &(struct tb_allocated_range){offset, length});
    return !state->cut;
}

static void finish_ranges(struct tb_request *request, enum tb_error error) TB_INSIDE
{
    const struct ranges_state *state = request->state;
    if (!error && state->cut)
        error = state->w.at > 0 ? TB_BUFFER_OVERFLOW : TB_BUFFER_TOO_SMALL;
    tb_fsctl_answer(request, &state->w, error);
}

/* The exporter knows no holes: what is in the file is allocated. */
static void size_known(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    const struct ranges_state *state = request->state;
    uint64_t offset = state->asked.file_offset, length = state->asked.length;
    uint64_t size = task->call.attributes.values.size;
    uint64_t left = offset < size ? size - offset : 0;
    if (!task->error && left > 0 && length > 0)
        add(&task->call, offset, length < left ? length : left);
    finish_ranges(request, task->error);
}

static void ranges_known(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    if (task->error != TB_NOT_SUPPORTED) {
        finish_ranges(request, task->error);
        return;
    }
    prepare(request, TB_CALL_GET_ATTRIBUTES);
    tb_task_call(task, size_known);
}

static enum tb_error begin_ranges(struct tb_request *request) TB_INSIDE
{
    const struct tb_open *open = request->open;
    struct ranges_state *state = tb_request_alloc(request, sizeof *state);
    if (!state)
        return TB_NO_MEMORY;
    request->state = state;
    struct tb_span input = request->body.ioctl.input;
    enum tb_error error = tb_allocated_range_decode(&input, &state->asked);
    if (error)
        return TB_INVALID_PARAMETER;
    if (open->directory || state->asked.file_offset > INT64_MAX ||
        state->asked.length > INT64_MAX - state->asked.file_offset)
        return TB_INVALID_PARAMETER;
    if (!(open->access & TB_FILE_READ_DATA))
        return TB_ACCESS_DENIED;
    size_t count = request->body.ioctl.max_output_response / TB_ALLOCATED_RANGE_LENGTH;
    size_t room = (count < RANGES_MAX ? count : RANGES_MAX) * TB_ALLOCATED_RANGE_LENGTH;
    uint8_t *memory = tb_request_alloc(request, room > 0 ? room : 1);
    if (!memory)
        return TB_NO_MEMORY;
    state->w = tb_writer(memory, room);
    return TB_OK;
}

void tb_fsctl_query_allocated_ranges(struct tb_task *task)
{
    struct tb_request *request = tb_request_of(task);
    enum tb_error error = begin_ranges(request);
    const struct ranges_state *state = request->state;
    if (error || state->asked.length == 0) {
        tb_request_finish(request, error);
        return;
    }
    struct tb_call *call = prepare(request, TB_CALL_ALLOCATED_RANGES);
    call->range.offset = state->asked.file_offset;
    call->range.length = state->asked.length;
    call->range.add = add;
    tb_task_call(task, ranges_known);
}
