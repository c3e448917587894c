/* Everything that can fail fails once: for a set of sessions each allocation of the server, its
 * libraries' included, and each call of the exporter, the k-th for k = 1 to n. The server answers
 * with an error or closes that connection; it serves the next client, stops, and leaks nothing. */
#include "sim/check.h"
#include "sim/fault.h"

#include "core/wire/fsctl.h"
#include <stdio.h>
#include <string.h>

/* Several loops and late answers are for other tests: the order of allocations is to be the same. */
static void configure(struct tb_sim_fixture *f)
{
    f->config.loops = 1;
    f->world.switch_one_in = 0;
    f->slow_settings.delay_one_in = 0;
    f->with_guest = true;
    f->config.signing = TB_SIGNING_OPTIONAL;
}

/* What may come of a step when memory or the exporter fails. */
static bool went_well(enum tb_error error)
{
    switch (error) {
    case TB_OK:
        return true;
    case TB_NO_MEMORY:
    case TB_IO_DEVICE_ERROR:
    case TB_DROP_CONNECTION:
    case TB_CANCELLED:
    case TB_PIPE_DISCONNECTED: /* of the DCE/RPC side */
        return false;
    default:
        tb_sim_fail(__FILE__, __LINE__, "a fault is answered with %s", tb_error_name(error));
    }
}

struct wanted {
    uint16_t dialect, cipher, signing;
    bool encrypt;
};

static struct tb_sim_tree *tree_of(struct tb_sim_fixture *f, const struct wanted *wanted,
                                   const char *share)
{
    struct tb_sim_client *client = tb_sim_connect(f);
    struct tb_sim_session *session;
    struct tb_sim_tree *tree = NULL;
    struct tb_sim_offer offer;
    tb_sim_offer_dialect(&offer, wanted->dialect);
    offer.ciphers[0] = wanted->cipher;
    offer.signing[0] = wanted->signing;
    offer.cipher_count = offer.signing_count = 1;
    client->encrypt = wanted->encrypt;
    if (went_well(tb_sim_negotiate(client, &offer)) &&
        went_well(tb_sim_logon(
            client, &(struct tb_sim_logon){.user = "user", .password = "password"}, &session)))
        went_well(tb_sim_tree_connect(session, share, &tree));
    return tree;
}

static const struct wanted modern = {TB_SMB2_DIALECT_311, TB_SMB2_ENCRYPTION_AES128_GCM,
                                     TB_SMB2_SIGNING_AES_GMAC, false};

/* A client for a scenario about files: nothing fails before it has logged on. */
static struct tb_sim_tree *quiet_tree(struct tb_sim_fixture *f, const char *share)
{
    uint64_t fail_at = f->slow[TB_SIM_SHARE]->settings.fail_at;
    bool wanted = tb_sim_fault.wanted;
    tb_sim_fault.wanted = false;
    f->slow[TB_SIM_SHARE]->settings.fail_at = 0;
    struct tb_sim_tree *tree = tree_of(f, &modern, share);
    f->slow[TB_SIM_SHARE]->settings.fail_at = fail_at;
    tb_sim_fault.wanted = wanted;
    return tree;
}

static void log_on(struct tb_sim_fixture *f, const struct wanted *wanted)
{
    struct tb_sim_tree *tree = tree_of(f, wanted, "share");
    if (tree && went_well(tb_sim_echo(tree->session->client, tree->session)) &&
        went_well(tb_sim_tree_disconnect(tree)))
        went_well(tb_sim_logoff(tree->session));
}

static void logon_202(struct tb_sim_fixture *f)
{
    log_on(f, &(struct wanted){TB_SMB2_DIALECT_202, 1, 1, false});
}

static void logon_302_encrypted(struct tb_sim_fixture *f)
{
    log_on(f, &(struct wanted){TB_SMB2_DIALECT_302, 1, 1, true});
}

static void logon_311(struct tb_sim_fixture *f)
{
    log_on(f, &modern);
}

