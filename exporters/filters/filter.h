/* What filters have in common. A filter's own struct begins with struct tb_filter. */
#ifndef TB_EXPORTERS_FILTER_H
#define TB_EXPORTERS_FILTER_H

#include "core/exporter.h"

struct tb_filter {
    struct tb_exporter *below; /* owned */
};

/* The table of a filter: start is not called, the operations are unused. */
#define TB_FILTER_OPS(name_, stop_, capabilities_)                                                 \
    {                                                                                              \
        .struct_size = sizeof(struct tb_exporter_ops), .api_version = TB_EXPORTER_API_VERSION,     \
        .name = (name_), .stop = (stop_), .capabilities = (capabilities_)                          \
    }

/* Allocate a filter (`filter_size` bytes, zeroed) on `below`, and the exporter that stands for it.
 * On TB_NO_MEMORY `below` is freed. */
enum tb_error tb_filter_create(const struct tb_exporter_ops *ops, size_t filter_size,
                               void (*submit)(void *self, struct tb_call *call),
                               struct tb_exporter *below, struct tb_exporter **out, char *message,
                               size_t size);

/* Capabilities of what is below. */
void tb_filter_capabilities(void *self, struct tb_exporter_capabilities *out);
/* Frees what is below and the filter. */
void tb_filter_stop(void *self);

/* TB_INVALID_PARAMETER with a message if there are any options. */
enum tb_error tb_filter_refuse_options(const char *name, const char *const *options, char *message,
                                       size_t size);

#endif
