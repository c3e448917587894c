#include "core/cmd/create_contexts.h"

#include <assert.h>

#include "core/wire/create_contexts.h"

static enum tb_error read_one(const struct tb_create_context *context, struct tb_create_asks *asks)
{
    struct tb_maximal_access_request maximal;
    uint64_t time;
    enum tb_error error = TB_OK;
    switch (context->id) {
    case TB_CREATE_CONTEXT_MAXIMAL_ACCESS:
        error = tb_maximal_access_request_decode(context->data, &maximal);
        asks->maximal_access = error == TB_OK;
        asks->maximal_access_timestamp = maximal.has_timestamp ? maximal.timestamp : 0;
        return error;
    case TB_CREATE_CONTEXT_QUERY_ON_DISK_ID:
        asks->on_disk_id = true;
        return TB_OK;
    case TB_CREATE_CONTEXT_ALLOCATION_SIZE:
        return tb_create_number_decode(context->data, &asks->allocation_size);
    case TB_CREATE_CONTEXT_TIMEWARP_TOKEN:
        /* There are no snapshots; time 0 means the present. */
        error = tb_create_number_decode(context->data, &time);
        return error == TB_OK && time != 0 ? TB_OBJECT_NAME_NOT_FOUND : error;
    case TB_CREATE_CONTEXT_EA_BUFFER:
        return context->data.length > 0 ? TB_EAS_NOT_SUPPORTED : TB_OK;
    case TB_CREATE_CONTEXT_DURABLE_HANDLE_RECONNECT:
    case TB_CREATE_CONTEXT_DURABLE_HANDLE_RECONNECT_V2:
        return TB_OBJECT_NAME_NOT_FOUND;
    default:
        return TB_OK;
    }
}

enum tb_error tb_create_asks_read(struct tb_span contexts, struct tb_create_asks *asks)
{
    struct tb_create_context context;
    *asks = (struct tb_create_asks){0};
    while (tb_create_contexts_next(&contexts, &context)) {
        enum tb_error error = read_one(&context, asks);
        if (error != TB_OK)
            return error;
    }
    return TB_OK;
}

struct tb_span tb_create_answers_write(const struct tb_create_answers *answers, uint8_t *bytes,
                                       size_t capacity)
{
    struct tb_create_chain chain;
    tb_create_chain_begin(&chain, bytes, capacity);
    if (answers->maximal_access) {
        struct tb_maximal_access_response response = {0, answers->maximal_access_mask};
        tb_create_chain_open(&chain, TB_CREATE_CONTEXT_MAXIMAL_ACCESS);
        tb_maximal_access_response_encode(&chain.writer, &response);
        tb_create_chain_close(&chain);
    }
    if (answers->on_disk_id) {
        struct tb_on_disk_id_response response = {answers->file_id, answers->volume_id};
        tb_create_chain_open(&chain, TB_CREATE_CONTEXT_QUERY_ON_DISK_ID);
        tb_on_disk_id_response_encode(&chain.writer, &response);
        tb_create_chain_close(&chain);
    }
    assert(!chain.writer.failed);
    return tb_create_chain_contexts(&chain);
}
