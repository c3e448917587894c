/* The memory exporter: the contract, and what is its own. */
#include "core/nt/attributes.h"
#include "exporters/memory/memory.h"
#include "exporters/tests/contract.h"
#include "exporters/tests/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct world world;
static struct tb_exporter *memory;

#define assert_ok(call)           ck_assert_int_eq((call), TB_OK)
#define assert_error(call, error) ck_assert_int_eq((call), (error))

static struct tb_exporter *start_with(const char *option)
{
    const char *options[] = {option, NULL};
    char message[200] = "";
    struct tb_exporter *exporter;
    struct tb_env env;

    world_init(&world);
    env = world_env(&world);
    enum tb_error error = tb_exporter_start(&tb_memory_exporter, "", options, &env, &exporter,
                                            message, sizeof message);
    ck_assert_msg(error == TB_OK, "%s", message);
    return exporter;
}

static struct tb_exporter *start_default(void)
{
    return start_with(NULL);
}

static void set_up(void)
{
    memory = start_with("size=1M");
}

static void tear_down(void)
{
    tb_exporter_free(memory);
}

static uint64_t used(void)
{
    struct tb_space space;
    assert_ok(call_space(memory, &space));
    ck_assert_uint_eq(space.free, space.available);
    return space.total - space.free;
}

START_TEST(capabilities_are_honest)
{
    struct tb_exporter_capabilities c;
    memory->ops.capabilities(memory->self, &c);
    ck_assert(!c.case_sensitive && c.case_preserved && !c.read_only && c.sparse && c.hard_links);
    ck_assert_uint_eq(c.component_max, 255);
    ck_assert_uint_eq(c.volume_creation_filetime, WORLD_START_FILETIME);
    ck_assert_str_eq(c.filesystem_name, "NTFS");
}
END_TEST

START_TEST(space_is_counted)
{
    struct opened o;
    struct tb_attributes a;
    ck_assert_uint_eq(used(), 0);
    assert_ok(call_open(memory, "f", TB_OPEN_NEW, false, &o));
    ck_assert_uint_eq(used(), TB_MEMORY_NODE_COST);
    assert_ok(call_write(memory, o.handle, 0, "x", 1));
    ck_assert_uint_eq(used(), TB_MEMORY_NODE_COST + 4096);
    assert_ok(call_set_size(memory, o.handle, 4097));
    assert_ok(call_get(memory, o.handle, &a));
    ck_assert_uint_eq(a.allocation_size, 8192);
    ck_assert_uint_eq(used(), TB_MEMORY_NODE_COST + 8192);
    assert_ok(call_set_allocation(memory, o.handle, 20000));
    assert_ok(call_get(memory, o.handle, &a));
    ck_assert_uint_eq(a.size, 4097);
    ck_assert_uint_eq(a.allocation_size, 20480);
    ck_assert_uint_eq(used(), TB_MEMORY_NODE_COST + 20480);
    call_close(memory, o.handle);
    ck_assert_uint_eq(used(), TB_MEMORY_NODE_COST + 8192);
    assert_ok(path_remove(memory, "f"));
    ck_assert_uint_eq(used(), 0);
}
END_TEST

START_TEST(disk_fills_up)
{
    struct opened o;
    char *block = calloc(1, 1 << 20);
    struct tb_attributes a;
    assert_ok(call_open(memory, "f", TB_OPEN_NEW, false, &o));
    assert_error(call_write(memory, o.handle, 0, block, 1 << 20), TB_DISK_FULL);
    assert_ok(call_get(memory, o.handle, &a));
    ck_assert_uint_eq(a.size, 0);
    ck_assert_uint_eq(used(), TB_MEMORY_NODE_COST);
    assert_error(call_set_size(memory, o.handle, 1 << 20), TB_DISK_FULL);
    assert_error(call_set_allocation(memory, o.handle, 1 << 20), TB_DISK_FULL);
    assert_ok(call_write(memory, o.handle, 0, block, (1 << 20) - 4096));
    assert_error(call_write(memory, o.handle, (1 << 20) - 4096, block, 1), TB_DISK_FULL);
    for (int i = 0; i < 7; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%u", (unsigned)i);
        assert_ok(path_create(memory, name, i % 2));
    }
    assert_error(path_create(memory, "n7", false), TB_DISK_FULL);
    ck_assert_uint_eq(used(), 1 << 20);
    assert_ok(call_remove(memory, o.handle));
    ck_assert_uint_eq(used(), 1 << 20);
    call_close(memory, o.handle);
    ck_assert_uint_eq(used(), 7 * TB_MEMORY_NODE_COST);
    free(block);
}
END_TEST

