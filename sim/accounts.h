/* The accounts of simulated servers, behind auth.h:
 *     user      / password       uid 1000
 *     admin     / Secret-2       uid 0, administrator
 *     Jürgen    / grüße          uid 1001
 *     disabled  / password       ACCOUNT_DISABLED
 * Names are compared without regard to ASCII case. */
#ifndef TB_SIM_ACCOUNTS_H
#define TB_SIM_ACCOUNTS_H

#include "core/auth.h"

/* Fill the result and say what lookup() answers; no side effects. */
enum tb_error tb_sim_account_find(struct tb_auth_lookup *lookup);

#endif
