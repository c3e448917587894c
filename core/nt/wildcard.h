/* Search patterns of QUERY_DIRECTORY (MS-FSA 2.1.4.4, FsRtlIsNameInExpression).
 *
 *   *  any characters          <  DOS_STAR: any characters up to the last dot, or none
 *   ?  one character           >  DOS_QM: one character, or none at a dot or the end
 *                              "  DOS_DOT: a dot, or none at the end */
#ifndef TB_NT_WILDCARD_H
#define TB_NT_WILDCARD_H

#include "core/bytes.h"
#include "core/error.h"

/* Longest pattern, in UTF-16 units. */
#define TB_PATTERN_UNITS_MAX 1024

/* A pattern from the wire, as UTF-8 that the caller frees. An empty one becomes "*".
 * TB_OBJECT_NAME_INVALID (MS-FSA 2.1.5.6.3): odd length, more than TB_NAME_UNITS_MAX units, or a
 * character that no name has and that is no wildcard. */
enum tb_error tb_pattern_from_wire(struct tb_span utf16, char **pattern);

/* Whether the pattern has any of the five characters above. */
bool tb_pattern_has_wildcards(const char *pattern);

/* Whether a name matches, case folded. At most pattern length times name length steps.
 * A pattern longer than TB_PATTERN_UNITS_MAX matches nothing. */
bool tb_pattern_matches(const char *pattern, const char *name);

#endif