START_TEST(create_reserves)
{
    struct tb_call call = {
        .operation = TB_CALL_OPEN,
        .open = {.path = "f", .how = TB_OPEN_NEW, .use = USE_ALL, .create_allocation_size = 10000},
    };
    assert_ok(call_run(memory, &call));
    ck_assert_uint_eq(call.open.attributes.allocation_size, 12288);
    ck_assert_uint_eq(call.open.attributes.uid, 1234);
    ck_assert_uint_eq(call.open.attributes.gid, 5678);
    call_close(memory, call.handle);
    call.open.path = "g";
    call.open.create_allocation_size = 1 << 21;
    assert_error(call_run(memory, &call), TB_DISK_FULL);
    ck_assert_uint_eq(used(), TB_MEMORY_NODE_COST);
}
END_TEST

START_TEST(sparse_files_count_what_is_there)
{
    struct opened o;
    struct tb_attributes a = {.file_attributes = TB_FILE_ATTRIBUTE_SPARSE_FILE};
    assert_ok(call_open(memory, "f", TB_OPEN_NEW, false, &o));
    assert_ok(call_set(memory, o.handle, TB_SET_FILE_ATTRIBUTES, &a));
    assert_ok(call_set_size(memory, o.handle, UINT64_C(1) << 40));
    assert_ok(call_write(memory, o.handle, UINT64_C(1) << 39, "x", 1));
    assert_ok(call_write(memory, o.handle, 5000, "y", 1));
    assert_ok(call_get(memory, o.handle, &a));
    ck_assert_uint_eq(a.size, UINT64_C(1) << 40);
    ck_assert_uint_eq(a.allocation_size, 3 * 4096);
    ck_assert_uint_eq(used(), TB_MEMORY_NODE_COST + 3 * 4096);
    a.file_attributes = 0;
    assert_error(call_set(memory, o.handle, TB_SET_FILE_ATTRIBUTES, &a), TB_DISK_FULL);
    assert_ok(call_get(memory, o.handle, &a));
    ck_assert(a.file_attributes & TB_FILE_ATTRIBUTE_SPARSE_FILE);
    char bytes[3];
    size_t length = 3;
    assert_ok(call_read(memory, o.handle, (UINT64_C(1) << 39) - 1, bytes, &length));
    ck_assert_mem_eq(bytes, "\0x\0", 3);
    assert_ok(call_set_size(memory, o.handle, 4999));
    ck_assert_uint_eq(used(), TB_MEMORY_NODE_COST + 2 * 4096);
    a.file_attributes = 0;
    assert_ok(call_set(memory, o.handle, TB_SET_FILE_ATTRIBUTES, &a));
    call_close(memory, o.handle);
}
END_TEST

START_TEST(files_have_a_largest_size)
{
    struct opened o;
    struct tb_attributes a = {.file_attributes = TB_FILE_ATTRIBUTE_SPARSE_FILE};
    assert_ok(call_open(memory, "f", TB_OPEN_NEW, false, &o));
    assert_ok(call_set(memory, o.handle, TB_SET_FILE_ATTRIBUTES, &a));
    assert_error(call_write(memory, o.handle, UINT64_MAX, "x", 1), TB_FILE_TOO_LARGE);
    assert_error(call_write(memory, o.handle, TB_MEMORY_FILE_MAX, "x", 1), TB_FILE_TOO_LARGE);
    assert_ok(call_write(memory, o.handle, TB_MEMORY_FILE_MAX - 1, "x", 1));
    assert_error(call_set_size(memory, o.handle, TB_MEMORY_FILE_MAX + 1), TB_FILE_TOO_LARGE);
    assert_error(call_set_allocation(memory, o.handle, UINT64_MAX), TB_DISK_FULL);
    assert_ok(call_set_size(memory, o.handle, 0));
    ck_assert_uint_eq(used(), TB_MEMORY_NODE_COST);
    call_close(memory, o.handle);
}
END_TEST

/* The times of `path` that are equal to now: bits 1 creation, 2 access, 4 write, 8 change. */
static unsigned fresh(const char *path)
{
    struct tb_attributes a;
    assert_ok(path_get(memory, path, &a));
    return (a.creation_filetime == world.now_filetime) |
           (a.access_filetime == world.now_filetime) << 1 |
           (a.write_filetime == world.now_filetime) << 2 |
           (a.change_filetime == world.now_filetime) << 3;
}

