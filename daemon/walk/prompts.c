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
        p->starter = http_timer_stop(p->starter);
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

static void again(struct prompts *p);

/* Its row says that it is wanted until its messages are there. */
static bool is_in_hand(const struct prompts *p, const char *id)
{
        for (unsigned i = 0; i < p->config.max_concurrent; i++)
                if (p->slots[i].phase != SLOT_FREE && strcmp(p->slots[i].id, id) == 0)
                        return true;
        return false;
}

/* Was it last seen on another server than today's? What that one does not have says nothing. One
 * whose page has not passed yet has no walk. */
static bool is_elsewhere(struct prompts *p, const char *id)
{
        uint64_t since = archive_source_walk(p->archive);
        struct catalog_record known;

        return since > 0 &&
               catalog_find(archive_catalog(p->archive), id, strlen(id), &known, NULL) == 0 &&
               known.walk > 0 && known.walk < since;
}

void prompts_fill(struct prompts *p)
{
        char id[CATALOG_ID_MAX];
        struct err err;

        for (unsigned i = 0; i < p->config.max_concurrent && !p->exhausted && !p->over; i++) {
                int r;

                if (p->slots[i].phase != SLOT_FREE)
                        continue;
                r = catalog_wanted_above(archive_catalog(p->archive), p->floor, &p->created,
                                         &p->row, id, &err);
                if (r < 0)
                        return prompts_stop_undone(p, &err);
                if (r == CATALOG_NONE) {
                        p->exhausted = true;
                        if (p->once_more) {
                                p->once_more = false;
                                return again(p);
                        }
                } else if (is_in_hand(p, id)) {
                        i--; /* this slot is free still */
                } else if (is_elsewhere(p, id)) {
                        p->skipped = true; /* the walk may find it here yet */
                        i--;
                } else if (p->config.patience &&
                           patience_is_off(p->config.patience, id, clock_boot(p->clock))) {
                        p->result.later++;
                        i--;
                } else {
                        slot_start(&p->slots[i], id);
                }
        }
        if (p->active == 0 && !p->over && !p->config.open && !p->starter && !p->once_more)
                finish(p);
}

/* From the oldest on again, among those that have come since the queue was gone through last; those
 * that failed then are not asked for twice. What an undo has brought back is. */
static void again(struct prompts *p)
{
        uint64_t undos = archive_tally(p->archive)->undos;
        struct err err;

        p->floor = undos == p->undos && !p->skipped ? p->top : 0;
        p->undos = undos;
        p->skipped = false;
        p->created = INT64_MIN;
        p->row = 0;
        if (catalog_newest_row(archive_catalog(p->archive), &p->top, &err) < 0)
                return prompts_stop_undone(p, &err);
        p->exhausted = false;
        prompts_fill(p);
}

void prompts_open(struct prompts *p)
{
        p->config.open = true;
}

static void on_start(void *ctx)
{
        struct prompts *p = ctx;

        p->starter = NULL;
        again(p);
}

static void soon(struct prompts *p)
{
        if (!p->starter)
                p->starter = http_timer_start(p->http, 0, on_start, p);
}

void prompts_poke(struct prompts *p)
{
        if (p->exhausted)
                soon(p);
}

/* As soon as the queue is at its end, once more: for what came behind its back. */
void prompts_close(struct prompts *p)
{
        p->config.open = false;
        if (p->exhausted)
                soon(p);
        else
                p->once_more = true;
}

static void on_tick(void *ctx)
{
        struct prompts *p = ctx;
        struct err err;

        p->ticker = http_timer_start(p->http, USEC_PER_SEC, on_tick, p);
        if (archive_keep_up(p->archive, false, clock_wall(p->clock), &err) < 0)
                prompts_stop(p, &err);
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
        p->undos = archive_tally(archive)->undos;
        api_set_project(api, archive_project(archive));
        p->slots = mem_new(config->max_concurrent * sizeof(*p->slots));
        for (unsigned i = 0; i < config->max_concurrent; i++)
                p->slots[i].prompts = p;
        soon(p);
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
