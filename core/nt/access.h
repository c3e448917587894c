/* Access masks of files and directories, and who is granted what (MS-SMB2 2.2.13.1, MS-DTYP
 * 2.5.3). */
#ifndef TB_NT_ACCESS_H
#define TB_NT_ACCESS_H

#include "core/error.h"
#include "core/nt/security_descriptor.h"

#define TB_ACCESS_READ_DATA        0x00000001u /* LIST_DIRECTORY */
#define TB_ACCESS_WRITE_DATA       0x00000002u /* ADD_FILE */
#define TB_ACCESS_APPEND_DATA      0x00000004u /* ADD_SUBDIRECTORY */
#define TB_ACCESS_READ_EA          0x00000008u
#define TB_ACCESS_WRITE_EA         0x00000010u
#define TB_ACCESS_EXECUTE          0x00000020u /* TRAVERSE */
#define TB_ACCESS_DELETE_CHILD     0x00000040u
#define TB_ACCESS_READ_ATTRIBUTES  0x00000080u
#define TB_ACCESS_WRITE_ATTRIBUTES 0x00000100u
#define TB_ACCESS_DELETE           0x00010000u
#define TB_ACCESS_READ_CONTROL     0x00020000u
#define TB_ACCESS_WRITE_DAC        0x00040000u
#define TB_ACCESS_WRITE_OWNER      0x00080000u
#define TB_ACCESS_SYNCHRONIZE      0x00100000u
#define TB_ACCESS_SYSTEM_SECURITY  0x01000000u
#define TB_ACCESS_MAXIMUM_ALLOWED  0x02000000u
#define TB_ACCESS_GENERIC_ALL      0x10000000u
#define TB_ACCESS_GENERIC_EXECUTE  0x20000000u
#define TB_ACCESS_GENERIC_WRITE    0x40000000u
#define TB_ACCESS_GENERIC_READ     0x80000000u

/* What the generic bits mean for files. */
#define TB_ACCESS_FILE_READ    0x00120089u
#define TB_ACCESS_FILE_WRITE   0x00120116u
#define TB_ACCESS_FILE_EXECUTE 0x001200A0u
#define TB_ACCESS_FILE_ALL     0x001F01FFu

/* All bits that a desired access may have; others are an error in CREATE. */
#define TB_ACCESS_VALID 0xF31F01FFu

/* Generic bits replaced by what they mean for files; MAXIMUM_ALLOWED stays. */
uint32_t tb_access_map_generic(uint32_t mask);

/* Who asks. Owned by the caller. */
struct tb_token {
    struct tb_sid user;
    const struct tb_sid *groups; /* Everyone, Authenticated Users … included by who builds it */
    size_t group_count;
    bool take_ownership; /* privileges: may have WRITE_OWNER, ACCESS_SYSTEM_SECURITY, … */
    bool security;
    bool backup;  /* any read access */
    bool restore; /* any write access, and DELETE */
};

bool tb_token_has_sid(const struct tb_token *token, const struct tb_sid *sid);

/* The check of MS-DTYP 2.5.3.2. `desired` may have generic bits and MAXIMUM_ALLOWED. On success
 * `granted` is the mapped access, with MAXIMUM_ALLOWED replaced by all that is allowed.
 * TB_ACCESS_DENIED; TB_PRIVILEGE_NOT_HELD when ACCESS_SYSTEM_SECURITY is what is missing. */
enum tb_error tb_access_check(const struct tb_security_descriptor *descriptor,
                              const struct tb_token *token, uint32_t desired, uint32_t *granted);

/* All that the token may have. */
uint32_t tb_access_maximal(const struct tb_security_descriptor *descriptor,
                           const struct tb_token *token);

/* The most that POSIX permission bits allow one class of user: `bits` is 0 to 7 (rwx). Owners also
 * get READ_CONTROL, WRITE_DAC, and so on by tb_security_descriptor_from_mode(). */
uint32_t tb_access_from_mode_bits(uint32_t bits, bool directory);

#endif
