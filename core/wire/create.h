/* CREATE (MS-SMB2 2.2.13, 2.2.14). */
#ifndef TB_WIRE_CREATE_H
#define TB_WIRE_CREATE_H

#include "core/wire/create_contexts.h"
#include "core/wire/header.h"

struct tb_create_request {
    uint8_t requested_oplock_level;
    uint32_t impersonation_level;
    uint64_t smb_create_flags;
    uint32_t desired_access;
    uint32_t file_attributes;
    uint32_t share_access;
    uint32_t create_disposition;
    uint32_t create_options;
    struct tb_span name;            /* UTF-16LE, of even length; empty is the share's root */
    struct tb_span create_contexts; /* a checked chain: tb_create_contexts_next() */
};

struct tb_create_response {
    uint8_t oplock_level;
    uint8_t flags; /* TB_SMB2_CREATE_FLAG_REPARSEPOINT */
    uint32_t create_action;
    uint64_t creation_time;
    uint64_t last_access_time;
    uint64_t last_write_time;
    uint64_t change_time;
    uint64_t allocation_size;
    uint64_t end_of_file;
    uint32_t file_attributes;
    struct tb_file_id file_id;
    struct tb_span create_contexts;
};

enum tb_error tb_create_request_decode(struct tb_span message, struct tb_create_request *out);
void tb_create_request_encode(struct tb_writer *w, const struct tb_create_request *request);
enum tb_error tb_create_response_decode(struct tb_span message, struct tb_create_response *out);
void tb_create_response_encode(struct tb_writer *w, const struct tb_create_response *response);

#endif
