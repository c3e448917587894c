#include "sim/files.h"

#include "core/nt/utf.h"
#include "core/wire/close.h"
#include "core/wire/echo.h"
#include "core/wire/flush.h"
#include "core/wire/lock.h"
#include "core/wire/read.h"
#include "core/wire/tree_connect.h"
#include "core/wire/tree_disconnect.h"
#include "core/wire/write.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint8_t *tb_sim_utf16(const char *name, size_t *length)
{
    uint8_t *units;
    if (tb_utf16_from_utf8_new(name, strlen(name), &units, length) != TB_OK)
        tb_sim_fail(__FILE__, __LINE__, "no UTF-8: %s", name);
    for (size_t i = 0; i + 1 < *length; i += 2) {
        if (units[i] == '/' && units[i + 1] == 0)
            units[i] = '\\';
    }
    return units;
}

struct tb_sim_request *tb_sim_tree_connect_request(struct tb_sim_session *session,
                                                   const char *share)
{
    char path[300];
    size_t length;
    snprintf(path, sizeof(path), "\\\\server\\%s", share);
    uint8_t *units = tb_sim_utf16(path, &length);
    struct tb_sim_request *r = tb_sim_request_new(session->client, session, NULL,
                                                  TB_SMB2_TREE_CONNECT, length + 64);
    tb_tree_connect_request_encode(
        &r->writer, &(struct tb_tree_connect_request){.path = tb_span(units, length)});
    free(units);
    return r;
}

struct tb_sim_tree *tb_sim_tree_connected(struct tb_sim_request *request)
{
    struct tb_tree_connect_response response;
    struct tb_smb2_header h;
    struct tb_sim_tree *tree = calloc(1, sizeof(*tree));
    if (!tree)
        abort();
    tb_sim_require_ok(tb_tree_connect_response_decode(tb_sim_response(request), &response));
    tb_sim_require_ok(tb_smb2_header_decode(tb_sim_response(request), &h));
    tree->session = request->session;
    tree->id = h.tree_id;
    tree->share_type = response.share_type;
    tree->share_flags = response.share_flags;
    tree->maximal_access = response.maximal_access;
    tree->encrypt = response.share_flags & TB_SMB2_SHAREFLAG_ENCRYPT_DATA;
    tb_list_append(&request->client->trees, &tree->place);
    return tree;
}

enum tb_error tb_sim_tree_connect(struct tb_sim_session *session, const char *share,
                                  struct tb_sim_tree **tree)
{
    struct tb_sim_request *r = tb_sim_tree_connect_request(session, share);
    enum tb_error error = tb_sim_call(r);
    if (tree)
        *tree = NULL;
    if (error == TB_OK && tree)
        *tree = tb_sim_tree_connected(r);
    tb_sim_request_free(r);
    return error;
}

enum tb_error tb_sim_tree_disconnect(struct tb_sim_tree *tree)
{
    struct tb_sim_request *r = tb_sim_request_new(tree->session->client, tree->session, tree,
                                                  TB_SMB2_TREE_DISCONNECT, 4);
    tb_tree_disconnect_request_encode(&r->writer, &(struct tb_tree_disconnect_request){0});
    return tb_sim_do(r);
}

static struct tb_sim_request *new_request(struct tb_sim_tree *tree, uint16_t command, size_t room)
{
    return tb_sim_request_new(tree->session->client, tree->session, tree, command, room);
}

struct tb_sim_request *tb_sim_create_request(struct tb_sim_tree *tree,
                                             const struct tb_sim_create *create)
{
    size_t length;
    uint8_t *units = tb_sim_utf16(create->name, &length);
    struct tb_sim_request *r =
        new_request(tree, TB_SMB2_CREATE, length + create->contexts.length + 128);
    tb_create_request_encode(
        &r->writer,
        &(struct tb_create_request){
            .requested_oplock_level = create->oplock,
            .impersonation_level = TB_IMPERSONATION_IMPERSONATION,
            .desired_access = create->access ? create->access : TB_FILE_ALL_ACCESS,
            .file_attributes = create->attributes,
            .share_access = create->unshared || create->share ? create->share : TB_SIM_SHARE_ALL,
            .create_disposition = create->disposition,
            .create_options = create->options,
            .name = tb_span(units, length),
            .create_contexts = create->contexts,
        });
    free(units);
    return r;
}

void tb_sim_created(struct tb_sim_request *request, struct tb_sim_open *open)
{
    tb_sim_require_ok(tb_create_response_decode(tb_sim_response(request), &open->created));
    open->tree = request->tree;
    open->id = open->created.file_id;
    open->created.create_contexts = tb_span(NULL, 0);
}

enum tb_error tb_sim_create(struct tb_sim_tree *tree, const struct tb_sim_create *create,
                            struct tb_sim_open *open)
{
    struct tb_sim_request *r = tb_sim_create_request(tree, create);
    enum tb_error error = tb_sim_call(r);
    if (error == TB_OK && open)
        tb_sim_created(r, open);
    tb_sim_request_free(r);
    return error;
}

