/* DCE/RPC over named pipes: binding, fragments, and what is no DCE/RPC. */
#include "core/nt/tests/fault.h"
#include "core/nt/tests/support.h"
#include "core/rpc/tests/client.h"

START_TEST(pipe_names)
{
    struct tb_pipe *pipe;

    ck_assert(tb_pipe_exists("srvsvc") && tb_pipe_exists("SrvSvc") && tb_pipe_exists("wkssvc"));
    ck_assert(tb_pipe_exists("PIPE/srvsvc"));
    ck_assert(!tb_pipe_exists("") && !tb_pipe_exists("pipe") && !tb_pipe_exists("pipe/") &&
              !tb_pipe_exists("srvsvc2") && !tb_pipe_exists("srv"));
    ck_assert_int_eq(tb_pipe_open("spoolss", &pipe), TB_OBJECT_NAME_NOT_FOUND);
    ck_assert_ptr_null(pipe);
    ck_assert_int_eq(tb_pipe_open("SRVSVC", &pipe), TB_OK);
    ck_assert_str_eq(tb_pipe_name(pipe), "srvsvc");
    ck_assert_int_eq(tb_pipe_read(pipe, answer, 10, &answer_length), TB_PIPE_EMPTY);
    ck_assert_uint_eq(tb_pipe_state(pipe).available, 0);
    ck_assert(tb_pipe_state(pipe).connected);
    tb_pipe_close(pipe);
    tb_pipe_close(NULL);
}
END_TEST

/* Windows offers NDR, NDR64 and feature negotiation in three contexts. */
START_TEST(bind_contexts)
{
    struct tb_rpc_syntax features = {{0x6CB71C2C, 0x9812, 0x4540, {3}}, 1, 0};
    struct tb_rpc_bind bind = bind_to(&tb_rpc_srvsvc);
    struct tb_rpc_bind_ack ack;
    struct tb_pipe *pipe;
    uint8_t bytes[1024];
    struct tb_writer w = tb_writer(bytes, sizeof(bytes));

    bind.transmit_fragment_max = bind.receive_fragment_max = 5840;
    bind.context_count = 4;
    for (uint16_t i = 1; i < 4; i++) {
        bind.contexts[i] = bind.contexts[0];
        bind.contexts[i].id = i;
    }
    bind.contexts[1].transfers[0] = tb_rpc_ndr64;
    bind.contexts[2].transfers[0] = features;
    bind.contexts[3].abstract = tb_rpc_wkssvc.syntax;
    ck_assert_int_eq(tb_pipe_open("srvsvc", &pipe), TB_OK);
    tb_rpc_bind_encode(&w, TB_RPC_BIND, 7, &bind);
    ck_assert_int_eq(transceive(pipe, &w), TB_OK);
    struct tb_rpc_header header = answer_header();
    ck_assert_uint_eq(header.call_id, 7);
    ck_assert_int_eq(tb_rpc_bind_ack_decode(tb_span(answer, answer_length), &header, &ack), TB_OK);
    ck_assert_str_eq(ack.secondary_address, "\\PIPE\\srvsvc");
    ck_assert_uint_eq(ack.transmit_fragment_max, 4280);
    ck_assert_uint_ne(ack.association_group, 0);
    ck_assert_uint_eq(ack.result_count, 4);
    ck_assert_uint_eq(ack.results[0].result, TB_RPC_ACCEPTANCE);
    ck_assert_uint_eq(ack.results[1].result, TB_RPC_PROVIDER_REJECTION);
    ck_assert_uint_eq(ack.results[1].reason, TB_RPC_TRANSFER_SYNTAXES_NOT_SUPPORTED);
    ck_assert_uint_eq(ack.results[2].result, TB_RPC_NEGOTIATE_ACK);
    ck_assert_uint_eq(ack.results[2].reason, 0);
    ck_assert_uint_eq(ack.results[3].result, TB_RPC_PROVIDER_REJECTION);
    ck_assert_uint_eq(ack.results[3].reason, TB_RPC_ABSTRACT_SYNTAX_NOT_SUPPORTED);

    /* A context added later. */
    bind.context_count = 1;
    bind.contexts[0].id = 9;
    w = tb_writer(bytes, sizeof(bytes));
    tb_rpc_bind_encode(&w, TB_RPC_ALTER_CONTEXT, 8, &bind);
    ck_assert_int_eq(transceive(pipe, &w), TB_OK);
    header = answer_header();
    ck_assert_uint_eq(header.type, TB_RPC_ALTER_CONTEXT_RESP);
    ck_assert_int_eq(tb_rpc_bind_ack_decode(tb_span(answer, answer_length), &header, &ack), TB_OK);
    ck_assert_uint_eq(ack.results[0].result, TB_RPC_ACCEPTANCE);
    tb_pipe_close(pipe);
}
END_TEST

