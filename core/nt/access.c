#include "core/nt/access.h"

uint32_t tb_access_map_generic(uint32_t mask)
{
    static const struct {
        uint32_t generic, specific;
    } rows[] = {
        {TB_GENERIC_READ, TB_FILE_GENERIC_READ},
        {TB_GENERIC_WRITE, TB_FILE_GENERIC_WRITE},
        {TB_GENERIC_EXECUTE, TB_FILE_GENERIC_EXECUTE},
        {TB_GENERIC_ALL, TB_FILE_ALL_ACCESS},
    };
    uint32_t mapped = mask;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (mask & rows[i].generic)
            mapped = (mapped & ~rows[i].generic) | rows[i].specific;
    return mapped;
}

bool tb_token_has_sid(const struct tb_token *token, const struct tb_sid *sid)
{
    if (tb_sid_equal(&token->user, sid))
        return true;
    for (size_t i = 0; i < token->group_count; i++)
        if (tb_sid_equal(&token->groups[i], sid))
            return true;
    return false;
}

/* Whether an entry is about this token; `owner` says that the token owns the object, which is then
 * what S-1-3-4 means. */
static bool ace_applies(const struct tb_ace *ace, const struct tb_token *token, bool owner)
{
    if ((ace->flags & TB_ACE_INHERIT_ONLY) || tb_sid_is_none(&ace->sid))
        return false;
    if (tb_sid_equal(&ace->sid, &TB_SID_OWNER_RIGHTS))
        return owner;
    return tb_token_has_sid(token, &ace->sid);
}

static bool acl_has_owner_rights(const struct tb_acl *acl)
{
    for (size_t i = 0; i < acl->count; i++)
        if (!(acl->aces[i].flags & TB_ACE_INHERIT_ONLY) &&
            tb_sid_equal(&acl->aces[i].sid, &TB_SID_OWNER_RIGHTS))
            return true;
    return false;
}

/* Bit by bit, the first entry that speaks of it decides. */
static uint32_t acl_allowed(const struct tb_acl *acl, const struct tb_token *token, bool owner)
{
    uint32_t allowed = 0, denied = 0;

    if (owner && !acl_has_owner_rights(acl))
        allowed = TB_READ_CONTROL | TB_WRITE_DAC;
    for (size_t i = 0; i < acl->count; i++) {
        const struct tb_ace *ace = &acl->aces[i];
        if (!ace_applies(ace, token, owner))
            continue;
        uint32_t mask = tb_access_map_generic(ace->mask);
        if (ace->type == TB_ACE_ALLOWED)
            allowed |= mask & ~denied;
        else if (ace->type == TB_ACE_DENIED)
            denied |= mask & ~allowed;
    }
    return allowed & TB_FILE_ALL_ACCESS;
}

static uint32_t privileged(const struct tb_token *token)
{
    uint32_t mask = 0;

    if (token->take_ownership)
        mask |= TB_WRITE_OWNER;
    if (token->backup)
        mask |= TB_FILE_GENERIC_READ | TB_FILE_EXECUTE;
    if (token->restore)
        mask |= TB_FILE_GENERIC_WRITE | TB_DELETE | TB_WRITE_DAC | TB_WRITE_OWNER;
    return mask;
}

uint32_t tb_access_maximal(const struct tb_security_descriptor *descriptor,
                           const struct tb_token *token)
{
    if (!(descriptor->control & TB_SD_DACL_PRESENT) || descriptor->dacl.null)
        return TB_FILE_ALL_ACCESS;
    bool owner = !tb_sid_is_none(&descriptor->owner) && tb_token_has_sid(token, &descriptor->owner);
    return acl_allowed(&descriptor->dacl, token, owner) | privileged(token);
}

enum tb_error tb_access_check(const struct tb_security_descriptor *descriptor,
                              const struct tb_token *token, uint32_t desired, uint32_t *granted)
{
    uint32_t allowed = tb_access_maximal(descriptor, token);
    uint32_t asked = tb_access_map_generic(desired) & ~TB_MAXIMUM_ALLOWED;

    *granted = 0;
    if ((asked & TB_ACCESS_SYSTEM_SECURITY) && !token->security)
        return TB_PRIVILEGE_NOT_HELD;
    allowed |= asked & TB_ACCESS_SYSTEM_SECURITY;
    if (asked & ~allowed)
        return TB_ACCESS_DENIED;
    if (desired & TB_MAXIMUM_ALLOWED) {
        if (allowed == 0)
            return TB_ACCESS_DENIED;
        asked = allowed;
    }
    *granted = asked;
    return TB_OK;
}

uint32_t tb_access_from_mode_bits(uint32_t bits, bool directory)
{
    uint32_t mask = TB_READ_CONTROL | TB_FILE_READ_ATTRIBUTES | TB_SYNCHRONIZE;

    if (bits & 4)
        mask |= TB_FILE_READ_DATA | TB_FILE_READ_EA;
    if (bits & 2)
        mask |= TB_FILE_GENERIC_WRITE | TB_DELETE | (directory ? TB_FILE_DELETE_CHILD : 0);
    if (bits & 1)
        mask |= TB_FILE_EXECUTE;
    return mask;
}
