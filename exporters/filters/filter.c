#include "exporters/filters/filter.h"

#include <stdio.h>
#include <stdlib.h>

enum tb_error tb_filter_create(const struct tb_exporter_ops *ops, size_t filter_size,
                               void (*submit)(void *self, struct tb_call *call),
                               struct tb_exporter *below, struct tb_exporter **out, char *message,
                               size_t size)
{
    struct tb_exporter *exporter = calloc(1, sizeof *exporter);
    struct tb_filter *filter = calloc(1, filter_size);

    *out = NULL;
    if (!exporter || !filter) {
        free(exporter);
        free(filter);
        tb_exporter_free(below);
        snprintf(message, size, "%s: out of memory", ops->name);
        return TB_NO_MEMORY;
    }
    filter->below = below;
    exporter->ops = *ops;
    exporter->self = filter;
    exporter->submit = submit;
    *out = exporter;
    return TB_OK;
}

void tb_filter_capabilities(void *self, struct tb_exporter_capabilities *out)
{
    const struct tb_filter *filter = self;
    filter->below->ops.capabilities(filter->below->self, out);
}

void tb_filter_stop(void *self)
{
    struct tb_filter *filter = self;
    tb_exporter_free(filter->below);
    free(filter);
}

enum tb_error tb_filter_refuse_options(const char *name, const char *const *options, char *message,
                                       size_t size)
{
    if (!options || !*options)
        return TB_OK;
    snprintf(message, size, "filter %s: it takes no options; remove \"%s\"", name, *options);
    return TB_INVALID_PARAMETER;
}
