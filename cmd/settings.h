/* What `tombolo serve` is to do, from its command line and its configuration file.
 *
 * Functions that return false have left an explanation in settings->message. */
#ifndef TB_CMD_SETTINGS_H
#define TB_CMD_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/env.h"
#include "core/server.h"

#define TB_SANDBOX_ADDRESS "127.0.0.1:4445"
#define TB_SANDBOX_SHARE   "sandbox"
#define TB_SANDBOX_USER    "tombolo"

#define TB_USERS_FILE_ROOT "/etc/tombolo.users"

/* Texts, NULL-terminated; `items` is NULL when there is none. */
struct tb_texts {
    char **items;
    size_t count;
};

/* A key that has not been given, where that means something else than yes or no. */
enum tb_choice { TB_CHOICE_DEFAULT, TB_CHOICE_NO, TB_CHOICE_YES };

struct tb_share_settings {
    char *name, *comment;
    char *exporter;      /* "memory:,size=1G"; NULL: not said */
    char *path;          /* and then this directory is served */
    char *specification; /* what tb_exporter_make() takes; made by tb_settings_complete() */
    unsigned create_mask, force_create_mode, directory_mask, force_directory_mode;
    bool follow_symlinks, wide_links;
    bool read_only, guest_ok, browseable, available;
    bool printer; /* not available, with a warning */
    enum tb_encryption_policy encryption;
    unsigned connections_max; /* 0: any number */
    char *veto_files, *hide_files; /* "/pattern/pattern/"; NULL: none */
    bool delete_veto_files;
    enum tb_choice hide_dot_files; /* DEFAULT: yes with `path`, no with other exporters */
    char *force_user, *force_group;
    char *name_mapping; /* "windows" or "plain"; NULL: mapped */
    /* Names, or "@" and the name of a group. */
    struct tb_texts valid_users, invalid_users, read_list, write_list, admin_users;
};

struct tb_settings {
    struct tb_texts listen;            /* "ADDR:PORT" */
    struct tb_texts interfaces, ports; /* what `listen` is made of when it is empty */
    struct tb_texts users;             /* "NAME:PASSWORD"; wiped when freed */
    struct tb_texts users_files;
    struct tb_share_settings **shares;
    size_t share_count;
    struct tb_share_settings share_default; /* what a [share] of the file begins with */
    char *state, *name, *workgroup, *comment;
    enum tb_signing_policy signing;
    enum tb_encryption_policy encryption;
    uint16_t dialect_min, dialect_max;
    struct tb_texts admin_users; /* of [global]: administrators of the server */
    unsigned threads; /* 0: one for each processor */
    enum tb_log_level log_level;
    char message[1024];
};

void tb_settings_init(struct tb_settings *settings);
void tb_settings_clear(struct tb_settings *settings);

/* Writes the message; false, for `return tb_settings_fail(…)`. */
bool tb_settings_fail(struct tb_settings *settings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A warning, at once, on standard error. */
void tb_settings_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The share of that name, made when there is none yet; NULL: it cannot have that name. */
struct tb_share_settings *tb_settings_share(struct tb_settings *settings, const char *name);
/* What a share is when nothing is said. */
struct tb_share_settings tb_share_defaults(void);
/* Free what it has, and zero it. */
void tb_share_clear(struct tb_share_settings *share);
/* Make `share` like `from`, but for its name. */
void tb_share_copy(struct tb_share_settings *share, const struct tb_share_settings *from);
bool tb_share_is_posix(const struct tb_share_settings *share);
/* Forget a share, if it is there. */
void tb_settings_drop_share(struct tb_settings *settings, const char *name);

/* A share from the command line: "NAME=EXPORTER:ARG[,option…]"; one of the same name is replaced.
 * The options that all shares have are taken out, the others are the exporter's. */
bool tb_settings_add_share(struct tb_settings *settings, const char *text);
/* The part behind "NAME=". */
bool tb_share_set_exporter(struct tb_settings *settings, struct tb_share_settings *share,
                           const char *text);

/* A share of that name, or NULL. */
struct tb_share_settings *tb_settings_find_share(const struct tb_settings *settings,
                                                 const char *name);

/* Make what was given complete: addresses, default names, the sandbox's share. `file`: there was a
 * configuration file, so no share at all is a mistake. */
bool tb_settings_complete(struct tb_settings *settings, bool file);

/* Texts. Without memory the program ends. */
char *tb_text_copy(const char *text);
void tb_text_set(char **text, const char *value);
void tb_texts_add(struct tb_texts *texts, const char *text);
void tb_texts_clear(struct tb_texts *texts);

/* Command line and file say the same things with the same words. */
bool tb_parse_bool(const char *value, bool *out);
bool tb_parse_signing(struct tb_settings *settings, const char *value);
bool tb_parse_encryption(struct tb_settings *settings, const char *value);
bool tb_parse_dialect_min(struct tb_settings *settings, const char *value);
bool tb_parse_dialect_max(struct tb_settings *settings, const char *value);
bool tb_parse_threads(struct tb_settings *settings, const char *value);
bool tb_parse_log_level(struct tb_settings *settings, const char *value);
bool tb_parse_name(struct tb_settings *settings, const char *value);
bool tb_parse_workgroup(struct tb_settings *settings, const char *value);
bool tb_parse_user(struct tb_settings *settings, const char *value);
bool tb_parse_listen(struct tb_settings *settings, const char *value);
bool tb_parse_users_file(struct tb_settings *settings, const char *value);
bool tb_parse_state(struct tb_settings *settings, const char *value);

/* arguments.c. *help: --help was asked for, nothing else counts. Passwords are wiped from
 * `arguments`. */
bool tb_settings_from_arguments(struct tb_settings *settings, char **arguments, bool *help);
void tb_print_serve_help(void);

/* The users file that is meant when none is named, malloc'ed: that of root, or one among the
 * configuration of whoever runs the program. `make`: make the directory if it is missing. */
char *tb_default_users_file(bool make);

/* config_file.c */
bool tb_settings_from_file(struct tb_settings *settings, const char *path);

/* members.c: who is meant by the names in a share's lists, on this machine. */
struct tb_share_members {
    struct tb_texts valid_users, invalid_users, read_list, write_list, admin_users;
    struct tb_credentials force_user; /* its groups are the next field */
    uint32_t groups[TB_GROUPS_MAX];
    uint32_t force_group;
    bool has_force_user, has_force_group, force_group_of_members;
};
/* Names of groups become "@" and their number. What does not exist is warned about, and matches
 * nobody; but a user or a group to be forced must exist: false, with a message. End with
 * tb_members_clear(). */
bool tb_members_find(struct tb_settings *settings, const struct tb_share_settings *share,
                     struct tb_share_members *members);
void tb_members_clear(struct tb_share_members *members);
/* The same for one list; `where` is for warnings. */
void tb_members_resolve(const struct tb_texts *from, struct tb_texts *to, const char *where);

#endif
