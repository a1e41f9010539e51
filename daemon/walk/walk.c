#include "walk/walk_core.h"
#include "base/mem.h"
#include "wire/http.h"

#include <string.h>

#define TICK USEC_PER_SEC /* how often an open frame's age is looked at while the server is slow */

static void ask(struct walk *w)
{
        for (size_t i = WALK_HEADS; i-- > 0;)
                if (w->heads[i].n_legs)
                        head_ask(&w->heads[i]);
}

static void read_again(struct walk *w)
{
        struct err err = { 0 };

        if (walk_plan_again(w, &err) < 0)
                return walk_fail(w, "host", &err);
        ask(w);
}

/* What was read since the last commit is gone, the good with the damaged: it is read again, by one
 * head alone, and what passes is committed at once. */
static void go_back(struct walk *w)
{
        struct err err = { 0 };

        w->second_dropped = true;
        w->undone = false;
        w->undos = archive_tally(w->archive)->undos;
        if (++w->again > WALK_AGAIN_MAX) {
                err_set(&err, ERR_AGAIN, "damaged answers came again and again");
                return walk_fail(w, "network", &err);
        }
        read_again(w);
}

void walk_afresh(struct walk *w)
{
        struct catalog_walk *row = archive_walk(w->archive);

        row->desc[0] = row->asc[0] = '\0';
        read_again(w);
}

void walk_break(struct walk *w, const struct err *err)
{
        if (!w->broken)
                w->why = *err;
        w->broken = true;
}

bool walk_is_undone(struct walk *w)
{
        const struct err *why;
        struct err err = { 0 };

        if (w->broken) {
                err = w->why;
        } else if (w->undone) {
                go_back(w);
                return true;
        } else if (w->undos == archive_tally(w->archive)->undos) {
                return false;
        } else {
                why = archive_why(w->archive, w->undos);
                err_set(&err, ERR_HOST, "what was read could not be written");
                if (why)
                        err = *why;
        }
        walk_fail(w, "host", &err);
        return true;
}

/* ---- two heads ---- */

static struct head *other(struct head *h)
{
        return &h->walk->heads[h == &h->walk->heads[0]];
}

/* The list's end that lies open before this head is not its own to find any more. */
static void finish_open(struct head *h)
{
        for (size_t i = h->leg; i < h->n_legs; i++)
                if (h->legs[i].open_end)
                        h->legs[i].finished = true;
}

/* Between them they have seen everything. The other head may be about a full second, or ask for a
 * record's whereabouts: that it ends. */
static void meet(struct head *h)
{
        struct head *o = other(h);

        finish_open(h);
        finish_open(o);
        if (o->phase != HEAD_LIST || !head_leg(o)->finished)
                return;
        head_stop(o);
        head_ask(o);
}

/* What has passed is not to be taken back with what another head or the prompts have brought. */
static bool keep_passed(struct walk *w)
{
        struct err err;

        if (archive_commit(w->archive, clock_wall(w->clock), &err) == 0)
                return true;
        walk_break(w, &err); /* it is undone; the next answer, or the end, finds out */
        return false;
}

static void begin_second(struct walk *w)
{
        struct head *h = &w->heads[1];

        if (!keep_passed(w))
                return;
        h->legs[0] = (struct walk_leg){
                .order = API_ASC, .head = CATALOG_ASC, .keeps_cursor = true, .open_end = true
        };
        h->n_legs = 1;
        head_ask(h);
}

/* Whole seconds of a page are all but its last. `turn` is the last of them; has the other head seen
 * that one whole, too, then there is nothing between the two. */
static bool overlaps(struct head *h)
{
        const struct walk_page *p = &h->page;
        const struct head *o = other(h);

        if (!o->passed || !*p->turn_id)
                return false;
        return head_leg(h)->order == API_DESC ? p->turn < o->reach : p->turn > o->reach;
}

void walk_compare(struct head *h, bool has_more)
{
        struct walk *w = h->walk;
        struct head *o = other(h);
        bool second = h == &w->heads[1];

        if (w->again)
                keep_passed(w);
        if (!w->first || !head_leg(h)->open_end)
                return;
        if (!has_more) {
                /* The second head's end counts only if it came to where the first one has been:
                 * that list is the shorter one else, and not to be believed. */
                if (!second || (o->passed && h->page.records && h->page.last > o->reach))
                        meet(h);
                return;
        }
        if (h->page.records) {
                h->passed = true;
                h->reach = h->page.last;
        }
        if (overlaps(h))
                meet(h);
        else if (!second && o->n_legs == 0 && !w->second_dropped)
                begin_second(w);
}

