#include "core/wire/tests/codecs.h"

#include "core/wire/cancel.h"
#include "core/wire/change_notify.h"
#include "core/wire/close.h"
#include "core/wire/create.h"
#include "core/wire/echo.h"
#include "core/wire/error.h"
#include "core/wire/flush.h"
#include "core/wire/fsctl.h"
#include "core/wire/ioctl.h"
#include "core/wire/lock.h"
#include "core/wire/logoff.h"
#include "core/wire/negotiate.h"
#include "core/wire/notify_information.h"
#include "core/wire/oplock_break.h"
#include "core/wire/query_directory.h"
#include "core/wire/query_info.h"
#include "core/wire/read.h"
#include "core/wire/session_setup.h"
#include "core/wire/set_info.h"
#include "core/wire/tree_connect.h"
#include "core/wire/tree_disconnect.h"
#include "core/wire/write.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#define ROUND_TRIP(type)                                                                           \
    static enum tb_error type##_round_trip(struct tb_span input, struct tb_writer *w)              \
    {                                                                                              \
        struct tb_##type value;                                                                    \
        enum tb_error error = tb_##type##_decode(input, &value);                                   \
        if (!error)                                                                                \
            tb_##type##_encode(w, &value);                                                         \
        return error;                                                                              \
    }

ROUND_TRIP(negotiate_request)
ROUND_TRIP(negotiate_response)
ROUND_TRIP(session_setup_request)
ROUND_TRIP(session_setup_response)
ROUND_TRIP(logoff_request)
ROUND_TRIP(logoff_response)
ROUND_TRIP(tree_connect_request)
ROUND_TRIP(tree_connect_response)
ROUND_TRIP(tree_disconnect_request)
ROUND_TRIP(tree_disconnect_response)
ROUND_TRIP(create_request)
ROUND_TRIP(create_response)
ROUND_TRIP(close_request)
ROUND_TRIP(close_response)
ROUND_TRIP(flush_request)
ROUND_TRIP(flush_response)
ROUND_TRIP(read_request)
ROUND_TRIP(read_response)
ROUND_TRIP(write_request)
ROUND_TRIP(write_response)
ROUND_TRIP(lock_request)
ROUND_TRIP(lock_response)
ROUND_TRIP(ioctl_request)
ROUND_TRIP(ioctl_response)
ROUND_TRIP(cancel_request)
ROUND_TRIP(echo_request)
ROUND_TRIP(echo_response)
ROUND_TRIP(query_directory_request)
ROUND_TRIP(query_directory_response)
ROUND_TRIP(change_notify_request)
ROUND_TRIP(change_notify_response)
ROUND_TRIP(query_info_request)
ROUND_TRIP(query_info_response)
ROUND_TRIP(set_info_request)
ROUND_TRIP(set_info_response)
ROUND_TRIP(oplock_break_notification)
ROUND_TRIP(oplock_break_request)
ROUND_TRIP(oplock_break_response)
ROUND_TRIP(error_response)
ROUND_TRIP(smb2_header)
ROUND_TRIP(transform_header)
ROUND_TRIP(smb1_negotiate)
ROUND_TRIP(preauth_integrity_capabilities)
ROUND_TRIP(encryption_capabilities)
ROUND_TRIP(signing_capabilities)
ROUND_TRIP(compression_capabilities)
ROUND_TRIP(netname_context)
ROUND_TRIP(transport_capabilities)
ROUND_TRIP(rdma_transform_capabilities)
ROUND_TRIP(maximal_access_request)
ROUND_TRIP(maximal_access_response)
ROUND_TRIP(on_disk_id_response)
ROUND_TRIP(lease_context)
ROUND_TRIP(durable_v2_request)
ROUND_TRIP(durable_v2_response)
ROUND_TRIP(durable_v2_reconnect)
ROUND_TRIP(app_instance_id)
ROUND_TRIP(app_instance_version)
ROUND_TRIP(symlink_error)
ROUND_TRIP(validate_negotiate_request)
ROUND_TRIP(validate_negotiate_response)
ROUND_TRIP(pipe_peek_response)
ROUND_TRIP(pipe_wait_request)
ROUND_TRIP(resume_key_response)
ROUND_TRIP(copychunk_request)
ROUND_TRIP(copychunk_response)
ROUND_TRIP(resiliency_request)
ROUND_TRIP(zero_data_request)

