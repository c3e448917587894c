/* Control codes of IOCTL (MS-SMB2 2.2.31, MS-FSCC 2.3) and the data of those the server reads or
 * answers. In this file decode and encode concern the input or output buffer alone. */
#ifndef TB_WIRE_FSCTL_H
#define TB_WIRE_FSCTL_H

#include "core/wire/fields.h"

#define TB_FSCTL_DFS_GET_REFERRALS                   0x00060194u
#define TB_FSCTL_DFS_GET_REFERRALS_EX                0x000601B0u
#define TB_FSCTL_IS_PATHNAME_VALID                   0x0009002Cu
#define TB_FSCTL_GET_COMPRESSION                     0x0009003Cu
#define TB_FSCTL_QUERY_FAT_BPB                       0x00090058u
#define TB_FSCTL_FILESYSTEM_GET_STATISTICS           0x00090060u
#define TB_FSCTL_GET_NTFS_VOLUME_DATA                0x00090064u
#define TB_FSCTL_GET_RETRIEVAL_POINTERS              0x00090073u
#define TB_FSCTL_FIND_FILES_BY_SID                   0x0009008Fu
#define TB_FSCTL_SET_OBJECT_ID                       0x00090098u
#define TB_FSCTL_GET_OBJECT_ID                       0x0009009Cu
#define TB_FSCTL_DELETE_OBJECT_ID                    0x000900A0u
#define TB_FSCTL_SET_REPARSE_POINT                   0x000900A4u
#define TB_FSCTL_GET_REPARSE_POINT                   0x000900A8u
#define TB_FSCTL_DELETE_REPARSE_POINT                0x000900ACu
#define TB_FSCTL_SET_OBJECT_ID_EXTENDED              0x000900BCu
#define TB_FSCTL_CREATE_OR_GET_OBJECT_ID             0x000900C0u
#define TB_FSCTL_SET_SPARSE                          0x000900C4u
#define TB_FSCTL_SET_ENCRYPTION                      0x000900D7u
#define TB_FSCTL_READ_FILE_USN_DATA                  0x000900EBu
#define TB_FSCTL_WRITE_USN_CLOSE_RECORD              0x000900EFu
#define TB_FSCTL_MARK_HANDLE                         0x000900FCu
#define TB_FSCTL_SIS_COPYFILE                        0x00090100u
#define TB_FSCTL_RECALL_FILE                         0x00090117u
#define TB_FSCTL_QUERY_SPARING_INFO                  0x00090138u
#define TB_FSCTL_QUERY_ON_DISK_VOLUME_INFO           0x0009013Cu
#define TB_FSCTL_SET_ZERO_ON_DEALLOCATION            0x00090194u
#define TB_FSCTL_GET_INTEGRITY_INFORMATION           0x0009027Cu
#define TB_FSCTL_QUERY_FILE_REGIONS                  0x00090284u
#define TB_FSCTL_GET_REFS_VOLUME_DATA                0x000902D8u
#define TB_FSCTL_SET_INTEGRITY_INFORMATION_EX        0x00090380u
#define TB_FSCTL_GET_RETRIEVAL_POINTERS_AND_REFCOUNT 0x000903D3u
#define TB_FSCTL_GET_RETRIEVAL_POINTER_COUNT         0x0009042Bu
#define TB_FSCTL_REFS_STREAM_SNAPSHOT_MANAGEMENT     0x00090440u
#define TB_FSCTL_QUERY_ALLOCATED_RANGES              0x000940CFu
#define TB_FSCTL_OFFLOAD_READ                        0x00094264u
#define TB_FSCTL_SET_ZERO_DATA                       0x000980C8u
#define TB_FSCTL_SET_DEFECT_MANAGEMENT               0x00098134u
#define TB_FSCTL_FILE_LEVEL_TRIM                     0x00098208u
#define TB_FSCTL_OFFLOAD_WRITE                       0x00098268u
#define TB_FSCTL_DUPLICATE_EXTENTS_TO_FILE           0x00098344u
#define TB_FSCTL_DUPLICATE_EXTENTS_TO_FILE_EX        0x000983E8u
#define TB_FSCTL_SET_COMPRESSION                     0x0009C040u
#define TB_FSCTL_SET_INTEGRITY_INFORMATION           0x0009C280u
#define TB_FSCTL_PIPE_WAIT                           0x00110018u
#define TB_FSCTL_PIPE_PEEK                           0x0011400Cu
#define TB_FSCTL_PIPE_TRANSCEIVE                     0x0011C017u
#define TB_FSCTL_SRV_REQUEST_RESUME_KEY              0x00140078u
#define TB_FSCTL_LMR_SET_LINK_TRACKING_INFORMATION   0x001400ECu
#define TB_FSCTL_LMR_REQUEST_RESILIENCY              0x001401D4u
#define TB_FSCTL_QUERY_NETWORK_INTERFACE_INFO        0x001401FCu
#define TB_FSCTL_VALIDATE_NEGOTIATE_INFO             0x00140204u
#define TB_FSCTL_SRV_ENUMERATE_SNAPSHOTS             0x00144064u
#define TB_FSCTL_SRV_COPYCHUNK                       0x001440F2u
#define TB_FSCTL_SRV_READ_HASH                       0x001441BBu
#define TB_FSCTL_SRV_COPYCHUNK_WRITE                 0x001480F2u

