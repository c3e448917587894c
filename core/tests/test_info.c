#include "sim/check.h"
#include <string.h>

#include "core/wire/error.h"
#include "core/wire/fscc_filesystem.h"

#define SEEDS 200

static enum tb_error query(struct tb_sim_open *open, uint8_t type, uint8_t number, uint32_t length,
                           uint8_t *out, size_t *out_length)
{
    struct tb_sim_request *r = tb_sim_query_request(open->tree, open->id, type, number, length);
    enum tb_error error = tb_sim_call(r);
    struct tb_span output = tb_sim_output(r);
    tb_sim_require(output.length <= length);
    if (out && output.length)
        memcpy(out, output.data, output.length);
    if (out_length)
        *out_length = output.length;
    tb_sim_request_free(r);
    return error;
}

SIM_TEST(file_classes, SEEDS)
{
    static const uint8_t fixed[][2] = {{4, 40}, {5, 24}, {6, 8},   {7, 4},   {8, 4},
                                       {14, 8}, {16, 4}, {17, 4},  {34, 56}, {35, 8}, {59, 24}};
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open file;
    uint8_t out[1024];
    size_t length;
    tb_sim_require_ok(tb_sim_open(tree, "a file", TB_FILE_CREATE, &file));
    tb_sim_require_ok(tb_sim_write(&file, 0, "12345", 5));
    for (unsigned i = 0; i < sizeof(fixed) / 2; i++) {
        tb_sim_require_ok(query(&file, TB_SMB2_0_INFO_FILE, fixed[i][0], 1000, out, &length));
        tb_sim_require_equal(length, fixed[i][1]);
        tb_sim_require_error(
            query(&file, TB_SMB2_0_INFO_FILE, fixed[i][0], fixed[i][1] - 1u, NULL, NULL),
            TB_INFO_LENGTH_MISMATCH);
    }
    struct tb_file_all all;
    tb_sim_require_ok(
        query(&file, TB_SMB2_0_INFO_FILE, TB_FILE_ALL_INFORMATION, 1000, out, &length));
    tb_sim_require_ok(tb_file_all_decode(tb_span(out, length), &all));
    tb_sim_require_equal(all.standard.size, 5);
    tb_sim_require(!all.standard.directory && !all.standard.delete_pending);
    tb_sim_require_error(query(&file, TB_SMB2_0_INFO_FILE, TB_FILE_ALL_INFORMATION, 106, out,
                               &length), TB_BUFFER_OVERFLOW);
    tb_sim_require_error(query(&file, TB_SMB2_0_INFO_FILE, 77, 1000, NULL, NULL),
                         TB_INVALID_INFO_CLASS);
}

SIM_TEST(filesystem_classes, SEEDS)
{
    static const uint8_t numbers[] = {1, 3, 4, 5, 7, 11};
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open root;
    uint8_t out[1024];
    size_t length;
    tb_sim_require_ok(tb_sim_open(tree, "", TB_FILE_OPEN, &root));
    for (unsigned i = 0; i < sizeof(numbers); i++) {
        tb_sim_require_ok(
            query(&root, TB_SMB2_0_INFO_FILESYSTEM, numbers[i], 1000, out, &length));
        tb_sim_require(length >= tb_filesystem_class_fixed_length(numbers[i]) || length > 0);
        tb_sim_require_error(query(&root, TB_SMB2_0_INFO_FILESYSTEM, numbers[i], 1, NULL, NULL),
                             TB_INFO_LENGTH_MISMATCH);
    }
    tb_sim_require_ok(query(&root, TB_SMB2_0_INFO_FILESYSTEM, TB_FS_ATTRIBUTE_INFORMATION, 1000,
                            out, &length));
    uint32_t never = TB_FS_NAMED_STREAMS | TB_FS_PERSISTENT_ACLS |
                     TB_FS_SUPPORTS_EXTENDED_ATTRIBUTES;
    tb_sim_require_equal(tb_load_u32(out) & never, 0);
    tb_sim_require_error(query(&root, TB_SMB2_0_INFO_FILESYSTEM, 99, 1000, NULL, NULL),
                         TB_INVALID_INFO_CLASS);
}

/* A security descriptor that does not fit: how much would (MS-SMB2 3.3.5.20.3). */
SIM_TEST(security, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open file;
    struct tb_error_response refusal;
    size_t length;
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    tb_sim_require_ok(query(&file, TB_SMB2_0_INFO_SECURITY, 0, 4096, NULL, &length));
    tb_sim_require(length > 20);
    struct tb_sim_request *r =
        tb_sim_query_request(tree, file.id, TB_SMB2_0_INFO_SECURITY, 0, (uint32_t)length - 1);
    tb_sim_require_error(tb_sim_call(r), TB_BUFFER_TOO_SMALL);
    tb_sim_require_ok(tb_error_response_decode(tb_sim_response(r), &refusal));
    struct tb_span needed = tb_error_response_data(&refusal);
    tb_sim_require(needed.length >= 4 && tb_load_u32(needed.data) == length);
    tb_sim_request_free(r);
}

