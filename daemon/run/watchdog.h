/* When the service manager's watchdog is to be fed: as long as the loop turns, and what is in hand
 * moves or has a reason to wait. Pure. */
#pragma once

#include "base/clock.h"

#include <stdbool.h>
#include <stdint.h>

/* Of the interval in which the manager wants to hear: asked so many times. */
#define WATCHDOG_TIMES 4

/* No request is silent for longer: libcurl ends one that stalls (HTTP_STALL_TIME), and one that
 * does not connect (HTTP_CONNECT_TIMEOUT). */
#define WATCHDOG_PATIENCE (2 * USEC_PER_MIN)

struct watchdog {
        uint64_t signs;
        usec_t quiet; /* since they last grew, or nothing was expected; not while suspended */
};

/* Asked once each `period`. busy: there is work in hand; waiting: it has a reason to; signs: a number that grows with all
 * that happens. False: it hangs, and is to be ended from outside. */
bool watchdog_is_well(struct watchdog *w, bool busy, bool waiting, uint64_t signs, usec_t period);