static enum tb_error durable_request_round_trip(struct tb_span input, struct tb_writer *w)
{
    enum tb_error error = tb_durable_request_decode(input);
    if (!error)
        tb_durable_request_encode(w);
    return error;
}

static enum tb_error durable_response_round_trip(struct tb_span input, struct tb_writer *w)
{
    enum tb_error error = tb_durable_response_decode(input);
    if (!error)
        tb_durable_response_encode(w);
    return error;
}

static enum tb_error durable_reconnect_round_trip(struct tb_span input, struct tb_writer *w)
{
    struct tb_file_id id;
    enum tb_error error = tb_durable_reconnect_decode(input, &id);
    if (!error)
        tb_durable_reconnect_encode(w, id);
    return error;
}

static enum tb_error create_number_round_trip(struct tb_span input, struct tb_writer *w)
{
    uint64_t number;
    enum tb_error error = tb_create_number_decode(input, &number);
    if (!error)
        tb_create_number_encode(w, number);
    return error;
}

/* Unknown contexts are left out; known ones are put together anew. */
static enum tb_error create_chain_round_trip(struct tb_span input, struct tb_writer *w)
{
    enum tb_error error = tb_create_contexts_check(input);
    if (error)
        return error;
    struct tb_create_chain chain;
    tb_create_chain_begin(&chain, w->data, w->capacity);
    struct tb_create_context context;
    while (tb_create_contexts_next(&input, &context)) {
        if (context.id == TB_CREATE_CONTEXT_UNKNOWN)
            continue;
        tb_create_chain_open(&chain, context.id);
        tb_write_span(&chain.writer, context.data);
        tb_create_chain_close(&chain);
    }
    *w = chain.writer;
    return TB_OK;
}

static enum tb_error notify_list_round_trip(struct tb_span input, struct tb_writer *w)
{
    struct tb_notify_list list;
    tb_notify_list_begin(&list, w->data, w->capacity);
    struct tb_notify_information entry;
    enum tb_error error;
    while ((error = tb_notify_information_decode(&input, &entry)) == TB_OK) {
        if (tb_notify_list_append(&list, &entry)) {
            w->failed = true;
            return TB_OK;
        }
    }
    *w = list.writer;
    return error == TB_NO_MORE_ENTRIES ? TB_OK : error;
}

static enum tb_error network_interfaces_round_trip(struct tb_span input, struct tb_writer *w)
{
    struct tb_network_interface entry, next;
    enum tb_error error = tb_network_interface_decode(&input, &entry);
    while (error == TB_OK) {
        error = tb_network_interface_decode(&input, &next);
        tb_network_interface_encode(w, &entry, error != TB_OK);
        entry = next;
    }
    return error == TB_NO_MORE_ENTRIES ? TB_OK : error;
}

static enum tb_error allocated_ranges_round_trip(struct tb_span input, struct tb_writer *w)
{
    struct tb_allocated_range range;
    enum tb_error error;
    while ((error = tb_allocated_range_decode(&input, &range)) == TB_OK)
        tb_allocated_range_encode(w, &range);
    return error == TB_NO_MORE_ENTRIES ? TB_OK : error;
}

#define FILE_ID         "1112131415161718 2122232425262728 "
#define GUID            "000102030405060708090A0B0C0D0E0F "
#define TIMES           "0101010101010101 0202020202020202 0303030303030303 0404040404040404 "
#define SALT            "A0A1A2A3A4A5A6A7A8A9AAABACADAEAFB0B1B2B3B4B5B6B7B8B9BABBBCBDBEBF "
#define PREAUTH_CONTEXT "0100 2600 00000000 0100 2000 0100 " SALT "0000 "
#define MXAC_CONTEXT    "00000000 1000 0400 0000 0000 00000000 4D784163 "
#define LEASE_V1        GUID "07000000 00000000 0000000000000000 "

#define MESSAGE(name, sample)                                                                      \
    {                                                                                              \
#name, true, sample, name##_round_trip                                                     \
    }
#define DATA(name, sample)                                                                         \
    {                                                                                              \
#name, false, sample, name##_round_trip                                                    \
    }

