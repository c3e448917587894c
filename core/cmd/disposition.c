/* FileDispositionInformation and FileDispositionInformationEx (MS-FSA 2.1.5.15.3, 2.1.5.15.4): a
 * file or an empty directory is to be deleted with its last close, or not any more. With POSIX
 * semantics its name goes with the close of the open that asked for it. */
#include "core/claim.h"
#include "core/cmd/set_info.h"
#include "core/node.h"
#include "core/open.h"
#include "core/share.h"
#include "core/watch.h"
#include "core/wire/fscc_file.h"

#include <stdlib.h>
#include <string.h>

#define KNOWN                                                                                      \
    (TB_FILE_DISPOSITION_DELETE | TB_FILE_DISPOSITION_POSIX_SEMANTICS |                            \
     TB_FILE_DISPOSITION_FORCE_IMAGE_SECTION_CHECK | TB_FILE_DISPOSITION_ON_CLOSE |                \
     TB_FILE_DISPOSITION_IGNORE_READONLY)

struct disposition_state {
    uint32_t flags; /* TB_FILE_DISPOSITION_… */
    /* While a directory is looked at, through a handle of its own (the open's need not be one that
     * can list), nothing is created in it. */
    struct tb_claim claim;
    char *path, *folded; /* in the arena */
    void *handle;
    enum tb_error verdict;
};

enum tb_error tb_disposition_prepare(struct tb_request *request)
{
    const struct tb_set_info_request *body = &request->body.set_info;
    struct disposition_state *state = tb_request_alloc(request, sizeof *state);
    if (!state)
        return TB_NO_MEMORY;
    request->state = state;
    tb_claim_init(&state->claim, NULL, NULL, false, false);
    if (body->file_info_class == TB_FILE_DISPOSITION_INFORMATION_EX) {
        enum tb_error error = tb_file_disposition_ex_decode(body->buffer, &state->flags);
        return !error && state->flags & ~KNOWN ? TB_INVALID_PARAMETER : error;
    }
    bool delete = false;
    enum tb_error error = tb_file_disposition_decode(body->buffer, &delete);
    state->flags = delete ? TB_FILE_DISPOSITION_DELETE : 0;
    return error;
}

static void finish(struct tb_request *request, enum tb_error error) TB_INSIDE
{
    struct disposition_state *state = request->state;
    struct tb_open *open = request->open;
    tb_claim_drop(&state->claim);
    if (!error && !open->live)
        error = TB_FILE_CLOSED;
    if (!error) {
        tb_node_doom(open->node, open);
        open->posix_delete = state->flags & TB_FILE_DISPOSITION_POSIX_SEMANTICS;
    }
    tb_request_finish(request, error);
}

/* What CREATE asked for with FILE_DELETE_ON_CLOSE, taken back or asked for again. */
static void set_on_close(struct tb_request *request) TB_INSIDE
{
    const struct disposition_state *state = request->state;
    struct tb_open *open = request->open;
    if (!(open->options & TB_FILE_DELETE_ON_CLOSE)) {
        tb_request_finish(request, TB_NOT_SUPPORTED);
        return;
    }
    open->delete_on_close = state->flags & TB_FILE_DISPOSITION_DELETE;
    open->posix_delete =
        open->delete_on_close && state->flags & TB_FILE_DISPOSITION_POSIX_SEMANTICS;
    open->mode &= ~TB_FILE_DELETE_ON_CLOSE;
    if (open->delete_on_close)
        open->mode |= TB_FILE_DELETE_ON_CLOSE;
    tb_request_finish(request, TB_OK);
}

static struct tb_call *prepare_call(struct tb_request *request, enum tb_operation operation,
                                    void *handle) TB_INSIDE
{
    return tb_task_prepare(&request->task, request->open->share->exporter, operation,
                           tb_request_credentials(request), handle);
}

static void directory_closed(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    finish(request, ((struct disposition_state *)request->state)->verdict);
}

