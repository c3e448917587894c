#include "host/users_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/auth/ntlm_crypto.h"
#include "core/bytes.h"
#include "core/crypto/digest.h"
#include "core/nt/upcase.h"
#include "host/errno.h"
#include "host/users_internal.h"

#define FILE_BYTES_MAX ((size_t)64 << 20)
#define LINE_BYTES_MAX 1024
#define GROWTH_MAX     160 /* of a line that is changed */
#define NO_HASH        "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"
#define FLAGS_WIDTH    11

enum { FIELD_NAME, FIELD_UID, FIELD_LM, FIELD_NT, FIELD_FLAGS, FIELD_TIME, FIELD_COUNT };

/* The file, and what it is to become. */
struct edit {
    const char *path, *name;
    enum tb_users_change change;
    char hash[2 * 16 + 1];
    uint64_t time_s;
    int file; /* locked; -1: not open */
    struct stat status;
    char *text, *result;
    size_t length, result_length, result_capacity;
    bool found;
    char *message;
    size_t size;
};

static enum tb_error fail_errno(const struct edit *edit, const char *what, const char *path)
{
    int number = errno;
    snprintf(edit->message, edit->size, "%s %s: %s", what, path, strerror(number));
    return tb_error_from_errno(number);
}

/* Whoever waited for the lock may hold one of a file that has been replaced. */
static enum tb_error open_locked(struct edit *edit, bool create)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    struct stat now;
    for (;;) {
        edit->file = open(edit->path, O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0), 0600);
        if (edit->file < 0)
            return fail_errno(edit, "cannot open", edit->path);
        while (fcntl(edit->file, F_SETLKW, &lock) < 0)
            if (errno != EINTR)
                return fail_errno(edit, "cannot lock", edit->path);
        if (fstat(edit->file, &edit->status) < 0)
            return fail_errno(edit, "cannot read", edit->path);
        if (stat(edit->path, &now) == 0 && now.st_ino == edit->status.st_ino &&
            now.st_dev == edit->status.st_dev)
            return TB_OK;
        close(edit->file);
        edit->file = -1;
    }
}

