#include "core/nt/security_descriptor.h"

#include "core/nt/access.h"

#include <assert.h>
#include <stdlib.h>

#define REVISION          1
#define HEADER_LENGTH     20
#define ACL_HEADER_LENGTH 8
#define ACE_HEADER_LENGTH 8 /* with the mask */
#define ACL_REVISION      2
#define ACL_REVISION_DS   4
#define DACL_CONTROL                                                                               \
    (TB_SD_DACL_PRESENT | TB_SD_DACL_DEFAULTED | TB_SD_DACL_AUTO_INHERIT_REQ |                     \
     TB_SD_DACL_AUTO_INHERITED | TB_SD_DACL_PROTECTED)
#define SACL_CONTROL                                                                               \
    (TB_SD_SACL_PRESENT | TB_SD_SACL_DEFAULTED | TB_SD_SACL_AUTO_INHERIT_REQ |                     \
     TB_SD_SACL_AUTO_INHERITED | TB_SD_SACL_PROTECTED)

/* Whether the SID of an entry of this type follows its mask (MS-DTYP 2.4.4.2 and on). */
static bool ace_has_sid(uint8_t type)
{
    static const uint32_t types = 1u << 0x00 | 1u << 0x01 | 1u << 0x02 | 1u << 0x03 | 1u << 0x09 |
                                  1u << 0x0A | 1u << 0x0D | 1u << 0x0E | 1u << 0x11 | 1u << 0x12 |
                                  1u << 0x13;
    return type < 32 && (types >> type & 1) != 0;
}

static enum tb_error ace_set_rest(struct tb_ace *ace, struct tb_span rest)
{
    if (rest.length == 0)
        return TB_OK;
    ace->rest = malloc(rest.length);
    if (!ace->rest)
        return TB_NO_MEMORY;
    memcpy(ace->rest, rest.data, rest.length);
    ace->rest_length = (uint16_t)rest.length;
    return TB_OK;
}

static enum tb_error ace_decode(struct tb_reader *list, struct tb_ace *ace)
{
    ace->type = tb_read_u8(list);
    ace->flags = tb_read_u8(list);
    uint16_t size = tb_read_u16(list);
    if (list->failed || size < ACE_HEADER_LENGTH || size % 4 != 0)
        return TB_INVALID_SECURITY_DESCR;
    struct tb_reader body = tb_reader(tb_read_span(list, size - 4u));
    ace->mask = tb_read_u32(&body);
    if (body.failed || (ace_has_sid(ace->type) && tb_sid_decode(&body, &ace->sid)))
        return TB_INVALID_SECURITY_DESCR;
    return ace_set_rest(ace, tb_read_span(&body, tb_reader_left(&body)));
}

static enum tb_error acl_decode(struct tb_span wire, size_t offset, struct tb_acl *acl)
{
    bool ok = true;
    struct tb_reader head = tb_reader(tb_span_part(wire, offset, ACL_HEADER_LENGTH, &ok));
    acl->revision = tb_read_u8(&head);
    tb_read_skip(&head, 1);
    uint16_t size = tb_read_u16(&head), count = tb_read_u16(&head);
    if (!ok || size < ACL_HEADER_LENGTH || acl->revision < ACL_REVISION ||
        acl->revision > ACL_REVISION_DS || count > size / ACE_HEADER_LENGTH)
        return TB_INVALID_SECURITY_DESCR;
    struct tb_reader list = tb_reader(tb_span_part(wire, offset, size, &ok));
    tb_read_skip(&list, ACL_HEADER_LENGTH);
    if (!ok || list.failed)
        return TB_INVALID_SECURITY_DESCR;

    acl->aces = calloc(count ? count : 1, sizeof(*acl->aces));
    if (!acl->aces)
        return TB_NO_MEMORY;
    for (enum tb_error error; acl->count < count;) {
        error = ace_decode(&list, &acl->aces[acl->count++]);
        if (error)
            return error;
    }
    return TB_OK;
}

static enum tb_error sid_decode_at(struct tb_span wire, size_t offset, struct tb_sid *sid)
{
    if (offset == 0)
        return TB_OK;
    if (offset > wire.length)
        return TB_INVALID_SECURITY_DESCR;
    struct tb_reader reader = tb_reader(tb_span(wire.data + offset, wire.length - offset));
    return tb_sid_decode(&reader, sid);
}

