/* A second with more records than a page holds: the server's cursor steps over it whole. What can be
 * done is to ask for it again and again, from both sides, since the order inside a second changes
 * from call to call; and to say in the walk's line that the second may hold more. */
#include "walk/walk_core.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

void gap_note(struct walk *w)
{
        const struct walk_leg *l = &w->legs[w->leg];

        if (w->gap.pending && w->gap.second == w->page.last)
                return; /* a server that does break ties: the next page of the same second */
        if (w->n_gaps < WALK_GAPS_MAX) {
                w->gaps = mem_resize(w->gaps, (w->n_gaps + 1) * sizeof(*w->gaps));
                w->gaps[w->n_gaps] = w->page.last;
        }
        w->n_gaps++;
        archive_walk(w->archive)->gaps = w->n_gaps;
        memset(&w->gap, 0, sizeof(w->gap));
        w->gap.pending = true;
        w->gap.second = w->page.last;
        memcpy(w->gap.before, l->cursor, sizeof(w->gap.before));
}

/* Once the page behind it came, there is a record on either side to ask from. */
bool gap_ready(struct walk *w)
{
        if (!w->gap.pending || w->page.last == w->gap.second)
                return false;
        w->gap.pending = false;
        if (w->page.records)
                memcpy(w->gap.behind, w->page.last_id, sizeof(w->gap.behind));
        return true;
}

static void ask(struct walk *w);

static void on_reply(void *ctx, const struct api_reply *reply)
{
        struct catalog_walk *row;
        struct walk *w = ctx;
        struct err err = { 0 };
        uint64_t fresh;

        w->call = NULL;
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
        w->gap.requests++;
        w->gap.quiet = w->page.fresh ? 0 : w->gap.quiet + 1;
        if (w->gap.requests < WALK_GAP_REQUESTS_MAX && w->gap.quiet < WALK_GAP_QUIET)
                return ask(w);
        w->phase = WALK_IDLE;
        walk_ask(w);
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
        w->call = api_start(w->api, &query, &ops);
}

void gap_start(struct walk *w)
{
        w->gap.requests = w->gap.quiet = 0;
        ask(w);
}
