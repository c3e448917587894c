/* FileRenameInformation and FileLinkInformation, and their newer classes (MS-FSA 2.1.5.15.12,
 * 2.1.5.15.7): a name gets another place, or the file one more name.
 *
 * Both names (of a link, the new one) are claimed exclusively before anything is looked at, so
 * nobody opens, creates or removes either, or anything beneath a directory that moves, until the
 * exporter has answered. */
#include "core/claim.h"
#include "core/cmd/set_info.h"
#include "core/node.h"
#include "core/nt/name.h"
#include "core/nt/upcase.h"
#include "core/open.h"
#include "core/share.h"
#include "core/tree.h"
#include "core/watch.h"
#include "core/wire/fscc_file.h"
#include "core/wire/notify_information.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct rename_state {
    struct tb_path to;
    char *to_folded;             /* for the claim */
    char *node_folded;           /* the same, for the node afterwards */
    char *from_folded;           /* in the arena: the name when the claims were made */
    enum tb_operation operation; /* RENAME or LINK */
    uint32_t flags;              /* TB_FILE_RENAME_… */
    struct tb_claim claims[2];
    unsigned claim_count;
    enum tb_error verdict; /* on replacing the target */
    uint64_t target_id;    /* of the open file that is replaced; 0: it is not open */
};

static void clean(struct tb_request *request)
{
    struct rename_state *state = request->state;
    tb_path_clear(&state->to);
    free(state->to_folded);
    free(state->node_folded);
}

static enum tb_error convert(struct rename_state *state, struct tb_span name)
{
    enum tb_error error = tb_path_from_wire_rename(name, &state->to);
    if (error)
        return error;
    if (state->to.stream || state->to.stream_type != TB_STREAM_TYPE_NONE || *state->to.path == '\0')
        return TB_OBJECT_NAME_INVALID;
    state->to_folded = tb_name_fold_new(state->to.path);
    state->node_folded = tb_name_fold_new(state->to.path);
    return state->to_folded && state->node_folded ? TB_OK : TB_NO_MEMORY;
}

enum tb_error tb_rename_prepare(struct tb_request *request)
{
    struct tb_span buffer = request->body.set_info.buffer;
    uint8_t class = request->body.set_info.file_info_class;
    struct tb_file_rename body = {0};
    bool newer = class == TB_FILE_RENAME_INFORMATION_EX || class == TB_FILE_LINK_INFORMATION_EX;
    bool rename = class == TB_FILE_RENAME_INFORMATION || class == TB_FILE_RENAME_INFORMATION_EX;
    enum tb_error error =
        newer ? tb_file_rename_ex_decode(buffer, &body) : tb_file_rename_decode(buffer, &body);
    if (error)
        return error;
    if (body.root_directory != 0)
        return TB_INVALID_PARAMETER;
    struct rename_state *state = tb_request_alloc(request, sizeof *state);
    if (!state)
        return TB_NO_MEMORY;
    state->operation = rename ? TB_CALL_RENAME : TB_CALL_LINK;
    state->flags = body.flags;
    request->state = state;
    request->clean = clean;
    return convert(state, body.name);
}

static void drop_claims(struct rename_state *state) TB_INSIDE
{
    while (state->claim_count > 0)
        tb_claim_drop(&state->claims[--state->claim_count]);
}

static void finish(struct tb_request *request, enum tb_error error) TB_INSIDE
{
    drop_claims(request->state);
    tb_request_finish(request, error);
}

/* The exporter has done it: the node follows. `real_path` is as it is stored now, or NULL. */
static void take_new_name(struct tb_request *request, char *real_path) TB_INSIDE
{
    struct rename_state *state = request->state;
    struct tb_node *node = request->open->node;
    char *path = real_path ? real_path : state->to.path;
    tb_watch_renamed(node->share, node->path, path, node->directory);
    tb_node_rename(node, path, state->node_folded);
    state->node_folded = NULL;
    if (!real_path)
        state->to.path = NULL;
}

