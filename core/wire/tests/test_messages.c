/* Each field of each message is where the specification puts it: the samples, built by hand from
 * its tables, decode to these values. (That they encode to the same bytes, test_hostile shows.) */
#include "core/wire/tests/codecs.h"

#include "core/wire/change_notify.h"
#include "core/wire/close.h"
#include "core/wire/create.h"
#include "core/wire/error.h"
#include "core/wire/flush.h"
#include "core/wire/ioctl.h"
#include "core/wire/lock.h"
#include "core/wire/negotiate.h"
#include "core/wire/oplock_break.h"
#include "core/wire/query_directory.h"
#include "core/wire/query_info.h"
#include "core/wire/read.h"
#include "core/wire/session_setup.h"
#include "core/wire/set_info.h"
#include "core/wire/tree_connect.h"
#include "core/wire/write.h"

#include <check.h>
#include <stdlib.h>

/* Decode the sample of `type` into `value`; `sample` keeps its bytes. */
#define DECODE(type)                                                                               \
    struct tb_span sample = codec_sample(#type);                                                   \
    struct tb_##type value;                                                                        \
    ck_assert_int_eq(tb_##type##_decode(sample, &value), TB_OK)

static void assert_span(struct tb_span span, const char *hex)
{
    struct tb_span expected = from_hex(hex);
    ck_assert_uint_eq(span.length, expected.length);
    for (size_t i = 0; i < span.length; i++)
        ck_assert_uint_eq(span.data[i], expected.data[i]);
    release(expected);
}

static void assert_guid(const uint8_t *guid)
{
    for (uint8_t i = 0; i < 16; i++)
        ck_assert_uint_eq(guid[i], i);
}

static void assert_file_id(struct tb_file_id id)
{
    ck_assert_uint_eq(id.persistent, 0x1817161514131211);
    ck_assert_uint_eq(id.volatile_, 0x2827262524232221);
}

START_TEST(negotiate_request)
{
    DECODE(negotiate_request);
    ck_assert_uint_eq(value.security_mode, 1);
    ck_assert_uint_eq(value.capabilities, 0x7F);
    assert_guid(value.client_guid);
    ck_assert_uint_eq(value.client_start_time, 0);
    ck_assert_uint_eq(tb_u16_count(value.dialects), 5);
    ck_assert_uint_eq(tb_u16_at(value.dialects, 4), TB_SMB2_DIALECT_311);
    ck_assert_uint_eq(value.contexts.count, 2);

    struct tb_negotiate_context context;
    struct tb_preauth_integrity_capabilities preauth;
    ck_assert(tb_negotiate_contexts_next(&value.contexts, &context));
    ck_assert_uint_eq(context.type, TB_SMB2_PREAUTH_INTEGRITY_CAPABILITIES);
    ck_assert_int_eq(tb_preauth_integrity_capabilities_decode(context.data, &preauth), TB_OK);
    ck_assert(tb_u16_contains(preauth.hash_algorithms, TB_SMB2_PREAUTH_INTEGRITY_SHA512));
    ck_assert_uint_eq(preauth.salt.length, 32);
    ck_assert_uint_eq(preauth.salt.data[31], 0xBF);

    struct tb_encryption_capabilities encryption;
    ck_assert(tb_negotiate_contexts_next(&value.contexts, &context));
    ck_assert_int_eq(tb_encryption_capabilities_decode(context.data, &encryption), TB_OK);
    ck_assert_uint_eq(tb_u16_at(encryption.ciphers, 0), TB_SMB2_ENCRYPTION_AES128_GCM);
    ck_assert(!tb_negotiate_contexts_next(&value.contexts, &context));
    release(sample);
}
END_TEST

START_TEST(negotiate_response)
{
    DECODE(negotiate_response);
    ck_assert_uint_eq(value.security_mode, 3);
    ck_assert_uint_eq(value.dialect_revision, TB_SMB2_DIALECT_311);
    assert_guid(value.server_guid);
    ck_assert_uint_eq(value.capabilities, 0x2F);
    ck_assert_uint_eq(value.max_transact_size, 0x800000);
    ck_assert_uint_eq(value.max_read_size, 0x100000);
    ck_assert_uint_eq(value.max_write_size, 0x200000);
    ck_assert_uint_eq(value.system_time, 0x0807060504030201);
    ck_assert_uint_eq(value.server_start_time, 0x1817161514131211);
    assert_span(value.security_buffer, "60020600");
    ck_assert_uint_eq(value.contexts.count, 2);
    release(sample);
}
END_TEST

START_TEST(session_setup)
{
    DECODE(session_setup_request);
    ck_assert_uint_eq(value.flags, TB_SMB2_SESSION_FLAG_BINDING);
    ck_assert_uint_eq(value.security_mode, TB_SMB2_NEGOTIATE_SIGNING_REQUIRED);
    ck_assert_uint_eq(value.capabilities, 1);
    ck_assert_uint_eq(value.previous_session_id, 0x0102030405060708);
    assert_span(value.security_buffer, "6003020100");
    release(sample);
}
END_TEST

START_TEST(session_setup_answer)
{
    DECODE(session_setup_response);
    ck_assert_uint_eq(value.session_flags, TB_SMB2_SESSION_FLAG_ENCRYPT_DATA);
    assert_span(value.security_buffer, "A10100");
    release(sample);
}
END_TEST

START_TEST(tree_connect)
{
    DECODE(tree_connect_request);
    assert_span(value.path, "5C005C0061005C00620063006400");
    release(sample);
}
END_TEST

START_TEST(tree_connect_answer)
{
    DECODE(tree_connect_response);
    ck_assert_uint_eq(value.share_type, TB_SMB2_SHARE_TYPE_DISK);
    ck_assert_uint_eq(value.share_flags,
                      TB_SMB2_SHAREFLAG_NO_CACHING | TB_SMB2_SHAREFLAG_ACCESS_BASED_DIRECTORY_ENUM);
    ck_assert_uint_eq(value.capabilities,
                      TB_SMB2_SHARE_CAP_DFS | TB_SMB2_SHARE_CAP_CONTINUOUS_AVAILABILITY);
    ck_assert_uint_eq(value.maximal_access, TB_FILE_ALL_ACCESS);
    release(sample);
}
END_TEST

START_TEST(create)
{
    DECODE(create_request);
    ck_assert_uint_eq(value.requested_oplock_level, TB_SMB2_OPLOCK_LEVEL_BATCH);
    ck_assert_uint_eq(value.impersonation_level, TB_IMPERSONATION_IMPERSONATION);
    ck_assert_uint_eq(value.desired_access, TB_FILE_GENERIC_READ);
    ck_assert_uint_eq(value.file_attributes, TB_FILE_ATTRIBUTE_NORMAL);
    ck_assert_uint_eq(value.share_access, 7);
    ck_assert_uint_eq(value.create_disposition, TB_FILE_OPEN_IF);
    ck_assert_uint_eq(value.create_options,
                      TB_FILE_NON_DIRECTORY_FILE | TB_FILE_OPEN_REPARSE_POINT);
    assert_span(value.name, "610062006300");
    struct tb_create_context context;
    ck_assert(
        tb_create_contexts_find(value.create_contexts, TB_CREATE_CONTEXT_MAXIMAL_ACCESS, &context));
    ck_assert_uint_eq(context.data.length, 0);
    release(sample);
}
END_TEST

START_TEST(create_answer)
{
    DECODE(create_response);
    ck_assert_uint_eq(value.oplock_level, TB_SMB2_OPLOCK_LEVEL_BATCH);
    ck_assert_uint_eq(value.flags, TB_SMB2_CREATE_FLAG_REPARSEPOINT);
    ck_assert_uint_eq(value.create_action, TB_FILE_CREATED);
    ck_assert_uint_eq(value.creation_time, 0x0101010101010101);
    ck_assert_uint_eq(value.last_access_time, 0x0202020202020202);
    ck_assert_uint_eq(value.last_write_time, 0x0303030303030303);
    ck_assert_uint_eq(value.change_time, 0x0404040404040404);
    ck_assert_uint_eq(value.allocation_size, 0x1000);
    ck_assert_uint_eq(value.end_of_file, 3);
    ck_assert_uint_eq(value.file_attributes, TB_FILE_ATTRIBUTE_ARCHIVE);
    assert_file_id(value.file_id);
    struct tb_create_context context;
    struct tb_maximal_access_response access;
    ck_assert(tb_create_contexts_next(&value.create_contexts, &context));
    ck_assert_int_eq(tb_maximal_access_response_decode(context.data, &access), TB_OK);
    ck_assert_uint_eq(access.maximal_access, TB_FILE_ALL_ACCESS);
    release(sample);
}
END_TEST

START_TEST(close_both)
{
    DECODE(close_request);
    ck_assert_uint_eq(value.flags, TB_SMB2_CLOSE_FLAG_POSTQUERY_ATTRIB);
    assert_file_id(value.file_id);
    release(sample);

    struct tb_span answer = codec_sample("close_response");
    struct tb_close_response response;
    ck_assert_int_eq(tb_close_response_decode(answer, &response), TB_OK);
    ck_assert_uint_eq(response.flags, 1);
    ck_assert_uint_eq(response.creation_time, 0x0101010101010101);
    ck_assert_uint_eq(response.change_time, 0x0404040404040404);
    ck_assert_uint_eq(response.allocation_size, 0x1000);
    ck_assert_uint_eq(response.end_of_file, 3);
    ck_assert_uint_eq(response.file_attributes, TB_FILE_ATTRIBUTE_ARCHIVE);
    release(answer);
}
END_TEST

START_TEST(flush)
{
    DECODE(flush_request);
    assert_file_id(value.file_id);
    release(sample);
}
END_TEST

START_TEST(read_both)
{
    DECODE(read_request);
    ck_assert_uint_eq(value.padding, 0x50);
    ck_assert_uint_eq(value.flags, TB_SMB2_READFLAG_READ_UNBUFFERED);
    ck_assert_uint_eq(value.length, 0x10000);
    ck_assert_uint_eq(value.offset, 0x100000000);
    assert_file_id(value.file_id);
    ck_assert_uint_eq(value.minimum_count, 0x10);
    ck_assert_uint_eq(value.channel, TB_SMB2_CHANNEL_RDMA_V1);
    ck_assert_uint_eq(value.remaining_bytes, 0x200);
    ck_assert_uint_eq(value.read_channel_info.length, 16);
    assert_guid(value.read_channel_info.data);
    release(sample);

    struct tb_span answer = codec_sample("read_response");
    struct tb_read_response response;
    ck_assert_int_eq(tb_read_response_decode(answer, &response), TB_OK);
    ck_assert_uint_eq(response.data_length, 5);
    ck_assert_uint_eq(response.data_remaining, 7);
    assert_span(response.data, "68656C6C6F");
    release(answer);
}
END_TEST

START_TEST(write_both)
{
    DECODE(write_request);
    ck_assert_uint_eq(value.offset, 0x100000000);
    assert_file_id(value.file_id);
    ck_assert_uint_eq(value.channel, TB_SMB2_CHANNEL_RDMA_V1);
    ck_assert_uint_eq(value.remaining_bytes, 0x200);
    ck_assert_uint_eq(value.flags, TB_SMB2_WRITEFLAG_WRITE_THROUGH);
    ck_assert_uint_eq(value.data_length, 5);
    assert_span(value.data, "68656C6C6F");
    assert_guid(value.write_channel_info.data);
    release(sample);

    struct tb_span answer = codec_sample("write_response");
    struct tb_write_response response;
    ck_assert_int_eq(tb_write_response_decode(answer, &response), TB_OK);
    ck_assert_uint_eq(response.count, 5);
    ck_assert_uint_eq(response.remaining, 1);
    release(answer);
}
END_TEST

START_TEST(lock)
{
    DECODE(lock_request);
    ck_assert_uint_eq(value.lock_count, 2);
    ck_assert_uint_eq(value.lock_sequence_number, 5);
    ck_assert_uint_eq(value.lock_sequence_index, 2);
    assert_file_id(value.file_id);
    struct tb_lock_element element = tb_lock_request_element(&value, 1);
    ck_assert_uint_eq(element.offset, 100);
    ck_assert_uint_eq(element.length, UINT64_MAX);
    ck_assert_uint_eq(element.flags,
                      TB_SMB2_LOCKFLAG_EXCLUSIVE_LOCK | TB_SMB2_LOCKFLAG_FAIL_IMMEDIATELY);
    release(sample);
}
END_TEST

START_TEST(ioctl_both)
{
    DECODE(ioctl_request);
    ck_assert_uint_eq(value.ctl_code, 0x0011C017);
    assert_file_id(value.file_id);
    assert_span(value.input, "0500000310");
    ck_assert_uint_eq(value.output.length, 0);
    ck_assert_uint_eq(value.max_input_response, 0);
    ck_assert_uint_eq(value.max_output_response, 0x400);
    ck_assert_uint_eq(value.flags, TB_SMB2_0_IOCTL_IS_FSCTL);
    release(sample);

    struct tb_span answer = codec_sample("ioctl_response");
    struct tb_ioctl_response response;
    ck_assert_int_eq(tb_ioctl_response_decode(answer, &response), TB_OK);
    ck_assert_uint_eq(response.ctl_code, 0x0011C017);
    assert_file_id(response.file_id);
    ck_assert_uint_eq(response.input.length, 0);
    assert_span(response.output, "0500020310");
    release(answer);
}
END_TEST

START_TEST(query_directory)
{
    DECODE(query_directory_request);
    ck_assert_uint_eq(value.file_information_class, 37);
    ck_assert_uint_eq(value.flags, TB_SMB2_RESTART_SCANS | TB_SMB2_RETURN_SINGLE_ENTRY);
    ck_assert_uint_eq(value.file_index, 4);
    assert_file_id(value.file_id);
    ck_assert_uint_eq(value.output_buffer_length, 0x10000);
    assert_span(value.file_name, "2A002E00");
    release(sample);
}
END_TEST

START_TEST(change_notify)
{
    DECODE(change_notify_request);
    ck_assert_uint_eq(value.flags, TB_SMB2_WATCH_TREE);
    ck_assert_uint_eq(value.output_buffer_length, 0x1000);
    assert_file_id(value.file_id);
    ck_assert_uint_eq(value.completion_filter, 0xFFF);
    release(sample);

    struct tb_span answer = codec_sample("change_notify_response");
    struct tb_change_notify_response response;
    ck_assert_int_eq(tb_change_notify_response_decode(answer, &response), TB_OK);
    assert_span(response.output_buffer, "000102030405");
    release(answer);
}
END_TEST

START_TEST(query_info)
{
    DECODE(query_info_request);
    ck_assert_uint_eq(value.info_type, TB_SMB2_0_INFO_FILE);
    ck_assert_uint_eq(value.file_info_class, 15);
    ck_assert_uint_eq(value.output_buffer_length, 0x1000);
    ck_assert_uint_eq(value.additional_information, 7);
    ck_assert_uint_eq(value.flags, TB_SL_RESTART_SCAN);
    assert_file_id(value.file_id);
    assert_span(value.input_buffer, "AABBCC");
    release(sample);
}
END_TEST

START_TEST(set_info)
{
    DECODE(set_info_request);
    ck_assert_uint_eq(value.info_type, TB_SMB2_0_INFO_FILE);
    ck_assert_uint_eq(value.file_info_class, 13);
    ck_assert_uint_eq(value.additional_information, 4);
    assert_file_id(value.file_id);
    assert_span(value.buffer, "01");
    release(sample);
}
END_TEST

START_TEST(lease_break)
{
    DECODE(oplock_break_notification);
    ck_assert(value.is_lease);
    ck_assert_uint_eq(value.new_epoch, 3);
    ck_assert_uint_eq(value.flags, TB_SMB2_NOTIFY_BREAK_LEASE_FLAG_ACK_REQUIRED);
    assert_guid(value.lease_key);
    ck_assert_uint_eq(value.current_lease_state, 7);
    ck_assert_uint_eq(value.new_lease_state, 3);
    release(sample);

    struct tb_span acknowledgement = codec_sample("oplock_break_request");
    struct tb_oplock_break_request request;
    ck_assert_int_eq(tb_oplock_break_request_decode(acknowledgement, &request), TB_OK);
    ck_assert(request.is_lease);
    assert_guid(request.lease_key);
    ck_assert_uint_eq(request.lease_state, 3);
    release(acknowledgement);
}
END_TEST

START_TEST(oplock_break)
{
    uint8_t bytes[TB_SMB2_HEADER_LENGTH + 24] = {[64] = 24, [66] = 8, [72] = 5, [80] = 6};
    struct tb_oplock_break_request request;
    ck_assert_int_eq(tb_oplock_break_request_decode(tb_span(bytes, sizeof bytes), &request), TB_OK);
    ck_assert(!request.is_lease);
    ck_assert_uint_eq(request.oplock_level, TB_SMB2_OPLOCK_LEVEL_EXCLUSIVE);
    ck_assert_uint_eq(request.file_id.persistent, 5);
    ck_assert_uint_eq(request.file_id.volatile_, 6);
}
END_TEST

static struct tb_writer after_header(uint8_t *memory, size_t capacity)
{
    struct tb_writer w = tb_writer(memory, capacity);
    tb_write_zeros(&w, TB_SMB2_HEADER_LENGTH);
    return w;
}

START_TEST(payload_apart)
{
    uint8_t memory[128];
    struct tb_writer w = after_header(memory, sizeof memory);
    tb_read_response_encode_fixed(&w, &(struct tb_read_response){.data_length = 0x100000});
    ck_assert_uint_eq(w.at, TB_READ_RESPONSE_DATA_OFFSET);
    assert_span(tb_span(memory + 64, w.at - 64), "1100 50 00 00001000 00000000 00000000");

    w = after_header(memory, sizeof memory);
    tb_write_request_encode_fixed(&w, &(struct tb_write_request){.data_length = 0x100000});
    ck_assert_uint_eq(w.at, TB_WRITE_REQUEST_DATA_OFFSET);
    assert_span(tb_span(memory + 64, 8), "3100 7000 00001000");
}
END_TEST

START_TEST(needed_length_in_errors)
{
    uint8_t memory[128];
    struct tb_error_response response;
    struct tb_writer w = after_header(memory, sizeof memory);
    tb_error_response_encode_needed(&w, TB_SMB2_DIALECT_300, 0x154);
    assert_span(tb_span(memory + 64, w.at - 64), "0900 00 00 04000000 54010000");
    ck_assert_int_eq(tb_error_response_decode(tb_span(memory, w.at), &response), TB_OK);
    assert_span(tb_error_response_data(&response), "54010000");

    w = after_header(memory, sizeof memory);
    tb_error_response_encode_needed(&w, TB_SMB2_DIALECT_311, 0x154);
    assert_span(tb_span(memory + 64, w.at - 64), "0900 01 00 0C000000 04000000 00000000 54010000");
    ck_assert_int_eq(tb_error_response_decode(tb_span(memory, w.at), &response), TB_OK);
    assert_span(tb_error_response_data(&response), "54010000");

    w = after_header(memory, sizeof memory);
    tb_error_response_encode(&w, &(struct tb_error_response){0});
    assert_span(tb_span(memory + 64, w.at - 64), "0900 00 00 00000000 00");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fields of messages");
    TCase *tests = tcase_create("all");
    tcase_add_test(tests, negotiate_request);
    tcase_add_test(tests, negotiate_response);
    tcase_add_test(tests, session_setup);
    tcase_add_test(tests, session_setup_answer);
    tcase_add_test(tests, tree_connect);
    tcase_add_test(tests, tree_connect_answer);
    tcase_add_test(tests, create);
    tcase_add_test(tests, create_answer);
    tcase_add_test(tests, close_both);
    tcase_add_test(tests, flush);
    tcase_add_test(tests, read_both);
    tcase_add_test(tests, write_both);
    tcase_add_test(tests, lock);
    tcase_add_test(tests, ioctl_both);
    tcase_add_test(tests, query_directory);
    tcase_add_test(tests, change_notify);
    tcase_add_test(tests, query_info);
    tcase_add_test(tests, set_info);
    tcase_add_test(tests, lease_break);
    tcase_add_test(tests, oplock_break);
    tcase_add_test(tests, payload_apart);
    tcase_add_test(tests, needed_length_in_errors);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
