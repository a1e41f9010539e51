/* When a fault or a hook is due: the nth matching request from now, and those behind it. */
#pragma once

#include "call.h"

struct trigger {
        int class;           /* enum call_class, or -1 for any */
        char *match;         /* must occur in the target as it came; NULL: any */
        uint64_t nth, times; /* 1 is the next; times 0: for ever */
        uint64_t seen;       /* matching requests so far */
};

/* on=, match=, nth=, times=. NULL, or why not. */
const char *trigger_parse(const struct params *p, struct trigger *ret);
void trigger_done(struct trigger *t);

/* Counts the request; whether the trigger is due with it. */
bool trigger_fires(struct trigger *t, const struct call *call);
