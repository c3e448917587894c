/* What stands before the messages: SMB2 header, transform header, and the one SMB1 message that
 * begins a multi-protocol negotiation; and how a compound falls into its parts.
 *
 * Contract of all codecs in this folder:
 *  - decode(message, out): `message` begins at the SMB2 header and ends where this part of the
 *    compound ends. Spans in *out point into it: they live as long as its bytes. All offsets,
 *    lengths and counts have been checked. TB_INVALID_PARAMETER if malformed; *out then has no
 * meaning.
 *  - encode(writer, in): the writer began at this part's header (writer->data is the header's
 *    first byte) and stands right behind it; a compound's parts have a writer each. The writer
 *    fails when there is no room; nothing else can fail. */
#ifndef TB_WIRE_HEADER_H
#define TB_WIRE_HEADER_H

#include "core/wire/fields.h"
#include "core/wire/smb2.h"

enum tb_protocol {
    TB_PROTOCOL_UNKNOWN,
    TB_PROTOCOL_SMB1,
    TB_PROTOCOL_SMB2,
    TB_PROTOCOL_TRANSFORM,      /* encrypted */
    TB_PROTOCOL_COMPRESSION,    /* recognised only */
    TB_PROTOCOL_RDMA_TRANSFORM, /* recognised only */
};

/* What a message is, by its first four bytes. */
enum tb_protocol tb_message_protocol(struct tb_span message);

/* SMB2 header, synchronous and asynchronous form (MS-SMB2 2.2.1). The 32 bits that are Status in
 * a response and ChannelSequence + Reserved in a request are both `status` and, its low half,
 * `channel_sequence`; encoding takes `status` when SERVER_TO_REDIR is set, else the other.
 * With ASYNC_COMMAND, async_id counts and process_id and tree_id do not; without it the reverse;
 * decoding gives zeros for what is not there. */
struct tb_smb2_header {
    uint16_t credit_charge;
    uint16_t channel_sequence;
    uint32_t status;
    uint16_t command;
    uint16_t credits; /* requested, or granted */
    uint32_t flags;
    uint32_t next_command;
    uint64_t message_id;
    uint64_t async_id;
    uint32_t process_id;
    uint32_t tree_id;
    uint64_t session_id;
    uint8_t signature[16];
};

/* Where these fields are, for those who patch or sign an encoded message. */
#define TB_SMB2_HEADER_CREDITS_OFFSET      14u
#define TB_SMB2_HEADER_FLAGS_OFFSET        16u
#define TB_SMB2_HEADER_NEXT_COMMAND_OFFSET 20u
#define TB_SMB2_HEADER_SIGNATURE_OFFSET    48u

enum tb_error tb_smb2_header_decode(struct tb_span message, struct tb_smb2_header *out);
void tb_smb2_header_encode(struct tb_writer *w, const struct tb_smb2_header *header);

/* Cut the first part off a compound: *part is it (with its padding), *rest what follows, empty
 * after the last. TB_INVALID_PARAMETER when the header is bad or NextCommand is not a multiple
 * of 8, below 64 or leaves less than a header (MS-SMB2 3.3.5.2.7). `message` may be *rest. */
enum tb_error tb_compound_next(struct tb_span message, struct tb_span *part, struct tb_span *rest);

/* Transform header (MS-SMB2 2.2.41); the ciphertext follows it. */
struct tb_transform_header {
    uint8_t signature[16];
    uint8_t nonce[16];
    uint32_t original_message_size;
    uint16_t flags; /* or EncryptionAlgorithm in 3.0 and 3.0.2: the same value */
    uint64_t session_id;
};

/* What the cipher authenticates besides the message: the header from the nonce on. */
#define TB_SMB2_TRANSFORM_AUTHENTICATED_OFFSET 20u
#define TB_SMB2_TRANSFORM_AUTHENTICATED_LENGTH 32u

/* Checks the layout only, not flags or sizes against the message's. */
enum tb_error tb_transform_header_decode(struct tb_span message, struct tb_transform_header *out);
void tb_transform_header_encode(struct tb_writer *w, const struct tb_transform_header *header);

/* SMB_COM_NEGOTIATE of SMB1 as far as SMB2 needs it: is SMB2 among the dialect strings
 * (MS-SMB2 3.3.5.3)? Encoding writes the whole message, its header included. */
struct tb_smb1_negotiate {
    bool smb_2_002;      /* "SMB 2.002" */
    bool smb_2_wildcard; /* "SMB 2.???" */
};

enum tb_error tb_smb1_negotiate_decode(struct tb_span message, struct tb_smb1_negotiate *out);
void tb_smb1_negotiate_encode(struct tb_writer *w, const struct tb_smb1_negotiate *negotiate);

#endif