/* What was replaced while it was open lives on without this name (POSIX semantics). */
static void forget_target(struct tb_request *request) TB_INSIDE
{
    const struct rename_state *state = request->state;
    if (state->target_id == 0)
        return;
    struct tb_node *target =
        tb_node_find(request->open->share, state->target_id, state->to.path, state->to_folded);
    if (target)
        tb_node_removed(target);
}

static void renamed(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    if (!task->error) {
        forget_target(request);
        take_new_name(request, task->call.rename.real_path);
    }
    finish(request, task->error);
}

static void linked(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    const struct rename_state *state = request->state;
    if (!task->error) {
        char *real_path = task->call.rename.real_path;
        forget_target(request);
        tb_watch_changed(request->open->share, TB_FILE_ACTION_ADDED,
                         TB_FILE_NOTIFY_CHANGE_FILE_NAME, real_path ? real_path : state->to.path);
        free(real_path);
    }
    finish(request, task->error);
}

static void call_exporter(struct tb_request *request) TB_INSIDE
{
    struct rename_state *state = request->state;
    struct tb_call *call =
        tb_task_prepare(&request->task, request->open->share->exporter, state->operation,
                        tb_request_credentials(request), request->open->handle);
    call->rename.path = state->to.path;
    call->rename.replace = state->flags & TB_FILE_RENAME_REPLACE_IF_EXISTS;
    tb_task_call(&request->task, state->operation == TB_CALL_RENAME ? renamed : linked);
}

static void target_closed(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    struct rename_state *state = request->state;
    if (state->verdict)
        finish(request, state->verdict);
    else
        call_exporter(request);
}

/* Whether what has the new name now may be replaced by this node. What is open may be where the
 * client asks for POSIX semantics, and nobody minds its deletion. */
static enum tb_error judge_target(struct tb_request *request,
                                  const struct tb_attributes *target) TB_INSIDE
{
    struct rename_state *state = request->state;
    const struct tb_node *node = request->open->node;
    const uint32_t all = TB_FILE_SHARE_READ | TB_FILE_SHARE_WRITE | TB_FILE_SHARE_DELETE;
    if (target->file_attributes & TB_FILE_ATTRIBUTE_DIRECTORY)
        return TB_ACCESS_DENIED;
    state->target_id = target->file_id;
    if (target->file_id == node->file->by_id.key)
        return TB_OK;
    if (target->file_attributes & TB_FILE_ATTRIBUTE_READONLY &&
        !(state->flags & TB_FILE_RENAME_IGNORE_READONLY))
        return TB_ACCESS_DENIED;
    const struct tb_file *file = tb_file_find(node->share, target->file_id);
    if (!file)
        return TB_OK;
    bool replaceable =
        state->flags & TB_FILE_RENAME_POSIX_SEMANTICS && tb_file_shares(file, TB_DELETE, all);
    return replaceable ? TB_OK : TB_ACCESS_DENIED;
}

static void target_known(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    struct rename_state *state = request->state;
    if (task->error == TB_OBJECT_NAME_NOT_FOUND) {
        call_exporter(request);
        return;
    }
    if (task->error) {
        finish(request, task->error);
        return;
    }
    void *handle = task->call.handle;
    free(task->call.open.real_path);
    state->verdict = judge_target(request, &task->call.open.attributes);
    tb_task_prepare(task, request->open->share->exporter, TB_CALL_CLOSE,
                    tb_request_credentials(request), handle);
    tb_task_call(task, target_closed);
}

/* Only its identity is asked for: replacing what is open is refused. */
static void look_at_target(struct tb_request *request) TB_INSIDE
{
    struct rename_state *state = request->state;
    struct tb_call *call = tb_task_prepare(&request->task, request->open->share->exporter,
                                           TB_CALL_OPEN, tb_request_credentials(request), NULL);
    call->open.path = state->to.path;
    call->open.how = TB_OPEN_EXISTING;
    tb_task_call(&request->task, target_known);
}

/* The directory that the new name is put into is opened for that, as far as others are concerned
 * (MS-FSA 2.1.5.15.12). */
