/* Names, paths and search patterns. */
#include "core/nt/name.h"
#include "core/nt/tests/fault.h"
#include "core/nt/tests/support.h"
#include "core/nt/wildcard.h"

static const struct {
    const char *wire;
    enum tb_error error;
    const char *path;
    const char *stream;
    enum tb_stream_type type;
    bool trailing;
} paths[] = {
    {"", TB_OK, "", NULL, TB_STREAM_TYPE_NONE, false},
    {"a", TB_OK, "a", NULL, TB_STREAM_TYPE_NONE, false},
    {"a\\b c\\d.txt", TB_OK, "a/b c/d.txt", NULL, TB_STREAM_TYPE_NONE, false},
    {"a\\b\\", TB_OK, "a/b", NULL, TB_STREAM_TYPE_NONE, true},
    {"a.", TB_OK, "a.", NULL, TB_STREAM_TYPE_NONE, false},
    {"...", TB_OK, "...", NULL, TB_STREAM_TYPE_NONE, false},
    {"a:s", TB_OK, "a", "s", TB_STREAM_TYPE_NONE, false},
    {"d\\a:s:$DATA", TB_OK, "d/a", "s", TB_STREAM_TYPE_DATA, false},
    {"a::$data", TB_OK, "a", NULL, TB_STREAM_TYPE_DATA, false},
    {"a::$INDEX_ALLOCATION", TB_OK, "a", NULL, TB_STREAM_TYPE_INDEX_ALLOCATION, false},
    {"a:$I30:$INDEX_ALLOCATION", TB_OK, "a", NULL, TB_STREAM_TYPE_INDEX_ALLOCATION, false},
    {":s", TB_OK, "", "s", TB_STREAM_TYPE_NONE, false},
    {"a:b*?<>|\"", TB_OK, "a", "b*?<>|\"", TB_STREAM_TYPE_NONE, false},
    {"\\a", TB_INVALID_PARAMETER, NULL, NULL, TB_STREAM_TYPE_NONE, false},
    {"\\", TB_INVALID_PARAMETER, NULL, NULL, TB_STREAM_TYPE_NONE, false},
    {"a\\\\b", TB_OBJECT_NAME_INVALID, NULL, NULL, TB_STREAM_TYPE_NONE, false},
    {"a\\\\", TB_OBJECT_NAME_INVALID, NULL, NULL, TB_STREAM_TYPE_NONE, false},
    {".", TB_OBJECT_NAME_INVALID, NULL, NULL, TB_STREAM_TYPE_NONE, false},
    {"a\\..", TB_OK, "", NULL, TB_STREAM_TYPE_NONE, false},
    {"a\\..\\b", TB_OK, "b", NULL, TB_STREAM_TYPE_NONE, false},
    {"a\\bc\\..\\..\\d\\e", TB_OK, "d/e", NULL, TB_STREAM_TYPE_NONE, false},
    {"a\\bc\\..", TB_OK, "a", NULL, TB_STREAM_TYPE_NONE, false},
    {"a\\b\\..\\", TB_OK, "a", NULL, TB_STREAM_TYPE_NONE, true},
    {"a\\..\\b:s", TB_OK, "b", "s", TB_STREAM_TYPE_NONE, false},
    {"..", TB_OBJECT_PATH_SYNTAX_BAD, NULL, NULL, TB_STREAM_TYPE_NONE, false},
    {"a\\..\\..", TB_OBJECT_PATH_SYNTAX_BAD, NULL, NULL, TB_STREAM_TYPE_NONE, false},
    {"a\\..\\..\\b", TB_OBJECT_PATH_SYNTAX_BAD, NULL, NULL, TB_STREAM_TYPE_NONE, false},
    {"..\\..\\etc", TB_OBJECT_PATH_SYNTAX_BAD, NULL, NULL, TB_STREAM_TYPE_NONE, false},
    {"..:s", TB_OBJECT_PATH_SYNTAX_BAD, NULL, NULL, TB_STREAM_TYPE_NONE, false},
    {"a\\.\\b", TB_OBJECT_NAME_INVALID, NULL, NULL, TB_STREAM_TYPE_NONE, false},
    {"a*\\..", TB_OBJECT_NAME_INVALID, NULL, NULL, TB_STREAM_TYPE_NONE, false},
    {"a\\\\..", TB_OBJECT_NAME_INVALID, NULL, NULL, TB_STREAM_TYPE_NONE, false},
    {"a/b", TB_OBJECT_NAME_INVALID, NULL, NULL, TB_STREAM_TYPE_NONE, false},
    {"../x", TB_OBJECT_NAME_INVALID, NULL, NULL, TB_STREAM_TYPE_NONE, false},
    {"a*", TB_OBJECT_NAME_INVALID, NULL, NULL, TB_STREAM_TYPE_NONE, false},
    {"a?\\b", TB_OBJECT_NAME_INVALID, NULL, NULL, TB_STREAM_TYPE_NONE, false},
    {"a|b", TB_OBJECT_NAME_INVALID, NULL, NULL, TB_STREAM_TYPE_NONE, false},
    {"a\"b", TB_OBJECT_NAME_INVALID, NULL, NULL, TB_STREAM_TYPE_NONE, false},
    {"a<b", TB_OBJECT_NAME_INVALID, NULL, NULL, TB_STREAM_TYPE_NONE, false},
    {"a\x1f", TB_OBJECT_NAME_INVALID, NULL, NULL, TB_STREAM_TYPE_NONE, false},
    {"a:", TB_OBJECT_NAME_INVALID, NULL, NULL, TB_STREAM_TYPE_NONE, false},
    {"a::", TB_OBJECT_NAME_INVALID, NULL, NULL, TB_STREAM_TYPE_NONE, false},
    {"a:s:", TB_OBJECT_NAME_INVALID, NULL, NULL, TB_STREAM_TYPE_NONE, false},
    {"a:s:$EA", TB_OBJECT_NAME_INVALID, NULL, NULL, TB_STREAM_TYPE_NONE, false},
    {"a:s:$DATA:x", TB_OBJECT_NAME_INVALID, NULL, NULL, TB_STREAM_TYPE_NONE, false},
    {"a:s:$INDEX_ALLOCATION", TB_OBJECT_NAME_INVALID, NULL, NULL, TB_STREAM_TYPE_NONE, false},
    {"a:s\\b", TB_OBJECT_NAME_INVALID, NULL, NULL, TB_STREAM_TYPE_NONE, false},
    {"a:s\\", TB_OBJECT_NAME_INVALID, NULL, NULL, TB_STREAM_TYPE_NONE, false},
    {"a:s/b", TB_OBJECT_NAME_INVALID, NULL, NULL, TB_STREAM_TYPE_NONE, false},
    {"d\\:s", TB_OBJECT_NAME_INVALID, NULL, NULL, TB_STREAM_TYPE_NONE, false},
};

