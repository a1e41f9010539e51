#include "run/once.h"
#include "run/engine.h"
#include "run/log.h"
#include "run/loop.h"
#include "run/progress.h"
#include "run/realtime.h"
#include "run/report.h"

#include <unistd.h>

/* Messages that stay away although their completion is there may be late; nobody waits an hour for
 * them here. */
#define WAIT (10 * USEC_PER_SEC)

struct once {
        struct engine engine;
        struct clock clock;
        struct progress *progress;
        struct progress_state state;
        bool walk_complete, prompts_started, prompts_complete, interrupted, damaged;
        enum service_exit exit;
};

/* ---- what is told on the way ---- */

static void on_retry(void *ctx, int status, const char *request_id, usec_t wait,
                     const char *problem)
{
        (void)ctx;
        report_retry(LOG_NOTICE, status, request_id, wait, problem);
}

static void on_sealed(void *ctx, const char *path, uint64_t length)
{
        (void)ctx;
        report_sealed(LOG_DEBUG, path, length);
}

/* ---- one walk and its prompts ---- */

static void end(struct once *o)
{
        struct archive *archive = o->engine.archive;
        struct err err;

        o->progress = progress_free(o->progress);
        log_set_hook(NULL, NULL, NULL);
        if (archive_is_stale(archive)) {
                o->exit = o->damaged ? SERVICE_DAMAGED : SERVICE_FAILED;
        } else if (archive_seal(archive, clock_wall(&o->clock), true, &err) < 0) {
                report_error("cannot seal", &err);
                o->exit = SERVICE_FAILED;
        }
        report_head(archive_head(archive));
        loop_end(o->engine.loop);
}

static void on_prompts_progress(void *ctx, uint64_t done)
{
        struct once *o = ctx;

        o->state.prompts_done = done;
        progress_update(o->progress, &o->state, clock_boot(&o->clock));
}

static void judge(struct once *o)
{
        if (o->engine.walk || o->engine.prompts)
                return;
        o->exit = o->walk_complete && o->prompts_complete && !o->interrupted ? SERVICE_OK
                                                                             : SERVICE_FAILED;
        end(o);
}

static void on_prompts_done(void *ctx, const struct prompts_result *result)
{
        struct once *o = ctx;

        report_prompts(result, LOG_ERR);
        o->damaged |= result->err.kind == ERR_DAMAGE;
        o->prompts_complete = !result->failed && !result->stopped;
        judge(o);
}

/* The list is asked first, and answers: then the prompts beside it. */
static void start_prompts(struct once *o)
{
        if (o->prompts_started || o->interrupted || !o->engine.config->messages)
                return;
        o->prompts_started = true;
        engine_prompts(&o->engine, WAIT, NULL);
}

static void on_page(void *ctx, const struct catalog_walk *walk, const char *request_id)
{
        struct once *o = ctx;

        o->state.walk = walk->number;
        o->state.page = walk->pages;
        o->state.seen = walk->seen;
        o->state.fresh = walk->new + walk->changed;
        progress_update(o->progress, &o->state, clock_boot(&o->clock));
        report_page(walk, request_id);
        start_prompts(o);
}

static void on_walk_done(void *ctx, const struct walk_result *result)
{
        struct once *o = ctx;
        uint64_t wanted;

        report_walk(result, archive_head(o->engine.archive), LOG_ERR);
        o->walk_complete = result->complete;
        o->damaged |= result->err.kind == ERR_DAMAGE;
        /* The progress is that of the prompts from now on. */
        if (o->engine.prompts &&
            catalog_count_wanted(archive_catalog(o->engine.archive), &wanted, NULL) == 0)
                o->state.prompts_total = o->state.prompts_done + wanted;
        if (result->stop || result->interrupted || archive_is_stale(o->engine.archive)) {
                o->prompts_started = true;
                if (o->engine.prompts)
                        return prompts_interrupt(o->engine.prompts);
        }
        start_prompts(o);
        judge(o);
}

static void on_signal(void *ctx, int number)
{
        struct once *o = ctx;

        (void)number;
        if (o->interrupted)
                return;
        o->interrupted = true;
        engine_interrupt(&o->engine);
}

/* ---- setting up ---- */

static enum service_exit open_archive(struct once *o)
{
        const char *directory = o->engine.config->directory;
        struct err err = { 0 };
        int r = engine_open_archive(&o->engine, &err);

        if (r == ARCHIVE_LOCKED) {
                report_locked(directory);
                return SERVICE_LOCKED;
        }
        if (r == 0)
                return SERVICE_OK;
        if (err.kind == ERR_DAMAGE) {
                report_damage(directory, &err);
                return SERVICE_DAMAGED;
        }
        report_error("cannot open the archive", &err);
        return err.kind == ERR_CONFIG ? SERVICE_USAGE : SERVICE_FAILED;
}

static void walk(struct once *o, bool full)
{
        struct err err = { 0 };

        if (engine_walk(&o->engine, full, &err) < 0) {
                report_error("cannot start a walk", &err);
                return;
        }
        report_walk_start(walk_row(o->engine.walk), LOG_INFO);
        o->prompts_complete = true;
        o->progress = progress_new(STDERR_FILENO, clock_boot(&o->clock));
        log_set_hook(progress_hide, progress_show, o->progress);
        if (loop_run(o->engine.loop, &err) < 0) {
                report_error("cannot go on", &err);
                o->exit = SERVICE_FAILED;
        }
        log_set_hook(NULL, NULL, NULL);
        o->progress = progress_free(o->progress);
}

enum service_exit once(const struct config *config, const char *key, bool full)
{
        struct once o = { .clock = realtime_clock(), .exit = SERVICE_FAILED };
        struct engine *g = &o.engine;
        struct err err = { 0 };

        *g = (struct engine){
                .config = config,
                .clock = &o.clock,
                .manner = RETRY_ONCE,
                .ops = { on_page, on_walk_done, on_prompts_progress, on_prompts_done,
                         .api = { .retry = on_retry, .ctx = &o },
                         .archive = { .recovered = report_recovered,
                                      .sealed = on_sealed,
                                      .ctx = &o,
                                      .poisoned = report_poisoned },
                         .ctx = &o },
        };
        /* Signals are held back from here on: recovering is not to be cut short. */
        if (loop_new(false, on_signal, &o, &g->loop, &err) < 0) {
                report_error("cannot start", &err);
                return SERVICE_FAILED;
        }
        o.exit = open_archive(&o);
        if (o.exit != SERVICE_OK) {
                loop_free(g->loop);
                return o.exit;
        }
        o.exit = SERVICE_FAILED;
        if (engine_open_api(g, key, &err) < 0) {
                report_error("cannot start", &err);
                o.exit = err.kind == ERR_CONFIG ? SERVICE_USAGE : SERVICE_FAILED;
        } else {
                walk(&o, full);
        }
        engine_close(g);
        loop_free(g->loop);
        return o.exit;
}
