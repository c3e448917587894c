/* Reading "key=value" options, with messages that help. */
#ifndef TB_EXPORTERS_OPTION_H
#define TB_EXPORTERS_OPTION_H

#include "core/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The value of `option` if its key is `key`, else NULL. */
const char *tb_option_value(const char *option, const char *key);

/* Bytes, with an optional suffix K, M, G or T (powers of 1024). False: no such number. */
bool tb_option_parse_size(const char *text, uint64_t *bytes);
/* A decimal number. */
bool tb_option_parse_number(const char *text, uint64_t *number);

/* Of the NULL-terminated `names`, the one that whoever wrote `word` probably meant; NULL when none
 * is like it. */
const char *tb_option_nearest(const char *word, const char *const *names);

/* Write "WHO: unknown KIND "WORD", did you mean NEAREST? (known: …)", and answer
 * TB_INVALID_PARAMETER. A word ends at '=', ':' or ','. */
enum tb_error tb_option_unknown(const char *who, const char *kind, const char *word,
                                const char *const *names, char *message, size_t size);

#endif
