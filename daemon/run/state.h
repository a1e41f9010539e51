/* How the daemon stands, for those who look from outside: the manager's STATUS=, and the metrics. */
#pragma once

#include "run/alarm.h"
#include "run/config.h"
#include "run/engine.h"
#include "run/schedule.h"

struct metrics;

struct state {
        const struct clock *clock;
        struct metrics *metrics;
        struct catalog_walk last; /* that ended; number 0: none did yet */
        bool last_complete;
        uint64_t prompts_done, prompts_total;
        usec_t told; /* boot clock */
        bool metrics_failed;
};

void state_init(struct state *s, const struct config *config, const struct clock *clock);
void state_done(struct state *s); /* also of a zeroed one */

/* What happens, for the counters. */
void state_retry(struct state *s);
void state_request(struct state *s, int status, uint64_t bytes_in);
void state_walk_begin(struct state *s, const struct catalog_walk *walk);
void state_walk_end(struct state *s, const struct walk_result *result);
void state_prompts_begin(struct state *s, const struct engine *g);
void state_prompts(struct state *s, uint64_t done);

/* Tell the manager, not more often than each STATE_EVERY unless `now` says so. The archive must be
 * open. */
#define STATE_EVERY USEC_PER_SEC
void state_tell(struct state *s, const struct engine *g, const struct schedule *schedule,
                const struct alarm *alarm, bool now);
/* Write the metrics, if there is a file for them. A failure is told once, until it has passed. The
 * archive must be open. */
void state_measure(struct state *s, const struct engine *g, const struct alarm *alarm);
