#include "core/exporter.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

typedef void tb_operation_function(void *self, struct tb_call *call);

/* What every table must have, of every version: up to and with capabilities(). */
#define TABLE_SIZE_MIN offsetof(struct tb_exporter_ops, open)

static enum tb_error check_table(const struct tb_exporter_ops *ops, char *message, size_t size)
{
    if (ops->api_version != TB_EXPORTER_API_VERSION)
        snprintf(message, size,
                 "the exporter was built for version %u of core/exporter.h, this program has "
                 "version %u: build it again against the installed headers",
                 (unsigned)ops->api_version, (unsigned)TB_EXPORTER_API_VERSION);
    else if (ops->struct_size < TABLE_SIZE_MIN || ops->struct_size % sizeof(void *))
        snprintf(message, size,
                 "the exporter's table says struct_size %u, which is no size of struct "
                 "tb_exporter_ops: set it to sizeof(struct tb_exporter_ops)",
                 (unsigned)ops->struct_size);
    else if (!ops->start || !ops->stop || !ops->capabilities)
        snprintf(message, size,
                 "the exporter's table lacks start, stop or capabilities: all three are needed");
    else
        return TB_OK;
    return TB_INVALID_PARAMETER;
}

enum tb_error tb_exporter_start(const struct tb_exporter_ops *ops, const char *argument,
                                const char *const *options, const struct tb_env *env,
                                struct tb_exporter **out, char *message, size_t size)
{
    static const char *const no_options[] = {NULL};

    *out = NULL;
    if (size)
        message[0] = '\0';
    enum tb_error error = check_table(ops, message, size);
    if (error)
        return error;

    struct tb_exporter *exporter = calloc(1, sizeof *exporter);
    if (!exporter) {
        snprintf(message, size, "out of memory");
        return TB_NO_MEMORY;
    }
    size_t known = ops->struct_size < sizeof *ops ? ops->struct_size : sizeof *ops;
    memcpy(&exporter->ops, ops, known);
    exporter->ops.struct_size = sizeof *ops;
    error = ops->start(argument ? argument : "", options ? options : no_options, env,
                       &exporter->self, message, size);
    if (error) {
        free(exporter);
        return error;
    }
    *out = exporter;
    return TB_OK;
}

void tb_exporter_free(struct tb_exporter *exporter)
{
    if (!exporter)
        return;
    exporter->ops.stop(exporter->self);
    free(exporter);
}

static tb_operation_function *find_operation(const struct tb_exporter_ops *ops,
                                             enum tb_operation operation)
{
    switch (operation) {
    case TB_CALL_OPEN:
        return ops->open;
    case TB_CALL_CLOSE:
        return ops->close;
    case TB_CALL_GET_ATTRIBUTES:
        return ops->get_attributes;
    case TB_CALL_SET_ATTRIBUTES:
        return ops->set_attributes;
    case TB_CALL_SET_SIZE:
        return ops->set_size;
    case TB_CALL_SET_ALLOCATION:
        return ops->set_allocation;
    case TB_CALL_READ:
        return ops->read;
    case TB_CALL_WRITE:
        return ops->write;
    case TB_CALL_FLUSH:
        return ops->flush;
    case TB_CALL_READ_DIRECTORY:
        return ops->read_directory;
    case TB_CALL_RENAME:
        return ops->rename;
    case TB_CALL_REMOVE:
        return ops->remove;
    case TB_CALL_GET_SPACE:
        return ops->get_space;
    case TB_CALL_LINK:
        return ops->link;
    case TB_CALL_ZERO:
        return ops->zero;
    case TB_CALL_ALLOCATED_RANGES:
        return ops->allocated_ranges;
    case TB_CALL_COUNT:
        break;
    }
    return NULL;
}

void tb_exporter_submit(struct tb_exporter *exporter, struct tb_call *call)
{
    assert(call->frame_count > 0);
    if (exporter->submit) {
        exporter->submit(exporter->self, call);
        return;
    }
    tb_operation_function *operation = find_operation(&exporter->ops, call->operation);
    if (operation)
        operation(exporter->self, call);
    else
        tb_call_reply(call, call->operation == TB_CALL_CLOSE ? TB_OK : TB_NOT_SUPPORTED);
}

const char *tb_operation_name(enum tb_operation operation)
{
    static const char *const names[TB_CALL_COUNT] = {
        [TB_CALL_OPEN] = "open",
        [TB_CALL_CLOSE] = "close",
        [TB_CALL_GET_ATTRIBUTES] = "get_attributes",
        [TB_CALL_SET_ATTRIBUTES] = "set_attributes",
        [TB_CALL_SET_SIZE] = "set_size",
        [TB_CALL_SET_ALLOCATION] = "set_allocation",
        [TB_CALL_READ] = "read",
        [TB_CALL_WRITE] = "write",
        [TB_CALL_FLUSH] = "flush",
        [TB_CALL_READ_DIRECTORY] = "read_directory",
        [TB_CALL_RENAME] = "rename",
        [TB_CALL_REMOVE] = "remove",
        [TB_CALL_GET_SPACE] = "get_space",
        [TB_CALL_LINK] = "link",
        [TB_CALL_ZERO] = "zero",
        [TB_CALL_ALLOCATED_RANGES] = "allocated_ranges",
    };
    return (unsigned)operation < TB_CALL_COUNT ? names[operation] : "unknown";
}