enum tb_error tb_sim_open(struct tb_sim_tree *tree, const char *name, uint32_t disposition,
                          struct tb_sim_open *open)
{
    char path[1024];
    size_t length = strlen(name);
    bool directory = length > 0 && name[length - 1] == '/';
    snprintf(path, sizeof(path), "%.*s", (int)(directory ? length - 1 : length), name);
    return tb_sim_create(tree,
                         &(struct tb_sim_create){.name = path,
                                                 .disposition = disposition,
                                                 .options =
                                                     directory ? TB_FILE_DIRECTORY_FILE : 0},
                         open);
}

struct tb_sim_request *tb_sim_close_request(struct tb_sim_tree *tree, struct tb_file_id id,
                                            uint16_t flags)
{
    struct tb_sim_request *r = new_request(tree, TB_SMB2_CLOSE, 32);
    tb_close_request_encode(&r->writer, &(struct tb_close_request){.flags = flags, .file_id = id});
    return r;
}

enum tb_error tb_sim_close(struct tb_sim_open *open)
{
    return tb_sim_do(tb_sim_close_request(open->tree, open->id, 0));
}

struct tb_sim_request *tb_sim_write_request(struct tb_sim_tree *tree, struct tb_file_id id,
                                            uint64_t offset, const void *data, size_t length)
{
    struct tb_sim_request *r = new_request(tree, TB_SMB2_WRITE, length + 64);
    r->payload = length;
    tb_write_request_encode(
        &r->writer, &(struct tb_write_request){
                        .offset = offset, .file_id = id, .data = tb_span(data, length)});
    return r;
}

enum tb_error tb_sim_write(struct tb_sim_open *open, uint64_t offset, const void *data,
                           size_t length)
{
    struct tb_sim_request *r = tb_sim_write_request(open->tree, open->id, offset, data, length);
    enum tb_error error = tb_sim_call(r);
    if (error == TB_OK) {
        struct tb_write_response response;
        tb_sim_require_ok(tb_write_response_decode(tb_sim_response(r), &response));
        tb_sim_require_equal(response.count, length);
    }
    tb_sim_request_free(r);
    return error;
}

struct tb_sim_request *tb_sim_read_request(struct tb_sim_tree *tree, struct tb_file_id id,
                                           uint64_t offset, uint32_t length)
{
    struct tb_sim_request *r = new_request(tree, TB_SMB2_READ, 64);
    r->payload = length;
    tb_read_request_encode(&r->writer, &(struct tb_read_request){.padding = 80,
                                                                 .length = length,
                                                                 .offset = offset,
                                                                 .file_id = id});
    return r;
}

struct tb_span tb_sim_read_data(const struct tb_sim_request *request)
{
    struct tb_read_response response;
    if (request->error != TB_OK && request->error != TB_BUFFER_OVERFLOW)
        return tb_span(NULL, 0);
    tb_sim_require_ok(tb_read_response_decode(tb_sim_response(request), &response));
    return response.data;
}

enum tb_error tb_sim_read(struct tb_sim_open *open, uint64_t offset, void *data, size_t *length)
{
    struct tb_sim_request *r =
        tb_sim_read_request(open->tree, open->id, offset, (uint32_t)*length);
    enum tb_error error = tb_sim_call(r);
    struct tb_span read = r->lost ? tb_span(NULL, 0) : tb_sim_read_data(r);
    tb_sim_require(read.length <= *length);
    if (read.length)
        memcpy(data, read.data, read.length);
    *length = read.length;
    tb_sim_request_free(r);
    return error;
}

struct tb_sim_request *tb_sim_flush_request(struct tb_sim_tree *tree, struct tb_file_id id)
{
    struct tb_sim_request *r = new_request(tree, TB_SMB2_FLUSH, 32);
    tb_flush_request_encode(&r->writer, &(struct tb_flush_request){.file_id = id});
    return r;
}

enum tb_error tb_sim_flush(struct tb_sim_open *open)
{
    return tb_sim_do(tb_sim_flush_request(open->tree, open->id));
}

struct tb_sim_request *tb_sim_lock_request(struct tb_sim_tree *tree, struct tb_file_id id,
                                           uint64_t offset, uint64_t length, uint32_t flags)
{
    struct tb_sim_request *r = new_request(tree, TB_SMB2_LOCK, 64);
    uint8_t bytes[TB_LOCK_ELEMENT_LENGTH];
    struct tb_writer w = tb_writer(bytes, sizeof(bytes));
    tb_lock_element_encode(&w, &(struct tb_lock_element){offset, length, flags});
    tb_lock_request_encode(&r->writer,
                           &(struct tb_lock_request){.lock_count = 1,
                                                     .file_id = id,
                                                     .locks = tb_span(bytes, sizeof(bytes))});
    return r;
}

enum tb_error tb_sim_lock(struct tb_sim_open *open, uint64_t offset, uint64_t length,
                          uint32_t flags)
{
    return tb_sim_do(tb_sim_lock_request(open->tree, open->id, offset, length, flags));
}

struct tb_sim_request *tb_sim_echo_request(struct tb_sim_client *client,
                                           struct tb_sim_session *session)
{
    struct tb_sim_request *r = tb_sim_request_new(client, session, NULL, TB_SMB2_ECHO, 4);
    tb_echo_request_encode(&r->writer, &(struct tb_echo_request){0});
    return r;
}
