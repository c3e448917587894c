/* IOCTL on files: what each control code answers. */
#include "sim/check.h"
#include <string.h>

#include "core/wire/fsctl.h"

#define SEEDS 100
#define MB    (UINT64_C(1) << 20)

static enum tb_error control(struct tb_sim_open *open, uint32_t code, struct tb_span input,
                             uint32_t room, uint8_t *out, size_t *length)
{
    struct tb_sim_request *r = tb_sim_ioctl_request(open->tree, open->id, code, input, room);
    enum tb_error error = tb_sim_call(r);
    struct tb_span output = {0};
    if (!error || error == TB_BUFFER_OVERFLOW)
        output = tb_sim_output(r);
    tb_sim_require(output.length <= room);
    if (output.length)
        memcpy(out, output.data, output.length);
    if (length)
        *length = output.length;
    tb_sim_request_free(r);
    return error;
}

static enum tb_error set_sparse(struct tb_sim_open *open, uint8_t wanted)
{
    return control(open, TB_FSCTL_SET_SPARSE, tb_span(&wanted, 1), 0, NULL, NULL);
}

static enum tb_error zero(struct tb_sim_open *open, uint64_t from, uint64_t to)
{
    uint8_t bytes[16];
    tb_store_u64(bytes, from);
    tb_store_u64(bytes + 8, to);
    return control(open, TB_FSCTL_SET_ZERO_DATA, tb_span(bytes, sizeof(bytes)), 0, NULL, NULL);
}

static enum tb_error ranges(struct tb_sim_open *open, uint64_t offset, uint64_t asked,
                            uint32_t room, uint8_t *out, size_t *length)
{
    uint8_t bytes[16];
    tb_store_u64(bytes, offset);
    tb_store_u64(bytes + 8, asked);
    return control(open, TB_FSCTL_QUERY_ALLOCATED_RANGES, tb_span(bytes, sizeof(bytes)), room, out,
                   length);
}

static uint32_t attributes_of(struct tb_sim_open *open)
{
    struct tb_sim_request *r = tb_sim_query_request(open->tree, open->id, TB_SMB2_0_INFO_FILE,
                                                    TB_FILE_ATTRIBUTE_TAG_INFORMATION, 8);
    tb_sim_require_ok(tb_sim_call(r));
    uint32_t attributes = tb_load_u32(tb_sim_output(r).data);
    tb_sim_request_free(r);
    return attributes;
}

static void open_with(struct tb_sim_tree *tree, const char *name, uint32_t access,
                      struct tb_sim_open *open)
{
    struct tb_sim_create create = {.name = name, .disposition = TB_FILE_OPEN_IF, .access = access};
    tb_sim_require_ok(tb_sim_create(tree, &create, open));
}

