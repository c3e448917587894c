#include "exporters/tests/contract.h"

#include "core/nt/attributes.h"
#include "exporters/tests/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct contract *contract;
static struct tb_exporter *exporter;

static void set_up(void)
{
    exporter = contract->start();
    ck_assert_ptr_nonnull(exporter);
}

static void tear_down(void)
{
    contract->stop(exporter);
}

#define assert_ok(call)           ck_assert_int_eq((call), TB_OK)
#define assert_error(call, error) ck_assert_int_eq((call), (error))

START_TEST(capabilities_are_filled)
{
    struct tb_exporter_capabilities c;
    memset(&c, 0, sizeof c);
    exporter->ops.capabilities(exporter->self, &c);
    ck_assert_uint_ge(c.component_max, 1);
    ck_assert_uint_gt(c.volume_creation_filetime, 0);
    ck_assert_uint_gt(strlen(c.filesystem_name), 0);
    ck_assert_ptr_nonnull(memchr(c.filesystem_name, '\0', sizeof c.filesystem_name));
    ck_assert(c.case_preserved);
}
END_TEST

START_TEST(root_opens)
{
    struct opened root, again;
    assert_ok(call_open(exporter, "", TB_OPEN_EXISTING, false, &root));
    ck_assert(!root.created);
    ck_assert_uint_ne(root.attributes.file_id, 0);
    ck_assert_uint_eq(root.attributes.size, 0);
    ck_assert(root.attributes.file_attributes & TB_FILE_ATTRIBUTE_DIRECTORY);
    assert_ok(call_open(exporter, "", TB_OPEN_EITHER, true, &again));
    ck_assert_uint_eq(again.attributes.file_id, root.attributes.file_id);
    call_close(exporter, again.handle);
    assert_error(call_open(exporter, "", TB_OPEN_NEW, true, &again), TB_OBJECT_NAME_COLLISION);
    ck_assert_int_ne(call_remove(exporter, root.handle), TB_OK);
    ck_assert_int_ne(call_rename(exporter, root.handle, "elsewhere", false), TB_OK);
    call_close(exporter, root.handle);
}
END_TEST

START_TEST(open_existing_new_either)
{
    struct opened a;
    assert_error(call_open(exporter, "a", TB_OPEN_EXISTING, false, &a), TB_OBJECT_NAME_NOT_FOUND);
    assert_ok(call_open(exporter, "a", TB_OPEN_NEW, false, &a));
    ck_assert(a.created);
    ck_assert(!(a.attributes.file_attributes & TB_FILE_ATTRIBUTE_DIRECTORY));
    ck_assert_uint_eq(a.attributes.size, 0);
    ck_assert_uint_eq(a.attributes.link_count, 1);
    uint64_t id = a.attributes.file_id;
    call_close(exporter, a.handle);
    assert_error(call_open(exporter, "a", TB_OPEN_NEW, false, &a), TB_OBJECT_NAME_COLLISION);
    assert_ok(call_open(exporter, "a", TB_OPEN_EITHER, false, &a));
    ck_assert(!a.created);
    ck_assert_uint_eq(a.attributes.file_id, id);
    call_close(exporter, a.handle);
    assert_ok(call_open(exporter, "b", TB_OPEN_EITHER, false, &a));
    ck_assert(a.created);
    ck_assert_uint_ne(a.attributes.file_id, id);
    call_close(exporter, a.handle);
}
END_TEST

START_TEST(paths_lead_through_directories)
{
    struct tb_attributes a;
    assert_ok(path_create(exporter, "d", true));
    assert_ok(path_create(exporter, "d/e", true));
    assert_ok(path_create(exporter, "d/e/f", false));
    assert_ok(path_get(exporter, "d/e/f", &a));
    assert_error(path_get(exporter, "d/e/g", &a), TB_OBJECT_NAME_NOT_FOUND);
    assert_error(path_get(exporter, "d/x/f", &a), TB_OBJECT_PATH_NOT_FOUND);
    assert_error(path_create(exporter, "x/y", false), TB_OBJECT_PATH_NOT_FOUND);
    assert_error(path_get(exporter, "d/e/f/g", &a), TB_NOT_A_DIRECTORY);
    assert_error(path_create(exporter, "d/e/f/g", false), TB_NOT_A_DIRECTORY);
}
END_TEST

