#include "tap.h"
#include "wire/pace.h"

/* How many may go out at once at this moment. */
static unsigned burst(struct pace *p, usec_t now)
{
        unsigned n = 0;

        while (pace_wait(p, now) == 0 && n < 10000000) {
                pace_take(p, now);
                n++;
        }
        return n;
}

static void a_burst_is_a_seconds_worth_and_at_least_one(void)
{
        static const struct {
                unsigned rpm, burst;
        } cases[] = { { 0, 1 },    { 1, 1 },        { 59, 1 },         { 60, 1 },
                      { 61, 1 },   { 120, 2 },      { 3000, 50 },      { 90, 1 },
                      { 600, 10 }, { 60000, 1000 }, { 1000000, 16666 } };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct pace p;
                unsigned n;

                pace_init(&p, cases[i].rpm);
                n = burst(&p, 1000 * USEC_PER_SEC);
                if (!CHECK(n == cases[i].burst))
                        printf("# %u a minute: %u\n", cases[i].rpm, n);
                n = burst(&p, 3000 * USEC_PER_SEC); /* rest does not pile up */
                CHECK(n == cases[i].burst);
        }
}

/* Over any stretch no more than the rate and one burst, and over a long one no less than the rate,
 * however the moments fall. */
static void the_rate_is_kept_and_reached(void)
{
        for (int round = 0; round < 300; round++) {
                unsigned rpm = 1 + tap_below(round % 2 ? 200 : 100000), n = 0, most;
                usec_t now = tap_below(1000000), start = now;
                struct pace p;

                pace_init(&p, rpm);
                while (now < start + 10 * USEC_PER_MIN && n < 20000) {
                        usec_t wait = pace_wait(&p, now);

                        if (wait > 0) {
                                now += tap_below(2) ? wait : wait + tap_below(3);
                                continue;
                        }
                        pace_take(&p, now);
                        n++;
                }
                most = rpm / 60 + 1 +
                       (unsigned)((unsigned long long)rpm * (unsigned long long)(now - start) /
                                  USEC_PER_MIN);
                if (!CHECK(n <= most + 1 && n + 2 >= most - most / 100 - rpm / 60 - 1))
                        printf("# %u a minute: %u, at most %u\n", rpm, n, most);
        }
}

static void the_wait_is_enough_and_no_longer(void)
{
        struct pace p;
        usec_t now = 5 * USEC_PER_SEC, wait;

        pace_init(&p, 7);
        pace_take(&p, now);
        wait = pace_wait(&p, now);
        CHECK(wait == (60 * USEC_PER_SEC + 6) / 7);
        CHECK(pace_wait(&p, now + wait) == 0);
        CHECK(pace_wait(&p, now + wait - 1) == 1);
}

static void a_hold_is_kept_to_its_end_and_never_shortened(void)
{
        struct pace p;
        usec_t now = 100;

        pace_init(&p, 3000);
        CHECK(pace_held(&p, now) == 0);
        pace_hold(&p, now, 10 * USEC_PER_SEC, 429);
        CHECK(pace_held(&p, now) == 10 * USEC_PER_SEC && pace_wait(&p, now) == 10 * USEC_PER_SEC);
        pace_hold(&p, now, 5 * USEC_PER_SEC, 503);
        CHECK(pace_held(&p, now) == 10 * USEC_PER_SEC && p.status == 429);
        pace_hold(&p, now, 11 * USEC_PER_SEC, 503);
        CHECK(pace_held(&p, now) == 11 * USEC_PER_SEC && p.status == 503);
        now += 11 * USEC_PER_SEC - 1;
        CHECK(pace_wait(&p, now) == 1);
        CHECK(pace_wait(&p, now + 1) == 0 && pace_held(&p, now + 1) == 0);
        pace_hold(&p, now + 1, 0, 429);
        CHECK(pace_held(&p, now + 1) == 0);
}

static void refusals_halve_the_rate_and_answers_raise_it(void)
{
        struct pace p;
        usec_t now = 0;

        pace_init(&p, 600);
        pace_slow(&p, now);
        CHECK(p.rate == 300000);
        pace_slow(&p, now + USEC_PER_SEC - 1); /* of the same burst */
        CHECK(p.rate == 300000);
        pace_slow(&p, now += USEC_PER_SEC);
        CHECK(p.rate == 150000);
        CHECK(burst(&p, now) == 2);
        for (int i = 0; i < 40; i++)
                pace_slow(&p, now += USEC_PER_SEC);
        CHECK(p.rate == 1000);
        pace_ease(&p);
        CHECK(p.rate == 7000);
        for (int i = 0; i < 98; i++)
                pace_ease(&p);
        CHECK(p.rate == 595000);
        pace_ease(&p);
        pace_ease(&p);
        CHECK(p.rate == 600000);

        pace_init(&p, 1);
        pace_slow(&p, now);
        pace_ease(&p);
        CHECK(p.rate == 1000);
}

int main(void)
{
        RUN(a_burst_is_a_seconds_worth_and_at_least_one,
            "a burst is a second's worth, and at least one");
        RUN(the_rate_is_kept_and_reached, "the rate is kept, and reached");
        RUN(the_wait_is_enough_and_no_longer, "the wait is enough, and no longer");
        RUN(a_hold_is_kept_to_its_end_and_never_shortened,
            "a hold is kept to its end and never shortened");
        RUN(refusals_halve_the_rate_and_answers_raise_it,
            "refusals halve the rate, and answers raise it");
        return tap_end();
}
