/* A page that was asked for by a cursor did not show again the second that it had to, or is not
 * where the cursor is, or the server refused the cursor: was what should have been there deleted
 * meanwhile? Then the walk steps back to an earlier cursor; else the server is not to be trusted
 * with cursors, and it fails. */
#include "walk/presence.h"
#include "walk/walk_core.h"

#include <stdio.h>
#include <string.h>

static void probe_next(struct walk *w);

static struct walk_leg *leg(struct walk *w)
{
        return &w->legs[w->leg];
}

/* To the nearest cursor on the side already walked. If it was the cursor that is gone, the expected
 * second stays; else the second of the cursor itself is what the next page must show. */
static void step_back(struct walk *w)
{
        struct catalog *c = archive_catalog(w->archive);
        struct walk_leg *l = leg(w);
        bool newer = l->order == API_DESC;
        char id[CATALOG_ID_MAX];
        int64_t created;
        struct err err = { 0 };
        int r;

        if (++w->steps_back > WALK_STEPS_BACK_MAX) {
                err_set(&err, ERR_SOURCE, "too many cursors were found deleted");
                return walk_fail(w, "cursor", &err);
        }
        r = catalog_beside(c, l->cursor_created, newer, archive_walk(w->archive)->number, l->head,
                           id, &created, &err);
        if (r == CATALOG_NONE)
                r = catalog_beside(c, l->cursor_created, newer, 0, l->head, id, &created, &err);
        if (r < 0)
                return walk_fail(w, "host", &err);
        w->mark[0] = '\0'; /* going the same way twice is no cycle */
        w->mark_age = w->mark_span = 0;
        if (!w->probe.cursor) {
                l->check = true;
                l->expect = l->cursor_created;
        }
        if (r == CATALOG_NONE) { /* nothing is left on that side: the list's start */
                l->cursor[0] = '\0';
                l->check = false;
        } else {
                memcpy(l->cursor, id, sizeof(id));
                l->cursor_created = created;
        }
        if (l->keeps_cursor)
                memcpy(archive_walk(w->archive)->desc, l->cursor, CATALOG_ID_MAX);
        walk_ask(w);
}

static void on_reply(void *ctx, const struct api_reply *reply)
{
        struct walk *w = ctx;

        w->call = NULL;
        w->phase = WALK_IDLE;
        if (reply->outcome == API_OK)
                return walk_fail(w, w->probe.reason, &w->probe.err);
        if (reply->outcome != API_MISSING)
                return walk_fail_reply(w, reply);
        if (w->probe.cursor)
                return step_back(w);
        probe_next(w);
}

static void ask(struct walk *w, const char *id)
{
        w->phase = WALK_PROBE;
        w->call = presence_ask(w->api, id, w->config.patience, on_reply, w);
}

static void probe_next(struct walk *w)
{
        struct err err = { 0 };
        char id[CATALOG_ID_MAX];
        int r = catalog_second(archive_catalog(w->archive), w->probe.second,
                               archive_walk(w->archive)->number, leg(w)->head, &w->probe.row, id,
                               &err);

        if (r < 0)
                return walk_fail(w, "host", &err);
        if (r == CATALOG_NONE)
                return step_back(w);
        ask(w, id);
}

static void begin(struct walk *w, const char *reason, const struct err *err)
{
        catalog_forget_notes(archive_catalog(w->archive), NULL);
        memset(&w->probe, 0, sizeof(w->probe));
        w->probe.reason = reason;
        w->probe.err = *err;
}

void probe_second(struct walk *w)
{
        struct err err = { 0 };

        err_set(&err, ERR_SOURCE,
                "a page does not show again what it had to, though it is still there: the server "
                "did not follow the cursor");
        begin(w, "cursor", &err);
        w->probe.second = leg(w)->expect;
        probe_next(w);
}

void probe_cursor(struct walk *w, const char *reason, const struct err *err)
{
        begin(w, reason, err);
        w->probe.cursor = true;
        ask(w, leg(w)->cursor);
}
