/* Names that clients do not see, and names that they see as hidden. */
#include "exporters/filters/names.h"

#include "core/nt/attributes.h"
#include "core/nt/name.h"
#include "core/nt/wildcard.h"
#include "exporters/filters/filters.h"
#include "exporters/option.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A listing of our own, whose add() finds the one that was asked for. */
struct listing {
    struct tb_call call;
    struct tb_call *above;
    const struct tb_names_filter *filter;
};

static bool matches(char *const *patterns, const char *name)
{
    for (; patterns && *patterns; patterns++)
        if (tb_pattern_matches(*patterns, name))
            return true;
    return false;
}

bool tb_names_is_vetoed(const struct tb_names_filter *filter, const char *name)
{
    return matches(filter->veto, name);
}

/* What a path with a vetoed name in it is answered; TB_OK: there is none. */
static enum tb_error check_path(const struct tb_names_filter *filter, const char *path)
{
    char name[4 * TB_NAME_UNITS_MAX];
    for (const char *at = path; filter->veto && *at;) {
        struct tb_span component = tb_path_next(&at);
        if (component.length >= sizeof name)
            continue;
        memcpy(name, component.data, component.length);
        name[component.length] = '\0';
        if (tb_names_is_vetoed(filter, name))
            return *at ? TB_OBJECT_PATH_NOT_FOUND : TB_OBJECT_NAME_NOT_FOUND;
    }
    return TB_OK;
}

static void handle_free(struct tb_names_handle *handle)
{
    free(handle->path);
    free(handle);
}

static struct tb_names_handle *handle_new(struct tb_names_filter *filter, const char *path)
{
    struct tb_names_handle *handle = calloc(1, sizeof *handle);
    char *copy = strdup(path);
    if (!handle || !copy) {
        free(handle);
        free(copy);
        return NULL;
    }
    handle->filter = filter;
    handle->path = copy;
    return handle;
}

static bool is_hidden(const struct tb_names_filter *filter, const char *path)
{
    return matches(filter->hide, tb_path_leaf(path));
}

static void open_done(struct tb_call *call, enum tb_error error)
{
    struct tb_names_handle *handle = tb_call_context(call);

    if (error) {
        handle_free(handle);
        tb_call_reply(call, error);
        return;
    }
    const char *stored = call->open.real_path ? call->open.real_path : call->open.path;
    bool hidden = is_hidden(handle->filter, stored);
    atomic_init(&handle->hidden, hidden);
    if (hidden)
        call->open.attributes.file_attributes |= TB_FILE_ATTRIBUTE_HIDDEN;
    handle->below = call->handle;
    call->handle = handle;
    tb_call_reply(call, TB_OK);
}

static void submit_open(struct tb_names_filter *filter, struct tb_call *call)
{
    enum tb_error error = check_path(filter, call->open.path);
    struct tb_names_handle *handle = NULL;

    if (!error && filter->wraps && !(handle = handle_new(filter, call->open.path)))
        error = TB_NO_MEMORY;
    if (!error && handle && !tb_call_push(call, open_done, handle)) {
        handle_free(handle);
        error = TB_INSUFFICIENT_RESOURCES;
    }
    if (error)
        tb_call_reply(call, error);
    else
        tb_exporter_submit(filter->filter.below, call);
}

static void submit_close(struct tb_names_filter *filter, struct tb_call *call)
{
    if (filter->wraps) {
        struct tb_names_handle *handle = call->handle;
        call->handle = handle->below;
        handle_free(handle);
    }
    tb_exporter_submit(filter->filter.below, call);
}

static bool add_entry(struct tb_call *call, const struct tb_directory_entry *entry)
{
    struct listing *listing = tb_container(call, struct listing, call);
    struct tb_call *above = listing->above;
    struct tb_directory_entry hidden;

    if (tb_names_is_vetoed(listing->filter, entry->name) &&
        (!above->directory.all || listing->filter->delete_vetoed))
        return true;
    if (!matches(listing->filter->hide, entry->name))
        return above->directory.add(above, entry);
    hidden = *entry;
    hidden.attributes.file_attributes |= TB_FILE_ATTRIBUTE_HIDDEN;
    return above->directory.add(above, &hidden);
}

static void listing_done(struct tb_call *call, enum tb_error error)
{
    struct listing *listing = tb_call_context(call);
    struct tb_call *above = listing->above;
    above->directory.end = call->directory.end;
    free(listing);
    tb_call_reply(above, error);
}

static void submit_listing(struct tb_names_filter *filter, struct tb_call *call)
{
    struct listing *listing = calloc(1, sizeof *listing);
    if (!listing) {
        tb_call_reply(call, TB_NO_MEMORY);
        return;
    }
    const struct tb_names_handle *handle = call->handle;
    listing->above = call;
    listing->filter = filter;
    listing->call.operation = TB_CALL_READ_DIRECTORY;
    listing->call.credentials = call->credentials;
    listing->call.handle = filter->wraps ? handle->below : call->handle;
    listing->call.directory.cookie = call->directory.cookie;
    listing->call.directory.all = call->directory.all;
    listing->call.directory.add = add_entry;
    tb_call_push(&listing->call, listing_done, listing);
    tb_exporter_submit(filter->filter.below, &listing->call);
}

static void take_name(struct tb_names_handle *handle, const struct tb_call *call)
{
    const char *stored = call->rename.real_path ? call->rename.real_path : call->rename.path;
    char *copy = strdup(stored);
    atomic_store(&handle->hidden, is_hidden(handle->filter, stored));
    free(handle->path);
    handle->path = copy; /* without memory nothing vetoed in it will be removed */
}

