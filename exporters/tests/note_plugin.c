/* An exporter from outside Tombolo: one file, "note", of at most 4 KiB, kept in memory.
 *
 *     cc -shared -fPIC $(pkg-config --cflags tombolo) -o note.so note_plugin.c
 *     tombolo serve --share note=plugin:./note.so
 *
 * It shows all that an exporter must do; docs/exporters.md explains it. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/exporter.h"

#define NOTE_MAX            4096
#define ATTRIBUTE_DIRECTORY 0x10 /* MS-FSCC 2.6 */

struct note {
    pthread_mutex_t lock; /* calls come from several threads at once */
    struct tb_env env;
    uint64_t written_filetime;
    size_t length;
    uint8_t text[NOTE_MAX];
};

/* What a handle points at says which of the two things there are was opened. */
static char root_handle, note_handle;

static enum tb_error note_start(const char *argument, const char *const *options,
                                const struct tb_env *env, void **self, char *message, size_t size)
{
    (void)argument;
    if (*options) {
        snprintf(message, size, "note: there is no option \"%s\"; remove it", *options);
        return TB_INVALID_PARAMETER;
    }
    struct note *note = calloc(1, sizeof *note);
    if (!note)
        return TB_NO_MEMORY;
    pthread_mutex_init(&note->lock, NULL);
    note->env = *env;
    note->written_filetime = tb_env_wall_filetime(env);
    *self = note;
    return TB_OK;
}

static void note_stop(void *self)
{
    struct note *note = self;
    pthread_mutex_destroy(&note->lock);
    free(note);
}

static void note_capabilities(void *self, struct tb_exporter_capabilities *out)
{
    (void)self;
    *out = (struct tb_exporter_capabilities){
        .case_sensitive = true,
        .case_preserved = true,
        .component_max = 255,
        .volume_id = 0x6e6f7465,
        .volume_creation_filetime = UINT64_C(133500000000000000),
        .filesystem_name = "NOTE",
    };
}

static void describe(struct note *note, const void *handle, struct tb_attributes *out)
{
    uint64_t time = note->written_filetime;
    *out = (struct tb_attributes){
        .file_id = 1,
        .creation_filetime = time,
        .access_filetime = time,
        .write_filetime = time,
        .change_filetime = time,
        .file_attributes = ATTRIBUTE_DIRECTORY,
        .link_count = 1,
        .mode = 0777,
    };
    if (handle == &note_handle) {
        out->file_id = 2;
        out->file_attributes = 0;
        out->size = note->length;
        out->allocation_size = NOTE_MAX;
    }
}

static void note_open(void *self, struct tb_call *call)
{
    struct note *note = self;
    const char *path = call->open.path;
    void *handle = *path == '\0' ? &root_handle : strcmp(path, "note") == 0 ? &note_handle : NULL;

    call->open.created = false;
    call->open.real_path = NULL;
    if (!handle && call->open.how != TB_OPEN_EXISTING) {
        tb_call_reply(call, TB_ACCESS_DENIED);
    } else if (!handle) {
        tb_call_reply(call, TB_OBJECT_NAME_NOT_FOUND);
    } else if (call->open.how == TB_OPEN_NEW) {
        tb_call_reply(call, TB_OBJECT_NAME_COLLISION);
    } else {
        pthread_mutex_lock(&note->lock);
        describe(note, handle, &call->open.attributes);
        pthread_mutex_unlock(&note->lock);
        call->handle = handle;
        tb_call_reply(call, TB_OK);
    }
}

static void note_close(void *self, struct tb_call *call)
{
    (void)self;
    tb_call_reply(call, TB_OK);
}

static void note_get_attributes(void *self, struct tb_call *call)
{
    struct note *note = self;
    pthread_mutex_lock(&note->lock);
    describe(note, call->handle, &call->attributes.values);
    pthread_mutex_unlock(&note->lock);
    tb_call_reply(call, TB_OK);
}

static void note_read(void *self, struct tb_call *call)
{
    struct note *note = self;
    if (call->handle != &note_handle) {
        tb_call_reply(call, TB_FILE_IS_A_DIRECTORY);
        return;
    }
    pthread_mutex_lock(&note->lock);
    size_t left = call->io.offset < note->length ? note->length - (size_t)call->io.offset : 0;
    if (call->io.length > left)
        call->io.length = left;
    if (call->io.length)
        memcpy(call->io.buffer, note->text + call->io.offset, call->io.length);
    pthread_mutex_unlock(&note->lock);
    tb_call_reply(call, TB_OK);
}

static void note_write(void *self, struct tb_call *call)
{
    struct note *note = self;
    struct tb_span data = call->io.data;
    if (call->handle != &note_handle) {
        tb_call_reply(call, TB_FILE_IS_A_DIRECTORY);
        return;
    }
    if (call->io.offset > NOTE_MAX || data.length > NOTE_MAX - call->io.offset) {
        tb_call_reply(call, TB_DISK_FULL);
        return;
    }
    pthread_mutex_lock(&note->lock);
    size_t offset = (size_t)call->io.offset;
    if (data.length)
        memcpy(note->text + offset, data.data, data.length);
    if (data.length && offset + data.length > note->length)
        note->length = offset + data.length;
    note->written_filetime = tb_env_wall_filetime(&note->env);
    pthread_mutex_unlock(&note->lock);
    tb_call_reply(call, TB_OK);
}

static void note_read_directory(void *self, struct tb_call *call)
{
    struct note *note = self;
    struct tb_directory_entry entry = {.name = "note", .cookie = 1};
    if (call->handle != &root_handle) {
        tb_call_reply(call, TB_NOT_A_DIRECTORY);
        return;
    }
    pthread_mutex_lock(&note->lock);
    describe(note, &note_handle, &entry.attributes);
    pthread_mutex_unlock(&note->lock);
    call->directory.end = call->directory.cookie == 1 || call->directory.add(call, &entry);
    tb_call_reply(call, TB_OK);
}

/* What is not here (set_size, rename, remove …) is answered "not supported". */
const struct tb_exporter_ops tombolo_exporter = {
    .struct_size = sizeof(struct tb_exporter_ops),
    .api_version = TB_EXPORTER_API_VERSION,
    .name = "note",
    .start = note_start,
    .stop = note_stop,
    .capabilities = note_capabilities,
    .open = note_open,
    .close = note_close,
    .get_attributes = note_get_attributes,
    .read = note_read,
    .write = note_write,
    .read_directory = note_read_directory,
};
