/* What a file is like: stat(2), and user.DOSATTRIB for what POSIX has no place for. Where there are
 * no extended attributes, READONLY is the owner's missing right to write, HIDDEN a name with a
 * leading period, and the rest is not kept. */
#ifndef TB_EXPORTERS_POSIX_ATTRIBUTES_H
#define TB_EXPORTERS_POSIX_ATTRIBUTES_H

#include <sys/stat.h>

#include "exporters/posix/handle.h"

/* Of an open descriptor, O_PATH or not. `dotted`: its name begins with a period. */
enum tb_error tb_posix_attributes(const struct tb_posix_share *share, int descriptor, bool dotted,
                                  struct tb_attributes *out);
enum tb_error tb_posix_handle_attributes(struct tb_posix_share *share,
                                         const struct tb_posix_handle *handle,
                                         struct tb_attributes *out);
/* Those of an entry of a directory, which is not followed. OBJECT_NAME_NOT_FOUND: gone meanwhile.
 * *mode is its type. */
enum tb_error tb_posix_entry_attributes(const struct tb_posix_share *share, int directory,
                                        const char *name, struct tb_attributes *out, mode_t *mode);

/* Store the file attributes of what was just created. What the filesystem cannot keep is lost.
 * As the caller. */
void tb_posix_store_new(int descriptor, bool dotted, bool directory, uint32_t file_attributes);

enum tb_error tb_posix_get_attributes(struct tb_posix_share *share, struct tb_call *call);
enum tb_error tb_posix_set_attributes(struct tb_posix_share *share, struct tb_call *call);

#endif
