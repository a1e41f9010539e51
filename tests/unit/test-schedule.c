/* A daemon's life in simulated time: months of it, with restarts, failures, signals, suspended
 * machines, and a wall clock that jumps by years, against what the configuration promises. */
#include "tap.h"
#include "run/schedule.h"

#define DAY   USEC_PER_DAY
#define START ((usec_t)1795334400 * USEC_PER_SEC)

struct world {
        usec_t wall, boot;
        usec_t interval[SCHEDULE_KINDS];
        struct schedule_past past; /* what the ledger would say */
        struct schedule s;
        usec_t last[SCHEDULE_KINDS]; /* boot: start of the last complete walk */
        bool walked[SCHEDULE_KINDS];
        unsigned walks[SCHEDULE_KINDS];
};

static uint32_t chance(void)
{
        return (uint32_t)(tap_random() >> 16);
}

static void start(struct world *w)
{
        schedule_init(&w->s, w->interval, &w->past, w->wall, w->boot, chance());
}

static struct world world(usec_t new, usec_t full)
{
        struct world w = { .wall = START, .boot = 1000 * USEC_PER_SEC, .interval = { new, full } };

        start(&w);
        return w;
}

static void pass(struct world *w, usec_t t)
{
        w->wall += t;
        w->boot += t;
}

/* A complete walk of the kind that is due, which takes `took`. */
static enum schedule_kind walk(struct world *w, usec_t took)
{
        enum schedule_kind kind = schedule_next(&w->s, w->boot);
        usec_t begun = w->boot, started = w->wall;

        schedule_begun(&w->s);
        pass(w, took);
        schedule_complete(&w->s, kind, begun, w->boot, chance());
        for (int i = 0; i < SCHEDULE_KINDS && i <= (int)kind; i++) {
                w->last[i] = begun;
                w->walked[i] = true;
        }
        w->walks[kind == SCHEDULE_FULL]++;
        w->past.any = started;
        if (kind == SCHEDULE_FULL)
                w->past.full = started;
        return kind;
}

static void a_new_archive_begins_with_a_full_walk_at_once(void)
{
        struct world w = world(5 * USEC_PER_MIN, DAY);

        CHECK(schedule_wait(&w.s, w.boot) == 0);
        CHECK(schedule_next(&w.s, w.boot) == SCHEDULE_FULL);
}

/* No walk later than its interval, none sooner than that less the jitter; nothing is skipped. */
static void a_month_goes_by(void)
{
        struct world w = world(5 * USEC_PER_MIN, DAY);
        usec_t end = w.boot + 30 * DAY;

        walk(&w, USEC_PER_SEC);
        while (w.boot < end) {
                usec_t wait = schedule_wait(&w.s, w.boot), last[SCHEDULE_KINDS];
                enum schedule_kind kind;

                memcpy(last, w.last, sizeof(last));
                CHECK(wait > 0);
                pass(&w, wait);
                kind = walk(&w, USEC_PER_SEC);
                for (int i = 0; i < SCHEDULE_KINDS && i <= (int)kind; i++)
                        CHECK(w.last[i] - last[i] <= w.interval[i]);
                CHECK(w.last[kind] - last[kind] >=
                      w.interval[kind] - w.interval[kind] / SCHEDULE_JITTER);
        }
        CHECK(w.walks[SCHEDULE_FULL] >= 30 && w.walks[SCHEDULE_FULL] <= 34);
        CHECK(w.walks[SCHEDULE_NEW] >= 30 * 288 - 31 && w.walks[SCHEDULE_NEW] <= 30 * 310);
}

static void jitter_spreads(void)
{
        usec_t least = USEC_INFINITY, most = 0;

        for (int i = 0; i < 1000; i++) {
                struct world w = world(5 * USEC_PER_MIN, DAY);
                usec_t wait;

                walk(&w, 0);
                wait = schedule_wait(&w.s, w.boot);
                least = wait < least ? wait : least;
                most = wait > most ? wait : most;
        }
        CHECK(most <= 5 * USEC_PER_MIN && most > 5 * USEC_PER_MIN - 2 * USEC_PER_SEC);
        CHECK(least >= 5 * USEC_PER_MIN * 15 / 16);
        CHECK(least < 5 * USEC_PER_MIN * 15 / 16 + 2 * USEC_PER_SEC);
}

