/* ERROR response (MS-SMB2 2.2.2) and what it may carry. */
#ifndef TB_WIRE_ERROR_H
#define TB_WIRE_ERROR_H

#include "core/wire/header.h"

struct tb_error_response {
    uint8_t error_context_count; /* 3.1.1: error_data is that many contexts; else 0 */
    struct tb_span error_data;
};

/* One error context of 3.1.1 (MS-SMB2 2.2.2.1). */
struct tb_error_context {
    uint32_t error_id; /* TB_SMB2_ERROR_ID_... */
    struct tb_span error_data;
};

#define TB_SMB2_ERROR_ID_DEFAULT        0x00000000u
#define TB_SMB2_ERROR_ID_SHARE_REDIRECT 0x72645253u

/* STATUS_STOPPED_ON_SYMLINK (MS-SMB2 2.2.2.2.1). */
struct tb_symlink_error {
    uint16_t unparsed_path_length;  /* bytes of the requested name behind the link */
    uint32_t flags;                 /* TB_SYMLINK_FLAG_RELATIVE */
    struct tb_span substitute_name; /* UTF-16LE */
    struct tb_span print_name;      /* UTF-16LE */
};

#define TB_SYMLINK_FLAG_RELATIVE 0x00000001u

enum tb_error tb_error_response_decode(struct tb_span message, struct tb_error_response *out);
void tb_error_response_encode(struct tb_writer *w, const struct tb_error_response *response);

/* Take the next context off `left`; false when there is none or it is malformed (decoding a
 * response has checked error_context_count of them). */
bool tb_error_contexts_next(struct tb_span *left, struct tb_error_context *out);

/* A whole response around `data`, which 3.1.1 wraps into one context and other dialects send
 * bare. */
void tb_error_response_encode_data(struct tb_writer *w, uint16_t dialect, uint32_t error_id,
                                   struct tb_span data);

/* A whole response for STATUS_BUFFER_TOO_SMALL: `needed` is the length that would do. */
void tb_error_response_encode_needed(struct tb_writer *w, uint16_t dialect, uint32_t needed);

/* The data a response carries, whichever way it is wrapped: the first context's, or error_data. */
struct tb_span tb_error_response_data(const struct tb_error_response *response);

enum tb_error tb_symlink_error_decode(struct tb_span data, struct tb_symlink_error *out);
void tb_symlink_error_encode(struct tb_writer *w, const struct tb_symlink_error *error);

#endif