START_TEST(times_follow_changes)
{
    struct opened o;
    struct tb_attributes a = {.file_attributes = TB_FILE_ATTRIBUTE_HIDDEN};
    char byte;
    size_t length = 1;

    assert_ok(path_create(memory, "d", true));
    world_pass(&world, 10);
    assert_ok(call_open(memory, "d/f", TB_OPEN_NEW, false, &o));
    ck_assert_uint_eq(fresh("d/f"), 15);
    ck_assert_uint_eq(fresh("d"), 4 | 8);
    ck_assert_uint_eq(fresh(""), 0);
    world_pass(&world, 10);
    assert_ok(call_write(memory, o.handle, 0, "x", 1));
    ck_assert_uint_eq(fresh("d/f"), 4 | 8);
    ck_assert_uint_eq(fresh("d"), 0);
    world_pass(&world, 10);
    assert_ok(call_read(memory, o.handle, 0, &byte, &length));
    assert_ok(call_write(memory, o.handle, 0, "", 0));
    ck_assert_uint_eq(fresh("d/f"), 0);
    assert_ok(call_set(memory, o.handle, TB_SET_FILE_ATTRIBUTES, &a));
    ck_assert_uint_eq(fresh("d/f"), 8);
    world_pass(&world, 10);
    a.change_filetime = 5;
    assert_ok(call_set(memory, o.handle, TB_SET_CHANGE_TIME, &a));
    ck_assert_uint_eq(fresh("d/f"), 0);
    assert_ok(call_set_size(memory, o.handle, 0));
    ck_assert_uint_eq(fresh("d/f"), 4 | 8);
    world_pass(&world, 10);
    assert_ok(call_rename(memory, o.handle, "g", false));
    ck_assert_uint_eq(fresh("g"), 8);
    ck_assert_uint_eq(fresh("d"), 4 | 8);
    ck_assert_uint_eq(fresh(""), 4 | 8);
    world_pass(&world, 10);
    assert_ok(call_remove(memory, o.handle));
    ck_assert_uint_eq(fresh(""), 4 | 8);
    call_close(memory, o.handle);
}
END_TEST

static uint32_t attributes_of(const char *path)
{
    struct tb_attributes a;
    assert_ok(path_get(memory, path, &a));
    return a.file_attributes;
}

START_TEST(changes_set_the_archive_bit)
{
    struct opened o;
    struct tb_attributes none = {0};
    assert_ok(call_open(memory, "f", TB_OPEN_NEW, false, &o));
    ck_assert_uint_eq(attributes_of("f"), TB_FILE_ATTRIBUTE_ARCHIVE);
    assert_ok(call_set(memory, o.handle, TB_SET_FILE_ATTRIBUTES, &none));
    ck_assert_uint_eq(attributes_of("f"), 0);
    assert_ok(call_write(memory, o.handle, 0, "x", 1));
    ck_assert_uint_eq(attributes_of("f"), TB_FILE_ATTRIBUTE_ARCHIVE);
    assert_ok(call_set(memory, o.handle, TB_SET_FILE_ATTRIBUTES, &none));
    assert_ok(call_rename(memory, o.handle, "g", false));
    ck_assert_uint_eq(attributes_of("g"), TB_FILE_ATTRIBUTE_ARCHIVE);
    assert_ok(path_create(memory, "d", true));
    ck_assert_uint_eq(attributes_of("d"), TB_FILE_ATTRIBUTE_DIRECTORY);
    call_close(memory, o.handle);
}
END_TEST

START_TEST(links_count_and_end)
{
    struct tb_space before, after;
    struct opened o;
    char name[16];
    assert_ok(call_open(memory, "f", TB_OPEN_NEW, false, &o));
    assert_ok(call_space(memory, &before));
    for (unsigned i = 1; i < TB_MEMORY_LINKS_MAX; i++) {
        snprintf(name, sizeof name, "f%u", i);
        assert_ok(call_link(memory, o.handle, name, false));
    }
    assert_error(call_link(memory, o.handle, "more", false), TB_TOO_MANY_LINKS);
    assert_ok(call_space(memory, &after));
    ck_assert_uint_eq(before.free - after.free, (TB_MEMORY_LINKS_MAX - 1) * TB_MEMORY_NODE_COST);
    for (unsigned i = 1; i < TB_MEMORY_LINKS_MAX; i += 2) {
        snprintf(name, sizeof name, "f%u", i);
        assert_ok(path_remove(memory, name));
    }
    call_close(memory, o.handle);
}
END_TEST

