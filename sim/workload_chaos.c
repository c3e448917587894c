/* What actors do where they meet. */
#include "sim/workload.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/wire/fsctl.h"

static uint64_t below(struct tb_sim_actor *actor, uint64_t limit)
{
    return tb_sim_random_below(&actor->workload->random, limit);
}

static void random_name(struct tb_sim_actor *actor, char name[32])
{
    static const char *const names[] = {"a",        "B",        "shared",   "shared/a", "SHARED/A",
                                        "shared/b", "shared/c", "shared/d", "Shared/D", "none/a"};
    snprintf(name, 32, "%s", names[below(actor, 10)]);
}

static uint32_t random_access(struct tb_sim_actor *actor)
{
    static const uint32_t accesses[] = {TB_FILE_ALL_ACCESS,
                                        TB_FILE_ALL_ACCESS,
                                        TB_FILE_GENERIC_READ,
                                        TB_FILE_GENERIC_WRITE,
                                        TB_MAXIMUM_ALLOWED,
                                        TB_FILE_READ_ATTRIBUTES,
                                        TB_FILE_GENERIC_READ | TB_DELETE};
    return accesses[below(actor, 7)];
}

static struct tb_sim_request *random_create(struct tb_sim_actor *actor)
{
    static const uint32_t options[] = {
        0, 0, 0, TB_FILE_DIRECTORY_FILE, TB_FILE_NON_DIRECTORY_FILE, TB_FILE_DELETE_ON_CLOSE};
    char name[32];
    struct tb_sim_create create = {.name = name};
    random_name(actor, name);
    create.disposition = (uint32_t)below(actor, 6);
    create.access = random_access(actor);
    create.share = (uint32_t)below(actor, 8);
    create.unshared = below(actor, 3) == 0;
    create.options = options[below(actor, 6)];
    return tb_sim_create_request(actor->tree, &create);
}

static void begin_open(struct tb_sim_actor *actor)
{
    struct tb_sim_slot *slot = tb_sim_slot_take(actor, TB_SIM_OPENS);
    if (!slot)
        return;
    slot->parts[slot->count++] = random_create(actor);
    tb_sim_slot_send(actor, slot);
}

/* Open, do one thing, close, in one message. */
static void begin_compound(struct tb_sim_actor *actor)
{
    struct tb_sim_slot *slot = tb_sim_slot_take(actor, TB_SIM_PLAIN);
    if (!slot)
        return;
    slot->parts[slot->count++] = random_create(actor);
    switch (below(actor, 4)) {
    case 0:
        slot->parts[slot->count++] =
            tb_sim_write_request(actor->tree, TB_SIM_RELATED, below(actor, 1000), "compound", 8);
        break;
    case 1:
        slot->parts[slot->count++] =
            tb_sim_read_request(actor->tree, TB_SIM_RELATED, below(actor, 1000), 5000);
        break;
    case 2:
        slot->parts[slot->count++] = tb_sim_query_request(
            actor->tree, TB_SIM_RELATED, TB_SMB2_0_INFO_FILE, TB_FILE_ALL_INFORMATION, 500);
        break;
    default:
        slot->parts[slot->count++] = tb_sim_list_request(actor->tree, TB_SIM_RELATED,
                                                         TB_FILE_NAMES_INFORMATION, 0, "*", 1000);
        break;
    }
    slot->parts[slot->count++] = tb_sim_close_request(actor->tree, TB_SIM_RELATED, 0);
    tb_sim_slot_send(actor, slot);
}

/* From one of the actor's handles to another, or to itself; often too much, or from nowhere. */
static struct tb_sim_request *copy_request(struct tb_sim_actor *actor, struct tb_file_id id)
{
    uint8_t bytes[32 + TB_COPYCHUNK_LENGTH] = {[24] = 1};
    struct tb_file_id from = actor->handles[below(actor, TB_SIM_HANDLES)].id;
    tb_store_u64(bytes, from.persistent);
    tb_store_u64(bytes + 8, from.volatile_);
    tb_store_u64(bytes + 32, below(actor, 1000));
    tb_store_u64(bytes + 40, below(actor, 1000));
    tb_store_u32(bytes + 48, (uint32_t)below(actor, 1000));
    return tb_sim_ioctl_request(actor->tree, id, TB_FSCTL_SRV_COPYCHUNK,
                                tb_span(bytes, sizeof(bytes)), 100);
}

static struct tb_sim_request *control_request(struct tb_sim_actor *actor, struct tb_file_id id)
{
    static const uint32_t codes[] = {TB_FSCTL_SET_SPARSE, TB_FSCTL_SET_ZERO_DATA,
                                     TB_FSCTL_QUERY_ALLOCATED_RANGES, TB_FSCTL_QUERY_FILE_REGIONS,
                                     TB_FSCTL_DFS_GET_REFERRALS};
    uint8_t range[16];
    if (below(actor, 2))
        return copy_request(actor, id);
    tb_store_u64(range, below(actor, 70000));
    tb_store_u64(range + 8, below(actor, 140000));
    return tb_sim_ioctl_request(actor->tree, id, codes[below(actor, 5)], tb_span(range, 16), 100);
}

