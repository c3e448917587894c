/* Security identifiers (MS-DTYP 2.4.2). */
#ifndef TB_NT_SID_H
#define TB_NT_SID_H

#include "core/bytes.h"
#include "core/error.h"

#define TB_SID_SUB_AUTHORITIES_MAX 15
#define TB_SID_WIRE_LENGTH_MAX     (8 + 4 * TB_SID_SUB_AUTHORITIES_MAX)
#define TB_SID_TEXT_CAPACITY       184 /* of the longest text, with its terminator */

/* All zero is "no SID": it has no sub-authority, which no SID in use lacks. */
struct tb_sid {
    uint64_t authority; /* 48 bits */
    uint32_t sub_authorities[TB_SID_SUB_AUTHORITIES_MAX];
    uint8_t count;
};

#define TB_SID(authority_, ...)                                                                    \
    ((struct tb_sid){.authority = (authority_),                                                    \
                     .sub_authorities = {__VA_ARGS__},                                             \
                     .count = sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t)})

/* Well-known ones (MS-DTYP 2.4.2.4). */
#define TB_SID_EVERYONE               TB_SID(1, 0)
#define TB_SID_CREATOR_OWNER          TB_SID(3, 0)
#define TB_SID_CREATOR_GROUP          TB_SID(3, 1)
#define TB_SID_OWNER_RIGHTS           TB_SID(3, 4)
#define TB_SID_NETWORK                TB_SID(5, 2)
#define TB_SID_ANONYMOUS              TB_SID(5, 7)
#define TB_SID_AUTHENTICATED_USERS    TB_SID(5, 11)
#define TB_SID_LOCAL_SYSTEM           TB_SID(5, 18)
#define TB_SID_BUILTIN_ADMINISTRATORS TB_SID(5, 32, 544)
#define TB_SID_BUILTIN_USERS          TB_SID(5, 32, 545)
#define TB_SID_BUILTIN_GUESTS         TB_SID(5, 32, 546)

/* POSIX ids without a SID of their own, in the ranges that Samba uses. */
#define TB_SID_UNIX_USER(uid)  TB_SID(22, 1, (uid))
#define TB_SID_UNIX_GROUP(gid) TB_SID(22, 2, (gid))

static inline bool tb_sid_is_none(const struct tb_sid *sid)
{
    return sid->count == 0;
}

bool tb_sid_equal(const struct tb_sid *a, const struct tb_sid *b);

/* A total order: by authority, then sub-authorities. */
int tb_sid_compare(const struct tb_sid *a, const struct tb_sid *b);

/* Whether `sid` is `domain` and exactly one more sub-authority, which is put in `rid`. */
bool tb_sid_in_domain(const struct tb_sid *sid, const struct tb_sid *domain, uint32_t *rid);

/* `domain` and one more sub-authority; no SID when there is no room for it. */
struct tb_sid tb_sid_with_rid(const struct tb_sid *domain, uint32_t rid);

/* "S-1-5-21-…": TB_INVALID_SID when it is no such text. An authority may be in hexadecimal. */
enum tb_error tb_sid_parse(const char *text, struct tb_sid *sid);

/* Writes the text, terminated, and returns it. */
const char *tb_sid_format(const struct tb_sid *sid, char text[TB_SID_TEXT_CAPACITY]);

/* Wire form. Decoding: TB_INVALID_SID for another revision, too many or no sub-authorities, or too
 * few bytes; the reader stands behind the SID on success. */
size_t tb_sid_wire_length(const struct tb_sid *sid);
enum tb_error tb_sid_decode(struct tb_reader *reader, struct tb_sid *sid);
void tb_sid_encode(const struct tb_sid *sid, struct tb_writer *to);

#endif
