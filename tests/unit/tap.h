/* TAP for the unit tests: a test is a function, its name a sentence. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int tap_count, tap_failed;
static bool tap_good = true;

/* Within a test: what must hold. The first that does not is told, with its place, and the test goes
 * on (so that a cleanup runs), unless the caller returns on false. */
#define CHECK(cond) tap_check((cond), __FILE__, __LINE__, #cond)

static inline bool tap_check(bool ok, const char *file, int line, const char *what)
{
        if (!ok) {
                if (tap_good)
                        printf("# %s:%d: not so: %s\n", file, line, what);
                tap_good = false;
        }
        return ok;
}

static inline void tap_run(void (*fn)(void), const char *sentence)
{
        tap_good = true;
        fn();
        tap_count++;
        if (!tap_good)
                tap_failed++;
        printf("%sok %d - %s\n", tap_good ? "" : "not ", tap_count, sentence);
        fflush(stdout);
}

#define RUN(fn, sentence) tap_run((fn), (sentence))

static inline int tap_end(void)
{
        printf("1..%d\n", tap_count);
        return tap_failed ? 1 : 0;
}

/* A repeatable stream of random numbers (xorshift64*); TEST_SEED in the environment picks another. */
static inline uint64_t tap_random(void)
{
        static uint64_t state;

        if (!state) {
                const char *seed = getenv("TEST_SEED");

                state = seed ? strtoull(seed, NULL, 10) * 2654435761u + 1 : 88172645463325252u;
                printf("# seed %s\n", seed ? seed : "(built in)");
        }
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        return state * 2685821657736338717u;
}

static inline unsigned tap_below(unsigned n)
{
        return (unsigned)(tap_random() % n);
}
