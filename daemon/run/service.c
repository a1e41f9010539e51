#include "base/mem.h"
#include "run/log.h"
#include "run/loop.h"
#include "run/notify.h"
#include "run/realtime.h"
#include "run/report.h"
#include "run/service_core.h"
#include "walk/patience.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define LOCK_WAIT USEC_PER_SEC        /* between looks at whether the archive's lock is free */
#define HOUSE     (30 * USEC_PER_SEC) /* between looks at what is to be sealed and told */
#define PATIENCE  USEC_PER_HOUR       /* for messages of a completion that is there */
#define EXTEND    (90 * USEC_PER_SEC) /* asked for while opening the archive takes long … */
#define EXTEND_AT (10 * USEC_PER_SEC) /* … so often */

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
        if (s->engine.prompts)
                prompts_drain(s->engine.prompts);
        else
                service_plan(s);
}

static void plan_in(struct service *s, usec_t wait)
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

static void on_recovered(void *ctx, const char *what)
{
        (void)ctx;
        report_recovered(what);
}

static void on_sealed(void *ctx, const char *path, uint64_t length)
{
        (void)ctx;
        report_sealed(LOG_INFO, path, length);
}

static void on_poisoned(void *ctx, const char *path, const struct err *why)
{
        (void)ctx;
        report_poisoned(path, why);
}

/* Work on the disk holds the loop up: the manager is told from here. Opening an archive, which may
 * take long, is fit to be cut short at any point; a signal that waits for it does so. */
static void on_working(void *ctx)
{
        struct service *s = ctx;
        usec_t now = boot(s);

        if (!s->engine.archive && loop_is_called_off()) {
                notify_stopping();
                report_stop(NULL);
                _exit(SERVICE_OK);
        }
        if (now - s->extended < EXTEND_AT && s->extended)
                return;
        s->extended = now;
        if (s->ready)
                notify_watchdog();
        else
                notify_extend(EXTEND);
}

static void on_page(void *ctx, const struct catalog_walk *walk, const char *request_id)
{
        report_page(walk, request_id);
        tell(ctx, false);
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
        s->prompts_due = s->config.messages && !result->stop;
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

        s->prompts_due = result->drained || result->later || result->failed;
        s->prompts_after = result->drained ? 0 : boot(s) + PROMPTS_AGAIN;
        if (alarm_prompts(&s->alarm, result, &cause)) {
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

static int learn_past(struct service *s, struct err *e)
{
        const usec_t interval[] = { s->config.interval, s->config.full_interval };
        struct scope scope = engine_scope(&s->engine);
        struct schedule_past past = { 0 };
        struct catalog_walk walk;
        int r;

        r = walk_last(s->engine.archive, &scope, true, &walk, e);
        if (r == 0) {
                past.full = walk.started;
                r = walk_last(s->engine.archive, &scope, false, &walk, e);
        }
        if (r < 0)
                return -1;
        if (r == 0)
                past.any = walk.started;
        schedule_init(&s->schedule, interval, &past, clock_wall(&s->clock), boot(s), arc4random());
        if (s->again)
                schedule_now(&s->schedule);
        s->again = false;
        s->scheduled = true;
        s->prompts_due = s->config.messages;
        return 0;
}

/* A directory that is not there, or not for us: waiting does not mend that. */
static bool is_misplaced(const struct err *err)
{
        return err->errnum == ENOENT || err->errnum == ENOTDIR || err->errnum == EACCES;
}

static void open_archive(struct service *s)
{
        struct err err = { 0 };
        int r;

        if (!s->lock_told)
                notify_status("Opening the archive %s", s->config.directory);
        r = engine_open_archive(&s->engine, &err);
        if (r == 0 && !s->scheduled)
                r = learn_past(s, &err);
        if (r == ARCHIVE_LOCKED) {
                if (!s->lock_told)
                        report_waiting(s->config.directory);
                s->lock_told = true;
                notify_status("Waiting: another process writes to %s", s->config.directory);
                on_working(s);
                return plan_in(s, LOCK_WAIT);
        }
        if (r == 0) {
                s->lock_told = false;
                if (!s->ready)
                        notify_ready();
                s->ready = true;
                return plan_in(s, 0); /* a signal that waits comes first */
        }
        engine_close_archive(&s->engine);
        if (err.kind == ERR_DAMAGE) {
                report_damage(s->config.directory, &err);
                return service_end(s, SERVICE_DAMAGED);
        }
        if (err.kind == ERR_CONFIG || (!s->ready && is_misplaced(&err))) {
                report_error("cannot open the archive", &err);
                return service_end(s, SERVICE_USAGE);
        }
        alarm_disk(&s->alarm, ALARM_OPEN, "cannot open it", &err);
        notify_status("Waiting: cannot open the archive: %s", err.text);
        on_working(s);
        plan_in(s, schedule_host(&s->schedule));
}

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
        if (g->prompts) /* they make way then */
                return plan_in(s, schedule_wait(&s->schedule, boot(s)));
        if (g->archive && archive_is_stale(g->archive))
                engine_close_archive(&s->engine);
        if (!g->archive)
                return open_archive(s);

        due = schedule_wait(&s->schedule, boot(s)) == 0;
        prompts = s->prompts_due && s->prompts_after <= boot(s);
        if (s->schedule.held <= boot(s) && (due || prompts) && has_room(s)) {
                if (due) {
                        start_walk(s);
                } else {
                        state_prompts_begin(&s->state, g);
                        engine_prompts(&s->engine, 0, s->patience);
                }
        }
        if (!g->walk) {
                plan_in(s, until_next(s));
        }
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
                         .archive = { on_recovered, on_sealed, s, on_working, on_poisoned },
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
        plan_in(s, 0);
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
