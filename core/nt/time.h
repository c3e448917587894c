/* FILETIME: 100 ns since 1601-01-01 UTC, as the wire and the inside have it (MS-DTYP 2.3.3). */
#ifndef TB_NT_TIME_H
#define TB_NT_TIME_H

#include "core/error.h"

#include <stdint.h>

#define TB_FILETIME_PER_SECOND      10000000u
#define TB_FILETIME_PER_MILLISECOND 10000u
#define TB_FILETIME_UNIX_EPOCH      UINT64_C(116444736000000000)

/* Largest time; above it a FILETIME is negative as the signed number that it is on the wire. */
#define TB_FILETIME_MAX ((uint64_t)INT64_MAX)

/* In a SET_INFO: leave as it is; stop updating it by itself; update it again (MS-FSCC 2.4.7). */
#define TB_FILETIME_KEEP   UINT64_C(0)
#define TB_FILETIME_FREEZE UINT64_MAX
#define TB_FILETIME_THAW   (UINT64_MAX - 1)

/* TB_INVALID_PARAMETER: outside 1601 … 30828, or nanoseconds of a second or more. */
enum tb_error tb_filetime_from_unix(int64_t seconds, uint32_t nanoseconds, uint64_t *filetime);

/* The same with times outside the range moved to its ends. */
uint64_t tb_filetime_from_unix_clamped(int64_t seconds, uint32_t nanoseconds);

/* TB_INVALID_PARAMETER: above TB_FILETIME_MAX. */
enum tb_error tb_filetime_to_unix(uint64_t filetime, int64_t *seconds, uint32_t *nanoseconds);

#endif
