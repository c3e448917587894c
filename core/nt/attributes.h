/* What the attributes, options and modes of an open mean, and what an operation on a file needs
 * (MS-FSCC 2.6, MS-SMB2 2.2.13, MS-FSA 2.1.5). */
#ifndef TB_NT_ATTRIBUTES_H
#define TB_NT_ATTRIBUTES_H

#include "core/error.h"
#include "core/wire/smb2.h"

#include <stdbool.h>
#include <stdint.h>

/* Those that a client may set and that are kept. */
#define TB_FILE_ATTRIBUTES_SETTABLE                                                                \
    (TB_FILE_ATTRIBUTE_READONLY | TB_FILE_ATTRIBUTE_HIDDEN | TB_FILE_ATTRIBUTE_SYSTEM |            \
     TB_FILE_ATTRIBUTE_ARCHIVE | TB_FILE_ATTRIBUTE_TEMPORARY | TB_FILE_ATTRIBUTE_OFFLINE |         \
     TB_FILE_ATTRIBUTE_NOT_CONTENT_INDEXED)

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
uint32_t tb_access_for_disposition(uint32_t disposition);

/* Access that querying or setting the parts of a security descriptor needs (MS-SMB2 3.3.5.20.3,
 * 3.3.5.21.3). */
uint32_t tb_access_for_security_query(uint32_t information);
uint32_t tb_access_for_security_set(uint32_t information);

/* Whether two opens of one object can coexist (MS-FSA 2.1.5.1.2.2): each one's granted access against
 * the other's share access. */
bool tb_share_compatible(uint32_t access_a, uint32_t share_a, uint32_t access_b, uint32_t share_b);

#endif
