/* The Workstation Service (MS-WKST): what a client asks to learn the server's names. */
#include "core/rpc/interface.h"

#define PLATFORM_ID_NT 500

/* WKSTA_INFO_100, 101 and 102, each the beginning of the next (MS-WKST 2.2.5.1 to 2.2.5.3). */
static void write_workstation_info(struct tb_ndr_writer *w, uint32_t level,
                                   const struct tb_rpc_environment *e)
{
    tb_ndr_write_u32(w, PLATFORM_ID_NT);
    tb_ndr_write_pointer(w, true);
    tb_ndr_write_pointer(w, true);
    tb_ndr_write_u32(w, e->version_major);
    tb_ndr_write_u32(w, e->version_minor);
    if (level >= 101)
        tb_ndr_write_pointer(w, true);
    if (level >= 102)
        tb_ndr_write_u32(w, 0); /* users logged on at the console */
    tb_ndr_write_string(w, e->server_name ? e->server_name : "");
    tb_ndr_write_string(w, e->domain ? e->domain : "");
    if (level >= 101)
        tb_ndr_write_string(w, ""); /* LAN root */
}

/* NetrWkstaGetInfo, opnum 0 (MS-WKST 3.2.4.1). */
static uint32_t workstation_get_info(struct tb_rpc_call *call)
{
    struct tb_ndr_writer *w = call->out;

    tb_ndr_read_unique_string(call->in);
    uint32_t level = tb_ndr_read_u32(call->in), result = TB_WERROR_OK;
    if (level < 100 || level > 102)
        result = TB_WERROR_INVALID_LEVEL;
    else if (level == 102 && !call->environment->administrator)
        result = TB_WERROR_ACCESS_DENIED;
    tb_ndr_write_u32(w, level);
    if (level >= 100 && (level <= 102 || level >= 502)) /* the union has an arm */
        tb_ndr_write_pointer(w, result == TB_WERROR_OK);
    if (result == TB_WERROR_OK)
        write_workstation_info(w, level, call->environment);
    tb_ndr_write_u32(w, result);
    return 0;
}

static tb_rpc_operation *const operations[] = {workstation_get_info};

const struct tb_rpc_interface tb_rpc_wkssvc = {
    .name = "wkssvc",
    .syntax = {{0x6BFFD098, 0xA112, 0x3610, {0x98, 0x33, 0x46, 0xC3, 0xF8, 0x7E, 0x34, 0x5A}},
               1,
               0},
    .operations = operations,
    .operation_count = sizeof(operations) / sizeof(operations[0]),
};
