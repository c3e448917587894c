/* The preauthentication integrity hash value of SMB 3.1.1 (MS-SMB2 3.3.5.4, 3.3.5.5, 3.2.5.2).
 *
 * A connection keeps one over NEGOTIATE request and response; each session set-up starts from a
 * plain copy of the connection's (the struct is a value) and goes on over every SESSION_SETUP
 * request and every SESSION_SETUP response but the last, successful one. */
#ifndef TB_CRYPTO_PREAUTH_H
#define TB_CRYPTO_PREAUTH_H

#include "core/bytes.h"
#include "core/error.h"

#define TB_PREAUTH_LENGTH 64

/* All zeros is the initial value. */
struct tb_preauth {
    uint8_t hash[TB_PREAUTH_LENGTH];
};

/* hash = SHA-512(hash, message). The message begins with its SMB2 header, without any transport
 * prefix, and is given as segments. TB_NO_MEMORY leaves the value as it was. */
enum tb_error tb_preauth_update(struct tb_preauth *preauth, const struct tb_span *segments,
                                size_t count);

#endif
