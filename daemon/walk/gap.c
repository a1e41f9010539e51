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
                walk_break(w, &err);
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

void gap_note(struct head *h)
{
        const struct walk_leg *l = head_leg(h);

        if (h->noted.set && h->noted.second == h->page.last)
                return; /* a server that does break ties: the next page of the same second */
        name(h->walk, h->page.last);
        keep(h->walk);
        memset(&h->noted, 0, sizeof(h->noted));
        h->noted.set = true;
        h->noted.second = h->page.last;
        memcpy(h->noted.before, l->cursor, sizeof(h->noted.before));
}

/* The first record that is not of it: the nearest on its other side. */
void gap_see(struct head *h, const struct intake_record *record)
{
        if (h->noted.set && !*h->noted.behind && record->created != h->noted.second)
                memcpy(h->noted.behind, record->id, record->id_length + 1);
}

bool gap_ready(struct head *h)
{
        if (!h->noted.set || (h->page.records && h->page.last == h->noted.second))
                return false;
        h->gap = h->noted;
        h->noted.set = false;
        return true;
}

static void ask(struct head *h);

static void next(struct head *h)
{
        if (h->gap.requests < WALK_GAP_REQUESTS_MAX && h->gap.quiet < WALK_GAP_QUIET)
                return ask(h);
        h->phase = HEAD_IDLE;
        head_ask(h);
}

static void on_reply(void *ctx, const struct api_reply *reply)
{
        struct catalog_walk *row;
        struct head *h = ctx;
        struct err err = { 0 };
        uint64_t fresh;

        h->call = NULL;
        if (reply->outcome == API_STOPPED && reply->sink != SPOOL_BUSY) {
                h->phase = HEAD_IDLE;
                return head_fail_reply(h, reply);
        }
        head_drop_doubtful(h, reply->doubtful);
        if (reply->outcome == API_STOPPED)
                return head_wait(h, ask);
        if (walk_is_undone(h->walk))
                return;
        h->gap.requests++;
        if (reply->outcome == API_REFUSED || reply->outcome == API_MISSING) {
                h->gap.quiet++; /* the record on this side is gone by now */
                return next(h);
        }
        if (reply->outcome != API_OK) {
                h->phase = HEAD_IDLE;
                return head_fail_reply(h, reply);
        }
        row = archive_walk(h->walk->archive);
        if (catalog_settle_notes(archive_catalog(h->walk->archive), row->number, head_leg(h)->head,
                                 clock_wall(h->walk->clock) / USEC_PER_SEC, &fresh, &err) < 0)
                return head_fail(h, "host", &err);
        row->pages++;
        row->seen += fresh;
        h->gap.quiet = h->page.fresh ? 0 : h->gap.quiet + 1;
        next(h);
}

static void ask(struct head *h)
{
        enum api_order along = head_leg(h)->order;
        bool back = h->gap.requests % 2 == 0;

        h->gap.order = back ? (along == API_DESC ? API_ASC : API_DESC) : along;
        head_request(h, HEAD_GAP, h->gap.order, back ? h->gap.behind : h->gap.before, on_reply);
}

void gap_start(struct head *h)
{
        h->gap.requests = h->gap.quiet = 0;
        ask(h);
}