static struct tb_sim_request *data_request(struct tb_sim_actor *actor, struct tb_file_id id)
{
    static const uint8_t data[70000];
    uint64_t offset = below(actor, 1000), length = below(actor, 65500);
    switch (below(actor, 5)) {
    case 0:
        return tb_sim_write_request(actor->tree, id, offset, data,
                                    length % 20 ? length % 500 : 65536);
    case 1:
        return tb_sim_read_request(actor->tree, id, offset, (uint32_t)length);
    case 2:
        return tb_sim_flush_request(actor->tree, id);
    case 3:
        return tb_sim_set_request(actor->tree, id, TB_SMB2_0_INFO_FILE,
                                  TB_FILE_END_OF_FILE_INFORMATION, tb_span(data, 8));
    default:
        return control_request(actor, id);
    }
}

static struct tb_sim_request *link_request(struct tb_sim_actor *actor, struct tb_file_id id)
{
    static const uint8_t classes[] = {TB_FILE_LINK_INFORMATION, TB_FILE_LINK_INFORMATION_EX,
                                      TB_FILE_RENAME_INFORMATION_EX};
    char name[32];
    random_name(actor, name);
    uint8_t class = classes[below(actor, 3)];
    uint32_t flags = (uint32_t)below(actor, 4);
    return tb_sim_set_name_request(actor->tree, id, class, name, flags);
}

static struct tb_sim_request *name_request(struct tb_sim_actor *actor, struct tb_file_id id)
{
    char name[32];
    uint8_t wanted = (uint8_t)below(actor, 2), flags[4] = {(uint8_t)below(actor, 32)};
    random_name(actor, name);
    switch (below(actor, 5)) {
    case 0:
        return tb_sim_rename_request(actor->tree, id, name, wanted);
    case 1:
        return tb_sim_set_request(actor->tree, id, TB_SMB2_0_INFO_FILE,
                                  TB_FILE_DISPOSITION_INFORMATION, tb_span(&wanted, 1));
    case 2:
        return tb_sim_set_request(actor->tree, id, TB_SMB2_0_INFO_FILE,
                                  TB_FILE_DISPOSITION_INFORMATION_EX, tb_span(flags, 4));
    case 3:
        return link_request(actor, id);
    default:
        return tb_sim_list_request(actor->tree, id, TB_FILE_ID_FULL_DIRECTORY_INFORMATION,
                                   (uint8_t)below(actor, 4), "*", 600);
    }
}

static struct tb_sim_request *lock_request(struct tb_sim_actor *actor, struct tb_file_id id)
{
    static const uint32_t flags[] = {TB_SMB2_LOCKFLAG_SHARED_LOCK, TB_SMB2_LOCKFLAG_EXCLUSIVE_LOCK,
                                     TB_SMB2_LOCKFLAG_EXCLUSIVE_LOCK |
                                         TB_SMB2_LOCKFLAG_FAIL_IMMEDIATELY,
                                     TB_SMB2_LOCKFLAG_UNLOCK};
    uint64_t offset = below(actor, 3) * 10;
    return tb_sim_lock_request(actor->tree, id, offset, 10, flags[below(actor, 4)]);
}

static struct tb_sim_request *any_request(struct tb_sim_actor *actor, struct tb_file_id id)
{
    static const uint8_t numbers[] = {4, 5, 6, 18, 34, 35, 99};
    uint32_t length = (uint32_t)below(actor, 500);
    uint8_t number = numbers[below(actor, 7)];
    switch (below(actor, 8)) {
    case 0:
    case 1:
        return data_request(actor, id);
    case 2:
    case 3:
        return name_request(actor, id);
    case 4:
    case 5:
        return lock_request(actor, id);
    case 6:
        return tb_sim_notify_request(actor->tree, id, 0x17F, below(actor, 2), length);
    default:
        return tb_sim_query_request(actor->tree, id, (uint8_t)(1 + below(actor, 3)), number,
                                    length);
    }
}

static void begin_on_handle(struct tb_sim_actor *actor, unsigned i)
{
    bool close = below(actor, 6) == 0;
    struct tb_file_id id = actor->handles[i].id;
    struct tb_sim_slot *slot = tb_sim_slot_take(actor, close ? TB_SIM_CLOSES : TB_SIM_PLAIN);
    if (!slot)
        return;
    slot->parts[slot->count++] =
        close ? tb_sim_close_request(actor->tree, id, (uint16_t)below(actor, 2))
              : any_request(actor, id);
    if (close && below(actor, 4))
        actor->handle_open[i] = false; /* else it is used on, though closed */
    tb_sim_slot_send(actor, slot);
}

void tb_sim_chaos_begin(struct tb_sim_actor *actor)
{
    unsigned i = (unsigned)below(actor, TB_SIM_HANDLES);
    if (actor->handle_open[i])
        begin_on_handle(actor, i);
    else if (below(actor, 3))
        begin_open(actor);
    else
        begin_compound(actor);
}

void tb_sim_chaos_finish(struct tb_sim_actor *actor, struct tb_sim_slot *slot)
{
    struct tb_sim_request *r = slot->parts[0];
    if (slot->operation != TB_SIM_OPENS || r->lost || r->error != TB_OK)
        return;
    for (unsigned i = 0; i < TB_SIM_HANDLES; i++) {
        if (actor->handle_open[i])
            continue;
        tb_sim_created(r, &actor->handles[i]);
        actor->handle_open[i] = true;
        return;
    }
}
