#include "core/nt/attributes.h"

#include "core/nt/access.h"

/* Bits that a CREATE may carry. */
#define CREATE_VALID    0x00007FB7u
#define OPTIONS_INVALID 0xFF000000u
#define OPTIONS_NOT_SUPPORTED                                                                      \
    (TB_FILE_CREATE_TREE_CONNECTION | TB_FILE_OPEN_BY_FILE_ID | TB_FILE_RESERVE_OPFILTER)

#define SHARE_ALL (TB_FILE_SHARE_READ | TB_FILE_SHARE_WRITE | TB_FILE_SHARE_DELETE)

#define READING (TB_FILE_READ_DATA | TB_FILE_EXECUTE)
#define WRITING (TB_FILE_WRITE_DATA | TB_FILE_APPEND_DATA)

enum tb_error tb_attributes_for_create(uint32_t asked, bool directory, uint32_t *kept)
{
    if ((asked & ~CREATE_VALID) || (directory && (asked & TB_FILE_ATTRIBUTE_TEMPORARY)))
        return TB_INVALID_PARAMETER;
    *kept = asked & TB_FILE_ATTRIBUTES_SETTABLE;
    if (!directory)
        *kept |= TB_FILE_ATTRIBUTE_ARCHIVE;
    return TB_OK;
}

enum tb_error tb_attributes_for_set(uint32_t asked, uint32_t current, bool directory,
                                    uint32_t *kept)
{
    if ((!directory && (asked & TB_FILE_ATTRIBUTE_DIRECTORY)) ||
        (directory && (asked & TB_FILE_ATTRIBUTE_TEMPORARY)))
        return TB_INVALID_PARAMETER;
    *kept = asked == 0 ? current
                       : (asked & TB_FILE_ATTRIBUTES_SETTABLE) |
                             (current & ~TB_FILE_ATTRIBUTES_SETTABLE & ~TB_FILE_ATTRIBUTE_NORMAL);
    return TB_OK;
}

uint32_t tb_attributes_reported(uint32_t kept, bool directory)
{
    uint32_t reported = kept & ~(TB_FILE_ATTRIBUTE_NORMAL | TB_FILE_ATTRIBUTE_DIRECTORY);

    if (directory)
        reported |= TB_FILE_ATTRIBUTE_DIRECTORY;
    return reported ? reported : TB_FILE_ATTRIBUTE_NORMAL;
}

enum tb_error tb_create_check(uint32_t desired_access, uint32_t share_access, uint32_t disposition,
                              uint32_t options, uint32_t attributes)
{
    uint32_t access = tb_access_map_generic(desired_access);

    if (access & ~TB_ACCESS_VALID || access == 0)
        return TB_ACCESS_DENIED;
    if ((share_access & ~SHARE_ALL) || disposition > TB_FILE_OVERWRITE_IF ||
        (options & OPTIONS_INVALID) || (attributes & ~CREATE_VALID))
        return TB_INVALID_PARAMETER;
    if (options & OPTIONS_NOT_SUPPORTED)
        return TB_NOT_SUPPORTED;
    if (options & TB_FILE_DIRECTORY_FILE) {
        if ((options & TB_FILE_NON_DIRECTORY_FILE) || disposition == TB_FILE_SUPERSEDE ||
            disposition == TB_FILE_OVERWRITE || disposition == TB_FILE_OVERWRITE_IF)
            return TB_INVALID_PARAMETER;
    }
    if ((options & TB_FILE_DELETE_ON_CLOSE) && !(access & (TB_DELETE | TB_MAXIMUM_ALLOWED)))
        return TB_ACCESS_DENIED;
    return TB_OK;
}

uint32_t tb_access_for_disposition(uint32_t disposition)
{
    switch (disposition) {
    case TB_FILE_SUPERSEDE:
        return TB_DELETE;
    case TB_FILE_OVERWRITE:
    case TB_FILE_OVERWRITE_IF:
        return TB_FILE_WRITE_DATA | TB_FILE_WRITE_EA | TB_FILE_WRITE_ATTRIBUTES;
    default:
        return 0;
    }
}

uint32_t tb_access_for_security_query(uint32_t information)
{
    uint32_t access = 0;

    if (information & (TB_SACL_SECURITY_INFORMATION | TB_BACKUP_SECURITY_INFORMATION))
        access |= TB_ACCESS_SYSTEM_SECURITY;
    if (information & ~(uint32_t)TB_SACL_SECURITY_INFORMATION)
        access |= TB_READ_CONTROL;
    return access;
}

uint32_t tb_access_for_security_set(uint32_t information)
{
    uint32_t access = 0;

    if (information & (TB_OWNER_SECURITY_INFORMATION | TB_GROUP_SECURITY_INFORMATION |
                       TB_LABEL_SECURITY_INFORMATION | TB_BACKUP_SECURITY_INFORMATION))
        access |= TB_WRITE_OWNER;
    if (information & (TB_DACL_SECURITY_INFORMATION | TB_ATTRIBUTE_SECURITY_INFORMATION |
                       TB_BACKUP_SECURITY_INFORMATION))
        access |= TB_WRITE_DAC;
    if (information & (TB_SACL_SECURITY_INFORMATION | TB_SCOPE_SECURITY_INFORMATION |
                       TB_BACKUP_SECURITY_INFORMATION))
        access |= TB_ACCESS_SYSTEM_SECURITY;
    return access;
}

/* What one open does against what the other lets be done. */
static bool shares(uint32_t access, uint32_t share)
{
    return (!(access & READING) || (share & TB_FILE_SHARE_READ)) &&
           (!(access & WRITING) || (share & TB_FILE_SHARE_WRITE)) &&
           (!(access & TB_DELETE) || (share & TB_FILE_SHARE_DELETE));
}

bool tb_share_compatible(uint32_t access_a, uint32_t share_a, uint32_t access_b, uint32_t share_b)
{
    static const uint32_t counted = READING | WRITING | TB_DELETE;

    if (!(access_a & counted) || !(access_b & counted))
        return true;
    return shares(access_a, share_b) && shares(access_b, share_a);
}