START_TEST(path_from_wire)
{
    struct tb_span wire = wide(paths[_i].wire);
    struct tb_path path;

    ck_assert_int_eq(tb_path_from_wire(wire, &path), paths[_i].error);
    if (paths[_i].error) {
        ck_assert(!path.path && !path.stream);
    } else {
        ck_assert_str_eq(path.path, paths[_i].path);
        ck_assert_pstr_eq(path.stream, paths[_i].stream);
        ck_assert_int_eq(path.stream_type, paths[_i].type);
        ck_assert_int_eq(path.trailing_separator, paths[_i].trailing);
    }
    tb_path_clear(&path);
    exact_free(wire);
}
END_TEST

static enum tb_error parse_units(const uint16_t *units, size_t count)
{
    uint8_t *bytes = malloc(2 * count + 1);
    struct tb_path path;

    for (size_t i = 0; i < count; i++)
        tb_store_u16(bytes + 2 * i, units[i]);
    struct tb_span wire = exact(bytes, 2 * count);
    enum tb_error error = tb_path_from_wire(wire, &path);
    tb_path_clear(&path);
    exact_free(wire);
    free(bytes);
    return error;
}

START_TEST(path_limits)
{
    static uint16_t units[TB_PATH_UNITS_MAX + 1];
    struct tb_path path;

    for (size_t i = 0; i < 256; i++)
        units[i] = 0x20AC;
    ck_assert_int_eq(parse_units(units, 255), TB_OK);
    ck_assert_int_eq(parse_units(units, 256), TB_OBJECT_NAME_INVALID);
    units[0] = 'a';
    units[1] = ':';
    units[256] = units[257] = 0x20AC;
    ck_assert_int_eq(parse_units(units, 257), TB_OK);
    ck_assert_int_eq(parse_units(units, 258), TB_OBJECT_NAME_INVALID);
    for (size_t i = 0; i <= TB_PATH_UNITS_MAX; i++)
        units[i] = i % 2 ? '\\' : 'a';
    ck_assert_int_eq(parse_units(units, TB_PATH_UNITS_MAX), TB_OK);
    ck_assert_int_eq(parse_units(units, TB_PATH_UNITS_MAX + 1), TB_OBJECT_NAME_INVALID);
    ck_assert_int_eq(parse_units((uint16_t[]){'a', 0, 'b'}, 3), TB_OBJECT_NAME_INVALID);
    ck_assert_int_eq(parse_units((uint16_t[]){0xD800}, 1), TB_OK);
    ck_assert_int_eq(tb_path_from_wire(tb_span("a\0b", 3), &path), TB_INVALID_PARAMETER);
}
END_TEST

