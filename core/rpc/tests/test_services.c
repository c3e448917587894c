/* What the pipes srvsvc and wkssvc answer. */
#include "core/nt/tests/support.h"
#include "core/nt/utf.h"
#include "core/rpc/tests/client.h"

static void expect_string(struct tb_ndr_reader *r, const char *expected)
{
    char text[512];
    ck_assert_int_eq(tb_utf8_from_utf16(tb_ndr_read_string(r), text, sizeof(text)), TB_OK);
    ck_assert_str_eq(text, expected);
}

static uint32_t last_u32(const struct tb_ndr_writer *out)
{
    ck_assert_uint_ge(out->length, 4);
    return tb_load_u32(out->data + out->length - 4);
}

START_TEST(share_enum_level_1)
{
    struct tb_pipe *pipe = open_bound("srvsvc", &tb_rpc_srvsvc);
    struct tb_ndr_writer in = share_enum_arguments(1, UINT32_MAX, true, 0), out;

    ck_assert_uint_eq(call_with(pipe, 15, &in, &out), 0);
    struct tb_ndr_reader r = tb_ndr_reader(tb_span(out.data, out.length));
    ck_assert_uint_eq(tb_ndr_read_u32(&r), 1);
    ck_assert_uint_eq(tb_ndr_read_u32(&r), 1);
    ck_assert(tb_ndr_read_pointer(&r));
    ck_assert_uint_eq(tb_ndr_read_u32(&r), 3);
    ck_assert(tb_ndr_read_pointer(&r));
    ck_assert_uint_eq(tb_ndr_read_u32(&r), 3);
    for (size_t i = 0; i < 3; i++) {
        ck_assert(tb_ndr_read_pointer(&r));
        ck_assert_uint_eq(tb_ndr_read_u32(&r), shares[i].type);
        ck_assert(tb_ndr_read_pointer(&r));
    }
    for (size_t i = 0; i < 3; i++) {
        expect_string(&r, shares[i].name);
        expect_string(&r, shares[i].comment ? shares[i].comment : "");
    }
    ck_assert_uint_eq(tb_ndr_read_u32(&r), 3); /* total */
    ck_assert(tb_ndr_read_pointer(&r));
    ck_assert_uint_eq(tb_ndr_read_u32(&r), 0); /* resume handle: done */
    ck_assert_uint_eq(tb_ndr_read_u32(&r), TB_WERROR_OK);
    ck_assert(!tb_ndr_reader_failed(&r));
    ck_assert_uint_eq(tb_reader_left(&r.bytes), 0);
    tb_ndr_writer_clear(&in);
    tb_ndr_writer_clear(&out);
    tb_pipe_close(pipe);
}
END_TEST

/* A length that one entry exceeds gives one entry at a time. */
START_TEST(share_enum_resumes)
{
    struct tb_pipe *pipe = open_bound("srvsvc", &tb_rpc_srvsvc);
    uint32_t handle = 0;

    for (uint32_t i = 0; i < 3; i++) {
        struct tb_ndr_writer in = share_enum_arguments(0, 1, true, handle), out;
        ck_assert_uint_eq(call_with(pipe, 15, &in, &out), 0);
        ck_assert_uint_eq(tb_load_u32(out.data + 12), 1);
        ck_assert_uint_eq(last_u32(&out), i < 2 ? TB_WERROR_MORE_DATA : TB_WERROR_OK);
        handle = tb_load_u32(out.data + out.length - 8);
        ck_assert_uint_eq(handle, i < 2 ? i + 1 : 0);
        ck_assert_uint_eq(tb_load_u32(out.data + out.length - 16), 3 - i);
        tb_ndr_writer_clear(&in);
        tb_ndr_writer_clear(&out);
    }
    struct tb_ndr_writer in = share_enum_arguments(0, UINT32_MAX, true, 77), out;
    ck_assert_uint_eq(call_with(pipe, 15, &in, &out), 0);
    ck_assert_uint_eq(tb_load_u32(out.data + 12), 0);
    ck_assert_uint_eq(last_u32(&out), TB_WERROR_OK);
    tb_ndr_writer_clear(&in);
    tb_ndr_writer_clear(&out);
    tb_pipe_close(pipe);
}
END_TEST

START_TEST(share_enum_levels)
{
    static const uint32_t levels[] = {0, 1, 2, 501, 502, 503, 7, 1005};
    static const uint32_t results[] = {0, 0, 0, 0, 0, 124, 124, 124};
    struct tb_pipe *pipe = open_bound("srvsvc", &tb_rpc_srvsvc);

    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        struct tb_ndr_writer in = share_enum_arguments(levels[i], UINT32_MAX, false, 0), out;
        ck_assert_uint_eq(call_with(pipe, 15, &in, &out), 0);
        ck_assert_uint_eq(last_u32(&out), results[i]);
        tb_ndr_writer_clear(&in);
        tb_ndr_writer_clear(&out);
    }
    tb_pipe_close(pipe);
}
END_TEST

