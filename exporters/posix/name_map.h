/* Names on disk that Windows could not have, and how clients see them; reversible.
 *
 *   byte 01..1F, and " * : < > ? \ |      U+F001..F01F, U+F020..F027 (as macOS and Linux' cifs do)
 *   a space or period at the end          U+F028, U+F029
 *   a byte that is not UTF-8              U+EF80..EFFF
 *   a stored character of these ranges    its bytes, each as the line above
 *   CON, NUL, AUX.H and the like          U+F02A before it, with TB_POSIX_NAMES_WINDOWS only
 *
 * A client's name that would not come back as it is written is refused. */
#ifndef TB_EXPORTERS_POSIX_NAME_MAP_H
#define TB_EXPORTERS_POSIX_NAME_MAP_H

#include "core/error.h"

#include <stdbool.h>

enum tb_posix_names {
    TB_POSIX_NAMES_MAPPED,  /* as above, but for the last line */
    TB_POSIX_NAMES_WINDOWS, /* all of it */
    /* U+F001 to U+F029 are characters like others, as servers without a mapping store them; what
     * Windows refuses has no form for clients. */
    TB_POSIX_NAMES_PLAIN,
};

/* Bytes for the client's form of a name on disk (at most 255 bytes), terminator included. */
#define TB_POSIX_CLIENT_NAME_CAPACITY (3 * 256 + 1)

/* False: the name on disk is longer than 255 bytes, or has no form for clients. */
bool tb_posix_name_to_client(enum tb_posix_names names, const char *stored,
                             char to[TB_POSIX_CLIENT_NAME_CAPACITY]);

/* A path, component by component; malloc'ed. TB_OBJECT_NAME_INVALID, TB_NO_MEMORY. */
enum tb_error tb_posix_path_to_disk(enum tb_posix_names names, const char *path, char **out);
enum tb_error tb_posix_path_to_client(enum tb_posix_names names, const char *stored, char **out);

#endif
