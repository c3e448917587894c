/* The information classes of MS-FSCC. */
#include "core/nt/tests/support.h"
#include "core/wire/fscc_directory.h"
#include "core/wire/fscc_file.h"
#include "core/wire/fscc_filesystem.h"
#include "core/wire/smb2.h"

static const struct tb_attributes sample = {
    .file_id = 0x1122334455667788,
    .creation_filetime = 1,
    .access_filetime = 2,
    .write_filetime = 3,
    .change_filetime = 4,
    .size = 1000,
    .allocation_size = 4096,
    .file_attributes = TB_FILE_ATTRIBUTE_ARCHIVE,
    .link_count = 2,
};

static const struct tb_file_state state = {
    .attributes = &sample,
    .path = "dir/\xC3\xA9.txt",
    .volume_id = 0x99,
    .position = 7,
    .granted_access = TB_FILE_GENERIC_READ,
    .create_options = TB_FILE_NON_DIRECTORY_FILE | TB_FILE_WRITE_THROUGH,
};

/* Encodes into memory of exactly `capacity` bytes; `out` is freed by the caller. */
static enum tb_error encode(uint8_t number, const struct tb_file_state *s, size_t capacity,
                            struct tb_span *out)
{
    uint8_t *memory = malloc(capacity ? capacity : 1);
    struct tb_writer w = tb_writer(memory, capacity);
    enum tb_error error = tb_file_information_encode(number, s, &w);
    ck_assert(!w.failed);
    *out = tb_span(memory, w.at);
    return error;
}

/* Class, fixed length, and length for `state`. */
static const struct {
    uint8_t number;
    uint32_t fixed, full;
} file_classes[] = {
    {TB_FILE_BASIC_INFORMATION, 40, 40},
    {TB_FILE_STANDARD_INFORMATION, 24, 24},
    {TB_FILE_INTERNAL_INFORMATION, 8, 8},
    {TB_FILE_EA_INFORMATION, 4, 4},
    {TB_FILE_ACCESS_INFORMATION, 4, 4},
    {TB_FILE_NAME_INFORMATION, 8, 4 + 20},
    {TB_FILE_POSITION_INFORMATION, 8, 8},
    {TB_FILE_MODE_INFORMATION, 4, 4},
    {TB_FILE_ALIGNMENT_INFORMATION, 4, 4},
    {TB_FILE_ALL_INFORMATION, 104, 100 + 20},
    {TB_FILE_STREAM_INFORMATION, 32, 38},
    {TB_FILE_COMPRESSION_INFORMATION, 16, 16},
    {TB_FILE_NETWORK_OPEN_INFORMATION, 56, 56},
    {TB_FILE_ATTRIBUTE_TAG_INFORMATION, 8, 8},
    {TB_FILE_NORMALIZED_NAME_INFORMATION, 8, 4 + 18},
    {TB_FILE_ID_INFORMATION, 24, 24},
};

START_TEST(file_lengths)
{
    uint8_t number = file_classes[_i].number;
    const struct tb_file_class *class = tb_file_class_query(number);
    struct tb_span out;

    ck_assert_ptr_nonnull(class);
    ck_assert_uint_eq(class->fixed_length, file_classes[_i].fixed);
    for (size_t capacity = 0; capacity <= file_classes[_i].full; capacity++) {
        enum tb_error error = encode(number, &state, capacity, &out);
        if (capacity < file_classes[_i].fixed)
            ck_assert(error == TB_INFO_LENGTH_MISMATCH && out.length == 0);
        else if (capacity < file_classes[_i].full)
            ck_assert_int_eq(error, TB_BUFFER_OVERFLOW);
        else
            ck_assert(error == TB_OK && out.length == file_classes[_i].full);
        exact_free(out);
    }
}
END_TEST

