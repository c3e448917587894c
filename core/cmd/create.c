/* CREATE on a disk share (MS-SMB2 3.3.5.9, MS-FSA 2.1.5.1).
 *
 *   claim the name -> open or create it, without truncating -> find or make its node and reserve a
 *   place among its opens (share modes) -> truncate and set attributes -> answer.
 * What goes wrong after the exporter's open is undone: a new file is removed, the handle closed. */
#include <stdlib.h>
#include <string.h>

#include "core/cmd/create_contexts.h"
#include "core/cmd/pipe.h"
#include "core/command.h"
#include "core/node.h"
#include "core/nt/access.h"
#include "core/nt/attributes.h"
#include "core/nt/name.h"
#include "core/nt/upcase.h"
#include "core/open.h"
#include "core/server_internal.h"
#include "core/session.h"
#include "core/tree.h"
#include "core/wire/notify_information.h"

/* What one CREATE carries from step to step. */
struct creation {
    struct tb_path name;
    char *folded;      /* of name.path; the node takes it over */
    char *claim_name;  /* the same, for the claim; in the arena */
    struct tb_claim claim;
    struct tb_create_asks asks;
    struct tb_open *open;
    struct tb_attributes attributes;
    uint32_t access;   /* mapped, without MAXIMUM_ALLOWED */
    bool maximum;      /* MAXIMUM_ALLOWED was asked */
    bool created;
    uint32_t action;
    enum tb_error error; /* what is answered after undoing */
    uint8_t contexts[128];
};

#define OVERWRITES (1u << TB_FILE_SUPERSEDE | 1u << TB_FILE_OVERWRITE | 1u << TB_FILE_OVERWRITE_IF)

static bool overwrites(const struct tb_request *request)
{
    return OVERWRITES >> request->body.create.create_disposition & 1;
}

static void clean(struct tb_request *request)
{
    struct creation *c = request->state;
    tb_path_clear(&c->name);
    free(c->folded);
}

static enum tb_error prepare(struct tb_request *request)
{
    const struct tb_create_request *body = &request->body.create;
    struct creation *c = tb_request_alloc(request, sizeof(*c));
    if (!c)
        return TB_NO_MEMORY;
    request->state = c;
    request->clean = clean;
    tb_claim_init(&c->claim, NULL, NULL, false, false);
    if (body->impersonation_level > TB_IMPERSONATION_DELEGATE)
        return TB_BAD_IMPERSONATION_LEVEL;
    enum tb_error error = tb_path_from_wire(body->name, &c->name);
    if (error != TB_OK)
        return error;
    c->folded = tb_name_fold_new(c->name.path);
    c->claim_name = c->folded ? tb_request_alloc(request, strlen(c->folded) + 1) : NULL;
    if (!c->claim_name)
        return TB_NO_MEMORY;
    strcpy(c->claim_name, c->folded);
    return tb_create_asks_read(body->create_contexts, &c->asks);
}

/* Rights that the share grants, and those that the options and the disposition imply. */
static enum tb_error check_access(struct tb_request *request) TB_INSIDE
{
    const struct tb_create_request *body = &request->body.create;
    struct creation *c = request->state;
    uint32_t asked = tb_access_map_generic(body->desired_access);
    uint32_t maximal = request->tree->maximal_access;
    c->maximum = asked & TB_MAXIMUM_ALLOWED;
    c->access = asked & ~TB_MAXIMUM_ALLOWED;
    if (c->access & TB_ACCESS_SYSTEM_SECURITY)
        return TB_PRIVILEGE_NOT_HELD;
    if (c->access & ~maximal || maximal == 0)
        return TB_ACCESS_DENIED;
    bool changes = overwrites(request) || body->create_disposition == TB_FILE_CREATE ||
                   body->create_options & TB_FILE_DELETE_ON_CLOSE;
    return changes && !(maximal & TB_FILE_WRITE_DATA) ? TB_ACCESS_DENIED : TB_OK;
}

