#include "core/request.h"

#include <assert.h>
#include <stdlib.h>

#include "core/chain.h"
#include "core/command.h"
#include "core/conn_internal.h"
#include "core/loop_internal.h"
#include "core/open.h"
#include "core/server_internal.h"
#include "core/session.h"
#include "core/tree.h"

/* The arena is a chain of blocks, each beginning with a pointer to the next. */
struct arena_block {
    void *next;
    _Alignas(16) uint8_t bytes[];
};

void *tb_request_alloc(struct tb_request *request, size_t size)
{
    if (size > SIZE_MAX - sizeof(struct arena_block))
        return NULL;
    struct arena_block *block = calloc(1, sizeof(*block) + size);
    if (!block)
        return NULL;
    block->next = request->arena;
    request->arena = block;
    return block->bytes;
}

const struct tb_credentials *tb_request_credentials(const struct tb_request *request)
{
    if (request->open)
        return &request->open->credentials;
    return request->tree ? &request->tree->credentials : &request->session->credentials;
}

void tb_request_drop_open(struct tb_request *request)
{
    struct tb_open *open = request->open;
    if (!open)
        return;
    tb_list_remove(&request->in_open);
    request->open = NULL;
    tb_open_request_done(open);
}

static void give_back_references(struct tb_request *request) TB_INSIDE
{
    tb_request_drop_open(request);
    if (request->tree)
        tb_tree_release(request->tree);
    if (request->session)
        tb_session_release(request->session);
    request->tree = NULL;
    request->session = NULL;
}

/* What a related request after this one refers to (MS-SMB2 3.3.5.2.7.2). */
static void remember_for_related(struct tb_request *request) TB_INSIDE
{
    struct tb_chain *chain = request->chain;
    chain->related_session_id = request->header.session_id;
    chain->related_tree_id = request->header.tree_id;
    chain->related_broken = request->command && !request->session &&
                            request->command->needs & TB_NEEDS_SESSION;
    if (request->command == &tb_command_create) {
        chain->related_has_file_id = true;
        chain->related_status = request->status;
        if (request->status == TB_OK)
            chain->related_file_id = request->response.create.file_id;
    }
}

/* Room for the variable part of the answer is held until the answer has left. */
static void count_reply(struct tb_request *request) TB_INSIDE
{
    const struct tb_command *command = request->command;
    size_t length = command && command->extra ? command->extra(request) : 0;
    request->reply_reserved += length;
    tb_conn_reply_begun(request->conn, length);
}

void tb_request_finish(struct tb_request *request, enum tb_error status)
{
    assert(!request->finished && !request->parked);
    assert(tb_list_empty(&request->task.link));
    request->finished = true;
    request->status = status;
    struct tb_conn *conn = request->conn;
    if (request->running) {
        tb_list_remove(&request->in_conn);
        request->running = false;
    }
    if (status == TB_DROP_CONNECTION)
        tb_conn_doom(conn);
    remember_for_related(request);
    count_reply(request);
    give_back_references(request);
    tb_chain_advance(request->chain);
}

bool tb_request_park(struct tb_request *request, tb_cancel *cancel)
{
    struct tb_chain *chain = request->chain;
    assert(request->running && !request->parked);
    if (request->in_chain.next != &chain->requests)
        return false;
    struct tb_server *server = request->server;
    request->parked = true;
    request->cancel = cancel;
    if (!request->interim_sent) {
        request->async_id = ++server->next_async_id;
        tb_chain_interim(chain, request);
    }
    server->parked_count++;
    return true;
}

void tb_request_unpark(struct tb_request *request)
{
    assert(request->parked);
    request->parked = false;
    request->cancel = NULL;
    request->server->parked_count--;
}
