/* File attributes, dispositions and options, and what an operation on a file needs
 * (MS-FSCC 2.6, MS-SMB2 2.2.13, MS-FSA 2.1.5). */
#ifndef TB_NT_ATTRIBUTES_H
#define TB_NT_ATTRIBUTES_H

#include "core/error.h"

#include <stdbool.h>
#include <stdint.h>

#define TB_FILE_ATTRIBUTE_READONLY            0x00000001u
#define TB_FILE_ATTRIBUTE_HIDDEN              0x00000002u
#define TB_FILE_ATTRIBUTE_SYSTEM              0x00000004u
#define TB_FILE_ATTRIBUTE_DIRECTORY           0x00000010u
#define TB_FILE_ATTRIBUTE_ARCHIVE             0x00000020u
#define TB_FILE_ATTRIBUTE_NORMAL              0x00000080u
#define TB_FILE_ATTRIBUTE_TEMPORARY           0x00000100u
#define TB_FILE_ATTRIBUTE_SPARSE_FILE         0x00000200u
#define TB_FILE_ATTRIBUTE_REPARSE_POINT       0x00000400u
#define TB_FILE_ATTRIBUTE_COMPRESSED          0x00000800u
#define TB_FILE_ATTRIBUTE_OFFLINE             0x00001000u
#define TB_FILE_ATTRIBUTE_NOT_CONTENT_INDEXED 0x00002000u
#define TB_FILE_ATTRIBUTE_ENCRYPTED           0x00004000u
#define TB_FILE_ATTRIBUTE_INTEGRITY_STREAM    0x00008000u
#define TB_FILE_ATTRIBUTE_NO_SCRUB_DATA       0x00020000u

/* Those that a client may set and that are kept. */
#define TB_FILE_ATTRIBUTES_SETTABLE                                                                \
    (TB_FILE_ATTRIBUTE_READONLY | TB_FILE_ATTRIBUTE_HIDDEN | TB_FILE_ATTRIBUTE_SYSTEM |            \
     TB_FILE_ATTRIBUTE_ARCHIVE | TB_FILE_ATTRIBUTE_TEMPORARY | TB_FILE_ATTRIBUTE_OFFLINE |         \
     TB_FILE_ATTRIBUTE_NOT_CONTENT_INDEXED)

/* Create dispositions (MS-SMB2 2.2.13). */
enum tb_disposition {
    TB_DISPOSITION_SUPERSEDE = 0,
    TB_DISPOSITION_OPEN = 1,
    TB_DISPOSITION_CREATE = 2,
    TB_DISPOSITION_OPEN_IF = 3,
    TB_DISPOSITION_OVERWRITE = 4,
    TB_DISPOSITION_OVERWRITE_IF = 5,
    TB_DISPOSITION_LAST = TB_DISPOSITION_OVERWRITE_IF
};

/* Create options (MS-SMB2 2.2.13). */
#define TB_OPTION_DIRECTORY_FILE            0x00000001u
#define TB_OPTION_WRITE_THROUGH             0x00000002u
#define TB_OPTION_SEQUENTIAL_ONLY           0x00000004u
#define TB_OPTION_NO_INTERMEDIATE_BUFFERING 0x00000008u
#define TB_OPTION_SYNCHRONOUS_IO_ALERT      0x00000010u
#define TB_OPTION_SYNCHRONOUS_IO_NONALERT   0x00000020u
#define TB_OPTION_NON_DIRECTORY_FILE        0x00000040u
#define TB_OPTION_COMPLETE_IF_OPLOCKED      0x00000100u
#define TB_OPTION_NO_EA_KNOWLEDGE           0x00000200u
#define TB_OPTION_RANDOM_ACCESS             0x00000800u
#define TB_OPTION_DELETE_ON_CLOSE           0x00001000u
#define TB_OPTION_OPEN_BY_FILE_ID           0x00002000u
#define TB_OPTION_OPEN_FOR_BACKUP_INTENT    0x00004000u
#define TB_OPTION_NO_COMPRESSION            0x00008000u
#define TB_OPTION_OPEN_REMOTE_INSTANCE      0x00000400u
#define TB_OPTION_OPEN_REQUIRING_OPLOCK     0x00010000u
#define TB_OPTION_DISALLOW_EXCLUSIVE        0x00020000u
#define TB_OPTION_RESERVE_OPFILTER          0x00100000u
#define TB_OPTION_OPEN_REPARSE_POINT        0x00200000u
#define TB_OPTION_OPEN_NO_RECALL            0x00400000u
#define TB_OPTION_OPEN_FOR_FREE_SPACE_QUERY 0x00800000u

/* Share access. */
#define TB_SHARE_READ   0x00000001u
#define TB_SHARE_WRITE  0x00000002u
#define TB_SHARE_DELETE 0x00000004u
#define TB_SHARE_ALL    0x00000007u

/* The attributes of a CREATE that makes or overwrites a file or directory. TB_INVALID_PARAMETER for
 * unknown bits, or TEMPORARY on a directory (MS-FSA 2.1.5.1.1). `kept` is what to store. */
enum tb_error tb_attributes_for_create(uint32_t asked, bool directory, uint32_t *kept);

/* The attributes of FileBasicInformation: 0 keeps `current`; TB_INVALID_PARAMETER for DIRECTORY on
 * a file or TEMPORARY on a directory (MS-FSA 2.1.5.15.2). Bits that cannot be set stay as they
 * are in `current`. */
enum tb_error tb_attributes_for_set(uint32_t asked, uint32_t current, bool directory,
                                    uint32_t *kept);

/* As reported: DIRECTORY as the object is, NORMAL when there is nothing else. */
uint32_t tb_attributes_reported(uint32_t kept, bool directory);

/* Checks disposition, options, share access and desired access against each other as far as they
 * say nothing about the object (MS-SMB2 3.3.5.9, MS-FSA 2.1.5.1): TB_INVALID_PARAMETER,
 * TB_ACCESS_DENIED for no or unknown access bits, TB_NOT_SUPPORTED for options that no server
 * honours. */
enum tb_error tb_create_check(uint32_t desired_access, uint32_t share_access, uint32_t disposition,
                              uint32_t options, uint32_t attributes);

/* Access that overwriting or superseding an existing object needs beyond what was asked; 0 for the
 * other dispositions (MS-FSA 2.1.5.1.2). */
uint32_t tb_access_for_disposition(enum tb_disposition disposition);

/* Access that querying or setting the parts of a security descriptor needs (MS-SMB2 3.3.5.20.3,
 * 3.3.5.21.3). */
uint32_t tb_access_for_security_query(uint32_t information);
uint32_t tb_access_for_security_set(uint32_t information);

/* Whether two opens of one object can coexist (MS-FSA 2.1.4.3): each one's granted access against
 * the other's share access. */
bool tb_share_compatible(uint32_t access_a, uint32_t share_a, uint32_t access_b, uint32_t share_b);

#endif
