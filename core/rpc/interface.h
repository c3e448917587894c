/* An RPC interface: a table of operations, and what they may know of the server. */
#ifndef TB_RPC_INTERFACE_H
#define TB_RPC_INTERFACE_H

#include "core/rpc/ndr.h"
#include "core/rpc/pdu.h"

/* Share types (MS-SRVS 2.2.2.4). */
#define TB_RPC_SHARE_DISK      0x00000000u
#define TB_RPC_SHARE_PRINTER   0x00000001u
#define TB_RPC_SHARE_IPC       0x00000003u
#define TB_RPC_SHARE_SPECIAL   0x80000000u
#define TB_RPC_SHARE_UNLIMITED UINT32_MAX

struct tb_rpc_share {
    const char *name;
    const char *comment; /* may be NULL */
    const char *path;    /* as shown to clients, "C:\data" or so; may be NULL */
    uint32_t type;       /* TB_RPC_SHARE_… */
    uint32_t uses_max;   /* TB_RPC_SHARE_UNLIMITED: no limit */
    uint32_t uses;
    uint32_t flags; /* SHI1005 flags (MS-SRVS 2.2.4.29): caching, access based enumeration, … */
};

/* What one call may know. Owned by the caller, valid during one call; all text is UTF-8. */
struct tb_rpc_environment {
    /* In a stable order: those that enumerations list, and behind them those that only answer to
     * their name. */
    const struct tb_rpc_share *shares;
    size_t share_count, hidden_count;
    const char *server_name; /* NetBIOS name, upper case */
    const char *domain;      /* or workgroup */
    const char *comment;
    uint64_t now_filetime;
    uint64_t uptime_ms;
    uint32_t version_major, version_minor; /* of Windows, as told: 10, 0 */
    bool administrator;                    /* others are refused security and server details */
};

/* Win32 and network errors that operations return in their last argument. */
enum {
    TB_WERROR_OK = 0,
    TB_WERROR_ACCESS_DENIED = 5,
    TB_WERROR_NOT_SUPPORTED = 50,
    TB_WERROR_INVALID_PARAMETER = 87,
    TB_WERROR_CALL_NOT_IMPLEMENTED = 120,
    TB_WERROR_INVALID_NAME = 123,
    TB_WERROR_INVALID_LEVEL = 124,
    TB_WERROR_MORE_DATA = 234,
    TB_WERROR_NET_NAME_NOT_FOUND = 2310,
};

struct tb_rpc_call {
    const struct tb_rpc_environment *environment;
    struct tb_ndr_reader *in;
    struct tb_ndr_writer *out;
};

/* Decodes the arguments, does the work, encodes the results. Returns 0, or the status of a fault,
 * after which what it wrote is thrown away. A failed reader or writer makes a fault by itself. */
typedef uint32_t tb_rpc_operation(struct tb_rpc_call *call);

struct tb_rpc_interface {
    const char *name;
    struct tb_rpc_syntax syntax;
    tb_rpc_operation *const *operations; /* by number; NULL where there is none */
    uint16_t operation_count;
};

extern const struct tb_rpc_interface tb_rpc_srvsvc;
extern const struct tb_rpc_interface tb_rpc_wkssvc;

#endif
