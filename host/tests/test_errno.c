#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "host/errno.h"

START_TEST(test_known)
{
    ck_assert_int_eq(tb_error_from_errno(0), TB_OK);
    ck_assert_int_eq(tb_error_from_errno(ENOENT), TB_OBJECT_NAME_NOT_FOUND);
    ck_assert_int_eq(tb_error_from_errno(EEXIST), TB_OBJECT_NAME_COLLISION);
    ck_assert_int_eq(tb_error_from_errno(EACCES), TB_ACCESS_DENIED);
    ck_assert_int_eq(tb_error_from_errno(ENOSPC), TB_DISK_FULL);
    ck_assert_int_eq(tb_error_from_errno(ENOTEMPTY), TB_DIRECTORY_NOT_EMPTY);
    ck_assert_int_eq(tb_error_from_errno(EWOULDBLOCK), TB_FILE_LOCK_CONFLICT);
}
END_TEST

START_TEST(test_no_other_is_success)
{
    for (int number = -200; number < 5000; number++)
        if (number)
            ck_assert_int_ne(tb_error_from_errno(number), TB_OK);
    ck_assert_int_eq(tb_error_from_errno(4999), TB_UNSUCCESSFUL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("errno");
    TCase *all = tcase_create("all");
    tcase_add_test(all, test_known);
    tcase_add_test(all, test_no_other_is_success);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
