/* Copies on the server (MS-SMB2 3.3.5.15.5, 3.3.5.15.6). */
#include "sim/check.h"
#include <string.h>

#include "core/wire/fsctl.h"
#include "core/wire/ioctl.h"

#define SEEDS 100

enum { CHUNKS_MAX = 256, CHUNK_BYTES_MAX = 1 << 20, TOTAL_BYTES_MAX = 16 << 20 };

static void get_key(struct tb_sim_open *source, struct tb_resume_key_response *key)
{
    struct tb_sim_request *r = tb_sim_ioctl_request(
        source->tree, source->id, TB_FSCTL_SRV_REQUEST_RESUME_KEY, tb_span(NULL, 0), 32);
    tb_sim_require_ok(tb_sim_call(r));
    tb_sim_require_equal(tb_sim_output(r).length, 32);
    tb_sim_require_ok(tb_resume_key_response_decode(tb_sim_output(r), key));
    tb_sim_request_free(r);
}

static struct tb_sim_request *copy_request(struct tb_sim_open *to, uint32_t code,
                                           const struct tb_resume_key_response *key,
                                           const struct tb_copychunk *chunks, size_t count)
{
    static uint8_t encoded[300 * TB_COPYCHUNK_LENGTH], bytes[sizeof(encoded) + 32];
    struct tb_writer w = tb_writer(encoded, sizeof(encoded));
    struct tb_copychunk_request request;
    for (size_t i = 0; i < count; i++)
        tb_copychunk_encode(&w, &chunks[i]);
    memcpy(request.source_key, key->resume_key, sizeof(request.source_key));
    request.chunks = tb_span(encoded, w.at);
    w = tb_writer(bytes, sizeof(bytes));
    tb_copychunk_request_encode(&w, &request);
    tb_sim_require(!w.failed);
    return tb_sim_ioctl_request(to->tree, to->id, code, tb_span(bytes, w.at), 100);
}

static enum tb_error copy(struct tb_sim_open *to, const struct tb_resume_key_response *key,
                          const struct tb_copychunk *chunks, size_t count,
                          struct tb_copychunk_response *response)
{
    struct tb_sim_request *r = copy_request(to, TB_FSCTL_SRV_COPYCHUNK, key, chunks, count);
    struct tb_ioctl_response ioctl;
    enum tb_error error = tb_sim_call(r);
    *response = (struct tb_copychunk_response){0};
    if (tb_ioctl_response_decode(tb_sim_response(r), &ioctl) == TB_OK)
        tb_sim_require_ok(tb_copychunk_response_decode(ioctl.output, response));
    tb_sim_request_free(r);
    return error;
}

static void expect(struct tb_sim_open *open, uint64_t offset, const char *data, size_t length)
{
    char bytes[64];
    size_t got = sizeof(bytes);
    tb_sim_require_ok(tb_sim_read(open, offset, bytes, &got));
    tb_sim_require(got == length && memcmp(bytes, data, length) == 0);
}

SIM_TEST(copies, SEEDS)
{
    static const struct tb_copychunk chunks[] = {{0, 0, 4}, {4, 8, 4}, {2, 4, 4}};
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open from, to;
    struct tb_resume_key_response key;
    struct tb_copychunk_response response;
    tb_sim_require_ok(tb_sim_open(tree, "from", TB_FILE_CREATE, &from));
    tb_sim_require_ok(tb_sim_open(tree, "to", TB_FILE_CREATE, &to));
    tb_sim_require_ok(tb_sim_write(&from, 0, "01234567", 8));
    get_key(&from, &key);
    tb_sim_require_ok(copy(&to, &key, chunks, 3, &response));
    tb_sim_require(response.chunks_written == 3 && response.chunk_bytes_written == 0 &&
                   response.total_bytes_written == 12);
    expect(&to, 0, "012323454567", 12);
    tb_sim_require_ok(copy(&to, &key, chunks, 0, &response));
    tb_sim_require_equal(response.chunks_written, 0);
    /* Over itself. */
    tb_sim_require_ok(copy(&from, &key, &(struct tb_copychunk){0, 2, 6}, 1, &response));
    expect(&from, 0, "01012345", 8);
}

SIM_TEST(sources_end, SEEDS)
{
    static const struct tb_copychunk chunks[] = {{0, 0, 4}, {4, 4, 5}};
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open from, to;
    struct tb_resume_key_response key;
    struct tb_copychunk_response response;
    tb_sim_require_ok(tb_sim_open(tree, "from", TB_FILE_CREATE, &from));
    tb_sim_require_ok(tb_sim_open(tree, "to", TB_FILE_CREATE, &to));
    tb_sim_require_ok(tb_sim_write(&from, 0, "01234567", 8));
    get_key(&from, &key);
    tb_sim_require_error(copy(&to, &key, chunks, 2, &response), TB_INVALID_VIEW_SIZE);
    tb_sim_require(response.chunks_written == 1 && response.total_bytes_written == 4);
    expect(&to, 0, "0123", 4);
    tb_sim_require_ok(tb_sim_close(&from));
    tb_sim_require_error(copy(&to, &key, chunks, 1, &response), TB_OBJECT_NAME_NOT_FOUND);
}

