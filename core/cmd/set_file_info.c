/* SET_INFO of files and directories (MS-SMB2 3.3.5.21.1, MS-FSA 2.1.5.15). */
#include "core/cmd/set_info.h"
#include "core/node.h"
#include "core/nt/attributes.h"
#include "core/nt/time.h"
#include "core/open.h"
#include "core/share.h"
#include "core/watch.h"
#include "core/wire/fscc_file.h"
#include "core/wire/notify_information.h"

#define MODE_KEPT                                                                                  \
    (TB_FILE_WRITE_THROUGH | TB_FILE_SEQUENTIAL_ONLY | TB_FILE_SYNCHRONOUS_IO_ALERT |              \
     TB_FILE_SYNCHRONOUS_IO_NONALERT)

struct set_state {
    struct tb_file_basic basic;
    uint64_t length; /* Position, Allocation, EndOfFile, ValidDataLength */
    uint32_t mode;
    uint32_t notification; /* what a change will be told as */
};

static struct tb_call *prepare_call(struct tb_request *request,
                                    enum tb_operation operation) TB_INSIDE
{
    return tb_task_prepare(&request->task, request->open->share->exporter, operation,
                           tb_request_credentials(request), request->open->handle);
}

static bool time_given(uint64_t filetime)
{
    return filetime != TB_FILETIME_KEEP && filetime != TB_FILETIME_FREEZE &&
           filetime != TB_FILETIME_THAW;
}

/* The last step of what changes the file. */
static void changed(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    const struct set_state *state = request->state;
    const struct tb_open *open = request->open;
    if (!task->error)
        tb_watch_changed(open->share, TB_FILE_ACTION_MODIFIED, state->notification,
                         open->node->path);
    tb_request_finish(request, task->error);
}

/* A change time that was set stays as it is whatever else is set through this open
 * (MS-FSA 2.1.5.15.2, Open.UserSetChangeTime). */
static void basic_changed(struct tb_task *task) TB_INSIDE
{
    const struct tb_request *request = tb_request_of(task);
    const struct set_state *state = request->state;
    if (!task->error && time_given(state->basic.change_filetime))
        request->open->change_filetime = state->basic.change_filetime;
    changed(task);
}

static enum tb_error decode_basic(struct tb_span input, struct set_state *state)
{
    return tb_file_basic_decode(input, &state->basic);
}

static enum tb_error decode_length(struct tb_span input, struct set_state *state)
{
    return tb_file_length_decode(input, &state->length);
}

static enum tb_error decode_mode(struct tb_span input, struct set_state *state)
{
    return tb_file_mode_decode(input, &state->mode);
}

static void set_time(struct tb_call *call, struct set_state *state, uint64_t filetime,
                     unsigned mask, uint32_t notification)
{
    if (!time_given(filetime))
        return;
    call->attributes.mask |= mask;
    state->notification |= notification;
}

/* With the attributes as they are, if new ones were given. */
static void basic_apply(struct tb_request *request, uint32_t file_attributes) TB_INSIDE
{
    struct set_state *state = request->state;
    const struct tb_file_basic *basic = &state->basic;
    struct tb_call *call = prepare_call(request, TB_CALL_SET_ATTRIBUTES);
    call->attributes.values = (struct tb_attributes){
        .creation_filetime = basic->creation_filetime,
        .access_filetime = basic->access_filetime,
        .write_filetime = basic->write_filetime,
        .change_filetime = basic->change_filetime,
        .file_attributes = file_attributes,
    };
    if (!time_given(basic->change_filetime))
        call->attributes.values.change_filetime = request->open->change_filetime;
    set_time(call, state, basic->creation_filetime, TB_SET_CREATION_TIME,
             TB_FILE_NOTIFY_CHANGE_CREATION);
    set_time(call, state, basic->access_filetime, TB_SET_ACCESS_TIME,
             TB_FILE_NOTIFY_CHANGE_LAST_ACCESS);
    set_time(call, state, basic->write_filetime, TB_SET_WRITE_TIME,
             TB_FILE_NOTIFY_CHANGE_LAST_WRITE);
    set_time(call, state, basic->change_filetime, TB_SET_CHANGE_TIME, 0);
    if (basic->file_attributes) {
        call->attributes.mask |= TB_SET_FILE_ATTRIBUTES;
        state->notification |= TB_FILE_NOTIFY_CHANGE_ATTRIBUTES;
    }
    if (call->attributes.mask && call->attributes.values.change_filetime)
        call->attributes.mask |= TB_SET_CHANGE_TIME;
    if (call->attributes.mask)
        tb_task_call(&request->task, basic_changed);
    else
        tb_request_finish(request, TB_OK);
}

static void basic_attributes_known(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    const struct set_state *state = request->state;
    uint32_t kept = 0;
    enum tb_error error = task->error;
    if (!error)
        error = tb_attributes_for_set(state->basic.file_attributes,
                                      task->call.attributes.values.file_attributes,
                                      request->open->directory, &kept);
    if (error)
        tb_request_finish(request, error);
    else
        basic_apply(request, kept);
}

