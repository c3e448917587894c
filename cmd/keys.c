#include "cmd/keys.h"

#include <ctype.h>
#include <string.h>

#include "exporters/option.h"

#define SHARES    NULL, NULL
#define AT(field) offsetof(struct tb_share_settings, field)

const struct tb_key tb_keys[] = {
    {"admin users", tb_set_admin_users, tb_show_admin_users, TB_KEY_NAMES, AT(admin_users), 0},
    {"available", SHARES, TB_KEY_FLAG, AT(available), TB_KEY_FILE_ONLY},
    {"bind interfaces only", tb_set_bind_only, NULL, TB_KEY_NOT_SHARES, 0, 0},
    {"browsable", SHARES, TB_KEY_FLAG, AT(browseable), TB_KEY_ALIAS},
    {"browseable", SHARES, TB_KEY_FLAG, AT(browseable), 0},
    {"comment", SHARES, TB_KEY_TEXT, AT(comment), 0},
    {"copy", SHARES, TB_KEY_COPY, 0, TB_KEY_ALIAS | TB_KEY_FILE_ONLY},
    {"create mask", SHARES, TB_KEY_MODE, AT(create_mask), TB_KEY_POSIX_ONLY},
    {"create mode", SHARES, TB_KEY_MODE, AT(create_mask), TB_KEY_POSIX_ONLY | TB_KEY_ALIAS},
    {"delete veto files", SHARES, TB_KEY_FLAG, AT(delete_veto_files), 0},
    {"directory mask", SHARES, TB_KEY_MODE, AT(directory_mask), TB_KEY_POSIX_ONLY},
    {"directory mode", SHARES, TB_KEY_MODE, AT(directory_mask), TB_KEY_POSIX_ONLY | TB_KEY_ALIAS},
    {"exporter", SHARES, TB_KEY_EXPORTER, AT(exporter), TB_KEY_FILE_ONLY},
    {"follow symlinks", SHARES, TB_KEY_FLAG, AT(follow_symlinks), TB_KEY_POSIX_ONLY},
    {"force create mode", SHARES, TB_KEY_MODE, AT(force_create_mode), TB_KEY_POSIX_ONLY},
    {"force directory mode", SHARES, TB_KEY_MODE, AT(force_directory_mode), TB_KEY_POSIX_ONLY},
    {"force group", SHARES, TB_KEY_NAME, AT(force_group), 0},
    {"force user", SHARES, TB_KEY_NAME, AT(force_user), 0},
    {"group", SHARES, TB_KEY_NAME, AT(force_group), TB_KEY_ALIAS | TB_KEY_FILE_ONLY},
    {"guest ok", SHARES, TB_KEY_FLAG, AT(guest_ok), 0},
    {"hide dot files", SHARES, TB_KEY_CHOICE, AT(hide_dot_files), 0},
    {"hide files", SHARES, TB_KEY_PATTERNS, AT(hide_files), 0},
    {"interfaces", tb_set_interfaces, NULL, TB_KEY_NOT_SHARES, 0, 0},
    {"invalid users", SHARES, TB_KEY_NAMES, AT(invalid_users), 0},
    {"listen", tb_add_listen, tb_show_listen, TB_KEY_NOT_SHARES, 0, 0},
    {"log level", tb_parse_log_level, tb_show_log_level, TB_KEY_NOT_SHARES, 0, 0},
    {"max connections", SHARES, TB_KEY_COUNT, AT(connections_max), 0},
    {"max protocol", tb_parse_dialect_max, NULL, TB_KEY_NOT_SHARES, 0, 0},
    {"min protocol", tb_parse_dialect_min, NULL, TB_KEY_NOT_SHARES, 0, 0},
    {"name mapping", SHARES, TB_KEY_MAPPING, AT(name_mapping), TB_KEY_POSIX_ONLY},
    {"netbios name", tb_parse_name, tb_show_name, TB_KEY_NOT_SHARES, 0, 0},
    {"path", SHARES, TB_KEY_PATH, AT(path), TB_KEY_FILE_ONLY},
    {"print ok", SHARES, TB_KEY_FLAG, AT(printer), TB_KEY_ALIAS | TB_KEY_FILE_ONLY},
    {"printable", SHARES, TB_KEY_FLAG, AT(printer), TB_KEY_ALIAS | TB_KEY_FILE_ONLY},
    {"public", SHARES, TB_KEY_FLAG, AT(guest_ok), TB_KEY_ALIAS},
    {"read list", SHARES, TB_KEY_NAMES, AT(read_list), 0},
    {"read only", SHARES, TB_KEY_FLAG, AT(read_only), 0},
    {"server max protocol", tb_parse_dialect_max, tb_show_dialect_max, TB_KEY_NOT_SHARES, 0, 0},
    {"server min protocol", tb_parse_dialect_min, tb_show_dialect_min, TB_KEY_NOT_SHARES, 0, 0},
    {"server signing", tb_parse_signing, tb_show_signing, TB_KEY_NOT_SHARES, 0, 0},
    {"server smb encrypt", tb_parse_encryption, NULL, TB_KEY_ENCRYPTION, AT(encryption),
     TB_KEY_ALIAS},
    {"server string", tb_set_server_string, tb_show_server_string, TB_KEY_NOT_SHARES, 0, 0},
    {"smb encrypt", tb_parse_encryption, tb_show_encryption, TB_KEY_ENCRYPTION, AT(encryption), 0},
    {"smb passwd file", tb_parse_users_file, tb_show_users_files, TB_KEY_NOT_SHARES, 0, 0},
    {"smb ports", tb_set_ports, NULL, TB_KEY_NOT_SHARES, 0, 0},
    {"state directory", tb_parse_state, tb_show_state, TB_KEY_NOT_SHARES, 0, 0},
    {"threads", tb_parse_threads, tb_show_threads, TB_KEY_NOT_SHARES, 0, 0},
    {"user", tb_parse_user, NULL, TB_KEY_NOT_SHARES, 0, 0},
    {"valid users", SHARES, TB_KEY_NAMES, AT(valid_users), 0},
    {"veto files", SHARES, TB_KEY_PATTERNS, AT(veto_files), 0},
    {"wide links", SHARES, TB_KEY_FLAG, AT(wide_links), TB_KEY_POSIX_ONLY},
    {"workgroup", tb_parse_workgroup, tb_show_workgroup, TB_KEY_NOT_SHARES, 0, 0},
    {"writable", SHARES, TB_KEY_NEGATED, AT(read_only), TB_KEY_ALIAS},
    {"write list", SHARES, TB_KEY_NAMES, AT(write_list), 0},
    {"write ok", SHARES, TB_KEY_NEGATED, AT(read_only), TB_KEY_ALIAS},
    {"writeable", SHARES, TB_KEY_NEGATED, AT(read_only), TB_KEY_ALIAS},
};