START_TEST(case_is_ignored_and_kept)
{
    struct tb_exporter_capabilities c;
    struct opened o;
    exporter->ops.capabilities(exporter->self, &c);
    if (c.case_sensitive)
        return;
    assert_ok(path_create(exporter, "Directory", true));
    assert_ok(path_create(exporter, "directory/\xc3\x84pfel", false));
    assert_error(path_create(exporter, "DIRECTORY/\xc3\xa4PFEL", false), TB_OBJECT_NAME_COLLISION);
    assert_ok(call_open(exporter, "DIRECTORY/\xc3\xa4pfel", TB_OPEN_EXISTING, false, &o));
    ck_assert_str_eq(o.real_path, "Directory/\xc3\x84pfel");
    call_close(exporter, o.handle);
    assert_ok(call_open(exporter, "dirECTORY/New", TB_OPEN_EITHER, false, &o));
    ck_assert_str_eq(o.real_path, "Directory/New");
    call_close(exporter, o.handle);
    assert_ok(call_open(exporter, "Directory/New", TB_OPEN_EXISTING, false, &o));
    ck_assert(o.real_path[0] == '\0' || strcmp(o.real_path, "Directory/New") == 0);
    call_close(exporter, o.handle);
}
END_TEST

static void expect(void *handle, uint64_t offset, size_t room, const char *data, size_t length)
{
    char *buffer = malloc(room + 1);
    size_t got = room;
    assert_ok(call_read(exporter, handle, offset, buffer, &got));
    ck_assert_uint_eq(got, length);
    ck_assert_mem_eq(buffer, data, length);
    free(buffer);
}

START_TEST(data_comes_back)
{
    struct opened o;
    struct tb_attributes a;
    assert_ok(call_open(exporter, "f", TB_OPEN_NEW, false, &o));
    expect(o.handle, 0, 10, "", 0);
    assert_ok(call_write(exporter, o.handle, 0, "hello", 5));
    expect(o.handle, 0, 100, "hello", 5);
    expect(o.handle, 1, 3, "ell", 3);
    expect(o.handle, 5, 3, "", 0);
    expect(o.handle, 1 << 20, 3, "", 0);
    assert_ok(call_write(exporter, o.handle, 8, "you", 3));
    expect(o.handle, 0, 100, "hello\0\0\0you", 11);
    assert_ok(call_write(exporter, o.handle, 100, "", 0));
    assert_ok(call_get(exporter, o.handle, &a));
    ck_assert_uint_eq(a.size, 11);
    ck_assert_uint_ge(a.allocation_size, 11);
    call_close(exporter, o.handle);
}
END_TEST

START_TEST(size_cuts_and_fills_with_zeros)
{
    struct opened o;
    struct tb_attributes a;
    assert_ok(call_open(exporter, "f", TB_OPEN_NEW, false, &o));
    assert_ok(call_write(exporter, o.handle, 0, "0123456789", 10));
    assert_ok(call_set_size(exporter, o.handle, 4));
    expect(o.handle, 0, 100, "0123", 4);
    assert_ok(call_set_size(exporter, o.handle, 8));
    expect(o.handle, 0, 100, "0123\0\0\0\0", 8);
    assert_ok(call_set_allocation(exporter, o.handle, 2));
    expect(o.handle, 0, 100, "01", 2);
    assert_ok(call_set_allocation(exporter, o.handle, 100000));
    assert_ok(call_get(exporter, o.handle, &a));
    ck_assert_uint_eq(a.size, 2);
    assert_ok(call_set_size(exporter, o.handle, 0));
    expect(o.handle, 0, 100, "", 0);
    call_close(exporter, o.handle);
}
END_TEST

START_TEST(directories_have_no_data)
{
    struct opened o;
    char byte;
    size_t length = 1;
    assert_ok(call_open(exporter, "d", TB_OPEN_NEW, true, &o));
    assert_error(call_write(exporter, o.handle, 0, "x", 1), TB_FILE_IS_A_DIRECTORY);
    assert_error(call_read(exporter, o.handle, 0, &byte, &length), TB_FILE_IS_A_DIRECTORY);
    ck_assert_int_ne(call_set_size(exporter, o.handle, 1), TB_OK);
    call_close(exporter, o.handle);
}
END_TEST

