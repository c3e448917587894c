/* The Server Service (MS-SRVS): what "net view", smbclient -L and Explorer ask. */
#include "core/nt/time.h"
#include "core/nt/upcase.h"
#include "core/nt/utf.h"
#include "core/rpc/interface.h"

#define PLATFORM_ID_NT   500
#define SERVER_TYPE      0x00009003u /* workstation, server, NT, NT server */
#define UNLIMITED_LENGTH UINT32_MAX
#define NAME_CAPACITY    (256 * TB_UTF8_BYTES_PER_UNIT)
#define DAYS_UNTIL_1970  134774
#define SECONDS_PER_DAY  86400

static const char *text_of(const char *text)
{
    return text ? text : "";
}

/* The fields that entries of a level have, besides the name (MS-SRVS 2.2.4.22 to 2.2.4.29). */
enum {
    HAS_NAME = 1,
    HAS_TYPE_AND_REMARK = 2,
    HAS_USES_AND_PATH = 4,
    HAS_FLAGS = 8,
    HAS_SECURITY = 16,
};

static const struct share_level {
    uint32_t level;
    uint8_t fields;
    bool enumerable;
    bool administrators_only;
} share_levels[] = {
    {0, HAS_NAME, true, false},
    {1, HAS_NAME | HAS_TYPE_AND_REMARK, true, false},
    {2, HAS_NAME | HAS_TYPE_AND_REMARK | HAS_USES_AND_PATH, true, false},
    {501, HAS_NAME | HAS_TYPE_AND_REMARK | HAS_FLAGS, true, false},
    {502, HAS_NAME | HAS_TYPE_AND_REMARK | HAS_USES_AND_PATH | HAS_SECURITY, true, true},
    {1005, HAS_FLAGS, false, false},
};

static const struct share_level *share_level_find(uint32_t level)
{
    for (size_t i = 0; i < sizeof(share_levels) / sizeof(share_levels[0]); i++)
        if (share_levels[i].level == level)
            return &share_levels[i];
    return NULL;
}

/* Whether the unions of MS-SRVS have an arm for a level, and so a pointer on the wire even when it
 * is not supported here. */
static bool share_level_has_arm(uint32_t level)
{
    return level <= 2 || (level >= 501 && level <= 503) || (level >= 1004 && level <= 1006) ||
           level == 1501;
}

static void write_share(struct tb_ndr_writer *w, unsigned fields, const struct tb_rpc_share *share)
{
    if (fields & HAS_NAME)
        tb_ndr_write_pointer(w, true);
    if (fields & HAS_TYPE_AND_REMARK) {
        tb_ndr_write_u32(w, share->type);
        tb_ndr_write_pointer(w, true);
    }
    if (fields & HAS_USES_AND_PATH) {
        tb_ndr_write_u32(w, 0); /* permissions: share-level security only */
        tb_ndr_write_u32(w, share->uses_max);
        tb_ndr_write_u32(w, share->uses);
        tb_ndr_write_pointer(w, true);
        tb_ndr_write_pointer(w, false); /* password */
    }
    if (fields & HAS_FLAGS)
        tb_ndr_write_u32(w, share->flags);
    if (fields & HAS_SECURITY) {
        tb_ndr_write_u32(w, 0);
        tb_ndr_write_pointer(w, false);
    }
}

static void write_share_referents(struct tb_ndr_writer *w, unsigned fields,
                                  const struct tb_rpc_share *share)
{
    if (fields & HAS_NAME)
        tb_ndr_write_string(w, share->name);
    if (fields & HAS_TYPE_AND_REMARK)
        tb_ndr_write_string(w, text_of(share->comment));
    if (fields & HAS_USES_AND_PATH)
        tb_ndr_write_string(w, text_of(share->path));
}

/* What an entry counts against the preferred maximum length. */
static size_t share_length(unsigned fields, const struct tb_rpc_share *share)
{
    size_t length = 0;

    if (fields & HAS_NAME)
        length += 4 + tb_ndr_string_length(share->name);
    if (fields & HAS_TYPE_AND_REMARK)
        length += 8 + tb_ndr_string_length(text_of(share->comment));
    if (fields & HAS_USES_AND_PATH)
        length += 20 + tb_ndr_string_length(text_of(share->path));
    if (fields & HAS_FLAGS)
        length += 4;
    if (fields & HAS_SECURITY)
        length += 8;
    return length;
}

/* How many entries from `first` fit; at least one if there is one. */
static size_t count_fitting(const struct tb_rpc_environment *e, unsigned fields, size_t first,
                            uint32_t length_max)
{
    size_t count = 0, length = 0;

    for (; first + count < e->share_count; count++) {
        length += share_length(fields, &e->shares[first + count]);
        if (count > 0 && length_max != UNLIMITED_LENGTH && length > length_max)
            break;
    }
    return count;
}

struct share_enum {
    uint32_t level;
    uint32_t length_max;
    bool has_resume;
    uint32_t resume;
};

/* InfoStruct, which comes empty, preferred length and resume handle. */
static struct share_enum read_share_enum(struct tb_ndr_reader *r)
{
    struct share_enum args = {0};