static enum tb_error read_text(struct edit *edit)
{
    size_t size = (size_t)edit->status.st_size;
    if (size > FILE_BYTES_MAX) {
        snprintf(edit->message, edit->size, "%s is too large to be a users file", edit->path);
        return TB_INVALID_PARAMETER;
    }
    edit->text = malloc(size + 1);
    if (!edit->text) {
        errno = ENOMEM;
        return fail_errno(edit, "cannot read", edit->path);
    }
    while (edit->length < size) {
        ssize_t got = read(edit->file, edit->text + edit->length, size - edit->length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_errno(edit, "cannot read", edit->path);
        if (got == 0)
            break;
        edit->length += (size_t)got;
    }
    edit->text[edit->length] = '\0';
    return TB_OK;
}

static void put(struct edit *edit, const char *bytes, size_t length)
{
    assert(edit->result_length + length <= edit->result_capacity);
    memcpy(edit->result + edit->result_length, bytes, length);
    edit->result_length += length;
}

/* Fields of a line, without its end; the number found. What stands behind the last stays in it. */
static size_t split(struct tb_span line, struct tb_span fields[FIELD_COUNT])
{
    const char *at = (const char *)line.data;
    size_t left = line.length, count = 0;
    while (count < FIELD_COUNT) {
        const char *colon = count < FIELD_COUNT - 1 ? memchr(at, ':', left) : NULL;
        size_t length = colon ? (size_t)(colon - at) : left;
        fields[count++] = tb_span(at, length);
        if (!colon)
            break;
        at = colon + 1;
        left -= length + 1;
    }
    return count;
}

static bool is_account(struct tb_span line)
{
    size_t blanks = 0;
    while (blanks < line.length && strchr(" \t\r", line.data[blanks]))
        blanks++;
    return blanks < line.length && line.data[blanks] != '#' && line.data[blanks];
}

static bool has_flag(struct tb_span flags, char flag)
{
    return memchr(flags.data, flag, flags.length) != NULL;
}

/* "[UD         ]": those that were there but for `without`, and `with`. */
static void make_flags(struct tb_span flags, const char *without, char with,
                       char to[FLAGS_WIDTH + 28])
{
    size_t length = 0;
    to[length++] = '[';
    for (size_t i = 0; i < flags.length && length < 26; i++)
        if (flags.data[i] >= 'A' && flags.data[i] <= 'Z' && !strchr(without, flags.data[i]) &&
            flags.data[i] != with)
            to[length++] = (char)flags.data[i];
    if (with)
        to[length++] = with;
    while (length < FLAGS_WIDTH + 1)
        to[length++] = ' ';
    to[length++] = ']';
    to[length] = '\0';
}

/* "LCT-5F000000:more": from the colon on. */
static struct tb_span behind_time(struct tb_span field)
{
    size_t length = 0;
    while (length < field.length && field.data[length] != ':' && field.data[length] != '\r')
        length++;
    return tb_span(field.data + length, field.length - length);
}

/* The account's line as it shall be. */
static enum tb_error change_line(struct edit *edit, struct tb_span line)
{
    struct tb_span fields[FIELD_COUNT];
    char flags[FLAGS_WIDTH + 28], text[2 * LINE_BYTES_MAX];
    if (edit->change == TB_USERS_REMOVE)
        return TB_OK;
    if (line.length > LINE_BYTES_MAX || split(line, fields) < FIELD_COUNT) {
        snprintf(edit->message, edit->size, "%s: the line of %s is not one of smbpasswd(5)",
                 edit->path, edit->name);
        return TB_INVALID_PARAMETER;
    }
    bool password = edit->change == TB_USERS_PASSWORD;
    bool disable = edit->change == TB_USERS_DISABLE;
    make_flags(fields[FIELD_FLAGS], password ? "N" : disable ? "" : "D", disable ? 'D' : '\0',
               flags);
    struct tb_span rest = behind_time(fields[FIELD_TIME]);
    const char *start = (const char *)line.data;
    int length =
        password
            ? snprintf(text, sizeof(text), "%.*s" NO_HASH ":%s:%s:LCT-%08" PRIX64 "%.*s",
                       (int)(fields[FIELD_LM].data - line.data), start, edit->hash, flags,
                       edit->time_s, (int)rest.length, (const char *)rest.data)
            : snprintf(text, sizeof(text), "%.*s%s:%.*s",
                       (int)(fields[FIELD_FLAGS].data - line.data), start, flags,
                       (int)fields[FIELD_TIME].length, (const char *)fields[FIELD_TIME].data);
    put(edit, text, (size_t)length);
    put(edit, "\n", 1);
    tb_wipe(text, sizeof(text));
    return TB_OK;
}

static bool is_named(const struct edit *edit, struct tb_span line)
{
    char name[LINE_BYTES_MAX];
    const uint8_t *colon = memchr(line.data, ':', line.length);
    size_t length = colon ? (size_t)(colon - line.data) : line.length;
    if (!is_account(line) || length >= sizeof(name))
        return false;
    memcpy(name, line.data, length);
    name[length] = '\0';
    return tb_name_equal_folded(name, edit->name);
}

static void add_account(struct edit *edit)
{
    struct tb_identity identity = {0};
    char text[LINE_BYTES_MAX];
    snprintf(identity.user, sizeof(identity.user), "%s", edit->name);
    tb_users_identify(&identity, NULL);
    int length = snprintf(text, sizeof(text),
                          "%s:%" PRIu32 ":" NO_HASH ":%s:[U          ]:LCT-%08" PRIX64 ":\n",
                          edit->name, identity.uid, edit->hash, edit->time_s);
    put(edit, text, (size_t)length);
    tb_wipe(text, sizeof(text));
}

static enum tb_error not_there(const struct edit *edit)
{
    snprintf(edit->message, edit->size, "%s: there is no user %s", edit->path, edit->name);
    return TB_OBJECT_NAME_NOT_FOUND;
}

static enum tb_error make_result(struct edit *edit)
{
    enum tb_error error = TB_OK;
    edit->result_capacity = edit->length + 2 * LINE_BYTES_MAX;
    for (size_t i = 0; i < edit->length; i++)
        edit->result_capacity += edit->text[i] == '\n' ? GROWTH_MAX : 0;
    edit->result = malloc(edit->result_capacity);
    if (!edit->result) {
        errno = ENOMEM;
        return fail_errno(edit, "cannot change", edit->path);
    }
    for (size_t at = 0, next; at < edit->length && !error; at = next) {
        const char *end = memchr(edit->text + at, '\n', edit->length - at);
        struct tb_span line =
            tb_span(edit->text + at, (end ? (size_t)(end - edit->text) : edit->length) - at);
        next = at + line.length + 1;
        if (is_named(edit, line)) {
            edit->found = true;
            error = change_line(edit, line);
        } else {
            put(edit, (const char *)line.data, line.length);
            put(edit, "\n", 1);
        }
    }
    if (error || (edit->found && edit->change != TB_USERS_ADD))
        return error;
    if (edit->change != TB_USERS_ADD)
        return not_there(edit);
    add_account(edit);
    return TB_OK;
}

static bool write_all(int file, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t put_now = write(file, bytes, length);
        if (put_now < 0 && errno == EINTR)
            continue;
        if (put_now < 0)
            return false;
        bytes += put_now;
        length -= (size_t)put_now;
    }
    return true;
}

static bool sync_directory(const char *path)
{
    char directory[PATH_MAX];
    const char *slash = strrchr(path, '/');
    snprintf(directory, sizeof(directory), "%.*s", slash ? (int)(slash - path) + 1 : 1,
             slash ? path : ".");
    int file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = file >= 0 && fsync(file) == 0;
    if (file >= 0)
        close(file);
    return good;
}

