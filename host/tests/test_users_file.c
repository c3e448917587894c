/* Changes to users files, of whatever they consist. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/users_file.h"

#define NO_LM "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"
#define HASH  "8846F7EAEE8FB117AD06BDD830B7586C"

static char directory[64], path[96], message[512];

static void set_up(void)
{
    strcpy(directory, "/tmp/tombolo-users-file.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/users", directory);
}

static void tear_down(void)
{
    unlink(path);
    ck_assert_int_eq(rmdir(directory), 0); /* nothing else is left */
}

static void put_file(const char *text, size_t length)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text, 1, length, file), length);
    fclose(file);
}

static size_t get_file(char *text, size_t size)
{
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    size_t length = fread(text, 1, size - 1, file);
    fclose(file);
    text[length] = '\0';
    return length;
}

static enum tb_error change(enum tb_users_change what, const char *name, const char *password)
{
    message[0] = '\0';
    enum tb_error error =
        tb_users_file_change(path, what, name, password, 0x5F000000, message, sizeof(message));
    ck_assert_int_eq(error == TB_OK, *message == '\0');
    return error;
}

START_TEST(test_add_makes_the_file)
{
    struct stat status;
    char text[512];
    ck_assert_int_eq(change(TB_USERS_DISABLE, "alice", NULL), TB_OBJECT_NAME_NOT_FOUND);
    ck_assert_int_eq(change(TB_USERS_ADD, "Jürgen", "password"), TB_OK);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0600);
    get_file(text, sizeof(text));
    ck_assert_ptr_nonnull(strstr(text, ":" NO_LM ":" HASH ":[U          ]:LCT-5F000000:\n"));
    ck_assert_int_eq(change(TB_USERS_ADD, "JÜRGEN", "x"), TB_OBJECT_NAME_COLLISION);
    ck_assert_int_eq(change(TB_USERS_ADD, "a:b", "x"), TB_OBJECT_NAME_INVALID);
    ck_assert_int_ne(change(TB_USERS_PASSWORD, "jürgen", "\xff"), TB_OK);
    ck_assert_int_eq(change(TB_USERS_REMOVE, "jürgen", NULL), TB_OK);
    ck_assert_uint_eq(get_file(text, sizeof(text)), 0);
}
END_TEST

/* Beginnings of a file, every change: other lines stay, and what fails changes nothing. */
START_TEST(test_truncations)
{
    static const char whole[] =
        "# c\n\nnonsense\nbob:1:" NO_LM ":" HASH ":[U]:LCT-0:\r\n:::::\nalice:7:" NO_LM ":" HASH
        ":[NDUX          ]:LCT-00000000:more\n";
    static const size_t fixed = sizeof("# c\n\nnonsense\n") - 1;
    char after[2048];
    for (size_t length = 0; length < sizeof(whole); length += 3)
        for (int what = TB_USERS_ADD; what <= TB_USERS_REMOVE; what++) {
            bool password = what == TB_USERS_ADD || what == TB_USERS_PASSWORD;
            put_file(whole, length);
            enum tb_error error =
                change((enum tb_users_change)what, "alice", password ? "password" : NULL);
            size_t kept = length < fixed ? length : fixed;
            size_t got = get_file(after, sizeof(after));
            ck_assert(got >= kept && memcmp(after, whole, kept) == 0);
            if (error)
                ck_assert(got == length && memcmp(after, whole, length) == 0);
        }
}
END_TEST

/* Lines far shorter than what becomes of them, hundreds of the same name. */
START_TEST(test_lines_that_grow)
{
    static char text[20000], after[200000];
    for (int i = 0; i < 500; i++)
        strcat(text, "a:::::\n");
    put_file(text, strlen(text));
    ck_assert_int_eq(change(TB_USERS_PASSWORD, "A", "password"), TB_OK);
    ck_assert_uint_gt(get_file(after, sizeof(after)), 500 * 70);
    memset(text, 'x', 3000);
    strcpy(text + 3000, "\n");
    memcpy(text, "a:", 2);
    put_file(text, 3001);
    ck_assert_int_eq(change(TB_USERS_DISABLE, "a", NULL), TB_INVALID_PARAMETER);
}
END_TEST

static void count(void *data, const struct tb_users_file_account *account)
{
    ck_assert_ptr_null(strpbrk(account->name, ":\n"));
    ++*(unsigned *)data;
}

START_TEST(test_list)
{
    static const char text[] = "a:1:X:8846:[U]:\nb:1:X::[UD]:\n\n#c:1:2:3:4:5\nnonsense\n:\n";
    unsigned accounts = 0;
    put_file(text, sizeof(text)); /* with its NUL */
    ck_assert_int_eq(tb_users_file_list(path, count, &accounts, message, sizeof(message)), TB_OK);
    ck_assert_uint_eq(accounts, 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("users file");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, test_add_makes_the_file);
    tcase_add_test(all, test_truncations);
    tcase_add_test(all, test_lines_that_grow);
    tcase_add_test(all, test_list);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