static enum tb_error check(struct tb_request *request) TB_INSIDE
{
    const struct tb_create_request *body = &request->body.create;
    const struct creation *c = request->state;
    enum tb_error error =
        tb_create_check(body->desired_access, body->share_access, body->create_disposition,
                        body->create_options, body->file_attributes);
    if (error != TB_OK)
        return error;
    if (c->name.stream)
        return TB_OBJECT_NAME_INVALID;
    bool directory = body->create_options & TB_FILE_DIRECTORY_FILE;
    if (c->name.stream_type == TB_STREAM_TYPE_DATA && directory)
        return TB_NOT_A_DIRECTORY;
    return check_access(request);
}

static void finish(struct tb_request *request, enum tb_error error) TB_INSIDE
{
    struct creation *c = request->state;
    tb_claim_drop(&c->claim);
    if (error != TB_OK && c->open) {
        tb_open_discard(c->open);
        c->open = NULL;
    }
    tb_request_finish(request, error);
}

static void handle_closed(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    finish(request, ((struct creation *)request->state)->error);
}

static void close_handle(struct tb_task *task) TB_INSIDE
{
    struct tb_open *open = ((struct creation *)tb_request_of(task)->state)->open;
    tb_task_prepare(task, open->share->exporter, TB_CALL_CLOSE, &open->credentials, open->handle);
    tb_task_call(task, handle_closed);
}

static void undo(struct tb_request *request, enum tb_error error) TB_INSIDE
{
    struct creation *c = request->state;
    c->error = error;
    tb_list_remove(&c->open->in_node);
    if (!c->created) {
        close_handle(&request->task);
        return;
    }
    tb_task_prepare(&request->task, c->open->share->exporter, TB_CALL_REMOVE,
                    &c->open->credentials, c->open->handle);
    tb_task_call(&request->task, close_handle);
}

static void fill_response(struct tb_request *request) TB_INSIDE
{
    struct creation *c = request->state;
    struct tb_open *open = c->open;
    const struct tb_attributes *attributes = &c->attributes;
    struct tb_create_answers answers = {
        .maximal_access = c->asks.maximal_access &&
                          (!c->asks.maximal_access_timestamp ||
                           c->asks.maximal_access_timestamp != attributes->write_filetime),
        .maximal_access_mask = request->tree->maximal_access,
        .on_disk_id = c->asks.on_disk_id,
        .file_id = attributes->file_id,
        .volume_id = open->share->capabilities.volume_id,
    };
    request->response.create = (struct tb_create_response){
        .oplock_level = TB_SMB2_OPLOCK_LEVEL_NONE,
        .create_action = c->action,
        .creation_time = attributes->creation_filetime,
        .last_access_time = attributes->access_filetime,
        .last_write_time = attributes->write_filetime,
        .change_time = attributes->change_filetime,
        .allocation_size = attributes->allocation_size,
        .end_of_file = attributes->size,
        .file_attributes = tb_attributes_reported(attributes->file_attributes, open->directory),
        .file_id = open->id,
        .create_contexts = tb_create_answers_write(&answers, c->contexts, sizeof(c->contexts)),
    };
}

static void tell_watchers(const struct tb_request *request) TB_INSIDE
{
    const struct creation *c = request->state;
    const struct tb_open *open = c->open;
    if (c->created)
        tb_watch_changed(open->share, TB_FILE_ACTION_ADDED,
                         open->directory ? TB_FILE_NOTIFY_CHANGE_DIR_NAME
                                         : TB_FILE_NOTIFY_CHANGE_FILE_NAME,
                         open->node->path);
    else if (c->action != TB_FILE_OPENED)
        tb_watch_changed(open->share, TB_FILE_ACTION_MODIFIED,
                         TB_FILE_NOTIFY_CHANGE_ATTRIBUTES | TB_FILE_NOTIFY_CHANGE_SIZE |
                             TB_FILE_NOTIFY_CHANGE_LAST_WRITE,
                         open->node->path);
}

static void commit(struct tb_request *request) TB_INSIDE
{
    struct creation *c = request->state;
    enum tb_error error = tb_open_publish(c->open);
    if (error != TB_OK) {
        undo(request, error);
        return;
    }
    fill_response(request);
    tell_watchers(request);
    c->open = NULL;
    finish(request, TB_OK);
}

