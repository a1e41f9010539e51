/* The power goes at any call of a life, one in which a call fails besides. What was acknowledged by
 * then is there exactly once, whatever part of the rest the disk has: no undo has cut off what the
 * ledger may name, and none has left what it named once.
 *
 * LDFLAGS: those of test-archive-faults.c */
#include "life.h"

static struct life then; /* what was known when the power went */

static void remember(void)
{
        then = *life;
}

/* Everything comes right in what the cut left. */
static bool comes_right(const struct model *m, char *dir)
{
        struct model *f = model_fork(m, dir);
        bool ok;

        *life = then;
        faults_new_run();
        ok = heals(f) && CHECK(model_open(f) == 0);
        ok = ok && CHECK(story_sizes_exact(f));
        model_close(f);
        model_free(f);
        return ok;
}

/* The number of calls in this life. */
static unsigned one_life(unsigned at, enum fault how, unsigned cut, int tries)
{
        struct model *m = new_model();
        const char *fired, *broken;
        unsigned calls;

        memset(life, 0, sizeof(*life));
        faults_arm(at, how);
        power_on(m->dir, cut, remember);
        live(m, tries);
        calls = power.calls;
        fired = faults.fired;
        broken = faults.broken;
        faults.armed = false;
        if (!power.cuts[0]) /* it ended before */
                power_cut();
        power_off();
        CHECK(broken == NULL);
        for (size_t i = 0; i < POWER_CUTS; i++)
                if (!tap_good)
                        scratch_drop(power.cuts[i]);
                else if (!comes_right(m, power.cuts[i]))
                        printf("# %s: fault %d at call %u, the power went at %u of %u: %s\n",
                               fired ? fired : "nothing", (int)how, at, cut, calls, m->err.text);
        model_free(m);
        return calls;
}

static void each_cut(void)
{
        unsigned calls = 1;

        for (unsigned cut = 1; cut <= calls + 1 && tap_good; cut++)
                calls = one_life(0, FAULT_NONE, cut, 0);
        CHECK(calls > 150);
}

/* The power goes some time behind the fault, mostly soon. */
static void each_fault(enum fault how, int tries, unsigned stride)
{
        unsigned calls = one_life(0, FAULT_NONE, UINT32_MAX, 0);

        for (unsigned at = 1 + tap_below(stride); at <= calls && tap_good; at += stride)
                one_life(at, how,
                         how == FAULT_CORRUPT ? 1 + tap_below(calls)
                                              : at + 1 + tap_below(tap_below(2) ? 8 : 200),
                         tries);
}

static void test_fault(void)
{
        each_fault(FAULT_EIO, 3, 2);
        each_fault(FAULT_ENOSPC, 0, 3);
}

static void test_twice(void)
{
        each_fault(FAULT_EIO_TWICE, 3, 1);
        each_fault(FAULT_EIO_APART, 3, 1);
}

static void test_ever(void)
{
        each_fault(FAULT_EIO_EVER, 1, 3);
}

static void test_corrupt(void)
{
        each_fault(FAULT_CORRUPT, 3, 2);
}

int main(void)
{
        life = mem_new(sizeof(*life));
        make_units();
        RUN(each_cut, "the power may go before any call");
        RUN(test_fault, "and behind a call that failed");
        RUN(test_twice, "and when the undoing of it failed, or the sync of the undoing");
        RUN(test_ever, "and when all calls fail from one on");
        RUN(test_corrupt, "and when the catalog was found damaged");
        drop_units();
        free(life);
        return tap_end();
}