/* Codes that have a status for an answer, whatever is asked. */
SIM_TEST(refused_codes, SEEDS)
{
    static const struct {
        uint32_t code;
        enum tb_error error;
    } cases[] = {
        {TB_FSCTL_DFS_GET_REFERRALS, TB_FS_DRIVER_REQUIRED},
        {TB_FSCTL_DFS_GET_REFERRALS_EX, TB_FS_DRIVER_REQUIRED},
        {TB_FSCTL_QUERY_NETWORK_INTERFACE_INFO, TB_NOT_SUPPORTED},
        {TB_FSCTL_LMR_REQUEST_RESILIENCY, TB_NOT_SUPPORTED},
        {TB_FSCTL_SRV_ENUMERATE_SNAPSHOTS, TB_NOT_SUPPORTED},
        {TB_FSCTL_DUPLICATE_EXTENTS_TO_FILE, TB_NOT_SUPPORTED},
        {TB_FSCTL_DUPLICATE_EXTENTS_TO_FILE_EX, TB_NOT_SUPPORTED},
        {TB_FSCTL_FILE_LEVEL_TRIM, TB_NOT_SUPPORTED},
        {TB_FSCTL_OFFLOAD_READ, TB_NOT_SUPPORTED},
        {TB_FSCTL_OFFLOAD_WRITE, TB_NOT_SUPPORTED},
        {TB_FSCTL_SRV_READ_HASH, TB_HASH_NOT_SUPPORTED},
        {TB_FSCTL_GET_REPARSE_POINT, TB_NOT_A_REPARSE_POINT},
        {TB_FSCTL_DELETE_REPARSE_POINT, TB_NOT_A_REPARSE_POINT},
        {TB_FSCTL_SET_REPARSE_POINT, TB_INVALID_DEVICE_REQUEST},
        {TB_FSCTL_QUERY_FAT_BPB, TB_INVALID_DEVICE_REQUEST},
        {TB_FSCTL_FILESYSTEM_GET_STATISTICS, TB_INVALID_DEVICE_REQUEST},
        {TB_FSCTL_GET_NTFS_VOLUME_DATA, TB_INVALID_DEVICE_REQUEST},
        {TB_FSCTL_GET_RETRIEVAL_POINTERS, TB_INVALID_DEVICE_REQUEST},
        {TB_FSCTL_FIND_FILES_BY_SID, TB_INVALID_DEVICE_REQUEST},
        {TB_FSCTL_SET_OBJECT_ID, TB_INVALID_DEVICE_REQUEST},
        {TB_FSCTL_DELETE_OBJECT_ID, TB_INVALID_DEVICE_REQUEST},
        {TB_FSCTL_SET_OBJECT_ID_EXTENDED, TB_INVALID_DEVICE_REQUEST},
        {TB_FSCTL_SET_ENCRYPTION, TB_INVALID_DEVICE_REQUEST},
        {TB_FSCTL_READ_FILE_USN_DATA, TB_INVALID_DEVICE_REQUEST},
        {TB_FSCTL_WRITE_USN_CLOSE_RECORD, TB_INVALID_DEVICE_REQUEST},
        {TB_FSCTL_MARK_HANDLE, TB_INVALID_DEVICE_REQUEST},
        {TB_FSCTL_SIS_COPYFILE, TB_INVALID_DEVICE_REQUEST},
        {TB_FSCTL_RECALL_FILE, TB_INVALID_DEVICE_REQUEST},
        {TB_FSCTL_QUERY_SPARING_INFO, TB_INVALID_DEVICE_REQUEST},
        {TB_FSCTL_QUERY_ON_DISK_VOLUME_INFO, TB_INVALID_DEVICE_REQUEST},
        {TB_FSCTL_SET_ZERO_ON_DEALLOCATION, TB_INVALID_DEVICE_REQUEST},
        {TB_FSCTL_GET_INTEGRITY_INFORMATION, TB_INVALID_DEVICE_REQUEST},
        {TB_FSCTL_GET_REFS_VOLUME_DATA, TB_INVALID_DEVICE_REQUEST},
        {TB_FSCTL_SET_INTEGRITY_INFORMATION, TB_INVALID_DEVICE_REQUEST},
        {TB_FSCTL_SET_INTEGRITY_INFORMATION_EX, TB_INVALID_DEVICE_REQUEST},
        {TB_FSCTL_GET_RETRIEVAL_POINTERS_AND_REFCOUNT, TB_INVALID_DEVICE_REQUEST},
        {TB_FSCTL_GET_RETRIEVAL_POINTER_COUNT, TB_INVALID_DEVICE_REQUEST},
        {TB_FSCTL_REFS_STREAM_SNAPSHOT_MANAGEMENT, TB_INVALID_DEVICE_REQUEST},
        {TB_FSCTL_SET_DEFECT_MANAGEMENT, TB_INVALID_DEVICE_REQUEST},
        {TB_FSCTL_LMR_SET_LINK_TRACKING_INFORMATION, TB_INVALID_DEVICE_REQUEST},
        {TB_FSCTL_PIPE_PEEK, TB_INVALID_DEVICE_REQUEST},
        {TB_FSCTL_PIPE_TRANSCEIVE, TB_INVALID_DEVICE_REQUEST},
        {TB_FSCTL_PIPE_WAIT, TB_INVALID_DEVICE_REQUEST},
        {0x0009FFFC, TB_INVALID_DEVICE_REQUEST},
        {0x12345678, TB_INVALID_DEVICE_REQUEST},
    };
    struct tb_sim_tree *tree = tb_sim_tree(f);
    uint8_t input[64] = {4}, out[1000];
    struct tb_sim_open file;
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        tb_sim_require_error(
            control(&file, cases[i].code, tb_span(input, sizeof(input)), sizeof(out), out, NULL),
            cases[i].error);
    tb_sim_require_ok(control(&file, TB_FSCTL_IS_PATHNAME_VALID, tb_span(input, 6), 0, out, NULL));
}

/* Too little input, or room for the output. */
SIM_TEST(short_buffers, SEEDS)
{
    static const struct {
        uint32_t code, input, room;
    } cases[] = {
        {TB_FSCTL_SRV_REQUEST_RESUME_KEY, 0, 31}, {TB_FSCTL_SRV_COPYCHUNK, 31, 100},
        {TB_FSCTL_SRV_COPYCHUNK, 32, 11},         {TB_FSCTL_SRV_COPYCHUNK_WRITE, 31, 100},
        {TB_FSCTL_GET_COMPRESSION, 0, 1},         {TB_FSCTL_SET_COMPRESSION, 1, 0},
        {TB_FSCTL_SET_ZERO_DATA, 15, 0},          {TB_FSCTL_QUERY_ALLOCATED_RANGES, 15, 100},
        {TB_FSCTL_QUERY_FILE_REGIONS, 0, 15},     {TB_FSCTL_QUERY_FILE_REGIONS, 23, 100},
        {TB_FSCTL_GET_OBJECT_ID, 0, 63},          {TB_FSCTL_CREATE_OR_GET_OBJECT_ID, 0, 63},
    };
    struct tb_sim_tree *tree = tb_sim_tree(f);
    uint8_t input[64] = {0}, out[100];
    struct tb_sim_open file;
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        tb_sim_require_error(
            control(&file, cases[i].code, tb_span(input, cases[i].input), cases[i].room, out, NULL),
            TB_INVALID_PARAMETER);
}

