#include "core/nt/time.h"

#include <assert.h>

#define NANOSECONDS_PER_TICK 100
#define EPOCH_SECONDS        ((int64_t)(TB_FILETIME_UNIX_EPOCH / TB_FILETIME_PER_SECOND))
#define SECONDS_MAX          ((int64_t)(TB_FILETIME_MAX / TB_FILETIME_PER_SECOND) - EPOCH_SECONDS)

enum tb_error tb_filetime_from_unix(int64_t seconds, uint32_t nanoseconds, uint64_t *filetime)
{
    if (seconds < -EPOCH_SECONDS || seconds > SECONDS_MAX || nanoseconds >= 1000000000)
        return TB_INVALID_PARAMETER;
    uint64_t ticks = (uint64_t)(seconds + EPOCH_SECONDS) * TB_FILETIME_PER_SECOND +
                     nanoseconds / NANOSECONDS_PER_TICK;
    if (ticks > TB_FILETIME_MAX)
        return TB_INVALID_PARAMETER;
    *filetime = ticks;
    return TB_OK;
}

uint64_t tb_filetime_from_unix_clamped(int64_t seconds, uint32_t nanoseconds)
{
    uint64_t filetime;

    assert(nanoseconds < 1000000000);
    if (tb_filetime_from_unix(seconds, nanoseconds, &filetime) == TB_OK)
        return filetime;
    return seconds < 0 ? 0 : TB_FILETIME_MAX;
}

enum tb_error tb_filetime_to_unix(uint64_t filetime, int64_t *seconds, uint32_t *nanoseconds)
{
    if (filetime > TB_FILETIME_MAX)
        return TB_INVALID_PARAMETER;
    *seconds = (int64_t)(filetime / TB_FILETIME_PER_SECOND) - EPOCH_SECONDS;
    *nanoseconds = (uint32_t)(filetime % TB_FILETIME_PER_SECOND) * NANOSECONDS_PER_TICK;
    return TB_OK;
}
