/* What an actor does where it is alone, and what must come of it. */
#include "sim/workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CREATE_ACCESS TB_FILE_ALL_ACCESS

static uint64_t below(struct tb_sim_actor *actor, uint64_t limit)
{
    return tb_sim_random_below(&actor->workload->random, limit);
}

static void path_of(const struct tb_sim_actor *actor, unsigned file, char path[64])
{
    if (file == TB_SIM_MODEL_FILES)
        snprintf(path, 64, "own%u.%u", actor->number, actor->generation);
    else
        snprintf(path, 64, "own%u.%u/file%u", actor->number, actor->generation, file);
}

static void add(struct tb_sim_slot *slot, struct tb_sim_request *r)
{
    slot->parts[slot->count++] = r;
}

static void add_create(struct tb_sim_actor *actor, struct tb_sim_slot *slot, unsigned file,
                       uint32_t disposition, uint32_t options)
{
    char path[64];
    path_of(actor, file, path);
    add(slot, tb_sim_create_request(actor->tree,
                                    &(struct tb_sim_create){.name = path,
                                                            .disposition = disposition,
                                                            .options = options,
                                                            .unshared = below(actor, 2)}));
}

static void add_close(struct tb_sim_actor *actor, struct tb_sim_slot *slot)
{
    add(slot, tb_sim_close_request(actor->tree, TB_SIM_RELATED, 0));
}

static void begin_write(struct tb_sim_actor *actor, struct tb_sim_slot *slot)
{
    const struct tb_sim_model_file *file = &actor->files[slot->file];
    bool put = slot->operation == TB_SIM_MODEL_PUT;
    slot->length = 1 + below(actor, below(actor, 8) ? 500 : TB_SIM_MODEL_MAX / 2);
    slot->offset = below(actor, put ? 100 : file->length + 100);
    if (slot->offset + slot->length > TB_SIM_MODEL_MAX)
        slot->offset = 0;
    slot->data = malloc(slot->length);
    if (!slot->data)
        abort();
    tb_sim_random_bytes(&actor->workload->random, slot->data, slot->length);
    add_create(actor, slot, slot->file, put ? TB_FILE_OVERWRITE_IF : TB_FILE_OPEN,
               TB_FILE_NON_DIRECTORY_FILE);
    add(slot, tb_sim_write_request(actor->tree, TB_SIM_RELATED, slot->offset, slot->data,
                                   slot->length));
    add_close(actor, slot);
}

static void begin_get(struct tb_sim_actor *actor, struct tb_sim_slot *slot)
{
    const struct tb_sim_model_file *file = &actor->files[slot->file];
    slot->offset = below(actor, file->length + 10);
    slot->length = 1 + below(actor, TB_SIM_MODEL_MAX);
    add_create(actor, slot, slot->file, TB_FILE_OPEN, 0);
    add(slot, tb_sim_query_request(actor->tree, TB_SIM_RELATED, TB_SMB2_0_INFO_FILE,
                                   TB_FILE_STANDARD_INFORMATION, 24));
    add(slot, tb_sim_read_request(actor->tree, TB_SIM_RELATED, slot->offset,
                                  (uint32_t)slot->length));
    add_close(actor, slot);
}

static void begin_truncate(struct tb_sim_actor *actor, struct tb_sim_slot *slot)
{
    uint8_t bytes[8];
    slot->length = below(actor, TB_SIM_MODEL_MAX);
    tb_store_u64(bytes, slot->length);
    add_create(actor, slot, slot->file, TB_FILE_OPEN, 0);
    add(slot, tb_sim_set_request(actor->tree, TB_SIM_RELATED, TB_SMB2_0_INFO_FILE,
                                 TB_FILE_END_OF_FILE_INFORMATION, tb_span(bytes, 8)));
    add_close(actor, slot);
}

static void begin_rename(struct tb_sim_actor *actor, struct tb_sim_slot *slot)
{
    char path[64];
    slot->file_to = (unsigned)below(actor, TB_SIM_MODEL_FILES);
    path_of(actor, slot->file_to, path);
    add_create(actor, slot, slot->file, TB_FILE_OPEN, 0);
    add(slot, tb_sim_rename_request(actor->tree, TB_SIM_RELATED, path, true));
    add_close(actor, slot);
}

