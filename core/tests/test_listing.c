/* Listings of large directories, and where they go on: flags, patterns, buffers. */
#include "sim/check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/fault.h"

#define SEEDS 60

#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

enum { MANY = 200000, PART = 65536 };

/* AddressSanitizer keeps what is freed for a while. */
#ifdef __SANITIZE_ADDRESS__
enum { MORE_KIB_MAX = 400000 };
#else
enum { MORE_KIB_MAX = 8192 };
#endif

static void make(struct tb_sim_tree *tree, const char *name)
{
    struct tb_sim_open open;
    tb_sim_require_ok(tb_sim_open(tree, name, TB_FILE_CREATE, &open));
    tb_sim_require_ok(tb_sim_close(&open));
}

/* One answer's names, each followed by '|'. */
static enum tb_error part(struct tb_sim_open *dir, uint8_t flags, const char *pattern,
                          uint32_t length, char *names)
{
    struct tb_sim_request *r =
        tb_sim_list_request(dir->tree, dir->id, TB_FILE_NAMES_INFORMATION, flags, pattern, length);
    struct tb_directory_record record;
    size_t offset = 0, at = 0;
    enum tb_error error = tb_sim_call(r);
    while (!error && tb_directory_record_decode(TB_FILE_NAMES_INFORMATION, tb_sim_output(r),
                                                &offset, &record) == TB_OK) {
        for (size_t i = 0; i < record.name.length; i += 2)
            names[at++] = (char)record.name.data[i];
        names[at++] = '|';
    }
    names[at] = '\0';
    tb_sim_request_free(r);
    return error;
}

#define require_part(flags, pattern, wanted)                                                       \
    do {                                                                                           \
        tb_sim_require_ok(part(&dir, flags, pattern, 4096, names));                                \
        if (strcmp(names, wanted) != 0)                                                            \
            tb_sim_fail(__FILE__, __LINE__, "\"%s\", not \"%s\"", names, wanted);                  \
    } while (0)

SIM_TEST(flags, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open dir;
    char names[4096];
    make(tree, "a");
    make(tree, "b");
    make(tree, "c");
    tb_sim_require_ok(tb_sim_open(tree, "", TB_FILE_OPEN, &dir));
    require_part(0, "*", ".|..|a|b|c|");
    tb_sim_require_error(part(&dir, 0, "*", 4096, names), TB_NO_MORE_FILES);
    require_part(TB_SMB2_RESTART_SCANS, "*", ".|..|a|b|c|");
    require_part(TB_SMB2_REOPEN, "b", "b|");
    /* The pattern of the first query holds until REOPEN or a restart with another. */
    tb_sim_require_error(part(&dir, 0, "c", 4096, names), TB_NO_MORE_FILES);
    require_part(TB_SMB2_RESTART_SCANS, "c", "c|");
    require_part(TB_SMB2_RESTART_SCANS | TB_SMB2_RETURN_SINGLE_ENTRY, "*", ".|");
    require_part(TB_SMB2_RETURN_SINGLE_ENTRY, "*", "..|");
    require_part(TB_SMB2_RETURN_SINGLE_ENTRY, "*", "a|");
    require_part(TB_SMB2_INDEX_SPECIFIED, "*", "b|c|");
    tb_sim_require_error(part(&dir, TB_SMB2_REOPEN, "none", 4096, names), TB_NO_SUCH_FILE);
    tb_sim_require_error(part(&dir, 0, "none", 4096, names), TB_NO_MORE_FILES);
}

SIM_TEST(dos_wildcards, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open dir;
    char names[4096];
    make(tree, "ab");
    make(tree, "ab.txt");
    make(tree, "a.b.txt");
    make(tree, "abc");
    tb_sim_require_ok(tb_sim_open(tree, "", TB_FILE_OPEN, &dir));
    require_part(TB_SMB2_REOPEN, "<.txt", "ab.txt|a.b.txt|");
    require_part(TB_SMB2_REOPEN, "ab>>", "ab|abc|");
    require_part(TB_SMB2_REOPEN, "ab\"*", "ab|ab.txt|");
    require_part(TB_SMB2_REOPEN, "a?", "ab|");
    require_part(TB_SMB2_REOPEN, "*.*", ".|..|ab|ab.txt|a.b.txt|abc|");
}

/* An entry that does not fit is not lost. */
SIM_TEST(small_buffers, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open dir;
    char names[4096];
    make(tree, "a name that is longer");
    tb_sim_require_ok(tb_sim_open(tree, "", TB_FILE_OPEN, &dir));
    tb_sim_require_error(part(&dir, 0, "a*", 11, names), TB_INFO_LENGTH_MISMATCH);
    tb_sim_require_error(part(&dir, 0, "a*", 40, names), TB_BUFFER_OVERFLOW);
    require_part(0, "a*", "a name that is longer|");
}

static void one_loop(struct tb_sim_fixture *f)
{
    f->config.loops = 1;
    f->world.switch_one_in = 0;
    f->slow_settings.delay_one_in = 0;
}

static size_t resident_kib(void)
{
    unsigned long size = 0, resident = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    if (statm && fscanf(statm, "%lu %lu", &size, &resident) != 2)
        resident = 0;
    if (statm)
        fclose(statm);
    return (size_t)resident * 4;
}

/* Whatever the directory holds, listing it takes a buffer or two. */
SIM_TEST_CONFIGURED(many_files, 1, one_loop)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open dir;
    unsigned char *seen = calloc(1, MANY);
    char *names = malloc(PART), name[32];
    uint8_t flags = TB_SMB2_RESTART_SCANS;
    unsigned total = 0, answers = 0;
    enum tb_error error;
    tb_sim_require_ok(tb_sim_open(tree, "dir/", TB_FILE_CREATE, &dir));
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(name, sizeof(name), "dir/f%06u", i);
        make(tree, name);
    }
    size_t before = resident_kib(), most = before;
    while ((error = part(&dir, flags, "*", PART, names)) == TB_OK) {
        flags = 0;
        answers++;
        for (char *at = strtok(names, "|"); at; at = strtok(NULL, "|")) {
            if (at[0] != 'f')
                continue;
            unsigned i = (unsigned)atoi(at + 1);
            tb_sim_require(i < MANY && !seen[i]);
            seen[i] = 1;
            total++;
        }
        size_t now = resident_kib();
        most = now > most ? now : most;
        if (answers % 10 == 0) {
            snprintf(name, sizeof(name), "dir/g%06u", answers);
            make(tree, name);
        }
    }
    tb_sim_require_error(error, TB_NO_MORE_FILES);
    printf("%u entries in %u answers of %u bytes, %zu KiB more memory while listing\n", total,
           answers, (unsigned)PART, most - before);
    tb_sim_require(total >= MANY && most - before < MORE_KIB_MAX);
    free(names);
    free(seen);
}

SIM_MAIN("listings", test_flags, test_dos_wildcards, test_small_buffers, test_many_files)