SIM_TEST(limits, SEEDS)
{
    static struct tb_copychunk chunks[CHUNKS_MAX + 1];
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open from, to;
    struct tb_resume_key_response key;
    struct tb_copychunk_response response;
    tb_sim_require_ok(tb_sim_open(tree, "from", TB_FILE_CREATE, &from));
    tb_sim_require_ok(tb_sim_open(tree, "to", TB_FILE_CREATE, &to));
    tb_sim_require_ok(tb_sim_write(&from, 0, "01234567", 8));
    get_key(&from, &key);
    for (unsigned i = 0; i <= CHUNKS_MAX; i++)
        chunks[i] = (struct tb_copychunk){0, i, 1};
    tb_sim_require_ok(copy(&to, &key, chunks, CHUNKS_MAX, &response));
    for (unsigned i = 0; i < 4; i++) {
        struct tb_copychunk wrong[] = {
            {0, 0, 0}, {0, 0, CHUNK_BYTES_MAX + 1}, {INT64_MAX, 0, 1}, {0, INT64_MAX, 1}};
        tb_sim_require_error(copy(&to, &key, &wrong[i], 1, &response), TB_INVALID_PARAMETER);
        tb_sim_require(response.chunks_written == CHUNKS_MAX &&
                       response.chunk_bytes_written == CHUNK_BYTES_MAX &&
                       response.total_bytes_written == TOTAL_BYTES_MAX);
    }
    tb_sim_require_error(copy(&to, &key, chunks, CHUNKS_MAX + 1, &response), TB_INVALID_PARAMETER);
    for (unsigned i = 0; i < 17; i++)
        chunks[i] = (struct tb_copychunk){0, 0, CHUNK_BYTES_MAX};
    tb_sim_require_error(copy(&to, &key, chunks, 17, &response), TB_INVALID_PARAMETER);
    tb_sim_require_equal(response.total_bytes_written, TOTAL_BYTES_MAX);
}

SIM_TEST(rights_and_locks, SEEDS)
{
    static const struct tb_copychunk chunk = {0, 0, 4};
    struct tb_sim_tree *tree = tb_sim_tree(f), *other = tb_sim_tree(f);
    struct tb_sim_open from, to, writes, stranger;
    struct tb_resume_key_response key;
    struct tb_copychunk_response response;
    struct tb_sim_create create = {
        .name = "to", .disposition = TB_FILE_OPEN_IF, .access = TB_FILE_WRITE_DATA};
    tb_sim_require_ok(tb_sim_open(tree, "from", TB_FILE_CREATE, &from));
    tb_sim_require_ok(tb_sim_write(&from, 0, "01234567", 8));
    get_key(&from, &key);
    tb_sim_require_ok(tb_sim_create(tree, &create, &writes));
    tb_sim_require_error(copy(&writes, &key, &chunk, 1, &response), TB_ACCESS_DENIED);
    tb_sim_require_ok(
        tb_sim_do(copy_request(&writes, TB_FSCTL_SRV_COPYCHUNK_WRITE, &key, &chunk, 1)));
    tb_sim_require_ok(tb_sim_open(tree, "to", TB_FILE_OPEN, &to));
    expect(&to, 0, "0123", 4);
    /* Another session's file. */
    tb_sim_require_ok(tb_sim_open(other, "to", TB_FILE_OPEN, &stranger));
    tb_sim_require_error(copy(&stranger, &key, &chunk, 1, &response), TB_OBJECT_NAME_NOT_FOUND);
    tb_sim_require_ok(tb_sim_lock(
        &stranger, 2, 1, TB_SMB2_LOCKFLAG_EXCLUSIVE_LOCK | TB_SMB2_LOCKFLAG_FAIL_IMMEDIATELY));
    tb_sim_require_error(copy(&to, &key, &chunk, 1, &response), TB_FILE_LOCK_CONFLICT);
    struct tb_sim_create reading = {
        .name = "from", .disposition = TB_FILE_OPEN, .access = TB_FILE_READ_ATTRIBUTES};
    tb_sim_require_ok(tb_sim_create(tree, &reading, &from));
    get_key(&from, &key);
    tb_sim_require_error(copy(&to, &key, &chunk, 1, &response), TB_ACCESS_DENIED);
}

/* Either file may be closed while the copy goes on; nothing is lost or left. */
SIM_TEST(closing_meanwhile, SEEDS)
{
    static struct tb_copychunk chunks[64];
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open from, to;
    struct tb_resume_key_response key;
    struct tb_sim_request *r[2];
    tb_sim_require_ok(tb_sim_open(tree, "from", TB_FILE_CREATE, &from));
    tb_sim_require_ok(tb_sim_open(tree, "to", TB_FILE_CREATE, &to));
    tb_sim_require_ok(tb_sim_write(&from, 0, "01234567", 8));
    get_key(&from, &key);
    for (unsigned i = 0; i < 64; i++)
        chunks[i] = (struct tb_copychunk){0, 8 * i, 8};
    bool source = tb_sim_random_chance(&f->random, 2);
    r[0] = copy_request(&to, TB_FSCTL_SRV_COPYCHUNK, &key, chunks, 64);
    r[1] = tb_sim_close_request(tree, source ? from.id : to.id, 0);
    tb_sim_send(&r[0], 1);
    tb_sim_send(&r[1], 1);
    enum tb_error error = tb_sim_wait(r[0]);
    tb_sim_require(error == TB_OK || error == TB_FILE_CLOSED || error == TB_OBJECT_NAME_NOT_FOUND);
    tb_sim_require_ok(tb_sim_wait(r[1]));
    tb_sim_request_free(r[0]);
    tb_sim_request_free(r[1]);
}

SIM_MAIN("copychunk", test_copies, test_sources_end, test_limits, test_rights_and_locks,
         test_closing_meanwhile)
