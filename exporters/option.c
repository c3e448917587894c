#include "exporters/option.h"

#include <stdio.h>
#include <string.h>

#define WORD_MAX 31

const char *tb_option_value(const char *option, const char *key)
{
    size_t length = strlen(key);
    if (strncmp(option, key, length) != 0 || option[length] != '=')
        return NULL;
    return option + length + 1;
}

/* The digits at *at, which moves behind them. */
static bool parse_digits(const char **at, uint64_t *number)
{
    const char *p = *at;
    uint64_t n = 0;
    for (; *p >= '0' && *p <= '9'; p++) {
        unsigned digit = (unsigned)(*p - '0');
        if (n > (UINT64_MAX - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    if (p == *at)
        return false;
    *at = p;
    *number = n;
    return true;
}

bool tb_option_parse_number(const char *text, uint64_t *number)
{
    return parse_digits(&text, number) && *text == '\0';
}

bool tb_option_parse_size(const char *text, uint64_t *bytes)
{
    static const char suffixes[] = "kKmMgGtT";
    uint64_t number;
    unsigned shift = 0;

    if (!parse_digits(&text, &number))
        return false;
    const char *suffix = *text ? strchr(suffixes, *text) : NULL;
    if (suffix) {
        shift = 10 * (1 + (unsigned)(suffix - suffixes) / 2);
        text++;
    }
    if (*text || number > UINT64_MAX >> shift)
        return false;
    *bytes = number << shift;
    return true;
}

static size_t word_length(const char *word)
{
    size_t length = strcspn(word, "=:,");
    return length < WORD_MAX ? length : WORD_MAX;
}

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    unsigned ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Levenshtein's distance, one row at a time. */
static unsigned edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    unsigned row[WORD_MAX + 1];
    for (unsigned j = 0; j <= b_length; j++)
        row[j] = j;
    for (size_t i = 0; i < a_length; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i + 1;
        for (size_t j = 0; j < b_length; j++) {
            unsigned above = row[j + 1];
            row[j + 1] = least(above + 1, row[j] + 1, diagonal + (a[i] != b[j]));
            diagonal = above;
        }
    }
    return row[b_length];
}

const char *tb_option_nearest(const char *word, const char *const *names)
{
    const char *nearest = NULL;
    size_t length = word_length(word);
    unsigned best = (unsigned)length / 2 + 2;
    for (; *names; names++) {
        unsigned distance = edit_distance(word, length, *names, word_length(*names));
        if (distance < best) {
            best = distance;
            nearest = *names;
        }
    }
    return nearest;
}

/* snprintf into what is left; returns the new position, at most size - 1. */
static size_t append(char *message, size_t size, size_t at, const char *before, const char *text)
{
    int length = snprintf(message + at, size - at, "%s%s", before, text);
    size_t end = at + (length > 0 ? (size_t)length : 0);
    return end < size ? end : size - 1;
}

enum tb_error tb_option_unknown(const char *who, const char *kind, const char *word,
                                const char *const *names, char *message, size_t size)
{
    char shown[WORD_MAX + 1];
    const char *nearest = tb_option_nearest(word, names);

    if (!size)
        return TB_INVALID_PARAMETER;
    snprintf(shown, sizeof shown, "%.*s", (int)word_length(word), word);
    size_t at = append(message, size, 0, who, ": unknown ");
    at = append(message, size, at, kind, " \"");
    at = append(message, size, at, shown, "\"");
    if (nearest) {
        at = append(message, size, at, ", did you mean ", nearest);
        at = append(message, size, at, "?", "");
    }
    at = append(message, size, at, names[0] ? " (known:" : " (there is none", "");
    for (; *names; names++)
        at = append(message, size, at, " ", *names);
    append(message, size, at, ")", "");
    return TB_INVALID_PARAMETER;
}