START_TEST(file_contents)
{
    struct tb_span out;
    struct tb_file_all all;
    struct tb_file_network_open open;
    struct tb_file_standard standard;
    struct tb_file_state pending = state;

    ck_assert_int_eq(encode(TB_FILE_ALL_INFORMATION, &state, 200, &out), TB_OK);
    ck_assert_int_eq(tb_file_all_decode(out, &all), TB_OK);
    ck_assert_uint_eq(all.basic.creation_filetime, 1);
    ck_assert_uint_eq(all.basic.change_filetime, 4);
    ck_assert_uint_eq(all.basic.file_attributes, TB_FILE_ATTRIBUTE_ARCHIVE);
    ck_assert_uint_eq(all.standard.size, 1000);
    ck_assert_uint_eq(all.standard.link_count, 2);
    ck_assert_uint_eq(all.file_id, sample.file_id);
    ck_assert_uint_eq(all.position, 7);
    ck_assert_uint_eq(all.access, TB_FILE_GENERIC_READ);
    ck_assert_uint_eq(all.mode, TB_FILE_WRITE_THROUGH);
    ck_assert_uint_eq(all.name.length, 20);
    ck_assert_mem_eq(all.name.data, "\\\0d\0i\0r\0\\\0\xE9\0.\0", 14);
    for (size_t cut = 0; cut < 100; cut++) {
        struct tb_span part = exact(out.data, cut);
        ck_assert_int_eq(tb_file_all_decode(part, &all), TB_INFO_LENGTH_MISMATCH);
        exact_free(part);
    }
    exact_free(out);

    /* A name that was cut still says how long it is. */
    ck_assert_int_eq(encode(TB_FILE_NAME_INFORMATION, &state, 9, &out), TB_BUFFER_OVERFLOW);
    ck_assert_uint_eq(out.length, 8);
    ck_assert_mem_eq(out.data, "\x14\0\0\0\\\0d\0", 8);
    exact_free(out);

    ck_assert_int_eq(encode(TB_FILE_NETWORK_OPEN_INFORMATION, &state, 56, &out), TB_OK);
    ck_assert_int_eq(tb_file_network_open_decode(out, &open), TB_OK);
    ck_assert_uint_eq(open.size, 1000);
    ck_assert_uint_eq(open.basic.write_filetime, 3);
    exact_free(out);

    pending.delete_pending = true;
    ck_assert_int_eq(encode(TB_FILE_STANDARD_INFORMATION, &pending, 24, &out), TB_OK);
    ck_assert_int_eq(tb_file_standard_decode(out, &standard), TB_OK);
    ck_assert(standard.delete_pending && !standard.directory);
    ck_assert_uint_eq(standard.link_count, 1);
    exact_free(out);
}
END_TEST

START_TEST(file_directory)
{
    struct tb_attributes attributes = sample;
    struct tb_file_state root = state;
    struct tb_span out;

    attributes.file_attributes = TB_FILE_ATTRIBUTE_DIRECTORY;
    root.attributes = &attributes;
    root.path = "";
    ck_assert_int_eq(encode(TB_FILE_STREAM_INFORMATION, &root, 64, &out), TB_OK);
    ck_assert_uint_eq(out.length, 0);
    exact_free(out);
    ck_assert_int_eq(encode(TB_FILE_NAME_INFORMATION, &root, 8, &out), TB_OK);
    ck_assert_uint_eq(out.length, 6);
    exact_free(out);
    ck_assert_int_eq(encode(TB_FILE_NORMALIZED_NAME_INFORMATION, &root, 8, &out), TB_OK);
    ck_assert_uint_eq(out.length, 4);
    exact_free(out);
    attributes.file_attributes |= TB_FILE_ATTRIBUTE_REPARSE_POINT;
    attributes.reparse_tag = 0xA000000C;
    ck_assert_int_eq(encode(TB_FILE_ATTRIBUTE_TAG_INFORMATION, &root, 8, &out), TB_OK);
    ck_assert_mem_eq(out.data, "\x10\x04\0\0\x0C\0\0\xA0", 8);
    exact_free(out);
    ck_assert_int_eq(encode(TB_FILE_ALTERNATE_NAME_INFORMATION, &root, 64, &out), TB_OK);
    ck_assert_mem_eq(out.data, "\0\0\0\0", 4);
    exact_free(out);
    ck_assert_int_eq(encode(TB_FILE_PIPE_INFORMATION, &root, 64, &out), TB_INVALID_INFO_CLASS);
    exact_free(out);
    ck_assert_int_eq(encode(200, &root, 64, &out), TB_INVALID_INFO_CLASS);
    exact_free(out);
}
END_TEST

