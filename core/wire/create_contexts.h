/* Create contexts: what CREATE asks and answers besides its fixed fields (MS-SMB2 2.2.13.2,
 * 2.2.14.2). */
#ifndef TB_WIRE_CREATE_CONTEXTS_H
#define TB_WIRE_CREATE_CONTEXTS_H

#include "core/wire/fields.h"

enum tb_create_context_id {
    TB_CREATE_CONTEXT_UNKNOWN,
    TB_CREATE_CONTEXT_EA_BUFFER,                   /* ExtA: data is FILE_FULL_EA_INFORMATION */
    TB_CREATE_CONTEXT_SD_BUFFER,                   /* SecD: data is a security descriptor */
    TB_CREATE_CONTEXT_DURABLE_HANDLE_REQUEST,      /* DHnQ */
    TB_CREATE_CONTEXT_DURABLE_HANDLE_RECONNECT,    /* DHnC */
    TB_CREATE_CONTEXT_ALLOCATION_SIZE,             /* AlSi */
    TB_CREATE_CONTEXT_MAXIMAL_ACCESS,              /* MxAc */
    TB_CREATE_CONTEXT_TIMEWARP_TOKEN,              /* TWrp */
    TB_CREATE_CONTEXT_QUERY_ON_DISK_ID,            /* QFid: the request has no data */
    TB_CREATE_CONTEXT_LEASE,                       /* RqLs, both versions */
    TB_CREATE_CONTEXT_DURABLE_HANDLE_REQUEST_V2,   /* DH2Q */
    TB_CREATE_CONTEXT_DURABLE_HANDLE_RECONNECT_V2, /* DH2C */
    TB_CREATE_CONTEXT_APP_INSTANCE_ID,
    TB_CREATE_CONTEXT_APP_INSTANCE_VERSION,
    TB_CREATE_CONTEXT_SVHDX_OPEN_DEVICE,
    TB_CREATE_CONTEXT_AAPL,
    TB_CREATE_CONTEXT_COUNT
};

struct tb_create_context {
    enum tb_create_context_id id;
    struct tb_span name;
    struct tb_span data;
};

/* Take the first context off the chain `left`; false at its end, or where it is malformed (the
 * chain of a decoded CREATE is well-formed). */
bool tb_create_contexts_next(struct tb_span *left, struct tb_create_context *out);

/* Is every link of the chain inside it, aligned and without overlap? */
enum tb_error tb_create_contexts_check(struct tb_span contexts);

/* The first context of that kind; false when there is none. */
bool tb_create_contexts_find(struct tb_span contexts, enum tb_create_context_id id,
                             struct tb_create_context *out);

/* Building a chain: begin, then for each context open, encode its data to `writer`, close. */
struct tb_create_chain {
    struct tb_writer writer;
    size_t opened_at;
    size_t data_at;
};

void tb_create_chain_begin(struct tb_create_chain *chain, void *buffer, size_t capacity);
void tb_create_chain_open(struct tb_create_chain *chain, enum tb_create_context_id id);
void tb_create_chain_close(struct tb_create_chain *chain);

/* What has been built, for a message's `create_contexts`; check chain->writer.failed first. */
struct tb_span tb_create_chain_contexts(const struct tb_create_chain *chain);

/* The data of each kind. Decoders: TB_INVALID_PARAMETER when its length is wrong. */

struct tb_maximal_access_request {
    bool has_timestamp;
    uint64_t timestamp; /* answer only if the file has changed since (MS-SMB2 3.3.5.9.5) */
};

struct tb_maximal_access_response {
    uint32_t query_status;
    uint32_t maximal_access;
};

enum tb_error tb_maximal_access_request_decode(struct tb_span data,
                                               struct tb_maximal_access_request *out);
void tb_maximal_access_request_encode(struct tb_writer *w,
                                      const struct tb_maximal_access_request *request);
enum tb_error tb_maximal_access_response_decode(struct tb_span data,
                                                struct tb_maximal_access_response *out);
void tb_maximal_access_response_encode(struct tb_writer *w,
                                       const struct tb_maximal_access_response *response);

struct tb_on_disk_id_response {
    uint64_t disk_file_id;
    uint64_t volume_id;
};

enum tb_error tb_on_disk_id_response_decode(struct tb_span data,
                                            struct tb_on_disk_id_response *out);
void tb_on_disk_id_response_encode(struct tb_writer *w,
                                   const struct tb_on_disk_id_response *response);

/* AlSi and TWrp are one 64-bit number each: a length, and a FILETIME. */
enum tb_error tb_create_number_decode(struct tb_span data, uint64_t *out);
void tb_create_number_encode(struct tb_writer *w, uint64_t number);

/* RqLs, the same in request and response. Version 1 has neither parent nor epoch. */
struct tb_lease_context {
    uint8_t version; /* 1 or 2 */
    uint8_t lease_key[16];
    uint32_t lease_state;
    uint32_t lease_flags;
    uint64_t lease_duration; /* reserved */
    uint8_t parent_lease_key[16];
    uint16_t epoch;
};

enum tb_error tb_lease_context_decode(struct tb_span data, struct tb_lease_context *out);
void tb_lease_context_encode(struct tb_writer *w, const struct tb_lease_context *context);

/* DHnQ carries 16 reserved bytes, its response 8. */
enum tb_error tb_durable_request_decode(struct tb_span data);
void tb_durable_request_encode(struct tb_writer *w);
enum tb_error tb_durable_response_decode(struct tb_span data);
void tb_durable_response_encode(struct tb_writer *w);

/* DHnC; it has no response of its own. */
enum tb_error tb_durable_reconnect_decode(struct tb_span data, struct tb_file_id *out);
void tb_durable_reconnect_encode(struct tb_writer *w, struct tb_file_id file_id);

struct tb_durable_v2_request {
    uint32_t timeout_ms;
    uint32_t flags; /* TB_SMB2_DHANDLE_FLAG_PERSISTENT */
    uint8_t create_guid[16];
};

struct tb_durable_v2_response {
    uint32_t timeout_ms;
    uint32_t flags;
};

struct tb_durable_v2_reconnect {
    struct tb_file_id file_id;
    uint8_t create_guid[16];
    uint32_t flags;
};

enum tb_error tb_durable_v2_request_decode(struct tb_span data, struct tb_durable_v2_request *out);
void tb_durable_v2_request_encode(struct tb_writer *w, const struct tb_durable_v2_request *request);
enum tb_error tb_durable_v2_response_decode(struct tb_span data,
                                            struct tb_durable_v2_response *out);
void tb_durable_v2_response_encode(struct tb_writer *w,
                                   const struct tb_durable_v2_response *response);
enum tb_error tb_durable_v2_reconnect_decode(struct tb_span data,
                                             struct tb_durable_v2_reconnect *out);
void tb_durable_v2_reconnect_encode(struct tb_writer *w,
                                    const struct tb_durable_v2_reconnect *reconnect);

struct tb_app_instance_id {
    uint8_t app_instance_id[16];
};

struct tb_app_instance_version {
    uint64_t high;
    uint64_t low;
};

enum tb_error tb_app_instance_id_decode(struct tb_span data, struct tb_app_instance_id *out);
void tb_app_instance_id_encode(struct tb_writer *w, const struct tb_app_instance_id *id);
enum tb_error tb_app_instance_version_decode(struct tb_span data,
                                             struct tb_app_instance_version *out);
void tb_app_instance_version_encode(struct tb_writer *w,
                                    const struct tb_app_instance_version *version);

#endif
