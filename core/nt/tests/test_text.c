/* UTF-16, folding, hashing, times. */
#include "core/nt/hash.h"
#include "core/nt/tests/fault.h"
#include "core/nt/tests/support.h"
#include "core/nt/time.h"
#include "core/nt/upcase.h"
#include "core/nt/utf.h"

static const struct {
    const char *utf8;
    const char *utf16;
    size_t utf16_length;
} pairs[] = {
    {"", "", 0},
    {"abc", "a\0b\0c\0", 6},
    {"\xC3\xA9", "\xE9\0", 2},
    {"\xE2\x82\xAC", "\xAC\x20", 2},
    {"\xF0\x9F\x98\x80", "\x3D\xD8\x00\xDE", 4},
    {"\xED\xA0\xBD", "\x3D\xD8", 2},                     /* a lone high surrogate */
    {"\xED\xB8\x80", "\x00\xDE", 2},                     /* a lone low one */
    {"\xED\xB8\x80\xED\xA0\xBD", "\x00\xDE\x3D\xD8", 4}, /* both, in the wrong order */
    {"\xED\xA0\xBDx", "\x3D\xD8x\0", 4},
    {"\xED\xA0\xBD\xF0\x9F\x98\x80", "\x3D\xD8\x3D\xD8\x00\xDE", 6},
    {"\xEF\xBF\xBF", "\xFF\xFF", 2},
    {"\xF4\x8F\xBF\xBF", "\xFF\xDB\xFF\xDF", 4},
};

START_TEST(utf_pairs)
{
    const size_t length = strlen(pairs[_i].utf8);
    struct tb_span utf16 = exact(pairs[_i].utf16, pairs[_i].utf16_length);
    struct tb_span utf8 = exact(pairs[_i].utf8, length);
    char *text, small[32];
    uint8_t *wire;
    size_t bytes;

    ck_assert_uint_eq(tb_utf8_length_from_utf16(utf16), length);
    ck_assert_int_eq(tb_utf8_from_utf16_new(utf16, &text), TB_OK);
    ck_assert_str_eq(text, pairs[_i].utf8);
    free(text);
    ck_assert_int_eq(tb_utf8_from_utf16(utf16, small, length + 1), TB_OK);
    ck_assert_str_eq(small, pairs[_i].utf8);
    if (length > 0)
        ck_assert_int_eq(tb_utf8_from_utf16(utf16, small, length), TB_BUFFER_TOO_SMALL);
    ck_assert_int_eq(tb_utf8_from_utf16(utf16, small, 0), TB_BUFFER_TOO_SMALL);

    const char *exact_utf8 = (const char *)utf8.data;
    ck_assert_int_eq(tb_utf16_length_from_utf8(exact_utf8, length, &bytes), TB_OK);
    ck_assert_uint_eq(bytes, utf16.length);
    ck_assert_int_eq(tb_utf16_from_utf8_new(exact_utf8, length, &wire, &bytes), TB_OK);
    ck_assert_mem_eq(wire, utf16.data, utf16.length);
    struct tb_writer w = tb_writer(wire, bytes ? bytes - 1 : 0);
    ck_assert_int_eq(tb_utf16_from_utf8(exact_utf8, length, &w),
                     bytes ? TB_BUFFER_TOO_SMALL : TB_OK);
    free(wire);
    exact_free(utf8);
    exact_free(utf16);
}
END_TEST

START_TEST(utf_ill_formed)
{
    static const char *const bad[] = {
        "\x80",
        "\xC0\x80",
        "\xC1\xBF",
        "\xC3",
        "\xE0\x80\x80",
        "\xE0\x9F\xBF",
        "\xE2\x82",
        "\xE2\x82g",
        "\xF0\x80\x80\x80",
        "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80",
        "\xFF",
        "\xF0\x9F\x98",
        "ok\xFE",
        "\xED\xA0\xBD\xED\xB8\x80", /* a pair as two threes */
    };
    uint8_t *wire;
    size_t bytes;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct tb_span text = exact(bad[i], strlen(bad[i]));
        const char *data = (const char *)text.data;
        ck_assert(!tb_utf8_valid(data, text.length));
        ck_assert_int_eq(tb_utf16_from_utf8_new(data, text.length, &wire, &bytes),
                         TB_INVALID_PARAMETER);
        ck_assert_ptr_null(wire);
        struct tb_utf16_units units = tb_utf16_units(data, text.length);
        for (int n = 0; tb_utf16_next(&units) != TB_UTF16_END; n++)
            ck_assert_int_lt(n, 8);
        exact_free(text);
    }
    struct tb_span odd = exact("a\0b", 3);
    char *text = NULL;
    ck_assert_int_eq(tb_utf8_from_utf16_new(odd, &text), TB_INVALID_PARAMETER);
    ck_assert_ptr_null(text);
    ck_assert_uint_eq(tb_utf8_length_from_utf16(odd), 1);
    ck_assert_int_eq(tb_utf8_from_utf16_new(tb_span("a\0\0\0b\0", 6), &text), TB_INVALID_PARAMETER);
    exact_free(odd);
}
END_TEST