/* FSCTL_VALIDATE_NEGOTIATE_INFO (MS-SMB2 2.2.31.4, 2.2.32.6). */
struct tb_validate_negotiate_request {
    uint32_t capabilities;
    uint8_t guid[16];
    uint16_t security_mode;
    struct tb_span dialects; /* tb_u16_count(), tb_u16_at() */
};

struct tb_validate_negotiate_response {
    uint32_t capabilities;
    uint8_t guid[16];
    uint16_t security_mode;
    uint16_t dialect;
};

enum tb_error tb_validate_negotiate_request_decode(struct tb_span input,
                                                   struct tb_validate_negotiate_request *out);
void tb_validate_negotiate_request_encode(struct tb_writer *w,
                                          const struct tb_validate_negotiate_request *request);
enum tb_error tb_validate_negotiate_response_decode(struct tb_span output,
                                                    struct tb_validate_negotiate_response *out);
void tb_validate_negotiate_response_encode(struct tb_writer *w,
                                           const struct tb_validate_negotiate_response *response);

/* FSCTL_PIPE_PEEK reply (MS-FSCC 2.3.46). */
struct tb_pipe_peek_response {
    uint32_t named_pipe_state; /* TB_PIPE_STATE_... */
    uint32_t read_data_available;
    uint32_t number_of_messages;
    uint32_t message_length;
    struct tb_span data;
};

#define TB_PIPE_STATE_DISCONNECTED 1u
#define TB_PIPE_STATE_LISTENING    2u
#define TB_PIPE_STATE_CONNECTED    3u
#define TB_PIPE_STATE_CLOSING      4u

enum tb_error tb_pipe_peek_response_decode(struct tb_span output,
                                           struct tb_pipe_peek_response *out);
void tb_pipe_peek_response_encode(struct tb_writer *w,
                                  const struct tb_pipe_peek_response *response);

/* FSCTL_PIPE_WAIT request (MS-FSCC 2.3.49). */
struct tb_pipe_wait_request {
    uint64_t timeout; /* in 100 ns; counts only if timeout_specified */
    bool timeout_specified;
    struct tb_span name; /* UTF-16LE, without "\pipe\" */
};

enum tb_error tb_pipe_wait_request_decode(struct tb_span input, struct tb_pipe_wait_request *out);
void tb_pipe_wait_request_encode(struct tb_writer *w, const struct tb_pipe_wait_request *request);

/* One entry of FSCTL_QUERY_NETWORK_INTERFACE_INFO's reply (MS-SMB2 2.2.32.5). */
struct tb_network_interface {
    uint32_t interface_index;
    uint32_t capability; /* TB_NETWORK_INTERFACE_... */
    uint64_t link_speed; /* bits per second */
    bool is_ipv6;
    uint8_t address[16]; /* IPv4: the first four bytes */
};

#define TB_NETWORK_INTERFACE_RSS_CAPABLE  0x00000001u
#define TB_NETWORK_INTERFACE_RDMA_CAPABLE 0x00000002u
#define TB_NETWORK_INTERFACE_INFO_LENGTH  152u

/* Append one entry; `last` says that none follows. */
void tb_network_interface_encode(struct tb_writer *w, const struct tb_network_interface *entry,
                                 bool last);

/* Take the next entry off `left`: TB_NO_MORE_ENTRIES at its end. Entries of another address
 * family are passed over. */