static void begin_list(struct tb_sim_actor *actor, struct tb_sim_slot *slot)
{
    add_create(actor, slot, TB_SIM_MODEL_FILES, TB_FILE_OPEN, TB_FILE_DIRECTORY_FILE);
    add(slot, tb_sim_list_request(actor->tree, TB_SIM_RELATED,
                                  TB_FILE_ID_BOTH_DIRECTORY_INFORMATION, 0, "file*", 4096));
    add_close(actor, slot);
}

static enum tb_sim_operation choose(struct tb_sim_actor *actor, unsigned file)
{
    static const enum tb_sim_operation operations[] = {
        TB_SIM_MODEL_PUT,      TB_SIM_MODEL_WRITE,  TB_SIM_MODEL_WRITE,  TB_SIM_MODEL_GET,
        TB_SIM_MODEL_GET,      TB_SIM_MODEL_GET,    TB_SIM_MODEL_RENAME, TB_SIM_MODEL_DELETE,
        TB_SIM_MODEL_TRUNCATE, TB_SIM_MODEL_LIST};
    if (!actor->model_ready)
        return TB_SIM_MODEL_DIRECTORY;
    return actor->files[file].known ? operations[below(actor, 10)] : TB_SIM_MODEL_PUT;
}

void tb_sim_model_begin(struct tb_sim_actor *actor)
{
    unsigned file = (unsigned)below(actor, TB_SIM_MODEL_FILES);
    struct tb_sim_slot *slot = tb_sim_slot_take(actor, choose(actor, file));
    if (!slot)
        return;
    slot->file = file;
    actor->model_busy = true;
    switch (slot->operation) {
    case TB_SIM_MODEL_DIRECTORY:
        add_create(actor, slot, TB_SIM_MODEL_FILES, TB_FILE_OPEN_IF, TB_FILE_DIRECTORY_FILE);
        add_close(actor, slot);
        break;
    case TB_SIM_MODEL_GET:
        begin_get(actor, slot);
        break;
    case TB_SIM_MODEL_TRUNCATE:
        begin_truncate(actor, slot);
        break;
    case TB_SIM_MODEL_RENAME:
        begin_rename(actor, slot);
        break;
    case TB_SIM_MODEL_DELETE:
        add_create(actor, slot, file, TB_FILE_OPEN, TB_FILE_DELETE_ON_CLOSE);
        add_close(actor, slot);
        break;
    case TB_SIM_MODEL_LIST:
        begin_list(actor, slot);
        break;
    default:
        begin_write(actor, slot);
        break;
    }
    tb_sim_slot_send(actor, slot);
}

static bool failed(const struct tb_sim_actor *actor, const struct tb_sim_request *r)
{
    return actor->workload->settings.may_fail &&
           (r->error == TB_IO_DEVICE_ERROR || r->error == TB_NO_MEMORY);
}

/* Every part must have gone well, but for what is not there, and where things are made to fail. */
static bool went_well(struct tb_sim_actor *actor, const struct tb_sim_slot *slot, bool exists)
{
    for (unsigned i = 0; i < slot->count; i++) {
        const struct tb_sim_request *r = slot->parts[i];
        if (r->lost || actor->tree->session->over || failed(actor, r))
            return false;
        enum tb_error wanted = exists ? TB_OK : TB_OBJECT_NAME_NOT_FOUND;
        bool at_end = slot->operation == TB_SIM_MODEL_GET && i == 2 && r->error == TB_END_OF_FILE;
        bool empty = slot->operation == TB_SIM_MODEL_LIST && i == 1 && r->error == TB_NO_SUCH_FILE;
        if (r->error != wanted && !at_end && !empty)
            tb_sim_fail(__FILE__, __LINE__, "actor %u, operation %u, part %u: %s", actor->number,
                        slot->operation, i, tb_error_name(r->error));
    }
    actor->workload->compared++;
    return true;
}

