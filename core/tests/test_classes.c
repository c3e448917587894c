/* Information classes: what they hold, what they need, what they refuse. Lengths of all of them
 * are checked against docs/classes.md by conformance/interop/classes.py. */
#include "sim/check.h"
#include <string.h>

#include "core/wire/fscc_filesystem.h"
#include "core/wire/fsctl.h"

#define SEEDS 100

static enum tb_error query(struct tb_sim_open *open, uint8_t number, uint32_t length, uint8_t *out,
                           size_t *out_length)
{
    struct tb_sim_request *r =
        tb_sim_query_request(open->tree, open->id, TB_SMB2_0_INFO_FILE, number, length);
    enum tb_error error = tb_sim_call(r);
    struct tb_span output = tb_sim_output(r);
    tb_sim_require(output.length <= length);
    if (output.length)
        memcpy(out, output.data, output.length);
    *out_length = output.length;
    tb_sim_request_free(r);
    return error;
}

static enum tb_error set_u64(struct tb_sim_open *open, uint8_t number, uint64_t value)
{
    uint8_t bytes[8];
    tb_store_u64(bytes, value);
    return tb_sim_set(open, number, tb_span(bytes, sizeof(bytes)));
}

static void open_with(struct tb_sim_tree *tree, const char *name, uint32_t access,
                      struct tb_sim_open *open)
{
    struct tb_sim_create create = {.name = name, .disposition = TB_FILE_OPEN_IF, .access = access};
    tb_sim_require_ok(tb_sim_create(tree, &create, open));
}

SIM_TEST(rights, SEEDS)
{
    static const uint8_t reading[] = {4, 18, 34, 35};
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open none, all;
    uint8_t out[1024];
    size_t length;
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &all));
    tb_sim_require_ok(tb_sim_write(&all, 0, "12345", 5));
    open_with(tree, "file", TB_READ_CONTROL, &none);
    for (size_t i = 0; i < sizeof(reading); i++)
        tb_sim_require_error(query(&none, reading[i], 1000, out, &length), TB_ACCESS_DENIED);
    tb_sim_require_ok(query(&none, TB_FILE_ACCESS_INFORMATION, 4, out, &length));
    tb_sim_require_equal(tb_load_u32(out), TB_READ_CONTROL);
    tb_sim_require_ok(query(&none, TB_FILE_COMPRESSION_INFORMATION, 16, out, &length));
    tb_sim_require(tb_load_u64(out) == 5 && tb_load_u64(out + 8) == 0);
    tb_sim_require_error(set_u64(&none, TB_FILE_END_OF_FILE_INFORMATION, 0), TB_ACCESS_DENIED);
    tb_sim_require_error(set_u64(&none, TB_FILE_ALLOCATION_INFORMATION, 0), TB_ACCESS_DENIED);
    tb_sim_require_error(tb_sim_delete_on_close(&none, true), TB_ACCESS_DENIED);
    tb_sim_require_error(tb_sim_rename(&none, "new", false), TB_ACCESS_DENIED);
    tb_sim_require_error(tb_sim_set_name(&none, TB_FILE_RENAME_INFORMATION_EX, "new", 0),
                         TB_ACCESS_DENIED);
    tb_sim_require_ok(tb_sim_set_name(&none, TB_FILE_LINK_INFORMATION, "new", 0));
}

