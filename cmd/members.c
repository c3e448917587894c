/* From the names in a share's lists to numbers of this machine. */
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/settings.h"

/* A group that does not exist: (gid_t)-1 is none. */
#define NO_GROUP "@4294967295"

void tb_members_resolve(const struct tb_texts *from, struct tb_texts *to, const char *where)
{
    for (size_t i = 0; i < from->count; i++) {
        const char *name = from->items[i];
        const struct group *group = *name == '@' ? getgrnam(name + 1) : NULL;
        char number[16] = NO_GROUP;
        if (group)
            snprintf(number, sizeof(number), "@%u", (unsigned)group->gr_gid);
        else if (*name == '@')
            tb_settings_warn("%s: there is no group %s", where, name + 1);
        tb_texts_add(to, *name == '@' ? number : name);
    }
}

static bool find_force_user(struct tb_settings *settings, const struct tb_share_settings *share,
                            struct tb_share_members *members)
{
    if (!share->force_user)
        return true;
    const struct passwd *user = getpwnam(share->force_user);
    if (!user)
        return tb_settings_fail(settings, "share \"%s\": force user: there is no user %s",
                                share->name, share->force_user);
    gid_t groups[TB_GROUPS_MAX];
    int count = TB_GROUPS_MAX;
    if (getgrouplist(user->pw_name, user->pw_gid, groups, &count) < 0)
        count = TB_GROUPS_MAX;
    for (int i = 0; i < count; i++)
        members->groups[i] = groups[i];
    members->force_user = (struct tb_credentials){.uid = user->pw_uid,
                                                  .gid = user->pw_gid,
                                                  .group_count = (uint32_t)count,
                                                  .groups = members->groups};
    members->has_force_user = true;
    return true;
}

/* "+NAME" forces it on its members only. */
static bool find_force_group(struct tb_settings *settings, const struct tb_share_settings *share,
                             struct tb_share_members *members)
{
    if (!share->force_group)
        return true;
    const char *name = share->force_group + strspn(share->force_group, "@+");
    const struct group *group = getgrnam(name);
    if (!group)
        return tb_settings_fail(settings, "share \"%s\": force group: there is no group %s",
                                share->name, name);
    members->has_force_group = true;
    members->force_group = group->gr_gid;
    members->force_group_of_members = strchr(share->force_group, '+') != NULL;
    return true;
}

bool tb_members_find(struct tb_settings *settings, const struct tb_share_settings *share,
                     struct tb_share_members *members)
{
    char where[128];
    *members = (struct tb_share_members){0};
    snprintf(where, sizeof(where), "share \"%s\"", share->name);
    tb_members_resolve(&share->valid_users, &members->valid_users, where);
    tb_members_resolve(&share->invalid_users, &members->invalid_users, where);
    tb_members_resolve(&share->read_list, &members->read_list, where);
    tb_members_resolve(&share->write_list, &members->write_list, where);
    tb_members_resolve(&share->admin_users, &members->admin_users, where);
    if (geteuid() != 0 && (share->force_user || share->force_group))
        tb_settings_warn("%s: \"force user\" and \"force group\" need a server that runs as root",
                         where);
    return find_force_user(settings, share, members) && find_force_group(settings, share, members);
}

void tb_members_clear(struct tb_share_members *members)
{
    tb_texts_clear(&members->valid_users);
    tb_texts_clear(&members->invalid_users);
    tb_texts_clear(&members->read_list);
    tb_texts_clear(&members->write_list);
    tb_texts_clear(&members->admin_users);
}