static enum tb_error check_parent(const struct tb_request *request) TB_INSIDE
{
    const struct rename_state *state = request->state;
    const struct tb_node *parent =
        tb_node_of_parent(request->open->share, state->to.path, state->to_folded);
    if (!parent)
        return TB_OK;
    if (parent->delete_pending)
        return TB_DELETE_PENDING;
    bool shares =
        tb_node_shares(parent, TB_FILE_ADD_FILE, TB_FILE_SHARE_READ | TB_FILE_SHARE_WRITE);
    return shares ? TB_OK : TB_SHARING_VIOLATION;
}

static enum tb_error check_link(const struct tb_request *request) TB_INSIDE
{
    const struct tb_open *open = request->open;
    if (open->directory)
        return TB_FILE_IS_A_DIRECTORY;
    if (!(request->tree->maximal_access & TB_FILE_WRITE_DATA))
        return TB_ACCESS_DENIED;
    return open->share->capabilities.hard_links ? TB_OK : TB_NOT_SUPPORTED;
}

static enum tb_error check_rename(const struct tb_request *request) TB_INSIDE
{
    const struct rename_state *state = request->state;
    const struct tb_node *node = request->open->node;
    if (*node->path == '\0')
        return TB_INVALID_PARAMETER;
    if (node->directory && tb_path_is_beneath(state->to_folded, node->folded))
        return TB_INVALID_PARAMETER;
    if (node->directory && tb_share_open_beneath(node->share, node->path))
        return TB_ACCESS_DENIED;
    return TB_OK;
}

static enum tb_error check(const struct tb_request *request) TB_INSIDE
{
    const struct rename_state *state = request->state;
    const struct tb_open *open = request->open;
    if (!open->live)
        return TB_FILE_CLOSED;
    if (open->node->delete_pending)
        return TB_DELETE_PENDING;
    enum tb_error error =
        state->operation == TB_CALL_RENAME ? check_rename(request) : check_link(request);
    return error ? error : check_parent(request);
}

static void add_claim(struct tb_request *request, char *folded, bool subtree)
{
    struct rename_state *state = request->state;
    assert(state->claim_count < 2);
    tb_claim_init(&state->claims[state->claim_count++], request->open->share, folded, true,
                  subtree);
}

static void await_claims(struct tb_task *task) TB_INSIDE;

/* Both at once: see core/claim.h. */
static void make_claims(struct tb_request *request) TB_INSIDE
{
    struct rename_state *state = request->state;
    const struct tb_node *node = request->open->node;
    size_t size = strlen(node->folded) + 1;
    state->from_folded = tb_request_alloc(request, size);
    if (!state->from_folded) {
        finish(request, TB_NO_MEMORY);
        return;
    }
    memcpy(state->from_folded, node->folded, size);
    bool rename = state->operation == TB_CALL_RENAME;
    if (rename)
        add_claim(request, state->from_folded, node->directory);
    if (!rename || strcmp(state->from_folded, state->to_folded) != 0)
        add_claim(request, state->to_folded, false);
    for (unsigned i = 0; i < state->claim_count; i++)
        tb_claim_take(&state->claims[i], NULL);
    await_claims(&request->task);
}

static void await_claims(struct tb_task *task)
{
    struct tb_request *request = tb_request_of(task);
    struct rename_state *state = request->state;
    for (unsigned i = 0; i < state->claim_count; i++) {
        if (!state->claims[i].held) {
            tb_claim_await(&state->claims[i], task);
            tb_task_wait(task, await_claims);
            return;
        }
    }
    enum tb_error error = check(request);
    if (error) {
        finish(request, error);
    } else if (strcmp(request->open->node->folded, state->from_folded) != 0) {
        drop_claims(state);
        make_claims(request);
    } else if (state->flags & TB_FILE_RENAME_REPLACE_IF_EXISTS &&
               strcmp(state->from_folded, state->to_folded) != 0) {
        look_at_target(request);
    } else {
        call_exporter(request);
    }
}

void tb_rename(struct tb_request *request)
{
    enum tb_error error = check(request);
    if (error)
        tb_request_finish(request, error);
    else
        make_claims(request);
}
