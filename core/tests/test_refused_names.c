/* Names that Windows refuses, and odd ones that it takes, wherever a name can be given. */
#include "sim/check.h"
#include <string.h>

#define SEEDS 20

#define TEN(text) text text text text text text text text text text
#define UNITS_255 TEN(TEN("n")) TEN(TEN("n")) TEN("nnnnn") "nnnnn"
#define SURROGATE_255                                                                              \
    TEN(TEN("\U0001F600"))                                                                         \
    TEN("\U0001F600\U0001F600") "\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600"     \
                                "\U0001F600"

static const char *const refused[] = {
    "a\1b",
    "a\x1f",
    "a*b",
    "a?b",
    "a<b",
    "a>b",
    "a\"b",
    "a|b",
    UNITS_255 "n",
    "none/" UNITS_255 "n",
    SURROGATE_255 "\U0001F600",
    "a//b",
};

static const char *const taken[] = {
    UNITS_255,
    SURROGATE_255 "x",
    "\xED\xA0\x80",
    "x\xED\xB0\x80",
    "\xED\xB0\x80\xED\xA0\x80",
    "a b",
    " a",
};

SIM_TEST(names_are_refused, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open file;
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        tb_sim_require_error(tb_sim_open(tree, refused[i], TB_FILE_CREATE, NULL),
                             TB_OBJECT_NAME_INVALID);
        tb_sim_require_error(tb_sim_open(tree, refused[i], TB_FILE_OPEN, NULL),
                             TB_OBJECT_NAME_INVALID);
        tb_sim_require_error(tb_sim_rename(&file, refused[i], false), TB_OBJECT_NAME_INVALID);
        tb_sim_require_error(tb_sim_set_name(&file, TB_FILE_LINK_INFORMATION, refused[i], 0),
                             TB_OBJECT_NAME_INVALID);
    }
}

SIM_TEST(odd_names_are_taken, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open file, again;
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        tb_sim_require_ok(tb_sim_open(tree, taken[i], TB_FILE_CREATE, &file));
        tb_sim_require_ok(tb_sim_rename(&file, "other", false));
        tb_sim_require_ok(tb_sim_set_name(&file, TB_FILE_LINK_INFORMATION, taken[i], 0));
        tb_sim_require_ok(tb_sim_open(tree, taken[i], TB_FILE_OPEN, &again));
        tb_sim_require_ok(tb_sim_delete_on_close(&again, true));
        tb_sim_require_ok(tb_sim_close(&again));
        tb_sim_require_ok(tb_sim_delete_on_close(&file, true));
        tb_sim_require_ok(tb_sim_close(&file));
    }
}

SIM_MAIN("refused names", test_names_are_refused, test_odd_names_are_taken)
