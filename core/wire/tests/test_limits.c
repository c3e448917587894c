/* What decoders refuse, and what real clients send that they must not refuse; headers, compounds
 * and lists. */
#include "core/wire/tests/codecs.h"

#include "core/wire/create.h"
#include "core/wire/fsctl.h"
#include "core/wire/ioctl.h"
#include "core/wire/lock.h"
#include "core/wire/negotiate.h"
#include "core/wire/notify_information.h"
#include "core/wire/query_directory.h"
#include "core/wire/read.h"
#include "core/wire/session_setup.h"
#include "core/wire/tree_connect.h"
#include "core/wire/write.h"

#include <check.h>
#include <stdlib.h>

/* A sample that may be written to. */
struct editable {
    struct tb_span span;
    uint8_t *data;
};

static struct editable edit(const char *name)
{
    struct tb_span sample = codec_sample(name);
    return (struct editable){sample, (uint8_t *)(uintptr_t)sample.data};
}

#define ASSERT_REFUSED(type, message)                                                              \
    do {                                                                                           \
        struct tb_##type refused;                                                                  \
        ck_assert_int_eq(tb_##type##_decode(message, &refused), TB_INVALID_PARAMETER);             \
    } while (0)

#define ASSERT_TAKEN(type, message)                                                                \
    do {                                                                                           \
        struct tb_##type taken;                                                                    \
        ck_assert_int_eq(tb_##type##_decode(message, &taken), TB_OK);                              \
    } while (0)

START_TEST(offset_into_the_fixed_part)
{
    struct editable e = edit("create_request");
    tb_store_u16(e.data + 64 + 44, 119);
    ASSERT_REFUSED(create_request, e.span);
    tb_store_u16(e.data + 64 + 44, 0);
    ASSERT_REFUSED(create_request, e.span);
    release(e.span);

    e = edit("write_request");
    tb_store_u16(e.data + 64 + 2, 64);
    ASSERT_REFUSED(write_request, e.span);
    release(e.span);
}
END_TEST

START_TEST(lengths_that_wrap)
{
    struct editable e = edit("create_request");
    tb_store_u32(e.data + 64 + 52, 0xFFFFFFFF);
    ASSERT_REFUSED(create_request, e.span);
    tb_store_u32(e.data + 64 + 48, 0xFFFFFFF8);
    tb_store_u32(e.data + 64 + 52, 0x10);
    ASSERT_REFUSED(create_request, e.span);
    release(e.span);

    e = edit("ioctl_request");
    tb_store_u32(e.data + 64 + 24, 0x78);
    tb_store_u32(e.data + 64 + 28, 0xFFFFFF88);
    ASSERT_REFUSED(ioctl_request, e.span);
    release(e.span);

    e = edit("lock_request");
    tb_store_u16(e.data + 64 + 2, 0xFFFF);
    ASSERT_REFUSED(lock_request, e.span);
    tb_store_u16(e.data + 64 + 2, 0);
    ASSERT_REFUSED(lock_request, e.span);
    release(e.span);
}
END_TEST

START_TEST(names_of_odd_length)
{
    struct editable e = edit("create_request");
    tb_store_u16(e.data + 64 + 46, 5);
    ASSERT_REFUSED(create_request, e.span);
    release(e.span);
    e = edit("query_directory_request");
    tb_store_u16(e.data + 64 + 26, 3);
    ASSERT_REFUSED(query_directory_request, e.span);
    release(e.span);
    e = edit("tree_connect_request");
    tb_store_u16(e.data + 64 + 6, 3);
    ASSERT_REFUSED(tree_connect_request, e.span);
    release(e.span);
}
END_TEST

START_TEST(empty_parts_anywhere)
{
    struct editable e = edit("create_request");
    tb_store_u16(e.data + 64 + 44, 0xFFFF);
    tb_store_u16(e.data + 64 + 46, 0);
    tb_store_u32(e.data + 64 + 48, 0xFFFFFFFF);
    tb_store_u32(e.data + 64 + 52, 0);
    ASSERT_TAKEN(create_request, e.span);
    ASSERT_TAKEN(create_request, tb_span(e.data, 64 + 56));
    release(e.span);

    e = edit("session_setup_request");
    tb_store_u16(e.data + 64 + 12, 0);
    tb_store_u16(e.data + 64 + 14, 0);
    ASSERT_TAKEN(session_setup_request, tb_span(e.data, 64 + 24));
    release(e.span);

    e = edit("read_request");
    tb_store_u32(e.data + 64 + 36, TB_SMB2_CHANNEL_NONE);
    tb_store_u16(e.data + 64 + 44, 0xFFFF);
    ASSERT_TAKEN(read_request, e.span);
    release(e.span);
}
END_TEST

START_TEST(negotiate_without_3_1_1)
{
    struct editable e = edit("negotiate_request");
    tb_store_u16(e.data + 64 + 2, 4);
    struct tb_negotiate_request request;
    ck_assert_int_eq(tb_negotiate_request_decode(e.span, &request), TB_OK);
    ck_assert_uint_eq(request.client_start_time, 0x0000000200000070);
    ck_assert_uint_eq(request.contexts.count, 0);
    release(e.span);
}
END_TEST

START_TEST(negotiate_contexts_outside)
{
    struct editable e = edit("negotiate_request");
    tb_store_u32(e.data + 64 + 28, 108); /* inside the dialects */
    ASSERT_REFUSED(negotiate_request, e.span);
    tb_store_u32(e.data + 64 + 28, 0xFFFFFFF8);
    ASSERT_REFUSED(negotiate_request, e.span);
    tb_store_u32(e.data + 64 + 28, 0x70);
    tb_store_u16(e.data + 64 + 32, 3);
    ASSERT_REFUSED(negotiate_request, e.span);
    release(e.span);
}
END_TEST

static struct tb_negotiate_contexts build_negotiate_contexts(uint8_t *memory, size_t capacity)
{
    static const uint8_t id[2] = {2, 0}, name[] = {'a', 0};
    struct tb_negotiate_chain chain;
    tb_negotiate_chain_begin(&chain, memory, capacity);
    tb_negotiate_chain_open(&chain, TB_SMB2_ENCRYPTION_CAPABILITIES);
    tb_encryption_capabilities_encode(&chain.writer,
                                      &(struct tb_encryption_capabilities){tb_span(id, 2)});
    tb_negotiate_chain_close(&chain);
    tb_negotiate_chain_open(&chain, TB_SMB2_NETNAME_NEGOTIATE_CONTEXT_ID);
    tb_netname_context_encode(&chain.writer, &(struct tb_netname_context){tb_span(name, 2)});
    tb_negotiate_chain_close(&chain);
    return tb_negotiate_chain_contexts(&chain);
}

START_TEST(building_negotiate_contexts)
{
    uint8_t memory[64];
    struct tb_negotiate_contexts contexts = build_negotiate_contexts(memory, sizeof memory);
    ck_assert_uint_eq(contexts.count, 2);
    struct tb_span expected = from_hex("0200 0400 00000000 0100 0200 00000000 "
                                       "0500 0200 00000000 6100");
    ck_assert_uint_eq(contexts.data.length, expected.length);
    ck_assert_mem_eq(contexts.data.data, expected.data, expected.length);
    release(expected);
    struct tb_negotiate_context context;
    ck_assert(tb_negotiate_contexts_next(&contexts, &context));
    ck_assert(tb_negotiate_contexts_next(&contexts, &context));
    ck_assert_uint_eq(context.type, TB_SMB2_NETNAME_NEGOTIATE_CONTEXT_ID);
}
END_TEST

/* The chain of the sample with one 32-bit number changed. */
static void assert_chain_refused(size_t at, uint32_t value)
{
    struct editable e = edit("create_chain");
    tb_store_u32(e.data + at, value);
    ck_assert_int_eq(tb_create_contexts_check(e.span), TB_INVALID_PARAMETER);
    release(e.span);
}

START_TEST(malformed_create_contexts)
{
    assert_chain_refused(0, 12);          /* Next below a header */
    assert_chain_refused(0, 28);          /* unaligned */
    assert_chain_refused(0, 0x80000000);  /* outside */
    assert_chain_refused(4, 0x00000010);  /* no name */
    assert_chain_refused(4, 0x00030010);  /* a name too short for any */
    assert_chain_refused(4, 0x00040008);  /* name in the header */
    assert_chain_refused(4, 0x0004001E);  /* name beyond the next context */
    assert_chain_refused(12, 0xFFFFFFFF); /* data too long */
    assert_chain_refused(12, 9);          /* data beyond the next context */
    assert_chain_refused(8, 0x00080000);  /* data in the header */
}
END_TEST

START_TEST(unknown_create_contexts)
{
    struct tb_span chain = from_hex("18000000 1000 0400 0000 0000 00000000 58585858 00000000 "
                                    "00000000 1000 0400 0000 0000 00000000 4141504C");
    struct tb_span left = chain;
    struct tb_create_context context;
    ck_assert(tb_create_contexts_next(&left, &context));
    ck_assert_int_eq(context.id, TB_CREATE_CONTEXT_UNKNOWN);
    ck_assert_uint_eq(context.name.length, 4);
    ck_assert(tb_create_contexts_next(&left, &context));
    ck_assert_int_eq(context.id, TB_CREATE_CONTEXT_AAPL);
    ck_assert(!tb_create_contexts_next(&left, &context));
    ck_assert(!tb_create_contexts_find(chain, TB_CREATE_CONTEXT_LEASE, &context));
    release(chain);
}
END_TEST

START_TEST(lease_context_versions)
{
    struct tb_lease_context lease;
    struct tb_span sample = codec_sample("lease_context");
    ck_assert_int_eq(tb_lease_context_decode(sample, &lease), TB_OK);
    ck_assert_uint_eq(lease.version, 1);
    ck_assert_uint_eq(lease.lease_key[15], 15);
    ck_assert_uint_eq(lease.lease_state, 7);
    ck_assert_int_eq(tb_lease_context_decode(tb_span(sample.data, 31), &lease),
                     TB_INVALID_PARAMETER);
    release(sample);
    uint8_t v2[52] = {[16] = 5, [20] = 4, [32] = 9, [48] = 0x34, [49] = 0x12};
    ck_assert_int_eq(tb_lease_context_decode(tb_span(v2, sizeof v2), &lease), TB_OK);
    ck_assert_uint_eq(lease.version, 2);
    ck_assert_uint_eq(lease.lease_state, 5);
    ck_assert_uint_eq(lease.lease_flags, TB_SMB2_LEASE_FLAG_PARENT_LEASE_KEY_SET);
    ck_assert_uint_eq(lease.parent_lease_key[0], 9);
    ck_assert_uint_eq(lease.epoch, 0x1234);
}
END_TEST

START_TEST(protocols)
{
    static const struct {
        const char *hex;
        enum tb_protocol protocol;
    } cases[] = {
        {"FE534D42", TB_PROTOCOL_SMB2},      {"FF534D42", TB_PROTOCOL_SMB1},
        {"FD534D42", TB_PROTOCOL_TRANSFORM}, {"FC534D42", TB_PROTOCOL_COMPRESSION},
        {"FE534D", TB_PROTOCOL_UNKNOWN},     {"FE534D43", TB_PROTOCOL_UNKNOWN},
        {"", TB_PROTOCOL_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tb_span bytes = from_hex(cases[i].hex);
        ck_assert_int_eq(tb_message_protocol(bytes), cases[i].protocol);
        release(bytes);
    }
}
END_TEST

START_TEST(header_fields)
{
    struct tb_span sample = codec_sample("smb2_header");
    struct tb_smb2_header header;
    ck_assert_int_eq(tb_smb2_header_decode(sample, &header), TB_OK);
    ck_assert_uint_eq(header.credit_charge, 1);
    ck_assert_uint_eq(header.channel_sequence, 0);
    ck_assert_uint_eq(header.command, TB_SMB2_CREATE);
    ck_assert_uint_eq(header.credits, 31);
    ck_assert_uint_eq(header.flags, TB_SMB2_FLAGS_RELATED_OPERATIONS);
    ck_assert_uint_eq(header.next_command, 0x88);
    ck_assert_uint_eq(header.message_id, 7);
    ck_assert_uint_eq(header.async_id, 0);
    ck_assert_uint_eq(header.process_id, 0xFEFF);
    ck_assert_uint_eq(header.tree_id, 5);
    ck_assert_uint_eq(header.session_id, 0x0400000000000009);
    ck_assert_uint_eq(header.signature[15], 15);
    release(sample);

    sample = codec_sample("transform_header");
    struct tb_transform_header transform;
    ck_assert_int_eq(tb_transform_header_decode(sample, &transform), TB_OK);
    ck_assert_uint_eq(sample.length, TB_SMB2_TRANSFORM_HEADER_LENGTH);
    ck_assert_uint_eq(transform.signature[1], 1);
    ck_assert_uint_eq(transform.nonce[0], 0x1F);
    ck_assert_uint_eq(transform.original_message_size, 0xA4);
    ck_assert_uint_eq(transform.flags, TB_SMB2_TRANSFORM_FLAG_ENCRYPTED);
    ck_assert_uint_eq(transform.session_id, 0x0400000000000009);
    release(sample);
}
END_TEST

/* Three headers in a row, 64 and 72 bytes apart. */
static void build_compound(uint8_t *memory, size_t capacity)
{
    struct tb_writer w = tb_writer(memory, capacity);
    tb_smb2_header_encode(&w, &(struct tb_smb2_header){.command = 1, .next_command = 64});
    tb_smb2_header_encode(&w, &(struct tb_smb2_header){.command = 2, .next_command = 72});
    tb_write_zeros(&w, 8);
    tb_smb2_header_encode(&w, &(struct tb_smb2_header){.command = 3});
    tb_write_zeros(&w, 4);
}

START_TEST(compound)
{
    uint8_t memory[204];
    build_compound(memory, sizeof memory);
    static const size_t lengths[] = {64, 72, 68};
    struct tb_span rest = tb_span(memory, sizeof memory), part;
    for (size_t i = 0; i < 3; i++) {
        ck_assert_uint_ne(rest.length, 0);
        ck_assert_int_eq(tb_compound_next(rest, &part, &rest), TB_OK);
        ck_assert_uint_eq(part.length, lengths[i]);
        ck_assert_uint_eq(part.data[12], i + 1);
    }
    ck_assert_uint_eq(rest.length, 0);

    static const uint32_t bad[] = {8, 56, 68, 144, 200, 208, 0x80000000, 0xFFFFFFF8};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        tb_store_u32(memory + TB_SMB2_HEADER_NEXT_COMMAND_OFFSET, bad[i]);
        ck_assert_int_eq(tb_compound_next(tb_span(memory, sizeof memory), &part, &rest),
                         TB_INVALID_PARAMETER);
    }
}
END_TEST

START_TEST(smb1_dialects)
{
    static const char windows[] = "FF534D42 72 00000000 18 53C8 000000000000000000000000 "
                                  "FFFF FEFF 0000 0000 00 2200 024E54204C4D20302E313200 "
                                  "02534D4220322E30303200 02534D4220322E3F3F3F00";
    struct tb_span bytes = from_hex(windows);
    struct tb_smb1_negotiate negotiate;
    ck_assert_int_eq(tb_smb1_negotiate_decode(bytes, &negotiate), TB_OK);
    ck_assert(negotiate.smb_2_002 && negotiate.smb_2_wildcard);
    struct tb_span unterminated = exact_copy(tb_span(bytes.data, bytes.length - 1));
    ck_assert_int_eq(tb_smb1_negotiate_decode(unterminated, &negotiate), TB_INVALID_PARAMETER);
    release(unterminated);
    release(bytes);

    uint8_t memory[128];
    struct tb_writer w = tb_writer(memory, sizeof memory);
    tb_smb1_negotiate_encode(&w, &(struct tb_smb1_negotiate){.smb_2_002 = true});
    ck_assert_int_eq(tb_smb1_negotiate_decode(tb_span(memory, w.at), &negotiate), TB_OK);
    ck_assert(negotiate.smb_2_002 && !negotiate.smb_2_wildcard);
}
END_TEST

START_TEST(notify_list)
{
    static const uint8_t name[] = {'a', 0, 'b', 0, 'c', 0};
    struct tb_notify_information entry = {TB_FILE_ACTION_ADDED, tb_span(name, 6)};
    uint8_t memory[56];
    struct tb_notify_list list;
    tb_notify_list_begin(&list, memory, sizeof memory);
    ck_assert_int_eq(tb_notify_list_append(&list, &entry), TB_OK);
    ck_assert_int_eq(tb_notify_list_append(&list, &entry), TB_OK);
    struct tb_span before = tb_notify_list_bytes(&list);
    ck_assert_uint_eq(before.length, 38);
    ck_assert_int_eq(tb_notify_list_append(&list, &entry), TB_NOTIFY_ENUM_DIR);
    struct tb_span left = tb_notify_list_bytes(&list);
    ck_assert_uint_eq(left.length, before.length);
    ck_assert_int_eq(tb_notify_information_decode(&left, &entry), TB_OK);
    ck_assert_int_eq(tb_notify_information_decode(&left, &entry), TB_OK);
    ck_assert_uint_eq(entry.file_name.length, 6);
    ck_assert_int_eq(tb_notify_information_decode(&left, &entry), TB_NO_MORE_ENTRIES);
}
END_TEST

START_TEST(control_codes)
{
    struct tb_span sample = codec_sample("network_interfaces");
    struct tb_span left = sample;
    struct tb_network_interface entry;
    ck_assert_int_eq(tb_network_interface_decode(&left, &entry), TB_OK);
    ck_assert_uint_eq(entry.interface_index, 2);
    ck_assert_uint_eq(entry.capability, TB_NETWORK_INTERFACE_RSS_CAPABLE);
    ck_assert_uint_eq(entry.link_speed, 1000000000);
    ck_assert(!entry.is_ipv6);
    ck_assert_uint_eq(entry.address[0], 10);
    ck_assert_int_eq(tb_network_interface_decode(&left, &entry), TB_OK);
    ck_assert(entry.is_ipv6);
    ck_assert_uint_eq(entry.address[15], 1);
    ck_assert_int_eq(tb_network_interface_decode(&left, &entry), TB_NO_MORE_ENTRIES);
    release(sample);

    struct tb_copychunk_request request;
    sample = codec_sample("copychunk_request");
    ck_assert_int_eq(tb_copychunk_request_decode(sample, &request), TB_OK);
    ck_assert_uint_eq(request.chunk_count, 2);
    ck_assert_uint_eq(tb_copychunk_request_chunk(&request, 1).target_offset, 0x20000);
    ck_assert_uint_eq(tb_copychunk_request_chunk(&request, 1).length, 0x8000);
    release(sample);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("limits of decoders");
    TCase *tests = tcase_create("all");
    tcase_add_test(tests, offset_into_the_fixed_part);
    tcase_add_test(tests, lengths_that_wrap);
    tcase_add_test(tests, names_of_odd_length);
    tcase_add_test(tests, empty_parts_anywhere);
    tcase_add_test(tests, negotiate_without_3_1_1);
    tcase_add_test(tests, negotiate_contexts_outside);
    tcase_add_test(tests, building_negotiate_contexts);
    tcase_add_test(tests, malformed_create_contexts);
    tcase_add_test(tests, unknown_create_contexts);
    tcase_add_test(tests, lease_context_versions);
    tcase_add_test(tests, protocols);
    tcase_add_test(tests, header_fields);
    tcase_add_test(tests, compound);
    tcase_add_test(tests, smb1_dialects);
    tcase_add_test(tests, notify_list);
    tcase_add_test(tests, control_codes);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