const struct codec codecs[] = {
    MESSAGE(negotiate_request,
            "2400 0500 0100 0000 7F000000 " GUID "70000000 0200 0000 0202 1002 0003 0203 1103 "
            "0000 " PREAUTH_CONTEXT "0200 0600 00000000 0200 0200 0100"),
    MESSAGE(
        negotiate_response,
        "4100 0300 1103 0200 " GUID "2F000000 00008000 00001000 00002000 "
        "0102030405060708 1112131415161718 8000 0400 88000000 60020600 00000000 " PREAUTH_CONTEXT
        "0800 0400 00000000 0100 0200"),
    MESSAGE(session_setup_request,
            "1900 01 02 01000000 00000000 5800 0500 0807060504030201 6003020100"),
    MESSAGE(session_setup_response, "0900 0400 4800 0300 A10100"),
    MESSAGE(logoff_request, "0400 0000"),
    MESSAGE(logoff_response, "0400 0000"),
    MESSAGE(tree_connect_request, "0900 0000 4800 0E00 5C005C006100 5C0062006300 6400"),
    MESSAGE(tree_connect_response, "1000 01 00 30080000 18000000 FF011F00"),
    MESSAGE(tree_disconnect_request, "0400 0000"),
    MESSAGE(tree_disconnect_response, "0400 0000"),
    MESSAGE(create_request,
            "3900 00 09 02000000 0000000000000000 0000000000000000 89001200 80000000 07000000 "
            "03000000 40002000 7800 0600 80000000 14000000 610062006300 0000 " MXAC_CONTEXT),
    MESSAGE(create_response,
            "5900 09 01 02000000 " TIMES
            "0010000000000000 0300000000000000 20000000 00000000 " FILE_ID "98000000 20000000 "
            "00000000 1000 0400 0000 1800 08000000 4D784163 00000000 00000000 FF011F00"),
    MESSAGE(close_request, "1800 0100 00000000 " FILE_ID),
    MESSAGE(close_response,
            "3C00 0100 00000000 " TIMES "0010000000000000 0300000000000000 20000000"),
    MESSAGE(flush_request, "1800 0000 00000000 " FILE_ID),
    MESSAGE(flush_response, "0400 0000"),
    MESSAGE(read_request, "3100 50 01 00000100 0000000001000000 " FILE_ID
                          "10000000 01000000 00020000 7000 1000 " GUID),
    MESSAGE(read_response, "1100 50 00 05000000 07000000 00000000 68656C6C6F"),
    MESSAGE(write_request, "3100 8000 05000000 0000000001000000 " FILE_ID
                           "01000000 00020000 7000 1000 01000000 " GUID "68656C6C6F"),
    MESSAGE(write_response, "1100 0000 05000000 01000000 0000 0000"),
    MESSAGE(lock_request,
            "3000 0200 25000000 " FILE_ID "0000000000000000 0A00000000000000 01000000 00000000 "
            "6400000000000000 FFFFFFFFFFFFFFFF 12000000 00000000"),
    MESSAGE(lock_response, "0400 0000"),
    MESSAGE(ioctl_request,
            "3900 0000 17C01100 " FILE_ID "78000000 05000000 00000000 00000000 00000000 00040000 "
            "01000000 00000000 0500000310"),
    MESSAGE(ioctl_response,
            "3100 0000 17C01100 " FILE_ID "70000000 00000000 70000000 05000000 00000000 00000000 "
            "0500020310"),
    MESSAGE(cancel_request, "0400 0000"),
    MESSAGE(echo_request, "0400 0000"),
    MESSAGE(echo_response, "0400 0000"),
    MESSAGE(query_directory_request, "2100 25 03 04000000 " FILE_ID "6000 0400 00000100 2A002E00"),
    MESSAGE(query_directory_response, "0900 4800 06000000 000102030405"),
    MESSAGE(change_notify_request, "2000 0100 00100000 " FILE_ID "FF0F0000 00000000"),
    MESSAGE(change_notify_response, "0900 4800 06000000 000102030405"),
    MESSAGE(query_info_request,
            "2900 01 0F 00100000 6800 0000 03000000 07000000 01000000 " FILE_ID "AABBCC"),
    MESSAGE(query_info_response, "0900 4800 04000000 00010203"),
    MESSAGE(set_info_request, "2100 01 0D 01000000 6000 0000 04000000 " FILE_ID "01"),
    MESSAGE(set_info_response, "0200"),
    MESSAGE(oplock_break_notification,
            "2C00 0300 01000000 " GUID "07000000 03000000 00000000 00000000 00000000"),
    MESSAGE(oplock_break_notification, "1800 01 00 00000000 " FILE_ID),
    MESSAGE(oplock_break_request, "2400 0000 00000000 " GUID "03000000 0000000000000000"),
    MESSAGE(oplock_break_request, "1800 01 00 00000000 " FILE_ID),
    MESSAGE(oplock_break_response, "2400 0000 00000000 " GUID "03000000 0000000000000000"),
    MESSAGE(oplock_break_response, "1800 01 00 00000000 " FILE_ID),
    MESSAGE(error_response, "0900 01 00 0C000000 04000000 00000000 54010000"),
    MESSAGE(error_response, "0900 00 00 00000000 00"),
    DATA(smb2_header,
         "FE534D42 4000 0100 00000000 0500 1F00 04000000 88000000 0700000000000000 FFFE0000 "
         "05000000 0900000000000004 " GUID),
    DATA(smb2_header, "FE534D42 4000 0100 03010000 0F00 0100 03000000 00000000 0700000000000000 "
                      "1122334455667788 0900000000000004 " GUID),
    DATA(transform_header, "FD534D42 " GUID "1F1E1D1C1B1A191817161514 00000000 A4000000 0000 0100 "
                           "0900000000000004"),
    DATA(smb1_negotiate,
         "FF534D42 72 00000000 18 53C8 00000000000000000000000000000000000000 00 00 2200 "
         "024E54204C4D20302E313200 02534D4220322E30303200 02534D4220322E3F3F3F00"),
    DATA(preauth_integrity_capabilities, "0100 2000 0100 " SALT),
    DATA(encryption_capabilities, "0200 0200 0100"),
    DATA(signing_capabilities, "0300 0200 0100 0000"),
    DATA(compression_capabilities, "0200 0000 01000000 0200 0400"),
    DATA(netname_context, "6E00 6100 7300"),
    DATA(transport_capabilities, "01000000"),
    DATA(rdma_transform_capabilities, "0200 0000 00000000 0100 0200"),
    DATA(create_chain,
         "20000000 1000 0400 0000 1800 08000000 4D784163 00000000 0807060504030201 "
         "18000000 1000 0400 0000 0000 00000000 51466964 00000000 "
         "38000000 1000 0400 0000 1800 20000000 52714C73 00000000 " LEASE_V1
         "00000000 1000 1000 0000 2000 14000000 45BCA66AEFA7F74A9008FA462E144D74 1400 0000 " GUID),
    DATA(maximal_access_request, "0807060504030201"),
    DATA(maximal_access_response, "00000000 FF011F00"),
    DATA(on_disk_id_response, "0807060504030201 1817161514131211 00000000000000000000000000000000"),
    DATA(create_number, "0807060504030201"),
    DATA(lease_context, LEASE_V1),
    DATA(lease_context,
         GUID "07000000 04000000 0000000000000000 0F0E0D0C0B0A09080706050403020100 0100 0000"),
    DATA(durable_request, "00000000000000000000000000000000"),
    DATA(durable_response, "0000000000000000"),
    DATA(durable_reconnect, FILE_ID),
    DATA(durable_v2_request, "60EA0000 02000000 0000000000000000 " GUID),
    DATA(durable_v2_response, "60EA0000 02000000"),
    DATA(durable_v2_reconnect, FILE_ID GUID "02000000"),
    DATA(app_instance_id, "1400 0000 " GUID),
    DATA(app_instance_version, "1800 0000 00000000 0100000000000000 0200000000000000"),
    DATA(symlink_error,
         "20000000 53594D4C 0C0000A0 1400 0200 0000 0400 0400 0400 01000000 61006200 63006400"),
    DATA(validate_negotiate_request, "7F000000 " GUID "0100 0200 1002 0003"),
    DATA(validate_negotiate_response, "2F000000 " GUID "0100 0003"),
    DATA(pipe_peek_response, "03000000 05000000 01000000 05000000 0102030405"),
    DATA(pipe_wait_request, "80969800 00000000 0400 0000 01 00 61006200"),
    DATA(network_interfaces,
         "98000000 02000000 01000000 00000000 00CA9A3B00000000 0200 0000 0A000001 "
         "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
         "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
         "0000000000000000000000000000000000000000000000000000000000000000 "
         "00000000 03000000 00000000 00000000 00E40B5402000000 1700 0000 00000000 "
         "FE800000000000000000000000000001 "
         "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
         "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
         "00000000000000000000000000000000"),
    DATA(resume_key_response, "A0A1A2A3A4A5A6A7A8A9AAABACADAEAFB0B1B2B3B4B5B6B7 00000000 00000000"),
    DATA(copychunk_request, "A0A1A2A3A4A5A6A7A8A9AAABACADAEAFB0B1B2B3B4B5B6B7 02000000 00000000 "
                            "0000000000000000 0000010000000000 00000100 00000000 "
                            "0000010000000000 0000020000000000 00800000 00000000"),
    DATA(copychunk_response, "02000000 00000000 00800100"),
    DATA(resiliency_request, "60EA0000 00000000"),
    DATA(zero_data_request, "0010000000000000 0020000000000000"),
    DATA(allocated_ranges, "0010000000000000 0020000000000000 0040000000000000 0010000000000000"),
    DATA(notify_list,
         "14000000 01000000 06000000 610062006300 0000 00000000 05000000 04000000 64006500"),
};

