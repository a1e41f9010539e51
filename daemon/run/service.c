#include "run/service.h"
#include "base/mem.h"
#include "base/text.h"
#include "run/log.h"
#include "run/progress.h"
#include "run/realtime.h"
#include "run/report.h"
#include "store/archive.h"
#include "walk/index.h"
#include "walk/prompts.h"
#include "walk/walk.h"
#include "wire/api.h"
#include "wire/http.h"

#include <signal.h>
#include <systemd/sd-event.h>
#include <unistd.h>

/* Messages that stay away although their completion is there may be late; under --once nobody waits
 * an hour for them. */
#define ONCE_PATIENCE (10 * USEC_PER_SEC)

struct service {
        const struct config *config;
        struct clock clock;
        sd_event *event;
        struct http *http;
        struct api *api;
        struct archive *archive;
        struct walk *walk;
        struct prompts *prompts;
        struct progress *progress;
        struct progress_state state;
        bool walk_complete, interrupted;
        int exit;
};

/* ---- what is told on the way ---- */

static void on_retry(void *ctx, int status, const char *request_id, usec_t wait,
                     const char *problem)
{
        (void)ctx;
        report_retry(status, request_id, wait, problem);
}

static void on_recovered(void *ctx, const char *what)
{
        (void)ctx;
        report_recovered(what);
}

static void on_sealed(void *ctx, const char *path, uint64_t length)
{
        (void)ctx;
        report_sealed(path, length);
}

/* ---- one walk and its prompts ---- */

static void end(struct service *s)
{
        struct err err;

        s->progress = progress_free(s->progress);
        log_set_hook(NULL, NULL, NULL);
        if (archive_is_stale(s->archive)) {
                s->exit = SERVICE_FAILED;
        } else if (archive_seal(s->archive, clock_wall(&s->clock), true, &err) < 0) {
                report_error("cannot seal", &err);
                s->exit = SERVICE_FAILED;
        }
        report_head(archive_head(s->archive));
        sd_event_exit(s->event, 0);
}

static void on_prompts_progress(void *ctx, uint64_t done)
{
        struct service *s = ctx;

        s->state.prompts_done = done;
        progress_update(s->progress, &s->state, clock_boot(&s->clock));
}

static void on_prompts_done(void *ctx, const struct prompts_result *result)
{
        struct service *s = ctx;

        report_prompts(result);
        if (!s->walk_complete || result->failed || result->stopped)
                s->exit = SERVICE_FAILED;
        else
                s->exit = SERVICE_OK;
        end(s);
}

static void start_prompts(struct service *s)
{
        const struct prompts_config config = {
                .max_concurrent = s->config->max_concurrent,
                .patience = ONCE_PATIENCE,
                .settle = false,
        };
        const struct prompts_ops ops = { on_prompts_progress, on_prompts_done, s };
        struct catalog_counts counts;
        struct err err;

        if (catalog_counts(archive_catalog(s->archive), &counts, &err) < 0) {
                report_error("cannot ask the catalog", &err);
                s->exit = SERVICE_FAILED;
                return end(s);
        }
        s->state.prompts_total = counts.wanted;
        s->prompts = prompts_start(s->api, s->http, s->archive, &s->clock, &config, &ops);
}

static void on_page(void *ctx, const struct catalog_walk *walk, const char *request_id)
{
        struct service *s = ctx;

        s->state.walk = walk->number;
        s->state.page = walk->pages;
        s->state.seen = walk->seen;
        s->state.fresh = walk->new + walk->changed;
        progress_update(s->progress, &s->state, clock_boot(&s->clock));
        report_page(walk, request_id);
}

static void on_walk_done(void *ctx, const struct walk_result *result)
{
        struct service *s = ctx;

        report_walk(result, archive_head(s->archive));
        s->walk_complete = result->complete;
        s->exit = result->complete ? SERVICE_OK : SERVICE_FAILED;
        if (result->stop || result->interrupted || archive_is_stale(s->archive) ||
            !s->config->messages)
                return end(s);
        start_prompts(s);
}

static int start_walk(struct service *s, bool full)
{
        const struct walk_config config = {
                .full = full,
                .overlap = s->config->overlap,
                .page_size = s->config->page_size,
                .scope = { s->config->base_url, s->config->model,
                           (const char *const *)s->config->metadata },
        };
        const struct walk_ops ops = { on_page, on_walk_done, s };
        struct err err;

        if (walk_start(s->api, s->http, s->archive, &s->clock, &config, &ops, &s->walk, &err) < 0)
                return report_error("cannot start a walk", &err);
        report_walk_start(walk_row(s->walk));
        return 0;
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *ctx)
{
        struct service *s = ctx;

        (void)source, (void)info;
        if (s->interrupted)
                return 0;
        s->interrupted = true;
        if (s->prompts)
                prompts_interrupt(s->prompts);
        else
                walk_interrupt(s->walk);
        return 0;
}

