/* Names and paths: from the wire into the form used inside, and helpers on that form.
 *
 * Inside, a path is UTF-8, its components joined by '/', without a leading or trailing '/'; the
 * share's root is "" (MS-FSCC 2.1.5, MS-SMB2 2.2.13). */
#ifndef TB_NT_NAME_H
#define TB_NT_NAME_H

#include "core/bytes.h"
#include "core/error.h"

/* Longest component or stream name, and longest path, in UTF-16 units (MS-FSCC 2.1.5). */
#define TB_NAME_UNITS_MAX 255
#define TB_PATH_UNITS_MAX 32760

/* The type of "name:stream:type", when the client wrote one. */
enum tb_stream_type {
    TB_STREAM_TYPE_NONE,             /* none written */
    TB_STREAM_TYPE_DATA,             /* $DATA: the object must be no directory, if unnamed */
    TB_STREAM_TYPE_INDEX_ALLOCATION, /* $INDEX_ALLOCATION: the object must be a directory */
};

struct tb_path {
    char *path;   /* never NULL after success */
    char *stream; /* NULL: the unnamed stream */
    enum tb_stream_type stream_type;
    bool trailing_separator; /* "name\": the object must be a directory */
};

/* The name of a CREATE (MS-SMB2 2.2.13, 3.3.5.9). On success `path` is filled and is freed by
 * tb_path_clear(). Errors, all leaving `path` cleared:
 *   TB_INVALID_PARAMETER    odd length, a leading backslash
 *   TB_OBJECT_NAME_INVALID  an empty or "." component, a forbidden character, a malformed stream name
 *                           or unknown type, a component or path that is too long
 *   TB_OBJECT_PATH_SYNTAX_BAD  ".." where there is nothing to go back from: it takes back the
 *                           component before it, by name
 *   TB_NO_MEMORY */
enum tb_error tb_path_from_wire(struct tb_span utf16, struct tb_path *path);

/* The new name of a rename or link: one leading backslash is allowed, as is a name that is only a
 * stream (":name"), which leaves `path->path` "". Otherwise as tb_path_from_wire(). */
enum tb_error tb_path_from_wire_rename(struct tb_span utf16, struct tb_path *path);

/* Frees what `path` holds and zeroes it; harmless when zeroed. */
void tb_path_clear(struct tb_path *path);

/* Whether Windows could have this component: TB_OBJECT_NAME_INVALID for what tb_path_from_wire()
 * refuses in one and for ill-formed UTF-8. */
enum tb_error tb_name_check(const char *name, size_t length);

/* A path's last component; "" of the root. Points into `path`. */
const char *tb_path_leaf(const char *path);

/* Length of the part of `path` that names its parent: 0 when that is the root. */
size_t tb_path_parent_length(const char *path);

/* The parent's path, or `parent`/`leaf`; freed by the caller; NULL without memory. */
char *tb_path_parent_new(const char *path);
char *tb_path_join_new(const char *parent, const char *leaf);

/* The next component at `*at`, which moves past it and its '/'; its length is 0 at the end. */
struct tb_span tb_path_next(const char **at);

/* Whether `path` lies beneath `ancestor` (a path is not beneath itself), by bytes or folded. */
bool tb_path_is_beneath(const char *path, const char *ancestor);
bool tb_path_is_beneath_folded(const char *path, const char *ancestor);

/* For the wire: UTF-16LE with backslashes, led by one if `leading`; no terminator.
 * TB_INVALID_PARAMETER: ill-formed UTF-8. TB_BUFFER_TOO_SMALL: no room. */
enum tb_error tb_path_to_wire(const char *path, bool leading, struct tb_writer *to);

/* Bytes that tb_path_to_wire() writes; ill-formed bytes count as one unit each. */
size_t tb_path_wire_length(const char *path, bool leading);

#endif