    tb_ndr_read_unique_string(r);
    args.level = tb_ndr_read_u32(r);
    if (tb_ndr_read_u32(r) != args.level)
        r->bytes.failed = true;
    if (tb_ndr_read_pointer(r)) {
        tb_ndr_read_u32(r);
        if (tb_ndr_read_pointer(r) && tb_ndr_read_u32(r) != 0)
            r->bytes.failed = true;
    }
    args.length_max = tb_ndr_read_u32(r);
    args.has_resume = tb_ndr_read_pointer(r);
    if (args.has_resume)
        args.resume = tb_ndr_read_u32(r);
    return args;
}

static void write_share_enum_tail(struct tb_ndr_writer *w, const struct share_enum *args,
                                  size_t total, uint32_t result)
{
    tb_ndr_write_u32(w, (uint32_t)total);
    tb_ndr_write_pointer(w, args->has_resume);
    if (args->has_resume)
        tb_ndr_write_u32(w, args->resume);
    tb_ndr_write_u32(w, result);
}

/* NetrShareEnum, opnum 15 (MS-SRVS 3.1.4.8). Resume handles are positions in the list. */
static uint32_t share_enum(struct tb_rpc_call *call)
{
    const struct tb_rpc_environment *e = call->environment;
    struct tb_ndr_writer *w = call->out;
    struct share_enum args = read_share_enum(call->in);
    const struct share_level *level = share_level_find(args.level);
    uint32_t result = TB_WERROR_OK;

    if (!level || !level->enumerable)
        result = TB_WERROR_INVALID_LEVEL;
    else if (level->administrators_only && !e->administrator)
        result = TB_WERROR_ACCESS_DENIED;
    tb_ndr_write_u32(w, args.level);
    tb_ndr_write_u32(w, args.level);
    if (share_level_has_arm(args.level))
        tb_ndr_write_pointer(w, result == TB_WERROR_OK);
    if (result) {
        write_share_enum_tail(w, &args, 0, result);
        return 0;
    }

    size_t first = args.resume < e->share_count ? args.resume : e->share_count;
    size_t count = count_fitting(e, level->fields, first, args.length_max);
    tb_ndr_write_u32(w, (uint32_t)count);
    tb_ndr_write_pointer(w, true);
    tb_ndr_write_u32(w, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        write_share(w, level->fields, &e->shares[first + i]);
    for (size_t i = 0; i < count; i++)
        write_share_referents(w, level->fields, &e->shares[first + i]);
    bool more = first + count < e->share_count;
    args.resume = more ? (uint32_t)(first + count) : 0;
    write_share_enum_tail(w, &args, e->share_count - first,
                          more ? TB_WERROR_MORE_DATA : TB_WERROR_OK);
    return 0;
}

static const struct tb_rpc_share *share_find(const struct tb_rpc_environment *e,
                                             struct tb_span utf16)
{
    char name[NAME_CAPACITY];

    if (tb_utf8_from_utf16(utf16, name, sizeof(name)))
        return NULL;
    for (size_t i = 0; i < e->share_count + e->hidden_count; i++)
        if (tb_name_equal_folded(e->shares[i].name, name))
            return &e->shares[i];
    return NULL;
}

/* NetrShareGetInfo, opnum 16 (MS-SRVS 3.1.4.10). */
static uint32_t share_get_info(struct tb_rpc_call *call)
{
    struct tb_ndr_writer *w = call->out;

    tb_ndr_read_unique_string(call->in);
    const struct tb_rpc_share *share = share_find(call->environment, tb_ndr_read_string(call->in));
    uint32_t number = tb_ndr_read_u32(call->in), result = TB_WERROR_OK;
    const struct share_level *level = share_level_find(number);

    if (!level)
        result = TB_WERROR_INVALID_LEVEL;
    else if (level->administrators_only && !call->environment->administrator)
        result = TB_WERROR_ACCESS_DENIED;
    else if (!share)
        result = TB_WERROR_NET_NAME_NOT_FOUND;
    tb_ndr_write_u32(w, number);
    if (share_level_has_arm(number))
        tb_ndr_write_pointer(w, result == TB_WERROR_OK);
    if (result == TB_WERROR_OK) {
        write_share(w, level->fields, share);
        write_share_referents(w, level->fields, share);
    }
    tb_ndr_write_u32(w, result);
    return 0;
}

/* SERVER_INFO_100, 101 and 102, each the beginning of the next (MS-SRVS 2.2.4.40 to 2.2.4.42). */
static void write_server_info(struct tb_ndr_writer *w, uint32_t level,
                              const struct tb_rpc_environment *e)
{
    enum { AUTODISCONNECT_MINUTES = 15, ANNOUNCE_SECONDS = 240, ANNOUNCE_DELTA_MS = 3000 };

    tb_ndr_write_u32(w, PLATFORM_ID_NT);
    tb_ndr_write_pointer(w, true);
    if (level >= 101) {
        tb_ndr_write_u32(w, e->version_major);
        tb_ndr_write_u32(w, e->version_minor);
        tb_ndr_write_u32(w, SERVER_TYPE);
        tb_ndr_write_pointer(w, true);
    }
    if (level >= 102) {
        tb_ndr_write_u32(w, TB_RPC_SHARE_UNLIMITED); /* users */
        tb_ndr_write_u32(w, AUTODISCONNECT_MINUTES);
        tb_ndr_write_u32(w, 0); /* not hidden */
        tb_ndr_write_u32(w, ANNOUNCE_SECONDS);
        tb_ndr_write_u32(w, ANNOUNCE_DELTA_MS);
        tb_ndr_write_u32(w, 0); /* licenses */
        tb_ndr_write_pointer(w, true);
    }
    tb_ndr_write_string(w, text_of(e->server_name));
    if (level >= 101)
        tb_ndr_write_string(w, text_of(e->comment));
    if (level >= 102)
        tb_ndr_write_string(w, "c:\\");
}

/* NetrServerGetInfo, opnum 21 (MS-SRVS 3.1.4.17). */
static uint32_t server_get_info(struct tb_rpc_call *call)
{
    struct tb_ndr_writer *w = call->out;

    tb_ndr_read_unique_string(call->in);
    uint32_t level = tb_ndr_read_u32(call->in), result = TB_WERROR_OK;
    if (level < 100 || level > 102)
        result = TB_WERROR_INVALID_LEVEL;
    else if (level == 102 && !call->environment->administrator)
        result = TB_WERROR_ACCESS_DENIED;
    tb_ndr_write_u32(w, level);
    if (level >= 100 && (level <= 103 || level >= 502)) /* the union has an arm */
        tb_ndr_write_pointer(w, result == TB_WERROR_OK);
    if (result == TB_WERROR_OK)
        write_server_info(w, level, call->environment);
    tb_ndr_write_u32(w, result);
    return 0;
}

struct date {
    uint32_t year, month, day, weekday;
};

/* The Gregorian date of a day counted from 1601-01-01, a Monday; years count from March, so that
 * the leap day comes last. */
static struct date date_of(uint32_t days)
{
    enum { DAYS_PER_ERA = 146097, DAYS_FROM_MARCH_1600 = 306 };
    uint32_t day = days + DAYS_FROM_MARCH_1600;
    uint32_t era = day / DAYS_PER_ERA, day_of_era = day % DAYS_PER_ERA;
    uint32_t year =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint32_t day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    uint32_t month = (5 * day_of_year + 2) / 153;
    struct date date;

    date.day = day_of_year - (153 * month + 2) / 5 + 1;
    date.month = month < 10 ? month + 3 : month - 9;
    date.year = 1600 + era * 400 + year + (date.month <= 2);
    date.weekday = (days + 1) % 7;
    return date;
}

/* NetrRemoteTOD, opnum 28 (MS-SRVS 3.1.4.21), in UTC. */
static uint32_t remote_tod(struct tb_rpc_call *call)
{
    enum { TICK_100US = 310 };
    const struct tb_rpc_environment *e = call->environment;
    struct tb_ndr_writer *w = call->out;
    uint64_t seconds = e->now_filetime / TB_FILETIME_PER_SECOND;
    uint32_t second = (uint32_t)(seconds % SECONDS_PER_DAY);
    uint32_t days = (uint32_t)(seconds / SECONDS_PER_DAY);
    struct date date = date_of(days);

    tb_ndr_read_unique_string(call->in);
    tb_ndr_write_pointer(w, true);
    tb_ndr_write_u32(w, (uint32_t)(seconds - (uint64_t)DAYS_UNTIL_1970 * SECONDS_PER_DAY));
    tb_ndr_write_u32(w, (uint32_t)e->uptime_ms);
    tb_ndr_write_u32(w, second / 3600);
    tb_ndr_write_u32(w, second / 60 % 60);
    tb_ndr_write_u32(w, second % 60);
    tb_ndr_write_u32(w, (uint32_t)(e->now_filetime % TB_FILETIME_PER_SECOND / 100000));
    tb_ndr_write_u32(w, 0); /* minutes west of UTC */
    tb_ndr_write_u32(w, TICK_100US);
    tb_ndr_write_u32(w, date.day);
    tb_ndr_write_u32(w, date.month);
    tb_ndr_write_u32(w, date.year);
    tb_ndr_write_u32(w, date.weekday);
    tb_ndr_write_u32(w, TB_WERROR_OK);
    return 0;
}

static tb_rpc_operation *const operations[] = {
    [15] = share_enum, [16] = share_get_info, [21] = server_get_info,
    [28] = remote_tod, [36] = share_enum, /* NetrShareEnumSticky: every share here is there to stay
                                           */
};

const struct tb_rpc_interface tb_rpc_srvsvc = {
    .name = "srvsvc",
    .syntax = {{0x4B324FC8, 0x1670, 0x01D3, {0x12, 0x78, 0x5A, 0x47, 0xBF, 0x6E, 0xE1, 0x88}},
               3,
               0},
    .operations = operations,
    .operation_count = sizeof(operations) / sizeof(operations[0]),
};
