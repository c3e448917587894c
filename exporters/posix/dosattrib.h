/* The extended attribute user.DOSATTRIB, in which Samba and ksmbd keep what POSIX has no place for:
 * an NDR-encoded xattr_DOSATTRIB. Versions 3, 4 and 5 are read; 3, which all of them read, is
 * written. */
#ifndef TB_EXPORTERS_POSIX_DOSATTRIB_H
#define TB_EXPORTERS_POSIX_DOSATTRIB_H

#include "core/bytes.h"

#define TB_DOSATTRIB_NAME   "user.DOSATTRIB"
#define TB_DOSATTRIB_LENGTH 52 /* as written */
#define TB_DOSATTRIB_MAX    256

/* A change time that someone set is worth nothing once the file has changed again, which is known by
 * what the filesystem itself says: `change_until_filetime` is the latest change time of the inode
 * with which the one kept here still counts. It stands in a field that Samba passes over. */
struct tb_dosattrib {
    bool has_attributes, has_creation_time, has_change_time;
    uint32_t attributes;
    uint64_t creation_filetime;
    uint64_t change_filetime, change_until_filetime;
};

/* False: not such a value, or of a version unknown here; *out is zeroed. */
bool tb_dosattrib_decode(struct tb_span value, struct tb_dosattrib *out);
void tb_dosattrib_encode(const struct tb_dosattrib *in, uint8_t value[TB_DOSATTRIB_LENGTH]);

#endif
