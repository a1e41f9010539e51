#include "walk/sweep.h"
#include "base/mem.h"
#include "walk/intake.h"
#include "walk/tombstone.h"
#include "wire/api.h"
#include "wire/http.h"

#include <stdio.h>
#include <string.h>

#define MASS "mass" /* the last walk that found one, in the catalog's state */

/* One completion that is asked for. */
struct slot {
        struct sweep *sweep;
        bool taken;
        char id[CATALOG_ID_MAX];
        struct api_call *call;
        struct http_timer *timer; /* waits for the giant's place */
        struct intake *intake;
};

struct sweep {
        struct api *api;
        struct http *http;
        struct archive *archive;
        const struct clock *clock;
        struct sweep_config config;
        struct sweep_ops ops;
        struct http_timer *starter;
        struct spool *line;
        struct slot slots[SWEEP_CONCURRENT_MAX];
        unsigned n_slots, active, streak, outages, expired;
        usec_t began;
        uint64_t undos;
        struct {
                bool set;
                int64_t created, row;
                char id[CATALOG_ID_MAX];
        } next;
        bool exhausted, over;
        struct sweep_result result;
};

static void slot_ask(struct slot *t);

/* ---- the end ---- */

static void slot_stop(struct slot *t)
{
        t->call = api_cancel(t->call);
        t->timer = http_timer_stop(t->timer);
        if (t->intake)
                intake_drop(t->intake);
        t->sweep->active -= t->taken;
        t->taken = false;
}

static void finish(struct sweep *s)
{
        s->over = true;
        s->starter = http_timer_stop(s->starter);
        for (unsigned i = 0; i < s->n_slots; i++)
                slot_stop(&s->slots[i]);
        s->ops.done(s->ops.ctx, &s->result);
}

static void end(struct sweep *s, const struct err *err)
{
        if (!s->result.failed)
                s->result.err = *err;
        s->result.ended = true;
        finish(s);
}

/* The disk or the catalog: nothing half put may stay, and no other reason is more urgent. */
static void end_undone(struct sweep *s, const struct err *err)
{
        archive_undo(s->archive);
        s->result.err = *err;
        s->result.ended = true;
        finish(s);
}

void sweep_interrupt(struct sweep *s)
{
        struct err err;

        err_set(&err, ERR_AGAIN, "interrupted");
        s->result.interrupted = true;
        end(s, &err);
}

/* ---- the queue ---- */

static int find_next(struct sweep *s, struct err *e)
{
        int r;

        if (s->next.set || s->exhausted)
                return 0;
        r = catalog_unseen(archive_catalog(s->archive), s->config.walk,
                           archive_source_walk(s->archive), &s->next.created, &s->next.row,
                           s->next.id, e);
        s->exhausted = r == CATALOG_NONE;
        s->next.set = r == 0;
        return r < 0 ? -1 : 0;
}

static void fill(struct sweep *s)
{
        struct err err;
        bool expired;

        for (unsigned i = 0; i < s->n_slots; i++) {
                struct slot *t = &s->slots[i];

                if (t->taken)
                        continue;
                if (find_next(s, &err) < 0)
                        return end_undone(s, &err);
                expired = s->next.set && tombstone_is_expired(s->next.created, s->began);
                if (!s->next.set || (expired && s->active > 0) || s->expired == SWEEP_EXPIRED_MAX)
                        break;
                s->expired += expired;
                memcpy(t->id, s->next.id, sizeof(t->id));
                t->taken = true;
                s->next.set = false;
                s->active++;
                slot_ask(t);
        }
        if (s->active == 0)
                finish(s);
}

/* ---- answers ---- */

static void slot_settled(struct slot *t)
{
        struct sweep *s = t->sweep;
        struct err err;

        s->streak = s->outages = 0;
        if (archive_keep_up(s->archive, false, clock_wall(s->clock), &err) < 0)
                return end_undone(s, &err);
        slot_stop(t);
        fill(s);
}

static void on_busy_over(void *ctx)
{
        struct slot *t = ctx;

        t->timer = NULL;
        if (archive_spool_place(t->sweep->archive)->giant)
                t->timer = http_timer_start(t->sweep->http, SPOOL_BUSY_WAIT, on_busy_over, t);
        else
                slot_ask(t);
}

static void slot_wait(struct slot *t)
{
        intake_drop(t->intake);
        t->timer = http_timer_start(t->sweep->http, SPOOL_BUSY_WAIT, on_busy_over, t);
}

/* An answer that is of no use may be due to this one record. */
static void slot_fail(struct slot *t, const struct err *err)
{
        struct sweep *s = t->sweep;

        if (s->result.failed++ == 0) {
                s->result.err = *err;
                err_wrap(&s->result.err, "completion %s", t->id);
        }
        if (++s->streak >= SWEEP_FAILURES_MAX)
                return end(s, err);
        slot_stop(t);
        fill(s);
}

static void slot_there(struct slot *t)
{
        struct sweep *s = t->sweep;
        const char *id = intake_held(t->intake);
        struct err err;
        int64_t row;
        int r;

        if (!id || strcmp(id, t->id) != 0) {
                err_set(&err, ERR_SOURCE,
                        "the server answers with another completion than the one asked for");
                return slot_fail(t, &err);
        }
        r = intake_keep(t->intake, &row, &err);
        if (r == SPOOL_BUSY)
                return slot_wait(t);
        /* No head of the list showed it. */
        if (r < 0 ||
            catalog_mark(archive_catalog(s->archive), row, s->config.walk, (enum catalog_heads)0,
                         clock_wall(s->clock) / USEC_PER_SEC, &err) < 0)
                return end_undone(s, &err);
        archive_walk(s->archive)->seen++;
        s->result.there++;
        slot_settled(t);
}

