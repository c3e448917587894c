/* Information classes of files (MS-FSCC 2.4), as QUERY_INFO and SET_INFO carry them.
 *
 * Classes that list directories are in core/wire/fscc_directory.h. */
#ifndef TB_WIRE_FSCC_FILE_H
#define TB_WIRE_FSCC_FILE_H

#include "core/bytes.h"
#include "core/error.h"
#include "core/exporter.h"

enum tb_file_class_number {
    TB_FILE_DIRECTORY_INFORMATION = 1,
    TB_FILE_FULL_DIRECTORY_INFORMATION = 2,
    TB_FILE_BOTH_DIRECTORY_INFORMATION = 3,
    TB_FILE_BASIC_INFORMATION = 4,
    TB_FILE_STANDARD_INFORMATION = 5,
    TB_FILE_INTERNAL_INFORMATION = 6,
    TB_FILE_EA_INFORMATION = 7,
    TB_FILE_ACCESS_INFORMATION = 8,
    TB_FILE_NAME_INFORMATION = 9,
    TB_FILE_RENAME_INFORMATION = 10,
    TB_FILE_LINK_INFORMATION = 11,
    TB_FILE_NAMES_INFORMATION = 12,
    TB_FILE_DISPOSITION_INFORMATION = 13,
    TB_FILE_POSITION_INFORMATION = 14,
    TB_FILE_FULL_EA_INFORMATION = 15,
    TB_FILE_MODE_INFORMATION = 16,
    TB_FILE_ALIGNMENT_INFORMATION = 17,
    TB_FILE_ALL_INFORMATION = 18,
    TB_FILE_ALLOCATION_INFORMATION = 19,
    TB_FILE_END_OF_FILE_INFORMATION = 20,
    TB_FILE_ALTERNATE_NAME_INFORMATION = 21,
    TB_FILE_STREAM_INFORMATION = 22,
    TB_FILE_PIPE_INFORMATION = 23,
    TB_FILE_PIPE_LOCAL_INFORMATION = 24,
    TB_FILE_PIPE_REMOTE_INFORMATION = 25,
    TB_FILE_COMPRESSION_INFORMATION = 28,
    TB_FILE_QUOTA_INFORMATION = 32,
    TB_FILE_NETWORK_OPEN_INFORMATION = 34,
    TB_FILE_ATTRIBUTE_TAG_INFORMATION = 35,
    TB_FILE_ID_BOTH_DIRECTORY_INFORMATION = 37,
    TB_FILE_ID_FULL_DIRECTORY_INFORMATION = 38,
    TB_FILE_VALID_DATA_LENGTH_INFORMATION = 39,
    TB_FILE_SHORT_NAME_INFORMATION = 40,
    TB_FILE_NORMALIZED_NAME_INFORMATION = 48,
    TB_FILE_ID_INFORMATION = 59,
    TB_FILE_ID_EXTD_DIRECTORY_INFORMATION = 60,
    TB_FILE_DISPOSITION_INFORMATION_EX = 64,
    TB_FILE_RENAME_INFORMATION_EX = 65,
    TB_FILE_LINK_INFORMATION_EX = 72,
    TB_FILE_ID_64_EXTD_DIRECTORY_INFORMATION = 78,
    TB_FILE_ID_64_EXTD_BOTH_DIRECTORY_INFORMATION = 79,
    TB_FILE_ID_ALL_EXTD_DIRECTORY_INFORMATION = 80,
    TB_FILE_ID_ALL_EXTD_BOTH_DIRECTORY_INFORMATION = 81,
};

/* What a class needs before it is looked at. */
struct tb_file_class {
    uint8_t number;
    uint32_t fixed_length; /* a shorter buffer is TB_INFO_LENGTH_MISMATCH */
    uint32_t access;       /* what the open must have been granted; TB_ACCESS_DENIED */
    const char *name;
};

/* NULL: TB_INVALID_INFO_CLASS (MS-SMB2 3.3.5.20.1, 3.3.5.21.1). */
const struct tb_file_class *tb_file_class_query(uint8_t number);
const struct tb_file_class *tb_file_class_set(uint8_t number);

/* What QUERY_INFO may need to know of an open. */
struct tb_file_state {
    const struct tb_attributes *attributes;
    const char *path; /* inside the share; "" is its root */
    uint64_t volume_id;
    uint64_t position;
    uint32_t granted_access;
    uint32_t create_options; /* FileModeInformation shows part of them */
    uint32_t ea_size;
    bool delete_pending;
    bool removed; /* its name is gone, and not counted in link_count */
};

