/* SIDs, security descriptors, access checks, attributes and options of CREATE. */
#include "core/nt/access.h"
#include "core/nt/attributes.h"
#include "core/nt/security_descriptor.h"
#include "core/nt/tests/fault.h"
#include "core/nt/tests/support.h"

static const struct {
    const char *text;
    const char *wire;
    size_t length;
} sids[] = {
    {"S-1-1-0", "\1\1\0\0\0\0\0\1\0\0\0\0", 12},
    {"S-1-5-32-544", "\1\2\0\0\0\0\0\5\x20\0\0\0\x20\2\0\0", 16},
    {"S-1-5-21-1-4294967295-3-500",
     "\1\5\0\0\0\0\0\5\x15\0\0\0\1\0\0\0\xFF\xFF\xFF\xFF\3\0\0\0\xF4\1\0\0", 28},
    {"S-1-0x123456789ABC-7", "\1\1\x12\x34\x56\x78\x9A\xBC\7\0\0\0", 12},
};

START_TEST(sid_forms)
{
    struct tb_sid sid, parsed;
    char text[TB_SID_TEXT_CAPACITY];
    uint8_t bytes[TB_SID_WIRE_LENGTH_MAX];
    struct tb_span wire = exact(sids[_i].wire, sids[_i].length);
    struct tb_reader reader = tb_reader(wire);
    struct tb_writer writer = tb_writer(bytes, sizeof(bytes));

    ck_assert_int_eq(tb_sid_decode(&reader, &sid), TB_OK);
    ck_assert_uint_eq(reader.at, sids[_i].length);
    ck_assert_str_eq(tb_sid_format(&sid, text), sids[_i].text);
    ck_assert_int_eq(tb_sid_parse(sids[_i].text, &parsed), TB_OK);
    ck_assert(tb_sid_equal(&sid, &parsed));
    ck_assert_uint_eq(tb_sid_wire_length(&sid), sids[_i].length);
    tb_sid_encode(&sid, &writer);
    ck_assert_uint_eq(writer.at, sids[_i].length);
    ck_assert_mem_eq(bytes, sids[_i].wire, sids[_i].length);
    for (size_t cut = 0; cut < wire.length; cut++) {
        struct tb_span part = exact(wire.data, cut);
        reader = tb_reader(part);
        ck_assert_int_eq(tb_sid_decode(&reader, &sid), TB_INVALID_SID);
        exact_free(part);
    }
    exact_free(wire);
}
END_TEST

START_TEST(sid_bad)
{
    static const char *const bad[] = {
        "",
        "S",
        "S-1",
        "S-1-",
        "S-1-5",
        "S-2-5-1",
        "S-1-5-",
        "S-1-5-x",
        "S-1-5--1",
        "S-1-5-1 ",
        "S-1-5-4294967296",
        "S-1-0x1000000000000-1",
        "S-1-0x-1",
        "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16",
        "S-1-5-99999999999999999999999",
        "S-1-5-0x20",
        "T-1-5-1",
        "S-1-5-18\n",
    };
    struct tb_sid sid;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(tb_sid_parse(bad[i], &sid) == TB_INVALID_SID, "%s", bad[i]);
    ck_assert_int_eq(tb_sid_parse("s-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-4294967295", &sid),
                     TB_OK);
    ck_assert_uint_eq(sid.count, 15);
    char text[TB_SID_TEXT_CAPACITY];
    sid.authority = 0xFFFFFFFFFFFF;
    for (size_t i = 0; i < sid.count; i++)
        sid.sub_authorities[i] = UINT32_MAX;
    ck_assert_uint_lt(strlen(tb_sid_format(&sid, text)), sizeof(text));

    static const char *const wire[] = {"\2\1\0\0\0\0\0\1\0\0\0\0", "\1\0\0\0\0\0\0\1\0\0\0\0"};
    for (size_t i = 0; i < 2; i++) {
        struct tb_reader reader = tb_reader(tb_span(wire[i], 12));
        ck_assert_int_eq(tb_sid_decode(&reader, &sid), TB_INVALID_SID);
    }
    uint8_t sixteen[8 + 4 * 16] = {1, 16};
    struct tb_reader reader = tb_reader(tb_span(sixteen, sizeof(sixteen)));
    ck_assert_int_eq(tb_sid_decode(&reader, &sid), TB_INVALID_SID);
}
END_TEST

