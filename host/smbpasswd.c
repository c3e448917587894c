/* Accounts from files in the format of smbpasswd(5). */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/crypto/digest.h"
#include "host/env.h"
#include "host/errno.h"
#include "host/users_internal.h"

enum { FIELD_NAME, FIELD_UID, FIELD_LM, FIELD_NT, FIELD_FLAGS, FIELD_COUNT };

#define HASH_DIGITS 32
#define MALFORMED   TB_INVALID_PARAMETER

static bool parse_hash(const char *digits, uint8_t hash[16])
{
    if (strlen(digits) != HASH_DIGITS || strspn(digits, "0123456789abcdefABCDEF") != HASH_DIGITS)
        return false;
    for (size_t i = 0; i < 16; i++) {
        char pair[3] = {digits[2 * i], digits[2 * i + 1], 0};
        hash[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return true;
}

/* "XXXX…" or "NO PASSWORDXXXX…": no hash is known. */
static bool is_no_hash(const char *field)
{
    return strlen(field) == HASH_DIGITS &&
           (strspn(field, "X") == HASH_DIGITS || strncmp(field, "NO PASSWORD", 11) == 0);
}

static bool parse_uid(const char *field, uint32_t *uid)
{
    if (!isdigit((unsigned char)field[0]) || strlen(field) > 10)
        return false;
    char *end;
    unsigned long long value = strtoull(field, &end, 10);
    *uid = (uint32_t)value;
    return !*end && value < UINT32_MAX;
}

/* "[UD         ]": letters and blanks in brackets. */
static bool are_flags(const char *field)
{
    size_t length = strlen(field);
    return length >= 2 && field[0] == '[' && field[length - 1] == ']' &&
           strspn(field + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ ") == length - 2;
}

/* Cut a line at its colons; the number of fields found, at most FIELD_COUNT. */
static size_t split(char *line, char *fields[FIELD_COUNT])
{
    size_t count = 0;
    for (char *rest = line; rest && count < FIELD_COUNT; count++)
        fields[count] = strsep(&rest, ":");
    return count;
}

static const char *what_is_wrong(char *const fields[FIELD_COUNT], size_t count,
                                 struct tb_account *account, uint32_t *uid)
{
    if (count < FIELD_COUNT)
        return "expected name:uid:LM hash:NT hash:[flags]:LCT-time:";
    if (!parse_uid(fields[FIELD_UID], uid))
        return "the second field must be a uid";
    if (!are_flags(fields[FIELD_FLAGS]))
        return "the fifth field must be flags in brackets, as in [U          ]";
    if (is_no_hash(fields[FIELD_NT]))
        account->disabled = true;
    else if (!parse_hash(fields[FIELD_NT], account->nt_hash))
        return "the fourth field must be an NT hash, 32 hexadecimal digits";
    return NULL;
}

/* One line that is an account. On failure `reason` says why, without file and line. */
static enum tb_error add_line(struct tb_accounts *accounts, const char *domain, char *line,
                              char *reason, size_t size)
{
    char *fields[FIELD_COUNT];
    struct tb_account account = {0};
    uint32_t uid;
    size_t count = split(line, fields);
    const char *wrong = what_is_wrong(fields, count, &account, &uid);
    if (wrong) {
        snprintf(reason, size, "%s", wrong);
        return MALFORMED;
    }
    if (strpbrk(fields[FIELD_FLAGS], "WSI"))
        return TB_OK;
    enum tb_error error = tb_users_check_name(fields[FIELD_NAME], reason, size);
    if (error)
        return error;
    if (strpbrk(fields[FIELD_FLAGS], "DN"))
        account.disabled = true;
    snprintf(account.identity.user, sizeof(account.identity.user), "%s", fields[FIELD_NAME]);
    snprintf(account.identity.domain, sizeof(account.identity.domain), "%s", domain);
    tb_users_identify(&account.identity, &uid);
    error = tb_accounts_put(accounts, &account);
    tb_wipe(account.nt_hash, sizeof(account.nt_hash));
    if (error)
        snprintf(reason, size, "%s", tb_error_text(error));
    return error;
}

static bool is_blank(const char *line)
{
    line += strspn(line, " \t\r");
    return !*line || *line == '#';
}

enum tb_error tb_smbpasswd_read(FILE *file, const char *path, const char *domain,
                                struct tb_accounts *accounts, char *message, size_t size)
{
    char line[1024], reason[256];
    enum tb_error error = TB_OK;
    for (unsigned number = 1; !error && fgets(line, sizeof(line), file); number++) {
        size_t length = strcspn(line, "\n");
        if (line[length] != '\n' && !feof(file)) {
            error = MALFORMED;
            snprintf(reason, sizeof(reason), "the line is too long, or holds a NUL");
        } else {
            line[length] = '\0';
            if (length && line[length - 1] == '\r')
                line[length - 1] = '\0';
            if (!is_blank(line))
                error = add_line(accounts, domain, line, reason, sizeof(reason));
        }
        if (error)
            snprintf(message, size, "%s, line %u: %s", path, number, reason);
    }
    tb_wipe(line, sizeof(line));
    if (!error && ferror(file)) {
        error = TB_IO_DEVICE_ERROR;
        snprintf(message, size, "%s: %s", path, strerror(EIO));
    }
    return error;
}
