#include "sim/check.h"

#include "core/wire/lock.h"

#define SEEDS 300

#define EXCLUSIVE (TB_SMB2_LOCKFLAG_EXCLUSIVE_LOCK | TB_SMB2_LOCKFLAG_FAIL_IMMEDIATELY)
#define SHARED    (TB_SMB2_LOCKFLAG_SHARED_LOCK | TB_SMB2_LOCKFLAG_FAIL_IMMEDIATELY)
#define BLOCKING  TB_SMB2_LOCKFLAG_EXCLUSIVE_LOCK
#define UNLOCK    TB_SMB2_LOCKFLAG_UNLOCK

/* Two clients with the same file open. */
static void open_two(struct tb_sim_fixture *f, struct tb_sim_open open[2])
{
    for (unsigned i = 0; i < 2; i++)
        tb_sim_require_ok(tb_sim_open(tb_sim_tree(f), "file", TB_FILE_OPEN_IF, &open[i]));
}

static struct tb_sim_request *begin(struct tb_sim_open *open, uint64_t offset, uint64_t length)
{
    struct tb_sim_request *r = tb_sim_lock_request(open->tree, open->id, offset, length, BLOCKING);
    tb_sim_send(&r, 1);
    tb_sim_wait_pending(r);
    tb_sim_require(r->pending && !r->done);
    return r;
}

static enum tb_error finish(struct tb_sim_request *r)
{
    enum tb_error error = tb_sim_wait(r);
    tb_sim_request_free(r);
    return error;
}

SIM_TEST(conflicts, SEEDS)
{
    struct tb_sim_open open[2];
    uint8_t bytes[100];
    size_t length = 10;
    open_two(f, open);
    tb_sim_require_ok(tb_sim_write(&open[0], 0, bytes, 100));
    tb_sim_require_ok(tb_sim_lock(&open[0], 10, 10, EXCLUSIVE));
    tb_sim_require_error(tb_sim_lock(&open[1], 19, 5, EXCLUSIVE), TB_LOCK_NOT_GRANTED);
    tb_sim_require_error(tb_sim_lock(&open[1], 5, 6, SHARED), TB_LOCK_NOT_GRANTED);
    tb_sim_require_ok(tb_sim_lock(&open[1], 20, 5, EXCLUSIVE));
    tb_sim_require_ok(tb_sim_lock(&open[1], 0, 10, SHARED));
    tb_sim_require_ok(tb_sim_lock(&open[0], 0, 10, SHARED));
    tb_sim_require_error(tb_sim_write(&open[1], 15, "x", 1), TB_FILE_LOCK_CONFLICT);
    tb_sim_require_error(tb_sim_read(&open[1], 15, bytes, &length), TB_FILE_LOCK_CONFLICT);
    tb_sim_require_ok(tb_sim_write(&open[0], 15, "x", 1));
    tb_sim_require_error(tb_sim_write(&open[0], 5, "x", 1), TB_FILE_LOCK_CONFLICT);
    tb_sim_require_error(tb_sim_lock(&open[1], 10, 10, UNLOCK), TB_RANGE_NOT_LOCKED);
    tb_sim_require_error(tb_sim_lock(&open[0], 10, 9, UNLOCK), TB_RANGE_NOT_LOCKED);
    tb_sim_require_ok(tb_sim_lock(&open[0], 10, 10, UNLOCK));
    tb_sim_require_ok(tb_sim_write(&open[1], 15, "x", 1));
    tb_sim_require_error(tb_sim_lock(&open[0], UINT64_MAX, 2, EXCLUSIVE), TB_INVALID_LOCK_RANGE);
    tb_sim_require_error(tb_sim_lock(&open[0], 0, 1, 0), TB_INVALID_PARAMETER);
    tb_sim_require_error(tb_sim_lock(&open[0], 0, 1, UNLOCK | EXCLUSIVE), TB_INVALID_PARAMETER);
}

SIM_TEST(unlock_wakes, SEEDS)
{
    struct tb_sim_open open[2];
    open_two(f, open);
    tb_sim_require_ok(tb_sim_lock(&open[0], 0, 100, EXCLUSIVE));
    struct tb_sim_request *r = begin(&open[1], 50, 10);
    tb_sim_require_ok(tb_sim_echo(r->client, r->session));
    tb_sim_require_ok(tb_sim_lock(&open[0], 0, 100, UNLOCK));
    tb_sim_require_ok(finish(r));
    tb_sim_require_error(tb_sim_lock(&open[0], 50, 1, EXCLUSIVE), TB_LOCK_NOT_GRANTED);
}

SIM_TEST(close_wakes, SEEDS)
{
    struct tb_sim_open open[2];
    open_two(f, open);
    tb_sim_require_ok(tb_sim_lock(&open[0], 0, 100, EXCLUSIVE));
    struct tb_sim_request *r = begin(&open[1], 50, 10);
    switch (f->world.seed % 4) {
    case 0:
        tb_sim_require_ok(tb_sim_close(&open[0]));
        break;
    case 1:
        tb_sim_require_ok(tb_sim_tree_disconnect(open[0].tree));
        break;
    case 2:
        tb_sim_require_ok(tb_sim_logoff(open[0].tree->session));
        break;
    default:
        tb_sim_gone(f, open[0].tree->session->client);
        break;
    }
    tb_sim_require_ok(finish(r));
}