static bool has_attributes(enum tb_operation operation)
{
    return operation == TB_CALL_GET_ATTRIBUTES || operation == TB_CALL_SET_ATTRIBUTES ||
           operation == TB_CALL_SET_SIZE || operation == TB_CALL_SET_ALLOCATION;
}

static void other_done(struct tb_call *call, enum tb_error error)
{
    struct tb_names_handle *handle = tb_call_context(call);
    call->handle = handle;
    if (!error && has_attributes(call->operation) && atomic_load(&handle->hidden))
        call->attributes.values.file_attributes |= TB_FILE_ATTRIBUTE_HIDDEN;
    if (!error && call->operation == TB_CALL_RENAME)
        take_name(handle, call);
    tb_call_reply(call, error);
}

/* Its frame's context is the handle; the frame of other_done() is below it. */
static void remove_done(struct tb_call *call, enum tb_error error)
{
    struct tb_names_handle *handle = tb_call_context(call);
    if (error == TB_DIRECTORY_NOT_EMPTY && handle->path)
        tb_names_remove_vetoed(handle->filter, call, handle->path);
    else
        tb_call_reply(call, error);
}

static void submit_other(struct tb_names_filter *filter, struct tb_call *call)
{
    struct tb_names_handle *handle = call->handle;
    if (filter->wraps && call->operation != TB_CALL_GET_SPACE) {
        if (!tb_call_push(call, other_done, handle)) {
            tb_call_reply(call, TB_INSUFFICIENT_RESOURCES);
            return;
        }
        call->handle = handle->below;
        if (call->operation == TB_CALL_REMOVE && filter->delete_vetoed &&
            !tb_call_push(call, remove_done, handle)) {
            tb_call_reply(call, TB_INSUFFICIENT_RESOURCES);
            return;
        }
    }
    tb_exporter_submit(filter->filter.below, call);
}

static void submit_rename(struct tb_names_filter *filter, struct tb_call *call)
{
    enum tb_error error = check_path(filter, call->rename.path);
    if (error)
        tb_call_reply(call, error);
    else
        submit_other(filter, call);
}

static void names_submit(void *self, struct tb_call *call)
{
    struct tb_names_filter *filter = self;
    switch (call->operation) {
    case TB_CALL_OPEN:
        submit_open(filter, call);
        break;
    case TB_CALL_CLOSE:
        submit_close(filter, call);
        break;
    case TB_CALL_READ_DIRECTORY:
        submit_listing(filter, call);
        break;
    case TB_CALL_RENAME:
    case TB_CALL_LINK:
        submit_rename(filter, call);
        break;
    default:
        submit_other(filter, call);
    }
}

static void free_patterns(char **patterns)
{
    if (patterns)
        free(patterns[0]);
    free(patterns);
}

/* Cut "/a/b/" at its slashes. The first pattern's memory is that of all. */
static bool split(const char *text, char ***out)
{
    char *copy = strdup(text), *rest = copy, *part;
    char **patterns = calloc(strlen(text) + 2, sizeof *patterns);
    size_t count = 0;

    if (!copy || !patterns) {
        free(copy);
        free(patterns);
        return false;
    }
    while ((part = strsep(&rest, "/")))
        if (*part)
            patterns[count++] = part;
    if (count > 0 && patterns[0] != copy) {
        size_t offset = (size_t)(patterns[0] - copy);
        memmove(copy, patterns[0], strlen(text) + 1 - offset);
        for (size_t i = 0; i < count; i++)
            patterns[i] -= offset;
    }
    if (count == 0)
        free(copy);
    free_patterns(*out);
    *out = count ? patterns : NULL;
    if (!count)
        free(patterns);
    return true;
}

static enum tb_error parse_option(struct tb_names_filter *filter, const char *option, char *message,
                                  size_t size)
{
    static const char *const known[] = {"veto", "hide", "delete-vetoed", NULL};
    const char *value;
    bool good;

    if ((value = tb_option_value(option, "veto")))
        good = split(value, &filter->veto);
    else if ((value = tb_option_value(option, "hide")))
        good = split(value, &filter->hide);
    else if (strcmp(option, "delete-vetoed") == 0)
        good = filter->delete_vetoed = true;
    else
        return tb_option_unknown("filter names", "option", option, known, message, size);
    if (!good)
        snprintf(message, size, "filter names: out of memory");
    return good ? TB_OK : TB_NO_MEMORY;
}

static void names_stop(void *self)
{
    struct tb_names_filter *filter = self;
    free_patterns(filter->veto);
    free_patterns(filter->hide);
    tb_filter_stop(self);
}

enum tb_error tb_filter_names_start(struct tb_exporter *below, const char *const *options,
                                    const struct tb_env *env, struct tb_exporter **out,
                                    char *message, size_t size)
{
    static const struct tb_exporter_ops ops =
        TB_FILTER_OPS("names", names_stop, tb_filter_capabilities);
    enum tb_error error = tb_filter_create(&ops, sizeof(struct tb_names_filter), names_submit,
                                           below, out, message, size);
    (void)env;
    if (error)
        return error;
    struct tb_names_filter *filter = (*out)->self;
    for (; !error && options && *options; options++)
        error = parse_option(filter, *options, message, size);
    filter->wraps = filter->hide || filter->delete_vetoed;
    if (error) {
        tb_exporter_free(*out);
        *out = NULL;
    }
    return error;
}