/* What is refused with bind_nak and a hang-up: another version, byte order, security, a second
 * bind. */
START_TEST(bind_refused)
{
    static const struct {
        size_t at;
        uint8_t value;
        uint16_t reason;
    } rows[] = {{0, 4, TB_RPC_NAK_PROTOCOL_VERSION}, {1, 9, TB_RPC_NAK_PROTOCOL_VERSION},
                {10, 8, TB_RPC_NAK_AUTH_TYPE},       {24, 0, TB_RPC_NAK_NOT_SPECIFIED},
                {24, 17, TB_RPC_NAK_NOT_SPECIFIED},  {24, 2, TB_RPC_NAK_NOT_SPECIFIED}};
    struct tb_rpc_bind bind = bind_to(&tb_rpc_srvsvc);
    struct tb_pipe *pipe;
    uint8_t bytes[512];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct tb_writer w = tb_writer(bytes, sizeof(bytes));
        tb_rpc_bind_encode(&w, TB_RPC_BIND, 1, &bind);
        bytes[rows[i].at] = rows[i].value;
        ck_assert_int_eq(tb_pipe_open("srvsvc", &pipe), TB_OK);
        ck_assert_int_eq(transceive(pipe, &w), TB_OK);
        ck_assert_uint_eq(answer_header().type, TB_RPC_BIND_NAK);
        ck_assert_uint_eq(tb_load_u16(answer + 16), rows[i].reason);
        ck_assert_int_eq(tb_pipe_write(pipe, &environment, tb_span(bytes, 1)),
                         TB_PIPE_DISCONNECTED);
        ck_assert_int_eq(tb_pipe_read(pipe, answer, 1, &answer_length), TB_PIPE_DISCONNECTED);
        ck_assert(!tb_pipe_state(pipe).connected);
        tb_pipe_close(pipe);
    }

    /* Big-endian, lengths and all. */
    struct tb_writer w = tb_writer(bytes, sizeof(bytes));
    tb_rpc_bind_encode(&w, TB_RPC_BIND, 0x01000000, &bind);
    bytes[4] = 0;
    bytes[9] = bytes[8];
    bytes[8] = 0;
    ck_assert_int_eq(tb_pipe_open("srvsvc", &pipe), TB_OK);
    ck_assert_int_eq(transceive(pipe, &w), TB_OK);
    ck_assert_uint_eq(answer_header().type, TB_RPC_BIND_NAK);
    ck_assert_uint_eq(answer_header().call_id, 1);
    tb_pipe_close(pipe);

    pipe = open_bound("srvsvc", &tb_rpc_srvsvc);
    w = tb_writer(bytes, sizeof(bytes));
    tb_rpc_bind_encode(&w, TB_RPC_BIND, 1, &bind);
    ck_assert_int_eq(transceive(pipe, &w), TB_OK);
    ck_assert_uint_eq(answer_header().type, TB_RPC_BIND_NAK);
    tb_pipe_close(pipe);
}
END_TEST

START_TEST(faults)
{
    struct tb_pipe *pipe = open_bound("srvsvc", &tb_rpc_srvsvc);
    struct tb_ndr_writer in, out;

    tb_ndr_writer_init(&in, 64);
    ck_assert_uint_eq(call_with(pipe, 12, &in, &out), TB_RPC_OP_RANGE_ERROR);
    ck_assert_uint_eq(call_with(pipe, 65535, &in, &out), TB_RPC_OP_RANGE_ERROR);
    ck_assert_uint_eq(call_with(pipe, 15, &in, &out), TB_RPC_BAD_STUB_DATA);
    tb_ndr_writer_clear(&in);

    /* Every argument list cut at every length: a fault, or an answer where nothing was missing. */
    for (int round = 0; round < 2; round++) {
        struct tb_ndr_writer whole =
            round ? share_info_arguments("data", 1) : share_enum_arguments(1, 100, true, 0);
        for (size_t cut = 0; cut < whole.length; cut++) {
            in = whole;
            in.length = cut;
            ck_assert_uint_eq(call_with(pipe, round ? 16 : 15, &in, &out), TB_RPC_BAD_STUB_DATA);
            tb_ndr_writer_clear(&out);
        }
        tb_ndr_writer_clear(&whole);
    }
    tb_pipe_close(pipe);
}
END_TEST