SIM_TEST(cancel, SEEDS)
{
    struct tb_sim_open open[2];
    open_two(f, open);
    tb_sim_require_ok(tb_sim_lock(&open[0], 0, 100, EXCLUSIVE));
    struct tb_sim_request *r = begin(&open[1], 50, 10);
    tb_sim_cancel(r);
    tb_sim_require_error(finish(r), TB_CANCELLED);
    tb_sim_require_ok(tb_sim_lock(&open[0], 0, 100, UNLOCK));
    tb_sim_require_ok(tb_sim_lock(&open[0], 50, 10, EXCLUSIVE));
}

/* CANCEL at any moment, also before the request has been looked at. */
SIM_TEST(cancel_at_once, SEEDS * 2)
{
    struct tb_sim_open open[2];
    open_two(f, open);
    tb_sim_require_ok(tb_sim_lock(&open[0], 0, 100, EXCLUSIVE));
    struct tb_sim_request *r =
        tb_sim_lock_request(open[1].tree, open[1].id, 50, 10, BLOCKING);
    tb_sim_send(&r, 1);
    for (uint64_t steps = tb_sim_random_below(&f->random, 8); steps > 0; steps--)
        tb_sim_world_step(&f->world);
    tb_sim_cancel(r);
    tb_sim_world_settle(&f->world);
    tb_sim_world_advance(&f->world, 10000);
    tb_sim_require(r->done);
    tb_sim_require_error(finish(r), TB_CANCELLED);
}

/* What happens to one who waits when his own handle, tree, session or connection ends. */
SIM_TEST(end_of_the_waiting, SEEDS)
{
    struct tb_sim_open open[2];
    open_two(f, open);
    tb_sim_require_ok(tb_sim_lock(&open[0], 0, 100, EXCLUSIVE));
    struct tb_sim_request *r = begin(&open[1], 50, 10);
    switch (f->world.seed % 4) {
    case 0:
        tb_sim_require_ok(tb_sim_close(&open[1]));
        break;
    case 1:
        tb_sim_require_ok(tb_sim_tree_disconnect(open[1].tree));
        break;
    case 2:
        tb_sim_require_ok(tb_sim_logoff(open[1].tree->session));
        break;
    default:
        tb_sim_client_disconnect(r->client);
        break;
    }
    tb_sim_require(finish(r) != TB_OK);
    tb_sim_require_ok(tb_sim_lock(&open[0], 0, 100, UNLOCK));
    tb_sim_require_ok(tb_sim_lock(&open[0], 50, 10, EXCLUSIVE));
}

/* Several wait; each gets it in the end, none is forgotten. */
SIM_TEST(queue, SEEDS)
{
    struct tb_sim_open open[5];
    struct tb_sim_request *r[5];
    for (unsigned i = 0; i < 5; i++)
        tb_sim_require_ok(tb_sim_open(tb_sim_tree(f), "file", TB_FILE_OPEN_IF, &open[i]));
    tb_sim_require_ok(tb_sim_lock(&open[0], 0, 100, EXCLUSIVE));
    for (unsigned i = 1; i < 5; i++)
        r[i] = begin(&open[i], 0, 100);
    tb_sim_require_ok(tb_sim_lock(&open[0], 0, 100, UNLOCK));
    for (unsigned left = 4; left > 0; left--) {
        unsigned granted = 0, done = 0;
        tb_sim_world_advance(&f->world, 10000);
        for (unsigned i = 1; i < 5; i++)
            done += r[i] && r[i]->done;
        tb_sim_require_equal(done, 1);
        for (unsigned i = 1; i < 5; i++) {
            if (!r[i] || !r[i]->done)
                continue;
            tb_sim_require_ok(finish(r[i]));
            r[i] = NULL;
            granted++;
            tb_sim_require_ok(tb_sim_lock(&open[i], 0, 100, UNLOCK));
            break;
        }
        tb_sim_require_equal(granted, 1);
    }
}

/* Several ranges in one request: all of them or none. */
SIM_TEST(many_ranges, SEEDS)
{
    struct tb_sim_open open[2];
    uint8_t bytes[3 * TB_LOCK_ELEMENT_LENGTH];
    struct tb_writer w = tb_writer(bytes, sizeof(bytes));
    open_two(f, open);
    tb_sim_require_ok(tb_sim_lock(&open[1], 200, 10, EXCLUSIVE));
    for (unsigned i = 0; i < 3; i++)
        tb_lock_element_encode(&w, &(struct tb_lock_element){i * 100, 10, EXCLUSIVE});
    for (unsigned count = 3; count >= 2; count--) {
        struct tb_sim_request *r = tb_sim_request_new(open[0].tree->session->client,
                                                      open[0].tree->session, open[0].tree,
                                                      TB_SMB2_LOCK, 200);
        tb_lock_request_encode(&r->writer, &(struct tb_lock_request){
                                               .lock_count = (uint16_t)count,
                                               .file_id = open[0].id,
                                               .locks = tb_span(bytes,
                                                                count * TB_LOCK_ELEMENT_LENGTH)});
        tb_sim_require_error(tb_sim_do(r), count == 3 ? TB_LOCK_NOT_GRANTED : TB_OK);
        tb_sim_require_error(tb_sim_lock(&open[1], 105, 1, EXCLUSIVE),
                             count == 3 ? TB_OK : TB_LOCK_NOT_GRANTED);
        if (count == 3)
            tb_sim_require_ok(tb_sim_lock(&open[1], 105, 1, UNLOCK));
    }
}

SIM_MAIN("locks", test_conflicts, test_unlock_wakes, test_close_wakes, test_cancel,
         test_cancel_at_once, test_end_of_the_waiting, test_queue, test_many_ranges)
