#include "base/mem.h"
#include "walk/patience.h"
#include "walk/prompts_core.h"
#include "wire/http.h"

#include <string.h>

/* ---- the end ---- */

static void finish(struct prompts *p)
{
        struct err err;

        p->over = true;
        p->ticker = http_timer_stop(p->ticker);
        for (unsigned i = 0; i < p->config.max_concurrent; i++)
                slot_stop(&p->slots[i]);
        if (!archive_is_stale(p->archive) &&
            archive_commit(p->archive, clock_wall(p->clock), &err) < 0 && !p->result.stopped) {
                p->result.stopped = true;
                p->result.err = err;
        }
        p->ops.done(p->ops.ctx, &p->result);
}

void prompts_stop(struct prompts *p, const struct err *err)
{
        if (!p->result.stopped && !p->result.failed)
                p->result.err = *err;
        p->result.stopped = true;
        finish(p);
}

void prompts_stop_undone(struct prompts *p, const struct err *err)
{
        if (!archive_is_stale(p->archive))
                archive_undo(p->archive);
        prompts_stop(p, err);
}

/* ---- the queue ---- */

void prompts_fill(struct prompts *p)
{
        char id[CATALOG_ID_MAX];
        struct err err;

        for (unsigned i = 0; i < p->config.max_concurrent && !p->exhausted && !p->over; i++) {
                int r;

                if (p->slots[i].phase != SLOT_FREE)
                        continue;
                r = catalog_wanted(archive_catalog(p->archive), &p->created, &p->row, id, &err);
                if (r < 0)
                        return prompts_stop_undone(p, &err);
                if (r == CATALOG_NONE) {
                        p->exhausted = true;
                } else if (p->config.patience &&
                           patience_is_off(p->config.patience, id, clock_boot(p->clock))) {
                        p->result.later++;
                        i--; /* this slot is free still */
                } else {
                        slot_start(&p->slots[i], id);
                }
        }
        if (p->active == 0 && !p->over)
                finish(p);
}

void prompts_drain(struct prompts *p)
{
        if (!p->exhausted)
                p->result.drained = true;
        p->exhausted = true;
}

static void on_tick(void *ctx)
{
        struct prompts *p = ctx;
        usec_t now = clock_wall(p->clock);
        struct err err;

        p->ticker = http_timer_start(p->http, USEC_PER_SEC, on_tick, p);
        if (!archive_due(p->archive, now))
                return;
        if (archive_commit(p->archive, now, &err) < 0 ||
            archive_seal(p->archive, now, false, &err) < 0)
                prompts_stop(p, &err);
}

static void on_start(void *ctx)
{
        struct prompts *p = ctx;

        p->starter = NULL;
        prompts_fill(p);
}

struct prompts *prompts_start(struct api *api, struct http *http, struct archive *archive,
                              const struct clock *clock, const struct prompts_config *config,
                              const struct prompts_ops *ops)
{
        struct prompts *p = mem_new(sizeof(*p));

        p->api = api;
        p->http = http;
        p->archive = archive;
        p->clock = clock;
        p->config = *config;
        p->ops = *ops;
        p->created = INT64_MIN;
        p->slots = mem_new(config->max_concurrent * sizeof(*p->slots));
        for (unsigned i = 0; i < config->max_concurrent; i++)
                p->slots[i].prompts = p;
        p->starter = http_timer_start(http, 0, on_start, p);
        p->ticker = http_timer_start(http, USEC_PER_SEC, on_tick, p);
        return p;
}

void prompts_interrupt(struct prompts *p)
{
        struct err err;

        err_set(&err, ERR_AGAIN, "interrupted");
        p->result.interrupted = true;
        prompts_stop(p, &err);
}

struct prompts *prompts_free(struct prompts *p)
{
        if (!p)
                return NULL;
        http_timer_stop(p->ticker);
        http_timer_stop(p->starter);
        for (unsigned i = 0; i < p->config.max_concurrent; i++) {
                slot_stop(&p->slots[i]);
                buf_done(&p->slots[i].prefix);
        }
        free(p->slots);
        free(p);
        return NULL;
}