/* mkostemp() makes it with mode 0600. Its owner stays, as far as this process may say so. */
static enum tb_error replace(struct edit *edit)
{
    char beside[PATH_MAX];
    if (snprintf(beside, sizeof(beside), "%s.XXXXXX", edit->path) >= (int)sizeof(beside)) {
        errno = ENAMETOOLONG;
        return fail_errno(edit, "cannot write", edit->path);
    }
    int file = mkostemp(beside, O_CLOEXEC);
    if (file < 0)
        return fail_errno(edit, "cannot write beside", edit->path);
    bool owned = fchown(file, edit->status.st_uid, edit->status.st_gid) == 0 || geteuid() != 0;
    bool good = owned && write_all(file, edit->result, edit->result_length) && fsync(file) == 0;
    int number = errno;
    good = close(file) == 0 && good && rename(beside, edit->path) == 0;
    if (!good) {
        errno = number ? number : errno;
        enum tb_error error = fail_errno(edit, "cannot write", edit->path);
        unlink(beside);
        return error;
    }
    if (!sync_directory(edit->path))
        return fail_errno(edit, "cannot sync the directory of", edit->path);
    return TB_OK;
}

static void edit_clear(struct edit *edit)
{
    if (edit->file >= 0)
        close(edit->file);
    tb_wipe_and_free(edit->text, edit->length);
    tb_wipe_and_free(edit->result, edit->result_capacity);
    tb_wipe(edit->hash, sizeof(edit->hash));
}

static enum tb_error hash_password(struct edit *edit, const char *password)
{
    uint8_t hash[16];
    enum tb_error error = tb_ntlm_hash_password(password, hash);
    if (error)
        snprintf(edit->message, edit->size, "the password is no valid UTF-8");
    for (size_t i = 0; i < sizeof(hash) && !error; i++)
        snprintf(edit->hash + 2 * i, 3, "%02X", hash[i]);
    tb_wipe(hash, sizeof(hash));
    return error;
}

/* In place of a symbolic link, what it leads to is replaced. */
static enum tb_error run(struct edit *edit, const char *password)
{
    char resolved[PATH_MAX];
    bool add = edit->change == TB_USERS_ADD;
    enum tb_error error = tb_users_check_name(edit->name, edit->message, edit->size);
    if (!error && password)
        error = hash_password(edit, password);
    if (!error && realpath(edit->path, resolved))
        edit->path = resolved;
    if (!error)
        error = open_locked(edit, add);
    if (!error)
        error = read_text(edit);
    if (!error)
        error = make_result(edit);
    if (!error && add && edit->found) {
        snprintf(edit->message, edit->size, "%s: there is a user %s already", edit->path,
                 edit->name);
        error = TB_OBJECT_NAME_COLLISION;
    }
    return error ? error : replace(edit);
}

enum tb_error tb_users_file_change(const char *path, enum tb_users_change change, const char *name,
                                   const char *password, uint64_t time_s, char *message,
                                   size_t size)
{
    struct edit edit = {.path = path,
                        .name = name,
                        .change = change,
                        .time_s = time_s,
                        .file = -1,
                        .message = message,
                        .size = size};
    enum tb_error error = run(&edit, password);
    edit_clear(&edit);
    return error;
}

static void tell_of(char *line, tb_users_file_tell *tell, void *data)
{
    struct tb_span fields[FIELD_COUNT];
    struct tb_span whole = tb_span(line, strlen(line));
    if (!is_account(whole) || split(whole, fields) <= FIELD_FLAGS)
        return;
    struct tb_span flags = fields[FIELD_FLAGS];
    struct tb_users_file_account account = {
        .name = line,
        .disabled = has_flag(flags, 'D'),
        .machine = has_flag(flags, 'W') || has_flag(flags, 'S') || has_flag(flags, 'I'),
        .has_password = !has_flag(flags, 'N') && fields[FIELD_NT].data[0] != 'X'};
    line[fields[FIELD_NAME].length] = '\0';
    tell(data, &account);
}

enum tb_error tb_users_file_list(const char *path, tb_users_file_tell *tell, void *data,
                                 char *message, size_t size)
{
    struct edit edit = {.path = path, .file = -1, .message = message, .size = size};
    edit.file = open(path, O_RDONLY | O_CLOEXEC);
    enum tb_error error = TB_OK;
    if (edit.file < 0 || fstat(edit.file, &edit.status) < 0)
        error = fail_errno(&edit, "cannot open", path);
    if (!error)
        error = read_text(&edit);
    for (char *rest = edit.text, *line; !error && (line = strsep(&rest, "\n"));)
        tell_of(line, tell, data);
    edit_clear(&edit);
    return error;
}
