/* When the daemon walks next, as far as that can be told from outside: its own schedule, fed with
 * the configuration and with what the ledger says of walks. */
#pragma once

#include "base/clock.h"
#include "ctl/account.h"

struct due {
        usec_t new, full; /* what is not later than now is due now */
};

/* A walk that has begun counts as complete. Only estimates: the daemon's jitter, and what holds it
 * back besides failed walks, is not in the ledger. Where the clock was set back, nothing in the
 * ledger counts as later than now. */
void due_find(const struct account *a, usec_t interval, usec_t full_interval, usec_t now,
              struct due *ret);