static void set_basic(struct tb_request *request) TB_INSIDE
{
    const struct set_state *state = request->state;
    if (state->basic.file_attributes == 0) {
        basic_apply(request, 0);
        return;
    }
    prepare_call(request, TB_CALL_GET_ATTRIBUTES);
    tb_task_call(&request->task, basic_attributes_known);
}

static void set_length(struct tb_request *request, enum tb_operation operation) TB_INSIDE
{
    struct set_state *state = request->state;
    if (request->open->directory) {
        tb_request_finish(request, TB_INVALID_PARAMETER);
        return;
    }
    state->notification = TB_FILE_NOTIFY_CHANGE_SIZE | TB_FILE_NOTIFY_CHANGE_ATTRIBUTES;
    prepare_call(request, operation)->attributes.size = state->length;
    tb_task_call(&request->task, changed);
}

static void set_end_of_file(struct tb_request *request) TB_INSIDE
{
    set_length(request, TB_CALL_SET_SIZE);
}

static void set_allocation(struct tb_request *request) TB_INSIDE
{
    set_length(request, TB_CALL_SET_ALLOCATION);
}

static void set_position(struct tb_request *request) TB_INSIDE
{
    request->open->position = ((const struct set_state *)request->state)->length;
    tb_request_finish(request, TB_OK);
}

static void set_mode(struct tb_request *request) TB_INSIDE
{
    struct tb_open *open = request->open;
    uint32_t mode = ((const struct set_state *)request->state)->mode;
    open->mode = (open->mode & ~MODE_KEPT) | mode;
    open->write_through = mode & TB_FILE_WRITE_THROUGH;
    tb_request_finish(request, TB_OK);
}

/* ValidDataLength and ShortName (MS-FSA 2.1.5.15.15, 2.1.5.15.14): nobody here has the privilege. */
static void needs_privilege(struct tb_request *request) TB_INSIDE
{
    tb_request_finish(request, TB_PRIVILEGE_NOT_HELD);
}

static void set_full_ea(struct tb_request *request) TB_INSIDE
{
    tb_request_finish(request, TB_EAS_NOT_SUPPORTED);
}

static const struct set_row {
    uint8_t number;
    enum tb_error (*decode)(struct tb_span input, struct set_state *state);
    void (*start)(struct tb_request *request);
} rows[] = {
    {TB_FILE_BASIC_INFORMATION, decode_basic, set_basic},
    {TB_FILE_DISPOSITION_INFORMATION, NULL, tb_set_disposition},
    {TB_FILE_DISPOSITION_INFORMATION_EX, NULL, tb_set_disposition},
    {TB_FILE_POSITION_INFORMATION, decode_length, set_position},
    {TB_FILE_MODE_INFORMATION, decode_mode, set_mode},
    {TB_FILE_ALLOCATION_INFORMATION, decode_length, set_allocation},
    {TB_FILE_END_OF_FILE_INFORMATION, decode_length, set_end_of_file},
    {TB_FILE_VALID_DATA_LENGTH_INFORMATION, decode_length, needs_privilege},
    {TB_FILE_FULL_EA_INFORMATION, NULL, set_full_ea},
    {TB_FILE_RENAME_INFORMATION, NULL, tb_rename},
    {TB_FILE_RENAME_INFORMATION_EX, NULL, tb_rename},
    {TB_FILE_LINK_INFORMATION, NULL, tb_rename},
    {TB_FILE_LINK_INFORMATION_EX, NULL, tb_rename},
    {TB_FILE_SHORT_NAME_INFORMATION, NULL, needs_privilege},
};

static const struct set_row *row_find(uint8_t number)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].number == number)
            return &rows[i];
    return NULL;
}

enum tb_error tb_set_file_prepare(struct tb_request *request)
{
    const struct tb_set_info_request *body = &request->body.set_info;
    const struct tb_file_class *class = tb_file_class_set(body->file_info_class);
    const struct set_row *row = row_find(body->file_info_class);
    if (!class)
        return TB_INVALID_INFO_CLASS;
    if (body->buffer.length < class->fixed_length)
        return TB_INFO_LENGTH_MISMATCH;
    if (row && row->start == tb_rename)
        return tb_rename_prepare(request);
    if (row && row->start == tb_set_disposition)
        return tb_disposition_prepare(request);
    if (!row || !row->decode)
        return TB_OK;
    request->state = tb_request_alloc(request, sizeof(struct set_state));
    return request->state ? row->decode(body->buffer, request->state) : TB_NO_MEMORY;
}

void tb_set_file(struct tb_request *request)
{
    const struct tb_file_class *class = tb_file_class_set(request->body.set_info.file_info_class);
    const struct set_row *row = row_find(class->number);
    if ((request->open->access & class->access) != class->access)
        tb_request_finish(request, TB_ACCESS_DENIED);
    else if (!row)
        tb_request_finish(request, TB_NOT_SUPPORTED);
    else
        row->start(request);
}