START_TEST(pipe_information)
{
    uint8_t bytes[40];
    struct tb_writer w = tb_writer(bytes, sizeof(bytes));
    struct tb_file_pipe_state pipe = {true, 12};

    ck_assert_int_eq(tb_file_pipe_information_encode(TB_FILE_PIPE_LOCAL_INFORMATION, &pipe, &w),
                     TB_OK);
    ck_assert_uint_eq(w.at, 40);
    ck_assert_uint_eq(tb_load_u32(bytes + 20), 12);
    w = tb_writer(bytes, 39);
    ck_assert_int_eq(tb_file_pipe_information_encode(TB_FILE_PIPE_LOCAL_INFORMATION, &pipe, &w),
                     TB_INFO_LENGTH_MISMATCH);
    ck_assert_int_eq(tb_file_pipe_information_encode(TB_FILE_PIPE_INFORMATION, &pipe, &w), TB_OK);
    ck_assert_uint_eq(w.at, 8);
    ck_assert_int_eq(tb_file_pipe_information_encode(TB_FILE_BASIC_INFORMATION, &pipe, &w),
                     TB_INVALID_INFO_CLASS);
}
END_TEST

START_TEST(set_basic)
{
    struct tb_file_basic in = {INT64_MAX, UINT64_MAX, UINT64_MAX - 1, 0, 0x20}, out;
    uint8_t bytes[40];
    struct tb_writer w = tb_writer(bytes, sizeof(bytes));

    tb_file_basic_encode(&in, &w);
    ck_assert(!w.failed && w.at == 40);
    for (size_t cut = 0; cut < 40; cut++) {
        struct tb_span part = exact(bytes, cut);
        ck_assert_int_eq(tb_file_basic_decode(part, &out), TB_INFO_LENGTH_MISMATCH);
        exact_free(part);
    }
    ck_assert_int_eq(tb_file_basic_decode(tb_span(bytes, 40), &out), TB_OK);
    ck_assert_uint_eq(out.access_filetime, UINT64_MAX);
    ck_assert_uint_eq(out.file_attributes, 0x20);
    tb_store_u64(bytes + 24, UINT64_MAX - 2);
    ck_assert_int_eq(tb_file_basic_decode(tb_span(bytes, 40), &out), TB_INVALID_PARAMETER);
    tb_store_u64(bytes + 24, UINT64_C(1) << 63);
    ck_assert_int_eq(tb_file_basic_decode(tb_span(bytes, 40), &out), TB_INVALID_PARAMETER);
}
END_TEST

