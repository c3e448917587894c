/* A share: a name, an exporter, and the nodes that are open in it. Made before serving starts and
 * freed with the server; the list of shares never changes in between. */
#ifndef TB_SHARE_H
#define TB_SHARE_H

#include "core/exporter.h"
#include "core/nt/hash.h"
#include "core/section.h"
#include "core/table.h"

struct tb_server;

enum tb_share_kind { TB_SHARE_DISK, TB_SHARE_PIPE };

struct tb_share {
    struct tb_list in_server;
    struct tb_server *server;
    enum tb_share_kind kind;
    char *name, *comment;
    /* NULL-terminated, or NULL; see struct tb_share_config. */
    char **valid_users, **invalid_users, **read_list, **write_list, **admin_users;
    struct tb_exporter *exporter; /* NULL for IPC$ */
    struct tb_exporter_capabilities capabilities;
    bool read_only, guest_ok, encrypt, prefer_encryption, hidden;
    uint32_t connections_max;
    bool has_force_user, has_force_group, force_group_of_members;
    struct tb_credentials force_user; /* its groups are owned */
    uint32_t force_group;
    struct tb_table files TB_GUARDED; /* that are open, by file id */
    struct tb_table nodes_by_path TB_GUARDED; /* by hash of the folded path */
    struct tb_list nodes_in_order TB_GUARDED;
    struct tb_table claims TB_GUARDED; /* by hash of the folded path, core/claim.h */
    struct tb_list claims_in_order TB_GUARDED; /* oldest first */
    struct tb_list renaming TB_GUARDED; /* claims of directories being renamed or removed */
    struct tb_list watches TB_GUARDED; /* of all opens in it, core/watch.h */
    uint64_t next_claim TB_GUARDED;
    unsigned claims_waiting TB_GUARDED;
    uint32_t tree_count TB_GUARDED;
};

struct tb_session;
struct tb_share_config;

/* Take over what `config` says, but name, comment and exporter. Errors: NO_MEMORY, after which the
 * share can be freed. */
enum tb_error tb_share_configure(struct tb_share *share, const struct tb_share_config *config);
/* A share by name, folded; NULL. */
struct tb_share *tb_share_find(struct tb_server *server, const char *name);
/* Whether this user may connect, and with what access at most: 0 none. */
uint32_t tb_share_access(const struct tb_share *share,
                         const struct tb_session *session) TB_INSIDE;
/* Who its files are used as. What the answer points at lives as long as session and share. */
struct tb_credentials tb_share_credentials(const struct tb_share *share,
                                           const struct tb_session *session) TB_INSIDE;
void tb_share_free(struct tb_share *share);

#endif