static void space_allocated(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    struct creation *c = request->state;
    if (task->error != TB_OK) {
        undo(request, task->error);
        return;
    }
    c->attributes = task->call.attributes.values;
    commit(request);
}

static void attributes_set(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    struct creation *c = request->state;
    if (task->error != TB_OK) {
        undo(request, task->error);
        return;
    }
    c->attributes = task->call.attributes.values;
    if (c->asks.allocation_size == 0) {
        commit(request);
        return;
    }
    struct tb_call *call = tb_task_prepare(task, c->open->share->exporter, TB_CALL_SET_ALLOCATION,
                                           &c->open->credentials, c->open->handle);
    call->attributes.size = c->asks.allocation_size;
    tb_task_call(task, space_allocated);
}

/* The old contents are gone; attributes become those asked (MS-FSA 2.1.5.1.2). */
static void truncated(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    struct creation *c = request->state;
    if (task->error != TB_OK) {
        undo(request, task->error);
        return;
    }
    uint32_t kept = 0;
    (void)tb_attributes_for_create(request->body.create.file_attributes, false, &kept);
    struct tb_call *call = tb_task_prepare(task, c->open->share->exporter, TB_CALL_SET_ATTRIBUTES,
                                           &c->open->credentials, c->open->handle);
    call->attributes.mask = TB_SET_FILE_ATTRIBUTES;
    call->attributes.values.file_attributes = kept | TB_FILE_ATTRIBUTE_ARCHIVE;
    tb_task_call(task, attributes_set);
}

/* What an existing file or directory has against being opened like this (MS-FSA 2.1.5.1.2). */
static enum tb_error check_existing(const struct tb_request *request)
{
    const struct tb_create_request *body = &request->body.create;
    const struct creation *c = request->state;
    uint32_t have = c->attributes.file_attributes;
    bool directory = have & TB_FILE_ATTRIBUTE_DIRECTORY;
    if (body->create_options & TB_FILE_DIRECTORY_FILE && !directory)
        return TB_NOT_A_DIRECTORY;
    if (directory && (body->create_options & TB_FILE_NON_DIRECTORY_FILE ||
                      c->name.stream_type == TB_STREAM_TYPE_DATA || overwrites(request)))
        return TB_FILE_IS_A_DIRECTORY;
    if (!directory && (c->name.trailing_separator ||
                       c->name.stream_type == TB_STREAM_TYPE_INDEX_ALLOCATION))
        return c->name.trailing_separator ? TB_OBJECT_NAME_INVALID : TB_NOT_A_DIRECTORY;
    uint32_t special = TB_FILE_ATTRIBUTE_HIDDEN | TB_FILE_ATTRIBUTE_SYSTEM;
    if (overwrites(request) && have & special & ~body->file_attributes)
        return TB_ACCESS_DENIED;
    if (!(have & TB_FILE_ATTRIBUTE_READONLY))
        return TB_OK;
    if (body->create_options & TB_FILE_DELETE_ON_CLOSE)
        return TB_CANNOT_DELETE;
    if (!directory && (overwrites(request) || c->access & (TB_FILE_WRITE_DATA | TB_FILE_APPEND_DATA)))
        return TB_ACCESS_DENIED;
    return TB_OK;
}

/* MS-FSA 2.1.5.1.1 */
static enum tb_error check_created(const struct tb_create_request *body)
{
    bool read_only = body->file_attributes & TB_FILE_ATTRIBUTE_READONLY;
    return read_only && body->create_options & TB_FILE_DELETE_ON_CLOSE ? TB_CANNOT_DELETE : TB_OK;
}

/* Take a place among the node's opens: from here on others see this one. */
static enum tb_error join_node(struct tb_request *request, char *real_path) TB_INSIDE
{
    const struct tb_create_request *body = &request->body.create;
    struct creation *c = request->state;
    struct tb_open *open = c->open;
    char *path = real_path ? real_path : c->name.path;
    if (!real_path)
        c->name.path = NULL;
    char *folded = c->folded;
    c->folded = NULL;
    open->node = tb_node_get(open->share, c->attributes.file_id, path, folded, open->directory);
    if (!open->node)
        return TB_NO_MEMORY;
    struct tb_node *node = open->node;
    if (node->delete_pending)
        return TB_DELETE_PENDING;
    uint32_t needed = c->access;
    if (!c->created)
        needed |= tb_access_for_disposition(body->create_disposition);
    if (!tb_node_shares(node, needed, body->share_access))
        return TB_SHARING_VIOLATION;
    tb_list_append(&node->opens, &open->in_node);
    return TB_OK;
}