/* Writes what fits of the class into `to`, whose capacity is the client's buffer length.
 *   TB_BUFFER_OVERFLOW         a name was cut, its length field says how long it is
 *   TB_INFO_LENGTH_MISMATCH    less room than the class's fixed length; nothing written
 *   TB_INVALID_INFO_CLASS      not a class that can be queried here
 *   TB_EAS_NOT_SUPPORTED       FullEa */
enum tb_error tb_file_information_encode(uint8_t number, const struct tb_file_state *state,
                                         struct tb_writer *to);

/* Writes a text or path as UTF-16LE with backslashes, as much as fits; TB_BUFFER_OVERFLOW when that
 * is not all of it. What is ill-formed is shown as U+FFFD. */
enum tb_error tb_file_text_encode(const char *text, struct tb_writer *to);

/* A pipe (MS-FSCC 2.4.37, 2.4.38), as FilePipe and FilePipeLocal show it. Errors as above. */
struct tb_file_pipe_state {
    bool connected;
    uint32_t available; /* unread bytes */
};

enum tb_error tb_file_pipe_information_encode(uint8_t number,
                                              const struct tb_file_pipe_state *state,
                                              struct tb_writer *to);

/* SET_INFO, each TB_INFO_LENGTH_MISMATCH when too short, TB_INVALID_PARAMETER for a value that no
 * file can have. Spans point into the input. */
struct tb_file_basic {
    uint64_t creation_filetime, access_filetime, write_filetime, change_filetime;
    uint32_t file_attributes;
};

/* Rename and link, in the form of SMB2 (MS-FSCC 2.4.42.2, 2.4.28.2), and their newer classes, whose
 * flags are alike. */
#define TB_FILE_RENAME_REPLACE_IF_EXISTS 0x00000001u
#define TB_FILE_RENAME_POSIX_SEMANTICS   0x00000002u
#define TB_FILE_RENAME_IGNORE_READONLY   0x00000040u
#define TB_FILE_RENAME_FLAGS             0x000001FFu /* those defined; the rest are hints */

struct tb_file_rename {
    uint32_t flags;
    uint64_t root_directory; /* must be 0 over the network */
    struct tb_span name;     /* UTF-16LE */
};

#define TB_FILE_DISPOSITION_DELETE                    0x00000001u
#define TB_FILE_DISPOSITION_POSIX_SEMANTICS           0x00000002u
#define TB_FILE_DISPOSITION_FORCE_IMAGE_SECTION_CHECK 0x00000004u
#define TB_FILE_DISPOSITION_ON_CLOSE                  0x00000008u
#define TB_FILE_DISPOSITION_IGNORE_READONLY           0x00000010u

/* Rejects times below -2 (MS-FSCC 2.4.7). */
enum tb_error tb_file_basic_decode(struct tb_span input, struct tb_file_basic *basic);
void tb_file_basic_encode(const struct tb_file_basic *basic, struct tb_writer *to);

enum tb_error tb_file_rename_decode(struct tb_span input, struct tb_file_rename *rename);
enum tb_error tb_file_rename_ex_decode(struct tb_span input, struct tb_file_rename *rename);
/* Either: the older classes have one flag only. */
void tb_file_rename_encode(const struct tb_file_rename *rename, struct tb_writer *to);

enum tb_error tb_file_disposition_decode(struct tb_span input, bool *delete_pending);
enum tb_error tb_file_disposition_ex_decode(struct tb_span input, uint32_t *flags);

/* Position, Allocation, EndOfFile, ValidDataLength: one signed number that is not negative. */
enum tb_error tb_file_length_decode(struct tb_span input, uint64_t *length);

enum tb_error tb_file_mode_decode(struct tb_span input, uint32_t *mode);

/* The client's side of queries: TB_INFO_LENGTH_MISMATCH when too short. */
struct tb_file_standard {
    uint64_t allocation_size, size;
    uint32_t link_count;
    bool delete_pending, directory;
};

struct tb_file_network_open {
    struct tb_file_basic basic;
    uint64_t allocation_size, size;
};

struct tb_file_all {
    struct tb_file_basic basic;
    struct tb_file_standard standard;
    uint64_t file_id, position;
    uint32_t ea_size, access, mode, alignment;
    struct tb_span name; /* UTF-16LE, what is there of it */
};

enum tb_error tb_file_standard_decode(struct tb_span output, struct tb_file_standard *standard);
enum tb_error tb_file_network_open_decode(struct tb_span output,
                                          struct tb_file_network_open *network_open);
enum tb_error tb_file_all_decode(struct tb_span output, struct tb_file_all *all);

#endif