/* A request in three fragments, written byte by byte; then read back in small pieces. */
START_TEST(fragments)
{
    struct tb_pipe *pipe = open_bound("srvsvc", &tb_rpc_srvsvc);
    struct tb_ndr_writer in = share_enum_arguments(1, UINT32_MAX, true, 0);
    uint8_t bytes[512];
    size_t length = 0;

    for (int i = 0; i < 3; i++) {
        size_t from = in.length * (size_t)i / 3, to = in.length * (size_t)(i + 1) / 3;
        uint8_t flags = i == 0 ? TB_RPC_FIRST_FRAG : i == 2 ? TB_RPC_LAST_FRAG : 0;
        length += encode_request(bytes + length, sizeof(bytes) - length, flags, 5,
                                 tb_span(in.data + from, to - from));
    }
    for (size_t i = 0; i < length; i++) {
        ck_assert_int_eq(tb_pipe_read(pipe, answer, 1, &answer_length), TB_PIPE_EMPTY);
        struct tb_span one = exact(bytes + i, 1);
        ck_assert_int_eq(tb_pipe_write(pipe, &environment, one), TB_OK);
        exact_free(one);
    }
    struct tb_pipe_state state = tb_pipe_state(pipe);
    ck_assert_uint_eq(state.messages, 1);
    ck_assert_uint_eq(state.message_length, state.available);
    ck_assert_uint_gt(state.available, 100);
    ck_assert_uint_eq(tb_pipe_peek(pipe, answer, 16), 16);
    ck_assert_int_eq(
        tb_pipe_transceive(pipe, &environment, tb_span(bytes, length), answer, 1, &answer_length),
        TB_PIPE_BUSY);
    size_t got = 0;
    for (enum tb_error error = TB_BUFFER_OVERFLOW; error == TB_BUFFER_OVERFLOW;
         got += answer_length) {
        error = tb_pipe_read(pipe, answer + got, 7, &answer_length);
        ck_assert(error == TB_OK || (error == TB_BUFFER_OVERFLOW && answer_length == 7));
    }
    answer_length = got;
    ck_assert_uint_eq(got, state.available);
    ck_assert_uint_eq(answer_header().type, TB_RPC_RESPONSE);
    tb_ndr_writer_clear(&in);
    tb_pipe_close(pipe);
}
END_TEST

START_TEST(protocol_errors)
{
    uint8_t bytes[512];
    struct tb_pipe *pipe;

    for (int i = 0; i < 7; i++) {
        size_t length =
            encode_request(bytes, sizeof(bytes), TB_RPC_FIRST_FRAG, 5, tb_span("abcd", 4));
        pipe = i == 0 ? NULL : open_bound("srvsvc", &tb_rpc_srvsvc);
        if (i == 0) /* unbound */
            ck_assert_int_eq(tb_pipe_open("srvsvc", &pipe), TB_OK);
        if (i == 1) /* a first fragment inside a request */
            length += encode_request(bytes + length, 200, TB_RPC_FIRST_FRAG, 5, tb_span("abcd", 4));
        if (i == 2) /* of another call */
            length += encode_request(bytes + length, 200, TB_RPC_LAST_FRAG, 6, tb_span("abcd", 4));
        if (i == 3) /* no first one */
            bytes[3] = TB_RPC_LAST_FRAG;
        if (i == 4) /* too short for its header */
            bytes[8] = 20, length = 20;
        if (i == 5) /* no such type */
            bytes[2] = 77;
        if (i == 6) /* an authentication trailer longer than the fragment */
            bytes[10] = 200;
        ck_assert_int_eq(tb_pipe_write(pipe, &environment, tb_span(bytes, length)), TB_OK);
        ck_assert_int_eq(tb_pipe_read(pipe, answer, sizeof(answer), &answer_length), TB_OK);
        ck_assert_uint_eq(answer_header().type, TB_RPC_FAULT);
        ck_assert_uint_eq(tb_load_u32(answer + 24), TB_RPC_PROTOCOL_ERROR);
        ck_assert_int_eq(tb_pipe_read(pipe, answer, sizeof(answer), &answer_length),
                         TB_PIPE_DISCONNECTED);
        tb_pipe_close(pipe);
    }
    /* A fragment shorter than a header has no answer. */
    ck_assert_int_eq(tb_pipe_open("srvsvc", &pipe), TB_OK);
    bytes[8] = 15;
    ck_assert_int_eq(tb_pipe_write(pipe, &environment, tb_span(bytes, 16)), TB_PIPE_DISCONNECTED);
    tb_pipe_close(pipe);
}
END_TEST