/* What is zeroed in a sparse file is given back in chunks of 64 KiB. */
START_TEST(zeroed_chunks_are_given_back)
{
    enum { CHUNK = 65536 };
    static const uint8_t bytes[3 * CHUNK] = {1};
    struct tb_attributes a = {.file_attributes = TB_FILE_ATTRIBUTE_SPARSE_FILE};
    struct held held;
    struct opened o;
    assert_ok(call_open(memory, "f", TB_OPEN_NEW, false, &o));
    assert_ok(call_set(memory, o.handle, TB_SET_FILE_ATTRIBUTES, &a));
    assert_ok(call_write(memory, o.handle, 0, bytes, sizeof bytes));
    assert_ok(call_write(memory, o.handle, UINT64_C(1) << 40, bytes, 10));
    assert_ok(call_get(memory, o.handle, &a));
    ck_assert_uint_eq(a.allocation_size, 3 * CHUNK + TB_MEMORY_CLUSTER);
    assert_ok(call_zero(memory, o.handle, CHUNK, CHUNK));
    assert_ok(call_zero(memory, o.handle, 4 * CHUNK, (UINT64_C(1) << 40) - 4 * CHUNK));
    assert_ok(call_get(memory, o.handle, &a));
    ck_assert_uint_eq(a.allocation_size, 2 * CHUNK + TB_MEMORY_CLUSTER);
    assert_ok(call_allocated(memory, o.handle, 0, UINT64_MAX, &held));
    ck_assert_uint_eq(held.count, 3);
    ck_assert_uint_eq(held.ranges[1].offset, 2 * CHUNK);
    ck_assert_uint_eq(held.ranges[2].offset, UINT64_C(1) << 40);
    ck_assert_uint_eq(held.ranges[2].length, 10);
    assert_ok(call_zero(memory, o.handle, 5, UINT64_MAX));
    assert_ok(call_get(memory, o.handle, &a));
    ck_assert_uint_eq(a.allocation_size, CHUNK);
    ck_assert_uint_eq(a.size, (UINT64_C(1) << 40) + 10);
    call_close(memory, o.handle);
}
END_TEST

START_TEST(handles_do_what_they_were_opened_for)
{
    struct tb_call call = {.operation = TB_CALL_OPEN, .open = {.path = "f", .how = TB_OPEN_NEW}};
    struct tb_attributes a;
    char byte;
    size_t length = 1;
    assert_ok(call_run(memory, &call));
    assert_ok(call_get(memory, call.handle, &a));
    assert_error(call_write(memory, call.handle, 0, "x", 1), TB_ACCESS_DENIED);
    assert_error(call_read(memory, call.handle, 0, &byte, &length), TB_ACCESS_DENIED);
    assert_error(call_set(memory, call.handle, 0, &a), TB_ACCESS_DENIED);
    assert_error(call_rename(memory, call.handle, "g", false), TB_ACCESS_DENIED);
    call_close(memory, call.handle);
}
END_TEST

START_TEST(names_have_limits)
{
    char name[1024] = {0};
    for (int i = 0; i < 255; i++)
        memcpy(name + 3 * i, "\xe2\x82\xac", 3);
    assert_ok(path_create(memory, name, false));
    assert_ok(path_remove(memory, name));
    memcpy(name + 3 * 255, "x", 2);
    assert_error(path_create(memory, name, false), TB_OBJECT_NAME_INVALID);
    memset(name, 'x', 256);
    name[256] = '\0';
    assert_error(path_create(memory, name, false), TB_OBJECT_NAME_INVALID);
    assert_error(path_create(memory, "\xff", false), TB_OBJECT_NAME_INVALID);
    assert_ok(path_create(memory, "f", false));
    assert_error(path_rename(memory, "f", name, false), TB_OBJECT_NAME_INVALID);
    assert_ok(path_create(memory, "\xed\xa0\x80", false)); /* a lone surrogate */
}
END_TEST