START_TEST(path_rename)
{
    struct tb_path path;
    struct tb_span wire = wide("\\d\\new");

    ck_assert_int_eq(tb_path_from_wire_rename(wire, &path), TB_OK);
    ck_assert_str_eq(path.path, "d/new");
    tb_path_clear(&path);
    exact_free(wire);
    wire = wide("\\\\d");
    ck_assert_int_eq(tb_path_from_wire_rename(wire, &path), TB_OBJECT_NAME_INVALID);
    exact_free(wire);
    wire = wide(":new:$DATA");
    ck_assert_int_eq(tb_path_from_wire_rename(wire, &path), TB_OK);
    ck_assert_str_eq(path.path, "");
    ck_assert_str_eq(path.stream, "new");
    tb_path_clear(&path);
    exact_free(wire);
}
END_TEST

START_TEST(path_helpers)
{
    ck_assert_str_eq(tb_path_leaf(""), "");
    ck_assert_str_eq(tb_path_leaf("a/b"), "b");
    ck_assert_uint_eq(tb_path_parent_length("a"), 0);
    ck_assert_uint_eq(tb_path_parent_length("a/b/c"), 3);
    char *path = tb_path_parent_new("a/b/c");
    ck_assert_str_eq(path, "a/b");
    free(path);
    path = tb_path_join_new("", "x");
    ck_assert_str_eq(path, "x");
    free(path);
    path = tb_path_join_new("a/b", "x");
    ck_assert_str_eq(path, "a/b/x");
    free(path);

    const char *at = "ab/c";
    struct tb_span part = tb_path_next(&at);
    ck_assert_uint_eq(part.length, 2);
    part = tb_path_next(&at);
    ck_assert_uint_eq(part.length, 1);
    ck_assert_uint_eq(tb_path_next(&at).length, 0);

    ck_assert(tb_path_is_beneath("a/b", "a"));
    ck_assert(tb_path_is_beneath("a", ""));
    ck_assert(!tb_path_is_beneath("", ""));
    ck_assert(!tb_path_is_beneath("a", "a"));
    ck_assert(!tb_path_is_beneath("ab", "a"));
    ck_assert(!tb_path_is_beneath("A/b", "a"));
    ck_assert(tb_path_is_beneath_folded("A/b", "a"));
    ck_assert(tb_path_is_beneath_folded("x", ""));
    ck_assert(!tb_path_is_beneath_folded("", ""));
    ck_assert(!tb_path_is_beneath_folded("A", "a"));
    ck_assert(!tb_path_is_beneath_folded("A", "a/b"));
    ck_assert(!tb_path_is_beneath_folded("Ab/c", "a"));
    ck_assert(!tb_path_is_beneath_folded("a/c", "ab"));

    ck_assert_int_eq(tb_name_check("a", 1), TB_OK);
    ck_assert_int_eq(tb_name_check("a\\b", 3), TB_OBJECT_NAME_INVALID);
    ck_assert_int_eq(tb_name_check("a\xFF", 2), TB_OBJECT_NAME_INVALID);
    ck_assert_int_eq(tb_name_check("a\0b", 3), TB_OBJECT_NAME_INVALID);
}
END_TEST

START_TEST(path_to_wire)
{
    uint8_t bytes[8];
    struct tb_writer w = tb_writer(bytes, sizeof(bytes));

    ck_assert_int_eq(tb_path_to_wire("a/b", true, &w), TB_OK);
    ck_assert_uint_eq(w.at, tb_path_wire_length("a/b", true));
    ck_assert_mem_eq(bytes, "\\\0a\0\\\0b\0", 8);
    w = tb_writer(bytes, 7);
    ck_assert_int_eq(tb_path_to_wire("a/b", true, &w), TB_BUFFER_TOO_SMALL);
    w = tb_writer(bytes, 8);
    ck_assert_int_eq(tb_path_to_wire("a\xFF", false, &w), TB_INVALID_PARAMETER);
    ck_assert_uint_eq(tb_path_wire_length("a\xFF", false), 4);
    ck_assert_uint_eq(tb_path_wire_length("", true), 2);
}
END_TEST

