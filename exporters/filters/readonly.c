#include "exporters/filters/filter.h"
#include "exporters/filters/filters.h"

static void readonly_capabilities(void *self, struct tb_exporter_capabilities *out)
{
    tb_filter_capabilities(self, out);
    out->read_only = true;
}

static void open_done(struct tb_call *call, enum tb_error error)
{
    call->open.how = TB_OPEN_EITHER;
    tb_call_reply(call, error == TB_OBJECT_NAME_NOT_FOUND ? TB_MEDIA_WRITE_PROTECTED : error);
}

/* "Open or create" succeeds for what exists. */
static void open_either(struct tb_filter *filter, struct tb_call *call)
{
    if (!tb_call_push(call, open_done, NULL)) {
        tb_call_reply(call, TB_INSUFFICIENT_RESOURCES);
        return;
    }
    call->open.how = TB_OPEN_EXISTING;
    tb_exporter_submit(filter->below, call);
}

static bool changes(const struct tb_call *call)
{
    switch (call->operation) {
    case TB_CALL_OPEN:
        return call->open.how == TB_OPEN_NEW;
    case TB_CALL_SET_ATTRIBUTES:
    case TB_CALL_SET_SIZE:
    case TB_CALL_SET_ALLOCATION:
    case TB_CALL_WRITE:
    case TB_CALL_RENAME:
    case TB_CALL_REMOVE:
    case TB_CALL_LINK:
    case TB_CALL_ZERO:
        return true;
    default:
        return false;
    }
}

static void readonly_submit(void *self, struct tb_call *call)
{
    struct tb_filter *filter = self;
    if (changes(call))
        tb_call_reply(call, TB_MEDIA_WRITE_PROTECTED);
    else if (call->operation == TB_CALL_OPEN && call->open.how == TB_OPEN_EITHER)
        open_either(filter, call);
    else
        tb_exporter_submit(filter->below, call);
}

static const struct tb_exporter_ops readonly_ops =
    TB_FILTER_OPS("readonly", tb_filter_stop, readonly_capabilities);

enum tb_error tb_filter_readonly_start(struct tb_exporter *below, const char *const *options,
                                       const struct tb_env *env, struct tb_exporter **out,
                                       char *message, size_t size)
{
    (void)env;
    *out = NULL;
    enum tb_error error = tb_filter_refuse_options("readonly", options, message, size);
    if (error) {
        tb_exporter_free(below);
        return error;
    }
    return tb_filter_create(&readonly_ops, sizeof(struct tb_filter), readonly_submit, below, out,
                            message, size);
}