enum tb_error tb_network_interface_decode(struct tb_span *left, struct tb_network_interface *out);

/* FSCTL_SRV_REQUEST_RESUME_KEY reply (MS-SMB2 2.2.32.3). */
#define TB_RESUME_KEY_LENGTH 24u

struct tb_resume_key_response {
    uint8_t resume_key[TB_RESUME_KEY_LENGTH];
};

enum tb_error tb_resume_key_response_decode(struct tb_span output,
                                            struct tb_resume_key_response *out);
void tb_resume_key_response_encode(struct tb_writer *w,
                                   const struct tb_resume_key_response *response);

/* FSCTL_SRV_COPYCHUNK and _WRITE (MS-SMB2 2.2.31.1, 2.2.32.1). */
struct tb_copychunk {
    uint64_t source_offset;
    uint64_t target_offset;
    uint32_t length;
};

#define TB_COPYCHUNK_LENGTH 24u

struct tb_copychunk_request {
    uint8_t source_key[TB_RESUME_KEY_LENGTH];
    uint32_t chunk_count;  /* from decoding */
    struct tb_span chunks; /* chunk_count encoded chunks; encoding counts these */
};

struct tb_copychunk_response {
    uint32_t chunks_written;
    uint32_t chunk_bytes_written;
    uint32_t total_bytes_written;
};

enum tb_error tb_copychunk_request_decode(struct tb_span input, struct tb_copychunk_request *out);
void tb_copychunk_request_encode(struct tb_writer *w, const struct tb_copychunk_request *request);
struct tb_copychunk tb_copychunk_request_chunk(const struct tb_copychunk_request *request,
                                               size_t i);
void tb_copychunk_encode(struct tb_writer *w, const struct tb_copychunk *chunk);
enum tb_error tb_copychunk_response_decode(struct tb_span output,
                                           struct tb_copychunk_response *out);
void tb_copychunk_response_encode(struct tb_writer *w,
                                  const struct tb_copychunk_response *response);

/* FSCTL_LMR_REQUEST_RESILIENCY request (MS-SMB2 2.2.31.3). */
struct tb_resiliency_request {
    uint32_t timeout_ms;
};

enum tb_error tb_resiliency_request_decode(struct tb_span input, struct tb_resiliency_request *out);
void tb_resiliency_request_encode(struct tb_writer *w, const struct tb_resiliency_request *request);

/* FSCTL_SET_ZERO_DATA request (MS-FSCC 2.3.85). */
struct tb_zero_data_request {
    uint64_t file_offset;
    uint64_t beyond_final_zero;
};

enum tb_error tb_zero_data_request_decode(struct tb_span input, struct tb_zero_data_request *out);
void tb_zero_data_request_encode(struct tb_writer *w, const struct tb_zero_data_request *request);

/* FSCTL_QUERY_ALLOCATED_RANGES: the request is one range, the reply any number (MS-FSCC
 * 2.3.51, 2.3.52). Decoding takes one off `left`: TB_NO_MORE_ENTRIES at its end. */
struct tb_allocated_range {
    uint64_t file_offset;
    uint64_t length;
};

#define TB_ALLOCATED_RANGE_LENGTH 16u

enum tb_error tb_allocated_range_decode(struct tb_span *left, struct tb_allocated_range *out);
void tb_allocated_range_encode(struct tb_writer *w, const struct tb_allocated_range *range);

/* FSCTL_QUERY_FILE_REGIONS (MS-FSCC 2.3.55, 2.3.56). The request may be empty: the whole file. */
struct tb_file_region {
    uint64_t file_offset;
    uint64_t length;
    uint32_t usage;
};

#define TB_FILE_REGION_VALID_CACHED_DATA 0x00000001u
#define TB_FILE_REGION_HEADER_LENGTH     16u
#define TB_FILE_REGION_LENGTH            24u

enum tb_error tb_file_region_request_decode(struct tb_span input, struct tb_file_region *out);
void tb_file_region_request_encode(struct tb_writer *w, const struct tb_file_region *region);
/* The header of a reply with `total` regions, of which `count` follow. */
void tb_file_regions_header_encode(struct tb_writer *w, uint32_t total, uint32_t count);
void tb_file_region_encode(struct tb_writer *w, const struct tb_file_region *region);

#endif
