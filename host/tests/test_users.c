#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/list.h"
#include "host/env.h"
#include "host/users.h"

/* NT hashes of "password" (MS-NLMP 4.2.2.1.2 has "Password") and of "Password". */
#define HASH_password              "8846F7EAEE8FB117AD06BDD830B7586C"
#define HASH_Password              "a4f49c406510bdcab6824ee7c30fd852"
#define NO_LM                      "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"
#define LINE(name, uid, nt, flags) name ":" uid ":" NO_LM ":" nt ":" flags ":LCT-5F000000:\n"

static struct tb_users *users;
static struct tb_host_env host;
static struct tb_env env;
static char message[512];

struct answer {
    struct tb_auth_lookup lookup;
    enum tb_error error;
    unsigned count;
};

static void set_up(void)
{
    tb_host_env_init(&host, TB_LOG_ERROR, &env);
    users = tb_users_create("WORKGROUP");
    ck_assert_ptr_nonnull(users);
}

static void tear_down(void)
{
    tb_users_destroy(users);
    tb_host_env_clear(&host);
}

static void answered(struct tb_auth_lookup *lookup, enum tb_error error)
{
    struct answer *answer = tb_container(lookup, struct answer, lookup);
    answer->error = error;
    answer->count++;
}

static struct answer look_up(const char *name)
{
    struct tb_auth auth = tb_users_auth(users);
    struct answer answer = {.lookup = {.user = name, .domain = "", .done = answered}};
    auth.ops->lookup(auth.data, &answer.lookup);
    ck_assert_uint_eq(answer.count, 1);
    return answer;
}

static enum tb_error load(const char *text)
{
    char path[] = "/tmp/tombolo-test-users.XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    message[0] = '\0';
    enum tb_error error = tb_users_load(users, path, &env, message, sizeof(message));
    unlink(path);
    return error;
}

static void expect_hash(const struct answer *answer, const char *hexadecimal)
{
    char text[33];
    for (size_t i = 0; i < 16; i++)
        snprintf(text + 2 * i, 3, "%02x", answer->lookup.nt_hash[i]);
    ck_assert_int_eq(strcasecmp(text, hexadecimal), 0);
}

START_TEST(test_add)
{
    ck_assert_int_eq(tb_users_add(users, "alice", "password", message, sizeof(message)), TB_OK);
    ck_assert_int_eq(tb_users_add(users, "Bob", "Password", message, sizeof(message)), TB_OK);
    struct answer answer = look_up("ALICE");
    ck_assert_int_eq(answer.error, TB_OK);
    expect_hash(&answer, HASH_password);
    ck_assert_str_eq(answer.lookup.identity.user, "alice");
    ck_assert_str_eq(answer.lookup.identity.domain, "WORKGROUP");
    ck_assert_uint_ge(answer.lookup.identity.relative_id, 1000);
    answer = look_up("bob");
    expect_hash(&answer, HASH_Password);
    ck_assert_int_eq(look_up("carol").error, TB_LOGON_FAILURE);
    ck_assert_int_eq(look_up("").error, TB_LOGON_FAILURE);
}
END_TEST

START_TEST(test_names_fold_beyond_ascii)
{
    ck_assert_int_eq(tb_users_add(users, "jürgen", "x", message, sizeof(message)), TB_OK);
    ck_assert_int_eq(look_up("JÜRGEN").error, TB_OK);
    ck_assert_int_eq(look_up("JURGEN").error, TB_LOGON_FAILURE);
}
END_TEST

START_TEST(test_replace_keeps_the_id)
{
    ck_assert_int_eq(tb_users_add(users, "alice", "one", message, sizeof(message)), TB_OK);
    uint32_t id = look_up("alice").lookup.identity.relative_id;
    ck_assert_int_eq(tb_users_add(users, "Alice", "password", message, sizeof(message)), TB_OK);
    ck_assert_uint_eq(tb_users_count(users), 1);
    struct answer answer = look_up("alice");
    expect_hash(&answer, HASH_password);
    ck_assert_uint_eq(answer.lookup.identity.relative_id, id);
    ck_assert_str_eq(answer.lookup.identity.user, "Alice");
}
END_TEST

START_TEST(test_many)
{
    char name[32];
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "user%d", i * 7919 % 300);
        ck_assert_int_eq(tb_users_add(users, name, name, message, sizeof(message)), TB_OK);
    }
    ck_assert_uint_eq(tb_users_count(users), 300);
    uint32_t ids[300];
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "USER%d", i);
        struct answer answer = look_up(name);
        ck_assert_int_eq(answer.error, TB_OK);
        ids[i] = answer.lookup.identity.relative_id;
        for (int j = 0; j < i; j++)
            ck_assert_uint_ne(ids[i], ids[j]);
    }
}
END_TEST

