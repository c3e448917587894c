/* Hostile input for every codec: cut at each length, and changed at random places. */
#include "core/wire/tests/codecs.h"

#include <check.h>
#include <stdlib.h>

enum { MUTATIONS = 4000 };

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

START_TEST(samples_are_canonical)
{
    const struct codec *codec = &codecs[_i];
    struct tb_span input = codec_input(codec);
    uint8_t out[1024];
    struct tb_writer w = tb_writer(out, sizeof out);
    if (codec->is_message)
        tb_write_bytes(&w, input.data, TB_SMB2_HEADER_LENGTH);
    ck_assert_msg(codec->round_trip(input, &w) == TB_OK, "%s", codec->name);
    ck_assert_msg(!w.failed && w.at == input.length, "%s: %zu %zu", codec->name, w.at,
                  input.length);
    for (size_t i = 0; i < w.at; i++)
        ck_assert_msg(out[i] == input.data[i], "%s differs at %zu", codec->name, i);
    release(input);
}
END_TEST

START_TEST(every_truncation)
{
    const struct codec *codec = &codecs[_i];
    struct tb_span whole = codec_input(codec);
    for (size_t length = 0; length <= whole.length; length++) {
        struct tb_span cut = exact_copy(tb_span(whole.data, length));
        check_round_trip(codec, cut);
        release(cut);
    }
    release(whole);
}
END_TEST

/* A field of 1, 2, 4 or 8 bytes becomes random, zero, all ones or off by one. */
static void mutate(uint8_t *data, size_t length, uint64_t *state)
{
    size_t width = (size_t)1 << next_random(state) % 4;
    if (width > length)
        return;
    uint8_t *p = data + next_random(state) % (length - width + 1);
    uint64_t kind = next_random(state) % 4, value = next_random(state);
    for (size_t i = 0; i < width; i++) {
        if (kind == 0)
            p[i] = (uint8_t)(value >> 8 * i);
        else if (kind == 1)
            p[i] = i == 0 ? (uint8_t)(p[i] + (value & 1 ? 1 : -1)) : p[i];
        else
            p[i] = kind == 2 ? 0 : 0xFF;
    }
}

START_TEST(every_capacity_too_small)
{
    const struct codec *codec = &codecs[_i];
    struct tb_span input = codec_input(codec);
    size_t begin = codec->is_message ? TB_SMB2_HEADER_LENGTH : 0;
    for (size_t capacity = begin; capacity < input.length; capacity++) {
        uint8_t *memory = malloc(capacity ? capacity : 1);
        ck_assert_ptr_nonnull(memory);
        struct tb_writer w = tb_writer(memory, capacity);
        tb_write_zeros(&w, begin);
        ck_assert_int_eq(codec->round_trip(input, &w), TB_OK);
        ck_assert_msg(w.failed, "%s with %zu bytes", codec->name, capacity);
        free(memory);
    }
    release(input);
}
END_TEST

START_TEST(mutations)
{
    const struct codec *codec = &codecs[_i];
    struct tb_span whole = codec_input(codec);
    size_t skip = codec->is_message ? TB_SMB2_HEADER_LENGTH : 0;
    uint64_t state = 0x9E3779B97F4A7C15u + (uint64_t)_i;
    for (int n = 0; n < MUTATIONS; n++) {
        struct tb_span copy = exact_copy(whole);
        uint8_t *data = (uint8_t *)(uintptr_t)copy.data;
        for (uint64_t times = 1 + next_random(&state) % 3; times; times--)
            mutate(data + skip, copy.length - skip, &state);
        check_round_trip(codec, copy);
        release(copy);
    }
    release(whole);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hostile input to decoders");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, samples_are_canonical, 0, (int)codec_count);
    tcase_add_loop_test(tests, every_truncation, 0, (int)codec_count);
    tcase_add_loop_test(tests, every_capacity_too_small, 0, (int)codec_count);
    tcase_add_loop_test(tests, mutations, 0, (int)codec_count);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