static enum tb_error descriptor_decode(struct tb_span wire, struct tb_security_descriptor *d)
{
    struct tb_reader reader = tb_reader(wire);
    uint8_t revision = tb_read_u8(&reader);
    d->resource_manager_control = tb_read_u8(&reader);
    d->control = tb_read_u16(&reader);
    uint32_t owner = tb_read_u32(&reader), group = tb_read_u32(&reader);
    uint32_t sacl = tb_read_u32(&reader), dacl = tb_read_u32(&reader);

    if (reader.failed || revision != REVISION || !(d->control & TB_SD_SELF_RELATIVE))
        return TB_INVALID_SECURITY_DESCR;
    d->control &= (uint16_t)~TB_SD_SELF_RELATIVE;
    enum tb_error error = sid_decode_at(wire, owner, &d->owner);
    if (!error)
        error = sid_decode_at(wire, group, &d->group);
    d->sacl.null = (d->control & TB_SD_SACL_PRESENT) && sacl == 0;
    d->dacl.null = (d->control & TB_SD_DACL_PRESENT) && dacl == 0;
    if (!error && (d->control & TB_SD_SACL_PRESENT) && sacl)
        error = acl_decode(wire, sacl, &d->sacl);
    if (!error && (d->control & TB_SD_DACL_PRESENT) && dacl)
        error = acl_decode(wire, dacl, &d->dacl);
    return error;
}

enum tb_error tb_security_descriptor_decode(struct tb_span wire,
                                            struct tb_security_descriptor *descriptor)
{
    *descriptor = (struct tb_security_descriptor){0};
    enum tb_error error = descriptor_decode(wire, descriptor);
    if (error)
        tb_security_descriptor_clear(descriptor);
    return error;
}

static size_t ace_wire_length(const struct tb_ace *ace)
{
    size_t sid = tb_sid_is_none(&ace->sid) ? 0 : tb_sid_wire_length(&ace->sid);
    return ACE_HEADER_LENGTH + sid + ace->rest_length;
}

static size_t acl_wire_length(const struct tb_acl *acl)
{
    size_t length = ACL_HEADER_LENGTH;
    for (size_t i = 0; i < acl->count; i++)
        length += ace_wire_length(&acl->aces[i]);
    return length;
}

static void acl_encode(const struct tb_acl *acl, struct tb_writer *to)
{
    size_t length = acl_wire_length(acl);
    if (length > UINT16_MAX) {
        to->failed = true;
        return;
    }
    tb_write_u16(to, acl->revision);
    tb_write_u16(to, (uint16_t)length);
    tb_write_u16(to, acl->count);
    tb_write_u16(to, 0);
    for (size_t i = 0; i < acl->count; i++) {
        const struct tb_ace *ace = &acl->aces[i];
        tb_write_u8(to, ace->type);
        tb_write_u8(to, ace->flags);
        tb_write_u16(to, (uint16_t)ace_wire_length(ace));
        tb_write_u32(to, ace->mask);
        if (!tb_sid_is_none(&ace->sid))
            tb_sid_encode(&ace->sid, to);
        tb_write_bytes(to, ace->rest, ace->rest_length);
    }
}

/* What of a descriptor is meant, and where it lies in the self-relative form; 0: absent. */
struct layout {
    uint16_t control;
    size_t owner, group, sacl, dacl, length;
};

static size_t place(struct layout *layout, bool present, size_t length)
{
    size_t at = layout->length;
    layout->length += present ? length : 0;
    return present ? at : 0;
}

static struct layout lay_out(const struct tb_security_descriptor *d, uint32_t information)
{
    struct layout l = {.control = TB_SD_SELF_RELATIVE, .length = HEADER_LENGTH};
    bool owner = (information & TB_OWNER_SECURITY_INFORMATION) && !tb_sid_is_none(&d->owner);
    bool group = (information & TB_GROUP_SECURITY_INFORMATION) && !tb_sid_is_none(&d->group);

    l.control |= d->control & TB_SD_RM_CONTROL_VALID;
    if (owner)
        l.control |= d->control & TB_SD_OWNER_DEFAULTED;
    if (group)
        l.control |= d->control & TB_SD_GROUP_DEFAULTED;
    if (information & TB_SACL_SECURITY_INFORMATION)
        l.control |= d->control & SACL_CONTROL;
    if (information & TB_DACL_SECURITY_INFORMATION)
        l.control |= d->control & DACL_CONTROL;
    l.owner = place(&l, owner, tb_sid_wire_length(&d->owner));
    l.group = place(&l, group, tb_sid_wire_length(&d->group));
    l.sacl =
        place(&l, (l.control & TB_SD_SACL_PRESENT) && !d->sacl.null, acl_wire_length(&d->sacl));
    l.dacl =
        place(&l, (l.control & TB_SD_DACL_PRESENT) && !d->dacl.null, acl_wire_length(&d->dacl));
    return l;
}