static void finish_get(struct tb_sim_actor *actor, const struct tb_sim_slot *slot)
{
    const struct tb_sim_model_file *file = &actor->files[slot->file];
    struct tb_file_standard standard;
    struct tb_span data = tb_sim_read_data(slot->parts[2]);
    size_t want = slot->offset >= file->length ? 0 : file->length - slot->offset;
    want = want < slot->length ? want : slot->length;
    tb_sim_require_ok(tb_file_standard_decode(tb_sim_output(slot->parts[1]), &standard));
    tb_sim_require_equal(standard.size, file->length);
    tb_sim_require_equal(data.length, want);
    tb_sim_require(want == 0 || memcmp(data.data, file->bytes + slot->offset, want) == 0);
}

static void finish_list(struct tb_sim_actor *actor, const struct tb_sim_slot *slot)
{
    struct tb_directory_record record;
    struct tb_span chain = tb_sim_output(slot->parts[1]);
    size_t offset = 0;
    unsigned seen = 0;
    while (chain.length && tb_directory_record_decode(TB_FILE_ID_BOTH_DIRECTORY_INFORMATION, chain,
                                                      &offset, &record) == TB_OK) {
        tb_sim_require(record.name.length == 10 && memcmp(record.name.data, "f\0i\0l\0e", 8) == 0);
        unsigned number = record.name.data[8] - '0';
        tb_sim_require(number < TB_SIM_MODEL_FILES && !(seen & 1u << number));
        const struct tb_sim_model_file *file = &actor->files[number];
        seen |= 1u << number;
        tb_sim_require(!file->known || (file->exists && file->length == record.size));
    }
    for (unsigned i = 0; i < TB_SIM_MODEL_FILES; i++)
        tb_sim_require(!actor->files[i].known || actor->files[i].exists == (seen >> i & 1));
}

static void grow(struct tb_sim_model_file *file, size_t length)
{
    if (length > file->length)
        memset(file->bytes + file->length, 0, length - file->length);
    file->length = length;
}

static void apply(struct tb_sim_actor *actor, const struct tb_sim_slot *slot)
{
    struct tb_sim_model_file *file = &actor->files[slot->file];
    switch (slot->operation) {
    case TB_SIM_MODEL_PUT:
        file->known = file->exists = true;
        file->length = 0;
        __attribute__((fallthrough));
    case TB_SIM_MODEL_WRITE:
        if (slot->offset + slot->length > file->length)
            grow(file, slot->offset + slot->length);
        memcpy(file->bytes + slot->offset, slot->data, slot->length);
        break;
    case TB_SIM_MODEL_TRUNCATE:
        grow(file, slot->length);
        break;
    case TB_SIM_MODEL_RENAME:
        if (slot->file != slot->file_to) {
            actor->files[slot->file_to] = *file;
            file->exists = false;
            file->length = 0;
        }
        break;
    case TB_SIM_MODEL_DELETE: /* CLOSE does not say whether it could be removed */
        file->known = !actor->workload->settings.may_fail;
        file->exists = false;
        file->length = 0;
        break;
    default:
        break;
    }
}

void tb_sim_model_finish(struct tb_sim_actor *actor, struct tb_sim_slot *slot)
{
    struct tb_sim_model_file *file = &actor->files[slot->file];
    bool on_directory = slot->operation == TB_SIM_MODEL_DIRECTORY ||
                        slot->operation == TB_SIM_MODEL_LIST;
    bool exists = on_directory || slot->operation == TB_SIM_MODEL_PUT || file->exists;
    actor->model_busy = false;
    if (!went_well(actor, slot, exists)) {
        if (!on_directory)
            file->known = false;
        if (slot->operation == TB_SIM_MODEL_RENAME)
            actor->files[slot->file_to].known = false;
        return;
    }
    if (slot->operation == TB_SIM_MODEL_DIRECTORY) {
        actor->model_ready = true;
        for (unsigned i = 0; i < TB_SIM_MODEL_FILES; i++)
            actor->files[i] = (struct tb_sim_model_file){.known = true};
    } else if (!exists) {
        return;
    } else if (slot->operation == TB_SIM_MODEL_GET) {
        finish_get(actor, slot);
    } else if (slot->operation == TB_SIM_MODEL_LIST) {
        finish_list(actor, slot);
    } else {
        apply(actor, slot);
    }
}

void tb_sim_model_forget(struct tb_sim_actor *actor)
{
    actor->model_ready = actor->model_busy = false;
}
