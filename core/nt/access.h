/* Access masks of files and directories, and who is granted what (MS-SMB2 2.2.13.1, MS-DTYP
 * 2.5.3). */
#ifndef TB_NT_ACCESS_H
#define TB_NT_ACCESS_H

#include "core/error.h"
#include "core/nt/security_descriptor.h"
#include "core/wire/smb2.h"

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
