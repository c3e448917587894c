/* Names that come, go and move: links, renames and dispositions in all their classes. */
#include "sim/check.h"
#include <string.h>

#define SEEDS 200

#define REPLACE  TB_FILE_RENAME_REPLACE_IF_EXISTS
#define POSIX    TB_FILE_RENAME_POSIX_SEMANTICS
#define READONLY TB_FILE_RENAME_IGNORE_READONLY

static enum tb_error exists(struct tb_sim_tree *tree, const char *name)
{
    struct tb_sim_open open;
    enum tb_error error = tb_sim_open(tree, name, TB_FILE_OPEN, &open);
    if (error == TB_OK)
        tb_sim_require_ok(tb_sim_close(&open));
    return error;
}

static void make(struct tb_sim_tree *tree, const char *name)
{
    struct tb_sim_open open;
    tb_sim_require_ok(tb_sim_open(tree, name, TB_FILE_CREATE, &open));
    tb_sim_require_ok(tb_sim_close(&open));
}

static struct tb_file_standard standard_of(struct tb_sim_open *open)
{
    struct tb_sim_request *r = tb_sim_query_request(open->tree, open->id, TB_SMB2_0_INFO_FILE,
                                                    TB_FILE_STANDARD_INFORMATION, 24);
    struct tb_file_standard standard = {0};
    tb_sim_require_ok(tb_sim_call(r));
    tb_sim_require_ok(tb_file_standard_decode(tb_sim_output(r), &standard));
    tb_sim_request_free(r);
    return standard;
}

static enum tb_error dispose(struct tb_sim_open *open, uint32_t flags)
{
    uint8_t bytes[4];
    tb_store_u32(bytes, flags);
    return tb_sim_set(open, TB_FILE_DISPOSITION_INFORMATION_EX, tb_span(bytes, sizeof(bytes)));
}

static void make_read_only(struct tb_sim_tree *tree, const char *name)
{
    struct tb_file_basic basic = {.file_attributes = TB_FILE_ATTRIBUTE_READONLY};
    struct tb_sim_open open;
    uint8_t bytes[40];
    struct tb_writer w = tb_writer(bytes, sizeof(bytes));
    tb_file_basic_encode(&basic, &w);
    tb_sim_require_ok(tb_sim_open(tree, name, TB_FILE_OPEN_IF, &open));
    tb_sim_require_ok(tb_sim_set(&open, TB_FILE_BASIC_INFORMATION, tb_span(bytes, w.at)));
    tb_sim_require_ok(tb_sim_close(&open));
}

SIM_TEST(link, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open file, second, dir;
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    make(tree, "dir/");
    make(tree, "other");
    tb_sim_require_ok(tb_sim_set_name(&file, TB_FILE_LINK_INFORMATION, "dir/second", 0));
    tb_sim_require_error(tb_sim_set_name(&file, TB_FILE_LINK_INFORMATION, "DIR/SECOND", 0),
                         TB_OBJECT_NAME_COLLISION);
    tb_sim_require_error(tb_sim_set_name(&file, TB_FILE_LINK_INFORMATION, "none/x", 0),
                         TB_OBJECT_PATH_NOT_FOUND);
    tb_sim_require_error(tb_sim_set_name(&file, TB_FILE_LINK_INFORMATION, "dir", REPLACE),
                         TB_ACCESS_DENIED);
    tb_sim_require_ok(tb_sim_write(&file, 0, "hello", 5));
    tb_sim_require_ok(tb_sim_open(tree, "dir/second", TB_FILE_OPEN, &second));
    tb_sim_require_equal(second.created.end_of_file, 5);
    tb_sim_require_equal(standard_of(&second).link_count, 2);
    tb_sim_require_ok(tb_sim_set_name(&file, TB_FILE_LINK_INFORMATION, "other", REPLACE));
    tb_sim_require_equal(standard_of(&second).link_count, 3);
    tb_sim_require_ok(tb_sim_set_name(&file, TB_FILE_LINK_INFORMATION_EX, "other", REPLACE));
    tb_sim_require_equal(standard_of(&second).link_count, 3);
    tb_sim_require_ok(tb_sim_open(tree, "dir/", TB_FILE_OPEN, &dir));
    tb_sim_require_error(tb_sim_set_name(&dir, TB_FILE_LINK_INFORMATION, "dir2", 0),
                         TB_FILE_IS_A_DIRECTORY);
}

