/* The keys of the configuration file.
 *
 * A key is looked up without its blanks, and in lower case. */
#ifndef TB_CMD_KEYS_H
#define TB_CMD_KEYS_H

#include <stdio.h>

#include "cmd/settings.h"

typedef bool tb_set_global(struct tb_settings *settings, const char *value);
/* Writes lines "key = value", or none. */
typedef void tb_show_global(const struct tb_settings *settings, const char *key, FILE *to);

/* What a key of a share is, and how its value is written. */
enum tb_key_kind {
    TB_KEY_NOT_SHARES,
    TB_KEY_FLAG,     /* bool */
    TB_KEY_NEGATED,  /* bool, the other way round */
    TB_KEY_CHOICE,   /* enum tb_choice */
    TB_KEY_TEXT,     /* char *, with substitutions */
    TB_KEY_PATH,     /* char *, a path that begins with "/" */
    TB_KEY_NAME,     /* char * */
    TB_KEY_PATTERNS, /* char *, "/pattern/pattern/" */
    TB_KEY_MODE,     /* unsigned, octal */
    TB_KEY_COUNT,    /* unsigned */
    TB_KEY_NAMES,    /* struct tb_texts */
    TB_KEY_ENCRYPTION,
    TB_KEY_MAPPING, /* char *, a word; NULL: "mapped" */
    TB_KEY_EXPORTER,
    TB_KEY_COPY, /* of another section */
};

/* A key may stand in [global], in a share's section, or in both; what stands in [global] and is
 * only a share's is the default of the shares that follow. */
struct tb_key {
    const char *name;
    tb_set_global *set_global;
    tb_show_global *show_global;
    enum tb_key_kind kind;
    size_t offset; /* of the field in struct tb_share_settings */
    unsigned flags;
};

#define TB_KEY_ALIAS      1u /* shown under another name */
#define TB_KEY_POSIX_ONLY 2u /* means something for directory trees only */
#define TB_KEY_FILE_ONLY  4u /* no option behind --share */

extern const struct tb_key tb_keys[];
extern const size_t tb_key_count;

/* NULL when Tombolo has no such key. */
const struct tb_key *tb_key_find(const char *name);
/* Whether `text` and `key` are the same but for case and what stands between words: blanks, '-' and
 * '_'. */
bool tb_key_is(const char *text, size_t length, const char *key);

/* share_keys.c */
bool tb_key_set_share(struct tb_settings *settings, struct tb_share_settings *share,
                      const struct tb_key *key, const char *value);
/* One line "key = value", as it can be read again. */
void tb_key_show_share(const struct tb_share_settings *share, const struct tb_key *key, FILE *to);
/* Write "key = value", in quotes if it needs them. */
void tb_key_print(FILE *to, const char *key, const char *value);
/* The same for a value that tb_substitute() has made; NULL is "". */
void tb_key_print_text(FILE *to, const char *key, const char *value);
/* The next of a list's words, which blanks and commas part, and quotes keep together; it is cut out
 * of *rest. NULL at the end. */
char *tb_next_word(char **rest);

/* substitute.c: `value` with %h (the host), %v (the version), %L and %D (the server and its
 * workgroup, as far as they are known by now), %S (the share, if `share` is not NULL) and %%
 * replaced; malloc'ed. NULL, with a message, when it has a % that is another for each client. */
char *tb_substitute(struct tb_settings *settings, const char *share, const char *value);

/* Samba's keys without effect, which are only warned about; NULL-terminated. */
extern const char *const tb_samba_keys[];
bool tb_key_is_sambas(const char *name);

/* Why a key of Samba's is refused: ignoring it would allow more than the file says. NULL for any
 * other key. */
const char *tb_key_refusal(const char *name);

/* The key that was probably meant, or NULL. */
const char *tb_key_nearest(const char *name);

/* global_keys.c */
tb_set_global tb_set_server_string, tb_add_listen, tb_set_interfaces, tb_set_ports,
    tb_set_bind_only, tb_set_admin_users;
tb_show_global tb_show_listen, tb_show_name, tb_show_workgroup, tb_show_server_string,
    tb_show_signing, tb_show_encryption, tb_show_dialect_min, tb_show_dialect_max,
    tb_show_users_files, tb_show_state, tb_show_threads, tb_show_log_level, tb_show_admin_users;

#endif