size_t tb_security_descriptor_wire_length(const struct tb_security_descriptor *descriptor,
                                          uint32_t information)
{
    return lay_out(descriptor, information).length;
}

void tb_security_descriptor_encode(const struct tb_security_descriptor *descriptor,
                                   uint32_t information, struct tb_writer *to)
{
    struct layout l = lay_out(descriptor, information);
    size_t start = to->at;

    tb_write_u8(to, REVISION);
    tb_write_u8(to, descriptor->resource_manager_control);
    tb_write_u16(to, l.control);
    tb_write_u32(to, (uint32_t)l.owner);
    tb_write_u32(to, (uint32_t)l.group);
    tb_write_u32(to, (uint32_t)l.sacl);
    tb_write_u32(to, (uint32_t)l.dacl);
    if (l.owner)
        tb_sid_encode(&descriptor->owner, to);
    if (l.group)
        tb_sid_encode(&descriptor->group, to);
    if (l.sacl)
        acl_encode(&descriptor->sacl, to);
    if (l.dacl)
        acl_encode(&descriptor->dacl, to);
    assert(to->failed || to->at - start == l.length);
}

void tb_acl_clear(struct tb_acl *acl)
{
    for (size_t i = 0; i < acl->count; i++)
        free(acl->aces[i].rest);
    free(acl->aces);
    *acl = (struct tb_acl){0};
}

void tb_security_descriptor_clear(struct tb_security_descriptor *descriptor)
{
    tb_acl_clear(&descriptor->dacl);
    tb_acl_clear(&descriptor->sacl);
    *descriptor = (struct tb_security_descriptor){0};
}

static enum tb_error acl_copy(const struct tb_acl *from, struct tb_acl *to)
{
    *to = (struct tb_acl){.revision = from->revision, .null = from->null};
    if (!from->aces)
        return TB_OK;
    to->aces = calloc(from->count ? from->count : 1, sizeof(*to->aces));
    if (!to->aces)
        return TB_NO_MEMORY;
    for (size_t i = 0; i < from->count; i++) {
        struct tb_ace *ace = &to->aces[to->count++];
        *ace = from->aces[i];
        ace->rest = NULL;
        ace->rest_length = 0;
        if (ace_set_rest(ace, tb_span(from->aces[i].rest, from->aces[i].rest_length))) {
            tb_acl_clear(to);
            return TB_NO_MEMORY;
        }
    }
    return TB_OK;
}

enum tb_error tb_security_descriptor_copy(const struct tb_security_descriptor *from,
                                          struct tb_security_descriptor *to)
{
    *to = *from;
    to->sacl = (struct tb_acl){0};
    enum tb_error error = acl_copy(&from->dacl, &to->dacl);
    if (!error)
        error = acl_copy(&from->sacl, &to->sacl);
    if (error)
        tb_security_descriptor_clear(to);
    return error;
}

/* The control bits of an incoming list as they are kept: what asks for automatic inheritance is
 * not, and without it the list does not count as inherited (MS-DTYP 2.5.3.4.1). */
static uint16_t kept_control(uint16_t control, uint16_t request, uint16_t inherited)
{
    if (!(control & request))
        control &= (uint16_t)~inherited;
    return control & (uint16_t)~request;
}

