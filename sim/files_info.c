#include "sim/files.h"

#include "core/nt/utf.h"
#include "core/wire/change_notify.h"
#include "core/wire/ioctl.h"
#include "core/wire/query_directory.h"
#include "core/wire/query_info.h"
#include "core/wire/set_info.h"
#include <stdlib.h>
#include <string.h>

static struct tb_sim_request *new_request(struct tb_sim_tree *tree, uint16_t command, size_t room)
{
    return tb_sim_request_new(tree->session->client, tree->session, tree, command, room);
}

struct tb_sim_request *tb_sim_query_request(struct tb_sim_tree *tree, struct tb_file_id id,
                                            uint8_t type, uint8_t number, uint32_t length)
{
    struct tb_sim_request *r = new_request(tree, TB_SMB2_QUERY_INFO, 64);
    r->payload = length;
    tb_query_info_request_encode(
        &r->writer,
        &(struct tb_query_info_request){
            .info_type = type,
            .file_info_class = number,
            .output_buffer_length = length,
            .additional_information =
                type == TB_SMB2_0_INFO_SECURITY ? TB_OWNER_SECURITY_INFORMATION |
                                                      TB_GROUP_SECURITY_INFORMATION |
                                                      TB_DACL_SECURITY_INFORMATION
                                                : 0,
            .file_id = id});
    return r;
}

struct tb_span tb_sim_output(const struct tb_sim_request *request)
{
    struct tb_span whole = tb_sim_response(request);
    union {
        struct tb_query_info_response query_info;
        struct tb_query_directory_response query_directory;
        struct tb_change_notify_response change_notify;
        struct tb_ioctl_response ioctl;
    } u;
    if (request->lost || (request->error != TB_OK && request->error != TB_BUFFER_OVERFLOW))
        return tb_span(NULL, 0);
    switch (request->header.command) {
    case TB_SMB2_QUERY_INFO:
        tb_sim_require_ok(tb_query_info_response_decode(whole, &u.query_info));
        return u.query_info.output_buffer;
    case TB_SMB2_QUERY_DIRECTORY:
        tb_sim_require_ok(tb_query_directory_response_decode(whole, &u.query_directory));
        return u.query_directory.output_buffer;
    case TB_SMB2_CHANGE_NOTIFY:
        tb_sim_require_ok(tb_change_notify_response_decode(whole, &u.change_notify));
        return u.change_notify.output_buffer;
    default:
        tb_sim_require_ok(tb_ioctl_response_decode(whole, &u.ioctl));
        return u.ioctl.output;
    }
}

struct tb_sim_request *tb_sim_set_request(struct tb_sim_tree *tree, struct tb_file_id id,
                                          uint8_t type, uint8_t number, struct tb_span input)
{
    struct tb_sim_request *r = new_request(tree, TB_SMB2_SET_INFO, input.length + 64);
    r->payload = input.length;
    tb_set_info_request_encode(&r->writer, &(struct tb_set_info_request){.info_type = type,
                                                                         .file_info_class = number,
                                                                         .file_id = id,
                                                                         .buffer = input});
    return r;
}

enum tb_error tb_sim_set(struct tb_sim_open *open, uint8_t number, struct tb_span input)
{
    return tb_sim_do(
        tb_sim_set_request(open->tree, open->id, TB_SMB2_0_INFO_FILE, number, input));
}

enum tb_error tb_sim_set_size(struct tb_sim_open *open, uint64_t size)
{
    uint8_t bytes[8];
    tb_store_u64(bytes, size);
    return tb_sim_set(open, TB_FILE_END_OF_FILE_INFORMATION, tb_span(bytes, sizeof(bytes)));
}

struct tb_sim_request *tb_sim_set_name_request(struct tb_sim_tree *tree, struct tb_file_id id,
                                               uint8_t class, const char *name, uint32_t flags)
{
    uint8_t bytes[2048];
    size_t length;
    uint8_t *units = tb_sim_utf16(name, &length);
    struct tb_writer w = tb_writer(bytes, sizeof(bytes));
    tb_file_rename_encode(
        &(struct tb_file_rename){.flags = flags, .name = tb_span(units, length)}, &w);
    tb_sim_require(!w.failed);
    free(units);
    return tb_sim_set_request(tree, id, TB_SMB2_0_INFO_FILE, class, tb_span(bytes, w.at));
}

struct tb_sim_request *tb_sim_rename_request(struct tb_sim_tree *tree, struct tb_file_id id,
                                             const char *name, bool replace)
{
    return tb_sim_set_name_request(tree, id, TB_FILE_RENAME_INFORMATION, name, replace);
}

