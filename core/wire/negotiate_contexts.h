/* Negotiate contexts of SMB 3.1.1 (MS-SMB2 2.2.3.1, 2.2.4.1). */
#ifndef TB_WIRE_NEGOTIATE_CONTEXTS_H
#define TB_WIRE_NEGOTIATE_CONTEXTS_H

#include "core/wire/fields.h"

/* `count` contexts one after the other, each but the last padded to 8 bytes. */
struct tb_negotiate_contexts {
    struct tb_span data;
    uint16_t count;
};

struct tb_negotiate_context {
    uint16_t type; /* TB_SMB2_..._CAPABILITIES and so on; skip those you do not know */
    struct tb_span data;
};

/* Take the next one off the list; false at its end (or where it is malformed: a list that came
 * from a decoded NEGOTIATE is well-formed). */
bool tb_negotiate_contexts_next(struct tb_negotiate_contexts *left,
                                struct tb_negotiate_context *out);
enum tb_error tb_negotiate_contexts_check(struct tb_negotiate_contexts contexts);

/* Building a list: begin, then for each context open, encode its data to `writer`, close. */
struct tb_negotiate_chain {
    struct tb_writer writer;
    uint16_t count;
    size_t opened_at;
};

void tb_negotiate_chain_begin(struct tb_negotiate_chain *chain, void *buffer, size_t capacity);
void tb_negotiate_chain_open(struct tb_negotiate_chain *chain, uint16_t type);
void tb_negotiate_chain_close(struct tb_negotiate_chain *chain);

/* What has been built, for a message's `contexts`; check chain->writer.failed first. */
struct tb_negotiate_contexts tb_negotiate_chain_contexts(const struct tb_negotiate_chain *chain);

/* The data of each kind, the same in requests and responses. Lists of ids are read with
 * tb_u16_count() and tb_u16_at(). A list of no ids at all is malformed. */
struct tb_preauth_integrity_capabilities {
    struct tb_span hash_algorithms;
    struct tb_span salt;
};

enum tb_error
tb_preauth_integrity_capabilities_decode(struct tb_span data,
                                         struct tb_preauth_integrity_capabilities *out);
void tb_preauth_integrity_capabilities_encode(
    struct tb_writer *w, const struct tb_preauth_integrity_capabilities *capabilities);

struct tb_encryption_capabilities {
    struct tb_span ciphers;
};

enum tb_error tb_encryption_capabilities_decode(struct tb_span data,
                                                struct tb_encryption_capabilities *out);
void tb_encryption_capabilities_encode(struct tb_writer *w,
                                       const struct tb_encryption_capabilities *capabilities);

struct tb_signing_capabilities {
    struct tb_span signing_algorithms;
};

enum tb_error tb_signing_capabilities_decode(struct tb_span data,
                                             struct tb_signing_capabilities *out);
void tb_signing_capabilities_encode(struct tb_writer *w,
                                    const struct tb_signing_capabilities *capabilities);

struct tb_compression_capabilities {
    uint32_t flags;
    struct tb_span compression_algorithms;
};

enum tb_error tb_compression_capabilities_decode(struct tb_span data,
                                                 struct tb_compression_capabilities *out);
void tb_compression_capabilities_encode(struct tb_writer *w,
                                        const struct tb_compression_capabilities *capabilities);

struct tb_netname_context {
    struct tb_span net_name; /* UTF-16LE, not terminated */
};

enum tb_error tb_netname_context_decode(struct tb_span data, struct tb_netname_context *out);
void tb_netname_context_encode(struct tb_writer *w, const struct tb_netname_context *context);

struct tb_transport_capabilities {
    uint32_t flags;
};

enum tb_error tb_transport_capabilities_decode(struct tb_span data,
                                               struct tb_transport_capabilities *out);
void tb_transport_capabilities_encode(struct tb_writer *w,
                                      const struct tb_transport_capabilities *capabilities);

struct tb_rdma_transform_capabilities {
    struct tb_span rdma_transform_ids;
};

enum tb_error tb_rdma_transform_capabilities_decode(struct tb_span data,
                                                    struct tb_rdma_transform_capabilities *out);
void tb_rdma_transform_capabilities_encode(
    struct tb_writer *w, const struct tb_rdma_transform_capabilities *capabilities);

#endif