static const struct {
    const char *pattern, *name;
    bool matches;
} patterns[] = {
    {"*", "a", true},
    {"*", "", false},
    {"*.*", "noextension", true},
    {"**", "ab", true},
    {"*.", "a.", true},
    {"*.", "a", false},
    {"*.txt", "A.TXT", true},
    {"*.txt", "a.txt.bak", false},
    {"*.txt", ".txt", true},
    {"*a*b*c*", "xxaxxbxxcxx", true},
    {"*a*b*c*", "xxaxxcxxbxx", false},
    {"readme.TXT", "README.txt", true},
    {"?", "a", true},
    {"?", "", false},
    {"?", "ab", false},
    {"a?c", "abc", true},
    {"a?c", "a.c", true},
    {"a??", "ab", false},
    {"\xC3\xA9*", "\xC3\x89x", true},
    /* DOS_STAR: up to the last dot. */
    {"<", "a", true},
    {"<", "a.b", false},
    {"<.", "a.b", false},
    {"<.b", "a.b", true},
    {"<.b", "x.a.b", true},
    {"<\"", "a", true},
    {"<\"*", "a", true},
    {"<\"*", "a.b.c", true},
    {"<.txt", "a.txt.bak", false},
    {"<txt", "a.txt", false},
    /* DOS_QM: a character, or none at a dot or the end. */
    {">>>", "ab", true},
    {">>>", "abc", true},
    {">>>", "abcd", false},
    {">>>.b", "a.b", true},
    {">>>.b", "abcd.b", false},
    {">", ".", false},
    {"a>", "a", true},
    /* DOS_DOT: a dot, or none at the end. */
    {"a\"", "a", true},
    {"a\"", "a.", true},
    {"a\"b", "a.b", true},
    {"a\"b", "ab", false},
    {"<\">>>", "foo.txt", true},
    {"<\">>>", "foo", true},
    {"<\">>>", "foo.text", false},
    {">>>>>>>>\">>>", "longname.txt", true},
    {">>>>>>>>\">>>", "verylongname.txt", false},
    {"?.txt", "\xF0\x9F\x98\x80.txt", false}, /* two units */
    {"??.txt", "\xF0\x9F\x98\x80.txt", true},
    {"<.txt", "\xF0\x9F\x98\x80.txt", true},
    {"*x", "\xFFx", true},
};

START_TEST(pattern_matches)
{
    ck_assert_msg(tb_pattern_matches(patterns[_i].pattern, patterns[_i].name) ==
                      patterns[_i].matches,
                  "%s %s", patterns[_i].pattern, patterns[_i].name);
}
END_TEST

/* The matching as defined, by trying everything; exponential, for short texts. */
static bool slow_match(const char *p, const char *n)
{
    bool dot = *n == '.', last_dot = dot && !strchr(n + 1, '.');

    switch (*p) {
    case '\0':
        return *n == '\0';
    case '*':
        return slow_match(p + 1, n) || (*n && slow_match(p, n + 1));
    case '<':
        return slow_match(p + 1, n) || (*n && !last_dot && slow_match(p, n + 1));
    case '>':
        return *n && !dot ? slow_match(p + 1, n + 1) : slow_match(p + 1, n);
    case '"':
        return *n ? dot && slow_match(p + 1, n + 1) : slow_match(p + 1, n);
    case '?':
        return *n && slow_match(p + 1, n + 1);
    default:
        return *n == *p && slow_match(p + 1, n + 1);
    }
}

START_TEST(pattern_random)
{
    uint32_t seed = 7;

    for (int i = 0; i < 200000; i++) {
        char pattern[8] = "", name[8] = "";
        size_t pattern_length = 1 + next_random(&seed) % 6,
               name_length = 1 + next_random(&seed) % 6;
        for (size_t k = 0; k < pattern_length; k++)
            pattern[k] = "*?<>\".AB"[next_random(&seed) % 8];
        for (size_t k = 0; k < name_length; k++)
            name[k] = ".AB"[next_random(&seed) % 3];
        if (strcmp(pattern, "*.*") == 0)
            continue;
        ck_assert_msg(tb_pattern_matches(pattern, name) == slow_match(pattern, name), "%s %s",
                      pattern, name);
    }
}
END_TEST