/* Every sequence of units has one form inside and comes back. */
START_TEST(utf_round_trip)
{
    uint32_t seed = 1;

    for (int i = 0; i < 20000; i++) {
        uint8_t units[16], *back;
        size_t bytes, length = 2 * (next_random(&seed) % 9);
        for (size_t at = 0; at < length; at += 2) {
            uint32_t r = next_random(&seed);
            uint16_t unit = (uint16_t)(r % 3 == 0 ? 0xD800 + (r >> 8) % 0x800 : r >> 8);
            tb_store_u16(units + at, unit ? unit : 1);
        }
        char *text;
        ck_assert_int_eq(tb_utf8_from_utf16_new(tb_span(units, length), &text), TB_OK);
        ck_assert_int_eq(tb_utf16_from_utf8_new(text, strlen(text), &back, &bytes), TB_OK);
        ck_assert_uint_eq(bytes, length);
        ck_assert(memcmp(back, units, length) == 0);
        free(back);
        free(text);
    }
}
END_TEST

START_TEST(upcase_known)
{
    static const uint16_t known[][2] = {
        {'a', 'A'},       {'z', 'Z'},       {'A', 'A'},       {'[', '['},       {'0', '0'},
        {0x00E9, 0x00C9}, {0x00FF, 0x0178}, {0x00DF, 0x00DF}, {0x00F7, 0x00F7}, {0x00B5, 0x00B5},
        {0x0131, 0x0131}, {0x0130, 0x0130}, {0x017F, 0x017F}, {0x0133, 0x0132}, {0x01C6, 0x01C4},
        {0x01C5, 0x01C5}, {0x01DD, 0x018E}, {0x03B1, 0x0391}, {0x03C2, 0x03A3}, {0x0451, 0x0401},
        {0x0561, 0x0531}, {0x1E01, 0x1E00}, {0x1E9B, 0x1E9B}, {0x1F80, 0x1F88}, {0x1FB3, 0x1FBC},
        {0x1FBE, 0x1FBE}, {0x2170, 0x2160}, {0x24D0, 0x24B6}, {0x10D0, 0x10D0}, {0xFF41, 0xFF21},
        {0xD800, 0xD800}, {0xDFFF, 0xDFFF}, {0xFFFF, 0xFFFF}, {0x0250, 0x2C6F}, {0x2C65, 0x023A},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        ck_assert_uint_eq(tb_upcase(known[i][0]), known[i][1]);
    for (uint32_t unit = 0; unit < 0x10000; unit++)
        ck_assert_uint_eq(tb_upcase(tb_upcase((uint16_t)unit)), tb_upcase((uint16_t)unit));
}
END_TEST

START_TEST(fold_and_compare)
{
    char *folded = tb_name_fold_new("Stra\xC3\x9F"
                                    "e/\xC3\xA9\xF0\x90\x90\xA8\xFF.txt");
    ck_assert_str_eq(folded, "STRA\xC3\x9F"
                             "E/\xC3\x89\xF0\x90\x90\xA8\xFF.TXT");
    free(folded);
    /* U+0250 grows from two bytes to three. */
    char longest[] = "\xC9\x90\xC9\x90\xC9\x90\xC9\x90";
    char *to = malloc(TB_NAME_FOLDED_CAPACITY(sizeof(longest) - 1));
    ck_assert_uint_eq(tb_name_fold(longest, to), 12);
    free(to);

    ck_assert(tb_name_equal_folded("README.txt", "readme.TXT"));
    ck_assert(!tb_name_equal_folded("a", "ab"));
    ck_assert_int_lt(tb_name_compare_folded("a", "B"), 0);
    ck_assert_int_lt(tb_name_compare_folded("", "a"), 0);
    ck_assert_int_gt(tb_name_compare_folded("a_", "ab"), 0); /* '_' is behind 'B' */
    /* By units, a surrogate pair comes before U+FF21. */
    ck_assert_int_lt(tb_name_compare_folded("\xF0\x9F\x98\x80", "\xEF\xBD\x81"), 0);
    ck_assert_int_ne(tb_name_compare_folded("\xFF", "\xFE"), 0);
}
END_TEST

START_TEST(hash_vectors)
{
    /* The reference vectors: key 00..0f, messages of 0, 1, 2 ... bytes 00, 01, 02 ... */
    static const uint64_t expected[] = {
        0x726fdb47dd0e0e31, 0x74f839c593dc67fd, 0x0d6c8009d9a94f5a, 0x85676696d7fb7e2d,
        0xcf2794e0277187b7, 0x18765564cd99a68d, 0xcbc9466e58fee3ce, 0xab0200f58b01d137,
        0x93f5f5799a932462, 0x9e0082df0ba9e4b0, 0x7a5dbbc594ddb9f3, 0xf4b32f46226bada7,
        0x751e8fbc860ee5fb, 0x14ea5627c0843d90, 0xf723ca908e7af2ee, 0xa129ca6149be45e5,
    };
    uint8_t bytes[16];

    for (size_t i = 0; i < 16; i++)
        bytes[i] = (uint8_t)i;
    struct tb_hash_key key = tb_hash_key(bytes);
    for (size_t i = 0; i < 16; i++)
        ck_assert_uint_eq(tb_hash_bytes(key, bytes, i), expected[i]);

    static const char *const names[] = {"", "a", "AbCdEfG", "AbCdEfGh",
                                        "x\xC3\xA9y\xC9\x90zabcdefghijkl"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char *folded = tb_name_fold_new(names[i]);
        ck_assert_uint_eq(tb_hash_name_folded(key, names[i]),
                          tb_hash_bytes(key, folded, strlen(folded)));
        free(folded);
    }
}
END_TEST

START_TEST(times)
{
    static const struct {
        int64_t seconds;
        uint32_t nanoseconds;
        uint64_t filetime;
    } rows[] = {
        {0, 0, TB_FILETIME_UNIX_EPOCH},
        {-11644473600, 0, 0},
        {1, 99, TB_FILETIME_UNIX_EPOCH + 10000000},
        {-1, 999999999, TB_FILETIME_UNIX_EPOCH - 1},
        {910692730085, 477580700, TB_FILETIME_MAX},
    };
    uint64_t filetime;
    int64_t seconds;
    uint32_t nanoseconds;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ck_assert_int_eq(tb_filetime_from_unix(rows[i].seconds, rows[i].nanoseconds, &filetime),
                         TB_OK);
        ck_assert_uint_eq(filetime, rows[i].filetime);
        ck_assert_int_eq(tb_filetime_to_unix(filetime, &seconds, &nanoseconds), TB_OK);
        ck_assert_int_eq(seconds, rows[i].seconds);
        ck_assert_uint_eq(nanoseconds, rows[i].nanoseconds / 100 * 100);
    }
    ck_assert_int_eq(tb_filetime_from_unix(-11644473601, 0, &filetime), TB_INVALID_PARAMETER);
    ck_assert_int_eq(tb_filetime_from_unix(910692730085, 477580800, &filetime),
                     TB_INVALID_PARAMETER);
    ck_assert_int_eq(tb_filetime_from_unix(INT64_MAX, 0, &filetime), TB_INVALID_PARAMETER);
    ck_assert_int_eq(tb_filetime_from_unix(INT64_MIN, 0, &filetime), TB_INVALID_PARAMETER);
    ck_assert_int_eq(tb_filetime_from_unix(0, 1000000000, &filetime), TB_INVALID_PARAMETER);
    ck_assert_uint_eq(tb_filetime_from_unix_clamped(INT64_MIN, 0), 0);
    ck_assert_uint_eq(tb_filetime_from_unix_clamped(INT64_MAX, 0), TB_FILETIME_MAX);
    ck_assert_int_eq(tb_filetime_to_unix(TB_FILETIME_FREEZE, &seconds, &nanoseconds),
                     TB_INVALID_PARAMETER);
}
END_TEST

static enum tb_error fold_one(void)
{
    char *folded = tb_name_fold_new("x");
    free(folded);
    return folded ? TB_OK : TB_NO_MEMORY;
}

static enum tb_error convert_one(void)
{
    char *text;
    uint8_t *wire;
    size_t bytes;

    enum tb_error error = tb_utf8_from_utf16_new(tb_span("a\0", 2), &text);
    if (error)
        return error;
    error = tb_utf16_from_utf8_new(text, 1, &wire, &bytes);
    free(text);
    free(wire);
    return error;
}

START_TEST(memory_runs_out)
{
    ck_assert_uint_eq(fault_each(fold_one), 1);
    ck_assert_uint_eq(fault_each(convert_one), 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("text");
    TCase *tests = tcase_create("text");

    tcase_add_loop_test(tests, utf_pairs, 0, sizeof(pairs) / sizeof(pairs[0]));
    tcase_add_test(tests, utf_ill_formed);
    tcase_add_test(tests, utf_round_trip);
    tcase_add_test(tests, upcase_known);
    tcase_add_test(tests, fold_and_compare);
    tcase_add_test(tests, hash_vectors);
    tcase_add_test(tests, times);
    tcase_add_test(tests, memory_runs_out);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