/* ---- setting up ---- */

static int open_archive(struct service *s)
{
        const struct config *c = s->config;
        const struct archive_config config = {
                .directory = c->directory,
                .packing = c->compression,
                .level = (int)c->compression_level,
                .frame_size = c->frame_size,
                .segment_size = c->segment_size,
                .min_free = c->min_free,
                .segment_age = c->segment_age,
                .base_url = c->base_url,
                .project = c->project,
        };
        const struct archive_watch watch = { on_recovered, on_sealed, s };
        struct err err = { 0 };
        int r;

        r = archive_open(&config, index_frame, &watch, clock_wall(&s->clock), &s->archive, &err);
        if (r == ARCHIVE_LOCKED) {
                report_locked(c->directory);
                return SERVICE_LOCKED;
        }
        if (r == 0)
                return 0;
        if (err.kind == ERR_DAMAGE) {
                report_damage(c->directory, &err);
                return SERVICE_DAMAGED;
        }
        report_error("cannot open the archive", &err);
        return err.kind == ERR_CONFIG ? SERVICE_USAGE : SERVICE_FAILED;
}

static int open_loop(struct service *s, struct err *e)
{
        sigset_t set;
        int r;

        sigemptyset(&set);
        sigaddset(&set, SIGINT);
        sigaddset(&set, SIGTERM);
        sigprocmask(SIG_BLOCK, &set, NULL);
        r = sd_event_new(&s->event);
        if (r >= 0)
                r = sd_event_add_signal(s->event, NULL, SIGINT, on_signal, s);
        if (r >= 0)
                r = sd_event_add_signal(s->event, NULL, SIGTERM, on_signal, s);
        if (r < 0)
                return err_sys(e, -r, "cannot make an event loop");
        return 0;
}

static int open_api(struct service *s, const char *key, struct err *e)
{
        const struct config *c = s->config;
        const struct http_config http = {
                .ca_file = c->ca_file,
                .proxy = c->proxy,
                .user_agent = PACKAGE_NAME "/" PACKAGE_VERSION,
                .allow_http = c->allow_http,
                .connections_max = c->max_concurrent + 2,
        };
        const struct api_config api = {
                .base_url = c->base_url,
                .key = key,
                .auth = c->auth_header,
                .organization = c->organization,
                .project = c->project,
                .extra_query = c->extra_query,
                .requests_per_minute = c->requests_per_minute,
                .manner = RETRY_ONCE,
        };
        const struct api_watch watch = { .retry = on_retry, .ctx = s };

        if (http_new(s->event, &http, &s->http, e) < 0)
                return -1;
        s->api = api_new(s->http, &s->clock, &api, &watch);
        return 0;
}

static void close_all(struct service *s)
{
        prompts_free(s->prompts);
        walk_free(s->walk);
        api_free(s->api);
        http_free(s->http);
        archive_close(s->archive);
        progress_free(s->progress);
        sd_event_unref(s->event);
}

int service_once(const struct config *config, const char *key, bool full)
{
        struct service s = {
                .config = config,
                .clock = realtime_clock(),
                .exit = SERVICE_FAILED,
        };
        struct err err = { 0 };
        int r;

        /* Signals are held back from here on: recovering is not to be cut short. */
        if (open_loop(&s, &err) < 0) {
                report_error("cannot start", &err);
                close_all(&s);
                return SERVICE_FAILED;
        }
        r = open_archive(&s);
        if (r != 0) {
                close_all(&s);
                return r;
        }
        if (open_api(&s, key, &err) < 0) {
                report_error("cannot start", &err);
                s.exit = err.kind == ERR_CONFIG ? SERVICE_USAGE : SERVICE_FAILED;
        } else if (start_walk(&s, full) == 0) {
                s.progress = progress_new(STDERR_FILENO, clock_boot(&s.clock));
                log_set_hook(progress_hide, progress_show, s.progress);
                r = sd_event_loop(s.event);
                if (r < 0)
                        s.exit = SERVICE_FAILED;
        }
        log_set_hook(NULL, NULL, NULL);
        close_all(&s);
        return s.exit;
}