static void logon_311_ccm(struct tb_sim_fixture *f)
{
    log_on(f, &(struct wanted){TB_SMB2_DIALECT_311, TB_SMB2_ENCRYPTION_AES256_CCM,
                               TB_SMB2_SIGNING_AES_CMAC, true});
}

static void logon_311_gcm(struct tb_sim_fixture *f)
{
    log_on(f, &(struct wanted){TB_SMB2_DIALECT_311, TB_SMB2_ENCRYPTION_AES256_GCM,
                               TB_SMB2_SIGNING_HMAC_SHA256, true});
}

static void logon_smb1(struct tb_sim_fixture *f)
{
    struct tb_sim_client *client = tb_sim_connect(f);
    struct tb_sim_session *session;
    struct tb_sim_logon logon = {.user = "user", .password = "password", .bare = true};
    struct tb_sim_offer offer;
    tb_sim_offer_dialect(&offer, TB_SMB2_DIALECT_210);
    offer.smb1 = true;
    if (went_well(tb_sim_negotiate(client, &offer)) &&
        went_well(tb_sim_logon(client, &logon, &session)))
        went_well(tb_sim_tree_connect(session, "share", NULL));
}

static void logon_guest(struct tb_sim_fixture *f)
{
    struct tb_sim_client *client = tb_sim_connect(f);
    struct tb_sim_session *session;
    struct tb_sim_logon logon = {
        .user = "stranger", .password = "x", .preferred = TB_MECHANISM_KERBEROS};
    struct tb_sim_offer offer;
    tb_sim_offer_dialect(&offer, TB_SMB2_DIALECT_300);
    if (went_well(tb_sim_negotiate(client, &offer)) &&
        went_well(tb_sim_logon(client, &logon, &session)))
        went_well(tb_sim_tree_connect(session, "guest", NULL));
}

static void again(struct tb_sim_fixture *f)
{
    struct tb_sim_tree *tree = quiet_tree(f, "share");
    struct tb_sim_logon logon = {.user = "user", .password = "password", .again = tree->session};
    went_well(tb_sim_logon(tree->session->client, &logon, NULL));
}

static void write_and_read(struct tb_sim_fixture *f)
{
    struct tb_sim_open file;
    static uint8_t data[70000];
    size_t length = sizeof(data);
    if (!went_well(tb_sim_open(quiet_tree(f, "share"), "file", TB_FILE_CREATE, &file)))
        return;
    went_well(tb_sim_write(&file, 0, data, sizeof(data)));
    went_well(tb_sim_flush(&file));
    went_well(tb_sim_set_size(&file, 100000));
    enum tb_error read = tb_sim_read(&file, 0, data, &length);
    went_well(read == TB_END_OF_FILE ? TB_OK : read);
    went_well(tb_sim_close(&file));
}

static void names(struct tb_sim_fixture *f)
{
    struct tb_sim_tree *tree = quiet_tree(f, "share");
    struct tb_sim_open dir, file;
    char text[1000];
    if (!went_well(tb_sim_create(tree,
                                 &(struct tb_sim_create){.name = "dir",
                                                         .disposition = TB_FILE_CREATE,
                                                         .access = TB_FILE_GENERIC_READ,
                                                         .options = TB_FILE_DIRECTORY_FILE},
                                 &dir)))
        return;
    if (went_well(tb_sim_open(tree, "dir/file", TB_FILE_CREATE, &file))) {
        went_well(tb_sim_rename(&file, "dir/other", false));
        went_well(tb_sim_list(&dir, TB_FILE_ID_BOTH_DIRECTORY_INFORMATION, "*", 4096, text, 1000));
        went_well(tb_sim_delete_on_close(&file, true));
        went_well(tb_sim_close(&file));
    }
    went_well(tb_sim_close(&dir));
}