/* Each name goes by itself; what is locked and shared is the file's. */
SIM_TEST(link_names_are_deleted_one_by_one, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open first, second;
    struct tb_sim_create unshared = {
        .name = "b", .disposition = TB_FILE_OPEN, .share = TB_FILE_SHARE_READ, .unshared = true};
    tb_sim_require_ok(tb_sim_open(tree, "a", TB_FILE_CREATE, &first));
    tb_sim_require_ok(tb_sim_set_name(&first, TB_FILE_LINK_INFORMATION, "b", 0));
    tb_sim_require_error(tb_sim_create(tree, &unshared, &second), TB_SHARING_VIOLATION);
    tb_sim_require_ok(tb_sim_open(tree, "b", TB_FILE_OPEN, &second));
    tb_sim_require_ok(tb_sim_lock(
        &first, 0, 10, TB_SMB2_LOCKFLAG_EXCLUSIVE_LOCK | TB_SMB2_LOCKFLAG_FAIL_IMMEDIATELY));
    tb_sim_require_error(tb_sim_write(&second, 0, "x", 1), TB_FILE_LOCK_CONFLICT);
    tb_sim_require_ok(tb_sim_delete_on_close(&second, true));
    tb_sim_require_error(exists(tree, "b"), TB_DELETE_PENDING);
    tb_sim_require_ok(exists(tree, "a"));
    tb_sim_require(!standard_of(&first).delete_pending && standard_of(&second).delete_pending);
    tb_sim_require_equal(standard_of(&second).link_count, 1);
    tb_sim_require_ok(tb_sim_close(&second));
    tb_sim_require_error(exists(tree, "b"), TB_OBJECT_NAME_NOT_FOUND);
    tb_sim_require_equal(standard_of(&first).link_count, 1);
    tb_sim_require_ok(tb_sim_rename(&first, "b", false));
    tb_sim_require_ok(exists(tree, "b"));
}

/* A link may be renamed over another link of its file. */
SIM_TEST(link_renamed_over_its_file, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open file;
    tb_sim_require_ok(tb_sim_open(tree, "a", TB_FILE_CREATE, &file));
    tb_sim_require_ok(tb_sim_set_name(&file, TB_FILE_LINK_INFORMATION, "b", 0));
    tb_sim_require_error(tb_sim_rename(&file, "b", false), TB_OBJECT_NAME_COLLISION);
    tb_sim_require_ok(tb_sim_rename(&file, "b", true));
    tb_sim_require_error(exists(tree, "a"), TB_OBJECT_NAME_NOT_FOUND);
    tb_sim_require_equal(standard_of(&file).link_count, 1);
}

SIM_TEST(link_on_a_read_only_share, SEEDS)
{
    struct tb_sim_tree *tree =
        tb_sim_tree_of(tb_sim_session(tb_sim_connect_dialect(f, 0)), "readonly");
    struct tb_sim_create create = {
        .name = "", .disposition = TB_FILE_OPEN, .access = TB_FILE_READ_DATA};
    struct tb_sim_open root;
    tb_sim_require_ok(tb_sim_create(tree, &create, &root));
    tb_sim_require(tb_sim_set_name(&root, TB_FILE_LINK_INFORMATION, "x", 0) != TB_OK);
}

SIM_TEST(rename_with_posix_semantics, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open file, old;
    char bytes[8];
    size_t length = sizeof(bytes);
    tb_sim_require_ok(tb_sim_open(tree, "new", TB_FILE_CREATE, &file));
    tb_sim_require_ok(tb_sim_open(tree, "old", TB_FILE_CREATE, &old));
    tb_sim_require_ok(tb_sim_write(&old, 0, "old", 3));
    tb_sim_require_error(tb_sim_set_name(&file, TB_FILE_RENAME_INFORMATION_EX, "old", POSIX),
                         TB_OBJECT_NAME_COLLISION);
    tb_sim_require_error(tb_sim_set_name(&file, TB_FILE_RENAME_INFORMATION_EX, "old", REPLACE),
                         TB_ACCESS_DENIED);
    tb_sim_require_error(tb_sim_set_name(&file, TB_FILE_RENAME_INFORMATION_EX, "old", 0x80000001),
                         TB_INVALID_PARAMETER);
    tb_sim_require_ok(
        tb_sim_set_name(&file, TB_FILE_RENAME_INFORMATION_EX, "old", REPLACE | POSIX));
    tb_sim_require_ok(tb_sim_read(&old, 0, bytes, &length));
    tb_sim_require(length == 3 && memcmp(bytes, "old", 3) == 0);
    tb_sim_require(standard_of(&old).delete_pending);
    tb_sim_require_equal(standard_of(&old).link_count, 0);
    tb_sim_require_error(exists(tree, "new"), TB_OBJECT_NAME_NOT_FOUND);
    tb_sim_require_ok(exists(tree, "old"));
    tb_sim_require_ok(tb_sim_close(&old));
    tb_sim_require_ok(exists(tree, "old"));
    tb_sim_require_equal(standard_of(&file).size, 0);
}