START_TEST(pattern_bounded)
{
    char pattern[TB_PATTERN_UNITS_MAX + 3], name[256];

    for (size_t i = 0; i < TB_PATTERN_UNITS_MAX; i++)
        pattern[i] = i % 2 ? 'a' : '*';
    pattern[TB_PATTERN_UNITS_MAX - 1] = 'b';
    pattern[TB_PATTERN_UNITS_MAX] = '\0';
    memset(name, 'a', 255);
    name[255] = '\0';
    for (int i = 0; i < 20; i++)
        ck_assert(!tb_pattern_matches(pattern, name));
    memset(pattern, '*', TB_PATTERN_UNITS_MAX + 1);
    pattern[TB_PATTERN_UNITS_MAX] = '\0';
    ck_assert(tb_pattern_matches(pattern, name));
    strcat(pattern, "*");
    ck_assert(!tb_pattern_matches(pattern, name));
}
END_TEST

START_TEST(pattern_from_wire)
{
    static uint8_t longest[2 * TB_PATTERN_UNITS_MAX + 2];
    char *pattern;

    for (size_t i = 0; i < sizeof(longest); i += 2)
        longest[i] = '*';
    ck_assert_int_eq(tb_pattern_from_wire(tb_span(NULL, 0), &pattern), TB_OK);
    ck_assert_str_eq(pattern, "*");
    free(pattern);
    ck_assert_int_eq(tb_pattern_from_wire(tb_span("a\0*\0", 4), &pattern), TB_OK);
    ck_assert_str_eq(pattern, "a*");
    free(pattern);
    ck_assert_int_eq(tb_pattern_from_wire(tb_span(longest, sizeof(longest)), &pattern),
                     TB_OBJECT_NAME_INVALID);
    ck_assert_int_eq(tb_pattern_from_wire(tb_span("a\0\\\0", 4), &pattern), TB_OBJECT_NAME_INVALID);
    ck_assert_int_eq(tb_pattern_from_wire(tb_span("a\0\0\0", 4), &pattern), TB_OBJECT_NAME_INVALID);
    ck_assert_int_eq(tb_pattern_from_wire(tb_span("a\0b", 3), &pattern), TB_OBJECT_NAME_INVALID);
    for (const char *bad = "/|:\1\37"; *bad; bad++) {
        const uint8_t wire[2] = {(uint8_t)*bad, 0};
        ck_assert_int_eq(tb_pattern_from_wire(tb_span(wire, 2), &pattern), TB_OBJECT_NAME_INVALID);
    }
    ck_assert_int_eq(tb_pattern_from_wire(tb_span(longest, 2 * 256), &pattern),
                     TB_OBJECT_NAME_INVALID);
    ck_assert_int_eq(tb_pattern_from_wire(tb_span(longest, 2 * 255), &pattern), TB_OK);
    free(pattern);
    ck_assert(tb_pattern_has_wildcards("a<") && !tb_pattern_has_wildcards("a.b"));
}
END_TEST

static enum tb_error parse_one(void)
{
    struct tb_path path;
    enum tb_error error = tb_path_from_wire(tb_span("a\0:\0s\0", 6), &path);
    tb_path_clear(&path);
    return error;
}

static enum tb_error pattern_one(void)
{
    char *pattern;
    enum tb_error error = tb_pattern_from_wire(tb_span("a\0", 2), &pattern);
    free(pattern);
    return error;
}

static enum tb_error join_one(void)
{
    char *joined = tb_path_join_new("a", "b"), *parent = NULL;
    if (joined)
        parent = tb_path_parent_new(joined);
    enum tb_error error = parent ? TB_OK : TB_NO_MEMORY;
    free(parent);
    free(joined);
    return error;
}

START_TEST(memory_runs_out)
{
    ck_assert_uint_eq(fault_each(parse_one), 2);
    ck_assert_uint_eq(fault_each(pattern_one), 1);
    ck_assert_uint_eq(fault_each(join_one), 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("name");
    TCase *tests = tcase_create("name");

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, path_from_wire, 0, sizeof(paths) / sizeof(paths[0]));
    tcase_add_test(tests, path_limits);
    tcase_add_test(tests, path_rename);
    tcase_add_test(tests, path_helpers);
    tcase_add_test(tests, path_to_wire);
    tcase_add_loop_test(tests, pattern_matches, 0, sizeof(patterns) / sizeof(patterns[0]));
    tcase_add_test(tests, pattern_random);
    tcase_add_test(tests, pattern_bounded);
    tcase_add_test(tests, pattern_from_wire);
    tcase_add_test(tests, memory_runs_out);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