START_TEST(limits)
{
    static uint8_t bytes[60024];
    static const uint8_t filler[60000];
    struct tb_pipe *pipe = open_bound("srvsvc", &tb_rpc_srvsvc);
    enum tb_error error = TB_OK;
    int written = 0;

    /* A request that never ends. */
    size_t length =
        encode_request(bytes, sizeof(bytes), TB_RPC_FIRST_FRAG, 5, tb_span(filler, 60000));
    for (; error == TB_OK && written < 100; written++) {
        error = tb_pipe_write(pipe, &environment, tb_span(bytes, length));
        bytes[3] = 0;
    }
    ck_assert_int_eq(error, TB_PIPE_DISCONNECTED);
    ck_assert_int_lt(written, 75);
    ck_assert_int_eq(tb_pipe_read(pipe, answer, sizeof(answer), &answer_length), TB_OK);
    ck_assert_uint_eq(tb_load_u32(answer + 24), TB_RPC_OUT_OF_MEMORY);
    tb_pipe_close(pipe);

    /* Replies that nobody reads. */
    pipe = open_bound("srvsvc", &tb_rpc_srvsvc);
    length = encode_request(bytes, sizeof(bytes), 3, 5, tb_span(NULL, 0));
    error = TB_OK;
    for (written = 0; error == TB_OK && written < 400000; written++)
        error = tb_pipe_write(pipe, &environment, tb_span(bytes, length));
    ck_assert_int_eq(error, TB_PIPE_BUSY);
    ck_assert_uint_lt(tb_pipe_state(pipe).available, TB_PIPE_UNREAD_LENGTH_MAX + 100);
    tb_pipe_close(pipe);
}
END_TEST

START_TEST(hostile)
{
    struct tb_ndr_writer in = share_enum_arguments(1, UINT32_MAX, true, 0);
    struct tb_rpc_bind bind = bind_to(&tb_rpc_srvsvc);
    uint8_t bytes[1024], changed[1024];
    uint32_t seed = 11;

    bind.context_count = 2;
    bind.contexts[1] = bind.contexts[0];
    struct tb_writer w = tb_writer(bytes, sizeof(bytes));
    tb_rpc_bind_encode(&w, TB_RPC_BIND, 1, &bind);
    size_t bind_length = w.at;
    size_t length = bind_length + encode_request(bytes + w.at, sizeof(bytes) - w.at, 3, 2,
                                                 tb_span(in.data, in.length));
    tb_ndr_writer_clear(&in);
    for (int i = 0; i < 30000; i++) {
        struct tb_pipe *pipe;
        memcpy(changed, bytes, length);
        for (uint32_t flips = 1 + next_random(&seed) % 3; flips > 0; flips--)
            changed[(i % 2 ? bind_length + next_random(&seed) % (length - bind_length)
                           : next_random(&seed) % length)] = (uint8_t)next_random(&seed);
        size_t cut = next_random(&seed) % 8 ? length : next_random(&seed) % length;
        struct tb_span part = exact(changed, cut);
        ck_assert_int_eq(tb_pipe_open("srvsvc", &pipe), TB_OK);
        tb_pipe_write(pipe, &environment, part);
        while (tb_pipe_read(pipe, answer, sizeof(answer), &answer_length) == TB_OK)
            answer_header();
        tb_pipe_close(pipe);
        exact_free(part);
    }
}
END_TEST

