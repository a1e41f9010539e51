#include "base/mem.h"
#include "run/log.h"
#include "run/loop.h"
#include "run/notify.h"
#include "run/realtime.h"
#include "run/report.h"
#include "run/service_core.h"
#include "walk/patience.h"

#include <stdlib.h>
#include <string.h>

#define HOUSE    (30 * USEC_PER_SEC) /* between looks at what is to be sealed and told */
#define PATIENCE USEC_PER_HOUR       /* for messages of a completion that is there */

/* Between two runs of prompts where some are not to be had yet. */
#define PROMPTS_AGAIN (10 * USEC_PER_MIN)

static usec_t boot(const struct service *s)
{
        return clock_boot(&s->clock);
}

/* now: not only if it was long ago that it was told. */
static void tell(struct service *s, bool now)
{
        if (s->engine.archive)
                state_tell(&s->state, &s->engine, &s->schedule, &s->alarm, now);
}

static void on_timer(void *ctx)
{
        struct service *s = ctx;

        s->timer = NULL;
        service_plan(s);
}

void service_plan_in(struct service *s, usec_t wait)
{
        loop_timer_stop(s->timer);
        s->timer = loop_timer_start(s->loop, wait, on_timer, s);
}

void service_end(struct service *s, enum service_exit how)
{
        s->exit = how;
        s->halted = true;
        s->timer = loop_timer_stop(s->timer);
        engine_interrupt(&s->engine);
        loop_end(s->loop);
}

static void start_prompts(struct service *s)
{
        s->prompts_started = true;
        state_prompts_begin(&s->state, &s->engine);
        engine_prompts(&s->engine, 0, s->patience);
}

/* ---- what comes from below ---- */

static void on_retry(void *ctx, int status, const char *request_id, usec_t wait,
                     const char *problem)
{
        struct service *s = ctx;

        state_retry(&s->state);
        alarm_retry(&s->alarm, status, request_id, wait, problem);
        tell(s, false);
}

static void on_request(void *ctx, int status, bool well, uint64_t bytes_in)
{
        struct service *s = ctx;

        state_request(&s->state, status, bytes_in);
        alarm_request(&s->alarm, status, well);
}

static void on_sealed(void *ctx, const char *path, uint64_t length)
{
        (void)ctx;
        report_sealed(LOG_INFO, path, length);
}

static void on_page(void *ctx, const struct catalog_walk *walk, const char *request_id)
{
        struct service *s = ctx;

        report_page(walk, request_id);
        /* The list is asked first, and answers: then the prompts beside it. */
        if (!s->prompts_started && s->config.messages)
                start_prompts(s);
        tell(s, false);
}

static void on_walk_done(void *ctx, const struct walk_result *result)
{
        struct service *s = ctx;
        enum schedule_kind kind = result->walk.full ? SCHEDULE_FULL : SCHEDULE_NEW;
        enum schedule_cause cause;

        cause = alarm_walk(&s->alarm, result, archive_head(s->engine.archive));
        state_walk_end(&s->state, result);
        if (result->complete)
                schedule_complete(&s->schedule, kind, s->begun, boot(s), arc4random());
        else
                schedule_failed(&s->schedule, s->asked, cause, result->announced, boot(s));
        if (s->engine.prompts && !result->complete && cause != SCHEDULE_SOURCE)
                prompts_interrupt(s->engine.prompts);
        s->prompts_due = s->config.messages && !result->stop && !s->engine.prompts;
        s->prompts_after = 0;
        service_plan(s);
}

static void on_prompts_progress(void *ctx, uint64_t done)
{
        struct service *s = ctx;

        state_prompts(&s->state, done);
        tell(s, false);
}

static void on_prompts_done(void *ctx, const struct prompts_result *result)
{
        struct service *s = ctx;
        enum schedule_cause cause;

        s->prompts_due = result->later || result->failed;
        s->prompts_after = boot(s) + PROMPTS_AGAIN;
        /* The walk in hand will meet the same, or it has passed. */
        if (alarm_prompts(&s->alarm, result, &cause) && !s->engine.walk) {
                /* One page of the list finds out whether it still holds, before many prompts do. */
                if (cause == SCHEDULE_PERSON)
                        schedule_failed(&s->schedule, SCHEDULE_NEW, cause, result->announced,
                                        boot(s));
                else
                        schedule_hold(&s->schedule, cause, result->announced, boot(s));
                s->prompts_due = cause != SCHEDULE_PERSON;
                s->prompts_after = 0;
        }
        service_plan(s);
}

/* ---- what to do next ---- */

/* A full disk is looked at before the server is asked in vain. */
static bool has_room(struct service *s)
{
        struct err err = { 0 };

        if (!alarm_is_on(&s->alarm, TROUBLE_DISK) || archive_room(s->engine.archive, &err) == 0)
                return true;
        alarm_disk(&s->alarm, s->alarm.work, "there is no room", &err);
        schedule_hold(&s->schedule, SCHEDULE_HOST, 0, boot(s));
        return false;
}

