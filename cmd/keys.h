/* The keys of the configuration file.
 *
 * A key is looked up in its normal form: lower case, one blank between words. */
#ifndef TB_CMD_KEYS_H
#define TB_CMD_KEYS_H

#include "cmd/settings.h"

typedef bool tb_set_global(struct tb_settings *settings, const char *value);
typedef bool tb_set_share(struct tb_settings *settings, struct tb_share_settings *share,
                          const char *value);

/* A key may stand in [global], in a share's section, or in both; what stands in [global] and has
 * only set_share is the default of the shares that follow. */
struct tb_key {
    const char *name;
    tb_set_global *set_global;
    tb_set_share *set_share;
};

/* NULL when Tombolo has no such key. */
const struct tb_key *tb_key_find(const char *name);

/* Samba's keys without effect, which are only warned about; NULL-terminated. */
extern const char *const tb_samba_keys[];
bool tb_key_is_sambas(const char *name);

/* Why a key of Samba's is refused: ignoring it would allow more than the file says. NULL for any
 * other key. */
const char *tb_key_refusal(const char *name);

/* The key that was probably meant, or NULL. */
const char *tb_key_nearest(const char *name);

#endif
