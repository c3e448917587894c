#include "exporters/tests/tree.h"

#include "exporters/posix/posix.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CALLER_UID 1234
#define CALLER_GID 5678

char tree_root[64];
static struct world world;
static int descriptors;

static int count_descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    int count = 0;
    ck_assert_ptr_nonnull(directory);
    while (readdir(directory))
        count++;
    closedir(directory);
    return count;
}

struct tb_exporter *tree_start_with(const char *option)
{
    const char *options[] = {option, NULL};
    const char *where = getenv("TMPDIR");
    char message[200] = "";
    struct tb_exporter *exporter;

    world_init(&world);
    struct tb_env env = world_env(&world);
    descriptors = count_descriptors();
    snprintf(tree_root, sizeof tree_root, "%.40s/tombolo-XXXXXX", where ? where : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(tree_root));
    if (geteuid() == 0)
        ck_assert_int_eq(chown(tree_root, CALLER_UID, CALLER_GID), 0);
    enum tb_error error = tb_exporter_start(&tb_posix_exporter, tree_root, options, &env, &exporter,
                                            message, sizeof message);
    ck_assert_msg(error == TB_OK, "%s", message);
    return exporter;
}

struct tb_exporter *tree_start(void)
{
    return tree_start_with(NULL);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

void tree_stop(struct tb_exporter *exporter)
{
    tb_exporter_free(exporter);
    ck_assert_int_eq(nftw(tree_root, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
    ck_assert_int_eq(count_descriptors(), descriptors);
}

static void give_away(const char *path)
{
    if (geteuid() == 0)
        ck_assert_int_eq(lchown(path, CALLER_UID, CALLER_GID), 0);
}

void tree_put_file(const char *name, const char *text)
{
    const char *path = tree_path(name);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(write(file, text, strlen(text)), (ssize_t)strlen(text));
    close(file);
    give_away(path);
}

void tree_put_directory(const char *name)
{
    const char *path = tree_path(name);
    ck_assert_int_eq(mkdir(path, 0755), 0);
    give_away(path);
}

const char *tree_path(const char *name)
{
    static char paths[2][1024];
    static unsigned turn;
    char *path = paths[turn++ % 2];
    snprintf(path, sizeof paths[0], "%s/%s", tree_root, name);
    return path;
}
