/* A page that was asked for by a cursor did not show again the second that it had to, or is not
 * where the cursor is, or the server refused the cursor: was what should have been there deleted
 * meanwhile? Then the walk steps back to an earlier cursor; else the server is not to be trusted
 * with cursors, and it fails. */
#include "walk/presence.h"
#include "walk/walk_core.h"

#include <stdio.h>
#include <string.h>

static void probe_next(struct head *h);

/* To the nearest cursor on the side already walked. If it was the cursor that is gone, the expected
 * second stays; else the second of the cursor itself is what the next page must show. */
static void step_back(struct head *h)
{
        struct catalog *c = archive_catalog(h->walk->archive);
        struct walk_leg *l = head_leg(h);
        bool newer = l->order == API_DESC;
        char id[CATALOG_ID_MAX];
        int64_t created;
        struct err err = { 0 };
        int r;

        if (++h->steps_back > WALK_STEPS_BACK_MAX) {
                err_set(&err, ERR_SOURCE, "too many cursors were found deleted");
                return head_fail(h, "cursor", &err);
        }
        r = catalog_beside(c, l->cursor_created, newer, archive_walk(h->walk->archive)->number,
                           l->head, id, &created, &err);
        if (r == CATALOG_NONE)
                r = catalog_beside(c, l->cursor_created, newer, 0, l->head, id, &created, &err);
        if (r < 0)
                return head_fail(h, "host", &err);
        h->mark[0] = '\0'; /* going the same way twice is no cycle */
        h->mark_age = h->mark_span = 0;
        if (!h->probe.cursor) {
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
                memcpy(head_cursor(h), l->cursor, CATALOG_ID_MAX);
        head_ask(h);
}

static void on_reply(void *ctx, const struct api_reply *reply)
{
        struct head *h = ctx;

        h->call = NULL;
        h->phase = HEAD_IDLE;
        if (reply->outcome == API_OK && h->probe.last)
                return head_leg(h)->check ? probe_second(h) : head_end(h);
        /* What it expected may come from a catalog that was rebuilt, or of a page that was not
         * followed up: to be on the safe side, all of it is read again. */
        if (reply->outcome == API_OK && head_leg(h)->resumed)
                return walk_afresh(h->walk);
        if (reply->outcome == API_OK)
                return head_fail(h, h->probe.reason, &h->probe.err);
        if (reply->outcome != API_MISSING)
                return head_fail_reply(h, reply);
        if (h->probe.cursor)
                return step_back(h);
        probe_next(h);
}

static void ask(struct head *h, const char *id)
{
        h->phase = HEAD_PROBE;
        h->call = presence_ask(h->walk->api, id, h->walk->config.patience, on_reply, h);
}

static void probe_next(struct head *h)
{
        struct err err = { 0 };
        char id[CATALOG_ID_MAX];
        int r = catalog_second(archive_catalog(h->walk->archive), h->probe.second,
                               archive_walk(h->walk->archive)->number, head_leg(h)->head,
                               &h->probe.row, id, &err);

        if (r < 0)
                return head_fail(h, "host", &err);
        if (r == CATALOG_NONE)
                return step_back(h);
        ask(h, id);
}

static void begin(struct head *h, const char *reason, const struct err *err)
{
        catalog_forget_notes(archive_catalog(h->walk->archive), head_leg(h)->head, NULL);
        memset(&h->probe, 0, sizeof(h->probe));
        h->probe.reason = reason;
        h->probe.err = *err;
}

void probe_second(struct head *h)
{
        struct err err = { 0 };

        err_set(&err, ERR_SOURCE,
                "a page does not show again what it had to, though it is still there: the server "
                "did not follow the cursor");
        begin(h, "cursor", &err);
        h->probe.second = head_leg(h)->expect;
        probe_next(h);
}

void probe_cursor(struct head *h, const char *reason, const struct err *err)
{
        begin(h, reason, err);
        h->probe.cursor = true;
        ask(h, head_leg(h)->cursor);
}

void probe_last(struct head *h)
{
        const struct err none = { 0 };

        begin(h, "cursor", &none);
        h->probe.cursor = h->probe.last = true;
        ask(h, head_leg(h)->cursor);
}
