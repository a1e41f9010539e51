#include "wire/pace.h"

#define SCALE 1000 /* of struct pace's rates: finer than whole requests, so that 1 a minute eases */

#define NSEC_PER_USEC ((int64_t)1000)
#define NSEC_PER_MIN  (USEC_PER_MIN * NSEC_PER_USEC)

/* Between two requests at this rate. */
static int64_t interval(const struct pace *p)
{
        return NSEC_PER_MIN * SCALE / (int64_t)p->rate;
}

/* How far ahead of its time a request may go: the burst is the one that is always allowed, and as
 * many as fit into this. */
static int64_t tolerance(const struct pace *p)
{
        int64_t slack = USEC_PER_SEC * NSEC_PER_USEC - interval(p);

        return slack > 0 ? slack : 0;
}

void pace_init(struct pace *p, unsigned requests_per_minute)
{
        uint64_t rate = (uint64_t)(requests_per_minute ? requests_per_minute : 1) * SCALE;

        *p = (struct pace){ .full = rate, .rate = rate, .slowed = INT64_MIN };
}

usec_t pace_held(const struct pace *p, usec_t now)
{
        return p->held > now ? p->held - now : 0;
}

usec_t pace_wait(const struct pace *p, usec_t now)
{
        int64_t early = p->next - tolerance(p) - now * NSEC_PER_USEC;
        usec_t held = pace_held(p, now), wait = 0;

        if (early > 0)
                wait = (early + NSEC_PER_USEC - 1) / NSEC_PER_USEC;
        return wait > held ? wait : held;
}

void pace_take(struct pace *p, usec_t now)
{
        int64_t t = now * NSEC_PER_USEC;

        p->next = (p->next > t ? p->next : t) + interval(p);
}

void pace_hold(struct pace *p, usec_t now, usec_t wait, int status)
{
        if (now + wait <= p->held || wait <= 0)
                return;
        p->held = now + wait;
        p->status = status;
}

void pace_slow(struct pace *p, usec_t now)
{
        if (now < p->slowed + USEC_PER_SEC)
                return;
        p->slowed = now;
        p->rate = p->rate / 2 > SCALE ? p->rate / 2 : SCALE;
        if (p->window_full)
                p->window = p->window / 2 > SCALE ? p->window / 2 : SCALE;
}

void pace_ease(struct pace *p)
{
        p->rate += p->full / PACE_STEPS;
        if (p->rate > p->full)
                p->rate = p->full;
        if (p->window_full && p->window < p->window_full)
                p->window += SCALE * SCALE / p->window + 1;
        if (p->window > p->window_full)
                p->window = p->window_full;
}

void pace_set_window(struct pace *p, unsigned requests)
{
        p->window = p->window_full = (uint64_t)requests * SCALE;
}

bool pace_has_room(const struct pace *p, unsigned under_way)
{
        return p->window_full == 0 || (uint64_t)under_way * SCALE + SCALE <= p->window;
}
