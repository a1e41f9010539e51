#include "walk/walk_core.h"
#include "base/mem.h"
#include "wire/http.h"

#include <stdio.h>
#include <string.h>

#define TICK USEC_PER_SEC /* how often an open frame's age is looked at while the server is slow */

static struct walk_leg *leg(struct walk *w)
{
        return &w->legs[w->leg];
}

/* Does `created` lie on the side of `than` that the order goes to? */
static bool beyond(enum api_order order, int64_t created, int64_t than)
{
        return order == API_DESC ? created < than : created > than;
}

/* ---- records ---- */

static void on_record(void *ctx, const struct intake_record *record)
{
        struct walk *w = ctx;
        struct walk_page *p = &w->page;
        const struct walk_leg *l = leg(w);
        int64_t created = record->created;

        if (w->phase == WALK_LIST)
                gap_see(w, record);
        if (p->records == 0) {
                p->first = p->newest = p->oldest = created;
                if (*l->cursor && beyond(l->order, l->cursor_created, created))
                        p->disorder = true;
        } else if (created != p->last) {
                if (beyond(w->phase == WALK_GAP ? w->gap.order : l->order, p->last, created))
                        p->disorder = true;
                memcpy(p->turn_id, p->last_id, sizeof(p->turn_id));
                p->turn = p->last;
        }
        p->records++;
        p->fresh += record->fresh;
        p->last = created;
        if (created > p->newest)
                p->newest = created;
        if (created < p->oldest)
                p->oldest = created;
        if (l->check && created == l->expect)
                p->shown = true;
        memcpy(p->last_id, record->id, record->id_length + 1);
}

/* Whole records of an attempt that failed stay, unless they may be other than what was sent. What a
 * commit has caught of them stays all the same: the record as it is then becomes its next version.
 * If they cannot be taken back alone, everything since the last commit goes with them, and the walk
 * fails. */
void walk_drop_doubtful(struct walk *w)
{
        struct err err;

        if (archive_back(w->archive, &err) == 0)
                return;
        archive_undo(w->archive);
        w->undone = true;
}

void walk_restart(void *ctx, bool doubtful)
{
        struct walk *w = ctx;
        struct err err;

        if (doubtful)
                walk_drop_doubtful(w);
        intake_restart(w->intake);
        if (w->phase == WALK_LIST)
                w->noted.behind[0] = '\0';
        memset(&w->page, 0, sizeof(w->page));
        catalog_forget_notes(archive_catalog(w->archive), NULL);
        if (archive_mark(w->archive, clock_wall(w->clock), &err) < 0)
                w->undone = true; /* a catalog that fails so has lost its transaction */
}

/* ---- a page's verdict ---- */

/* Brent's: a mark that is set anew at growing distances catches a cycle of any length. */
static bool comes_again(struct walk *w, const char *cursor)
{
        if (strcmp(cursor, leg(w)->cursor) == 0 || strcmp(cursor, w->mark) == 0)
                return true;
        if (w->mark_age++ >= w->mark_span) {
                snprintf(w->mark, sizeof(w->mark), "%s", cursor);
                w->mark_age = 0;
                w->mark_span = w->mark_span ? 2 * w->mark_span : 1;
        }
        return false;
}

static void set_cursor(struct walk *w, const char *id, int64_t created, bool check, int64_t expect)
{
        struct walk_leg *l = leg(w);

        snprintf(l->cursor, sizeof(l->cursor), "%s", id);
        l->cursor_created = created;
        l->check = check;
        l->expect = expect;
        if (l->keeps_cursor)
                snprintf(archive_walk(w->archive)->desc, CATALOG_ID_MAX, "%s", id);
}

static void count_page(struct walk *w, const struct api_reply *reply, uint64_t fresh)
{
        struct catalog_walk *row = archive_walk(w->archive);

        row->pages++;
        row->seen += fresh;
        if (w->page.records == 0)
                return;
        if (row->newest == 0 || w->page.newest > row->newest)
                row->newest = w->page.newest;
        if (row->oldest == 0 || w->page.oldest < row->oldest)
                row->oldest = w->page.oldest;
        /* Of the list's very first page: what is newer than the server's own clock is not yet to be
         * relied on. */
        if (row->watermark == 0 && leg(w)->order == API_DESC && !*leg(w)->cursor) {
                int64_t clock = reply->date ? reply->date : clock_wall(w->clock) / USEC_PER_SEC;

                row->watermark = w->page.newest < clock ? w->page.newest : clock;
                if (w->first)
                        walk_put_begin(w);
        }
}

/* The page passed every check: its marks count, its cursor is the next. */
static int pass(struct walk *w, const struct api_reply *reply)
{
        struct catalog_walk *row = archive_walk(w->archive);
        struct walk_leg *l = leg(w);
        struct err err = { 0 };
        uint64_t fresh;

        if (catalog_settle_notes(archive_catalog(w->archive), row->number, l->head,
                                 clock_wall(w->clock) / USEC_PER_SEC, &fresh, &err) < 0) {
                walk_fail(w, "host", &err);
                return -1;
        }
        count_page(w, reply, fresh);
        if (!reply->page.has_more || (!l->open_end && w->page.records && w->page.last < l->stop)) {
                l->finished = true;
                return 0;
        }
        if (*w->page.turn_id) {
                set_cursor(w, w->page.turn_id, w->page.turn, true, w->page.last);
        } else {
                gap_note(w);
                set_cursor(w, w->page.last_id, w->page.last, false, 0);
        }
        return 0;
}

