/* Opening GnuTLS hashes and MACs without leaking: private to core/crypto.
 *
 * When memory runs out half-way, gnutls_hash_init() and gnutls_hmac_init() of GnuTLS 3.7 return an
 * error but leave an allocated handle behind. gnutls_free() sets what it frees to NULL, so this
 * stays right where the library frees the handle itself. */
#ifndef TB_CRYPTO_GNUTLS_H
#define TB_CRYPTO_GNUTLS_H

#include "core/bytes.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

static inline bool tb_hash_open(gnutls_hash_hd_t *hash, gnutls_digest_algorithm_t algorithm)
{
    *hash = NULL;
    if (gnutls_hash_init(hash, algorithm) >= 0)
        return true;
    gnutls_free(*hash);
    return false;
}

static inline bool tb_hmac_open(gnutls_hmac_hd_t *hmac, gnutls_mac_algorithm_t algorithm,
                                struct tb_span key)
{
    *hmac = NULL;
    if (gnutls_hmac_init(hmac, algorithm, key.data, key.length) >= 0)
        return true;
    gnutls_free(*hmac);
    return false;
}

#endif
