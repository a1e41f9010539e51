/* A second with more records than a page holds: the server's cursor steps over it whole. What can be
 * done is to ask for it again and again, from both sides, since the order inside a second changes
 * from call to call; and to say in the walk's line that the second may hold more. */
#include "walk/walk_core.h"
#include "base/json.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

void gap_list(const struct walk *w, struct buf *out)
{
        buf_putc(out, '[');
        for (size_t i = 0; i < w->n_gaps && i < WALK_GAPS_MAX; i++)
                buf_printf(out, "%s%lld", i ? "," : "", (long long)w->gaps[i]);
        buf_putc(out, ']');
}

static void name(struct walk *w, int64_t second)
{
        for (size_t i = 0; i < w->n_gaps && i < WALK_GAPS_MAX; i++)
                if (w->gaps[i] == second)
                        return;
        if (w->n_gaps < WALK_GAPS_MAX) {
                w->gaps = mem_resize(w->gaps, (w->n_gaps + 1) * sizeof(*w->gaps));
                w->gaps[w->n_gaps] = second;
        }
        w->n_gaps++;
        archive_walk(w->archive)->gaps = w->n_gaps;
}

/* Kept where the walk that goes on with this one finds it, whether this one ends with a line or is
 * killed. A catalog that fails at it fails the walk at the page's end. */
static void keep(struct walk *w)
{
        _cleanup_buf_ struct buf b = BUF_INIT;
        struct err err;

        gap_list(w, &b);
        if (catalog_set_gaps(archive_catalog(w->archive), archive_walk(w->archive)->number,
                             buf_str(&b), &err) < 0)
                w->undone = true;
        if (w->first)
                walk_put_begin(w);
}

int gap_restore(struct walk *w, struct err *e)
{
        char text[CATALOG_GAPS_MAX];
        struct json list, gap;
        int64_t second;
        size_t at = 0;
        int r = catalog_get_gaps(archive_catalog(w->archive), archive_walk(w->archive)->number,
                                 text, e);

        if (r != 0)
                return r < 0 ? -1 : 0;
        if (json_parse(text, strlen(text), &list) < 0)
                return 0;
        while (json_next(&list, &at, NULL, &gap))
                if (json_int64(&gap, &second) == 0)
                        name(w, second);
        return 0;
}

void gap_note(struct walk *w)
{
        const struct walk_leg *l = &w->legs[w->leg];

        if (w->noted.set && w->noted.second == w->page.last)
                return; /* a server that does break ties: the next page of the same second */
        name(w, w->page.last);
        keep(w);
        memset(&w->noted, 0, sizeof(w->noted));
        w->noted.set = true;
        w->noted.second = w->page.last;
        memcpy(w->noted.before, l->cursor, sizeof(w->noted.before));
}

/* The first record that is not of it: the nearest on its other side. */
void gap_see(struct walk *w, const struct intake_record *record)
{
        if (w->noted.set && !*w->noted.behind && record->created != w->noted.second)
                memcpy(w->noted.behind, record->id, record->id_length + 1);
}

bool gap_ready(struct walk *w)
{
        if (!w->noted.set || (w->page.records && w->page.last == w->noted.second))
                return false;
        w->gap = w->noted;
        w->noted.set = false;
        return true;
}

static void ask(struct walk *w);

static void next(struct walk *w)
{
        if (w->gap.requests < WALK_GAP_REQUESTS_MAX && w->gap.quiet < WALK_GAP_QUIET)
                return ask(w);
        w->phase = WALK_IDLE;
        walk_ask(w);
}

static void on_reply(void *ctx, const struct api_reply *reply)
{
        struct catalog_walk *row;
        struct walk *w = ctx;
        struct err err = { 0 };
        uint64_t fresh;

        w->call = NULL;
        if (walk_is_undone(w))
                return;
        w->gap.requests++;
        if (reply->outcome == API_REFUSED || reply->outcome == API_MISSING) {
                w->gap.quiet++; /* the record on this side is gone by now */
                return next(w);
        }
        if (reply->outcome != API_OK) {
                w->phase = WALK_IDLE;
                return walk_fail_reply(w, reply);
        }
        row = archive_walk(w->archive);
        if (catalog_settle_notes(archive_catalog(w->archive), row->number, w->legs[w->leg].head,
                                 clock_wall(w->clock) / USEC_PER_SEC, &fresh, &err) < 0)
                return walk_fail(w, "host", &err);
        row->pages++;
        row->seen += fresh;
        w->gap.quiet = w->page.fresh ? 0 : w->gap.quiet + 1;
        next(w);
}

static void ask(struct walk *w)
{
        struct api_call_ops ops = { walk_restart, on_reply, intake_sink(w->intake), w };
        struct api_query query = { .kind = PAGE_LIST, .limit = w->config.page_size };
        enum api_order along = w->legs[w->leg].order;
        bool back = w->gap.requests % 2 == 0;
        const char *after = back ? w->gap.behind : w->gap.before;

        w->phase = WALK_GAP;
        w->gap.order = back ? (along == API_DESC ? API_ASC : API_DESC) : along;
        query.after = *after ? after : NULL;
        query.order = w->gap.order;
        query.model = w->config.scope.model;
        query.metadata = w->config.scope.metadata;
        query.patience = w->config.patience;
        w->call = api_start(w->api, &query, &ops);
}

void gap_start(struct walk *w)
{
        w->gap.requests = w->gap.quiet = 0;
        ask(w);
}
