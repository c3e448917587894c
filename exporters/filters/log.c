#include "exporters/filters/filter.h"
#include "exporters/filters/filters.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define LINE_MAX_LENGTH 400
#define PATH_SHOWN      200

struct log_filter {
    struct tb_filter filter;
    struct tb_env env;
    pthread_mutex_t lock; /* of last_handle */
    uint64_t last_handle;
};

/* What is kept from a call's submission to its answer. */
struct record {
    struct log_filter *log;
    struct log_handle *handle; /* NULL for GET_SPACE */
    uint64_t started_us;
};

/* Stands in for the handle below, so that lines can tell which file it is. */
struct log_handle {
    void *below;
    uint64_t number;
    struct record record; /* of its OPEN, and of its CLOSE, which cannot fail for want of memory */
    char path[];          /* as it was opened */
};

/* What was asked, behind the operation's name and the handle. */
static void describe(const struct tb_call *call, char *text, size_t size)
{
    static const char *const hows[] = {"existing", "new", "either"};

    text[0] = '\0';
    switch (call->operation) {
    case TB_CALL_OPEN:
        snprintf(text, size, " how=%s use=0x%x%s", hows[call->open.how], call->open.use,
                 call->open.create_directory ? " directory" : "");
        break;
    case TB_CALL_SET_ATTRIBUTES:
        snprintf(text, size, " mask=0x%x", call->attributes.mask);
        break;
    case TB_CALL_SET_SIZE:
    case TB_CALL_SET_ALLOCATION:
        snprintf(text, size, " size=%" PRIu64, call->attributes.size);
        break;
    case TB_CALL_READ:
        snprintf(text, size, " offset=%" PRIu64 " read=%zu", call->io.offset, call->io.length);
        break;
    case TB_CALL_WRITE:
        snprintf(text, size, " offset=%" PRIu64 " length=%zu", call->io.offset,
                 call->io.data.length);
        break;
    case TB_CALL_READ_DIRECTORY:
        snprintf(text, size, " cookie=%" PRIu64 "%s", call->directory.cookie,
                 call->directory.end ? " end" : "");
        break;
    case TB_CALL_ZERO:
    case TB_CALL_ALLOCATED_RANGES:
        snprintf(text, size, " offset=%" PRIu64 " length=%" PRIu64, call->range.offset,
                 call->range.length);
        break;
    case TB_CALL_RENAME:
    case TB_CALL_LINK:
        snprintf(text, size, " to=\"%.*s\"%s", PATH_SHOWN / 2, call->rename.path,
                 call->rename.replace ? " replace" : "");
        break;
    default:
        break;
    }
}

static void write_line(const struct record *record, const struct tb_call *call, enum tb_error error)
{
    const struct log_filter *log = record->log;
    const struct log_handle *handle = record->handle;
    uint64_t now_us = tb_env_monotonic_us(&log->env);
    char asked[LINE_MAX_LENGTH / 2], about[PATH_SHOWN + 40] = "", line[2 * LINE_MAX_LENGTH];

    describe(call, asked, sizeof asked);
    if (handle)
        snprintf(about, sizeof about, " #%" PRIu64 " \"%.*s\"", handle->number, PATH_SHOWN,
                 handle->path);
    snprintf(line, sizeof line, "%s%s%s: %s, %" PRIu64 " us", tb_operation_name(call->operation),
             about, asked, error ? tb_error_name(error) : "OK", now_us - record->started_us);
    log->env.ops->log(log->env.data, TB_LOG_INFO, line);
}

static void open_done(struct tb_call *call, enum tb_error error)
{
    struct log_handle *handle = tb_call_context(call);
    struct log_filter *log = handle->record.log;

    if (!error) {
        pthread_mutex_lock(&log->lock);
        handle->number = ++log->last_handle;
        pthread_mutex_unlock(&log->lock);
        handle->below = call->handle;
        call->handle = handle;
    }
    write_line(&handle->record, call, error);
    if (error)
        free(handle);
    tb_call_reply(call, error);
}

static void close_done(struct tb_call *call, enum tb_error error)
{
    struct log_handle *handle = tb_call_context(call);
    write_line(&handle->record, call, error);
    free(handle);
    tb_call_reply(call, error);
}

static void other_done(struct tb_call *call, enum tb_error error)
{
    struct record *record = tb_call_context(call);
    if (record->handle)
        call->handle = record->handle;
    write_line(record, call, error);
    free(record);
    tb_call_reply(call, error);
}

static void submit_open(struct log_filter *log, struct tb_call *call)
{
    size_t length = strlen(call->open.path);
    struct log_handle *handle = malloc(sizeof *handle + length + 1);
    if (!handle || !tb_call_push(call, open_done, handle)) {
        free(handle);
        tb_call_reply(call, TB_NO_MEMORY);
        return;
    }
    handle->below = NULL;
    handle->number = 0;
    handle->record = (struct record){log, handle, tb_env_monotonic_us(&log->env)};
    memcpy(handle->path, call->open.path, length + 1);
    tb_exporter_submit(log->filter.below, call);
}

static void submit_close(struct log_filter *log, struct tb_call *call)
{
    struct log_handle *handle = call->handle;
    call->handle = handle->below;
    handle->record.started_us = tb_env_monotonic_us(&log->env);
    if (!tb_call_push(call, close_done, handle))
        free(handle);
    tb_exporter_submit(log->filter.below, call);
}

static void submit_other(struct log_filter *log, struct tb_call *call)
{
    struct log_handle *handle = call->operation == TB_CALL_GET_SPACE ? NULL : call->handle;
    struct record *record = malloc(sizeof *record);
    if (!record || !tb_call_push(call, other_done, record)) {
        free(record);
        tb_call_reply(call, TB_NO_MEMORY);
        return;
    }
    *record = (struct record){log, handle, tb_env_monotonic_us(&log->env)};
    if (handle)
        call->handle = handle->below;
    tb_exporter_submit(log->filter.below, call);
}

static void log_submit(void *self, struct tb_call *call)
{
    if (call->operation == TB_CALL_OPEN)
        submit_open(self, call);
    else if (call->operation == TB_CALL_CLOSE)
        submit_close(self, call);
    else
        submit_other(self, call);
}

static void log_stop(void *self)
{
    struct log_filter *log = self;
    pthread_mutex_destroy(&log->lock);
    tb_filter_stop(log);
}

static const struct tb_exporter_ops log_ops =
    TB_FILTER_OPS("log", log_stop, tb_filter_capabilities);

enum tb_error tb_filter_log_start(struct tb_exporter *below, const char *const *options,
                                  const struct tb_env *env, struct tb_exporter **out, char *message,
                                  size_t size)
{
    *out = NULL;
    enum tb_error error = tb_filter_refuse_options("log", options, message, size);
    if (error) {
        tb_exporter_free(below);
        return error;
    }
    error = tb_filter_create(&log_ops, sizeof(struct log_filter), log_submit, below, out, message,
                             size);
    if (error)
        return error;
    struct log_filter *log = (*out)->self;
    log->env = *env;
    pthread_mutex_init(&log->lock, NULL);
    return TB_OK;
}
