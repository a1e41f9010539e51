#include "run/schedule.h"

#include <string.h>

static usec_t later(usec_t a, usec_t b)
{
        return a > b ? a : b;
}

static usec_t jitter(usec_t interval, uint32_t random)
{
        return (usec_t)((double)interval / SCHEDULE_JITTER * random / UINT32_MAX);
}

static usec_t doubled(usec_t first, usec_t max, unsigned failures)
{
        while (failures-- > 1 && first < max)
                first *= 2;
        return first < max ? first : max;
}

/* When the last walk of this kind began, on the boot clock: may lie before the boot. */
static usec_t begun_at(usec_t past, usec_t interval, usec_t wall, usec_t boot)
{
        if (past <= 0 || past > wall || wall - past >= interval)
                return boot - interval;
        return boot - (wall - past);
}

void schedule_init(struct schedule *s, const usec_t interval[static SCHEDULE_KINDS],
                   const struct schedule_past *past, usec_t wall, usec_t boot, uint32_t random)
{
        memset(s, 0, sizeof(*s));
        memcpy(s->interval, interval, sizeof(s->interval));
        s->begun[SCHEDULE_NEW] = begun_at(past->any, interval[SCHEDULE_NEW], wall, boot);
        s->begun[SCHEDULE_FULL] = begun_at(past->full, interval[SCHEDULE_FULL], wall, boot);
        s->first = past->full == 0;
        schedule_change(s, interval, random);
}

void schedule_change(struct schedule *s, const usec_t interval[static SCHEDULE_KINDS],
                     uint32_t random)
{
        for (int i = 0; i < SCHEDULE_KINDS; i++) {
                s->interval[i] = interval[i];
                if (!s->failed[i])
                        s->due[i] = s->begun[i] + interval[i] - jitter(interval[i], random);
        }
}

usec_t schedule_when(const struct schedule *s, enum schedule_kind kind)
{
        return s->now ? s->held : later(s->due[kind], s->held);
}

usec_t schedule_wait(const struct schedule *s, usec_t boot)
{
        usec_t new = schedule_when(s, SCHEDULE_NEW), full = schedule_when(s, SCHEDULE_FULL);
        usec_t when = new < full ? new : full;

        return when > boot ? when - boot : 0;
}

enum schedule_kind schedule_next(const struct schedule *s, usec_t boot)
{
        return s->due[SCHEDULE_FULL] <= boot ? SCHEDULE_FULL : SCHEDULE_NEW;
}

void schedule_begun(struct schedule *s)
{
        s->now = false;
}

void schedule_complete(struct schedule *s, enum schedule_kind kind, usec_t begun, usec_t ended,
                       uint32_t random)
{
        for (int i = 0; i <= (int)kind; i++) {
                usec_t rest = s->interval[i] / SCHEDULE_REST;

                s->begun[i] = begun;
                s->failures[i] = 0;
                s->failed[i] = false;
                s->due[i] = later(begun + s->interval[i] - jitter(s->interval[i], random),
                                  ended + rest);
        }
        s->persons = s->hosts = 0;
        s->held = 0;
        s->first &= kind != SCHEDULE_FULL;
}

static usec_t sooner(usec_t a, usec_t b)
{
        return a < b ? a : b;
}

/* Until when the server's answers hold a kind of walk back. */
static usec_t source_until(struct schedule *s, enum schedule_kind kind, usec_t ended)
{
        usec_t first = sooner(SCHEDULE_SOURCE_FIRST, s->interval[SCHEDULE_NEW]);
        usec_t max = sooner(SCHEDULE_SOURCE_MAX, s->interval[kind]);

        return ended + doubled(sooner(first, max), max, ++s->failures[kind]);
}

void schedule_failed(struct schedule *s, enum schedule_kind kind, enum schedule_cause cause,
                     usec_t announced, usec_t ended)
{
        s->due[kind] = ended;
        s->failed[kind] = true;
        if (cause == SCHEDULE_INTERRUPTED)
                return;
        schedule_hold(s, cause, announced, ended);
        if (cause != SCHEDULE_SOURCE)
                return;
        /* A full walk that fails, over a record of long ago, say, keeps no new one back; but where
         * there was none yet, a new one is the same. */
        s->due[kind] = source_until(s, kind, ended);
        if (s->first)
                s->due[SCHEDULE_NEW] = s->due[SCHEDULE_FULL] = s->due[kind];
}

usec_t schedule_host(struct schedule *s)
{
        return doubled(SCHEDULE_HOST_FIRST, SCHEDULE_HOST_MAX, ++s->hosts);
}

void schedule_hold(struct schedule *s, enum schedule_cause cause, usec_t announced, usec_t boot)
{
        usec_t wait = announced;

        if (cause == SCHEDULE_PERSON)
                wait = later(wait,
                             doubled(SCHEDULE_PERSON_FIRST, SCHEDULE_PERSON_MAX, ++s->persons));
        if (cause == SCHEDULE_HOST)
                wait = later(wait, schedule_host(s));
        if (wait > 0)
                s->held = later(s->held, boot + wait);
}

void schedule_now(struct schedule *s)
{
        s->now = true;
        s->held = 0;
}