START_TEST(attributes_are_kept)
{
    struct opened o;
    struct tb_attributes a = {
        .creation_filetime = UINT64_C(131000000000000000),
        .access_filetime = UINT64_C(131100000000000000),
        .write_filetime = UINT64_C(131200000000000000),
        .change_filetime = UINT64_C(131300000000000000),
        .file_attributes = TB_FILE_ATTRIBUTE_HIDDEN | TB_FILE_ATTRIBUTE_READONLY,
    };
    struct tb_attributes b;
    assert_ok(call_open(exporter, "f", TB_OPEN_NEW, false, &o));
    assert_ok(call_set(exporter, o.handle,
                       TB_SET_CREATION_TIME | TB_SET_ACCESS_TIME | TB_SET_WRITE_TIME |
                           TB_SET_FILE_ATTRIBUTES,
                       &a));
    call_close(exporter, o.handle);
    assert_ok(path_get(exporter, "f", &b));
    ck_assert_uint_eq(b.creation_filetime, a.creation_filetime);
    ck_assert_uint_eq(b.access_filetime, a.access_filetime);
    ck_assert_uint_eq(b.write_filetime, a.write_filetime);
    ck_assert_uint_eq(b.file_attributes, a.file_attributes);
}
END_TEST

START_TEST(directory_attribute_cannot_be_set)
{
    struct opened o;
    struct tb_attributes a = {.file_attributes =
                                  TB_FILE_ATTRIBUTE_DIRECTORY | TB_FILE_ATTRIBUTE_NORMAL};
    assert_ok(call_open(exporter, "f", TB_OPEN_NEW, false, &o));
    assert_ok(call_set(exporter, o.handle, TB_SET_FILE_ATTRIBUTES, &a));
    assert_ok(call_get(exporter, o.handle, &a));
    ck_assert_uint_eq(a.file_attributes & (TB_FILE_ATTRIBUTE_DIRECTORY | TB_FILE_ATTRIBUTE_NORMAL),
                      0);
    call_close(exporter, o.handle);
    assert_ok(call_open(exporter, "d", TB_OPEN_NEW, true, &o));
    a.file_attributes = TB_FILE_ATTRIBUTE_HIDDEN;
    assert_ok(call_set(exporter, o.handle, TB_SET_FILE_ATTRIBUTES, &a));
    assert_ok(call_get(exporter, o.handle, &a));
    ck_assert(a.file_attributes & TB_FILE_ATTRIBUTE_DIRECTORY);
    call_close(exporter, o.handle);
}
END_TEST

START_TEST(removed_files_live_until_closed)
{
    struct opened o, other;
    struct tb_attributes a;
    assert_ok(call_open(exporter, "f", TB_OPEN_NEW, false, &o));
    assert_ok(call_write(exporter, o.handle, 0, "alive", 5));
    assert_ok(call_remove(exporter, o.handle));
    assert_error(path_get(exporter, "f", &a), TB_OBJECT_NAME_NOT_FOUND);
    expect(o.handle, 0, 10, "alive", 5);
    assert_ok(call_open(exporter, "f", TB_OPEN_NEW, false, &other));
    ck_assert_uint_ne(other.attributes.file_id, o.attributes.file_id);
    expect(other.handle, 0, 10, "", 0);
    ck_assert_int_ne(call_remove(exporter, o.handle), TB_OK);
    ck_assert_int_ne(call_rename(exporter, o.handle, "g", false), TB_OK);
    call_close(exporter, o.handle);
    call_close(exporter, other.handle);
}
END_TEST

/* Delete-on-close: the handle that closes last removes, whoever has asked for it. */
START_TEST(any_handle_removes)
{
    struct tb_call call = {.operation = TB_CALL_OPEN, .open = {.path = "f", .how = TB_OPEN_NEW}};
    struct tb_attributes a;
    assert_ok(call_run(exporter, &call));
    free(call.open.real_path);
    assert_ok(call_remove(exporter, call.handle));
    call_close(exporter, call.handle);
    assert_error(path_get(exporter, "f", &a), TB_OBJECT_NAME_NOT_FOUND);
}
END_TEST