enum tb_error tb_sim_set_name(struct tb_sim_open *open, uint8_t class, const char *name,
                              uint32_t flags)
{
    return tb_sim_do(tb_sim_set_name_request(open->tree, open->id, class, name, flags));
}

enum tb_error tb_sim_rename(struct tb_sim_open *open, const char *name, bool replace)
{
    return tb_sim_do(tb_sim_rename_request(open->tree, open->id, name, replace));
}

enum tb_error tb_sim_delete_on_close(struct tb_sim_open *open, bool wanted)
{
    uint8_t byte = wanted;
    return tb_sim_set(open, TB_FILE_DISPOSITION_INFORMATION, tb_span(&byte, 1));
}

enum tb_error tb_sim_size(struct tb_sim_open *open, uint64_t *size)
{
    struct tb_sim_request *r = tb_sim_query_request(open->tree, open->id, TB_SMB2_0_INFO_FILE,
                                                    TB_FILE_STANDARD_INFORMATION, 24);
    enum tb_error error = tb_sim_call(r);
    struct tb_file_standard standard;
    if (error == TB_OK) {
        tb_sim_require_ok(tb_file_standard_decode(tb_sim_output(r), &standard));
        *size = standard.size;
    }
    tb_sim_request_free(r);
    return error;
}

struct tb_sim_request *tb_sim_list_request(struct tb_sim_tree *tree, struct tb_file_id id,
                                           uint8_t number, uint8_t flags, const char *pattern,
                                           uint32_t length)
{
    size_t units_length;
    uint8_t *units = tb_sim_utf16(pattern, &units_length);
    struct tb_sim_request *r = new_request(tree, TB_SMB2_QUERY_DIRECTORY, units_length + 64);
    r->payload = length;
    tb_query_directory_request_encode(
        &r->writer, &(struct tb_query_directory_request){.file_information_class = number,
                                                         .flags = flags,
                                                         .file_id = id,
                                                         .output_buffer_length = length,
                                                         .file_name = tb_span(units,
                                                                              units_length)});
    free(units);
    return r;
}

static void add_names(uint8_t number, struct tb_span chain, char *names, size_t capacity)
{
    struct tb_directory_record record;
    size_t offset = 0, at = strlen(names);
    enum tb_error error;
    char name[1024];
    while ((error = tb_directory_record_decode(number, chain, &offset, &record)) == TB_OK) {
        tb_sim_require_ok(tb_utf8_from_utf16(record.name, name, sizeof(name)));
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        size_t length = strlen(name);
        tb_sim_require(at + length + 2 <= capacity);
        memcpy(names + at, name, length);
        memcpy(names + at + length, "\n", 2);
        at += length + 1;
    }
    tb_sim_require_error(error, TB_NO_MORE_ENTRIES);
}

enum tb_error tb_sim_list(struct tb_sim_open *open, uint8_t number, const char *pattern,
                          uint32_t length, char *names, size_t capacity)
{
    enum tb_error error;
    uint8_t flags = TB_SMB2_RESTART_SCANS;
    names[0] = 0;
    do {
        struct tb_sim_request *r =
            tb_sim_list_request(open->tree, open->id, number, flags, pattern, length);
        error = tb_sim_call(r);
        if (error == TB_OK)
            add_names(number, tb_sim_output(r), names, capacity);
        tb_sim_request_free(r);
        flags = 0;
    } while (error == TB_OK);
    return error == TB_NO_MORE_FILES ? TB_OK : error;
}

struct tb_sim_request *tb_sim_notify_request(struct tb_sim_tree *tree, struct tb_file_id id,
                                             uint32_t filter, bool tree_wide, uint32_t length)
{
    struct tb_sim_request *r = new_request(tree, TB_SMB2_CHANGE_NOTIFY, 64);
    r->payload = length;
    tb_change_notify_request_encode(
        &r->writer, &(struct tb_change_notify_request){.flags = tree_wide ? TB_SMB2_WATCH_TREE : 0,
                                                       .output_buffer_length = length,
                                                       .file_id = id,
                                                       .completion_filter = filter});
    return r;
}

struct tb_sim_request *tb_sim_ioctl_request(struct tb_sim_tree *tree, struct tb_file_id id,
                                            uint32_t code, struct tb_span input,
                                            uint32_t max_output)
{
    struct tb_sim_request *r = new_request(tree, TB_SMB2_IOCTL, input.length + 128);
    r->payload = input.length > max_output ? input.length : max_output;
    tb_ioctl_request_encode(&r->writer, &(struct tb_ioctl_request){
                                            .ctl_code = code,
                                            .file_id = id,
                                            .input = input,
                                            .max_output_response = max_output,
                                            .flags = TB_SMB2_0_IOCTL_IS_FSCTL});
    return r;
}