/* A page that cannot be: unless it was asked for by the id of a record that is gone by now. */
static void reject(struct walk *w, const char *reason, const char *text)
{
        struct err err = { 0 };

        err_set(&err, ERR_SOURCE, "%s", text);
        if (*leg(w)->cursor)
                return probe_cursor(w, reason, &err);
        walk_fail(w, reason, &err);
}

static void on_page(struct walk *w, const struct api_reply *reply)
{
        const struct walk_page *p = &w->page;
        bool ready;

        if (reply->page.has_more && comes_again(w, *p->turn_id ? p->turn_id : p->last_id))
                return reject(w, "cycle", "the server's pages go in a circle: a cursor came again");
        if (p->disorder)
                return reject(w, "order",
                              "the records of a page are not in the order that was asked for");
        if (leg(w)->check && !p->shown)
                return probe_second(w);
        ready = gap_ready(w);
        if (pass(w, reply) < 0)
                return;
        if (w->ops.page)
                w->ops.page(w->ops.ctx, archive_walk(w->archive), reply->request_id);
        if (ready)
                return gap_start(w);
        walk_ask(w);
}

static void on_busy_over(void *ctx)
{
        struct walk *w = ctx;

        w->timer = NULL;
        walk_ask(w);
}

bool walk_is_undone(struct walk *w)
{
        struct err err = { 0 };

        if (!w->undone)
                return false;
        err_set(&err, ERR_AGAIN,
                "what came of a damaged answer could not be taken back alone; the next walk reads "
                "the pages before it again");
        walk_fail(w, "network", &err);
        return true;
}

static void on_reply(void *ctx, const struct api_reply *reply)
{
        struct walk *w = ctx;

        w->call = NULL;
        w->phase = WALK_IDLE;
        if (walk_is_undone(w))
                return;
        intake_set_request_id(w->intake, reply->request_id);
        if (reply->outcome == API_OK)
                return on_page(w, reply);
        if (reply->outcome == API_STOPPED && reply->sink == SPOOL_BUSY) {
                w->timer = http_timer_start(w->http, USEC_PER_SEC, on_busy_over, w);
                return;
        }
        if (*leg(w)->cursor && (reply->outcome == API_REFUSED || reply->outcome == API_MISSING))
                return probe_cursor(w, "cursor", &reply->err);
        walk_fail_reply(w, reply);
}

/* ---- asking ---- */

void walk_ask(struct walk *w)
{
        struct api_call_ops ops = { walk_restart, on_reply, intake_sink(w->intake), w };
        struct api_query query = { .kind = PAGE_LIST, .limit = w->config.page_size };

        while (w->leg < w->n_legs && leg(w)->finished) {
                w->leg++;
                w->mark[0] = '\0';
                w->mark_age = w->mark_span = 0;
        }
        if (w->leg == w->n_legs)
                return walk_complete(w);

        w->phase = WALK_LIST;
        query.after = *leg(w)->cursor ? leg(w)->cursor : NULL;
        query.order = leg(w)->order;
        query.model = w->config.scope.model;
        query.metadata = w->config.scope.metadata;
        query.patience = w->config.patience;
        w->call = api_start(w->api, &query, &ops);
}

/* An open frame is not to wait for a slow server longer than it should. */
static void on_tick(void *ctx)
{
        struct walk *w = ctx;
        usec_t now = clock_wall(w->clock);
        struct err err = { 0 };

        w->ticker = http_timer_start(w->http, TICK, on_tick, w);
        if (!archive_due(w->archive, now))
                return;
        if (archive_commit(w->archive, now, &err) < 0 ||
            archive_seal(w->archive, now, false, &err) < 0 ||
            archive_mark(w->archive, now, &err) < 0)
                walk_fail(w, "disk", &err);
}

static void on_start(void *ctx)
{
        struct walk *w = ctx;

        w->timer = NULL;
        walk_ask(w);
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
        if (walk_plan(w, e) < 0) {
                walk_free(w);
                return -1;
        }
        w->intake = intake_new(archive, clock, on_record, w);
        archive_set_begin(archive, NULL);
        if (w->first)
                walk_put_begin(w);
        w->timer = http_timer_start(http, 0, on_start, w);
        w->ticker = http_timer_start(http, TICK, on_tick, w);
        *ret = w;
        return 0;
}

struct walk *walk_free(struct walk *w)
{
        if (!w)
                return NULL;
        api_cancel(w->call);
        http_timer_stop(w->timer);
        http_timer_stop(w->ticker);
        intake_free(w->intake);
        buf_done(&w->filter);
        free(w->gaps);
        free(w);
        return NULL;
}

const struct catalog_walk *walk_row(const struct walk *w)
{
        return archive_walk(w->archive);
}
