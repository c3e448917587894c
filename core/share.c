#include "core/share.h"

#include <stdlib.h>

#include "core/nt/access.h"
#include "core/nt/upcase.h"
#include "core/server_internal.h"
#include "core/session.h"
#include "core/wire/smb2.h"

#define ACCESS_READ_ONLY                                                                           \
    (TB_FILE_READ_DATA | TB_FILE_READ_EA | TB_FILE_EXECUTE | TB_FILE_READ_ATTRIBUTES |             \
     TB_READ_CONTROL | TB_SYNCHRONIZE)
#define ACCESS_FULL                                                                                \
    (ACCESS_READ_ONLY | TB_FILE_WRITE_DATA | TB_FILE_APPEND_DATA | TB_FILE_WRITE_EA |              \
     TB_FILE_DELETE_CHILD | TB_FILE_WRITE_ATTRIBUTES | TB_DELETE | TB_WRITE_DAC | TB_WRITE_OWNER)

struct tb_share *tb_share_find(struct tb_server *server, const char *name)
{
    tb_list_for_each (i, &server->shares) {
        struct tb_share *share = tb_container(i, struct tb_share, in_server);
        if (tb_name_equal_folded(share->name, name))
            return share;
    }
    return NULL;
}

static bool is_listed(char *const *users, const char *user)
{
    for (; *users; users++)
        if (tb_name_equal_folded(*users, user))
            return true;
    return false;
}

uint32_t tb_share_access(const struct tb_share *share, const struct tb_session *session)
{
    if (share->kind == TB_SHARE_PIPE)
        return ACCESS_FULL;
    if (session->guest || session->anonymous) {
        if (!share->guest_ok)
            return 0;
    } else if (share->valid_users && !is_listed(share->valid_users, session->identity.user)) {
        return 0;
    }
    return share->read_only || share->capabilities.read_only ? ACCESS_READ_ONLY : ACCESS_FULL;
}

void tb_share_free(struct tb_share *share) TB_ANNOTATE(no_thread_safety_analysis)
{
    if (!share)
        return;
    if (share->files.buckets)
        tb_table_clear(&share->files);
    if (share->nodes_by_path.buckets)
        tb_table_clear(&share->nodes_by_path);
    if (share->claims.buckets)
        tb_table_clear(&share->claims);
    tb_exporter_free(share->exporter);
    for (char **user = share->valid_users; user && *user; user++)
        free(*user);
    free(share->valid_users);
    free(share->name);
    free(share->comment);
    free(share);
}
