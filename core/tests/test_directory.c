#include "sim/check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEEDS 150

static const uint8_t classes[] = {1, 2, 3, 12, 37, 38, 60, 78, 79, 80, 81};

static void make(struct tb_sim_tree *tree, const char *name)
{
    struct tb_sim_open open;
    tb_sim_require_ok(tb_sim_open(tree, name, TB_FILE_CREATE, &open));
    tb_sim_require_ok(tb_sim_close(&open));
}

static unsigned count_lines(const char *text)
{
    unsigned count = 0;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

/* Whatever the class and the buffer's size: each name once. */
SIM_TEST(all_classes, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open dir;
    char *names = malloc(65536);
    unsigned count = (unsigned)tb_sim_random_below(&f->random, 40);
    tb_sim_require_ok(tb_sim_open(tree, "dir/", TB_FILE_CREATE, &dir));
    for (unsigned i = 0; i < count; i++) {
        char name[64];
        snprintf(name, sizeof(name), "dir/file number %u%.*s", i, (int)(i % 20),
                 "abcdefghijklmnopqrstuvwxyz");
        make(tree, name);
    }
    for (unsigned i = 0; i < sizeof(classes); i++) {
        uint32_t length = 300 + (uint32_t)tb_sim_random_below(&f->random, 3000);
        tb_sim_require_ok(tb_sim_list(&dir, classes[i], "*", length, names, 65536));
        tb_sim_require_equal(count_lines(names), count);
        for (unsigned j = 0; j < count; j++) {
            char name[64];
            snprintf(name, sizeof(name), "file number %u%.*s\n", j, (int)(j % 20),
                     "abcdefghijklmnopqrstuvwxyz");
            tb_sim_require(strstr(names, name));
        }
    }
    free(names);
}

SIM_TEST(patterns, SEEDS)
{
    static const struct {
        const char *pattern, *names;
    } cases[] = {{"*", "A.txt\nb.TXT\nc.dat\n"}, {"*.txt", "A.txt\nb.TXT\n"}, {"a*", "A.txt\n"},
                 {"?.dat", "c.dat\n"},           {"C.DAT", "c.dat\n"},        {"*.*", "A.txt\nb.TXT\nc.dat\n"}};
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open dir;
    char names[200];
    make(tree, "A.txt");
    make(tree, "b.TXT");
    make(tree, "c.dat");
    tb_sim_require_ok(tb_sim_open(tree, "", TB_FILE_OPEN, &dir));
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tb_sim_require_ok(tb_sim_list(&dir, TB_FILE_ID_BOTH_DIRECTORY_INFORMATION,
                                      cases[i].pattern, 4096, names, sizeof(names)));
        tb_sim_require_equal(strlen(names), strlen(cases[i].names));
        tb_sim_require_equal(count_lines(names), count_lines(cases[i].names));
    }
    tb_sim_require_ok(tb_sim_open(tree, "", TB_FILE_OPEN, &dir));
    struct tb_sim_request *r = tb_sim_list_request(
        tree, dir.id, TB_FILE_NAMES_INFORMATION, TB_SMB2_RESTART_SCANS, "nothing*", 4096);
    tb_sim_require_error(tb_sim_do(r), TB_NO_SUCH_FILE);
    r = tb_sim_list_request(tree, dir.id, TB_FILE_NAMES_INFORMATION, 0, "nothing*", 4096);
    tb_sim_require_error(tb_sim_do(r), TB_NO_MORE_FILES);
}

SIM_TEST(refusals, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open dir, file;
    tb_sim_require_ok(tb_sim_open(tree, "dir/", TB_FILE_CREATE, &dir));
    tb_sim_require_ok(tb_sim_open(tree, "dir/file with a long name", TB_FILE_CREATE, &file));
    tb_sim_require_error(tb_sim_do(tb_sim_list_request(tree, dir.id, 99, 0, "*", 4096)),
                         TB_INVALID_INFO_CLASS);
    tb_sim_require_error(tb_sim_do(tb_sim_list_request(tree, file.id, 1, 0, "*", 4096)),
                         TB_INVALID_PARAMETER);
    tb_sim_require(tb_sim_do(tb_sim_list_request(tree, dir.id, 1, 0, "*", 10)) != TB_OK);
    enum tb_error error =
        tb_sim_do(tb_sim_list_request(tree, dir.id, 1, TB_SMB2_RESTART_SCANS, "*fi*", 70));
    tb_sim_require(error == TB_BUFFER_OVERFLOW || error == TB_INFO_LENGTH_MISMATCH ||
                   error == TB_BUFFER_TOO_SMALL);
    tb_sim_require(tb_sim_do(tb_sim_list_request(tree, dir.id, 1, 0, "*", (8u << 20) + 1)) ==
                       TB_INVALID_PARAMETER ||
                   tree->session->client->dialect == TB_SMB2_DIALECT_202);
}