START_TEST(full_directories_stay)
{
    struct tb_attributes a;
    assert_ok(path_create(exporter, "d", true));
    assert_ok(path_create(exporter, "d/f", false));
    assert_error(path_remove(exporter, "d"), TB_DIRECTORY_NOT_EMPTY);
    assert_ok(path_remove(exporter, "d/f"));
    assert_ok(path_remove(exporter, "d"));
    assert_error(path_get(exporter, "d", &a), TB_OBJECT_NAME_NOT_FOUND);
}
END_TEST

START_TEST(rename_moves)
{
    struct tb_attributes a, b;
    assert_ok(path_create(exporter, "d", true));
    assert_ok(path_create(exporter, "d/f", false));
    assert_ok(path_get(exporter, "d/f", &a));
    assert_ok(path_rename(exporter, "d/f", "g", false));
    assert_error(path_get(exporter, "d/f", &b), TB_OBJECT_NAME_NOT_FOUND);
    assert_ok(path_get(exporter, "g", &b));
    ck_assert_uint_eq(a.file_id, b.file_id);
    ck_assert_uint_eq(a.creation_filetime, b.creation_filetime);
    assert_error(path_rename(exporter, "g", "x/g", false), TB_OBJECT_PATH_NOT_FOUND);
    assert_ok(path_rename(exporter, "g", "g", false));
    assert_ok(path_rename(exporter, "d", "e", false));
    assert_ok(path_create(exporter, "e/f", false));
}
END_TEST

START_TEST(rename_replaces_files_only)
{
    struct opened o, old;
    struct tb_attributes a;
    assert_ok(call_open(exporter, "new", TB_OPEN_NEW, false, &o));
    assert_ok(call_write(exporter, o.handle, 0, "new", 3));
    assert_ok(call_open(exporter, "old", TB_OPEN_NEW, false, &old));
    assert_ok(call_write(exporter, old.handle, 0, "old", 3));
    assert_error(call_rename(exporter, o.handle, "old", false), TB_OBJECT_NAME_COLLISION);
    assert_ok(call_rename(exporter, o.handle, "old", true));
    expect(old.handle, 0, 10, "old", 3);
    call_close(exporter, old.handle);
    assert_ok(path_get(exporter, "old", &a));
    ck_assert_uint_eq(a.file_id, o.attributes.file_id);
    assert_ok(path_create(exporter, "d", true));
    assert_error(call_rename(exporter, o.handle, "d", false), TB_OBJECT_NAME_COLLISION);
    assert_error(call_rename(exporter, o.handle, "d", true), TB_ACCESS_DENIED);
    assert_ok(path_create(exporter, "closed", false));
    assert_ok(call_rename(exporter, o.handle, "closed", true));
    call_close(exporter, o.handle);
}
END_TEST

/* False: the exporter has no hard links, and says so. */
static bool has_links(void)
{
    struct tb_exporter_capabilities c;
    struct opened o;
    memset(&c, 0, sizeof c);
    exporter->ops.capabilities(exporter->self, &c);
    if (c.hard_links)
        return true;
    assert_ok(call_open(exporter, "f", TB_OPEN_NEW, false, &o));
    assert_error(call_link(exporter, o.handle, "g", false), TB_NOT_SUPPORTED);
    call_close(exporter, o.handle);
    return false;
}

