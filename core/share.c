#include "core/share.h"

#include <stdlib.h>
#include <string.h>

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

static enum tb_error copy_list(const char *const *from, char ***to)
{
    size_t count = 0;
    if (!from)
        return TB_OK;
    while (from[count])
        count++;
    *to = calloc(count + 1, sizeof(char *));
    if (!*to)
        return TB_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        if (!((*to)[i] = strdup(from[i])))
            return TB_NO_MEMORY;
    return TB_OK;
}

static enum tb_error copy_force_user(const struct tb_credentials *from, struct tb_credentials *to)
{
    size_t size = from->group_count * sizeof(*from->groups);
    uint32_t *groups = malloc(size ? size : 1);
    if (!groups)
        return TB_NO_MEMORY;
    if (size)
        memcpy(groups, from->groups, size);
    *to = *from;
    to->groups = groups;
    return TB_OK;
}

enum tb_error tb_share_configure(struct tb_share *share, const struct tb_share_config *config)
{
    share->read_only = config->read_only;
    share->guest_ok = config->guest_ok;
    share->encrypt = config->encrypt;
    share->prefer_encryption = config->prefer_encryption;
    share->hidden = config->hidden;
    share->connections_max = config->connections_max;
    share->has_force_user = config->force_user;
    share->has_force_group = config->force_group;
    share->force_group = config->force_group ? *config->force_group : 0;
    share->force_group_of_members = config->force_group_of_members;
    enum tb_error error = copy_list(config->valid_users, &share->valid_users);
    if (!error)
        error = copy_list(config->invalid_users, &share->invalid_users);
    if (!error)
        error = copy_list(config->read_list, &share->read_list);
    if (!error)
        error = copy_list(config->write_list, &share->write_list);
    if (!error)
        error = copy_list(config->admin_users, &share->admin_users);
    if (!error && config->force_user)
        error = copy_force_user(config->force_user, &share->force_user);
    return error;
}

static bool is_member(const struct tb_credentials *credentials, uint32_t group)
{
    for (uint32_t i = 0; i < credentials->group_count; i++)
        if (credentials->groups[i] == group)
            return true;
    return false;
}

/* Guests have no name that a list could know. */
static bool is_listed(char *const *list, const struct tb_session *session) TB_INSIDE
{
    if (!list || session->guest || session->anonymous)
        return false;
    for (; *list; list++) {
        if (**list == '@' ? is_member(&session->credentials, (uint32_t)strtoul(*list + 1, NULL, 10))
                          : tb_name_equal_folded(*list, session->identity->user))
            return true;
    }
    return false;
}

static bool may_connect(const struct tb_share *share, const struct tb_session *session) TB_INSIDE
{
    if ((session->guest || session->anonymous) && !share->guest_ok)
        return false;
    return !is_listed(share->invalid_users, session) &&
           (!share->valid_users || is_listed(share->valid_users, session));
}

uint32_t tb_share_access(const struct tb_share *share, const struct tb_session *session)
{
    if (share->kind == TB_SHARE_PIPE)
        return ACCESS_FULL;
    if (!may_connect(share, session))
        return 0;
    bool read_only = share->read_only || is_listed(share->read_list, session);
    if (is_listed(share->write_list, session))
        read_only = false;
    return read_only || share->capabilities.read_only ? ACCESS_READ_ONLY : ACCESS_FULL;
}

struct tb_credentials tb_share_credentials(const struct tb_share *share,
                                           const struct tb_session *session)
{
    struct tb_credentials credentials =
        share->has_force_user ? share->force_user : session->credentials;
    if (share->has_force_group &&
        (!share->force_group_of_members || is_member(&session->credentials, share->force_group)))
        credentials.gid = share->force_group;
    if (is_listed(share->admin_users, session))
        credentials.uid = 0;
    return credentials;
}

static void free_list(char **list)
{
    for (char **item = list; item && *item; item++)
        free(*item);
    free(list);
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
    free_list(share->valid_users);
    free_list(share->invalid_users);
    free_list(share->read_list);
    free_list(share->write_list);
    free_list(share->admin_users);
    free((uint32_t *)share->force_user.groups);
    free(share->name);
    free(share->comment);
    free(share);
}