enum tb_error tb_security_descriptor_replace(struct tb_security_descriptor *descriptor,
                                             const struct tb_security_descriptor *from,
                                             uint32_t information)
{
    struct tb_acl dacl = {0}, sacl = {0};

    if (((information & TB_OWNER_SECURITY_INFORMATION) && tb_sid_is_none(&from->owner)) ||
        ((information & TB_GROUP_SECURITY_INFORMATION) && tb_sid_is_none(&from->group)))
        return TB_INVALID_SECURITY_DESCR;
    if (((information & TB_DACL_SECURITY_INFORMATION) && acl_copy(&from->dacl, &dacl)) ||
        ((information & TB_SACL_SECURITY_INFORMATION) && acl_copy(&from->sacl, &sacl))) {
        tb_acl_clear(&dacl);
        return TB_NO_MEMORY;
    }
    if (information & TB_OWNER_SECURITY_INFORMATION)
        descriptor->owner = from->owner;
    if (information & TB_GROUP_SECURITY_INFORMATION)
        descriptor->group = from->group;
    if (information & TB_DACL_SECURITY_INFORMATION) {
        tb_acl_clear(&descriptor->dacl);
        descriptor->dacl = dacl;
        uint16_t control = kept_control(from->control & DACL_CONTROL, TB_SD_DACL_AUTO_INHERIT_REQ,
                                        TB_SD_DACL_AUTO_INHERITED);
        descriptor->control = (descriptor->control & (uint16_t)~DACL_CONTROL) | control;
    }
    if (information & TB_SACL_SECURITY_INFORMATION) {
        tb_acl_clear(&descriptor->sacl);
        descriptor->sacl = sacl;
        uint16_t control = kept_control(from->control & SACL_CONTROL, TB_SD_SACL_AUTO_INHERIT_REQ,
                                        TB_SD_SACL_AUTO_INHERITED);
        descriptor->control = (descriptor->control & (uint16_t)~SACL_CONTROL) | control;
    }
    return TB_OK;
}

enum tb_error tb_acl_append(struct tb_acl *acl, uint8_t type, uint8_t flags, uint32_t mask,
                            const struct tb_sid *sid)
{
    assert(!tb_sid_is_none(sid) && acl->count < UINT16_MAX);
    struct tb_ace *aces = realloc(acl->aces, (acl->count + 1u) * sizeof(*aces));
    if (!aces)
        return TB_NO_MEMORY;
    acl->aces = aces;
    acl->revision = acl->revision ? acl->revision : ACL_REVISION;
    aces[acl->count++] = (struct tb_ace){.type = type, .flags = flags, .mask = mask, .sid = *sid};
    return TB_OK;
}

/* One class of users of a POSIX mode: entries that allow `allowed`, after denying what a later
 * entry would add to it. */
static enum tb_error append_class(struct tb_acl *acl, const struct tb_sid *sid, uint32_t allowed,
                                  uint32_t later)
{
    enum tb_error error = TB_OK;
    if (tb_sid_is_none(sid))
        return TB_OK;
    if (later & ~allowed)
        error = tb_acl_append(acl, TB_ACE_DENIED, 0, later & ~allowed, sid);
    return error ? error : tb_acl_append(acl, TB_ACE_ALLOWED, 0, allowed, sid);
}

enum tb_error tb_security_descriptor_from_mode(const struct tb_sid *owner,
                                               const struct tb_sid *group, uint32_t mode,
                                               bool directory,
                                               struct tb_security_descriptor *descriptor)
{
    uint32_t of_owner = tb_access_from_mode_bits(mode >> 6 & 7, directory) | TB_WRITE_DAC |
                        TB_WRITE_OWNER | TB_FILE_WRITE_ATTRIBUTES | TB_DELETE;
    uint32_t of_group = tb_access_from_mode_bits(mode >> 3 & 7, directory);
    uint32_t of_other = tb_access_from_mode_bits(mode & 7, directory);
    struct tb_acl *dacl = &descriptor->dacl;

    if ((mode >> 6 & 7) == 7)
        of_owner = TB_FILE_ALL_ACCESS;
    *descriptor = (struct tb_security_descriptor){
        .control = TB_SD_DACL_PRESENT, .owner = *owner, .group = *group};
    enum tb_error error = append_class(dacl, owner, of_owner, of_group | of_other);
    if (!error)
        error = append_class(dacl, group, of_group, of_other);
    if (!error)
        error = append_class(dacl, &TB_SID_EVERYONE, of_other, 0);
    if (error)
        tb_security_descriptor_clear(descriptor);
    return error;
}

enum tb_error tb_security_descriptor_everyone(const struct tb_sid *owner,
                                              const struct tb_sid *group,
                                              struct tb_security_descriptor *descriptor)
{
    *descriptor = (struct tb_security_descriptor){
        .control = TB_SD_DACL_PRESENT, .owner = *owner, .group = *group};
    return tb_acl_append(&descriptor->dacl, TB_ACE_ALLOWED, 0, TB_FILE_ALL_ACCESS,
                         &TB_SID_EVERYONE);
}
