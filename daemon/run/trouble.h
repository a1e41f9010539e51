/* What goes wrong for a while: when it began and when it ended, so that each is told once. Pure:
 * it tells nobody itself. */
#pragma once

#include "base/clock.h"

#include <stdbool.h>
#include <stdint.h>

enum trouble_kind {
        TROUBLE_SERVER, /* no answers, or 5xx */
        TROUBLE_RATE,   /* 429 */
        TROUBLE_KEY,    /* refused: a person must act */
        TROUBLE_DISK,   /* full, read-only, failing */
};
#define TROUBLE_KINDS 4

/* A server that fails for shorter than this is not out: it restarts, say. */
#define TROUBLE_SERVER_AFTER (5 * USEC_PER_SEC)
/* So long without a 429 ends being limited: else each answer between two would. */
#define TROUBLE_RATE_QUIET USEC_PER_MIN

struct trouble {
        bool on[TROUBLE_KINDS];
        usec_t since[TROUBLE_KINDS]; /* boot clock; of the first failure */
        usec_t last[TROUBLE_KINDS];  /* of the last one */
        uint64_t failures[TROUBLE_KINDS];
};

/* One failure, after which nothing is tried for `wait`. True if with it the trouble has begun: to be
 * told now. */
bool trouble_fail(struct trouble *t, enum trouble_kind kind, usec_t wait, usec_t boot);
/* Something of this kind went well. True if a trouble that was on has ended with it; then, and only
 * then, *ret_took says how long it was and *ret_failures how many failures it had. */
bool trouble_end(struct trouble *t, enum trouble_kind kind, usec_t boot, usec_t *ret_took,
                 uint64_t *ret_failures);