SIM_TEST(single_entries, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open dir;
    unsigned count = 0;
    make(tree, "a");
    make(tree, "b");
    tb_sim_require_ok(tb_sim_open(tree, "", TB_FILE_OPEN, &dir));
    for (;;) {
        struct tb_sim_request *r =
            tb_sim_list_request(tree, dir.id, TB_FILE_NAMES_INFORMATION,
                                TB_SMB2_RETURN_SINGLE_ENTRY, "*", 4096);
        struct tb_directory_record record;
        size_t offset = 0;
        enum tb_error error = tb_sim_call(r);
        if (error == TB_OK) {
            tb_sim_require_ok(tb_directory_record_decode(TB_FILE_NAMES_INFORMATION,
                                                         tb_sim_output(r), &offset, &record));
            tb_sim_require_error(tb_directory_record_decode(TB_FILE_NAMES_INFORMATION,
                                                            tb_sim_output(r), &offset, &record),
                                 TB_NO_MORE_ENTRIES);
            count++;
        }
        tb_sim_request_free(r);
        if (error == TB_NO_MORE_FILES)
            break;
        tb_sim_require_ok(error);
    }
    tb_sim_require_equal(count, 4);
}

/* Files that stay are listed exactly once, whatever comes and goes meanwhile. */
SIM_TEST(changes_meanwhile, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f), *other = tb_sim_tree(f);
    struct tb_sim_open dir;
    char *names = calloc(1, 65536), name[32];
    uint8_t flags = TB_SMB2_RESTART_SCANS;
    enum tb_error error;
    for (unsigned i = 0; i < 30; i++) {
        snprintf(name, sizeof(name), "stays%02u", i);
        make(tree, name);
        snprintf(name, sizeof(name), "goes%02u", i);
        make(tree, name);
    }
    tb_sim_require_ok(tb_sim_open(tree, "", TB_FILE_OPEN, &dir));
    do {
        struct tb_sim_request *r =
            tb_sim_list_request(tree, dir.id, TB_FILE_NAMES_INFORMATION, flags, "*", 256);
        struct tb_directory_record record;
        size_t offset = 0;
        error = tb_sim_call(r);
        while (error == TB_OK &&
               tb_directory_record_decode(TB_FILE_NAMES_INFORMATION, tb_sim_output(r), &offset,
                                          &record) == TB_OK) {
            for (size_t i = 0; i < record.name.length; i += 2)
                strncat(names, (const char *)record.name.data + i, 1);
            strcat(names, "\n");
        }
        tb_sim_request_free(r);
        flags = 0;
        struct tb_sim_open file;
        snprintf(name, sizeof(name), "goes%02u", (unsigned)tb_sim_random_below(&f->random, 30));
        if (tb_sim_open(other, name, TB_FILE_OPEN_IF, &file) == TB_OK) {
            tb_sim_require_ok(tb_sim_delete_on_close(&file, true));
            tb_sim_require_ok(tb_sim_close(&file));
        }
        snprintf(name, sizeof(name), "new%03u", (unsigned)tb_sim_random_below(&f->random, 1000));
        if (tb_sim_open(other, name, TB_FILE_OPEN_IF, &file) == TB_OK)
            tb_sim_require_ok(tb_sim_close(&file));
    } while (error == TB_OK);
    tb_sim_require_error(error, TB_NO_MORE_FILES);
    for (unsigned i = 0; i < 30; i++) {
        snprintf(name, sizeof(name), "stays%02u\n", i);
        const char *at = strstr(names, name);
        tb_sim_require(at && !strstr(at + 1, name));
    }
    free(names);
}

SIM_MAIN("directories", test_all_classes, test_patterns, test_refusals, test_single_entries,
         test_changes_meanwhile)