static void links(struct tb_sim_fixture *f)
{
    struct tb_sim_tree *tree = quiet_tree(f, "share");
    struct tb_sim_open file, other;
    uint8_t posix[4] = {3, 0, 0, 0};
    if (!went_well(tb_sim_open(tree, "file", TB_FILE_CREATE, &file)))
        return;
    went_well(tb_sim_set_name(&file, TB_FILE_LINK_INFORMATION, "link", 0));
    if (went_well(tb_sim_open(tree, "other", TB_FILE_OPEN_IF, &other))) {
        went_well(tb_sim_set_name(&other, TB_FILE_RENAME_INFORMATION_EX, "file", 3));
        went_well(tb_sim_set(&other, TB_FILE_DISPOSITION_INFORMATION_EX, tb_span(posix, 4)));
        went_well(tb_sim_close(&other));
    }
    went_well(tb_sim_close(&file));
}

static enum tb_error control(struct tb_sim_open *open, uint32_t code, const void *input,
                             size_t length)
{
    return tb_sim_do(
        tb_sim_ioctl_request(open->tree, open->id, code, tb_span(input, length), 100));
}

static void controls(struct tb_sim_fixture *f)
{
    struct tb_sim_tree *tree = quiet_tree(f, "share");
    struct tb_sim_open file;
    uint8_t range[16] = {[2] = 1, [10] = 2}, copy[56] = {[24] = 1, [40] = 8, [48] = 4};
    if (!went_well(tb_sim_open(tree, "file", TB_FILE_CREATE, &file)))
        return;
    bool written = went_well(tb_sim_write(&file, 0, "01234567", 8));
    went_well(control(&file, TB_FSCTL_SET_SPARSE, range, 0));
    went_well(control(&file, TB_FSCTL_SET_ZERO_DATA, range, 16));
    went_well(control(&file, TB_FSCTL_QUERY_ALLOCATED_RANGES, range, 16));
    went_well(control(&file, TB_FSCTL_QUERY_FILE_REGIONS, range, 0));
    went_well(control(&file, TB_FSCTL_GET_OBJECT_ID, range, 0));
    tb_store_u64(copy, file.id.persistent);
    tb_store_u64(copy + 8, file.id.volatile_);
    if (written)
        went_well(control(&file, TB_FSCTL_SRV_COPYCHUNK, copy, sizeof(copy)));
    went_well(tb_sim_close(&file));
}

static void overwrite(struct tb_sim_fixture *f)
{
    struct tb_sim_tree *tree = quiet_tree(f, "share");
    struct tb_sim_open file;
    if (went_well(tb_sim_open(tree, "file", TB_FILE_OPEN_IF, &file)))
        went_well(tb_sim_close(&file));
    for (unsigned i = 0; i < 2; i++) {
        if (went_well(tb_sim_open(tree, "FILE", TB_FILE_OVERWRITE_IF, &file)))
            went_well(tb_sim_close(&file));
    }
}

static void information(struct tb_sim_fixture *f)
{
    static const uint8_t kinds[][2] = {{1, 18}, {1, 5}, {2, 5}, {2, 7}, {3, 0}};
    struct tb_sim_tree *tree = quiet_tree(f, "share");
    struct tb_sim_open file;
    uint8_t basic[40] = {0};
    if (!went_well(tb_sim_open(tree, "file", TB_FILE_CREATE, &file)))
        return;
    for (unsigned i = 0; i < sizeof(kinds) / 2; i++)
        went_well(tb_sim_do(
            tb_sim_query_request(tree, file.id, kinds[i][0], kinds[i][1], 1000)));
    went_well(tb_sim_set(&file, TB_FILE_BASIC_INFORMATION, tb_span(basic, sizeof(basic))));
}