START_TEST(links_are_names_of_one_file)
{
    struct opened o, d;
    struct tb_attributes a;
    if (!has_links())
        return;
    assert_ok(call_open(exporter, "f", TB_OPEN_NEW, false, &o));
    assert_ok(path_create(exporter, "d", true));
    assert_ok(path_create(exporter, "taken", false));
    assert_ok(call_link(exporter, o.handle, "d/g", false));
    assert_error(call_link(exporter, o.handle, "d/g", false), TB_OBJECT_NAME_COLLISION);
    assert_error(call_link(exporter, o.handle, "x/g", false), TB_OBJECT_PATH_NOT_FOUND);
    assert_error(call_link(exporter, o.handle, "d", true), TB_ACCESS_DENIED);
    assert_ok(call_link(exporter, o.handle, "taken", true));
    assert_ok(call_link(exporter, o.handle, "f", true));
    assert_ok(path_get(exporter, "taken", &a));
    ck_assert_uint_eq(a.file_id, o.attributes.file_id);
    ck_assert_uint_eq(a.link_count, 3);
    assert_ok(call_write(exporter, o.handle, 0, "hello", 5));
    call_close(exporter, o.handle);
    assert_ok(call_open(exporter, "d/g", TB_OPEN_EXISTING, false, &o));
    expect(o.handle, 0, 100, "hello", 5);
    call_close(exporter, o.handle);
    assert_ok(call_open(exporter, "d", TB_OPEN_EXISTING, false, &d));
    assert_error(call_link(exporter, d.handle, "e", false), TB_FILE_IS_A_DIRECTORY);
    call_close(exporter, d.handle);
}
END_TEST

/* Handles go with the name they were opened by. */
START_TEST(links_go_one_by_one)
{
    struct opened first, second;
    struct tb_attributes a;
    if (!has_links())
        return;
    assert_ok(call_open(exporter, "f", TB_OPEN_NEW, false, &first));
    assert_ok(call_link(exporter, first.handle, "g", false));
    assert_ok(call_open(exporter, "g", TB_OPEN_EXISTING, false, &second));
    assert_ok(call_rename(exporter, first.handle, "h", false));
    assert_ok(call_remove(exporter, second.handle));
    assert_error(path_get(exporter, "f", &a), TB_OBJECT_NAME_NOT_FOUND);
    assert_error(path_get(exporter, "g", &a), TB_OBJECT_NAME_NOT_FOUND);
    assert_ok(path_get(exporter, "h", &a));
    ck_assert_uint_eq(a.link_count, 1);
    assert_ok(call_write(exporter, second.handle, 0, "hello", 5));
    expect(first.handle, 0, 100, "hello", 5);
    ck_assert_int_ne(call_rename(exporter, second.handle, "i", false), TB_OK);
    call_close(exporter, second.handle);
    assert_ok(call_link(exporter, first.handle, "i", false));
    assert_ok(call_rename(exporter, first.handle, "i", true));
    assert_error(path_get(exporter, "h", &a), TB_OBJECT_NAME_NOT_FOUND);
    assert_ok(path_get(exporter, "i", &a));
    ck_assert_uint_eq(a.link_count, 1);
    call_close(exporter, first.handle);
    assert_ok(path_remove(exporter, "i"));
}
END_TEST

START_TEST(ranges_read_as_zeros)
{
    struct held held;
    struct opened o;
    struct tb_attributes a;
    if (!exporter->ops.zero)
        return;
    assert_ok(call_open(exporter, "f", TB_OPEN_NEW, false, &o));
    assert_ok(call_write(exporter, o.handle, 0, "0123456789", 10));
    assert_ok(call_zero(exporter, o.handle, 2, 3));
    expect(o.handle, 0, 100, "01\0\0\00056789", 10);
    assert_ok(call_zero(exporter, o.handle, 8, 1000));
    expect(o.handle, 0, 100, "01\0\0\000567\0\0", 10);
    assert_ok(call_zero(exporter, o.handle, 10, 1000));
    assert_ok(call_zero(exporter, o.handle, 0, 0));
    assert_ok(call_get(exporter, o.handle, &a));
    ck_assert_uint_eq(a.size, 10);
    assert_ok(call_allocated(exporter, o.handle, 0, UINT64_MAX, &held));
    ck_assert_uint_eq(held.count, 1);
    ck_assert_uint_eq(held.ranges[0].offset, 0);
    ck_assert_uint_eq(held.ranges[0].length, 10);
    assert_ok(call_allocated(exporter, o.handle, 4, 3, &held));
    ck_assert_uint_eq(held.count, 1);
    ck_assert_uint_eq(held.ranges[0].offset, 4);
    ck_assert_uint_eq(held.ranges[0].length, 3);
    assert_ok(call_allocated(exporter, o.handle, 10, 3, &held));
    ck_assert_uint_eq(held.count, 0);
    call_close(exporter, o.handle);
    assert_ok(call_open(exporter, "d", TB_OPEN_NEW, true, &o));
    assert_error(call_zero(exporter, o.handle, 0, 1), TB_FILE_IS_A_DIRECTORY);
    assert_error(call_allocated(exporter, o.handle, 0, 1, &held), TB_FILE_IS_A_DIRECTORY);
    call_close(exporter, o.handle);
}
END_TEST

