/* The same random operations on names in two directories, which must come to the same.
 *
 *   twins DIRECTORY TWIN SEED OPERATIONS
 *
 * Both must be empty. What fails in one must fail in the other, with the same errno, other than
 * where Windows has one answer for several of POSIX. In the end both hold the same tree. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAMES 7
#define LISTED_MAX 64

struct operation {
    const char *name;
    int (*act)(const char *top, const char *from, const char *to);
    bool loose; /* any errno will do */
};

static uint64_t state;
static unsigned long step, succeeded;
static uint32_t amount;

static uint32_t draw(uint32_t below)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % below;
}

static char *join(char *out, const char *top, const char *name)
{
    snprintf(out, PATH_MAX, "%s/%s", top, name);
    return out;
}

static void draw_path(char *out, size_t length)
{
    static const char *const names[NAMES] = {"one", "two three", "vier.txt", "fünf", "six~1", "Seven", "8"};
    size_t used = 0;
    uint32_t depth = 1 + draw(3);
    for (uint32_t i = 0; i < depth; i++)
        used += (size_t)snprintf(out + used, length - used, "%s%s", i ? "/" : "", names[draw(NAMES)]);
}

static int put(const char *path, int flags)
{
    char data[5000];
    int fd = open(path, O_WRONLY | flags, 0644);
    if (fd < 0)
        return -1;
    for (uint32_t i = 0; i < amount; i++)
        data[i] = (char)(i * 7 + amount);
    bool good = write(fd, data, amount) == (ssize_t)amount;
    return close(fd) || !good ? -1 : 0;
}

static int op_create(const char *top, const char *from, const char *to)
{
    char path[PATH_MAX];
    (void)to;
    return put(join(path, top, from), O_CREAT | O_EXCL);
}

static int op_replace(const char *top, const char *from, const char *to)
{
    char path[PATH_MAX];
    (void)to;
    return put(join(path, top, from), O_CREAT | O_TRUNC);
}

static int op_append(const char *top, const char *from, const char *to)
{
    char path[PATH_MAX];
    (void)to;
    return put(join(path, top, from), O_APPEND);
}

static int op_mkdir(const char *top, const char *from, const char *to)
{
    char path[PATH_MAX];
    (void)to;
    return mkdir(join(path, top, from), 0755);
}

static int op_rmdir(const char *top, const char *from, const char *to)
{
    char path[PATH_MAX];
    (void)to;
    return rmdir(join(path, top, from));
}

static int op_unlink(const char *top, const char *from, const char *to)
{
    char path[PATH_MAX];
    (void)to;
    return unlink(join(path, top, from));
}

static int op_truncate(const char *top, const char *from, const char *to)
{
    char path[PATH_MAX];
    (void)to;
    return truncate(join(path, top, from), amount * 3);
}

static int op_rename(const char *top, const char *from, const char *to)
{
    char path[PATH_MAX], target[PATH_MAX];
    return rename(join(path, top, from), join(target, top, to));
}

/* Result: size, or -1 - which a directory has, too. */
static int op_stat(const char *top, const char *from, const char *to)
{
    char path[PATH_MAX];
    struct stat st;
    (void)to;
    if (stat(join(path, top, from), &st))
        return -1;
    return S_ISDIR(st.st_mode) ? INT_MAX : (int)st.st_size;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t list(const char *path, char *names[LISTED_MAX])
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    size_t count = 0;
    if (!dir)
        return SIZE_MAX;
    while ((entry = readdir(dir)) != NULL && count < LISTED_MAX)
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
            names[count++] = strdup(entry->d_name);
    closedir(dir);
    qsort(names, count, sizeof(*names), by_name);
    return count;
}

/* Result: a checksum of the names. */
static int op_list(const char *top, const char *from, const char *to)
{
    char path[PATH_MAX], *names[LISTED_MAX];
    uint32_t sum = 1;
    (void)to;
    size_t count = list(join(path, top, from), names);
    if (count == SIZE_MAX)
        return -1;
    for (size_t i = 0; i < count; i++) {
        for (const char *c = names[i]; *c; c++)
            sum = sum * 31 + (unsigned char)*c;
        free(names[i]);
    }
    return (int)(sum & INT_MAX);
}

static bool same_file(const char *a, const char *b)
{
    static char left[1 << 20], right[1 << 20];
    int fa = open(a, O_RDONLY), fb = open(b, O_RDONLY);
    ssize_t na = read(fa, left, sizeof(left)), nb = read(fb, right, sizeof(right));
    close(fa);
    close(fb);
    return na >= 0 && na == nb && !memcmp(left, right, (size_t)na);
}

static bool same_tree(const char *a, const char *b)
{
    char *left[LISTED_MAX], *right[LISTED_MAX], path[PATH_MAX], twin[PATH_MAX];
    size_t count = list(a, left), other = list(b, right);
    struct stat sa, sb;
    if (count != other || count == SIZE_MAX)
        return printf("%s: %zd entries, not %zd\n", a, (ssize_t)count, (ssize_t)other), false;
    for (size_t i = 0; i < count; i++) {
        join(path, a, left[i]);
        join(twin, b, right[i]);
        bool good = !strcmp(left[i], right[i]) && !stat(path, &sa) && !stat(twin, &sb) &&
                    S_ISDIR(sa.st_mode) == S_ISDIR(sb.st_mode);
        if (!good || (S_ISDIR(sa.st_mode) ? !same_tree(path, twin) : !same_file(path, twin)))
            return printf("%s differs\n", path), false;
        free(left[i]);
        free(right[i]);
    }
    return true;
}

static bool once(const struct operation *operation, char **argv)
{
    char from[256], to[256];
    draw_path(from, sizeof(from));
    draw_path(to, sizeof(to));
    amount = draw(5000);
    errno = 0;
    int got = operation->act(argv[1], from, to), error = errno;
    errno = 0;
    int wanted = operation->act(argv[2], from, to);
    succeeded += wanted >= 0;
    if (got == wanted && (got >= 0 || operation->loose || error == errno))
        return true;
    printf("step %lu: %s \"%s\" \"%s\": %d (%s), but the twin says %d", step, operation->name, from, to,
           got, got < 0 ? strerror(error) : "", wanted);
    printf(" (%s)\n", wanted < 0 ? strerror(errno) : "");
    return false;
}

int main(int argc, char **argv)
{
    static const struct operation operations[] = {
        {"create", op_create, false},     {"replace", op_replace, false}, {"append", op_append, false},
        {"mkdir", op_mkdir, false},       {"mkdir", op_mkdir, false},     {"rmdir", op_rmdir, false},
        {"unlink", op_unlink, false},     {"rename", op_rename, true},    {"rename", op_rename, true},
        {"truncate", op_truncate, false}, {"stat", op_stat, false},       {"list", op_list, false},
        {"create", op_create, false},
    };
    if (argc < 5)
        return 2;
    state = strtoull(argv[3], NULL, 10);
    for (step = 1; step <= strtoul(argv[4], NULL, 10); step++)
        if (!once(&operations[draw(sizeof(operations) / sizeof(operations[0]))], argv))
            return 1;
    if (!same_tree(argv[1], argv[2]))
        return 1;
    printf("%lu operations, %lu of them succeeded, the trees are the same\n", step - 1, succeeded);
    return 0;
}