/* What MAXIMUM_ALLOWED comes to: all that the share grants, but for what the exporter has not given
 * this caller. */
static uint32_t maximum_access(const struct tb_request *request) TB_INSIDE
{
    static const struct {
        enum tb_open_use use;
        uint32_t access;
    } needs[] = {
        {TB_USE_READ, TB_FILE_READ_DATA | TB_FILE_EXECUTE},
        {TB_USE_WRITE, TB_FILE_WRITE_DATA | TB_FILE_APPEND_DATA | TB_FILE_DELETE_CHILD},
        {TB_USE_ATTRIBUTES,
         TB_FILE_WRITE_ATTRIBUTES | TB_FILE_WRITE_EA | TB_WRITE_DAC | TB_WRITE_OWNER},
        {TB_USE_NAME, TB_DELETE},
    };
    uint32_t access = request->tree->maximal_access;
    for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
        if (!(request->task.call.open.use_given & needs[i].use))
            access &= ~needs[i].access;
    return access;
}

static void fill_open(struct tb_request *request) TB_INSIDE
{
    const struct tb_create_request *body = &request->body.create;
    struct creation *c = request->state;
    struct tb_open *open = c->open;
    open->handle = request->task.call.handle;
    open->directory = c->attributes.file_attributes & TB_FILE_ATTRIBUTE_DIRECTORY;
    if (c->maximum) {
        c->access |= maximum_access(request);
        if (!open->directory && c->attributes.file_attributes & TB_FILE_ATTRIBUTE_READONLY &&
            !c->created)
            c->access &= ~(TB_FILE_WRITE_DATA | TB_FILE_APPEND_DATA) |
                         (tb_access_map_generic(body->desired_access) & ~TB_MAXIMUM_ALLOWED);
    }
    open->access = c->access;
    open->share_access = body->share_access;
    open->options = body->create_options;
    open->write_through = body->create_options & TB_FILE_WRITE_THROUGH;
    open->delete_on_close = body->create_options & TB_FILE_DELETE_ON_CLOSE;
    open->mode = body->create_options &
                 (TB_FILE_WRITE_THROUGH | TB_FILE_SEQUENTIAL_ONLY |
                  TB_FILE_NO_INTERMEDIATE_BUFFERING | TB_FILE_SYNCHRONOUS_IO_ALERT |
                  TB_FILE_SYNCHRONOUS_IO_NONALERT | TB_FILE_DELETE_ON_CLOSE);
}

static void opened(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    struct creation *c = request->state;
    if (task->error == TB_OBJECT_NAME_COLLISION &&
        tb_share_name_doomed(request->tree->share, c->name.path, c->claim_name))
        task->error = TB_DELETE_PENDING;
    if (task->error != TB_OK) {
        finish(request, task->error);
        return;
    }
    c->attributes = task->call.open.attributes;
    c->created = task->call.open.created;
    fill_open(request);
    enum tb_error error = c->created ? check_created(&request->body.create) : check_existing(request);
    if (error == TB_OK)
        error = join_node(request, task->call.open.real_path);
    else
        free(task->call.open.real_path);
    if (error != TB_OK) {
        undo(request, error);
        return;
    }
    c->action = c->created ? TB_FILE_CREATED : TB_FILE_OPENED;
    if (c->created || !overwrites(request)) {
        commit(request);
        return;
    }
    c->action = request->body.create.create_disposition == TB_FILE_SUPERSEDE ? TB_FILE_SUPERSEDED
                                                                            : TB_FILE_OVERWRITTEN;
    struct tb_call *call = tb_task_prepare(task, c->open->share->exporter, TB_CALL_SET_SIZE,
                                           &c->open->credentials, c->open->handle);
    call->attributes.size = 0;
    tb_task_call(task, truncated);
}