/* A name is cut where the buffer ends, and its length says how long it is. */
SIM_TEST(names_are_cut, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open dir, file;
    uint8_t out[1024];
    size_t length;
    tb_sim_require_ok(tb_sim_open(tree, "dir/", TB_FILE_CREATE, &dir));
    tb_sim_require_ok(tb_sim_open(tree, "dir/file", TB_FILE_CREATE, &file));
    tb_sim_require_ok(query(&file, TB_FILE_NAME_INFORMATION, 1000, out, &length));
    tb_sim_require_equal(length, 4 + 18);
    tb_sim_require(tb_load_u32(out) == 18 && memcmp(out + 4, "\\\0d\0i\0r\0\\\0f\0", 12) == 0);
    tb_sim_require_error(query(&file, TB_FILE_NAME_INFORMATION, 21, out, &length),
                         TB_BUFFER_OVERFLOW);
    tb_sim_require(length == 20 && tb_load_u32(out) == 18);
    enum tb_error error = query(&file, TB_FILE_NORMALIZED_NAME_INFORMATION, 1000, out, &length);
    if (tree->session->client->dialect == TB_SMB2_DIALECT_311) {
        tb_sim_require_ok(error);
        tb_sim_require(tb_load_u32(out) == 16 && memcmp(out + 4, "d\0i\0r\0\\\0", 8) == 0);
    } else {
        tb_sim_require_error(error, TB_NOT_SUPPORTED);
    }
    tb_sim_require_ok(query(&file, TB_FILE_ALTERNATE_NAME_INFORMATION, 1000, out, &length));
    tb_sim_require_equal(tb_load_u32(out), 0);
    tb_sim_require_ok(query(&file, TB_FILE_STREAM_INFORMATION, 1000, out, &length));
    tb_sim_require(length == 38 && tb_load_u32(out + 4) == 14);
    tb_sim_require_ok(query(&dir, TB_FILE_STREAM_INFORMATION, 1000, out, &length));
    tb_sim_require_equal(length, 0);
}

SIM_TEST(position_and_mode, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open file;
    uint8_t mode[4], out[8];
    size_t length;
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    tb_sim_require_ok(set_u64(&file, TB_FILE_POSITION_INFORMATION, 12345));
    tb_sim_require_ok(query(&file, TB_FILE_POSITION_INFORMATION, 8, out, &length));
    tb_sim_require_equal(tb_load_u64(out), 12345);
    tb_sim_require_error(set_u64(&file, TB_FILE_POSITION_INFORMATION, UINT64_C(1) << 63),
                         TB_INVALID_PARAMETER);
    tb_store_u32(mode, TB_FILE_WRITE_THROUGH | TB_FILE_SEQUENTIAL_ONLY);
    tb_sim_require_ok(tb_sim_set(&file, TB_FILE_MODE_INFORMATION, tb_span(mode, 4)));
    tb_sim_require_ok(query(&file, TB_FILE_MODE_INFORMATION, 4, out, &length));
    tb_sim_require_equal(tb_load_u32(out), TB_FILE_WRITE_THROUGH | TB_FILE_SEQUENTIAL_ONLY);
    tb_store_u32(mode, TB_FILE_DELETE_ON_CLOSE);
    tb_sim_require_error(tb_sim_set(&file, TB_FILE_MODE_INFORMATION, tb_span(mode, 4)),
                         TB_INVALID_PARAMETER);
}

SIM_TEST(sizes, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open file, dir;
    struct tb_file_standard is;
    uint8_t out[24];
    size_t length;
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    tb_sim_require_ok(tb_sim_write(&file, 0, "0123456789", 10));
    tb_sim_require_ok(set_u64(&file, TB_FILE_ALLOCATION_INFORMATION, 1 << 20));
    tb_sim_require_ok(query(&file, TB_FILE_STANDARD_INFORMATION, 24, out, &length));
    tb_sim_require_ok(tb_file_standard_decode(tb_span(out, length), &is));
    tb_sim_require(is.size == 10 && is.allocation_size == 1 << 20);
    tb_sim_require_ok(set_u64(&file, TB_FILE_ALLOCATION_INFORMATION, 4));
    tb_sim_require_ok(tb_sim_size(&file, &is.size));
    tb_sim_require_equal(is.size, 4);
    tb_sim_require_ok(set_u64(&file, TB_FILE_END_OF_FILE_INFORMATION, 100));
    tb_sim_require_ok(tb_sim_size(&file, &is.size));
    tb_sim_require_equal(is.size, 100);
    for (uint8_t number = 19; number <= 20; number++)
        tb_sim_require_error(set_u64(&file, number, UINT64_C(1) << 63), TB_INVALID_PARAMETER);
    tb_sim_require_ok(tb_sim_open(tree, "dir/", TB_FILE_CREATE, &dir));
    tb_sim_require_error(set_u64(&dir, TB_FILE_END_OF_FILE_INFORMATION, 0), TB_INVALID_PARAMETER);
    tb_sim_require_error(set_u64(&dir, TB_FILE_ALLOCATION_INFORMATION, 0), TB_INVALID_PARAMETER);
}