START_TEST(set_rename)
{
    struct tb_span name = wide("dir\\new");
    struct tb_file_rename in = {TB_FILE_RENAME_REPLACE_IF_EXISTS, 0, name}, out;
    uint8_t bytes[64];
    struct tb_writer w = tb_writer(bytes, sizeof(bytes));

    tb_file_rename_encode(&in, &w);
    ck_assert_uint_eq(w.at, 20 + name.length);
    ck_assert_int_eq(tb_file_rename_decode(tb_span(bytes, w.at), &out), TB_OK);
    ck_assert(out.flags == TB_FILE_RENAME_REPLACE_IF_EXISTS && out.name.length == name.length);
    ck_assert_mem_eq(out.name.data, name.data, name.length);
    for (size_t cut = 0; cut < w.at; cut++) {
        struct tb_span part = exact(bytes, cut);
        ck_assert_int_eq(tb_file_rename_decode(part, &out), TB_INFO_LENGTH_MISMATCH);
        ck_assert_int_eq(tb_file_rename_ex_decode(part, &out), TB_INFO_LENGTH_MISMATCH);
        exact_free(part);
    }
    tb_store_u32(bytes, TB_FILE_RENAME_FLAGS);
    ck_assert_int_eq(tb_file_rename_ex_decode(tb_span(bytes, w.at), &out), TB_OK);
    ck_assert_uint_eq(out.flags, TB_FILE_RENAME_FLAGS);
    tb_store_u32(bytes, TB_FILE_RENAME_FLAGS + 1);
    ck_assert_int_eq(tb_file_rename_ex_decode(tb_span(bytes, w.at), &out), TB_INVALID_PARAMETER);
    tb_store_u32(bytes + 16, UINT32_MAX);
    ck_assert_int_eq(tb_file_rename_decode(tb_span(bytes, w.at), &out), TB_INFO_LENGTH_MISMATCH);
    tb_store_u32(bytes + 16, 3);
    ck_assert_int_eq(tb_file_rename_decode(tb_span(bytes, w.at), &out), TB_INVALID_PARAMETER);
    tb_store_u32(bytes + 16, 0);
    ck_assert_int_eq(tb_file_rename_decode(tb_span(bytes, w.at), &out), TB_INVALID_PARAMETER);
    /* The shortest is padded to the length of the C structure. */
    in.name = tb_span("x", 2);
    w = tb_writer(bytes, sizeof(bytes));
    tb_file_rename_encode(&in, &w);
    ck_assert_uint_eq(w.at, 24);
    exact_free(name);
}
END_TEST

START_TEST(set_others)
{
    static const uint8_t bytes[8] = {1, 0, 0, 0, 0, 0, 0, 0x80};
    bool delete_pending;
    uint32_t flags;
    uint64_t length;

    ck_assert_int_eq(tb_file_disposition_decode(tb_span(bytes, 0), &delete_pending),
                     TB_INFO_LENGTH_MISMATCH);
    ck_assert_int_eq(tb_file_disposition_decode(tb_span(bytes, 1), &delete_pending), TB_OK);
    ck_assert(delete_pending);
    ck_assert_int_eq(tb_file_disposition_ex_decode(tb_span(bytes, 3), &flags),
                     TB_INFO_LENGTH_MISMATCH);
    ck_assert_int_eq(tb_file_disposition_ex_decode(tb_span(bytes, 4), &flags), TB_OK);
    ck_assert_uint_eq(flags, TB_FILE_DISPOSITION_DELETE);
    ck_assert_int_eq(tb_file_length_decode(tb_span(bytes, 7), &length), TB_INFO_LENGTH_MISMATCH);
    ck_assert_int_eq(tb_file_length_decode(tb_span(bytes, 8), &length), TB_INVALID_PARAMETER);
    ck_assert_int_eq(tb_file_mode_decode(tb_span(bytes, 4), &flags), TB_INVALID_PARAMETER);
    ck_assert_int_eq(tb_file_mode_decode(tb_span("\x06\0\0\0", 4), &flags), TB_OK);
    ck_assert_ptr_null(tb_file_class_set(TB_FILE_STANDARD_INFORMATION));
    ck_assert_uint_eq(tb_file_class_set(TB_FILE_RENAME_INFORMATION)->access, TB_DELETE);
}
END_TEST

static const struct {
    uint8_t number;
    uint32_t fixed, full;
} filesystem_classes[] = {
    {TB_FS_VOLUME_INFORMATION, 24, 18 + 10}, {TB_FS_SIZE_INFORMATION, 24, 24},
    {TB_FS_DEVICE_INFORMATION, 8, 8},        {TB_FS_ATTRIBUTE_INFORMATION, 16, 12 + 8},
    {TB_FS_CONTROL_INFORMATION, 48, 48},     {TB_FS_FULL_SIZE_INFORMATION, 32, 32},
    {TB_FS_OBJECT_ID_INFORMATION, 64, 64},   {TB_FS_SECTOR_SIZE_INFORMATION, 28, 28},
};

