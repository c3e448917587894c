/* libFuzzer target: the first byte picks the codec, the rest is its input. */
#include "core/wire/tests/codecs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct tb_span input = exact_copy(tb_span(data + 1, size - 1));
    check_round_trip(&codecs[data[0] % codec_count], input);
    release(input);
    return 0;
}
