/* main() of a test program made of SIM_TEST()s and other Check tests. */
#ifndef TB_SIM_CHECK_H
#define TB_SIM_CHECK_H

#include "sim/fixture.h"
#include <check.h>
#include <stdlib.h>

static inline int sim_main(const char *name, const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 600);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define SIM_MAIN(name, ...)                                                                        \
    int main(void)                                                                                 \
    {                                                                                              \
        const TTest *const tests[] = {__VA_ARGS__};                                                \
        return sim_main(name, tests, sizeof(tests) / sizeof(tests[0]));                            \
    }

#endif