SIM_TEST(times_and_attributes, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open file;
    uint8_t bytes[40], out[56];
    struct tb_writer w = tb_writer(bytes, sizeof(bytes));
    struct tb_file_network_open is;
    size_t length;
    struct tb_file_basic basic = {.creation_filetime = 1,
                                  .write_filetime = 131000000000000000u,
                                  .file_attributes = TB_FILE_ATTRIBUTE_HIDDEN};
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    tb_file_basic_encode(&basic, &w);
    tb_sim_require_ok(tb_sim_set(&file, TB_FILE_BASIC_INFORMATION, tb_span(bytes, w.at)));
    tb_sim_require_ok(query(&file, TB_SMB2_0_INFO_FILE, TB_FILE_NETWORK_OPEN_INFORMATION, 56, out,
                            &length));
    tb_sim_require_ok(tb_file_network_open_decode(tb_span(out, length), &is));
    tb_sim_require_equal(is.basic.creation_filetime, 1);
    tb_sim_require_equal(is.basic.write_filetime, 131000000000000000u);
    tb_sim_require(is.basic.file_attributes & TB_FILE_ATTRIBUTE_HIDDEN);
    tb_sim_require_error(tb_sim_set(&file, TB_FILE_BASIC_INFORMATION, tb_span(bytes, 39)),
                         TB_INFO_LENGTH_MISMATCH);
    tb_sim_require_error(tb_sim_set(&file, 99, tb_span(bytes, 40)), TB_INVALID_INFO_CLASS);
}

static enum tb_error exists(struct tb_sim_tree *tree, const char *name)
{
    struct tb_sim_open open;
    enum tb_error error = tb_sim_open(tree, name, TB_FILE_OPEN, &open);
    if (error == TB_OK)
        tb_sim_require_ok(tb_sim_close(&open));
    return error;
}

SIM_TEST(rename, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open file, other, dir;
    tb_sim_require_ok(tb_sim_open(tree, "dir/", TB_FILE_CREATE, &dir));
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    tb_sim_require_ok(tb_sim_open(tree, "other", TB_FILE_CREATE, &other));
    tb_sim_require_ok(tb_sim_write(&file, 0, "content", 7));
    tb_sim_require_error(tb_sim_rename(&file, "other", false), TB_OBJECT_NAME_COLLISION);
    enum tb_error error = tb_sim_rename(&file, "other", true);
    tb_sim_require(error == TB_ACCESS_DENIED || error == TB_SHARING_VIOLATION);
    tb_sim_require_ok(tb_sim_close(&other));
    tb_sim_require_ok(tb_sim_rename(&file, "other", true));
    tb_sim_require_error(exists(tree, "file"), TB_OBJECT_NAME_NOT_FOUND);
    tb_sim_require_ok(tb_sim_rename(&file, "OTHER", false));
    /* Somebody may be about to delete the directory. */
    tb_sim_require_error(tb_sim_rename(&file, "dir/moved", false), TB_SHARING_VIOLATION);
    tb_sim_require_ok(tb_sim_close(&dir));
    tb_sim_require_ok(tb_sim_rename(&file, "dir/moved", false));
    tb_sim_require_ok(exists(tree, "DIR/Moved"));
    tb_sim_require_ok(tb_sim_open(tree, "dir/", TB_FILE_OPEN, &dir));
    tb_sim_require_error(exists(tree, "other"), TB_OBJECT_NAME_NOT_FOUND);
    tb_sim_require_error(tb_sim_rename(&file, "none/moved", false), TB_OBJECT_PATH_NOT_FOUND);
    tb_sim_require(tb_sim_rename(&file, "a*b", false) != TB_OK);
    tb_sim_require(tb_sim_rename(&file, "../x", false) != TB_OK);
    tb_sim_require_error(tb_sim_rename(&dir, "renamed", false), TB_ACCESS_DENIED);
    uint64_t size;
    tb_sim_require_ok(tb_sim_size(&file, &size));
    tb_sim_require_equal(size, 7);
    tb_sim_require_ok(tb_sim_close(&file));
    tb_sim_require_ok(tb_sim_rename(&dir, "renamed", false));
    tb_sim_require_ok(exists(tree, "renamed/moved"));
}

/* A handle without DELETE cannot rename; one that others do not share cannot be renamed over. */
SIM_TEST(rename_rights, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open file;
    tb_sim_require_ok(tb_sim_create(tree,
                                    &(struct tb_sim_create){.name = "file",
                                                            .disposition = TB_FILE_CREATE,
                                                            .access = TB_FILE_GENERIC_WRITE},
                                    &file));
    tb_sim_require_error(tb_sim_rename(&file, "new", false), TB_ACCESS_DENIED);
}

/* Two files, one new name: one of them gets it. */
SIM_TEST(race_to_rename, SEEDS)
{
    struct tb_sim_request *r[4];
    unsigned renamed = 0;
    for (unsigned i = 0; i < 4; i++) {
        struct tb_sim_tree *tree = tb_sim_tree(f);
        struct tb_sim_open file;
        char name[] = {(char)('a' + i), 0};
        tb_sim_require_ok(tb_sim_open(tree, name, TB_FILE_CREATE, &file));
        r[i] = tb_sim_rename_request(tree, file.id, i % 2 ? "new" : "NEW", false);
    }
    for (unsigned i = 0; i < 4; i++)
        tb_sim_send(&r[i], 1);
    for (unsigned i = 0; i < 4; i++) {
        enum tb_error error = tb_sim_wait(r[i]);
        tb_sim_require(error == TB_OK || error == TB_OBJECT_NAME_COLLISION);
        renamed += error == TB_OK;
        tb_sim_request_free(r[i]);
    }
    tb_sim_require_equal(renamed, 1);
}

SIM_MAIN("information", test_file_classes, test_filesystem_classes, test_security,
         test_times_and_attributes, test_rename, test_rename_rights, test_race_to_rename)
