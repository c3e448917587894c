#include "core/claim.h"

#include <assert.h>
#include <string.h>

#include "core/server_internal.h"

void tb_claim_init(struct tb_claim *claim, struct tb_share *share, char *folded, bool exclusive,
                   bool subtree)
{
    *claim = (struct tb_claim){
        .share = share, .folded = folded, .exclusive = exclusive, .subtree = subtree};
    tb_list_init(&claim->in_order);
    tb_list_init(&claim->in_renaming);
}

static bool is_beneath(const char *path, const char *ancestor)
{
    size_t length = strlen(ancestor);
    return length == 0 ? path[0] != '\0'
                       : strncmp(path, ancestor, length) == 0 && path[length] == '/';
}

static bool conflict(const struct tb_claim *a, const struct tb_claim *b)
{
    if ((a->exclusive || b->exclusive) && strcmp(a->folded, b->folded) == 0)
        return true;
    return (a->subtree && is_beneath(b->folded, a->folded)) ||
           (b->subtree && is_beneath(a->folded, b->folded));
}

/* Whether an older claim stands in the way. */
static bool blocked(const struct tb_claim *claim) TB_INSIDE
{
    struct tb_share *share = claim->share;
    if (claim->subtree) {
        tb_list_for_each (i, &share->claims_in_order) {
            const struct tb_claim *other = tb_container(i, struct tb_claim, in_order);
            if (other->order >= claim->order)
                break;
            if (conflict(claim, other))
                return true;
        }
        return false;
    }
    for (struct tb_table_entry *e = tb_table_find(&share->claims, claim->by_name.key); e;
         e = tb_table_find_next(e)) {
        const struct tb_claim *other = tb_container(e, struct tb_claim, by_name);
        if (other->order < claim->order && conflict(claim, other))
            return true;
    }
    tb_list_for_each (i, &share->renaming) {
        const struct tb_claim *other = tb_container(i, struct tb_claim, in_renaming);
        if (other->order < claim->order && conflict(claim, other))
            return true;
    }
    return false;
}

bool tb_claim_take(struct tb_claim *claim, struct tb_task *task)
{
    struct tb_share *share = claim->share;
    assert(!claim->queued);
    claim->queued = true;
    claim->order = ++share->next_claim;
    uint64_t key = tb_hash_bytes(share->server->hash_key, claim->folded, strlen(claim->folded));
    tb_table_insert(&share->claims, &claim->by_name, key);
    tb_list_append(&share->claims_in_order, &claim->in_order);
    if (claim->subtree)
        tb_list_append(&share->renaming, &claim->in_renaming);
    claim->held = !blocked(claim);
    if (claim->held)
        return true;
    claim->waiter = task;
    share->claims_waiting++;
    return false;
}

void tb_claim_await(struct tb_claim *claim, struct tb_task *task)
{
    assert(claim->queued && !claim->held && !claim->waiter);
    claim->waiter = task;
}

static void hand_on(struct tb_share *share) TB_INSIDE
{
    if (share->claims_waiting == 0)
        return;
    tb_list_for_each (i, &share->claims_in_order) {
        struct tb_claim *claim = tb_container(i, struct tb_claim, in_order);
        if (claim->held || blocked(claim))
            continue;
        claim->held = true;
        share->claims_waiting--;
        if (claim->waiter)
            tb_task_ready(claim->waiter);
    }
}

void tb_claim_drop(struct tb_claim *claim)
{
    if (!claim->queued)
        return;
    struct tb_share *share = claim->share;
    if (!claim->held)
        share->claims_waiting--;
    claim->queued = claim->held = false;
    tb_table_remove(&share->claims, &claim->by_name);
    tb_list_remove(&claim->in_order);
    tb_list_remove(&claim->in_renaming);
    hand_on(share);
}