const size_t codec_count = sizeof codecs / sizeof codecs[0];

static void *checked_malloc(size_t length)
{
    void *p = malloc(length ? length : 1);
    if (!p)
        abort();
    return p;
}

struct tb_span exact_copy(struct tb_span bytes)
{
    if (bytes.length == 0)
        return tb_span(NULL, 0);
    void *copy = checked_malloc(bytes.length);
    memcpy(copy, bytes.data, bytes.length);
    return tb_span(copy, bytes.length);
}

void release(struct tb_span bytes)
{
    free((void *)(uintptr_t)bytes.data);
}

static uint8_t hex_digit(char c)
{
    return (uint8_t)(isdigit((unsigned char)c) ? c - '0' : toupper((unsigned char)c) - 'A' + 10);
}

static size_t hex_to_bytes(const char *text, uint8_t *to)
{
    size_t digits = 0;
    for (const char *p = text; *p; p++) {
        if (*p == ' ')
            continue;
        uint8_t value = hex_digit(*p);
        to[digits / 2] = (uint8_t)(digits % 2 ? to[digits / 2] | value : value << 4);
        digits++;
    }
    return digits / 2;
}

struct tb_span from_hex(const char *text)
{
    uint8_t *bytes = checked_malloc(strlen(text));
    struct tb_span exact = exact_copy(tb_span(bytes, hex_to_bytes(text, bytes)));
    free(bytes);
    return exact;
}