#define KEY_COUNT (sizeof(tb_keys) / sizeof(tb_keys[0]))
const size_t tb_key_count = KEY_COUNT;

bool tb_key_is(const char *text, size_t length, const char *key)
{
    for (size_t i = 0; i < length; i++) {
        if (strchr(" \t-_", text[i]))
            continue;
        key += *key == ' ';
        if (tolower((unsigned char)text[i]) != *key++)
            return false;
    }
    return !*key;
}

const struct tb_key *tb_key_find(const char *name)
{
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (tb_key_is(name, strlen(name), tb_keys[i].name))
            return &tb_keys[i];
    return NULL;
}

bool tb_key_is_sambas(const char *name)
{
    if (strchr(name, ':')) /* of a module: "idmap config * : backend", "fruit:metadata" */
        return true;
    for (const char *const *key = tb_samba_keys; *key; key++)
        if (strcmp(*key, name) == 0)
            return true;
    return false;
}

const char *tb_key_refusal(const char *name)
{
    static const char *const restricting[] = {"hosts allow", "allow hosts",   "hosts deny",
                                              "deny hosts",  "guest only",
                                              "only guest",  NULL};
    static const char *const elsewhere[] = {"config file", "registry shares", "config backend",
                                            NULL};
    for (const char *const *key = restricting; *key; key++)
        if (strcmp(*key, name) == 0)
            return "it restricts who may do what, which Tombolo would not enforce";
    for (const char *const *key = elsewhere; *key; key++)
        if (strcmp(*key, name) == 0)
            return "Tombolo reads files only; \"include\" reads another one";
    return NULL;
}

const char *tb_key_nearest(const char *name)
{
    const char *names[KEY_COUNT + 1];
    for (size_t i = 0; i < KEY_COUNT; i++)
        names[i] = tb_keys[i].name;
    names[KEY_COUNT] = NULL;
    const char *nearest = tb_option_nearest(name, names);
    return nearest ? nearest : tb_option_nearest(name, tb_samba_keys);
}
