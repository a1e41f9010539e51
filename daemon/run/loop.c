#include "run/loop.h"
#include "base/mem.h"

#include <signal.h>
#include <stdlib.h>
#include <systemd/sd-event.h>
#include <time.h>

#define ACCURACY (10 * USEC_PER_MSEC) /* wake-ups near each other become one */

struct loop {
        sd_event *event;
        void (*signalled)(void *ctx, int number);
        void *ctx;
};

struct loop_timer {
        sd_event_source *source;
        void (*fn)(void *ctx);
        void *ctx;
};

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *ctx)
{
        struct loop *l = ctx;

        (void)source;
        l->signalled(l->ctx, (int)info->ssi_signo);
        return 0;
}

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1 };

void loop_hold_signals(bool reload)
{
        sigset_t set;

        sigemptyset(&set);
        for (size_t i = 0; i < (reload ? 4 : 2); i++)
                sigaddset(&set, signals[i]);
        sigprocmask(SIG_BLOCK, &set, NULL);
}

int loop_new(bool reload, void (*signalled)(void *ctx, int number), void *ctx, struct loop **ret,
             struct err *e)
{
        struct loop *l = mem_new(sizeof(*l));
        int r;

        l->signalled = signalled;
        l->ctx = ctx;
        loop_hold_signals(reload);
        r = sd_event_new(&l->event);
        for (size_t i = 0; i < (reload ? 4 : 2) && r >= 0; i++)
                r = sd_event_add_signal(l->event, NULL, signals[i], on_signal, l);
        if (r < 0) {
                loop_free(l);
                return err_sys(e, -r, "cannot make an event loop");
        }
        *ret = l;
        return 0;
}

struct loop *loop_free(struct loop *l)
{
        if (!l)
                return NULL;
        sd_event_unref(l->event);
        free(l);
        return NULL;
}

struct sd_event *loop_event(struct loop *l)
{
        return l->event;
}

bool loop_is_called_off(void)
{
        sigset_t set;

        return sigpending(&set) == 0 &&
               (sigismember(&set, SIGTERM) == 1 || sigismember(&set, SIGINT) == 1);
}

int loop_run(struct loop *l, struct err *e)
{
        int r = sd_event_loop(l->event);

        return r < 0 ? err_sys(e, -r, "the event loop failed") : 0;
}

void loop_end(struct loop *l)
{
        sd_event_exit(l->event, 0);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *ctx)
{
        struct loop_timer *t = ctx;
        void (*fn)(void *ctx) = t->fn;
        void *fn_ctx = t->ctx;

        (void)source, (void)usec;
        loop_timer_stop(t);
        fn(fn_ctx);
        return 0;
}

struct loop_timer *loop_timer_start(struct loop *l, usec_t delay, void (*fn)(void *ctx), void *ctx)
{
        struct loop_timer *t = mem_new(sizeof(*t));
        struct timespec now;
        uint64_t at;

        /* The loop's own time stands since its last wake, and work since then may have been long. */
        clock_gettime(CLOCK_BOOTTIME, &now);
        at = (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000 + (uint64_t)delay;
        t->fn = fn;
        t->ctx = ctx;
        if (sd_event_add_time(l->event, &t->source, CLOCK_BOOTTIME, at, ACCURACY, on_timer, t) < 0)
                abort(); /* out of memory or descriptors: as for memory */
        return t;
}

struct loop_timer *loop_timer_stop(struct loop_timer *t)
{
        if (!t)
                return NULL;
        sd_event_source_disable_unref(t->source);
        free(t);
        return NULL;
}
