#include "core/rpc/tests/client.h"

#include "core/nt/tests/support.h"

const struct tb_rpc_share shares[] = {
    {"data", "Some data", "C:\\data", TB_RPC_SHARE_DISK, TB_RPC_SHARE_UNLIMITED, 1, 0x30},
    {"home", NULL, NULL, TB_RPC_SHARE_DISK, 10, 0, 0},
    {"IPC$", "Remote IPC", "", TB_RPC_SHARE_IPC | TB_RPC_SHARE_SPECIAL, TB_RPC_SHARE_UNLIMITED, 1,
     0},
    {"secret", NULL, NULL, TB_RPC_SHARE_DISK, TB_RPC_SHARE_UNLIMITED, 0, 0},
};

const struct tb_rpc_environment environment = {
    .shares = shares,
    .share_count = 3,
    .hidden_count = 1,
    .server_name = "SERVER",
    .domain = "WORKGROUP",
    .comment = "A server",
    .now_filetime = UINT64_C(133536816301230000), /* 2024-02-29 12:00:30.123, a Thursday */
    .uptime_ms = 5000,
    .version_major = 10,
    .administrator = true,
};

uint8_t answer[70000];
size_t answer_length;

struct tb_rpc_bind bind_to(const struct tb_rpc_interface *interface)
{
    return (struct tb_rpc_bind){
        .transmit_fragment_max = 4280,
        .receive_fragment_max = 4280,
        .context_count = 1,
        .contexts = {{.id = 0,
                      .abstract = interface->syntax,
                      .transfer_count = 1,
                      .transfers = {tb_rpc_ndr20}}},
    };
}

enum tb_error transceive(struct tb_pipe *pipe, const struct tb_writer *w)
{
    struct tb_span bytes = exact(w->data, w->at);
    ck_assert(!w->failed);
    enum tb_error error =
        tb_pipe_transceive(pipe, &environment, bytes, answer, sizeof(answer), &answer_length);
    exact_free(bytes);
    return error;
}

struct tb_rpc_header answer_header(void)
{
    struct tb_rpc_header header;
    ck_assert_int_eq(tb_rpc_header_decode(tb_span(answer, answer_length), &header), TB_OK);
    ck_assert_uint_eq(header.fragment_length, answer_length);
    return header;
}

struct tb_pipe *open_bound(const char *name, const struct tb_rpc_interface *interface)
{
    struct tb_rpc_bind bind = bind_to(interface);
    struct tb_rpc_bind_ack ack;
    struct tb_pipe *pipe;
    uint8_t bytes[512];
    struct tb_writer w = tb_writer(bytes, sizeof(bytes));

    ck_assert_int_eq(tb_pipe_open(name, &pipe), TB_OK);
    tb_rpc_bind_encode(&w, TB_RPC_BIND, 1, &bind);
    ck_assert_int_eq(transceive(pipe, &w), TB_OK);
    struct tb_rpc_header header = answer_header();
    ck_assert_uint_eq(header.type, TB_RPC_BIND_ACK);
    ck_assert_int_eq(tb_rpc_bind_ack_decode(tb_span(answer, answer_length), &header, &ack), TB_OK);
    ck_assert_uint_eq(ack.result_count, 1);
    ck_assert_uint_eq(ack.results[0].result, TB_RPC_ACCEPTANCE);
    ck_assert(tb_rpc_syntax_equal(&ack.results[0].transfer, &tb_rpc_ndr20));
    return pipe;
}

uint32_t call_with(struct tb_pipe *pipe, uint16_t operation, const struct tb_ndr_writer *in,
                   struct tb_ndr_writer *out)
{
    static uint8_t bytes[65535];
    struct tb_writer w = tb_writer(bytes, sizeof(bytes));
    struct tb_rpc_request request = {.operation = operation, .stub = tb_span(in->data, in->length)};
    struct tb_rpc_response response;

    tb_ndr_writer_init(out, SIZE_MAX);
    tb_rpc_request_encode(&w, 2, TB_RPC_FIRST_FRAG | TB_RPC_LAST_FRAG, &request);
    ck_assert_int_eq(transceive(pipe, &w), TB_OK);
    for (bool first = true;; first = false) {
        struct tb_rpc_header header = answer_header();
        ck_assert_uint_eq(header.call_id, 2);
        ck_assert_uint_le(answer_length, 4280);
        ck_assert_int_eq((header.flags & TB_RPC_FIRST_FRAG) != 0, first);
        ck_assert_int_eq(tb_rpc_response_decode(tb_span(answer, answer_length), &header, &response),
                         TB_OK);
        if (header.type == TB_RPC_FAULT)
            return response.fault_status;
        ck_assert_uint_eq(header.type, TB_RPC_RESPONSE);
        tb_ndr_write_bytes(out, response.stub.data, response.stub.length);
        if (header.flags & TB_RPC_LAST_FRAG)
            return 0;
        ck_assert_int_eq(tb_pipe_read(pipe, answer, sizeof(answer), &answer_length), TB_OK);
    }
}

struct tb_ndr_writer share_enum_arguments(uint32_t level, uint32_t length_max, bool resume,
                                          uint32_t handle)
{
    struct tb_ndr_writer in;

    tb_ndr_writer_init(&in, 4096);
    tb_ndr_write_pointer(&in, true);
    tb_ndr_write_string(&in, "\\\\server");
    tb_ndr_write_u32(&in, level);
    tb_ndr_write_u32(&in, level);
    tb_ndr_write_pointer(&in, true);
    tb_ndr_write_u32(&in, 0);
    tb_ndr_write_pointer(&in, false);
    tb_ndr_write_u32(&in, length_max);
    tb_ndr_write_pointer(&in, resume);
    if (resume)
        tb_ndr_write_u32(&in, handle);
    return in;
}

struct tb_ndr_writer share_info_arguments(const char *name, uint32_t level)
{
    struct tb_ndr_writer in;

    tb_ndr_writer_init(&in, 4096);
    tb_ndr_write_pointer(&in, false);
    tb_ndr_write_string(&in, name);
    tb_ndr_write_u32(&in, level);
    return in;
}

size_t encode_request(uint8_t *bytes, size_t capacity, uint8_t flags, uint32_t call_id,
                      struct tb_span stub)
{
    struct tb_writer w = tb_writer(bytes, capacity);
    struct tb_rpc_request request = {.operation = 15, .stub = stub};
    tb_rpc_request_encode(&w, call_id, flags, &request);
    ck_assert(!w.failed);
    return w.at;
}
