#include "exporters/registry.h"

#include "exporters/filters/filters.h"
#include "exporters/memory/memory.h"
#include "exporters/option.h"
#include "exporters/plugin.h"
#include "exporters/posix/posix.h"

#include <stdio.h>
#include <stdlib.h>

typedef enum tb_error start_exporter(const char *argument, const char *const *options,
                                     const struct tb_env *env, struct tb_exporter **out,
                                     char *message, size_t size);
typedef enum tb_error start_filter(struct tb_exporter *below, const char *const *options,
                                   const struct tb_env *env, struct tb_exporter **out,
                                   char *message, size_t size);

static enum tb_error start_memory(const char *argument, const char *const *options,
                                  const struct tb_env *env, struct tb_exporter **out, char *message,
                                  size_t size)
{
    return tb_exporter_start(&tb_memory_exporter, argument, options, env, out, message, size);
}

static enum tb_error start_posix(const char *argument, const char *const *options,
                                 const struct tb_env *env, struct tb_exporter **out, char *message,
                                 size_t size)
{
    return tb_exporter_start(&tb_posix_exporter, argument, options, env, out, message, size);
}

/* The names end with NULL, so that they can be offered to whoever misspelt one. */
static const char *const exporter_names[] = {"memory", "posix", "plugin", NULL};
static start_exporter *const exporter_starts[] = {start_memory, start_posix, tb_plugin_start};

static const char *const filter_names[] = {"readonly", "names", "log", "fault", NULL};
static start_filter *const filter_starts[] = {tb_filter_readonly_start, tb_filter_names_start,
                                              tb_filter_log_start, tb_filter_fault_start};

/* A specification taken apart; the strings are parts of `text`. */
struct parts {
    char *text;
    const char *exporter, *argument;
    const char **options; /* NULL-terminated */
    char **filters;       /* NULL-terminated: "name[:option…]" */
};

static enum tb_error no_memory(char *message, size_t size)
{
    snprintf(message, size, "out of memory");
    return TB_NO_MEMORY;
}

/* The part up to the separator, which is cut off; *at moves behind it, or becomes NULL. */
static char *cut(char **at, char separator)
{
    char *part = *at, *end = strchr(part, separator);
    *at = end ? end + 1 : NULL;
    if (end)
        *end = '\0';
    return part;
}

static size_t count_parts(const char *text, char separator)
{
    size_t count = 1;
    for (; *text; text++)
        count += *text == separator;
    return count;
}

static void parts_clear(struct parts *parts)
{
    free(parts->text);
    free(parts->options);
    free(parts->filters);
}

/* What stands behind "EXPORTER:". */
static void split_rest(struct parts *parts, char *rest)
{
    size_t options = 0, filters = 0;
    parts->argument = "";
    for (bool first = true; rest; first = false) {
        char *part = cut(&rest, ',');
        if (strncmp(part, "filter=", 7) == 0)
            parts->filters[filters++] = part + 7;
        else if (first)
            parts->argument = part;
        else if (*part)
            parts->options[options++] = part;
    }
}

static enum tb_error parts_split(const char *specification, struct parts *parts, char *message,
                                 size_t size)
{
    size_t room = count_parts(specification, ',') + 1;

    *parts = (struct parts){.text = strdup(specification)};
    parts->options = calloc(room, sizeof *parts->options);
    parts->filters = calloc(room, sizeof *parts->filters);
    if (!parts->text || !parts->options || !parts->filters)
        return no_memory(message, size);
    char *rest = parts->text;
    parts->exporter = cut(&rest, ':');
    if (!rest) {
        snprintf(message, size,
                 "\"%s\" has no \":\"; write EXPORTER:ARGUMENT, as in memory: or memory:,size=1G",
                 specification);
        return TB_INVALID_PARAMETER;
    }
    split_rest(parts, rest);
    return TB_OK;
}

/* The index of `name`; that of the NULL at the end when it is unknown. */
static size_t find_name(const char *name, const char *const *names)
{
    size_t i = 0;
    while (names[i] && strcmp(names[i], name) != 0)
        i++;
    return i;
}

/* Replace *exporter by the filter on it; on errors it is freed and NULL. */
static enum tb_error add_filter(char *text, const struct tb_env *env, struct tb_exporter **exporter,
                                char *message, size_t size)
{
    struct tb_exporter *below = *exporter;
    const char **options = calloc(count_parts(text, ':') + 1, sizeof *options);
    char *rest = text;
    enum tb_error error;

    *exporter = NULL;
    if (!options) {
        tb_exporter_free(below);
        return no_memory(message, size);
    }
    const char *name = cut(&rest, ':');
    for (size_t i = 0; rest; i++)
        options[i] = cut(&rest, ':');
    size_t index = find_name(name, filter_names);
    if (filter_names[index]) {
        error = filter_starts[index](below, options, env, exporter, message, size);
    } else {
        tb_exporter_free(below);
        error = tb_option_unknown("filter", "filter", name, filter_names, message, size);
    }
    free(options);
    return error;
}

static enum tb_error make_from_parts(const struct parts *parts, const struct tb_env *env,
                                     struct tb_exporter **out, char *message, size_t size)
{
    size_t index = find_name(parts->exporter, exporter_names);
    if (!exporter_names[index])
        return tb_option_unknown("share", "exporter", parts->exporter, exporter_names, message,
                                 size);
    enum tb_error error =
        exporter_starts[index](parts->argument, parts->options, env, out, message, size);
    for (char **filter = parts->filters; !error && *filter; filter++)
        error = add_filter(*filter, env, out, message, size);
    return error;
}

enum tb_error tb_exporter_make(const char *specification, const struct tb_env *env,
                               struct tb_exporter **out, char *message, size_t size)
{
    struct parts parts;

    *out = NULL;
    if (size)
        message[0] = '\0';
    enum tb_error error = parts_split(specification, &parts, message, size);
    if (!error)
        error = make_from_parts(&parts, env, out, message, size);
    parts_clear(&parts);
    return error;
}