bool walk_drop(struct head *h)
{
        struct walk *w = h->walk;

        if (h != &w->heads[1])
                return false;
        catalog_forget_notes(archive_catalog(w->archive), CATALOG_ASC, NULL);
        archive_walk(w->archive)->asc[0] = '\0';
        head_stop(h);
        h->n_legs = h->leg = 0;
        h->passed = false;
        w->second_dropped = true;
        walk_settled(w);
        return true;
}

void walk_settled(struct walk *w)
{
        for (size_t i = 0; i < WALK_HEADS; i++)
                if (w->heads[i].n_legs && w->heads[i].phase != HEAD_DONE)
                        return;
        if (!walk_is_undone(w))
                walk_sweep(w);
}

/* ---- what was missed ---- */

static void on_swept(void *ctx, const struct sweep_result *result)
{
        struct walk *w = ctx;
        struct err err = result->err;

        w->held = result->held;
        w->unsettled = result->failed;
        w->sweep = sweep_free(w->sweep);
        if (err.kind == ERR_HOST)
                return walk_fail(w, "host", &err);
        if (!walk_is_undone(w))
                walk_complete(w);
}

void walk_sweep(struct walk *w)
{
        const struct catalog_walk *row = archive_walk(w->archive);
        const struct sweep_config config = { row->number, w->config.max_concurrent, &w->tally };
        const struct sweep_ops ops = { on_swept, w };

        /* What a filter hides is not gone; and the marks of a resumed walk may be rebuilt ones. */
        if (!row->full || w->resumed || strcmp(buf_str(&w->filter), "null") != 0)
                return walk_complete(w);
        w->sweep = sweep_start(w->api, w->http, w->archive, w->clock, &config, &ops);
}

int walk_learn(struct walk *w, const struct api_reply *reply)
{
        struct err err = { 0 };

        if (!*reply->project || *archive_project(w->archive))
                return 0;
        if (archive_set_source(w->archive, archive_base_url(w->archive), reply->project,
                               clock_wall(w->clock), &err) < 0) {
                walk_fail(w, "disk", &err);
                return -1;
        }
        api_set_project(w->api, archive_project(w->archive));
        return 0;
}

/* ---- the whole ---- */

/* An open frame is not to wait for a slow server longer than it should. */
static void on_tick(void *ctx)
{
        struct walk *w = ctx;
        struct err err = { 0 };

        w->ticker = http_timer_start(w->http, TICK, on_tick, w);
        if (archive_keep_up(w->archive, false, clock_wall(w->clock), &err) < 0)
                walk_fail(w, "disk", &err);
}

static void on_start(void *ctx)
{
        struct walk *w = ctx;

        w->starter = NULL;
        ask(w);
}

int walk_start(struct api *api, struct http *http, struct archive *archive,
               const struct clock *clock, const struct walk_config *config,
               const struct walk_ops *ops, struct walk **ret, struct err *e)
{
        struct walk *w = mem_new(sizeof(*w));

        w->api = api;
        w->http = http;
        w->archive = archive;
        w->clock = clock;
        w->config = *config;
        w->ops = *ops;
        scope_digest(&config->scope, w->scope);
        scope_filter(&config->scope, &w->filter);
        for (size_t i = 0; i < WALK_HEADS; i++)
                head_init(&w->heads[i], w);
        if (walk_plan(w, e) < 0 ||
            archive_set_source(archive, config->scope.base_url, NULL, clock_wall(clock), e) < 0) {
                walk_free(w);
                return -1;
        }
        api_set_project(api, archive_project(archive));
        w->undos = archive_tally(archive)->undos;
        archive_set_begin(archive, NULL);
        if (w->first)
                walk_put_begin(w);
        w->starter = http_timer_start(http, 0, on_start, w);
        w->ticker = http_timer_start(http, TICK, on_tick, w);
        *ret = w;
        return 0;
}

struct walk *walk_free(struct walk *w)
{
        if (!w)
                return NULL;
        sweep_free(w->sweep);
        for (size_t i = 0; i < WALK_HEADS; i++)
                head_done(&w->heads[i]);
        http_timer_stop(w->starter);
        http_timer_stop(w->ticker);
        buf_done(&w->filter);
        free(w->gaps);
        free(w);
        return NULL;
}

const struct catalog_walk *walk_row(const struct walk *w)
{
        return archive_walk(w->archive);
}