START_TEST(share_get_info)
{
    static const struct {
        const char *name;
        uint32_t level, result;
    } rows[] = {
        {"DATA", 0, 0},   {"data", 1, 0}, {"data", 2, 0},    {"data", 501, 0},
        {"data", 502, 0}, {"ipc$", 1, 0}, {"data", 1005, 0}, {"nothing", 1, 2310},
        {"Secret", 1, 0}, {"", 1, 2310},  {"data", 3, 124},
    };
    struct tb_pipe *pipe = open_bound("srvsvc", &tb_rpc_srvsvc);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct tb_ndr_writer in = share_info_arguments(rows[i].name, rows[i].level), out;
        ck_assert_uint_eq(call_with(pipe, 16, &in, &out), 0);
        ck_assert_uint_eq(last_u32(&out), rows[i].result);
        struct tb_ndr_reader r = tb_ndr_reader(tb_span(out.data, out.length));
        ck_assert_uint_eq(tb_ndr_read_u32(&r), rows[i].level);
        if (rows[i].level != 3) /* of which the union has no arm */
            ck_assert_int_eq(tb_ndr_read_pointer(&r), rows[i].result == 0);
        if (rows[i].level == 2) {
            ck_assert(tb_ndr_read_pointer(&r));
            ck_assert_uint_eq(tb_ndr_read_u32(&r), TB_RPC_SHARE_DISK);
            ck_assert(tb_ndr_read_pointer(&r));
            ck_assert_uint_eq(tb_ndr_read_u32(&r), 0);
            ck_assert_uint_eq(tb_ndr_read_u32(&r), TB_RPC_SHARE_UNLIMITED);
            ck_assert_uint_eq(tb_ndr_read_u32(&r), 1);
            ck_assert(tb_ndr_read_pointer(&r));
            ck_assert(!tb_ndr_read_pointer(&r));
            expect_string(&r, "data");
            expect_string(&r, "Some data");
            expect_string(&r, "C:\\data");
        }
        if (rows[i].level == 1005)
            ck_assert_uint_eq(tb_ndr_read_u32(&r), 0x30);
        tb_ndr_writer_clear(&in);
        tb_ndr_writer_clear(&out);
    }
    tb_pipe_close(pipe);
}
END_TEST

/* What only administrators are told: the security of shares, details of the server. */
START_TEST(ordinary_user)
{
    static const struct {
        uint32_t level, result;
    } rows[] = {{2, TB_WERROR_OK}, {502, TB_WERROR_ACCESS_DENIED}};
    struct tb_rpc_environment ordinary = environment;
    uint8_t bytes[512];

    ordinary.administrator = false;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct tb_pipe *pipe = open_bound("srvsvc", &tb_rpc_srvsvc);
        struct tb_ndr_writer in = share_enum_arguments(rows[i].level, UINT32_MAX, false, 0);
        size_t length = encode_request(bytes, sizeof(bytes), 3, 5, tb_span(in.data, in.length));
        ck_assert_int_eq(tb_pipe_write(pipe, &ordinary, tb_span(bytes, length)), TB_OK);
        ck_assert_int_eq(tb_pipe_read(pipe, answer, sizeof(answer), &answer_length), TB_OK);
        ck_assert_uint_eq(answer_header().type, TB_RPC_RESPONSE);
        ck_assert_uint_eq(tb_load_u32(answer + answer_length - 4), rows[i].result);
        tb_ndr_writer_clear(&in);
        tb_pipe_close(pipe);
    }
}
END_TEST

/* ServerName and Level: NetrServerGetInfo and NetrWkstaGetInfo. */
static uint32_t info_call(struct tb_pipe *pipe, uint16_t operation, uint32_t level,
                          struct tb_ndr_writer *out)
{
    struct tb_ndr_writer in;

    tb_ndr_writer_init(&in, 4096);
    tb_ndr_write_pointer(&in, true);
    tb_ndr_write_string(&in, "server"); /* 7 units: what follows needs alignment */
    tb_ndr_write_u32(&in, level);
    uint32_t fault = call_with(pipe, operation, &in, out);
    tb_ndr_writer_clear(&in);
    ck_assert_uint_eq(fault, 0);
    return last_u32(out);
}

