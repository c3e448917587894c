#include "core/session.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/loop_internal.h"
#include "core/open.h"
#include "core/server_internal.h"
#include "core/tree.h"

/* Whom guests and the anonymous act as in filesystems. */
#define NOBODY 65534u

/* Enough for every use; the bound is what one session can make the server keep. */
#define IDENTITIES_MAX 16

struct held_identity {
    struct tb_list in_session;
    struct tb_identity identity;
};

/* 32 bits, as some clients keep no more. */
static uint64_t new_session_id(struct tb_server *server) TB_INSIDE
{
    uint32_t id;
    do
        tb_env_random(&server->env, TB_RANDOM_SESSION_ID, &id, sizeof(id));
    while (id == 0 || id == UINT32_MAX || tb_table_find(&server->sessions_by_id, id));
    return id;
}

enum tb_error tb_session_create(struct tb_server *server, struct tb_session **out)
{
    struct tb_session *session = calloc(1, sizeof(*session));
    if (!session)
        return TB_NO_MEMORY;
    session->server = server;
    session->references = 1;
    session->state = TB_SESSION_IN_PROGRESS;
    tb_list_init(&session->trees);
    tb_list_init(&session->opens);
    tb_list_init(&session->identities);
    tb_table_insert(&server->sessions_by_id, &session->by_id, new_session_id(server));
    tb_list_append(&server->sessions, &session->in_server);
    server->session_count++;
    *out = session;
    return TB_OK;
}

struct tb_session *tb_session_find(struct tb_server *server, uint64_t session_id)
{
    struct tb_table_entry *entry = tb_table_find(&server->sessions_by_id, session_id);
    return entry ? tb_container(entry, struct tb_session, by_id) : NULL;
}

struct tb_session *tb_session_hold(struct tb_session *session)
{
    assert(session->references > 0);
    session->references++;
    return session;
}

void tb_session_release(struct tb_session *session)
{
    if (--session->references > 0)
        return;
    assert(session->state == TB_SESSION_DEAD);
    assert(tb_list_empty(&session->trees) && tb_list_empty(&session->opens));
    session->server->session_count--;
    tb_session_keys_wipe(&session->keys);
    struct tb_list *node;
    while ((node = tb_list_take(&session->identities)))
        free(tb_container(node, struct held_identity, in_session));
    free(session);
}

static bool same_identity(const struct tb_identity *a, const struct tb_identity *b)
{
    return strcmp(a->user, b->user) == 0 && strcmp(a->domain, b->domain) == 0 &&
           a->relative_id == b->relative_id && a->uid == b->uid && a->gid == b->gid &&
           a->administrator == b->administrator && a->group_count == b->group_count &&
           memcmp(a->groups, b->groups, a->group_count * sizeof(a->groups[0])) == 0;
}

/* The session's own copy of an identity, which is one of an earlier authentication if it can. */
static enum tb_error hold_identity(struct tb_session *session, const struct tb_identity *identity,
                                   const struct tb_identity **held) TB_INSIDE
{
    unsigned count = 0;
    tb_list_for_each (i, &session->identities) {
        *held = &tb_container(i, struct held_identity, in_session)->identity;
        if (same_identity(*held, identity))
            return TB_OK;
        count++;
    }
    if (count >= IDENTITIES_MAX)
        return TB_INSUFFICIENT_RESOURCES;
    struct held_identity *fresh = calloc(1, sizeof(*fresh));
    if (!fresh)
        return TB_NO_MEMORY;
    fresh->identity = *identity;
    tb_list_append(&session->identities, &fresh->in_session);
    *held = &fresh->identity;
    return TB_OK;
}

enum tb_error tb_session_become(struct tb_session *session, const struct tb_identity *identity,
                                bool guest, bool anonymous)
{
    struct tb_identity named = *identity;
    if (guest || anonymous) {
        /* Never uid 0, which is what an identity that nobody has filled in says. */
        named.uid = named.gid = NOBODY;
        named.group_count = 0;
    }
    const struct tb_identity *held;
    enum tb_error error = hold_identity(session, &named, &held);
    if (error != TB_OK)
        return error;
    session->guest = guest;
    session->anonymous = anonymous;
    session->identity = held;
    session->credentials = (struct tb_credentials){
        .uid = held->uid,
        .gid = held->gid,
        .group_count = held->group_count,
        .groups = held->groups,
    };
    tb_list_for_each (i, &session->trees)
        tb_tree_assess(tb_container(i, struct tb_tree, in_session));
    return TB_OK;
}

void tb_session_end(struct tb_session *session)
{
    if (session->state == TB_SESSION_DEAD)
        return;
    struct tb_server *server = session->server;
    session->state = TB_SESSION_DEAD;
    tb_table_remove(&server->sessions_by_id, &session->by_id);
    tb_list_remove(&session->in_server);
    tb_list_for_each (i, &session->opens)
        tb_open_close(tb_container(i, struct tb_open, in_session), NULL, server->inside);
    tb_list_for_each (i, &session->trees)
        tb_tree_end(tb_container(i, struct tb_tree, in_session));
    tb_session_release(session);
}

struct tb_sid tb_session_user_sid(const struct tb_session *session)
{
    const uint32_t *machine = session->server->machine_sid;
    if (session->anonymous)
        return TB_SID(5, 7);
    struct tb_sid domain = TB_SID(5, 21, machine[0], machine[1], machine[2]);
    return tb_sid_with_rid(&domain, session->guest ? 501 : session->identity->relative_id);
}
