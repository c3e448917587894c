/* A keyed 64-bit hash (SipHash-2-4) for tables that clients can fill. The same key and bytes give
 * the same value on every machine. */
#ifndef TB_NT_HASH_H
#define TB_NT_HASH_H

#include <stddef.h>
#include <stdint.h>

struct tb_hash_key {
    uint64_t k0, k1;
};

/* A key from 16 random bytes. */
struct tb_hash_key tb_hash_key(const uint8_t bytes[16]);

uint64_t tb_hash_bytes(struct tb_hash_key key, const void *data, size_t length);

/* Hash of the folded form of a name or path (core/nt/upcase.h), without building it. */
uint64_t tb_hash_name_folded(struct tb_hash_key key, const char *name);

#endif