SIM_TEST(rename_over_read_only, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open file;
    tb_sim_require_ok(tb_sim_open(tree, "new", TB_FILE_CREATE, &file));
    make_read_only(tree, "old");
    tb_sim_require_error(tb_sim_rename(&file, "old", true), TB_ACCESS_DENIED);
    tb_sim_require_ok(
        tb_sim_set_name(&file, TB_FILE_RENAME_INFORMATION_EX, "old", REPLACE | READONLY));
    make_read_only(tree, "old2");
    tb_sim_require_ok(
        tb_sim_set_name(&file, TB_FILE_LINK_INFORMATION_EX, "old2", REPLACE | READONLY));
}

SIM_TEST(rename_of_directories, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open dir, file;
    make(tree, "dir/");
    make(tree, "other/");
    tb_sim_require_ok(tb_sim_open(tree, "dir/file", TB_FILE_CREATE, &file));
    tb_sim_require_ok(tb_sim_open(tree, "dir/", TB_FILE_OPEN, &dir));
    tb_sim_require_error(tb_sim_rename(&dir, "other/dir", false), TB_ACCESS_DENIED);
    tb_sim_require_error(tb_sim_rename(&dir, "dir/dir", false), TB_INVALID_PARAMETER);
    tb_sim_require_ok(tb_sim_close(&file));
    tb_sim_require_error(tb_sim_rename(&dir, "other", false), TB_OBJECT_NAME_COLLISION);
    tb_sim_require_error(tb_sim_rename(&dir, "other", true), TB_ACCESS_DENIED);
    tb_sim_require_ok(tb_sim_rename(&dir, "other/dir", false));
    tb_sim_require_ok(exists(tree, "other/dir/file"));
    tb_sim_require_error(exists(tree, "dir"), TB_OBJECT_NAME_NOT_FOUND);
}

SIM_TEST(root_directory_must_be_zero, SEEDS)
{
    static const uint8_t classes[] = {TB_FILE_RENAME_INFORMATION, TB_FILE_RENAME_INFORMATION_EX,
                                      TB_FILE_LINK_INFORMATION, TB_FILE_LINK_INFORMATION_EX};
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open file;
    uint8_t bytes[24] = {[8] = 1, [16] = 2, [20] = 'x'};
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    for (size_t i = 0; i < sizeof(classes); i++)
        tb_sim_require_error(tb_sim_set(&file, classes[i], tb_span(bytes, sizeof(bytes))),
                             TB_INVALID_PARAMETER);
}

/* The name goes with the open that asked, though others have the file open. */
SIM_TEST(disposition_with_posix_semantics, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open file, other, again;
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_OPEN, &other));
    tb_sim_require_ok(
        dispose(&file, TB_FILE_DISPOSITION_DELETE | TB_FILE_DISPOSITION_POSIX_SEMANTICS));
    tb_sim_require_error(exists(tree, "file"), TB_DELETE_PENDING);
    tb_sim_require_ok(tb_sim_close(&file));
    tb_sim_require_error(exists(tree, "file"), TB_OBJECT_NAME_NOT_FOUND);
    tb_sim_require_ok(tb_sim_write(&other, 0, "alive", 5));
    tb_sim_require(standard_of(&other).delete_pending);
    tb_sim_require_equal(standard_of(&other).link_count, 0);
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &again));
    tb_sim_require_error(tb_sim_rename(&other, "elsewhere", false), TB_DELETE_PENDING);
    tb_sim_require_ok(dispose(&other, 0));
    tb_sim_require_ok(tb_sim_close(&other));
    tb_sim_require_ok(exists(tree, "file"));
    tb_sim_require_equal(standard_of(&again).size, 0);
}

