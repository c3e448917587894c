/* The server's own state. */
#ifndef TB_SERVER_INTERNAL_H
#define TB_SERVER_INTERNAL_H

#include "core/list.h"
#include "core/nt/hash.h"
#include "core/payload.h"
#include "core/server.h"
#include "core/share.h"
#include "core/table.h"

#define TB_LOOPS_MAX 64

struct tb_server {
    struct tb_server_config config; /* its strings are the server's copies */
    struct tb_env env;
    struct tb_auth auth;
    struct tb_hash_key hash_key;
    uint32_t machine_sid[3]; /* S-1-5-21-a-b-c, from the GUID */
    uint64_t start_filetime;
    bool any_guest, any_encrypt; /* some share allows or demands it */
    struct tb_list shares; /* fixed while serving */
    struct tb_share *ipc;
    struct tb_loop *loops[TB_LOOPS_MAX];
    unsigned loop_count;

    bool stopping TB_GUARDED;
    uint64_t wake_mask TB_GUARDED; /* loops to be woken when the section is left */
    struct tb_loop *inside TB_GUARDED; /* the loop that is running steps */
    struct tb_table sessions_by_id TB_GUARDED;
    struct tb_list sessions TB_GUARDED;
    struct tb_table opens TB_GUARDED;
    uint64_t next_conn_id TB_GUARDED, next_file_id TB_GUARDED, next_async_id TB_GUARDED;
    /* Counts for limits and tb_server_count(). */
    uint64_t conn_count TB_GUARDED, tree_count TB_GUARDED, open_count TB_GUARDED;
    uint64_t node_count TB_GUARDED, lock_count TB_GUARDED, parked_count TB_GUARDED;
    uint64_t closing_count TB_GUARDED; /* opens whose closing goes on */
    uint64_t session_count TB_GUARDED; /* with those that only references keep */
    uint64_t request_count TB_GUARDED;
};

#endif