static void slot_gone(struct slot *t, const char *request_id)
{
        struct sweep *s = t->sweep;
        struct catalog_record known;
        struct err err;
        int r = catalog_find(archive_catalog(s->archive), t->id, strlen(t->id), &known, &err);

        if (r == CATALOG_NONE)
                r = err_set(&err, ERR_BUG, "catalog: %s is not there", t->id);
        if (r < 0 || tombstone_put(s->archive, s->line, t->id, strlen(t->id), &known, request_id,
                                   clock_wall(s->clock), &err) < 0)
                return end_undone(s, &err);
        archive_walk(s->archive)->gone++;
        s->result.gone++;
        slot_settled(t);
}

static void on_reply(void *ctx, const struct api_reply *reply)
{
        struct slot *t = ctx;
        struct sweep *s = t->sweep;
        struct err err;

        t->call = NULL;
        if (archive_tally(s->archive)->undos != s->undos) {
                err_set(&err, ERR_HOST, "what the walk has seen could not be written");
                return end_undone(s, &err);
        }
        intake_set_request_id(t->intake, reply->request_id);
        /* The list was granted: this is about this completion. */
        if (reply->outcome == API_DENIED && reply->status == 403)
                return slot_fail(t, &reply->err);
        switch (reply->outcome) {
        case API_OK:
                return slot_there(t);
        case API_MISSING:
                return slot_gone(t, reply->request_id);
        case API_REFUSED:
        case API_MALFORMED:
                return slot_fail(t, &reply->err);
        case API_STOPPED:
                return reply->sink == SPOOL_BUSY ? slot_wait(t) : end_undone(s, &reply->err);
        case API_DENIED:
        case API_STRANGER:
        case API_LIMITED:
                s->result.stop = true;
                break;
        case API_OUTAGE:
                if (++s->outages < SWEEP_OUTAGES_MAX)
                        return slot_fail(t, &reply->err);
                break;
        }
        s->result.announced = reply->announced;
        s->result.reason = api_reason(reply);
        end(s, &reply->err);
}

static void on_restart(void *ctx, bool doubtful)
{
        struct slot *t = ctx;

        (void)doubtful; /* nothing of it is kept before the end */
        intake_drop(t->intake);
}

static void slot_ask(struct slot *t)
{
        const struct api_query query = { .kind = PAGE_ONE,
                                         .id = t->id,
                                         .patience = SWEEP_PATIENCE };
        struct api_call_ops ops = { on_restart, on_reply, { 0 }, t };

        if (!t->intake) {
                t->intake = intake_new(t->sweep->archive, t->sweep->clock, NULL, NULL);
                if (t->sweep->config.tally)
                        intake_set_tally(t->intake, t->sweep->config.tally);
        }
        ops.sink = intake_sink_held(t->intake);
        t->call = api_start(t->sweep->api, &query, &ops);
}

/* ---- the start ---- */

/* A mass disappearance that no walk before this one has seen? *ret: of how many. */
static int find_mass(struct sweep *s, uint64_t *ret, struct err *e)
{
        struct catalog *c = archive_catalog(s->archive);
        uint64_t there, unseen, source = archive_source_walk(s->archive);
        int64_t since = (s->began - TOMBSTONE_RETENTION) / USEC_PER_SEC + 1;
        struct catalog_walk before;
        char held[32] = "", number[32];
        int r;

        *ret = 0;
        if (catalog_count_unseen(c, s->config.walk, source, since, &there, &unseen, e) < 0)
                return -1;
        if (unseen <= SWEEP_MASS || unseen <= there / 2)
                return 0;
        r = catalog_last_walk(c, s->config.walk, true, true, &before, e);
        if (r < 0 || catalog_get_text(c, MASS, held, sizeof(held), e) < 0)
                return -1;
        snprintf(number, sizeof(number), "%llu", (unsigned long long)before.number);
        if (r != 0 || before.number < source || strcmp(held, number) != 0)
                *ret = unseen;
        snprintf(number, sizeof(number), "%llu", (unsigned long long)s->config.walk);
        return catalog_set_text(c, MASS, number, e);
}

static void on_start(void *ctx)
{
        struct sweep *s = ctx;
        struct err err;

        s->starter = NULL;
        s->began = clock_wall(s->clock);
        if (find_mass(s, &s->result.held, &err) < 0)
                return end_undone(s, &err);
        if (s->result.held)
                return finish(s);
        fill(s);
}

struct sweep *sweep_start(struct api *api, struct http *http, struct archive *archive,
                          const struct clock *clock, const struct sweep_config *config,
                          const struct sweep_ops *ops)
{
        struct sweep *s = mem_new(sizeof(*s));

        s->api = api;
        s->http = http;
        s->archive = archive;
        s->clock = clock;
        s->config = *config;
        s->ops = *ops;
        s->result.reason = "";
        s->undos = archive_tally(archive)->undos;
        s->n_slots = config->max_concurrent < SWEEP_CONCURRENT_MAX ? config->max_concurrent
                                                                   : SWEEP_CONCURRENT_MAX;
        for (unsigned i = 0; i < s->n_slots; i++)
                s->slots[i].sweep = s;
        s->next.created = s->next.row = INT64_MAX;
        s->line = spool_new(archive_spool_place(archive));
        s->starter = http_timer_start(http, 0, on_start, s);
        return s;
}

struct sweep *sweep_free(struct sweep *s)
{
        if (!s)
                return NULL;
        http_timer_stop(s->starter);
        for (unsigned i = 0; i < s->n_slots; i++) {
                slot_stop(&s->slots[i]);
                intake_free(s->slots[i].intake);
        }
        spool_free(s->line);
        free(s);
        return NULL;
}