/* Restarts at any moment: neither a walk more than the schedule has, nor one less. */
static void restarts_change_nothing(void)
{
        struct world w = world(5 * USEC_PER_MIN, DAY);
        usec_t end = w.boot + 10 * DAY;

        walk(&w, USEC_PER_SEC);
        while (w.boot < end) {
                usec_t wait = schedule_wait(&w.s, w.boot);
                usec_t off = (usec_t)(tap_random() % (8 * USEC_PER_MIN));

                if (off < wait) {
                        pass(&w, off);
                        w.boot = (usec_t)(tap_random() % DAY); /* another boot */
                        end -= DAY / 100;
                        start(&w);
                        CHECK(schedule_wait(&w.s, w.boot) <= w.interval[SCHEDULE_NEW]);
                        CHECK(w.wall + schedule_wait(&w.s, w.boot) <=
                              w.past.any + w.interval[SCHEDULE_NEW]);
                        end = w.boot + end % DAY;
                        continue;
                }
                pass(&w, wait);
                CHECK(w.wall - w.past.any >= w.interval[SCHEDULE_NEW] * 15 / 16);
                CHECK(w.wall - w.past.full <= w.interval[SCHEDULE_FULL] ||
                      schedule_next(&w.s, w.boot) == SCHEDULE_FULL);
                walk(&w, USEC_PER_SEC);
        }
        CHECK(w.walks[SCHEDULE_FULL] > 0 && w.walks[SCHEDULE_NEW] > 0);
}

/* Jumps of the wall clock while it runs are nothing to it; over a restart, a past that lies in the
 * future or years ago makes a walk at once, and no more than that one. */
static void the_wall_clock_jumps_by_years(void)
{
        struct world w = world(5 * USEC_PER_MIN, DAY);

        for (int i = 0; i < 200; i++) {
                usec_t jump = ((usec_t)(tap_random() % 40) - 20) * 365 * DAY, wait, again;

                walk(&w, USEC_PER_SEC);
                wait = schedule_wait(&w.s, w.boot);
                w.wall += jump;
                if (w.wall < 0)
                        w.wall = START;
                CHECK(schedule_wait(&w.s, w.boot) == wait && wait > 0);
                pass(&w, wait / 2);
                if (i % 3)
                        continue;
                start(&w);
                again = schedule_wait(&w.s, w.boot);
                CHECK(again <= w.interval[SCHEDULE_NEW]);
                if (jump != 0)
                        CHECK(again == 0 && schedule_next(&w.s, w.boot) == SCHEDULE_FULL);
                walk(&w, USEC_PER_SEC);
                start(&w);
                CHECK(schedule_wait(&w.s, w.boot) > 0);
        }
}

static void a_suspended_machine_walks_when_it_wakes(void)
{
        struct world w = world(5 * USEC_PER_MIN, DAY);

        walk(&w, USEC_PER_SEC);
        pass(&w, 3 * DAY);
        CHECK(schedule_wait(&w.s, w.boot) == 0);
        CHECK(schedule_next(&w.s, w.boot) == SCHEDULE_FULL);
        walk(&w, USEC_PER_SEC);
        CHECK(schedule_wait(&w.s, w.boot) > 4 * USEC_PER_MIN);
}

static void a_walk_longer_than_its_interval_leaves_time(void)
{
        struct world w = world(5 * USEC_PER_MIN, DAY);

        walk(&w, 7 * USEC_PER_HOUR);
        CHECK(schedule_wait(&w.s, w.boot) == 5 * USEC_PER_MIN / SCHEDULE_REST);
        CHECK(schedule_next(&w.s, w.boot + USEC_PER_MIN) == SCHEDULE_NEW);
}

static usec_t fail(struct world *w, enum schedule_cause cause, usec_t announced)
{
        enum schedule_kind kind = schedule_next(&w->s, w->boot);

        schedule_begun(&w->s);
        schedule_failed(&w->s, kind, cause, announced, w->boot);
        return schedule_wait(&w->s, w->boot);
}

static void a_server_that_fails_is_asked_ever_more_seldom_and_never_given_up(void)
{
        struct world w = world(5 * USEC_PER_MIN, DAY);
        usec_t before = 0, wait = 0;

        walk(&w, USEC_PER_SEC);
        for (int i = 0; i < 1000; i++) {
                pass(&w, schedule_wait(&w.s, w.boot));
                if (schedule_next(&w.s, w.boot) == SCHEDULE_FULL) {
                        fail(&w, SCHEDULE_SOURCE, 0);
                        continue;
                }
                wait = fail(&w, SCHEDULE_SOURCE, 0);
                CHECK(wait <= w.interval[SCHEDULE_NEW]);
                if (i == 0)
                        CHECK(wait == SCHEDULE_SOURCE_FIRST);
                before = wait > before ? wait : before;
        }
        CHECK(before == w.interval[SCHEDULE_NEW]);
        walk(&w, USEC_PER_SEC);
        pass(&w, schedule_wait(&w.s, w.boot));
}