static bool entry_found(struct tb_call *call, const struct tb_directory_entry *entry)
{
    (void)entry;
    struct tb_request *request = tb_request_of(tb_container(call, struct tb_task, call));
    ((struct disposition_state *)request->state)->verdict = TB_DIRECTORY_NOT_EMPTY;
    return false;
}

static void entries_known(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    struct disposition_state *state = request->state;
    if (task->error)
        state->verdict = task->error;
    prepare_call(request, TB_CALL_CLOSE, state->handle);
    tb_task_call(task, directory_closed);
}

static void directory_opened(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    struct disposition_state *state = request->state;
    if (task->error) {
        /* Who may not list it learns at the end whether it could be removed. */
        finish(request, task->error == TB_ACCESS_DENIED ? TB_OK : task->error);
        return;
    }
    free(task->call.open.real_path);
    state->handle = task->call.handle;
    struct tb_call *call = prepare_call(request, TB_CALL_READ_DIRECTORY, state->handle);
    call->directory.all = true;
    call->directory.add = entry_found;
    tb_task_call(task, entries_known);
}

static void claim_directory(struct tb_request *request) TB_INSIDE;

/* The name is held. If it has been changed meanwhile, once more. */
static void open_directory(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    struct disposition_state *state = request->state;
    const struct tb_node *node = request->open->node;
    if (strcmp(node->folded, state->folded) != 0) {
        tb_claim_drop(&state->claim);
        claim_directory(request);
        return;
    }
    state->path = tb_request_alloc(request, strlen(node->path) + 1);
    if (!state->path) {
        finish(request, TB_NO_MEMORY);
        return;
    }
    strcpy(state->path, node->path);
    struct tb_call *call = prepare_call(request, TB_CALL_OPEN, NULL);
    call->open.path = state->path;
    call->open.how = TB_OPEN_EXISTING;
    call->open.use = TB_USE_READ;
    tb_task_call(task, directory_opened);
}

static void claim_directory(struct tb_request *request)
{
    struct disposition_state *state = request->state;
    const struct tb_node *node = request->open->node;
    state->folded = tb_request_alloc(request, strlen(node->folded) + 1);
    if (!state->folded) {
        finish(request, TB_NO_MEMORY);
        return;
    }
    strcpy(state->folded, node->folded);
    tb_claim_init(&state->claim, request->open->share, state->folded, false, true);
    if (tb_claim_take(&state->claim, &request->task))
        open_directory(&request->task);
    else
        tb_task_wait(&request->task, open_directory);
}

static void attributes_known(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    const struct disposition_state *state = request->state;
    bool read_only = task->call.attributes.values.file_attributes & TB_FILE_ATTRIBUTE_READONLY &&
                     !(state->flags & TB_FILE_DISPOSITION_IGNORE_READONLY);
    if (task->error || read_only)
        finish(request, task->error ? task->error : TB_CANNOT_DELETE);
    else if (request->open->directory)
        claim_directory(request);
    else
        finish(request, TB_OK);
}

void tb_set_disposition(struct tb_request *request)
{
    const struct disposition_state *state = request->state;
    struct tb_node *node = request->open->node;
    if (state->flags & TB_FILE_DISPOSITION_ON_CLOSE) {
        set_on_close(request);
    } else if (!(state->flags & TB_FILE_DISPOSITION_DELETE)) {
        request->open->posix_delete = false;
        if (!node->removed)
            tb_node_spare(node);
        tb_request_finish(request, TB_OK);
    } else if (node->delete_pending) {
        request->open->posix_delete |= state->flags & TB_FILE_DISPOSITION_POSIX_SEMANTICS;
        tb_request_finish(request, TB_OK);
    } else if (*node->path == '\0') {
        tb_request_finish(request, TB_CANNOT_DELETE);
    } else {
        prepare_call(request, TB_CALL_GET_ATTRIBUTES, request->open->handle);
        tb_task_call(&request->task, attributes_known);
    }
}
