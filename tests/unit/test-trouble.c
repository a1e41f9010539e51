/* Troubles are told once each, watchdogs fed for a reason, patience runs out: the small clocks of
 * the daemon, in simulated time. */
#include "tap.h"
#include "run/trouble.h"
#include "run/watchdog.h"
#include "walk/patience.h"

static usec_t took;
static uint64_t failures;

static void an_outage_is_told_once_when_it_begins_and_once_when_it_ends(void)
{
        struct trouble t = { 0 };
        unsigned begun = 0, ended = 0;
        usec_t now = 1;

        for (int i = 0; i < 1000; i++, now += USEC_PER_SEC)
                begun += trouble_fail(&t, TROUBLE_SERVER, 0, now);
        CHECK(begun == 1);
        for (int i = 0; i < 10; i++)
                ended += trouble_end(&t, TROUBLE_SERVER, now, &took, &failures);
        CHECK(ended == 1 && took == 1000 * USEC_PER_SEC && failures == 1000);
}

static void a_server_that_only_stumbles_is_not_out(void)
{
        struct trouble t = { 0 };

        for (usec_t now = 1; now < USEC_PER_HOUR; now += TROUBLE_SERVER_AFTER / 2) {
                CHECK(!trouble_fail(&t, TROUBLE_SERVER, 0, now));
                CHECK(!trouble_fail(&t, TROUBLE_SERVER, 0, now));
                CHECK(!trouble_end(&t, TROUBLE_SERVER, now, &took, &failures));
        }
}

static void a_rate_that_is_limited_now_and_then_is_told_once(void)
{
        struct trouble t = { 0 };
        unsigned begun = 0;
        usec_t now = 1;

        for (int i = 0; i < 1000; i++, now += USEC_PER_SEC) {
                begun += trouble_fail(&t, TROUBLE_RATE, 0, now);
                CHECK(!trouble_end(&t, TROUBLE_RATE, now + 1, &took, &failures));
        }
        CHECK(begun == 1);
        CHECK(trouble_end(&t, TROUBLE_RATE, now + TROUBLE_RATE_QUIET, &took, &failures));
        CHECK(trouble_fail(&t, TROUBLE_RATE, 0, now + 2 * TROUBLE_RATE_QUIET));
}

static void a_wait_that_was_announced_is_told_at_once(void)
{
        struct trouble t = { 0 };

        CHECK(trouble_fail(&t, TROUBLE_SERVER, USEC_PER_HOUR, 1));
        CHECK(!trouble_fail(&t, TROUBLE_SERVER, USEC_PER_HOUR, USEC_PER_HOUR));
}

static void keys_and_disks_are_told_at_once(void)
{
        struct trouble t = { 0 };

        CHECK(trouble_fail(&t, TROUBLE_KEY, 0, 1) && !trouble_fail(&t, TROUBLE_KEY, 0, 2));
        CHECK(trouble_fail(&t, TROUBLE_DISK, 0, 1) && !trouble_fail(&t, TROUBLE_DISK, 0, 2));
        CHECK(trouble_end(&t, TROUBLE_KEY, 3, &took, &failures) && took == 2 && failures == 2);
        CHECK(!trouble_end(&t, TROUBLE_KEY, 4, &took, &failures));
        CHECK(t.on[TROUBLE_DISK]);
}

#define PERIOD (45 * USEC_PER_SEC)

static bool well_for(struct watchdog *w, bool busy, bool waiting, bool moving, unsigned rounds)
{
        static uint64_t signs = 1;
        bool well = true;

        while (rounds-- > 0)
                well = watchdog_is_well(w, busy, waiting, signs += moving, PERIOD) && well;
        return well;
}

static void the_watchdog_is_fed_for_a_reason(void)
{
        struct watchdog w = { 0 };

        CHECK(well_for(&w, false, false, false, 100)); /* idle */
        CHECK(well_for(&w, true, true, false, 100));   /* waits out an outage */
        CHECK(well_for(&w, true, false, true, 100));   /* works */
        CHECK(well_for(&w, true, false, false, 2));    /* a slow answer */
        CHECK(!well_for(&w, true, false, false, 1));   /* nothing at all, and no reason */
        CHECK(well_for(&w, true, false, true, 1));     /* it was only slow */
}

static void patience_lasts_its_span_for_each(void)
{
        struct patience *p = patience_new(USEC_PER_HOUR);

        CHECK(patience_ask(p, "a", 1) == PATIENCE_WAIT);
        CHECK(patience_ask(p, "b", USEC_PER_HOUR) == PATIENCE_WAIT);
        CHECK(patience_ask(p, "a", USEC_PER_HOUR) == PATIENCE_WAIT);
        CHECK(patience_ask(p, "a", USEC_PER_HOUR + 1) == PATIENCE_OVER);
        CHECK(patience_ask(p, "b", USEC_PER_HOUR + 1) == PATIENCE_WAIT);
        patience_forget(p, "a");
        CHECK(patience_ask(p, "a", USEC_PER_HOUR + 1) == PATIENCE_WAIT);
        CHECK(patience_ask(p, "b", 2 * USEC_PER_HOUR) == PATIENCE_OVER);
        patience_free(p);
}

static void what_failed_is_put_off(void)
{
        struct patience *p = patience_new(USEC_PER_HOUR);

        CHECK(!patience_is_off(p, "a", 1));
        patience_put_off(p, "a", 1);
        CHECK(patience_is_off(p, "a", PATIENCE_OFF) && !patience_is_off(p, "b", 1));
        CHECK(!patience_is_off(p, "a", 1 + PATIENCE_OFF));
        CHECK(patience_ask(p, "a", 5) == PATIENCE_WAIT);
        CHECK(patience_ask(p, "a", 4 + USEC_PER_HOUR) == PATIENCE_WAIT);
        CHECK(patience_ask(p, "a", 5 + USEC_PER_HOUR) == PATIENCE_OVER);
        patience_free(p);
}

static void patience_takes_bounded_memory(void)
{
        struct patience *p = patience_new(USEC_PER_HOUR);
        char id[32];

        for (int i = 0; i < PATIENCE_MAX; i++) {
                snprintf(id, sizeof(id), "chatcmpl-%d", i);
                CHECK(patience_ask(p, id, 1) == PATIENCE_WAIT);
        }
        CHECK(patience_ask(p, "one more", 1) == PATIENCE_FULL);
        CHECK(patience_ask(p, id, 2) == PATIENCE_WAIT);
        patience_forget(p, "unknown");
        CHECK(patience_ask(p, "one more", 1) == PATIENCE_FULL);
        patience_forget(p, id);
        CHECK(patience_ask(p, "one more", 1) == PATIENCE_WAIT);
        patience_free(p);
}

int main(void)
{
        RUN(an_outage_is_told_once_when_it_begins_and_once_when_it_ends,
            "an outage is told once when it begins and once when it ends");
        RUN(a_server_that_only_stumbles_is_not_out, "a server that only stumbles is not out");
        RUN(a_rate_that_is_limited_now_and_then_is_told_once,
            "a rate that is limited now and then is told once");
        RUN(a_wait_that_was_announced_is_told_at_once,
            "an outage whose wait was announced is told at once");
        RUN(keys_and_disks_are_told_at_once, "keys and disks are told at once, each by itself");
        RUN(the_watchdog_is_fed_for_a_reason, "the watchdog is fed for a reason");
        RUN(patience_lasts_its_span_for_each, "patience lasts its span for each completion");
        RUN(what_failed_is_put_off, "a completion that failed is put off for a while");
        RUN(patience_takes_bounded_memory, "patience takes bounded memory");
        return tap_end();
}