SIM_TEST(refusals, SEEDS)
{
    static const uint8_t local[] = {25, 26, 27, 29, 31, 32, 33, 36, 44, 45,
                                    46, 50, 54, 55, 63, 68, 70, 71, 23, 24};
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open file;
    uint8_t out[1024], in[64] = {0};
    size_t length;
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    for (size_t i = 0; i < sizeof(local); i++) {
        tb_sim_require_error(query(&file, local[i], 1000, out, &length), TB_INVALID_INFO_CLASS);
        if (local[i] != TB_FILE_PIPE_INFORMATION)
            tb_sim_require_error(tb_sim_set(&file, local[i], tb_span(in, sizeof(in))),
                                 TB_INVALID_INFO_CLASS);
    }
    tb_sim_require_error(query(&file, TB_FILE_FULL_EA_INFORMATION, 1000, out, &length),
                         TB_EAS_NOT_SUPPORTED);
    tb_sim_require_error(tb_sim_set(&file, TB_FILE_FULL_EA_INFORMATION, tb_span(in, sizeof(in))),
                         TB_EAS_NOT_SUPPORTED);
    tb_sim_require_error(set_u64(&file, TB_FILE_VALID_DATA_LENGTH_INFORMATION, 0),
                         TB_PRIVILEGE_NOT_HELD);
    tb_sim_require_error(set_u64(&file, TB_FILE_SHORT_NAME_INFORMATION, 0), TB_PRIVILEGE_NOT_HELD);
    for (uint8_t number = 0; number < 20; number++) {
        bool settable =
            number == TB_FS_CONTROL_INFORMATION || number == TB_FS_OBJECT_ID_INFORMATION;
        tb_sim_require_error(tb_sim_do(tb_sim_set_request(tree, file.id, TB_SMB2_0_INFO_FILESYSTEM,
                                                          number, tb_span(in, sizeof(in)))),
                             settable ? TB_NOT_SUPPORTED : TB_INVALID_INFO_CLASS);
    }
    tb_sim_require_error(
        tb_sim_do(tb_sim_query_request(tree, file.id, TB_SMB2_0_INFO_QUOTA, 0, 1000)),
        TB_NOT_SUPPORTED);
}

SIM_TEST(pipes, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree_of(tb_sim_session(tb_sim_connect_dialect(f, 0)), "IPC$");
    struct tb_sim_create create = {.name = "srvsvc",
                                   .disposition = TB_FILE_OPEN,
                                   .access = TB_FILE_READ_DATA | TB_FILE_WRITE_DATA |
                                             TB_FILE_READ_ATTRIBUTES};
    struct tb_sim_open pipe;
    uint8_t out[64],
        wait[64] = {
            [8] = 12, [14] = 's', [16] = 'r', [18] = 'v', [20] = 's', [22] = 'v', [24] = 'c'};
    size_t length;
    tb_sim_require_ok(tb_sim_create(tree, &create, &pipe));
    tb_sim_require_ok(query(&pipe, TB_FILE_PIPE_INFORMATION, 64, out, &length));
    tb_sim_require_equal(length, 8);
    tb_sim_require_ok(query(&pipe, TB_FILE_PIPE_LOCAL_INFORMATION, 64, out, &length));
    tb_sim_require_equal(length, 40);
    tb_sim_require_ok(
        tb_sim_do(tb_sim_ioctl_request(tree, pipe.id, TB_FSCTL_PIPE_PEEK, tb_span(NULL, 0), 64)));
    tb_sim_require_ok(
        tb_sim_do(tb_sim_ioctl_request(tree, pipe.id, TB_FSCTL_PIPE_WAIT, tb_span(wait, 26), 0)));
    wait[24] = 'd';
    tb_sim_require_error(
        tb_sim_do(tb_sim_ioctl_request(tree, pipe.id, TB_FSCTL_PIPE_WAIT, tb_span(wait, 26), 0)),
        TB_OBJECT_NAME_NOT_FOUND);
    tb_sim_require_error(
        tb_sim_do(tb_sim_ioctl_request(tree, pipe.id, TB_FSCTL_SET_SPARSE, tb_span(NULL, 0), 64)),
        TB_INVALID_DEVICE_REQUEST);
}

SIM_MAIN("information classes", test_rights, test_names_are_cut, test_position_and_mode, test_sizes,
         test_refusals, test_pipes)
