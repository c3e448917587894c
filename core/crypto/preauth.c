#include "core/crypto/preauth.h"
#include "core/crypto/gnutls.h"

enum tb_error tb_preauth_update(struct tb_preauth *preauth, const struct tb_span *segments,
                                size_t count)
{
    gnutls_hash_hd_t hash;
    struct tb_preauth next;

    if (!tb_hash_open(&hash, GNUTLS_DIG_SHA512))
        return TB_NO_MEMORY;
    int failure = gnutls_hash(hash, preauth->hash, sizeof preauth->hash);
    for (size_t i = 0; i < count && !failure; i++)
        failure = gnutls_hash(hash, segments[i].data, segments[i].length);
    gnutls_hash_deinit(hash, next.hash);
    if (failure)
        return TB_NO_MEMORY;
    *preauth = next;
    return TB_OK;
}