START_TEST(test_bad_names)
{
    static const char *const names[] = {"", "a/b", "a\\b", "a:b", "a@b", "\"a\""};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        message[0] = '\0';
        ck_assert_int_eq(tb_users_add(users, names[i], "x", message, sizeof(message)),
                         TB_OBJECT_NAME_INVALID);
        ck_assert_str_ne(message, "");
    }
    ck_assert_int_ne(tb_users_add(users, "a", "\xff\xfe", message, sizeof(message)), TB_OK);
    ck_assert_uint_eq(tb_users_count(users), 0);
}
END_TEST

START_TEST(test_file)
{
    ck_assert_int_eq(load("# a comment\n"
                          "\n"
                          "  \t\n" LINE("root", "0", HASH_password, "[U          ]")
                              LINE("off", "1", HASH_password, "[UD         ]")
                                  LINE("empty", "1", HASH_password, "[NU         ]")
                                      LINE("nohash", "1", NO_LM, "[U          ]")
                                          LINE("box$", "1", HASH_password, "[W          ]")
                                              LINE("far", "4000000000", HASH_Password, "[UX]")),
                     TB_OK);
    ck_assert_str_eq(message, "");
    ck_assert_uint_eq(tb_users_count(users), 5);
    struct answer answer = look_up("ROOT");
    ck_assert_int_eq(answer.error, TB_OK);
    ck_assert_uint_eq(answer.lookup.identity.uid, 0);
    expect_hash(&answer, HASH_password);
    ck_assert_int_eq(look_up("off").error, TB_ACCOUNT_DISABLED);
    ck_assert_int_eq(look_up("empty").error, TB_ACCOUNT_DISABLED);
    ck_assert_int_eq(look_up("nohash").error, TB_ACCOUNT_DISABLED);
    ck_assert_int_eq(look_up("box$").error, TB_LOGON_FAILURE);
    answer = look_up("far");
    ck_assert_uint_eq(answer.lookup.identity.uid, 4000000000u);
    expect_hash(&answer, HASH_Password);
}
END_TEST

START_TEST(test_without_last_newline)
{
    ck_assert_int_eq(
        load("a:1:" NO_LM ":" HASH_password ":[U]:\r\nb:1:" NO_LM ":" HASH_password ":[U]:LCT-0:"),
        TB_OK);
    ck_assert_int_eq(look_up("a").error, TB_OK);
    ck_assert_int_eq(look_up("b").error, TB_OK);
}
END_TEST

static const char *const malformed[] = {
    "alice\n",
    "alice:1:" NO_LM "\n",
    ":1:" NO_LM ":" HASH_password ":[U]:\n",
    "alice::" NO_LM ":" HASH_password ":[U]:\n",
    "alice:-1:" NO_LM ":" HASH_password ":[U]:\n",
    "alice:4294967295:" NO_LM ":" HASH_password ":[U]:\n",
    "alice:99999999999999999999:" NO_LM ":" HASH_password ":[U]:\n",
    "alice:1x:" NO_LM ":" HASH_password ":[U]:\n",
    "alice:1:" NO_LM ":8846:[U]:\n",
    "alice:1:" NO_LM ":" HASH_password "00:[U]:\n",
    "alice:1:" NO_LM ":8846F7EAEE8FB117AD06BDD830B7586G:[U]:\n",
    "alice:1:" NO_LM ":" HASH_password ":U:\n",
    "alice:1:" NO_LM ":" HASH_password ":[U\n",
    "alice:1:" NO_LM ":" HASH_password ":\n",
    "al/ice:1:" NO_LM ":" HASH_password ":[U]:\n",
};

START_TEST(test_malformed)
{
    char text[512];
    snprintf(text, sizeof(text), "# first\n%s", malformed[_i]);
    ck_assert_int_ne(load(text), TB_OK);
    ck_assert_ptr_nonnull(strstr(message, ", line 2: "));
    ck_assert_uint_eq(tb_users_count(users), 0);
}
END_TEST

START_TEST(test_absurd_line)
{
    char *text = malloc(100001);
    memset(text, 'a', 100000);
    text[100000] = '\0';
    ck_assert_int_ne(load(text), TB_OK);
    ck_assert_ptr_nonnull(strstr(message, "line 1"));
    free(text);
}
END_TEST