static void wait_and_cancel(struct tb_sim_fixture *f)
{
    struct tb_sim_tree *tree = quiet_tree(f, "share"), *other = quiet_tree(f, "share");
    struct tb_sim_open dir, mine, theirs;
    if (!went_well(tb_sim_open(tree, "", TB_FILE_OPEN, &dir)) ||
        !went_well(tb_sim_open(tree, "file", TB_FILE_OPEN_IF, &mine)) ||
        !went_well(tb_sim_open(other, "file", TB_FILE_OPEN_IF, &theirs)))
        return;
    struct tb_sim_request *notify = tb_sim_notify_request(tree, dir.id, 3, true, 1000);
    tb_sim_send(&notify, 1);
    tb_sim_wait_pending(notify);
    bool locked = went_well(tb_sim_lock(&mine, 0, 1, TB_SMB2_LOCKFLAG_EXCLUSIVE_LOCK));
    struct tb_sim_request *lock =
        tb_sim_lock_request(other, theirs.id, 0, 1, TB_SMB2_LOCKFLAG_EXCLUSIVE_LOCK);
    tb_sim_send(&lock, 1);
    tb_sim_wait_pending(lock);
    if (locked && !went_well(tb_sim_lock(&mine, 0, 1, TB_SMB2_LOCKFLAG_UNLOCK)))
        tb_sim_cancel(lock);
    went_well(tb_sim_wait(lock));
    tb_sim_request_free(lock);
    if (went_well(tb_sim_open(other, "new", TB_FILE_CREATE, &theirs)))
        went_well(tb_sim_close(&theirs));
    tb_sim_cancel(notify);
    enum tb_error told = tb_sim_wait(notify);
    if (told != TB_NOTIFY_ENUM_DIR)
        went_well(told);
    tb_sim_request_free(notify);
}

static void pipes(struct tb_sim_fixture *f)
{
    static const uint8_t bind[72] = {
        5, 0, 11, 3, 0x10, 0, 0, 0, 72, 0, 0, 0, 1, 0, 0, 0, 0xB8, 0x10, 0xB8, 0x10, 0, 0, 0, 0,
        1, 0, 0, 0, 0, 0, 1, 0, 0xC8, 0x4F, 0x32, 0x4B, 0x70, 0x16, 0xD3, 0x01, 0x12, 0x78, 0x5A,
        0x47, 0xBF, 0x6E, 0xE1, 0x88, 3, 0, 0, 0, 0x04, 0x5D, 0x88, 0x8A, 0xEB, 0x1C, 0xC9, 0x11,
        0x9F, 0xE8, 0x08, 0x00, 0x2B, 0x10, 0x48, 0x60, 2, 0, 0, 0};
    struct tb_sim_tree *tree = quiet_tree(f, "IPC$");
    struct tb_sim_open pipe;
    if (!went_well(tb_sim_create(tree,
                                 &(struct tb_sim_create){.name = "srvsvc",
                                                         .disposition = TB_FILE_OPEN,
                                                         .access = TB_FILE_READ_DATA |
                                                                   TB_FILE_WRITE_DATA},
                                 &pipe)))
        return;
    went_well(tb_sim_do(tb_sim_ioctl_request(tree, pipe.id, 0x0011C017, tb_span(bind, 72), 1024)));
    went_well(tb_sim_close(&pipe));
}

static void compounds(struct tb_sim_fixture *f)
{
    struct tb_sim_tree *tree = quiet_tree(f, "share");
    for (unsigned round = 0; round < 2 && !tree->session->client->ended; round++) {
        struct tb_sim_request *parts[] = {
            tb_sim_create_request(tree, &(struct tb_sim_create){.name = "file",
                                                                .disposition = TB_FILE_OPEN_IF}),
            tb_sim_write_request(tree, TB_SIM_RELATED, 0, "data", 4),
            tb_sim_close_request(tree, TB_SIM_RELATED, 1)};
        parts[1]->related = parts[2]->related = true;
        tb_sim_call_all(parts, 3);
        for (unsigned i = 0; i < 3; i++) {
            went_well(parts[i]->lost ? TB_DROP_CONNECTION : parts[i]->error);
            tb_sim_request_free(parts[i]);
        }
    }
}

/* Runs a scenario with the k-th failing; false when nothing failed any more. */
typedef bool attempt(struct tb_sim_fixture *f, tb_sim_test *scenario, uint64_t k);