START_TEST(large_data_survives_odd_pieces)
{
    enum { LENGTH = 700000 };
    uint8_t *data = malloc(LENGTH), *back = malloc(LENGTH);
    struct opened o;
    size_t at, step = 1;
    assert_ok(call_open(memory, "f", TB_OPEN_NEW, false, &o));
    for (at = 0; at < LENGTH; at++)
        data[at] = (uint8_t)(at * 2654435761u >> 13);
    for (at = 0; at < LENGTH; at += step, step = step * 3 % 70001 + 1) {
        size_t piece = step < LENGTH - at ? step : LENGTH - at;
        assert_ok(call_write(memory, o.handle, at, data + at, piece));
    }
    size_t length = LENGTH;
    assert_ok(call_read(memory, o.handle, 0, back, &length));
    ck_assert_uint_eq(length, LENGTH);
    ck_assert(memcmp(data, back, LENGTH) == 0);
    for (size_t size = LENGTH; size > 0; size = size * 2 / 3) {
        assert_ok(call_set_size(memory, o.handle, size));
        assert_ok(call_set_size(memory, o.handle, size + 5000));
        length = LENGTH;
        memset(data + size, 0, size + 5000 <= LENGTH ? 5000 : LENGTH - size);
        assert_ok(call_read(memory, o.handle, 0, back, &length));
        ck_assert(memcmp(data, back, length) == 0);
        assert_ok(call_set_size(memory, o.handle, size));
    }
    call_close(memory, o.handle);
    free(data);
    free(back);
}
END_TEST

START_TEST(a_directory_may_be_large)
{
    enum { FILES = 200000 };
    struct tb_exporter *large = start_with("size=1G");
    struct listed *part = calloc(1000, sizeof *part);
    struct tb_attributes a;
    struct opened root;
    char name[32];
    uint64_t cookie = 0, sum = 0;
    size_t count, total = 0;
    bool end = false;

    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "File%d", i);
        assert_ok(path_create(large, name, false));
    }
    for (int i = 0; i < FILES; i += 2) {
        snprintf(name, sizeof name, "fILE%d", i);
        assert_ok(path_remove(large, name));
    }
    assert_ok(path_get(large, "FILE199999", &a));
    assert_ok(call_open(large, "", TB_OPEN_EXISTING, false, &root));
    while (!end) {
        assert_ok(call_list(large, root.handle, cookie, part, 1000, &count, &end));
        for (size_t i = 0; i < count; i++)
            sum += strtoul(part[i].name + 4, NULL, 10);
        cookie = count ? part[count - 1].cookie : cookie;
        total += count;
    }
    ck_assert_uint_eq(total, FILES / 2);
    ck_assert_uint_eq(sum, UINT64_C(100000) * 100000);
    call_close(large, root.handle);
    tb_exporter_free(large);
    free(part);
}
END_TEST

START_TEST(options_are_checked)
{
    static const char *const wrong[] = {"size=",
                                        "size=0",
                                        "size=1X",
                                        "size=-1",
                                        "siez=1G",
                                        "size",
                                        "size=99999999999999999999",
                                        "size=18446744073709551615K"};
    static const char *const right[] = {"size=4096", "size=1K", "size=64m", "size=2G", "size=1T"};
    struct tb_env env = world_env(&world);
    struct tb_exporter *exporter;
    char message[200];

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *options[] = {wrong[i], NULL};
        message[0] = '\0';
        assert_error(tb_exporter_start(&tb_memory_exporter, "", options, &env, &exporter, message,
                                       sizeof message),
                     TB_INVALID_PARAMETER);
        ck_assert_ptr_nonnull(strstr(message, "size"));
    }
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        const char *options[] = {right[i], NULL};
        assert_ok(tb_exporter_start(&tb_memory_exporter, "", options, &env, &exporter, message,
                                    sizeof message));
        tb_exporter_free(exporter);
    }
}
END_TEST

int main(void)
{
    static const struct contract contract = {start_default, tb_exporter_free};
    Suite *suite = suite_create("memory");
    TCase *own = tcase_create("memory");

    suite_add_tcase(suite, contract_tests(&contract));
    tcase_add_checked_fixture(own, set_up, tear_down);
    tcase_set_timeout(own, 120);
    tcase_add_test(own, capabilities_are_honest);
    tcase_add_test(own, space_is_counted);
    tcase_add_test(own, disk_fills_up);
    tcase_add_test(own, create_reserves);
    tcase_add_test(own, sparse_files_count_what_is_there);
    tcase_add_test(own, files_have_a_largest_size);
    tcase_add_test(own, times_follow_changes);
    tcase_add_test(own, changes_set_the_archive_bit);
    tcase_add_test(own, links_count_and_end);
    tcase_add_test(own, zeroed_chunks_are_given_back);
    tcase_add_test(own, handles_do_what_they_were_opened_for);
    tcase_add_test(own, names_have_limits);
    tcase_add_test(own, large_data_survives_odd_pieces);
    tcase_add_test(own, a_directory_may_be_large);
    tcase_add_test(own, options_are_checked);
    suite_add_tcase(suite, own);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
