/* When to ask again: a pure function of what came back. */
#pragma once

#include "base/clock.h"

#include <stdbool.h>
#include <stdint.h>

#define RETRY_FIRST         (USEC_PER_SEC / 2) /* the first back-off; doubles with each further attempt */
#define RETRY_CEILING       (5 * USEC_PER_MIN) /* no back-off is longer, unless the server announced it */
#define RETRY_ONCE_ATTEMPTS 5                  /* retries of a request under --once: about 15 s */
#define RETRY_ONCE_WAIT     (60 * USEC_PER_SEC)  /* a longer announced wait fails at once there */
#define RETRY_WAIT_MAX      (365 * USEC_PER_DAY) /* an announcement past it is a mistake */

/* What an attempt brought. Header texts as they came, NULL where there was none. */
struct retry_case {
        int status;     /* of HTTP; 0 for a transport that failed before one came */
        bool transport; /* the transfer failed, or its body was cut or empty against its word */
        bool quota;     /* the error's code is insufficient_quota: waiting does not help */
        const char *retry_after_ms; /* "1500" */
        const char *retry_after;    /* "3", "0.5", or an HTTP date */
        const char *should_retry;   /* x-should-retry: "true", "false" */
        unsigned attempt;           /* retries of this request so far */
        uint32_t random;            /* any; spreads the back-off over [0.75, 1.25) of its length */
        usec_t wall;                /* now, to read an HTTP date against */
};

/* Whether under --once; the daemon retries as long as it lives. */
enum retry_manner { RETRY_DAEMON, RETRY_ONCE };

enum retry_verdict {
        RETRY_NEVER,  /* of a kind that asking again does not mend */
        RETRY_WAIT,   /* ask again after .wait */
        RETRY_ENOUGH, /* of a kind that may pass, but the manner's patience has ended */
};

struct retry_decision {
        enum retry_verdict verdict;
        bool announced; /* the server named the wait: it holds for every request of this key */
        usec_t wait;    /* set with announced, too, where the verdict is not RETRY_WAIT */
};

/* Retried: transport errors, 408, 409, 425, 429, and from 500 up; x-should-retry overrides; not
 * the quota. 401, 403, 405 and 3xx are never retried here, whatever the header says: they need a
 * person. An announced wait is kept in full: retry-after-ms, then Retry-After in each of its forms
 * (a date in the past is 0); what does not parse, is negative, or is past a year counts as not
 * there. From the RETRY_ONCE_ATTEMPTS-th retry on, one that is shorter than the back-off would be
 * is lengthened to it: a server that for ever says 0 is not hammered. x-should-retry speaks of
 * statuses from 400 up; a transport error is retried whatever it says, the quota never. */
struct retry_decision retry_decide(const struct retry_case *c, enum retry_manner manner);

/* The wait that the two headers announce: 0 and *ret, or -1 if they announce none. */
int retry_announced(const char *retry_after_ms, const char *retry_after, usec_t wall, usec_t *ret);