SIM_TEST(sparse_files, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open file;
    uint8_t out[64];
    size_t length;
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    tb_sim_require(!(attributes_of(&file) & TB_FILE_ATTRIBUTE_SPARSE_FILE));
    tb_sim_require_ok(tb_sim_set_size(&file, 4 * MB));
    tb_sim_require_ok(ranges(&file, 0, 10 * MB, 64, out, &length));
    tb_sim_require_equal(length, 16);
    tb_sim_require_equal(tb_load_u64(out + 8), 4 * MB);
    tb_sim_require_ok(control(&file, TB_FSCTL_SET_SPARSE, tb_span(NULL, 0), 0, out, NULL));
    tb_sim_require(attributes_of(&file) & TB_FILE_ATTRIBUTE_SPARSE_FILE);
    tb_sim_require_ok(ranges(&file, 0, 10 * MB, 64, out, &length));
    tb_sim_require_equal(length, 0);
    tb_sim_require_ok(tb_sim_write(&file, MB, "x", 1));
    tb_sim_require_ok(tb_sim_write(&file, 3 * MB, "x", 1));
    tb_sim_require_ok(ranges(&file, 0, 10 * MB, 64, out, &length));
    tb_sim_require_equal(length, 32);
    tb_sim_require_equal(tb_load_u64(out), MB);
    tb_sim_require_equal(tb_load_u64(out + 16), 3 * MB);
    tb_sim_require_error(ranges(&file, 0, 10 * MB, 31, out, &length), TB_BUFFER_OVERFLOW);
    tb_sim_require_equal(length, 16);
    tb_sim_require_error(ranges(&file, 0, 10 * MB, 15, out, &length), TB_BUFFER_TOO_SMALL);
    tb_sim_require_ok(ranges(&file, 0, 0, 0, out, &length));
    tb_sim_require_error(ranges(&file, UINT64_C(1) << 63, 1, 64, out, &length),
                         TB_INVALID_PARAMETER);
    tb_sim_require_error(ranges(&file, 1, INT64_MAX, 64, out, &length), TB_INVALID_PARAMETER);
    tb_sim_require_ok(set_sparse(&file, 0));
    tb_sim_require(!(attributes_of(&file) & TB_FILE_ATTRIBUTE_SPARSE_FILE));
}

SIM_TEST(zeroing, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open file;
    char bytes[16];
    size_t length = sizeof(bytes);
    uint64_t size;
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    tb_sim_require_ok(tb_sim_write(&file, 0, "0123456789", 10));
    tb_sim_require_ok(zero(&file, 2, 5));
    tb_sim_require_ok(zero(&file, 8, 1000));
    tb_sim_require_ok(zero(&file, 3, 3));
    tb_sim_require_ok(tb_sim_read(&file, 0, bytes, &length));
    tb_sim_require(length == 10 && memcmp(bytes, "01\0\0\000567\0\0", 10) == 0);
    tb_sim_require_ok(tb_sim_size(&file, &size));
    tb_sim_require_equal(size, 10);
    tb_sim_require_error(zero(&file, 5, 4), TB_INVALID_PARAMETER);
    tb_sim_require_error(zero(&file, UINT64_C(1) << 63, UINT64_MAX), TB_INVALID_PARAMETER);
    tb_sim_require_error(zero(&file, 0, UINT64_C(1) << 63), TB_INVALID_PARAMETER);
}

