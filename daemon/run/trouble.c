#include "run/trouble.h"

bool trouble_fail(struct trouble *t, enum trouble_kind kind, usec_t wait, usec_t boot)
{
        if (t->failures[kind]++ == 0)
                t->since[kind] = boot;
        t->last[kind] = boot;
        if (t->on[kind] ||
            (kind == TROUBLE_SERVER && boot + wait - t->since[kind] < TROUBLE_SERVER_AFTER))
                return false;
        t->on[kind] = true;
        return true;
}

bool trouble_end(struct trouble *t, enum trouble_kind kind, usec_t boot, usec_t *ret_took,
                 uint64_t *ret_failures)
{
        bool was = t->on[kind];

        if (kind == TROUBLE_RATE && was && boot - t->last[kind] < TROUBLE_RATE_QUIET)
                return false;
        if (was) {
                *ret_took = boot - t->since[kind];
                *ret_failures = t->failures[kind];
        }
        t->on[kind] = false;
        t->failures[kind] = 0;
        return was;
}