START_TEST(filesystem)
{
    struct tb_exporter_capabilities capabilities = {.case_preserved = true, .read_only = true};
    struct tb_filesystem_state fs = {
        .space = {1 << 20, 1 << 19, 1 << 18},
        .volume_id = 0xAABBCCDD11223344,
        .label = "share",
        .filesystem_name = "NTFS",
        .attributes = tb_filesystem_attributes(&capabilities),
        .component_max = 255,
        .read_only = true,
    };
    uint8_t number = filesystem_classes[_i].number;
    uint32_t full = filesystem_classes[_i].full;

    ck_assert_uint_eq(tb_filesystem_class_fixed_length(number), filesystem_classes[_i].fixed);
    for (size_t capacity = 0; capacity <= full + 2; capacity++) {
        uint8_t *memory = malloc(capacity ? capacity : 1);
        struct tb_writer w = tb_writer(memory, capacity);
        enum tb_error error = tb_filesystem_information_encode(number, &fs, &w);
        if (capacity < filesystem_classes[_i].fixed)
            ck_assert(error == TB_INFO_LENGTH_MISMATCH && w.at == 0);
        else if (capacity < full)
            ck_assert_int_eq(error, TB_BUFFER_OVERFLOW);
        else
            ck_assert(error == TB_OK && w.at == full);
        if (error == TB_OK && number == TB_FS_FULL_SIZE_INFORMATION)
            ck_assert_uint_eq(tb_load_u64(memory) * 8 * 512, 1 << 20);
        if (error == TB_OK && number == TB_FS_ATTRIBUTE_INFORMATION)
            ck_assert_uint_eq(tb_load_u32(memory), 0x00080406);
        free(memory);
    }
    ck_assert_uint_eq(tb_filesystem_class_fixed_length(TB_FS_LABEL_INFORMATION), 0);
}
END_TEST

static const struct {
    uint8_t number;
    uint32_t name_at;
    bool has_times, has_id, has_tag;
} directory_classes[] = {
    {1, 64, true, false, false},   {2, 68, true, false, false},  {3, 94, true, false, false},
    {12, 12, false, false, false}, {37, 104, true, true, false}, {38, 80, true, true, false},
    {60, 88, true, true, true},    {78, 80, true, true, true},   {79, 106, true, true, true},
    {80, 96, true, true, true},    {81, 122, true, true, true},
};

START_TEST(directory)
{
    static const char *const names[] = {".", "..", "a", "file \xE2\x82\xAC.txt",
                                        "\xF0\x9F\x98\x80"};
    static const size_t lengths[] = {2, 4, 2, 20, 4};
    const uint8_t number = directory_classes[_i].number;
    struct tb_attributes attributes = sample;
    struct tb_directory_record record;

    ck_assert_uint_eq(tb_directory_class_fixed_length(number), directory_classes[_i].name_at);
    attributes.file_attributes |= TB_FILE_ATTRIBUTE_REPARSE_POINT;
    attributes.reparse_tag = 0xA000000C;
    for (size_t capacity = 0; capacity < 800; capacity += 3) {
        uint8_t *memory = malloc(capacity + 1);
        struct tb_directory_writer w = tb_directory_writer(number, memory, capacity);
        uint32_t added = 0;
        while (added < 5 && tb_directory_writer_add(&w, names[added], &attributes) == TB_OK)
            added++;
        ck_assert_uint_eq(w.count, added);
        ck_assert_uint_le(tb_directory_writer_length(&w), capacity);
        struct tb_span chain = exact(memory, tb_directory_writer_length(&w));
        size_t offset = 0;
        for (uint32_t i = 0; i < added; i++) {
            ck_assert_uint_eq(offset % 8, 0);
            ck_assert_int_eq(tb_directory_record_decode(number, chain, &offset, &record), TB_OK);
            ck_assert_uint_eq(record.name.length, lengths[i]);
            ck_assert_uint_eq(record.size, directory_classes[_i].has_times ? 1000 : 0);
            ck_assert_uint_eq(record.file_id, directory_classes[_i].has_id ? sample.file_id : 0);
            ck_assert_uint_eq(record.reparse_tag, directory_classes[_i].has_tag ? 0xA000000C : 0);
        }
        ck_assert_int_eq(tb_directory_record_decode(number, chain, &offset, &record),
                         TB_NO_MORE_ENTRIES);
        exact_free(chain);
        free(memory);
    }
}
END_TEST

