/* Numbers that look random and are the same each time: splitmix64. A generator is a function of its
 * keys alone, so that any part of any record can be made without making what comes before it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct rng {
        uint64_t state;
};

static inline uint64_t rng_mix(uint64_t z)
{
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
}

/* rng_mix() backwards: it is a bijection, which lets an id carry its record's number unseen. */
static inline uint64_t rng_unmix(uint64_t z)
{
        z = (z ^ (z >> 31) ^ (z >> 62)) * 0x319642b2d24d8ec3u;
        z = (z ^ (z >> 27) ^ (z >> 54)) * 0x96de1b173f119089u;
        return z ^ (z >> 30) ^ (z >> 60);
}

static inline struct rng rng_of(uint64_t seed, uint64_t a, uint64_t b)
{
        return (struct rng){ rng_mix(rng_mix(rng_mix(seed + 0x632be59bd9b4e019u) + a) + b) };
}

static inline uint64_t rng_next(struct rng *r)
{
        r->state += 0x9e3779b97f4a7c15u;
        return rng_mix(r->state);
}

/* 0 … n-1; n may be 0, which gives 0. */
static inline uint64_t rng_below(struct rng *r, uint64_t n)
{
        return (uint64_t)(((unsigned __int128)rng_next(r) * n) >> 64);
}

static inline bool rng_one_in(struct rng *r, uint64_t n)
{
        return rng_below(r, n) == 0;
}
