#include "ctl/due.h"
#include "run/schedule.h"

#include <string.h>

#define FAILURES_MAX 64 /* the wait has long stopped growing */

static usec_t before(usec_t t, usec_t now)
{
        return t < now ? t : now;
}

static void complete(struct schedule *s, bool full, usec_t started, usec_t ended, usec_t now)
{
        schedule_complete(s, full ? SCHEDULE_FULL : SCHEDULE_NEW, before(started, now),
                          before(ended, now), 0);
}

static void failed(struct schedule *s, const struct account_failed *f, usec_t now)
{
        const struct account_walk *w = &f->last;
        enum schedule_kind kind = w->full ? SCHEDULE_FULL : SCHEDULE_NEW;
        enum schedule_cause cause = strcmp(w->reason, "interrupted") == 0 ? SCHEDULE_INTERRUPTED
                                                                          : SCHEDULE_SOURCE;

        for (uint64_t i = 0; i < f->walks && i < FAILURES_MAX; i++)
                schedule_failed(s, kind, cause, 0, before(w->ended, now));
}

void due_find(const struct account *a, usec_t interval, usec_t full_interval, usec_t now,
              struct due *ret)
{
        const usec_t intervals[SCHEDULE_KINDS] = { interval, full_interval };
        const struct schedule_past never = { 0 };
        struct schedule s;

        schedule_init(&s, intervals, &never, now, now, 0);
        if (a->full.text)
                complete(&s, true, a->full.started, a->full.ended, now);
        if (a->complete.text && !a->complete.full)
                complete(&s, false, a->complete.started, a->complete.ended, now);
        if (a->failed.walks && !a->failed.last.full)
                failed(&s, &a->failed, now);
        if (a->failed_full.walks)
                failed(&s, &a->failed_full, now);
        if (a->begun.number)
                complete(&s, a->begun.full, a->begun.started, now, now);
        ret->new = schedule_when(&s, SCHEDULE_NEW);
        ret->full = schedule_when(&s, SCHEDULE_FULL);
}
