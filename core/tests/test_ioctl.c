#include "sim/check.h"
#include <string.h>

#include "core/wire/fsctl.h"

#define SEEDS 200

/* They are refused without looking whether there is a file. */
SIM_TEST(codes_without_a_file, SEEDS)
{
    static const struct {
        uint32_t code;
        enum tb_error error;
    } cases[] = {
        {TB_FSCTL_DFS_GET_REFERRALS, TB_FS_DRIVER_REQUIRED},
        {TB_FSCTL_DFS_GET_REFERRALS_EX, TB_FS_DRIVER_REQUIRED},
        {TB_FSCTL_QUERY_NETWORK_INTERFACE_INFO, TB_NOT_SUPPORTED},
    };
    struct tb_sim_tree *tree = tb_sim_tree(f);
    uint8_t input[16] = {4, 0, '\\', 0, 'a', 0};
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tb_sim_request *r = tb_sim_ioctl_request(tree, TB_SIM_RELATED, cases[i].code,
                                                        tb_span(input, sizeof(input)), 1000);
        tb_sim_require_error(tb_sim_do(r), cases[i].error);
    }
}

static void open_pipe(struct tb_sim_fixture *f, const char *name, struct tb_sim_open *pipe)
{
    struct tb_sim_tree *tree = tb_sim_tree_of(tb_sim_session(tb_sim_connect_dialect(f, 0)), "IPC$");
    struct tb_sim_create create = {.name = name,
                                   .disposition = TB_FILE_OPEN,
                                   .access = TB_FILE_READ_DATA | TB_FILE_WRITE_DATA |
                                             TB_FILE_READ_ATTRIBUTES};
    tb_sim_require_ok(tb_sim_create(tree, &create, pipe));
}

/* A DCE/RPC bind to srvsvc 3.0 over NDR 2.0 (C706 12.6.4.3). */
static const uint8_t bind[] = {
    5,    0,    11,   3,    0x10, 0,    0,    0,    72,   0,    0,    0,    1,    0,    0,
    0,    0xB8, 0x10, 0xB8, 0x10, 0,    0,    0,    0,    1,    0,    0,    0,    0,    0,
    1,    0,    0xC8, 0x4F, 0x32, 0x4B, 0x70, 0x16, 0xD3, 0x01, 0x12, 0x78, 0x5A, 0x47, 0xBF,
    0x6E, 0xE1, 0x88, 3,    0,    0,    0,    0x04, 0x5D, 0x88, 0x8A, 0xEB, 0x1C, 0xC9, 0x11,
    0x9F, 0xE8, 0x08, 0x00, 0x2B, 0x10, 0x48, 0x60, 2,    0,    0,    0};

static void check_bind_ack(struct tb_span answer)
{
    tb_sim_require(answer.length >= 24 && answer.data[2] == 12);
    tb_sim_require_equal(tb_load_u16(answer.data + 8), answer.length);
}

SIM_TEST(pipe_transceive, SEEDS)
{
    struct tb_sim_open pipe;
    open_pipe(f, "srvsvc", &pipe);
    struct tb_sim_request *r = tb_sim_ioctl_request(pipe.tree, pipe.id, TB_FSCTL_PIPE_TRANSCEIVE,
                                                    tb_span(bind, sizeof(bind)), 4096);
    tb_sim_require_ok(tb_sim_call(r));
    check_bind_ack(tb_sim_output(r));
    tb_sim_request_free(r);
    tb_sim_require_ok(tb_sim_close(&pipe));
}

/* The same with WRITE and READ, in small pieces. */
SIM_TEST(pipe_write_read, SEEDS)
{
    struct tb_sim_open pipe;
    uint8_t answer[4096];
    size_t at = 0;
    enum tb_error error;
    open_pipe(f, "SRVSVC", &pipe);
    tb_sim_require_ok(tb_sim_write(&pipe, 0, bind, sizeof(bind)));
    do {
        size_t length = 1 + tb_sim_random_below(&f->random, 40);
        error = tb_sim_read(&pipe, 0, answer + at, &length);
        tb_sim_require(error == TB_OK || error == TB_BUFFER_OVERFLOW);
        at += length;
    } while (error == TB_BUFFER_OVERFLOW);
    check_bind_ack(tb_span(answer, at));
}

SIM_TEST(pipe_overflow, SEEDS)
{
    struct tb_sim_open pipe;
    open_pipe(f, "srvsvc", &pipe);
    struct tb_sim_request *r = tb_sim_ioctl_request(pipe.tree, pipe.id, TB_FSCTL_PIPE_TRANSCEIVE,
                                                    tb_span(bind, sizeof(bind)), 10);
    tb_sim_require_error(tb_sim_call(r), TB_BUFFER_OVERFLOW);
    tb_sim_require_equal(tb_sim_output(r).length, 10);
    tb_sim_request_free(r);
    uint8_t rest[4096];
    size_t length = sizeof(rest);
    tb_sim_require_ok(tb_sim_read(&pipe, 0, rest, &length));
    tb_sim_require(length > 10);
}

SIM_TEST(unknown_pipe, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree_of(tb_sim_session(tb_sim_connect_dialect(f, 0)), "IPC$");
    struct tb_sim_create create = {
        .name = "nothing", .disposition = TB_FILE_OPEN, .access = TB_FILE_READ_DATA};
    tb_sim_require_error(tb_sim_create(tree, &create, NULL), TB_OBJECT_NAME_NOT_FOUND);
}

/* Whatever is written to a pipe: an answer, an error or nothing, and the server goes on. */
SIM_TEST(pipe_nonsense, SEEDS * 2)
{
    struct tb_sim_open pipe;
    uint8_t bytes[sizeof(bind)];
    open_pipe(f, f->world.seed % 2 ? "srvsvc" : "wkssvc", &pipe);
    memcpy(bytes, bind, sizeof(bind));
    for (unsigned i = 0; i < 3; i++)
        bytes[tb_sim_random_below(&f->random, sizeof(bytes))] =
            (uint8_t)tb_sim_random_below(&f->random, 256);
    size_t length = 1 + tb_sim_random_below(&f->random, sizeof(bytes));
    struct tb_sim_request *r = tb_sim_ioctl_request(pipe.tree, pipe.id, TB_FSCTL_PIPE_TRANSCEIVE,
                                                    tb_span(bytes, length), 4096);
    tb_sim_send(&r, 1);
    tb_sim_world_advance(&f->world, 10000);
    tb_sim_require_ok(tb_sim_echo(r->client, r->session));
    enum tb_error error = tb_sim_close(&pipe);
    tb_sim_require(error == TB_OK || error == TB_FILE_CLOSED);
    tb_sim_wait(r);
    tb_sim_request_free(r);
}

SIM_MAIN("control codes and pipes", test_codes_without_a_file, test_pipe_transceive,
         test_pipe_write_read, test_pipe_overflow, test_unknown_pipe, test_pipe_nonsense)