static void next_client(struct tb_sim_fixture *f)
{
    struct tb_sim_open file;
    struct tb_sim_tree *tree = tree_of(f, &modern, "share");
    tb_sim_require(tree);
    tb_sim_require_ok(tb_sim_open(tree, "next", TB_FILE_OPEN_IF, &file));
    tb_sim_require_ok(tb_sim_write(&file, 0, "next", 4));
    tb_sim_require_ok(tb_sim_close(&file));
}

static bool fail_allocation(struct tb_sim_fixture *f, tb_sim_test *scenario, uint64_t k)
{
    tb_sim_fault_start(k);
    scenario(f);
    tb_sim_world_advance(&f->world, 20000);
    bool failed = tb_sim_fault.failed > 0;
    tb_sim_fault.fail_at = 0;
    next_client(f);
    tb_sim_fixture_end(f);
    tb_sim_fault_stop();
    if (tb_sim_fault.live)
        tb_sim_fail(__FILE__, __LINE__, "allocation %llu: %llu blocks leaked",
                    (unsigned long long)k, (unsigned long long)tb_sim_fault.live);
    return failed;
}

/* From the k-th on all fail, until the scenario is over. */
static bool fail_allocations(struct tb_sim_fixture *f, tb_sim_test *scenario, uint64_t k)
{
    tb_sim_fault_start(k);
    tb_sim_fault.persistent = true;
    scenario(f);
    tb_sim_world_advance(&f->world, 20000);
    bool failed = tb_sim_fault.failed > 0;
    tb_sim_fault.fail_at = 0;
    next_client(f);
    tb_sim_fixture_end(f);
    tb_sim_fault_stop();
    tb_sim_require_equal(tb_sim_fault.live, 0);
    return failed;
}

static bool fail_call(struct tb_sim_fixture *f, tb_sim_test *scenario, uint64_t k)
{
    struct tb_sim_slow *slow = f->slow[TB_SIM_SHARE];
    slow->settings.fail_at = k;
    scenario(f);
    tb_sim_world_advance(&f->world, 20000);
    bool failed = slow->failed > 0;
    slow->settings.fail_at = 0;
    next_client(f);
    tb_sim_fixture_end(f);
    return failed;
}

static const struct {
    const char *name;
    tb_sim_test *run;
} scenarios[] = {
    {"logon_202", logon_202},
    {"logon_302_encrypted", logon_302_encrypted},
    {"logon_311", logon_311},
    {"logon_311_ccm", logon_311_ccm},
    {"logon_311_gcm", logon_311_gcm},
    {"logon_smb1", logon_smb1},
    {"logon_guest", logon_guest},
    {"again", again},
    {"write_and_read", write_and_read},
    {"names", names},
    {"links", links},
    {"controls", controls},
    {"overwrite", overwrite},
    {"information", information},
    {"wait_and_cancel", wait_and_cancel},
    {"pipes", pipes},
    {"compounds", compounds},
};

static void sweep(attempt *try_one, const char *what)
{
    struct tb_sim_fixture *f = malloc(sizeof(*f));
    for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
        uint64_t k = 0;
        bool failed;
        do {
            tb_sim_fixture_init(f, 1, scenarios[i].name);
            configure(f);
            tb_sim_fixture_start(f);
            failed = try_one(f, scenarios[i].run, ++k);
        } while (failed);
        printf("%s: %llu %s failed, one by one\n", scenarios[i].name, (unsigned long long)k - 1,
               what);
    }
    free(f);
}

START_TEST(test_allocations)
{
    sweep(fail_allocation, "allocations");
}
END_TEST

START_TEST(test_allocations_from_k)
{
    sweep(fail_allocations, "allocations and all after them");
}
END_TEST

START_TEST(test_calls)
{
    sweep(fail_call, "exporter calls");
}
END_TEST

SIM_MAIN("countdown faults", test_allocations, test_allocations_from_k, test_calls)
