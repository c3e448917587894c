/* Connection-oriented DCE/RPC PDUs (C706 chapter 12, MS-RPCE 2.2.2): decode into and encode from
 * plain structs, both directions, so that clients in tests use them too.
 *
 * Only the little-endian ASCII IEEE data representation is spoken. */
#ifndef TB_RPC_PDU_H
#define TB_RPC_PDU_H

#include "core/bytes.h"
#include "core/error.h"

enum tb_rpc_pdu_type {
    TB_RPC_REQUEST = 0,
    TB_RPC_RESPONSE = 2,
    TB_RPC_FAULT = 3,
    TB_RPC_BIND = 11,
    TB_RPC_BIND_ACK = 12,
    TB_RPC_BIND_NAK = 13,
    TB_RPC_ALTER_CONTEXT = 14,
    TB_RPC_ALTER_CONTEXT_RESP = 15,
    TB_RPC_AUTH3 = 16,
    TB_RPC_SHUTDOWN = 17,
    TB_RPC_CO_CANCEL = 18,
    TB_RPC_ORPHANED = 19,
};

enum {
    TB_RPC_FIRST_FRAG = 0x01,
    TB_RPC_LAST_FRAG = 0x02,
    TB_RPC_PENDING_CANCEL = 0x04, /* in a bind: supports header signing */
    TB_RPC_CONC_MPX = 0x10,
    TB_RPC_DID_NOT_EXECUTE = 0x20,
    TB_RPC_MAYBE = 0x40,
    TB_RPC_OBJECT_UUID = 0x80,
};

/* Fault and reject status codes (C706 appendix E, MS-ERREF). */
#define TB_RPC_OP_RANGE_ERROR    0x1C010002u
#define TB_RPC_UNKNOWN_INTERFACE 0x1C010003u
#define TB_RPC_PROTOCOL_ERROR    0x1C01000Bu
#define TB_RPC_OUT_OF_MEMORY     0x1C00001Bu
#define TB_RPC_BAD_STUB_DATA     0x000006F7u
#define TB_RPC_ACCESS_DENIED     0x00000005u

enum tb_rpc_result {
    TB_RPC_ACCEPTANCE = 0,
    TB_RPC_USER_REJECTION = 1,
    TB_RPC_PROVIDER_REJECTION = 2,
    TB_RPC_NEGOTIATE_ACK = 3, /* answers bind time feature negotiation; MS-RPCE 3.3.1.5.3 */
};

enum tb_rpc_reason {
    TB_RPC_REASON_NONE = 0,
    TB_RPC_ABSTRACT_SYNTAX_NOT_SUPPORTED = 1,
    TB_RPC_TRANSFER_SYNTAXES_NOT_SUPPORTED = 2,
    TB_RPC_LOCAL_LIMIT_EXCEEDED = 3,
};

enum tb_rpc_nak_reason {
    TB_RPC_NAK_NOT_SPECIFIED = 0,
    TB_RPC_NAK_PROTOCOL_VERSION = 4,
    TB_RPC_NAK_AUTH_TYPE = 8,
};

#define TB_RPC_HEADER_LENGTH         16
#define TB_RPC_REQUEST_HEADER_LENGTH 24   /* of a response and a fault too */
#define TB_RPC_FRAGMENT_MIN          1432 /* every implementation receives these (C706 12.6.3.8) */
#define TB_RPC_CONTEXTS_MAX          16

struct tb_rpc_uuid {
    uint32_t time_low;
    uint16_t time_mid, time_high;
    uint8_t rest[8];
};

struct tb_rpc_syntax {
    struct tb_rpc_uuid uuid;
    uint16_t major, minor;
};

extern const struct tb_rpc_syntax tb_rpc_ndr20;
extern const struct tb_rpc_syntax tb_rpc_ndr64;

bool tb_rpc_uuid_equal(const struct tb_rpc_uuid *a, const struct tb_rpc_uuid *b);
bool tb_rpc_syntax_equal(const struct tb_rpc_syntax *a, const struct tb_rpc_syntax *b);

