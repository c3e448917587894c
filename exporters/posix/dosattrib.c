#include "exporters/posix/dosattrib.h"

#include <string.h>

/* Bits of valid_flags. */
#define VALID_ATTRIBUTES    0x1u
#define VALID_CREATION_TIME 0x10u
#define VALID_CHANGE_TIME   0x20u

/* An empty string (attrib_hex), then version and union, each aligned to its size. */
#define AT_VERSION    2
#define AT_UNION      4
#define AT_VALID      8
#define AT_ATTRIBUTES 12
/* In version 3. */
#define AT_ALLOCATION_SIZE 28
#define AT_CHANGE_TIME     44

/* Where the creation time stands, behind the fields that only some versions have; 0: unknown. */
static size_t creation_time_at(uint16_t version)
{
    switch (version) {
    case 3:
        return 36;
    case 4:
        return 24;
    case 5:
        return 16;
    default:
        return 0;
    }
}

bool tb_dosattrib_decode(struct tb_span value, struct tb_dosattrib *out)
{
    const uint8_t *at = value.data;

    memset(out, 0, sizeof *out);
    if (value.length < AT_VALID || at[0] != 0)
        return false;
    size_t time_at = creation_time_at(tb_load_u16(at + AT_VERSION));
    if (!time_at || value.length < time_at + 8 ||
        tb_load_u16(at + AT_UNION) != tb_load_u16(at + AT_VERSION))
        return false;
    uint32_t valid = tb_load_u32(at + AT_VALID);
    out->has_attributes = valid & VALID_ATTRIBUTES;
    out->has_creation_time = valid & VALID_CREATION_TIME;
    out->attributes = tb_load_u32(at + AT_ATTRIBUTES);
    out->creation_filetime = tb_load_u64(at + time_at);
    if (tb_load_u16(at + AT_VERSION) == 3 && value.length >= TB_DOSATTRIB_LENGTH) {
        out->has_change_time = valid & VALID_CHANGE_TIME;
        out->change_filetime = tb_load_u64(at + AT_CHANGE_TIME);
        out->change_until_filetime = tb_load_u64(at + AT_ALLOCATION_SIZE);
    }
    return true;
}

void tb_dosattrib_encode(const struct tb_dosattrib *in, uint8_t value[TB_DOSATTRIB_LENGTH])
{
    memset(value, 0, TB_DOSATTRIB_LENGTH);
    tb_store_u16(value + AT_VERSION, 3);
    tb_store_u16(value + AT_UNION, 3);
    tb_store_u32(value + AT_VALID, (in->has_attributes ? VALID_ATTRIBUTES : 0) |
                                       (in->has_creation_time ? VALID_CREATION_TIME : 0) |
                                       (in->has_change_time ? VALID_CHANGE_TIME : 0));
    tb_store_u32(value + AT_ATTRIBUTES, in->attributes);
    tb_store_u64(value + creation_time_at(3), in->creation_filetime);
    if (in->has_change_time) {
        tb_store_u64(value + AT_CHANGE_TIME, in->change_filetime);
        tb_store_u64(value + AT_ALLOCATION_SIZE, in->change_until_filetime);
    }
}