/* How large a hole must be to show, each filesystem decides; data always does. */
START_TEST(holes_of_sparse_files)
{
    enum { MB = 1 << 20 };
    struct tb_exporter_capabilities c;
    struct tb_attributes a = {.file_attributes = TB_FILE_ATTRIBUTE_SPARSE_FILE};
    struct held held;
    struct opened o;
    char byte;
    size_t length = 1;
    memset(&c, 0, sizeof c);
    exporter->ops.capabilities(exporter->self, &c);
    if (!c.sparse || !exporter->ops.zero || !exporter->ops.allocated_ranges)
        return;
    assert_ok(call_open(exporter, "f", TB_OPEN_NEW, false, &o));
    assert_ok(call_set(exporter, o.handle, TB_SET_FILE_ATTRIBUTES, &a));
    assert_ok(call_write(exporter, o.handle, 2 * MB, "x", 1));
    assert_ok(call_write(exporter, o.handle, 8 * MB, "y", 1));
    assert_ok(call_allocated(exporter, o.handle, 0, UINT64_MAX, &held));
    ck_assert_uint_ge(held.count, 1);
    uint64_t before = 0;
    for (size_t i = 0; i < held.count; i++) {
        ck_assert(held.ranges[i].length > 0 && (i == 0 || held.ranges[i].offset > before));
        before = held.ranges[i].offset + held.ranges[i].length;
    }
    ck_assert_uint_eq(before, 8 * MB + 1);
    assert_ok(call_zero(exporter, o.handle, MB, 2 * MB));
    assert_ok(call_read(exporter, o.handle, 2 * MB, &byte, &length));
    ck_assert_int_eq(byte, 0);
    assert_ok(call_get(exporter, o.handle, &a));
    ck_assert_uint_eq(a.size, 8 * MB + 1);
    call_close(exporter, o.handle);
}
END_TEST

START_TEST(directories_do_not_move_beneath_themselves)
{
    struct tb_attributes a;
    assert_ok(path_create(exporter, "d", true));
    assert_ok(path_create(exporter, "d/e", true));
    assert_error(path_rename(exporter, "d", "d/d", false), TB_ACCESS_DENIED);
    assert_error(path_rename(exporter, "d", "d/e/f", true), TB_ACCESS_DENIED);
    assert_ok(path_get(exporter, "d/e", &a));
}
END_TEST

START_TEST(case_can_be_renamed)
{
    struct listed entry;
    struct opened root;
    size_t count;
    bool end;
    assert_ok(path_create(exporter, "name", false));
    assert_ok(path_rename(exporter, "name", "NAME", false));
    assert_ok(call_open(exporter, "", TB_OPEN_EXISTING, false, &root));
    assert_ok(call_list(exporter, root.handle, 0, &entry, 1, &count, &end));
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(entry.name, "NAME");
    call_close(exporter, root.handle);
}
END_TEST

START_TEST(listings_end)
{
    struct listed entries[4];
    struct opened d;
    size_t count;
    bool end;
    assert_ok(call_open(exporter, "d", TB_OPEN_NEW, true, &d));
    assert_ok(call_list(exporter, d.handle, 0, entries, 4, &count, &end));
    ck_assert_uint_eq(count, 0);
    ck_assert(end);
    assert_ok(path_create(exporter, "d/a", false));
    assert_ok(path_create(exporter, "d/b", true));
    assert_ok(call_list(exporter, d.handle, 0, entries, 1, &count, &end));
    ck_assert_uint_eq(count, 1);
    ck_assert(!end);
    ck_assert_uint_ne(entries[0].cookie, 0);
    assert_ok(call_list(exporter, d.handle, entries[0].cookie, entries + 1, 3, &count, &end));
    ck_assert_uint_eq(count, 1);
    ck_assert(end);
    ck_assert_str_ne(entries[0].name, entries[1].name);
    ck_assert_uint_ne(entries[0].attributes.file_id, entries[1].attributes.file_id);
    assert_ok(call_list(exporter, d.handle, entries[1].cookie, entries, 4, &count, &end));
    ck_assert_uint_eq(count, 0);
    ck_assert(end);
    call_close(exporter, d.handle);
}
END_TEST