/* The layout that Windows' clients ask for, byte by byte. */
START_TEST(directory_id_both)
{
    uint8_t memory[256];
    struct tb_directory_writer w = tb_directory_writer(37, memory, sizeof(memory));

    ck_assert_int_eq(tb_directory_writer_add(&w, "a", &sample), TB_OK);
    ck_assert_int_eq(tb_directory_writer_add(&w, "\xFF", &sample), TB_INVALID_PARAMETER);
    ck_assert_int_eq(tb_directory_writer_add(&w, "bc", &sample), TB_OK);
    ck_assert_uint_eq(tb_directory_writer_length(&w), 112 + 108);
    ck_assert_uint_eq(tb_load_u32(memory), 112);
    ck_assert_uint_eq(tb_load_u32(memory + 4), 0);
    ck_assert_uint_eq(tb_load_u64(memory + 8), 1);
    ck_assert_uint_eq(tb_load_u64(memory + 16), 2);
    ck_assert_uint_eq(tb_load_u64(memory + 40), 1000);
    ck_assert_uint_eq(tb_load_u64(memory + 48), 4096);
    ck_assert_uint_eq(tb_load_u32(memory + 56), TB_FILE_ATTRIBUTE_ARCHIVE);
    ck_assert_uint_eq(tb_load_u32(memory + 60), 2);
    ck_assert_uint_eq(memory[68], 0);
    ck_assert_uint_eq(tb_load_u64(memory + 96), sample.file_id);
    ck_assert_mem_eq(memory + 104, "a\0\0\0\0\0\0\0", 8);
    ck_assert_uint_eq(tb_load_u32(memory + 112), 0);
    ck_assert_mem_eq(memory + 216, "b\0c\0", 4);
}
END_TEST

START_TEST(directory_hostile)
{
    uint8_t memory[512];
    struct tb_directory_writer w = tb_directory_writer(37, memory, sizeof(memory));
    struct tb_directory_record record;
    uint32_t seed = 5;

    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(tb_directory_writer_add(&w, "name", &sample), TB_OK);
    for (int i = 0; i < 20000; i++) {
        size_t cut = next_random(&seed) % (w.to.at + 1);
        struct tb_span chain = exact(memory, cut);
        if (cut > 0 && i % 2)
            ((uint8_t *)chain.data)[next_random(&seed) % 64 * cut / 64] =
                (uint8_t)next_random(&seed);
        size_t offset = 0, before = 0;
        while (tb_directory_record_decode(37, chain, &offset, &record) == TB_OK) {
            ck_assert_uint_gt(offset, before);
            before = offset;
        }
        exact_free(chain);
    }
    size_t offset = 0;
    ck_assert_int_eq(tb_directory_record_decode(99, tb_span(memory, 8), &offset, &record),
                     TB_INVALID_PARAMETER);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fscc");
    TCase *tests = tcase_create("fscc");

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, file_lengths, 0, sizeof(file_classes) / sizeof(file_classes[0]));
    tcase_add_test(tests, file_contents);
    tcase_add_test(tests, file_directory);
    tcase_add_test(tests, pipe_information);
    tcase_add_test(tests, set_basic);
    tcase_add_test(tests, set_rename);
    tcase_add_test(tests, set_others);
    tcase_add_loop_test(tests, filesystem, 0,
                        sizeof(filesystem_classes) / sizeof(filesystem_classes[0]));
    tcase_add_loop_test(tests, directory, 0,
                        sizeof(directory_classes) / sizeof(directory_classes[0]));
    tcase_add_test(tests, directory_id_both);
    tcase_add_test(tests, directory_hostile);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
