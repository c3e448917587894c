#include "exporters/plugin.h"

#include "exporters/filters/filter.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#define PLUGIN_SYMBOL "tombolo_exporter"

/* A filter that changes nothing: it keeps the shared object loaded as long as its exporter runs. */
struct plugin {
    struct tb_filter filter;
    void *object;
};

static void plugin_submit(void *self, struct tb_call *call)
{
    const struct plugin *plugin = self;
    tb_exporter_submit(plugin->filter.below, call);
}

static void plugin_stop(void *self)
{
    struct plugin *plugin = self;
    void *object = plugin->object;
    tb_filter_stop(plugin);
    dlclose(object);
}

static const struct tb_exporter_ops plugin_ops =
    TB_FILTER_OPS("plugin", plugin_stop, tb_filter_capabilities);

static enum tb_error start_loaded(void *object, const char *path, const char *const *options,
                                  const struct tb_env *env, struct tb_exporter **out, char *message,
                                  size_t size)
{
    struct tb_exporter *exporter;
    const struct tb_exporter_ops *ops = dlsym(object, PLUGIN_SYMBOL);

    if (!ops) {
        snprintf(message, size,
                 "plugin: %s does not export \"" PLUGIN_SYMBOL "\": define "
                 "const struct tb_exporter_ops " PLUGIN_SYMBOL " in it, not static",
                 path);
        return TB_PROCEDURE_NOT_FOUND;
    }
    enum tb_error error = tb_exporter_start(ops, path, options, env, &exporter, message, size);
    if (error)
        return error;
    error = tb_filter_create(&plugin_ops, sizeof(struct plugin), plugin_submit, exporter, out,
                             message, size);
    if (!error)
        ((struct plugin *)(*out)->self)->object = object;
    return error;
}

enum tb_error tb_plugin_start(const char *path, const char *const *options,
                              const struct tb_env *env, struct tb_exporter **out, char *message,
                              size_t size)
{
    *out = NULL;
    if (!strchr(path, '/')) {
        snprintf(message, size, "plugin: write the path of the shared object, as in plugin:./%s",
                 *path ? path : "my.so");
        return TB_INVALID_PARAMETER;
    }
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!object) {
        const char *reason = dlerror();
        snprintf(message, size, "plugin: %s", reason ? reason : "the object cannot be loaded");
        return TB_OBJECT_NAME_NOT_FOUND;
    }
    enum tb_error error = start_loaded(object, path, options, env, out, message, size);
    if (error)
        dlclose(object);
    return error;
}
