/* Claims: who is doing what with a name (DESIGN: the section orders decisions, not effects).
 *
 * A request that may create, rename or remove a name claims (share, folded path) exclusively before
 * its first exporter call and gives it back after the last; one that only opens an existing name
 * claims it shared. Waiters are served in order. A directory's rename or removal (`subtree`) also
 * excludes claims beneath it.
 *
 * Several claims of one request are queued in the same moment, and none while it holds others: so
 * whoever waits waits for older requests only, and claims cannot deadlock. */
#ifndef TB_CLAIM_H
#define TB_CLAIM_H

#include "core/list.h"
#include "core/section.h"
#include "core/share.h"
#include "core/task.h"

struct tb_claim {
    struct tb_table_entry by_name; /* in share->claims */
    struct tb_list in_order;       /* all claims of the share, oldest first */
    struct tb_list in_renaming;
    uint64_t order;
    struct tb_share *share;
    char *folded; /* owned by the claim's owner; a path folded by tb_name_fold */
    bool exclusive, subtree, held, queued;
    struct tb_task *waiter; /* to be woken when it is held; may be NULL */
};

/* Prepare a claim on `folded`, which stays the caller's and must outlive it. */
void tb_claim_init(struct tb_claim *claim, struct tb_share *share, char *folded, bool exclusive,
                   bool subtree);

/* Queue it; true when it is held at once. Otherwise `task` becomes ready when it is: end the step
 * with tb_task_wait(). With `task` NULL nobody is told; see tb_claim_await(). */
bool tb_claim_take(struct tb_claim *claim, struct tb_task *task) TB_INSIDE;

/* For a claim that is queued and not held: `task` becomes ready when it is. Of several claims of a
 * request only one at a time may wake its task. */
void tb_claim_await(struct tb_claim *claim, struct tb_task *task) TB_INSIDE;

/* Give it back, or stop waiting; harmless when it is not queued. */
void tb_claim_drop(struct tb_claim *claim) TB_INSIDE;

#endif