SIM_TEST(rights_and_locks, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open file, other, dir;
    uint8_t out[64];
    open_with(tree, "file", TB_FILE_READ_DATA, &file);
    tb_sim_require_error(set_sparse(&file, 1), TB_ACCESS_DENIED);
    tb_sim_require_error(zero(&file, 0, 1), TB_ACCESS_DENIED);
    tb_sim_require_ok(tb_sim_close(&file));
    open_with(tree, "file", TB_FILE_WRITE_ATTRIBUTES, &file);
    tb_sim_require_ok(set_sparse(&file, 1));
    tb_sim_require_error(zero(&file, 0, 1), TB_ACCESS_DENIED);
    tb_sim_require_error(ranges(&file, 0, 1, 64, out, NULL), TB_ACCESS_DENIED);
    tb_sim_require_ok(tb_sim_close(&file));
    open_with(tree, "file", TB_FILE_WRITE_DATA, &file);
    tb_sim_require_ok(set_sparse(&file, 0));
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_OPEN, &other));
    tb_sim_require_ok(tb_sim_lock(
        &other, 10, 10, TB_SMB2_LOCKFLAG_EXCLUSIVE_LOCK | TB_SMB2_LOCKFLAG_FAIL_IMMEDIATELY));
    tb_sim_require_error(zero(&file, 0, 11), TB_FILE_LOCK_CONFLICT);
    tb_sim_require_ok(zero(&file, 0, 10));
    tb_sim_require_ok(tb_sim_open(tree, "dir/", TB_FILE_CREATE, &dir));
    tb_sim_require_error(set_sparse(&dir, 1), TB_INVALID_PARAMETER);
    tb_sim_require_error(zero(&dir, 0, 1), TB_INVALID_PARAMETER);
    tb_sim_require_error(ranges(&dir, 0, 1, 64, out, NULL), TB_INVALID_PARAMETER);
}

SIM_TEST(compression, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open file;
    uint8_t format[2] = {0, 0}, out[2] = {9, 9};
    size_t length;
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    tb_sim_require_ok(control(&file, TB_FSCTL_GET_COMPRESSION, tb_span(NULL, 0), 2, out, &length));
    tb_sim_require(length == 2 && tb_load_u16(out) == 0);
    tb_sim_require_ok(control(&file, TB_FSCTL_SET_COMPRESSION, tb_span(format, 2), 0, out, NULL));
    format[0] = 2;
    tb_sim_require_error(control(&file, TB_FSCTL_SET_COMPRESSION, tb_span(format, 2), 0, out, NULL),
                         TB_NOT_SUPPORTED);
    format[0] = 3;
    tb_sim_require_error(control(&file, TB_FSCTL_SET_COMPRESSION, tb_span(format, 2), 0, out, NULL),
                         TB_INVALID_PARAMETER);
}

SIM_TEST(object_ids, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open file, other;
    uint8_t one[64], two[64], again[64];
    size_t length;
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    tb_sim_require_ok(tb_sim_open(tree, "other", TB_FILE_CREATE, &other));
    tb_sim_require_ok(
        control(&file, TB_FSCTL_CREATE_OR_GET_OBJECT_ID, tb_span(NULL, 0), 64, one, &length));
    tb_sim_require_equal(length, 64);
    tb_sim_require_ok(
        control(&other, TB_FSCTL_CREATE_OR_GET_OBJECT_ID, tb_span(NULL, 0), 64, two, NULL));
    tb_sim_require_ok(control(&file, TB_FSCTL_GET_OBJECT_ID, tb_span(NULL, 0), 64, again, NULL));
    tb_sim_require(memcmp(one, two, 16) != 0 && memcmp(one, again, 64) == 0);
}

SIM_TEST(file_regions, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open file;
    uint8_t bytes[24] = {0}, out[64];
    size_t length;
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    tb_sim_require_ok(tb_sim_write(&file, 0, "0123456789", 10));
    tb_sim_require_ok(
        control(&file, TB_FSCTL_QUERY_FILE_REGIONS, tb_span(NULL, 0), 64, out, &length));
    tb_sim_require_equal(length, 40);
    tb_sim_require(tb_load_u32(out + 4) == 1 && tb_load_u32(out + 8) == 1);
    tb_sim_require(tb_load_u64(out + 16) == 0 && tb_load_u64(out + 24) == 10);
    struct tb_writer w = tb_writer(bytes, sizeof(bytes));
    tb_file_region_request_encode(
        &w, &(struct tb_file_region){4, 100, TB_FILE_REGION_VALID_CACHED_DATA});
    tb_sim_require_ok(
        control(&file, TB_FSCTL_QUERY_FILE_REGIONS, tb_span(bytes, 24), 64, out, &length));
    tb_sim_require(tb_load_u64(out + 16) == 4 && tb_load_u64(out + 24) == 6);
    tb_sim_require_error(
        control(&file, TB_FSCTL_QUERY_FILE_REGIONS, tb_span(bytes, 24), 39, out, &length),
        TB_BUFFER_OVERFLOW);
    tb_sim_require_equal(length, 16);
    tb_store_u64(bytes, 10);
    tb_sim_require_ok(
        control(&file, TB_FSCTL_QUERY_FILE_REGIONS, tb_span(bytes, 24), 64, out, &length));
    tb_sim_require(length == 16 && tb_load_u32(out + 4) == 0);
}

SIM_MAIN("fsctl", test_refused_codes, test_short_buffers, test_sparse_files, test_zeroing,
         test_rights_and_locks, test_compression, test_object_ids, test_file_regions)