START_TEST(ndr_strings)
{
    static const struct {
        uint32_t max, offset, count;
        const char *units;
        size_t length;
        bool ok;
    } rows[] = {
        {2, 0, 2, "a\0\0\0", 4, true},
        {9, 0, 2, "a\0\0\0", 4, true},
        {1, 0, 1, "\0\0", 2, true},
        {2, 1, 2, "a\0\0\0", 4, false},
        {1, 0, 2, "a\0\0\0", 4, false},
        {2, 0, 2, "a\0b\0", 4, false},
        {0, 0, 0, "", 0, false},
        {3, 0, 3, "a\0\0\0\0\0", 6, true},
        {UINT32_MAX, 0, UINT32_MAX, "a\0\0\0", 4, false},
        {0x80000001, 0, 0x80000001, "\0\0", 2, false},
        {2, 0, 2, "a\0\0", 3, false},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t bytes[32];
        tb_store_u32(bytes, rows[i].max);
        tb_store_u32(bytes + 4, rows[i].offset);
        tb_store_u32(bytes + 8, rows[i].count);
        memcpy(bytes + 12, rows[i].units, rows[i].length);
        struct tb_span stub = exact(bytes, 12 + rows[i].length);
        struct tb_ndr_reader r = tb_ndr_reader(stub);
        struct tb_span text = tb_ndr_read_string(&r);
        ck_assert_int_eq(!tb_ndr_reader_failed(&r), rows[i].ok);
        ck_assert_uint_eq(text.length, rows[i].ok && rows[i].units[0] ? 2 : 0);
        exact_free(stub);
    }
    struct tb_ndr_writer w;
    tb_ndr_writer_init(&w, 20);
    tb_ndr_write_string(&w, "abcd");
    ck_assert(w.failed); /* beyond the limit */
    tb_ndr_writer_clear(&w);
    tb_ndr_writer_init(&w, 200);
    tb_ndr_write_u8(&w, 1);
    tb_ndr_write_u64(&w, 2);
    ck_assert_uint_eq(w.length, 16);
    tb_ndr_write_string(&w, "ab\xC3\xA9");
    ck_assert_uint_eq(w.length, 16 + 12 + 8);
    ck_assert_uint_eq(tb_ndr_string_length("ab\xC3\xA9"), 20);
    tb_ndr_patch_u32(&w, 0, 9);
    ck_assert_uint_eq(tb_load_u32(w.data), 9);
    tb_ndr_write_string(&w, "\xFF");
    ck_assert(w.failed);
    tb_ndr_writer_clear(&w);
}
END_TEST

static uint8_t script[1024];
static size_t script_length;

static enum tb_error run_script(void)
{
    uint8_t to[4280];
    size_t length;
    struct tb_pipe *pipe;

    enum tb_error error = tb_pipe_open("srvsvc", &pipe);
    if (error)
        return error;
    tb_pipe_write(pipe, &environment, tb_span(script, script_length));
    unsigned answers = 0;
    bool fault = false;
    while (tb_pipe_read(pipe, to, sizeof(to), &length) == TB_OK) {
        answers++;
        fault = fault || to[2] != (answers == 1 ? TB_RPC_BIND_ACK : TB_RPC_RESPONSE);
    }
    tb_pipe_close(pipe);
    return answers == 2 && !fault ? TB_OK : TB_NO_MEMORY;
}

START_TEST(memory_runs_out)
{
    struct tb_ndr_writer in = share_enum_arguments(1, UINT32_MAX, true, 0);
    struct tb_rpc_bind bind = bind_to(&tb_rpc_srvsvc);
    struct tb_writer w = tb_writer(script, sizeof(script));

    tb_rpc_bind_encode(&w, TB_RPC_BIND, 1, &bind);
    script_length = w.at;
    script_length +=
        encode_request(script + w.at, sizeof(script) - w.at, 3, 2, tb_span(in.data, in.length));
    tb_ndr_writer_clear(&in);
    ck_assert_uint_ge(fault_each(run_script), 6);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rpc");
    TCase *tests = tcase_create("rpc");

    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, pipe_names);
    tcase_add_test(tests, bind_contexts);
    tcase_add_test(tests, bind_refused);
    tcase_add_test(tests, faults);
    tcase_add_test(tests, fragments);
    tcase_add_test(tests, protocol_errors);
    tcase_add_test(tests, limits);
    tcase_add_test(tests, hostile);
    tcase_add_test(tests, ndr_strings);
    tcase_add_test(tests, memory_runs_out);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