static enum tb_open_how how_to_open(const struct tb_request *request)
{
    bool may_create = request->tree->maximal_access & TB_FILE_WRITE_DATA;
    switch (request->body.create.create_disposition) {
    case TB_FILE_CREATE:
        return TB_OPEN_NEW;
    case TB_FILE_OPEN:
    case TB_FILE_OVERWRITE:
        return TB_OPEN_EXISTING;
    default:
        return may_create ? TB_OPEN_EITHER : TB_OPEN_EXISTING;
    }
}

static unsigned use_for(uint32_t access)
{
    unsigned use = 0;
    if (access & (TB_FILE_READ_DATA | TB_FILE_EXECUTE))
        use |= TB_USE_READ;
    if (access & (TB_FILE_WRITE_DATA | TB_FILE_APPEND_DATA))
        use |= TB_USE_WRITE;
    if (access & TB_FILE_WRITE_ATTRIBUTES)
        use |= TB_USE_ATTRIBUTES;
    if (access & TB_DELETE)
        use |= TB_USE_NAME;
    return use;
}

static unsigned use_of(const struct tb_request *request)
{
    const struct tb_create_request *body = &request->body.create;
    unsigned use = use_for(((const struct creation *)request->state)->access);
    if (overwrites(request))
        use |= TB_USE_WRITE | TB_USE_ATTRIBUTES;
    if (body->create_options & TB_FILE_DELETE_ON_CLOSE)
        use |= TB_USE_NAME;
    return use;
}

static void open_name(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    const struct tb_create_request *body = &request->body.create;
    struct creation *c = request->state;
    bool directory = body->create_options & TB_FILE_DIRECTORY_FILE || c->name.trailing_separator;
    uint32_t kept = 0;
    enum tb_error error = tb_attributes_for_create(body->file_attributes, directory, &kept);
    const struct tb_node *parent =
        tb_node_of_parent(request->tree->share, c->name.path, c->claim_name);
    if (error == TB_OK && parent && parent->delete_pending &&
        body->create_disposition != TB_FILE_OPEN && *c->claim_name != '\0')
        error = TB_DELETE_PENDING;
    if (error != TB_OK || !request->tree->connected) {
        finish(request, error != TB_OK ? error : TB_NETWORK_NAME_DELETED);
        return;
    }
    struct tb_call *call =
        tb_task_prepare(task, request->tree->share->exporter, TB_CALL_OPEN,
                        &c->open->credentials, NULL);
    call->open.path = c->name.path;
    call->open.how = how_to_open(request);
    call->open.use = use_of(request);
    if (c->maximum)
        call->open.use_wished = use_for(request->tree->maximal_access);
    call->open.use_given = call->open.use | call->open.use_wished;
    call->open.create_directory = directory;
    call->open.create_file_attributes = directory ? kept : kept | TB_FILE_ATTRIBUTE_ARCHIVE;
    call->open.create_allocation_size = directory ? 0 : c->asks.allocation_size;
    tb_task_call(task, opened);
}

static void create(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    struct creation *c = request->state;
    struct tb_share *share = request->tree->share;
    if (share->kind == TB_SHARE_PIPE) {
        tb_named_pipe_create(task);
        return;
    }
    enum tb_error error = check(request);
    if (error == TB_OK) {
        c->open = tb_open_new(request->tree, task->loop);
        if (!c->open)
            error = TB_NO_MEMORY;
    }
    if (error != TB_OK) {
        finish(request, error);
        return;
    }
    bool exclusive = request->body.create.create_disposition != TB_FILE_OPEN;
    tb_claim_init(&c->claim, share, c->claim_name, exclusive, false);
    if (tb_claim_take(&c->claim, task))
        open_name(task);
    else
        tb_task_wait(task, open_name);
}

static enum tb_error decode(struct tb_span message, union tb_request_body *body)
{
    return tb_create_request_decode(message, &body->create);
}

static void encode(struct tb_writer *w, const struct tb_request *request)
{
    tb_create_response_encode(w, &request->response.create);
}

const struct tb_command tb_command_create = {
    .name = "CREATE",
    .needs = TB_NEEDS_SESSION | TB_NEEDS_TREE,
    .decode = decode,
    .prepare = prepare,
    .start = create,
    .encode = encode,
};