SIM_TEST(disposition_without_posix_semantics, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open file, other;
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_OPEN, &other));
    tb_sim_require_ok(dispose(&file, TB_FILE_DISPOSITION_DELETE));
    tb_sim_require_ok(tb_sim_close(&file));
    tb_sim_require_error(exists(tree, "file"), TB_DELETE_PENDING);
    tb_sim_require_error(tb_sim_open(tree, "FILE", TB_FILE_CREATE, &file), TB_DELETE_PENDING);
    tb_sim_require_ok(dispose(&other, 0));
    tb_sim_require_ok(exists(tree, "file"));
    tb_sim_require_ok(dispose(&other, TB_FILE_DISPOSITION_DELETE));
    tb_sim_require_ok(tb_sim_close(&other));
    tb_sim_require_error(exists(tree, "file"), TB_OBJECT_NAME_NOT_FOUND);
}

SIM_TEST(disposition_of_read_only_files, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_create create = {
        .name = "file", .disposition = TB_FILE_OPEN, .access = TB_DELETE};
    struct tb_sim_open file;
    make_read_only(tree, "file");
    tb_sim_require_ok(tb_sim_create(tree, &create, &file));
    tb_sim_require_error(dispose(&file, TB_FILE_DISPOSITION_DELETE), TB_CANNOT_DELETE);
    tb_sim_require_error(tb_sim_delete_on_close(&file, true), TB_CANNOT_DELETE);
    tb_sim_require_ok(
        dispose(&file, TB_FILE_DISPOSITION_DELETE | TB_FILE_DISPOSITION_IGNORE_READONLY));
    tb_sim_require_ok(tb_sim_close(&file));
    tb_sim_require_error(exists(tree, "file"), TB_OBJECT_NAME_NOT_FOUND);
}

SIM_TEST(disposition_on_close, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_create create = {
        .name = "file", .disposition = TB_FILE_OPEN_IF, .options = TB_FILE_DELETE_ON_CLOSE};
    struct tb_sim_open file, plain;
    tb_sim_require_ok(tb_sim_open(tree, "plain", TB_FILE_CREATE, &plain));
    tb_sim_require_error(dispose(&plain, TB_FILE_DISPOSITION_ON_CLOSE | TB_FILE_DISPOSITION_DELETE),
                         TB_NOT_SUPPORTED);
    tb_sim_require_error(dispose(&plain, 0x20), TB_INVALID_PARAMETER);
    tb_sim_require_ok(tb_sim_create(tree, &create, &file));
    tb_sim_require_ok(dispose(&file, TB_FILE_DISPOSITION_ON_CLOSE));
    tb_sim_require_ok(tb_sim_close(&file));
    tb_sim_require_ok(exists(tree, "file"));
    tb_sim_require_ok(tb_sim_create(tree, &create, &file));
    tb_sim_require_ok(tb_sim_close(&file));
    tb_sim_require_error(exists(tree, "file"), TB_OBJECT_NAME_NOT_FOUND);
}

SIM_TEST(disposition_of_full_directories, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open dir;
    tb_sim_require_ok(tb_sim_open(tree, "dir/", TB_FILE_CREATE, &dir));
    make(tree, "dir/file");
    tb_sim_require_error(dispose(&dir, TB_FILE_DISPOSITION_DELETE), TB_DIRECTORY_NOT_EMPTY);
    tb_sim_require_error(
        dispose(&dir, TB_FILE_DISPOSITION_DELETE | TB_FILE_DISPOSITION_POSIX_SEMANTICS),
        TB_DIRECTORY_NOT_EMPTY);
}

SIM_MAIN("names", test_link, test_link_names_are_deleted_one_by_one,
         test_link_renamed_over_its_file, test_link_on_a_read_only_share,
         test_rename_with_posix_semantics, test_rename_over_read_only, test_rename_of_directories,
         test_root_directory_must_be_zero, test_disposition_with_posix_semantics,
         test_disposition_without_posix_semantics, test_disposition_of_read_only_files,
         test_disposition_on_close, test_disposition_of_full_directories)
