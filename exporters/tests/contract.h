/* What every exporter must do, whatever is behind it: run against each of them. */
#ifndef TB_EXPORTERS_TESTS_CONTRACT_H
#define TB_EXPORTERS_TESTS_CONTRACT_H

#include "core/exporter.h"

#include <check.h>

/* How to make an empty exporter, and to end it with all that it left. */
struct contract {
    struct tb_exporter *(*start)(void);
    void (*stop)(struct tb_exporter *exporter);
};

/* A test case with all tests; `contract` lives as long as the program. */
TCase *contract_tests(const struct contract *contract);

#endif