START_TEST(server_and_workstation_info)
{
    struct tb_pipe *pipe = open_bound("srvsvc", &tb_rpc_srvsvc);
    struct tb_ndr_writer out;

    for (uint32_t level = 99; level <= 103; level++) {
        uint32_t result = info_call(pipe, 21, level, &out);
        ck_assert_uint_eq(result, level == 99 || level == 103 ? TB_WERROR_INVALID_LEVEL : 0);
        struct tb_ndr_reader r = tb_ndr_reader(tb_span(out.data, out.length));
        ck_assert_uint_eq(tb_ndr_read_u32(&r), level);
        if (result == TB_WERROR_OK && tb_ndr_read_pointer(&r)) {
            ck_assert_uint_eq(tb_ndr_read_u32(&r), 500);
            tb_read_skip(&r.bytes, level == 100 ? 4 : level == 101 ? 20 : 48);
            expect_string(&r, "SERVER");
            if (level >= 101)
                expect_string(&r, "A server");
            if (level >= 102)
                expect_string(&r, "c:\\");
            ck_assert_uint_eq(tb_ndr_read_u32(&r), 0);
            ck_assert_uint_eq(tb_reader_left(&r.bytes), 0);
        }
        tb_ndr_writer_clear(&out);
    }
    tb_pipe_close(pipe);

    pipe = open_bound("wkssvc", &tb_rpc_wkssvc);
    for (uint32_t level = 99; level <= 103; level++) {
        uint32_t result = info_call(pipe, 0, level, &out);
        ck_assert_uint_eq(result, level == 99 || level == 103 ? TB_WERROR_INVALID_LEVEL : 0);
        struct tb_ndr_reader r = tb_ndr_reader(tb_span(out.data, out.length));
        ck_assert_uint_eq(tb_ndr_read_u32(&r), level);
        if (result == TB_WERROR_OK && tb_ndr_read_pointer(&r)) {
            tb_read_skip(&r.bytes, level == 100 ? 20 : level == 101 ? 24 : 28);
            expect_string(&r, "SERVER");
            expect_string(&r, "WORKGROUP");
        }
        tb_ndr_writer_clear(&out);
    }
    tb_pipe_close(pipe);
}
END_TEST

START_TEST(remote_time)
{
    static const uint32_t expected[] = {1709208030, 5000, 12, 0, 30, 12, 0, 310, 29, 2, 2024, 4, 0};
    struct tb_pipe *pipe = open_bound("srvsvc", &tb_rpc_srvsvc);
    struct tb_ndr_writer in, out;

    tb_ndr_writer_init(&in, 64);
    tb_ndr_write_pointer(&in, false);
    ck_assert_uint_eq(call_with(pipe, 28, &in, &out), 0);
    struct tb_ndr_reader r = tb_ndr_reader(tb_span(out.data, out.length));
    ck_assert(tb_ndr_read_pointer(&r));
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        ck_assert_uint_eq(tb_ndr_read_u32(&r), expected[i]);
    tb_ndr_writer_clear(&in);
    tb_ndr_writer_clear(&out);
    tb_pipe_close(pipe);
}
END_TEST

/* More shares than a fragment holds. */
START_TEST(many_shares)
{
    enum { COUNT = 2000 };
    struct tb_rpc_share *many = calloc(COUNT, sizeof(*many));
    struct tb_rpc_environment big = environment;
    struct tb_pipe *pipe = open_bound("srvsvc", &tb_rpc_srvsvc);
    struct tb_ndr_writer in = share_enum_arguments(2, UINT32_MAX, false, 0), out;
    uint8_t bytes[512];

    for (size_t i = 0; i < COUNT; i++)
        many[i] = shares[0];
    big.shares = many;
    big.share_count = COUNT;
    big.hidden_count = 0;
    size_t length = encode_request(bytes, sizeof(bytes), 3, 5, tb_span(in.data, in.length));
    ck_assert_int_eq(tb_pipe_write(pipe, &big, tb_span(bytes, length)), TB_OK);
    ck_assert_uint_gt(tb_pipe_state(pipe).messages, 10);
    tb_ndr_writer_init(&out, SIZE_MAX);
    while (tb_pipe_read(pipe, answer, sizeof(answer), &answer_length) == TB_OK) {
        struct tb_rpc_header header = answer_header();
        struct tb_rpc_response response;
        ck_assert_uint_le(answer_length, 4280);
        ck_assert_int_eq(tb_rpc_response_decode(tb_span(answer, answer_length), &header, &response),
                         TB_OK);
        ck_assert((header.flags & TB_RPC_LAST_FRAG) || response.stub.length % 8 == 0);
        tb_ndr_write_bytes(&out, response.stub.data, response.stub.length);
    }
    ck_assert_uint_eq(tb_load_u32(out.data + 12), COUNT);
    ck_assert_uint_eq(last_u32(&out), TB_WERROR_OK);
    tb_ndr_writer_clear(&in);
    tb_ndr_writer_clear(&out);
    tb_pipe_close(pipe);
    free(many);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rpc services");
    TCase *tests = tcase_create("rpc services");

    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, share_enum_level_1);
    tcase_add_test(tests, share_enum_resumes);
    tcase_add_test(tests, share_enum_levels);
    tcase_add_test(tests, share_get_info);
    tcase_add_test(tests, ordinary_user);
    tcase_add_test(tests, server_and_workstation_info);
    tcase_add_test(tests, remote_time);
    tcase_add_test(tests, many_shares);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
