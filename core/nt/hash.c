#include "core/nt/hash.h"

#include "core/bytes.h"
#include "core/nt/upcase.h"

/* SipHash-2-4 (Aumasson and Bernstein), fed in pieces: `tail` holds the `length % 8` bytes that do
 * not make a word yet. */
struct sip {
    uint64_t v[4];
    uint64_t tail;
    size_t length;
};

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static struct sip sip_start(struct tb_hash_key key)
{
    return (struct sip){.v = {key.k0 ^ 0x736f6d6570736575, key.k1 ^ 0x646f72616e646f6d,
                              key.k0 ^ 0x6c7967656e657261, key.k1 ^ 0x7465646279746573}};
}

static void sip_word(struct sip *s, uint64_t word)
{
    s->v[3] ^= word;
    sip_round(s->v);
    sip_round(s->v);
    s->v[0] ^= word;
}

static void sip_bytes(struct sip *s, const uint8_t *p, size_t length)
{
    for (; length > 0; p++, length--) {
        if (s->length % 8 == 0 && length >= 8) {
            for (; length >= 8; p += 8, length -= 8, s->length += 8)
                sip_word(s, tb_load_u64(p));
            if (length == 0)
                return;
        }
        s->tail |= (uint64_t)*p << s->length % 8 * 8;
        if (++s->length % 8 == 0) {
            sip_word(s, s->tail);
            s->tail = 0;
        }
    }
}

static uint64_t sip_end(struct sip *s)
{
    sip_word(s, s->tail | (uint64_t)s->length << 56);
    s->v[2] ^= 0xff;
    for (int i = 0; i < 4; i++)
        sip_round(s->v);
    return s->v[0] ^ s->v[1] ^ s->v[2] ^ s->v[3];
}

struct tb_hash_key tb_hash_key(const uint8_t bytes[16])
{
    return (struct tb_hash_key){tb_load_u64(bytes), tb_load_u64(bytes + 8)};
}

uint64_t tb_hash_bytes(struct tb_hash_key key, const void *data, size_t length)
{
    struct sip s = sip_start(key);
    sip_bytes(&s, data, length);
    return sip_end(&s);
}

uint64_t tb_hash_name_folded(struct tb_hash_key key, const char *name)
{
    struct sip s = sip_start(key);
    size_t left = strlen(name), n;
    char bytes[4];

    while ((n = tb_name_fold_next(&name, &left, bytes)) > 0)
        sip_bytes(&s, (const uint8_t *)bytes, n);
    return sip_end(&s);
}