START_TEST(sid_domains)
{
    struct tb_sid domain = TB_SID(5, 21, 1, 2, 3), user = tb_sid_with_rid(&domain, 1000);
    uint32_t rid;

    ck_assert(tb_sid_in_domain(&user, &domain, &rid) && rid == 1000);
    ck_assert(!tb_sid_in_domain(&domain, &domain, &rid));
    ck_assert(!tb_sid_in_domain(&(struct tb_sid){0}, &domain, &rid));
    ck_assert_int_lt(tb_sid_compare(&domain, &user), 0);
    ck_assert_int_lt(tb_sid_compare(&TB_SID_EVERYONE, &domain), 0);
    ck_assert_int_eq(tb_sid_compare(&user, &user), 0);
    ck_assert(tb_sid_is_none(&(struct tb_sid){0}));
    struct tb_sid full = TB_SID(5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    struct tb_sid none = tb_sid_with_rid(&full, 1);
    ck_assert(tb_sid_is_none(&none));
    ck_assert(tb_sid_equal(&TB_SID_UNIX_USER(7), &TB_SID(22, 1, 7)));
}
END_TEST

/* Owner Administrators, group SYSTEM, a DACL with a plain, a callback and an object entry. */
static const uint8_t sample[] = {
    1,
    0,
    0x04,
    0x94,
    20,
    0,
    0,
    0,
    36,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    48,
    0,
    0,
    0,
    /* owner */ 1,
    2,
    0,
    0,
    0,
    0,
    0,
    5,
    32,
    0,
    0,
    0,
    32,
    2,
    0,
    0,
    /* group */ 1,
    1,
    0,
    0,
    0,
    0,
    0,
    5,
    18,
    0,
    0,
    0,
    /* DACL */ 4,
    0,
    80,
    0,
    3,
    0,
    0,
    0,
    /* allowed */ 0,
    3,
    20,
    0,
    0xFF,
    1,
    0x1F,
    0,
    1,
    1,
    0,
    0,
    0,
    0,
    0,
    1,
    0,
    0,
    0,
    0,
    /* callback */ 9,
    0,
    24,
    0,
    1,
    0,
    0,
    0,
    1,
    1,
    0,
    0,
    0,
    0,
    0,
    5,
    11,
    0,
    0,
    0,
    'a',
    'r',
    't',
    'x',
    /* object */ 5,
    0,
    28,
    0,
    2,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    1,
    2,
    0,
    0,
    0,
    0,
    0,
    5,
    32,
    0,
    0,
    0,
    33,
    2,
    0,
    0,
};

#define ALL_PARTS                                                                                  \
    (TB_OWNER_SECURITY_INFORMATION | TB_GROUP_SECURITY_INFORMATION |                               \
     TB_DACL_SECURITY_INFORMATION | TB_SACL_SECURITY_INFORMATION)

START_TEST(descriptor_round_trip)
{
    struct tb_security_descriptor d, copy;
    struct tb_span wire = exact(sample, sizeof(sample));
    uint8_t bytes[sizeof(sample)];
    struct tb_writer w = tb_writer(bytes, sizeof(bytes));

    ck_assert_int_eq(tb_security_descriptor_decode(wire, &d), TB_OK);
    exact_free(wire);
    ck_assert(tb_sid_equal(&d.owner, &TB_SID_BUILTIN_ADMINISTRATORS));
    ck_assert(tb_sid_equal(&d.group, &TB_SID_LOCAL_SYSTEM));
    ck_assert_uint_eq(d.control,
                      TB_SD_DACL_PRESENT | TB_SD_DACL_AUTO_INHERITED | TB_SD_DACL_PROTECTED);
    ck_assert_uint_eq(d.dacl.count, 3);
    ck_assert_uint_eq(d.dacl.aces[0].mask, TB_FILE_ALL_ACCESS);
    ck_assert_uint_eq(d.dacl.aces[1].rest_length, 4);
    ck_assert(tb_sid_is_none(&d.dacl.aces[2].sid));
    ck_assert_uint_eq(d.dacl.aces[2].rest_length, 20);

    ck_assert_uint_eq(tb_security_descriptor_wire_length(&d, ALL_PARTS), sizeof(sample));
    tb_security_descriptor_encode(&d, ALL_PARTS, &w);
    ck_assert(!w.failed);
    ck_assert_mem_eq(bytes, sample, sizeof(sample));
    ck_assert_int_eq(tb_security_descriptor_copy(&d, &copy), TB_OK);
    tb_security_descriptor_clear(&d);
    w = tb_writer(bytes, sizeof(bytes));
    tb_security_descriptor_encode(&copy, ALL_PARTS, &w);
    ck_assert_mem_eq(bytes, sample, sizeof(sample));

    ck_assert_uint_eq(tb_security_descriptor_wire_length(&copy, TB_OWNER_SECURITY_INFORMATION), 36);
    w = tb_writer(bytes, sizeof(bytes));
    tb_security_descriptor_encode(&copy, TB_OWNER_SECURITY_INFORMATION, &w);
    ck_assert_uint_eq(w.at, 36);
    ck_assert_uint_eq(tb_load_u16(bytes + 2), TB_SD_SELF_RELATIVE);
    ck_assert_uint_eq(tb_load_u32(bytes + 16), 0);
    w = tb_writer(bytes, sizeof(bytes) - 1);
    tb_security_descriptor_encode(&copy, ALL_PARTS, &w);
    ck_assert(w.failed);
    tb_security_descriptor_clear(&copy);
}
END_TEST

START_TEST(descriptor_hostile)
{
    struct tb_security_descriptor d;
    uint32_t seed = 3;

    for (size_t cut = 0; cut < sizeof(sample); cut++) {
        struct tb_span part = exact(sample, cut);
        ck_assert_int_ne(tb_security_descriptor_decode(part, &d), TB_OK);
        ck_assert(!d.dacl.aces);
        exact_free(part);
    }
    for (int i = 0; i < 50000; i++) {
        struct tb_span part = exact(sample, sizeof(sample));
        uint8_t *bytes = (uint8_t *)part.data;
        for (uint32_t flips = 1 + next_random(&seed) % 3; flips > 0; flips--)
            bytes[next_random(&seed) % part.length] = (uint8_t)next_random(&seed);
        if (tb_security_descriptor_decode(part, &d) == TB_OK) {
            size_t length = tb_security_descriptor_wire_length(&d, ALL_PARTS);
            uint8_t *to = malloc(length);
            struct tb_writer w = tb_writer(to, length);
            tb_security_descriptor_encode(&d, ALL_PARTS, &w);
            ck_assert(!w.failed && w.at == length);
            free(to);
        }
        tb_security_descriptor_clear(&d);
        exact_free(part);
    }
}
END_TEST

START_TEST(descriptor_null_and_empty)
{
    uint8_t wire[28] = {1, 0, 0x04, 0x80};
    struct tb_security_descriptor d;
    struct tb_token nobody = {.user = TB_SID(5, 21, 9)};

    ck_assert_int_eq(tb_security_descriptor_decode(tb_span(wire, 20), &d), TB_OK);
    ck_assert(d.dacl.null);
    ck_assert_uint_eq(tb_access_maximal(&d, &nobody), TB_FILE_ALL_ACCESS);
    ck_assert_uint_eq(tb_security_descriptor_wire_length(&d, ALL_PARTS), 20);
    tb_security_descriptor_clear(&d);
    wire[16] = 20;
    wire[20] = 2;
    wire[22] = 8;
    ck_assert_int_eq(tb_security_descriptor_decode(tb_span(wire, 28), &d), TB_OK);
    ck_assert(!d.dacl.null);
    ck_assert_uint_eq(tb_access_maximal(&d, &nobody), 0);
    ck_assert_uint_eq(tb_security_descriptor_wire_length(&d, ALL_PARTS), 28);
    tb_security_descriptor_clear(&d);
    wire[3] = 0; /* not self-relative */
    ck_assert_int_eq(tb_security_descriptor_decode(tb_span(wire, 28), &d),
                     TB_INVALID_SECURITY_DESCR);
}
END_TEST

START_TEST(descriptor_replace)
{
    struct tb_security_descriptor d, from;

    ck_assert_int_eq(
        tb_security_descriptor_everyone(&TB_SID_LOCAL_SYSTEM, &TB_SID_BUILTIN_USERS, &d), TB_OK);
    ck_assert_int_eq(tb_security_descriptor_decode(tb_span(sample, sizeof(sample)), &from), TB_OK);
    ck_assert_int_eq(tb_security_descriptor_replace(&d, &from, TB_DACL_SECURITY_INFORMATION),
                     TB_OK);
    ck_assert_uint_eq(d.dacl.count, 3);
    ck_assert(tb_sid_equal(&d.owner, &TB_SID_LOCAL_SYSTEM));
    /* Without the request to inherit, the list does not count as inherited. */
    ck_assert_uint_eq(d.control, TB_SD_DACL_PRESENT | TB_SD_DACL_PROTECTED);
    from.control |= TB_SD_DACL_AUTO_INHERIT_REQ;
    ck_assert_int_eq(tb_security_descriptor_replace(&d, &from, ALL_PARTS), TB_OK);
    ck_assert_uint_eq(d.control,
                      TB_SD_DACL_PRESENT | TB_SD_DACL_PROTECTED | TB_SD_DACL_AUTO_INHERITED);
    ck_assert(tb_sid_equal(&d.owner, &TB_SID_BUILTIN_ADMINISTRATORS));
    from.owner = (struct tb_sid){0};
    ck_assert_int_eq(tb_security_descriptor_replace(&d, &from, TB_OWNER_SECURITY_INFORMATION),
                     TB_INVALID_SECURITY_DESCR);
    tb_security_descriptor_clear(&from);
    tb_security_descriptor_clear(&d);
}
END_TEST

static enum tb_error decode_and_copy(void)
{
    struct tb_security_descriptor d, copy;
    enum tb_error error = tb_security_descriptor_decode(tb_span(sample, sizeof(sample)), &d);
    if (error)
        return error;
    error = tb_security_descriptor_copy(&d, &copy);
    if (!error)
        error = tb_security_descriptor_replace(&copy, &d, ALL_PARTS);
    tb_security_descriptor_clear(&copy);
    tb_security_descriptor_clear(&d);
    return error;
}

static enum tb_error from_mode(void)
{
    struct tb_security_descriptor d;
    enum tb_error error = tb_security_descriptor_from_mode(&TB_SID_UNIX_USER(1),
                                                           &TB_SID_UNIX_GROUP(1), 0427, false, &d);
    tb_security_descriptor_clear(&d);
    return error;
}

START_TEST(memory_runs_out)
{
    ck_assert_uint_eq(fault_each(decode_and_copy), 9);
    ck_assert_uint_eq(fault_each(from_mode), 5);
}
END_TEST

START_TEST(access_by_mode)
{
    struct tb_sid everyone = TB_SID_EVERYONE;
    struct tb_sid groups[] = {TB_SID_UNIX_GROUP(10), TB_SID_EVERYONE};
    struct tb_token owner = {TB_SID_UNIX_USER(1), groups, 2};
    struct tb_token member = {TB_SID_UNIX_USER(2), groups, 2};
    struct tb_token other = {TB_SID_UNIX_USER(3), &everyone, 1};

    for (uint32_t mode = 0; mode < 01000; mode++) {
        struct tb_security_descriptor d;
        ck_assert_int_eq(tb_security_descriptor_from_mode(&TB_SID_UNIX_USER(1),
                                                          &TB_SID_UNIX_GROUP(10), mode, true, &d),
                         TB_OK);
        const struct tb_token *who[] = {&owner, &member, &other};
        for (int k = 0; k < 3; k++) {
            uint32_t bits = mode >> (6 - 3 * k) & 7, allowed = tb_access_maximal(&d, who[k]);
            ck_assert_int_eq((allowed & TB_FILE_READ_DATA) != 0, (bits & 4) != 0);
            ck_assert_int_eq((allowed & TB_FILE_WRITE_DATA) != 0, (bits & 2) != 0);
            ck_assert_int_eq((allowed & TB_FILE_DELETE_CHILD) != 0, (bits & 2) != 0);
            ck_assert_int_eq((allowed & TB_FILE_EXECUTE) != 0, (bits & 1) != 0);
            ck_assert_int_eq((allowed & TB_WRITE_DAC) != 0, k == 0);
            ck_assert(allowed & TB_FILE_READ_ATTRIBUTES);
        }
        tb_security_descriptor_clear(&d);
    }
}
END_TEST

START_TEST(access_check)
{
    struct tb_sid everyone = TB_SID_EVERYONE;
    struct tb_token token = {.user = TB_SID_UNIX_USER(1), .groups = &everyone, .group_count = 1};
    struct tb_security_descriptor d = {.control = TB_SD_DACL_PRESENT, .owner = TB_SID_UNIX_USER(1)};
    uint32_t granted;

    tb_acl_append(&d.dacl, TB_ACE_DENIED, 0, TB_FILE_WRITE_DATA, &TB_SID_UNIX_USER(1));
    tb_acl_append(&d.dacl, TB_ACE_ALLOWED, TB_ACE_INHERIT_ONLY, TB_FILE_ALL_ACCESS, &everyone);
    tb_acl_append(&d.dacl, TB_ACE_ALLOWED, 0, TB_GENERIC_READ, &everyone);
    ck_assert_int_eq(tb_access_check(&d, &token, TB_GENERIC_READ, &granted), TB_OK);
    ck_assert_uint_eq(granted, TB_FILE_GENERIC_READ);
    ck_assert_int_eq(tb_access_check(&d, &token, TB_FILE_WRITE_DATA, &granted), TB_ACCESS_DENIED);
    ck_assert_uint_eq(granted, 0);
    ck_assert_int_eq(tb_access_check(&d, &token, TB_MAXIMUM_ALLOWED, &granted), TB_OK);
    ck_assert_uint_eq(granted, TB_FILE_GENERIC_READ | TB_WRITE_DAC); /* the owner's due */
    ck_assert_int_eq(tb_access_check(&d, &token, TB_MAXIMUM_ALLOWED | TB_FILE_WRITE_DATA, &granted),
                     TB_ACCESS_DENIED);
    ck_assert_int_eq(tb_access_check(&d, &token, TB_ACCESS_SYSTEM_SECURITY, &granted),
                     TB_PRIVILEGE_NOT_HELD);
    token.security = token.take_ownership = true;
    ck_assert_int_eq(
        tb_access_check(&d, &token, TB_ACCESS_SYSTEM_SECURITY | TB_WRITE_OWNER, &granted), TB_OK);
    ck_assert_uint_eq(granted, TB_ACCESS_SYSTEM_SECURITY | TB_WRITE_OWNER);
    token.restore = true;
    ck_assert_int_eq(tb_access_check(&d, &token, TB_DELETE | TB_FILE_WRITE_DATA, &granted), TB_OK);

    /* Owner rights replace what owners get by themselves. */
    token = (struct tb_token){.user = TB_SID_UNIX_USER(1)};
    tb_acl_append(&d.dacl, TB_ACE_ALLOWED, 0, TB_FILE_EXECUTE, &TB_SID_OWNER_RIGHTS);
    ck_assert_uint_eq(tb_access_maximal(&d, &token), TB_FILE_EXECUTE);
    token.user = TB_SID_UNIX_USER(2);
    ck_assert_int_eq(tb_access_check(&d, &token, TB_MAXIMUM_ALLOWED, &granted), TB_ACCESS_DENIED);
    tb_security_descriptor_clear(&d);
}
END_TEST

START_TEST(generic_mapping)
{
    ck_assert_uint_eq(tb_access_map_generic(TB_GENERIC_READ), 0x00120089);
    ck_assert_uint_eq(tb_access_map_generic(TB_GENERIC_WRITE | TB_GENERIC_EXECUTE), 0x001201B6);
    ck_assert_uint_eq(tb_access_map_generic(TB_GENERIC_ALL), 0x001F01FF);
    ck_assert_uint_eq(tb_access_map_generic(TB_MAXIMUM_ALLOWED | TB_DELETE),
                      TB_MAXIMUM_ALLOWED | TB_DELETE);
}
END_TEST

START_TEST(attributes)
{
    uint32_t kept;

    ck_assert_int_eq(tb_attributes_for_create(TB_FILE_ATTRIBUTE_NORMAL, false, &kept), TB_OK);
    ck_assert_uint_eq(kept, TB_FILE_ATTRIBUTE_ARCHIVE);
    ck_assert_int_eq(tb_attributes_for_create(TB_FILE_ATTRIBUTE_HIDDEN, true, &kept), TB_OK);
    ck_assert_uint_eq(kept, TB_FILE_ATTRIBUTE_HIDDEN);
    ck_assert_int_eq(tb_attributes_for_create(TB_FILE_ATTRIBUTE_TEMPORARY, true, &kept),
                     TB_INVALID_PARAMETER);
    uint32_t refused = 0;
    for (int bit = 0; bit < 32; bit++)
        if (tb_attributes_for_create(1u << bit, false, &kept))
            refused |= 1u << bit;
    ck_assert_uint_eq(refused, 0xFFFF8048);

    uint32_t current = TB_FILE_ATTRIBUTE_SPARSE_FILE | TB_FILE_ATTRIBUTE_HIDDEN;
    ck_assert_int_eq(tb_attributes_for_set(0, current, false, &kept), TB_OK);
    ck_assert_uint_eq(kept, current);
    ck_assert_int_eq(tb_attributes_for_set(TB_FILE_ATTRIBUTE_NORMAL, current, false, &kept), TB_OK);
    ck_assert_uint_eq(kept, TB_FILE_ATTRIBUTE_SPARSE_FILE);
    ck_assert_int_eq(tb_attributes_for_set(TB_FILE_ATTRIBUTE_DIRECTORY, 0, false, &kept),
                     TB_INVALID_PARAMETER);
    ck_assert_uint_eq(tb_attributes_reported(0, false), TB_FILE_ATTRIBUTE_NORMAL);
    ck_assert_uint_eq(tb_attributes_reported(0, true), TB_FILE_ATTRIBUTE_DIRECTORY);
    ck_assert_uint_eq(tb_attributes_reported(TB_FILE_ATTRIBUTE_NORMAL | 1, false), 1);
}
END_TEST

START_TEST(create_check)
{
    const uint32_t all = TB_FILE_ALL_ACCESS;
    uint32_t denied = 0, unsupported = 0, invalid = 0;

    for (int bit = 0; bit < 32; bit++) {
        if (tb_create_check(1u << bit, 7, TB_FILE_OPEN, 0, 0) == TB_ACCESS_DENIED)
            denied |= 1u << bit;
        enum tb_error error = tb_create_check(all, 7, TB_FILE_OPEN, 1u << bit, 0);
        unsupported |= error == TB_NOT_SUPPORTED ? 1u << bit : 0;
        invalid |= error == TB_INVALID_PARAMETER ? 1u << bit : 0;
    }
    ck_assert_uint_eq(denied, 0x0CE0FE00);
    ck_assert_uint_eq(unsupported, 0x00102080);
    ck_assert_uint_eq(invalid, 0xFF000000);
    ck_assert_int_eq(tb_create_check(0, 7, TB_FILE_OPEN, 0, 0), TB_ACCESS_DENIED);
    ck_assert_int_eq(tb_create_check(1u << 27, 7, TB_FILE_CREATE, 0, 8), TB_ACCESS_DENIED);
    ck_assert_int_eq(tb_create_check(all, 8, TB_FILE_OPEN, 0, 0), TB_INVALID_PARAMETER);
    ck_assert_int_eq(tb_create_check(all, 7, 6, 0, 0), TB_INVALID_PARAMETER);
    ck_assert_int_eq(tb_create_check(all, 7, TB_FILE_OPEN, 0x41, 0), TB_INVALID_PARAMETER);
    ck_assert_int_eq(tb_create_check(all, 7, TB_FILE_OVERWRITE, 1, 0), TB_INVALID_PARAMETER);
    ck_assert_int_eq(tb_create_check(all, 7, TB_FILE_OPEN_IF, 1, 0), TB_OK);
    ck_assert_int_eq(tb_create_check(TB_GENERIC_READ, 7, TB_FILE_OPEN, TB_FILE_DELETE_ON_CLOSE, 0),
                     TB_ACCESS_DENIED);
    ck_assert_int_eq(tb_create_check(TB_GENERIC_ALL, 7, TB_FILE_OPEN, TB_FILE_DELETE_ON_CLOSE, 0),
                     TB_OK);
}
END_TEST

START_TEST(sharing)
{
    ck_assert(tb_share_compatible(TB_FILE_READ_DATA, TB_FILE_SHARE_READ, TB_FILE_READ_DATA,
                                  TB_FILE_SHARE_READ));
    ck_assert(!tb_share_compatible(TB_FILE_WRITE_DATA, 7, TB_FILE_READ_DATA, TB_FILE_SHARE_READ));
    ck_assert(!tb_share_compatible(TB_FILE_READ_DATA, TB_FILE_SHARE_READ, TB_FILE_APPEND_DATA, 7));
    ck_assert(!tb_share_compatible(TB_FILE_EXECUTE, 7, TB_FILE_READ_DATA, 0));
    ck_assert(!tb_share_compatible(TB_DELETE, 7, TB_FILE_READ_DATA, 3));
    ck_assert(tb_share_compatible(TB_FILE_READ_ATTRIBUTES, 0, TB_FILE_ALL_ACCESS, 0));
    ck_assert(tb_share_compatible(TB_FILE_ALL_ACCESS, 0, TB_SYNCHRONIZE | TB_READ_CONTROL, 0));
    ck_assert_uint_eq(tb_access_for_disposition(TB_FILE_SUPERSEDE), TB_DELETE);
    ck_assert_uint_eq(tb_access_for_disposition(TB_FILE_OPEN), 0);
    ck_assert_uint_eq(tb_access_for_security_query(TB_SACL_SECURITY_INFORMATION),
                      TB_ACCESS_SYSTEM_SECURITY);
    ck_assert_uint_eq(
        tb_access_for_security_set(TB_DACL_SECURITY_INFORMATION | TB_OWNER_SECURITY_INFORMATION),
        TB_WRITE_DAC | TB_WRITE_OWNER);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("security");
    TCase *tests = tcase_create("security");

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, sid_forms, 0, sizeof(sids) / sizeof(sids[0]));
    tcase_add_test(tests, sid_bad);
    tcase_add_test(tests, sid_domains);
    tcase_add_test(tests, descriptor_round_trip);
    tcase_add_test(tests, descriptor_hostile);
    tcase_add_test(tests, descriptor_null_and_empty);
    tcase_add_test(tests, descriptor_replace);
    tcase_add_test(tests, memory_runs_out);
    tcase_add_test(tests, access_by_mode);
    tcase_add_test(tests, access_check);
    tcase_add_test(tests, generic_mapping);
    tcase_add_test(tests, attributes);
    tcase_add_test(tests, create_check);
    tcase_add_test(tests, sharing);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