static void start_walk(struct service *s)
{
        struct err err = { 0 };

        s->asked = schedule_next(&s->schedule, boot(s));
        s->begun = boot(s);
        if (engine_walk(&s->engine, s->asked == SCHEDULE_FULL, &err) < 0) {
                alarm_disk(&s->alarm, ALARM_WALK, "cannot start a walk", &err);
                schedule_hold(&s->schedule, SCHEDULE_HOST, 0, boot(s));
                return;
        }
        schedule_begun(&s->schedule);
        s->prompts_started = s->engine.prompts;
        state_walk_begin(&s->state, walk_row(s->engine.walk));
        report_walk_start(walk_row(s->engine.walk), LOG_DEBUG);
}

/* A walk, the end of a hold, or the prompts again: whatever comes first. */
static usec_t until_next(const struct service *s)
{
        usec_t now = boot(s), wait = schedule_wait(&s->schedule, now);
        usec_t held = s->schedule.held - now, prompts = s->prompts_after - now;

        if (held > 0 && held < wait)
                wait = held;
        if (!s->engine.prompts && s->prompts_due && prompts > 0 && prompts < wait)
                wait = prompts;
        return wait;
}

void service_plan(struct service *s)
{
        const struct engine *g = &s->engine;
        bool due, prompts;

        s->timer = loop_timer_stop(s->timer);
        if (s->halted || g->walk)
                return;
        if (g->archive && archive_is_stale(g->archive)) {
                if (g->prompts) /* and here again */
                        return prompts_interrupt(g->prompts);
                engine_close_archive(&s->engine);
        }
        if (!g->archive)
                return service_open(s);

        due = schedule_wait(&s->schedule, boot(s)) == 0;
        prompts = s->prompts_due && !g->prompts && s->prompts_after <= boot(s);
        if (s->schedule.held <= boot(s) && (due || prompts) && has_room(s)) {
                if (due)
                        start_walk(s);
                else
                        start_prompts(s);
        }
        if (!g->walk)
                service_plan_in(s, until_next(s));
        tell(s, true);
        state_measure(&s->state, g, &s->alarm);
}

/* ---- now and then ---- */

static void on_house(void *ctx)
{
        struct service *s = ctx;
        struct archive *archive = s->engine.archive;
        struct err err = { 0 };

        s->house = loop_timer_start(s->loop, HOUSE, on_house, s);
        /* With work in hand, that does it. */
        if (archive && !s->engine.walk && !s->engine.prompts && !archive_is_stale(archive) &&
            archive_seal(archive, clock_wall(&s->clock), false, &err) < 0)
                alarm_disk(&s->alarm, ALARM_SEAL, "cannot seal", &err);
        else
                alarm_disk_over(&s->alarm, ALARM_SEAL);
        tell(s, true);
        if (archive)
                state_measure(&s->state, &s->engine, &s->alarm);
}

static void on_feeder(void *ctx)
{
        struct service *s = ctx;
        usec_t period = s->watchdog_usec / WATCHDOG_TIMES;
        const struct engine *g = &s->engine;

        s->feeder = loop_timer_start(s->loop, period, on_feeder, s);
        if (watchdog_is_well(&s->watchdog, g->walk || g->prompts, g->api && api_is_waiting(g->api),
                             g->api ? api_signs(g->api) : 0, period))
                notify_watchdog();
}

/* ---- the whole ---- */

static int start(struct service *s, struct err *e)
{
        s->engine = (struct engine){
                .config = &s->config,
                .clock = &s->clock,
                .manner = RETRY_DAEMON,
                .ops = { on_page, on_walk_done, on_prompts_progress, on_prompts_done,
                         .api = { on_retry, on_request, s },
                         .archive = { report_recovered, on_sealed, s, service_working,
                                      report_poisoned },
                         .ctx = s },
        };
        if (loop_new(true, service_signalled, s, &s->loop, e) < 0)
                return -1;
        s->engine.loop = s->loop;
        if (engine_open_api(&s->engine, s->key, e) < 0)
                return -1;
        s->alarm.clock = &s->clock;
        s->patience = patience_new(PATIENCE);
        state_init(&s->state, &s->config, &s->clock);
        s->watchdog_usec = notify_watchdog_usec();
        service_plan_in(s, 0);
        s->house = loop_timer_start(s->loop, HOUSE, on_house, s);
        if (s->watchdog_usec)
                on_feeder(s);
        return 0;
}

enum service_exit service(const struct config_from *from, struct config *config, char **key,
                          enum key_source source)
{
        struct service *s = mem_new(sizeof(*s));
        enum service_exit how;
        struct err err = { 0 };

        *s = (struct service){ .from = from,
                               .config = *config,
                               .key = take_ptr(*key),
                               .source = source,
                               .clock = realtime_clock(),
                               .exit = SERVICE_FAILED };
        memset(config, 0, sizeof(*config));
        report_start(s->config.directory);
        if (start(s, &err) < 0 || loop_run(s->loop, &err) < 0) {
                report_error("cannot go on", &err);
                s->exit = err.kind == ERR_CONFIG ? SERVICE_USAGE : SERVICE_FAILED;
        }
        report_stop(s->engine.archive ? archive_head(s->engine.archive) : NULL);
        engine_close(&s->engine);
        loop_timer_stop(s->timer);
        loop_timer_stop(s->house);
        loop_timer_stop(s->feeder);
        loop_free(s->loop);
        state_done(&s->state);
        patience_free(s->patience);
        config_done(&s->config);
        mem_free_secret(s->key);
        how = s->exit;
        free(s);
        return how;
}
