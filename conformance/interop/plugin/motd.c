/* An exporter from outside: a read-only share of one file, motd, whose text is the option `text=`.
 * Built in the test against the installed headers alone. */
#include "core/exporter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOT_ID 1
#define FILE_ID 2
#define WHEN    0x01D000000000000ULL

struct motd {
    char *text;
};

static int root_handle, file_handle;

static enum tb_error start(const char *argument, const char *const *options,
                           const struct tb_env *env, void **self, char *message, size_t size)
{
    struct motd *motd = calloc(1, sizeof(*motd));

    (void)argument, (void)env;
    if (!motd)
        return TB_NO_MEMORY;
    for (; *options; options++) {
        if (strncmp(*options, "text=", 5) != 0 || motd->text) {
            snprintf(message, size, "motd: unknown option %s (it knows text=)", *options);
            free(motd->text);
            free(motd);
            return TB_INVALID_PARAMETER;
        }
        motd->text = strdup(*options + 5);
    }
    *self = motd;
    return TB_OK;
}

static void stop(void *self)
{
    struct motd *motd = self;

    free(motd->text);
    free(motd);
}

static void capabilities(void *self, struct tb_exporter_capabilities *out)
{
    (void)self;
    memset(out, 0, sizeof(*out));
    out->case_preserved = out->read_only = true;
    out->component_max = 255;
    out->volume_id = 0x4D4F5444;
    out->volume_creation_filetime = WHEN;
    strcpy(out->filesystem_name, "NTFS");
}

static const char *text_of(const struct motd *motd)
{
    return motd->text ? motd->text : "";
}

static void describe(const struct motd *motd, bool directory, struct tb_attributes *out)
{
    memset(out, 0, sizeof(*out));
    out->file_id = directory ? ROOT_ID : FILE_ID;
    out->creation_filetime = out->access_filetime = out->write_filetime = out->change_filetime =
        WHEN;
    out->file_attributes = directory ? 0x10 : 0x20;
    out->size = out->allocation_size = directory ? 0 : strlen(text_of(motd));
    out->link_count = 1;
    out->mode = directory ? 0755 : 0644;
}

static void open_path(void *self, struct tb_call *call)
{
    bool root = !*call->open.path;

    if (!root && strcmp(call->open.path, "motd") != 0) {
        tb_call_reply(call, call->open.how == TB_OPEN_EXISTING ? TB_OBJECT_NAME_NOT_FOUND
                                                               : TB_MEDIA_WRITE_PROTECTED);
        return;
    }
    if (call->open.how == TB_OPEN_NEW) {
        tb_call_reply(call, TB_OBJECT_NAME_COLLISION);
        return;
    }
    call->handle = root ? &root_handle : &file_handle;
    call->open.created = false;
    call->open.real_path = NULL;
    describe(self, root, &call->open.attributes);
    tb_call_reply(call, TB_OK);
}

static void close_handle(void *self, struct tb_call *call)
{
    (void)self;
    tb_call_reply(call, TB_OK);
}

static void get_attributes(void *self, struct tb_call *call)
{
    describe(self, call->handle == &root_handle, &call->attributes.values);
    tb_call_reply(call, TB_OK);
}

static void read_text(void *self, struct tb_call *call)
{
    const char *text = text_of(self);
    size_t length = strlen(text);
    size_t offset = call->io.offset < length ? (size_t)call->io.offset : length;

    if (call->handle == &root_handle) {
        tb_call_reply(call, TB_FILE_IS_A_DIRECTORY);
        return;
    }
    if (call->io.length > length - offset)
        call->io.length = length - offset;
    memcpy(call->io.buffer, text + offset, call->io.length);
    tb_call_reply(call, TB_OK);
}

static void read_directory(void *self, struct tb_call *call)
{
    struct tb_directory_entry entry = {.name = "motd", .cookie = 1};

    describe(self, false, &entry.attributes);
    call->directory.end = call->directory.cookie != 0 || call->directory.add(call, &entry);
    tb_call_reply(call, TB_OK);
}

static void get_space(void *self, struct tb_call *call)
{
    (void)self;
    memset(&call->space, 0, sizeof(call->space));
    call->space.total = 4096;
    tb_call_reply(call, TB_OK);
}

extern const struct tb_exporter_ops tombolo_exporter;
const struct tb_exporter_ops tombolo_exporter = {
    .struct_size = sizeof(struct tb_exporter_ops),
    .api_version = TB_EXPORTER_API_VERSION,
    .name = "motd",
    .start = start,
    .stop = stop,
    .capabilities = capabilities,
    .open = open_path,
    .close = close_handle,
    .get_attributes = get_attributes,
    .read = read_text,
    .read_directory = read_directory,
    .get_space = get_space,
};
