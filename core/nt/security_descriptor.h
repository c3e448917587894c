/* Security descriptors: owner, group, and lists of who may do what (MS-DTYP 2.4.3 to 2.4.6). */
#ifndef TB_NT_SECURITY_DESCRIPTOR_H
#define TB_NT_SECURITY_DESCRIPTOR_H

#include "core/bytes.h"
#include "core/error.h"
#include "core/nt/sid.h"
#include "core/wire/smb2.h"

/* Control (MS-DTYP 2.4.6). */
enum {
    TB_SD_OWNER_DEFAULTED = 0x0001,
    TB_SD_GROUP_DEFAULTED = 0x0002,
    TB_SD_DACL_PRESENT = 0x0004,
    TB_SD_DACL_DEFAULTED = 0x0008,
    TB_SD_SACL_PRESENT = 0x0010,
    TB_SD_SACL_DEFAULTED = 0x0020,
    TB_SD_DACL_AUTO_INHERIT_REQ = 0x0100,
    TB_SD_SACL_AUTO_INHERIT_REQ = 0x0200,
    TB_SD_DACL_AUTO_INHERITED = 0x0400,
    TB_SD_SACL_AUTO_INHERITED = 0x0800,
    TB_SD_DACL_PROTECTED = 0x1000,
    TB_SD_SACL_PROTECTED = 0x2000,
    TB_SD_RM_CONTROL_VALID = 0x4000,
    TB_SD_SELF_RELATIVE = 0x8000,
};

/* ACE types and flags (MS-DTYP 2.4.4.1). */
enum {
    TB_ACE_ALLOWED = 0x00,
    TB_ACE_DENIED = 0x01,
    TB_ACE_AUDIT = 0x02,
    TB_ACE_MANDATORY_LABEL = 0x11,
};

enum {
    TB_ACE_OBJECT_INHERIT = 0x01,
    TB_ACE_CONTAINER_INHERIT = 0x02,
    TB_ACE_NO_PROPAGATE_INHERIT = 0x04,
    TB_ACE_INHERIT_ONLY = 0x08,
    TB_ACE_INHERITED = 0x10,
    TB_ACE_SUCCESSFUL_ACCESS = 0x40,
    TB_ACE_FAILED_ACCESS = 0x80,
};

struct tb_ace {
    uint8_t type, flags;
    uint32_t mask;
    struct tb_sid sid;    /* no SID for the types that do not have it right after the mask */
    uint8_t *rest;        /* owned: what follows mask and SID, kept as it came; NULL when none */
    uint16_t rest_length; /* a multiple of 4 */
};

/* An access control list; owns its entries. `null`: present, but there is no list: everything is
 * allowed. Present with count 0: nothing is. */
struct tb_acl {
    struct tb_ace *aces;
    uint16_t count;
    uint8_t revision; /* 2, or 4 with object entries */
    bool null;
};

/* Owns its lists. Whether there is a DACL or SACL at all is in `control`. All zero is an empty one.
 * `control` never has TB_SD_SELF_RELATIVE inside. */
struct tb_security_descriptor {
    uint16_t control;
    uint8_t resource_manager_control;
    struct tb_sid owner, group; /* no SID: absent */
    struct tb_acl dacl, sacl;
};

/* Decodes the self-relative form. TB_INVALID_SECURITY_DESCR when malformed, TB_INVALID_SID for a
 * malformed owner or group, TB_NO_MEMORY; `descriptor` is cleared then. */
enum tb_error tb_security_descriptor_decode(struct tb_span wire,
                                            struct tb_security_descriptor *descriptor);

/* The self-relative form of the parts in `information` (TB_…_SECURITY_INFORMATION), and its length.
 */
size_t tb_security_descriptor_wire_length(const struct tb_security_descriptor *descriptor,
                                          uint32_t information);
void tb_security_descriptor_encode(const struct tb_security_descriptor *descriptor,
                                   uint32_t information, struct tb_writer *to);

/* Frees what it holds and zeroes it; harmless when zeroed. */
void tb_security_descriptor_clear(struct tb_security_descriptor *descriptor);

/* A copy of all parts; cleared on TB_NO_MEMORY. */
enum tb_error tb_security_descriptor_copy(const struct tb_security_descriptor *from,
                                          struct tb_security_descriptor *to);

/* Replaces the parts of `descriptor` that `information` selects by those of `from`
 * (MS-FSA 2.1.5.17). Nothing changes on an error: TB_NO_MEMORY; TB_INVALID_SECURITY_DESCR when
 * the owner or group is to be set and absent in `from`. */
enum tb_error tb_security_descriptor_replace(struct tb_security_descriptor *descriptor,
                                             const struct tb_security_descriptor *from,
                                             uint32_t information);

/* Adds an entry at the end, keeping a reference to nothing; TB_NO_MEMORY. */
enum tb_error tb_acl_append(struct tb_acl *acl, uint8_t type, uint8_t flags, uint32_t mask,
                            const struct tb_sid *sid);
void tb_acl_clear(struct tb_acl *acl);

/* What stands for an object that stores no descriptor: POSIX permission bits (0777) as entries for
 * owner, group and everyone, in an order that keeps their meaning; or full access for everyone.
 * Either may fail with TB_NO_MEMORY and leave `descriptor` cleared. */
enum tb_error tb_security_descriptor_from_mode(const struct tb_sid *owner,
                                               const struct tb_sid *group, uint32_t mode,
                                               bool directory,
                                               struct tb_security_descriptor *descriptor);
enum tb_error tb_security_descriptor_everyone(const struct tb_sid *owner,
                                              const struct tb_sid *group,
                                              struct tb_security_descriptor *descriptor);

#endif