struct tb_span codec_input(const struct codec *codec)
{
    struct tb_span sample = from_hex(codec->sample);
    if (!codec->is_message)
        return sample;
    size_t length = TB_SMB2_HEADER_LENGTH + sample.length;
    uint8_t *whole = checked_malloc(length);
    struct tb_writer w = tb_writer(whole, length);
    tb_smb2_header_encode(&w, &(struct tb_smb2_header){.message_id = 7});
    tb_write_span(&w, sample);
    release(sample);
    return tb_span(whole, length);
}

struct tb_span codec_sample(const char *name)
{
    for (size_t i = 0; i < codec_count; i++) {
        if (strcmp(codecs[i].name, name) == 0)
            return codec_input(&codecs[i]);
    }
    abort();
}

static void fail(const struct codec *codec, const char *what)
{
    fprintf(stderr, "%s: %s\n", codec->name, what);
    abort();
}

/* Decode `input` and encode into `w`, behind the header that `input` has. */
static enum tb_error run(const struct codec *codec, struct tb_span input, struct tb_writer *w)
{
    if (codec->is_message) {
        if (input.length >= TB_SMB2_HEADER_LENGTH)
            tb_write_bytes(w, input.data, TB_SMB2_HEADER_LENGTH);
        else
            tb_write_zeros(w, TB_SMB2_HEADER_LENGTH);
    }
    enum tb_error error = codec->round_trip(input, w);
    if (!error && w->failed)
        fail(codec, "no room to encode");
    return error;
}

enum tb_error check_round_trip(const struct codec *codec, struct tb_span input)
{
    size_t capacity = 8 * input.length + 256;
    uint8_t *memory = checked_malloc(2 * capacity);
    struct tb_writer first = tb_writer(memory, capacity);
    struct tb_writer second = tb_writer(memory + capacity, capacity);
    enum tb_error error = run(codec, input, &first);
    if (!error) {
        struct tb_span again = exact_copy(tb_span(first.data, first.at));
        if (run(codec, again, &second))
            fail(codec, "what was encoded does not decode");
        if (second.at != first.at || memcmp(second.data, first.data, first.at))
            fail(codec, "decoding and encoding again changes it");
        release(again);
    } else if (error != TB_INVALID_PARAMETER) {
        fail(codec, "an error other than TB_INVALID_PARAMETER");
    }
    free(memory);
    return error;
}