/* Files that are there all along come exactly once while others come and go. */
START_TEST(listings_are_stable)
{
    enum { STAYING = 300, PART = 7 };
    struct listed *part = calloc(PART, sizeof *part);
    unsigned seen[STAYING] = {0}, round = 0;
    struct opened d;
    char name[32];
    uint64_t cookie = 0;
    size_t count;
    bool end = false;

    assert_ok(call_open(exporter, "d", TB_OPEN_NEW, true, &d));
    for (int i = 0; i < STAYING; i++) {
        snprintf(name, sizeof name, "d/stays%d", i);
        assert_ok(path_create(exporter, name, false));
        snprintf(name, sizeof name, "d/goes%d", i);
        assert_ok(path_create(exporter, name, false));
    }
    while (!end) {
        assert_ok(call_list(exporter, d.handle, cookie, part, PART, &count, &end));
        for (size_t i = 0; i < count; i++) {
            int number;
            if (sscanf(part[i].name, "stays%d", &number) == 1)
                seen[number]++;
            cookie = part[i].cookie;
        }
        ck_assert_uint_lt(round, STAYING);
        for (int k = 0; k < 5 && round * 5 + (unsigned)k < STAYING; k++) {
            snprintf(name, sizeof name, "d/goes%u", (round * 5 + (unsigned)k) * 7 % STAYING);
            assert_ok(path_remove(exporter, name));
        }
        snprintf(name, sizeof name, "d/comes%u", round++);
        if (round < 20)
            assert_ok(path_create(exporter, name, false));
    }
    for (int i = 0; i < STAYING; i++)
        ck_assert_uint_eq(seen[i], 1);
    free(part);
    call_close(exporter, d.handle);
}
END_TEST

START_TEST(space_is_reported)
{
    struct tb_space space;
    assert_ok(call_space(exporter, &space));
    ck_assert_uint_gt(space.total, 0);
    ck_assert_uint_le(space.free, space.total);
    ck_assert_uint_le(space.available, space.free);
}
END_TEST

START_TEST(flush_works)
{
    struct opened o;
    assert_ok(call_open(exporter, "f", TB_OPEN_NEW, false, &o));
    struct tb_call call = {.operation = TB_CALL_FLUSH, .handle = o.handle};
    assert_ok(call_run(exporter, &call));
    call_close(exporter, o.handle);
}
END_TEST

TCase *contract_tests(const struct contract *under_test)
{
    TCase *tests = tcase_create("contract");
    contract = under_test;
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, capabilities_are_filled);
    tcase_add_test(tests, root_opens);
    tcase_add_test(tests, open_existing_new_either);
    tcase_add_test(tests, paths_lead_through_directories);
    tcase_add_test(tests, case_is_ignored_and_kept);
    tcase_add_test(tests, data_comes_back);
    tcase_add_test(tests, size_cuts_and_fills_with_zeros);
    tcase_add_test(tests, directories_have_no_data);
    tcase_add_test(tests, attributes_are_kept);
    tcase_add_test(tests, directory_attribute_cannot_be_set);
    tcase_add_test(tests, removed_files_live_until_closed);
    tcase_add_test(tests, any_handle_removes);
    tcase_add_test(tests, full_directories_stay);
    tcase_add_test(tests, rename_moves);
    tcase_add_test(tests, rename_replaces_files_only);
    tcase_add_test(tests, links_are_names_of_one_file);
    tcase_add_test(tests, links_go_one_by_one);
    tcase_add_test(tests, ranges_read_as_zeros);
    tcase_add_test(tests, holes_of_sparse_files);
    tcase_add_test(tests, directories_do_not_move_beneath_themselves);
    tcase_add_test(tests, case_can_be_renamed);
    tcase_add_test(tests, listings_end);
    tcase_add_test(tests, listings_are_stable);
    tcase_add_test(tests, space_is_reported);
    tcase_add_test(tests, flush_works);
    return tests;
}
