/* The cursor is that of API.md's T1, see walk.h: each page's verdict, and what to ask next. */
#include "walk/walk_core.h"
#include "wire/http.h"

#include <stdio.h>
#include <string.h>

/* Does `created` lie on the side of `than` that the order goes to? */
static bool beyond(enum api_order order, int64_t created, int64_t than)
{
        return order == API_DESC ? created < than : created > than;
}

/* ---- records ---- */

static void on_record(void *ctx, const struct intake_record *record)
{
        struct head *h = ctx;
        struct walk_page *p = &h->page;
        const struct walk_leg *l = head_leg(h);
        int64_t created = record->created;

        if (h->phase == HEAD_LIST)
                gap_see(h, record);
        if (p->records == 0) {
                p->first = p->newest = p->oldest = created;
                if (*l->cursor && beyond(l->order, l->cursor_created, created))
                        p->disorder = true;
        } else if (created != p->last) {
                if (beyond(h->phase == HEAD_GAP ? h->gap.order : l->order, p->last, created))
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
 * goes back to that. */
void head_drop_doubtful(struct head *h, bool doubtful)
{
        struct walk *w = h->walk;
        struct err err;

        if (!doubtful || intake_back(h->intake, &err) == 0)
                return;
        archive_undo(w->archive);
        w->undone = true;
}

void head_restart(void *ctx, bool doubtful)
{
        struct head *h = ctx;
        struct err err;

        head_drop_doubtful(h, doubtful);
        if (h->phase == HEAD_LIST)
                h->noted.behind[0] = '\0';
        memset(&h->page, 0, sizeof(h->page));
        catalog_forget_notes(archive_catalog(h->walk->archive), head_leg(h)->head, NULL);
        if (intake_restart(h->intake, &err) < 0)
                walk_break(h->walk, &err); /* a catalog that fails so has lost its transaction */
}

/* ---- a page's verdict ---- */

/* Brent's: a mark that is set anew at growing distances catches a cycle of any length. */
static bool comes_again(struct head *h, const char *cursor)
{
        if (strcmp(cursor, head_leg(h)->cursor) == 0 || strcmp(cursor, h->mark) == 0)
                return true;
        if (h->mark_age++ >= h->mark_span) {
                snprintf(h->mark, sizeof(h->mark), "%s", cursor);
                h->mark_age = 0;
                h->mark_span = h->mark_span ? 2 * h->mark_span : 1;
        }
        return false;
}

static void set_cursor(struct head *h, const char *id, int64_t created, bool check, int64_t expect)
{
        struct walk_leg *l = head_leg(h);

        snprintf(l->cursor, sizeof(l->cursor), "%s", id);
        l->cursor_created = created;
        l->check = check;
        l->expect = expect;
        if (l->keeps_cursor)
                snprintf(head_cursor(h), CATALOG_ID_MAX, "%s", id);
}

static void count_page(struct head *h, const struct api_reply *reply, uint64_t fresh)
{
        struct catalog_walk *row = archive_walk(h->walk->archive);

        row->pages++;
        row->seen += fresh;
        if (h->page.records == 0)
                return;
        if (row->newest == 0 || h->page.newest > row->newest)
                row->newest = h->page.newest;
        if (row->oldest == 0 || h->page.oldest < row->oldest)
                row->oldest = h->page.oldest;
        /* Of the list's very first page: what is newer than the server's own clock is not yet to be
         * relied on. */
        if (row->watermark == 0 && head_leg(h)->order == API_DESC && !*head_leg(h)->cursor) {
                int64_t clock = reply->date ? reply->date
                                            : clock_wall(h->walk->clock) / USEC_PER_SEC;

                row->watermark = h->page.newest < clock ? h->page.newest : clock;
                if (h->walk->first)
                        walk_put_begin(h->walk);
        }
}

/* The page passed every check: its marks count, its cursor is the next. */
static int pass(struct head *h, const struct api_reply *reply)
{
        struct catalog_walk *row = archive_walk(h->walk->archive);
        struct walk_leg *l = head_leg(h);
        struct err err = { 0 };
        uint64_t fresh;

        if (catalog_settle_notes(archive_catalog(h->walk->archive), row->number, l->head,
                                 clock_wall(h->walk->clock) / USEC_PER_SEC, &fresh, &err) < 0) {
                head_fail(h, "host", &err);
                return -1;
        }
        count_page(h, reply, fresh);
        l->resumed = false;
        if (!reply->page.has_more || (!l->open_end && h->page.records && h->page.last < l->stop)) {
                l->finished = true;
        } else if (*h->page.turn_id) {
                set_cursor(h, h->page.turn_id, h->page.turn, true, h->page.last);
        } else {
                gap_note(h);
                set_cursor(h, h->page.last_id, h->page.last, false, 0);
        }
        return 0;
}

/* A page that cannot be: unless it was asked for by the id of a record that is gone by now. */
static void reject(struct head *h, const char *reason, const char *text)
{
        struct err err = { 0 };

        err_set(&err, ERR_SOURCE, "%s", text);
        if (*head_leg(h)->cursor)
                return probe_cursor(h, reason, &err);
        head_fail(h, reason, &err);
}

void head_end(struct head *h)
{
        bool ready = gap_ready(h);

        archive_walk(h->walk->archive)->pages++;
        head_leg(h)->finished = true;
        walk_compare(h, false);
        if (ready)
                return gap_start(h);
        head_ask(h);
}

/* The second head has to begin behind where the first one is: there is more, it was told. */
static bool is_no_start(const struct head *h)
{
        const struct head *first = &h->walk->heads[0];

        return h != first && !*h->legs[h->leg].cursor && h->page.records && first->passed &&
               h->page.first >= first->reach;
}

static void on_page(struct head *h, const struct api_reply *reply)
{
        const struct walk_page *p = &h->page;
        struct walk *w = h->walk;
        bool ready;

        if (reply->page.has_more && comes_again(h, *p->turn_id ? p->turn_id : p->last_id))
                return reject(h, "cycle", "the server's pages go in a circle: a cursor came again");
        if (p->disorder)
                return reject(h, "order",
                              "the records of a page are not in the order that was asked for");
        if (is_no_start(h))
                return reject(h, "order", "the list in ascending order begins with the newest");
        if (!reply->page.has_more && !p->records && *head_leg(h)->cursor)
                return probe_last(h);
        if (head_leg(h)->check && !p->shown)
                return probe_second(h);
        ready = gap_ready(h);
        if (pass(h, reply) < 0)
                return;
        walk_compare(h, reply->page.has_more);
        if (w->ops.page)
                w->ops.page(w->ops.ctx, archive_walk(w->archive), reply->request_id);
        if (ready)
                return gap_start(h);
        head_ask(h);
}

static void on_wait(void *ctx)
{
        struct head *h = ctx;

        h->timer = NULL;
        if (archive_spool_place(h->walk->archive)->giant)
                head_wait(h, h->again);
        else
                h->again(h);
}

void head_wait(struct head *h, void (*again)(struct head *h))
{
        h->phase = HEAD_IDLE;
        h->again = again;
        h->timer = http_timer_start(h->walk->http, SPOOL_BUSY_WAIT, on_wait, h);
}

static void on_reply(void *ctx, const struct api_reply *reply)
{
        struct head *h = ctx;

        h->call = NULL;
        h->phase = HEAD_IDLE;
        if (reply->outcome == API_STOPPED && reply->sink != SPOOL_BUSY)
                return head_fail_reply(h, reply);
        head_drop_doubtful(h, reply->doubtful);
        if (walk_is_undone(h->walk))
                return;
        intake_set_request_id(h->intake, reply->request_id);
        if (reply->outcome == API_OK && walk_learn(h->walk, reply) < 0)
                return;
        if (reply->outcome == API_OK)
                return on_page(h, reply);
        if (reply->outcome == API_STOPPED)
                return head_wait(h, head_ask);
        if (*head_leg(h)->cursor &&
            (reply->outcome == API_REFUSED || reply->outcome == API_MISSING))
                return probe_cursor(h, "cursor", &reply->err);
        head_fail_reply(h, reply);
}

/* ---- asking ---- */

void head_request(struct head *h, enum head_phase phase, enum api_order order, const char *after,
                  void (*done)(void *ctx, const struct api_reply *reply))
{
        struct api_call_ops ops = { head_restart, done, intake_sink(h->intake), h };
        const struct walk_config *config = &h->walk->config;
        const struct api_query query = {
                .kind = PAGE_LIST,
                .after = *after ? after : NULL,
                .order = order,
                .limit = config->page_size,
                .model = config->scope.model,
                .metadata = config->scope.metadata,
                .patience = config->patience,
        };

        h->phase = phase;
        h->call = api_start(h->walk->api, &query, &ops);
}

void head_ask(struct head *h)
{
        while (h->leg < h->n_legs && head_leg(h)->finished) {
                h->leg++;
                h->mark[0] = '\0';
                h->mark_age = h->mark_span = 0;
        }
        if (h->leg == h->n_legs) {
                h->phase = HEAD_DONE;
                return walk_settled(h->walk);
        }
        head_request(h, HEAD_LIST, head_leg(h)->order, head_leg(h)->cursor, on_reply);
}

void head_fail(struct head *h, const char *reason, const struct err *err)
{
        if (err->kind != ERR_SOURCE || !walk_drop(h))
                walk_fail(h->walk, reason, err);
}

void head_fail_reply(struct head *h, const struct api_reply *reply)
{
        bool its_own = reply->outcome == API_REFUSED || reply->outcome == API_MISSING ||
                       reply->outcome == API_MALFORMED;

        if (!its_own || !walk_drop(h))
                walk_fail_reply(h->walk, reply);
}

/* ---- the whole ---- */

char *head_cursor(struct head *h)
{
        struct catalog_walk *row = archive_walk(h->walk->archive);

        return head_leg(h)->head == CATALOG_DESC ? row->desc : row->asc;
}

void head_init(struct head *h, struct walk *w)
{
        h->walk = w;
        h->intake = intake_new(w->archive, w->clock, on_record, h);
        intake_set_tally(h->intake, &w->tally);
        intake_set_head(h->intake, h == &w->heads[0] ? CATALOG_DESC : CATALOG_ASC);
}

void head_stop(struct head *h)
{
        head_drop_doubtful(h, h->call && api_is_doubtful(h->call));
        h->call = api_cancel(h->call);
        h->timer = http_timer_stop(h->timer);
        h->phase = HEAD_IDLE;
}

void head_reset(struct head *h)
{
        struct head fresh = { .walk = h->walk, .intake = h->intake, .steps_back = h->steps_back };

        head_stop(h);
        *h = fresh;
}

void head_done(struct head *h)
{
        head_stop(h);
        h->intake = intake_free(h->intake);
}