/* A record of long ago that spoils every full walk must not hide what is new. */
static void full_walks_that_fail_hold_no_new_ones_back(void)
{
        struct world w = world(5 * USEC_PER_MIN, DAY);
        unsigned failed = 0;
        usec_t end;

        walk(&w, USEC_PER_SEC);
        for (end = w.boot + 10 * DAY; w.boot < end;) {
                usec_t last = w.last[SCHEDULE_NEW];

                pass(&w, schedule_wait(&w.s, w.boot));
                if (schedule_next(&w.s, w.boot) == SCHEDULE_FULL) {
                        fail(&w, SCHEDULE_SOURCE, 0);
                        failed++;
                        continue;
                }
                walk(&w, USEC_PER_SEC);
                CHECK(w.last[SCHEDULE_NEW] - last <= w.interval[SCHEDULE_NEW] + USEC_PER_SEC);
        }
        CHECK(failed >= 9 * 24 && failed < 12 * 24 + 20);
}

static void a_first_walk_that_fails_is_not_asked_for_under_another_name(void)
{
        struct world w = world(5 * USEC_PER_MIN, DAY);

        CHECK(fail(&w, SCHEDULE_SOURCE, 0) == SCHEDULE_SOURCE_FIRST);
        pass(&w, SCHEDULE_SOURCE_FIRST);
        CHECK(fail(&w, SCHEDULE_SOURCE, 0) == 2 * SCHEDULE_SOURCE_FIRST);
}

static void a_refused_key_waits_long_unless_someone_acts(void)
{
        struct world w = world(2 * USEC_PER_SEC, DAY);

        CHECK(fail(&w, SCHEDULE_PERSON, 0) == SCHEDULE_PERSON_FIRST);
        for (int i = 0; i < 10; i++) {
                usec_t wait = schedule_wait(&w.s, w.boot);

                CHECK(wait >= SCHEDULE_PERSON_FIRST && wait <= SCHEDULE_PERSON_MAX);
                pass(&w, wait);
                fail(&w, SCHEDULE_PERSON, 0);
        }
        CHECK(schedule_wait(&w.s, w.boot) == SCHEDULE_PERSON_MAX);
        schedule_now(&w.s);
        CHECK(schedule_wait(&w.s, w.boot) == 0);
        walk(&w, 0);
        pass(&w, schedule_wait(&w.s, w.boot));
        CHECK(fail(&w, SCHEDULE_PERSON, 0) == SCHEDULE_PERSON_FIRST);
}

static void what_the_server_announces_is_kept(void)
{
        struct world w = world(2 * USEC_PER_SEC, DAY);

        CHECK(fail(&w, SCHEDULE_SOURCE, 3 * USEC_PER_HOUR) == 3 * USEC_PER_HOUR);
        w = world(2 * USEC_PER_SEC, DAY);
        CHECK(fail(&w, SCHEDULE_PERSON, 30 * DAY) == 30 * DAY);
}

static void a_full_disk_is_looked_at_often(void)
{
        struct world w = world(5 * USEC_PER_MIN, DAY);
        usec_t sum = 0;

        CHECK(fail(&w, SCHEDULE_HOST, 0) == SCHEDULE_HOST_FIRST);
        for (int i = 0; i < 100; i++) {
                usec_t wait;

                pass(&w, schedule_wait(&w.s, w.boot));
                schedule_hold(&w.s, SCHEDULE_HOST, 0, w.boot);
                wait = schedule_wait(&w.s, w.boot);
                CHECK(wait > 0 && wait <= SCHEDULE_HOST_MAX);
                sum += wait;
        }
        CHECK(sum > 90 * SCHEDULE_HOST_MAX);
}

static void an_interrupted_walk_is_due_again(void)
{
        struct world w = world(5 * USEC_PER_MIN, DAY);

        walk(&w, USEC_PER_SEC);
        pass(&w, DAY);
        CHECK(schedule_next(&w.s, w.boot) == SCHEDULE_FULL);
        CHECK(fail(&w, SCHEDULE_INTERRUPTED, 0) == 0);
        CHECK(schedule_next(&w.s, w.boot) == SCHEDULE_FULL);
}

