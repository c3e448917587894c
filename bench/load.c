/* One client's load on an SMB server, through libsmbclient.
 *
 *   load URL USER PASSWORD OPERATION COUNT
 *
 * URL names a share (smb://127.0.0.1:4445/share). Operations:
 *   prepare   make the file "stat", the directory "list" with COUNT files and the file "bulk" of 64
 * MiB stat      stat a file by its path small     create a file, write 1 KiB, close it, delete it
 *   list      list the directory
 *   session   connect, log on, ask for the root, log off
 *   read      read 64 MiB        write     write 64 MiB */
#include <libsmbclient.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BULK_SIZE  (64 << 20)
#define CHUNK_SIZE (1 << 20)

static const char *share, *user, *password;
static char chunk[CHUNK_SIZE];

static void check(int result, const char *what)
{
    if (result < 0) {
        perror(what);
        exit(1);
    }
}

static void answer_credentials(SMBCCTX *context, const char *server, const char *name, char *group,
                               int group_size, char *user_out, int user_size, char *password_out,
                               int password_size)
{
    (void)context, (void)server, (void)name, (void)group, (void)group_size;
    snprintf(user_out, (size_t)user_size, "%s", user);
    snprintf(password_out, (size_t)password_size, "%s", password);
}

static SMBCCTX *context_create(void)
{
    SMBCCTX *context = smbc_new_context();

    if (!context || !smbc_init_context(context)) {
        perror("libsmbclient");
        exit(1);
    }
    smbc_setFunctionAuthDataWithContext(context, answer_credentials);
    smbc_setTimeout(context, 60000);
    return context;
}

static const char *url_of(const char *path)
{
    static char url[2][1024];
    static unsigned next;

    next = 1 - next;
    snprintf(url[next], sizeof(url[next]), "%s/%s", share, path);
    return url[next];
}

static void write_file(SMBCCTX *context, const char *path, size_t size)
{
    SMBCFILE *file =
        smbc_getFunctionOpen(context)(context, url_of(path), O_CREAT | O_TRUNC | O_WRONLY, 0644);

    check(file ? 0 : -1, path);
    for (size_t done = 0; done < size;) {
        size_t part = size - done < sizeof(chunk) ? size - done : sizeof(chunk);
        ssize_t written = smbc_getFunctionWrite(context)(context, file, chunk, part);

        check(written <= 0 ? -1 : 0, "write");
        done += (size_t)written;
    }
    check(smbc_getFunctionClose(context)(context, file), "close");
}

static void read_file(SMBCCTX *context, const char *path, size_t size)
{
    SMBCFILE *file = smbc_getFunctionOpen(context)(context, url_of(path), O_RDONLY, 0);
    size_t done = 0;
    ssize_t part;

    check(file ? 0 : -1, path);
    while ((part = smbc_getFunctionRead(context)(context, file, chunk, sizeof(chunk))) > 0)
        done += (size_t)part;
    check(part < 0 || done != size ? -1 : 0, "read");
    check(smbc_getFunctionClose(context)(context, file), "close");
}

static void stat_file(SMBCCTX *context, const char *path)
{
    struct stat st;

    check(smbc_getFunctionStat(context)(context, url_of(path), &st), "stat");
}

static void list(SMBCCTX *context)
{
    SMBCFILE *directory = smbc_getFunctionOpendir(context)(context, url_of("list"));
    unsigned entries = 0;

    check(directory ? 0 : -1, "opendir");
    while (smbc_getFunctionReaddir(context)(context, directory))
        entries++;
    check(entries > 2 ? 0 : -1, "readdir");
    check(smbc_getFunctionClosedir(context)(context, directory), "closedir");
}

static void small_file(SMBCCTX *context)
{
    write_file(context, "small", 1024);
    check(smbc_getFunctionUnlink(context)(context, url_of("small")), "unlink");
}

static void session(void)
{
    SMBCCTX *context = context_create();

    stat_file(context, "");
    check(smbc_free_context(context, 1), "log off");
}

static void prepare(SMBCCTX *context, int count)
{
    char path[64];

    write_file(context, "stat", 1024);
    check(smbc_getFunctionMkdir(context)(context, url_of("list"), 0755), "mkdir");
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "list/entry number %05d", i);
        write_file(context, path, 0);
    }
    write_file(context, "bulk", BULK_SIZE);
}

static void once(SMBCCTX *context, const char *operation)
{
    if (strcmp(operation, "stat") == 0)
        stat_file(context, "stat");
    else if (strcmp(operation, "small") == 0)
        small_file(context);
    else if (strcmp(operation, "list") == 0)
        list(context);
    else if (strcmp(operation, "session") == 0)
        session();
    else if (strcmp(operation, "read") == 0)
        read_file(context, "bulk", BULK_SIZE);
    else if (strcmp(operation, "write") == 0)
        write_file(context, "written", BULK_SIZE);
    else {
        fprintf(stderr, "load: unknown operation %s\n", operation);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    SMBCCTX *context;
    int count;

    if (argc != 6) {
        fprintf(stderr, "usage: load URL USER PASSWORD OPERATION COUNT\n");
        return 2;
    }
    share = argv[1];
    user = argv[2];
    password = argv[3];
    count = atoi(argv[5]);
    context = context_create();
    if (strcmp(argv[4], "prepare") == 0)
        prepare(context, count);
    else
        for (int i = 0; i < count; i++)
            once(context, argv[4]);
    check(smbc_free_context(context, 1), "log off");
    return 0;
}
