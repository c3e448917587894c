/* All codecs in one table, so that hostile input reaches each of them the same way, and one
 * sample for each, built by hand from the specification's tables. */
#ifndef TB_WIRE_TESTS_CODECS_H
#define TB_WIRE_TESTS_CODECS_H

#include "core/wire/header.h"

struct codec {
    const char *name;
    bool is_message;    /* the sample is the body behind an SMB2 header */
    const char *sample; /* hexadecimal; spaces separate fields */

    /* Decode `input` and encode what was found. */
    enum tb_error (*round_trip)(struct tb_span input, struct tb_writer *w);
};

extern const struct codec codecs[];
extern const size_t codec_count;

/* Memory of exactly this length, so that a sanitizer sees any step beyond; free .data. */
struct tb_span exact_copy(struct tb_span bytes);

/* The bytes of a hexadecimal text, in such memory. */
struct tb_span from_hex(const char *text);

/* The sample of a codec, behind a header if it is a message. */
struct tb_span codec_input(const struct codec *codec);

/* The same for the first codec of that name. */
struct tb_span codec_sample(const char *name);

void release(struct tb_span bytes);

/* Decode and encode; when that works, the result must decode again and give itself. Aborts if
 * not. Returns what decoding said. */
enum tb_error check_round_trip(const struct codec *codec, struct tb_span input);

#endif