START_TEST(test_every_truncation)
{
    static const char line[] = LINE("alice", "1", HASH_password, "[U          ]");
    char text[sizeof(line)];
    for (size_t length = 1; length < sizeof(line) - 1; length++) {
        memcpy(text, line, length);
        text[length] = '\0';
        bool complete = length >= strlen("alice:1:") + 33 + 33 + strlen("[U          ]");
        ck_assert_int_eq(load(text) == TB_OK, complete);
    }
}
END_TEST

START_TEST(test_no_file)
{
    ck_assert_int_eq(tb_users_load(users, "/nowhere/at all", &env, message, sizeof(message)),
                     TB_OBJECT_NAME_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(message, "/nowhere/at all"));
}
END_TEST

static void put_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

/* Each kind of change: another file in its place, the same one rewritten, one gone wrong, none. */
START_TEST(test_changes_are_noticed)
{
    char directory[] = "/tmp/tombolo-test-users.XXXXXX", path[64], other[64];
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/users", directory);
    snprintf(other, sizeof(other), "%s/other", directory);
    put_file(path, LINE("alice", "1", HASH_password, "[U]"));
    ck_assert_int_eq(tb_users_load(users, path, &env, message, sizeof(message)), TB_OK);
    ck_assert_int_eq(tb_users_add(users, "given", "x", message, sizeof(message)), TB_OK);
    ck_assert_int_eq(look_up("alice").error, TB_OK);
    uint32_t id = look_up("alice").lookup.identity.relative_id;

    put_file(other, LINE("alice", "1", HASH_Password, "[U]") LINE("bob", "1", HASH_password, "[U]"));
    rename(other, path);
    struct answer answer = look_up("alice");
    expect_hash(&answer, HASH_Password);
    ck_assert_uint_eq(answer.lookup.identity.relative_id, id);
    ck_assert_int_eq(look_up("bob").error, TB_OK);

    put_file(path, LINE("bob", "1", HASH_password, "[UD]") LINE("given", "1", HASH_password, "[UD]"));
    ck_assert_int_eq(look_up("alice").error, TB_LOGON_FAILURE);
    ck_assert_int_eq(look_up("bob").error, TB_ACCOUNT_DISABLED);
    ck_assert_int_eq(look_up("given").error, TB_OK);

    put_file(path, LINE("a", "1", HASH_password, "[U]") "nonsense that makes the file longer\n");
    ck_assert_int_eq(look_up("bob").error, TB_ACCOUNT_DISABLED);
    unlink(path);
    ck_assert_int_eq(look_up("bob").error, TB_ACCOUNT_DISABLED);
    put_file(path, LINE("carol", "1", HASH_password, "[U]"));
    ck_assert_int_eq(look_up("carol").error, TB_OK);
    ck_assert_int_eq(look_up("bob").error, TB_LOGON_FAILURE);
    tb_users_reload(users);
    ck_assert_int_eq(look_up("carol").error, TB_OK);
    unlink(path);
    rmdir(directory);
}
END_TEST

START_TEST(test_administrators)
{
    static const char *const list[] = {"Alice", "@0", "@4294967295", NULL};
    ck_assert_int_eq(load(LINE("alice", "1", HASH_password, "[U]")
                              LINE("root", "0", HASH_password, "[U]")
                                  LINE("bob", "4000000000", HASH_password, "[U]")),
                     TB_OK);
    ck_assert(!look_up("alice").lookup.identity.administrator);
    tb_users_set_administrators(users, list);
    ck_assert(look_up("alice").lookup.identity.administrator);
    ck_assert(look_up("root").lookup.identity.administrator);
    ck_assert(!look_up("bob").lookup.identity.administrator);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("users");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, test_add);
    tcase_add_test(all, test_changes_are_noticed);
    tcase_add_test(all, test_administrators);
    tcase_add_test(all, test_names_fold_beyond_ascii);
    tcase_add_test(all, test_replace_keeps_the_id);
    tcase_add_test(all, test_many);
    tcase_add_test(all, test_bad_names);
    tcase_add_test(all, test_file);
    tcase_add_test(all, test_without_last_newline);
    tcase_add_loop_test(all, test_malformed, 0, sizeof(malformed) / sizeof(malformed[0]));
    tcase_add_test(all, test_absurd_line);
    tcase_add_test(all, test_every_truncation);
    tcase_add_test(all, test_no_file);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
