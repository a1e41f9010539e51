/* How fast may be asked: a token bucket, slowed by the server's refusals, and the waits that it
 * announced. A pure machine: the time is handed in, from the clock that only goes forward. */
#pragma once

#include "base/clock.h"

#include <stdbool.h>
#include <stdint.h>

#define PACE_STEPS 100 /* answers that it takes to get from standstill back to full speed */

struct pace {
        uint64_t full; /* the fastest, in thousandths of a request a minute */
        uint64_t rate; /* now */
        int64_t next;  /* nanoseconds: when a request is due that keeps to the rate */
        uint64_t window, window_full; /* requests at once, in thousandths; 0: no limit */
        usec_t slowed;                /* when the rate was last halved */
        usec_t held;                  /* nothing goes out before this */
        int status;                   /* of the answer that announced it, for the text */
};

/* Room for a burst of a second's worth, at least 1; full at first. 0 requests count as 1. */
void pace_init(struct pace *p, unsigned requests_per_minute);
/* Not more than so many at once; 0: any number. */
void pace_set_window(struct pace *p, unsigned requests);
/* With so many under way, may one more go out? */
bool pace_has_room(const struct pace *p, unsigned under_way);

/* How long until the next request may go out: 0 if now. Holds included. */
usec_t pace_wait(const struct pace *p, usec_t now);
/* It goes out: takes a token. */
void pace_take(struct pace *p, usec_t now);

/* Nothing before now + wait; a hold that is there already is never shortened. */
void pace_hold(struct pace *p, usec_t now, usec_t wait, int status);
usec_t pace_held(const struct pace *p, usec_t now); /* what is left of the holds */

/* The server refused one for its number (429): half the rate, at least 1 a minute, and half the
 * window, at least 1; refusals within
 * a second of the last one halve nothing, as they speak of the same burst. */
void pace_slow(struct pace *p, usec_t now);
/* The server took one: a PACE_STEPS-th of the full rate more, and one more at once with each window
 * full of them. */
void pace_ease(struct pace *p);
