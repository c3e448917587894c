/* The simulator's generator (xoshiro256**, seeded by SplitMix64): integers only, the same on every
 * machine. Everything that a seed decides is drawn from one of these. Never draw twice in one
 * expression or initialiser: compilers differ in the order. */
#ifndef TB_SIM_RANDOM_H
#define TB_SIM_RANDOM_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tb_sim_random {
    uint64_t state[4];
};

static inline uint64_t tb_sim_random_mix(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* Streams of one seed are independent of each other. */
static inline void tb_sim_random_seed(struct tb_sim_random *random, uint64_t seed, uint64_t stream)
{
    uint64_t state = seed ^ (stream * 0xD1342543DE82EF95u + 1);
    for (unsigned i = 0; i < 4; i++)
        random->state[i] = tb_sim_random_mix(&state);
}

static inline uint64_t tb_sim_random_u64(struct tb_sim_random *random)
{
    uint64_t *s = random->state;
    uint64_t five = s[1] * 5, result = ((five << 7) | (five >> 57)) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = (s[3] << 45) | (s[3] >> 19);
    return result;
}

/* A number below `limit`, which is not 0. */
static inline uint64_t tb_sim_random_below(struct tb_sim_random *random, uint64_t limit)
{
    assert(limit != 0);
    return (tb_sim_random_u64(random) >> 8) % limit;
}

/* True once in `one_in` times; never when that is 0. */
static inline bool tb_sim_random_chance(struct tb_sim_random *random, uint64_t one_in)
{
    return one_in != 0 && tb_sim_random_below(random, one_in) == 0;
}

static inline void tb_sim_random_bytes(struct tb_sim_random *random, void *bytes, size_t length)
{
    uint8_t *p = bytes;
    for (size_t i = 0; i < length; i++)
        p[i] = (uint8_t)(tb_sim_random_u64(random) >> 24);
}

#endif
