/* Information classes of filesystems (MS-FSCC 2.5), as QUERY_INFO carries them. */
#ifndef TB_WIRE_FSCC_FILESYSTEM_H
#define TB_WIRE_FSCC_FILESYSTEM_H

#include "core/bytes.h"
#include "core/error.h"
#include "core/exporter.h"

enum tb_filesystem_class_number {
    TB_FS_VOLUME_INFORMATION = 1,
    TB_FS_LABEL_INFORMATION = 2,
    TB_FS_SIZE_INFORMATION = 3,
    TB_FS_DEVICE_INFORMATION = 4,
    TB_FS_ATTRIBUTE_INFORMATION = 5,
    TB_FS_CONTROL_INFORMATION = 6,
    TB_FS_FULL_SIZE_INFORMATION = 7,
    TB_FS_OBJECT_ID_INFORMATION = 8,
    TB_FS_SECTOR_SIZE_INFORMATION = 11,
};

/* FileSystemAttributes (MS-FSCC 2.5.1). */
#define TB_FS_CASE_SENSITIVE_SEARCH        0x00000001u
#define TB_FS_CASE_PRESERVED_NAMES         0x00000002u
#define TB_FS_UNICODE_ON_DISK              0x00000004u
#define TB_FS_PERSISTENT_ACLS              0x00000008u
#define TB_FS_SUPPORTS_SPARSE_FILES        0x00000040u
#define TB_FS_SUPPORTS_POSIX_UNLINK_RENAME 0x00000400u
#define TB_FS_SUPPORTS_REPARSE_POINTS      0x00000080u
#define TB_FS_SUPPORTS_OBJECT_IDS          0x00010000u
#define TB_FS_NAMED_STREAMS                0x00040000u
#define TB_FS_READ_ONLY_VOLUME             0x00080000u
#define TB_FS_SUPPORTS_HARD_LINKS          0x00400000u
#define TB_FS_SUPPORTS_EXTENDED_ATTRIBUTES 0x00800000u
#define TB_FS_SUPPORTS_OPEN_BY_FILE_ID     0x01000000u
#define TB_FS_SUPPORTS_BLOCK_REFCOUNTING   0x08000000u

/* Sizes that every volume is shown with, in bytes. */
#define TB_FS_SECTOR_SIZE  512
#define TB_FS_CLUSTER_SIZE 4096

struct tb_filesystem_state {
    struct tb_space space;
    uint64_t volume_id; /* its low 32 bits are the serial number */
    uint64_t creation_filetime;
    const char *label;           /* UTF-8 */
    const char *filesystem_name; /* "NTFS" */
    uint32_t attributes;         /* TB_FS_… */
    uint32_t component_max;      /* UTF-16 units */
    bool read_only;              /* of the device */
};

/* The flags that follow from an exporter's capabilities. */
uint32_t tb_filesystem_attributes(const struct tb_exporter_capabilities *capabilities);

/* Smallest buffer for the class; 0: TB_INVALID_INFO_CLASS. */
uint32_t tb_filesystem_class_fixed_length(uint8_t number);

/* Writes what fits of the class into `to`, whose capacity is the client's buffer length:
 * TB_BUFFER_OVERFLOW (a name was cut), TB_INFO_LENGTH_MISMATCH, TB_INVALID_INFO_CLASS. */
enum tb_error tb_filesystem_information_encode(uint8_t number,
                                               const struct tb_filesystem_state *state,
                                               struct tb_writer *to);

#endif
