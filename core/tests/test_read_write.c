#include "sim/check.h"
#include <stdlib.h>
#include <string.h>

#define SEEDS 200
#define SIZE  300000

/* Random writes, size changes and reads against an array. */
SIM_TEST(model, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open file;
    uint8_t *model = calloc(1, SIZE), *data = malloc(65536);
    size_t size = 0;
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    for (unsigned i = 0; i < 30; i++) {
        size_t at = tb_sim_random_below(&f->random, SIZE - 65536);
        size_t length = 1 + tb_sim_random_below(&f->random, i % 4 ? 3000 : 65536);
        uint64_t is;
        switch (tb_sim_random_below(&f->random, 5)) {
        case 0:
        case 1:
            tb_sim_random_bytes(&f->random, data, length);
            memcpy(model + at, data, length);
            tb_sim_require_ok(tb_sim_write(&file, at, data, length));
            size = at + length > size ? at + length : size;
            break;
        case 2:
            if (at < size)
                memset(model + at, 0, size - at);
            size = at;
            tb_sim_require_ok(tb_sim_set_size(&file, at));
            break;
        case 3:
            tb_sim_require_ok(tb_sim_size(&file, &is));
            tb_sim_require_equal(is, size);
            break;
        default: {
            size_t want = at >= size ? 0 : size - at < length ? size - at : length;
            enum tb_error error = tb_sim_read(&file, at, data, &length);
            tb_sim_require_error(error, want ? TB_OK : TB_END_OF_FILE);
            tb_sim_require_equal(length, want);
            tb_sim_require(memcmp(model + at, data, want) == 0);
        }
        }
    }
    tb_sim_require_ok(tb_sim_flush(&file));
    tb_sim_require_ok(tb_sim_close(&file));
    free(model);
    free(data);
}

SIM_TEST(limits, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open file;
    uint8_t byte;
    size_t length = 1;
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    tb_sim_require_error(tb_sim_write(&file, UINT64_MAX, "x", 1), TB_INVALID_PARAMETER);
    tb_sim_require_error(tb_sim_write(&file, 0xFFFFFFF0000, "x", 1), TB_INVALID_PARAMETER);
    tb_sim_require_error(tb_sim_write(&file, INT64_MAX, "x", 1), TB_INVALID_PARAMETER);
    tb_sim_require_ok(tb_sim_write(&file, INT64_MAX, "", 0));
    tb_sim_require_error(tb_sim_write(&file, (uint64_t)INT64_MAX + 1, "", 0),
                         TB_INVALID_PARAMETER);
    tb_sim_require(tb_sim_write(&file, INT64_MAX, "x", 1) != TB_OK);
    tb_sim_require_error(tb_sim_read(&file, UINT64_MAX, &byte, &length), TB_INVALID_PARAMETER);
    length = 0;
    tb_sim_require_ok(tb_sim_write(&file, 100, "", 0));
    tb_sim_require_ok(tb_sim_write(&file, 0, "abc", 3));
    length = 0;
    tb_sim_require_ok(tb_sim_read(&file, 0, &byte, &length));
    tb_sim_require_ok(tb_sim_close(&file));
}

SIM_TEST(closed_handles, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f), *other = tb_sim_tree(f);
    struct tb_sim_open file, stolen;
    uint8_t byte;
    size_t length = 1;
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    stolen = file;
    stolen.tree = other;
    tb_sim_require_error(tb_sim_read(&stolen, 0, &byte, &length), TB_FILE_CLOSED);
    tb_sim_require_error(tb_sim_close(&stolen), TB_FILE_CLOSED);
    stolen = file;
    stolen.id.persistent ^= 1;
    tb_sim_require_error(tb_sim_close(&stolen), TB_FILE_CLOSED);
    tb_sim_require_ok(tb_sim_close(&file));
    tb_sim_require_error(tb_sim_close(&file), TB_FILE_CLOSED);
    tb_sim_require_error(tb_sim_write(&file, 0, "x", 1), TB_FILE_CLOSED);
    tb_sim_require_error(tb_sim_flush(&file), TB_FILE_CLOSED);
}

SIM_TEST(directories, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open directory;
    uint8_t byte;
    size_t length = 1;
    tb_sim_require_ok(tb_sim_open(tree, "dir/", TB_FILE_CREATE, &directory));
    enum tb_error error = tb_sim_read(&directory, 0, &byte, &length);
    tb_sim_require(error == TB_INVALID_DEVICE_REQUEST || error == TB_FILE_IS_A_DIRECTORY);
    error = tb_sim_write(&directory, 0, "x", 1);
    tb_sim_require(error == TB_INVALID_DEVICE_REQUEST || error == TB_FILE_IS_A_DIRECTORY);
}

/* CLOSE right behind WRITEs that are still under way: all are answered, what was written stays. */
SIM_TEST(close_under_load, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_client *client = tree->session->client;
    struct tb_sim_open file;
    struct tb_sim_request *r[10];
    for (unsigned i = 0; i < 2; i++)
        tb_sim_require_ok(tb_sim_echo(client, tree->session));
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    for (unsigned i = 0; i < 9; i++)
        r[i] = tb_sim_write_request(tree, file.id, i, "x", 1);
    r[9] = tb_sim_close_request(tree, file.id, 0);
    for (unsigned i = 0; i < 10; i++)
        tb_sim_send(&r[i], 1);
    for (unsigned i = 0; i < 10; i++) {
        enum tb_error error = tb_sim_wait(r[i]);
        tb_sim_require(error == TB_OK || (i < 9 && error == TB_FILE_CLOSED));
        tb_sim_request_free(r[i]);
    }
    tb_sim_require_error(tb_sim_close(&file), TB_FILE_CLOSED);
}

static void configure_small(struct tb_sim_fixture *f)
{
    f->memory_size = 1 << 20;
}

SIM_TEST_CONFIGURED(full, SEEDS / 4, configure_small)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open file;
    static uint8_t data[65536];
    enum tb_error error = TB_OK;
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    for (unsigned i = 0; i < 32 && error == TB_OK; i++)
        error = tb_sim_write(&file, i * sizeof(data), data, sizeof(data));
    tb_sim_require_error(error, TB_DISK_FULL);
    tb_sim_require_ok(tb_sim_set_size(&file, 0));
    tb_sim_require_ok(tb_sim_write(&file, 0, data, sizeof(data)));
}

/* The exporter fails now and then: the client hears of it, and nothing else breaks. */
SIM_TEST(failing_exporter, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_slow_settings settings = f->slow_settings;
    settings.fail_one_in = 3;
    tb_sim_fixture_set_slow(f, &settings);
    for (unsigned i = 0; i < 10; i++) {
        struct tb_sim_open file;
        uint8_t data[10];
        size_t length = sizeof(data);
        enum tb_error error = tb_sim_open(tree, "file", TB_FILE_OPEN_IF, &file);
        tb_sim_require(error == TB_OK || error == TB_IO_DEVICE_ERROR);
        if (error != TB_OK)
            continue;
        error = tb_sim_write(&file, 0, "0123456789", 10);
        tb_sim_require(error == TB_OK || error == TB_IO_DEVICE_ERROR);
        error = tb_sim_read(&file, 0, data, &length);
        tb_sim_require(error == TB_OK || error == TB_IO_DEVICE_ERROR || error == TB_END_OF_FILE);
        tb_sim_require_ok(tb_sim_close(&file));
    }
}

SIM_MAIN("read and write", test_model, test_limits, test_closed_handles, test_directories,
         test_close_under_load, test_full, test_failing_exporter)