static void one_that_is_asked_for_while_one_runs_comes_after_it(void)
{
        struct world w = world(DAY, 7 * DAY);

        schedule_begun(&w.s);
        schedule_now(&w.s);
        schedule_complete(&w.s, SCHEDULE_FULL, w.boot, w.boot + 1, 0);
        CHECK(schedule_wait(&w.s, w.boot + 1) == 0);
        CHECK(schedule_next(&w.s, w.boot + 1) == SCHEDULE_NEW);
        schedule_begun(&w.s);
        CHECK(schedule_wait(&w.s, w.boot + 1) > DAY / 2);
}

static void one_that_is_asked_for_waits_for_what_comes_to_hold_it(void)
{
        struct world w = world(5 * USEC_PER_MIN, DAY);

        walk(&w, 0);
        schedule_now(&w.s);
        schedule_hold(&w.s, SCHEDULE_PERSON, 0, w.boot);
        CHECK(schedule_wait(&w.s, w.boot) == SCHEDULE_PERSON_FIRST);
        pass(&w, SCHEDULE_PERSON_FIRST);
        CHECK(schedule_wait(&w.s, w.boot) == 0);
}

static void other_intervals_leave_a_failed_walk_where_it_is(void)
{
        struct world w = world(USEC_PER_HOUR, 2 * DAY);
        const usec_t other[] = { 2 * USEC_PER_HOUR, 3 * DAY };

        walk(&w, 0);
        pass(&w, schedule_wait(&w.s, w.boot));
        CHECK(fail(&w, SCHEDULE_SOURCE, 0) == SCHEDULE_SOURCE_FIRST);
        schedule_change(&w.s, other, 0);
        CHECK(schedule_wait(&w.s, w.boot) == SCHEDULE_SOURCE_FIRST);
}

static void other_intervals_count_from_the_same_walks(void)
{
        struct world w = world(5 * USEC_PER_MIN, DAY);
        const usec_t shorter[] = { USEC_PER_MIN, USEC_PER_HOUR };

        walk(&w, 0);
        pass(&w, 30 * USEC_PER_SEC);
        schedule_change(&w.s, shorter, 0);
        CHECK(schedule_wait(&w.s, w.boot) == 30 * USEC_PER_SEC);
        pass(&w, USEC_PER_HOUR);
        CHECK(schedule_next(&w.s, w.boot) == SCHEDULE_FULL);
}

int main(void)
{
        RUN(a_new_archive_begins_with_a_full_walk_at_once,
            "a new archive begins with a full walk, at once");
        RUN(a_month_goes_by, "a month goes by: each walk within its interval, and no other");
        RUN(jitter_spreads, "jitter spreads over a sixteenth of the interval, to the early side");
        RUN(restarts_change_nothing, "restarts at any moment bring neither more walks nor fewer");
        RUN(the_wall_clock_jumps_by_years, "the wall clock jumps by years in both directions");
        RUN(a_suspended_machine_walks_when_it_wakes, "a suspended machine walks when it wakes");
        RUN(a_walk_longer_than_its_interval_leaves_time,
            "a walk longer than its interval leaves time before the next");
        RUN(a_server_that_fails_is_asked_ever_more_seldom_and_never_given_up,
            "a server that fails is asked ever more seldom, up to the interval, for ever");
        RUN(full_walks_that_fail_hold_no_new_ones_back,
            "full walks that fail hold no new ones back");
        RUN(a_first_walk_that_fails_is_not_asked_for_under_another_name,
            "a first walk that fails is not asked for at once under another name");
        RUN(a_refused_key_waits_long_unless_someone_acts,
            "a refused key waits long, unless someone acts");
        RUN(what_the_server_announces_is_kept, "a wait that the server announces is kept in full");
        RUN(a_full_disk_is_looked_at_often, "a full disk is looked at each minute");
        RUN(an_interrupted_walk_is_due_again, "an interrupted walk is due again at once");
        RUN(one_that_is_asked_for_while_one_runs_comes_after_it,
            "a walk asked for while one runs comes after it");
        RUN(one_that_is_asked_for_waits_for_what_comes_to_hold_it,
            "a walk that is asked for waits for what comes to hold it back");
        RUN(other_intervals_leave_a_failed_walk_where_it_is,
            "other intervals leave a walk that failed where it is");
        RUN(other_intervals_count_from_the_same_walks, "other intervals count from the same walks");
        return tap_end();
}