/* Whether a transfer syntax is the pseudo one of bind time feature negotiation; `features` is then
 * the client's bit mask (MS-RPCE 2.2.2.14). */
bool tb_rpc_syntax_is_features(const struct tb_rpc_syntax *syntax, uint16_t *features);

struct tb_rpc_header {
    uint8_t type, flags;
    bool little_endian;
    uint8_t major, minor;
    uint16_t fragment_length, auth_length;
    uint32_t call_id;
};

/* The first 16 bytes. TB_PENDING: fewer are there. Nothing is judged except that the fragment is at
 * least as long as its header: TB_INVALID_PARAMETER. */
enum tb_error tb_rpc_header_decode(struct tb_span bytes, struct tb_rpc_header *header);

struct tb_rpc_context {
    uint16_t id;
    struct tb_rpc_syntax abstract;
    uint8_t transfer_count; /* as on the wire; at most TB_RPC_TRANSFERS_MAX are kept */
#define TB_RPC_TRANSFERS_MAX 8
    struct tb_rpc_syntax transfers[TB_RPC_TRANSFERS_MAX];
};

/* bind and alter_context. */
struct tb_rpc_bind {
    uint16_t transmit_fragment_max, receive_fragment_max;
    uint32_t association_group;
    uint8_t context_count;
    struct tb_rpc_context contexts[TB_RPC_CONTEXTS_MAX];
};

/* bind_ack and alter_context_resp. */
struct tb_rpc_bind_ack {
    uint16_t transmit_fragment_max, receive_fragment_max;
    uint32_t association_group;
    char secondary_address[64]; /* "\PIPE\srvsvc"; "" in an alter_context_resp */
    uint8_t result_count;
    struct tb_rpc_bind_result {
        uint16_t result, reason;
        struct tb_rpc_syntax transfer; /* zero unless accepted */
    } results[TB_RPC_CONTEXTS_MAX];
};

struct tb_rpc_request {
    uint32_t allocation_hint;
    uint16_t context_id, operation;
    struct tb_span stub; /* of this fragment, without authentication trailer and its padding */
};

struct tb_rpc_response {
    uint32_t allocation_hint;
    uint16_t context_id;
    uint32_t fault_status; /* of a fault */
    struct tb_span stub;
};

/* Each decodes one whole fragment whose header was decoded; TB_INVALID_PARAMETER when malformed. */
enum tb_error tb_rpc_bind_decode(struct tb_span fragment, const struct tb_rpc_header *header,
                                 struct tb_rpc_bind *bind);
enum tb_error tb_rpc_bind_ack_decode(struct tb_span fragment, const struct tb_rpc_header *header,
                                     struct tb_rpc_bind_ack *ack);
enum tb_error tb_rpc_request_decode(struct tb_span fragment, const struct tb_rpc_header *header,
                                    struct tb_rpc_request *request);
enum tb_error tb_rpc_response_decode(struct tb_span fragment, const struct tb_rpc_header *header,
                                     struct tb_rpc_response *response);

/* Each writes one whole fragment with its header. */
void tb_rpc_bind_encode(struct tb_writer *w, enum tb_rpc_pdu_type type, uint32_t call_id,
                        const struct tb_rpc_bind *bind);
void tb_rpc_bind_ack_encode(struct tb_writer *w, enum tb_rpc_pdu_type type, uint32_t call_id,
                            const struct tb_rpc_bind_ack *ack);
void tb_rpc_bind_nak_encode(struct tb_writer *w, uint32_t call_id, enum tb_rpc_nak_reason reason);
void tb_rpc_request_encode(struct tb_writer *w, uint32_t call_id, uint8_t flags,
                           const struct tb_rpc_request *request);
void tb_rpc_response_encode(struct tb_writer *w, uint32_t call_id, uint8_t flags,
                            const struct tb_rpc_response *response);
void tb_rpc_fault_encode(struct tb_writer *w, uint32_t call_id, uint16_t context_id, uint8_t flags,
                         uint32_t status);

#endif
