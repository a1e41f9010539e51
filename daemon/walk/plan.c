/* What a walk will read: its kind, its number, and its stretches of the list. */
#include "walk/walk_core.h"

#include <stdio.h>
#include <string.h>

/* The stretch that an interrupted first walk has left to a head: from its cursor on, which must show
 * again what this head has seen next to it. CATALOG_NONE if the cursor's record is not known. */
static int resume_leg(struct walk *w, struct head *h, const struct walk_leg *like,
                      const char *cursor, uint64_t walk, struct err *e)
{
        struct catalog *c = archive_catalog(w->archive);
        struct walk_leg *l = &h->legs[h->n_legs];
        struct catalog_record known;
        char id[CATALOG_ID_MAX];
        int r;

        r = catalog_find(c, cursor, strlen(cursor), &known, e);
        if (r != 0)
                return r;
        *l = *like;
        l->keeps_cursor = l->open_end = true;
        l->cursor_created = known.created;
        snprintf(l->cursor, sizeof(l->cursor), "%s", cursor);
        r = catalog_beside(c, known.created, l->order == API_ASC, walk, l->head, id, &l->expect, e);
        if (r < 0)
                return -1;
        l->check = r == 0;
        l->resumed = true;
        h->n_legs++;
        return 0;
}

static int resume(struct walk *w, const struct catalog_walk *last, struct err *e)
{
        static const struct walk_leg desc = { .order = API_DESC, .head = CATALOG_DESC };
        static const struct walk_leg asc = { .order = API_ASC, .head = CATALOG_ASC };
        int r;

        if (!last->watermark || !*last->desc)
                return 0;
        r = resume_leg(w, &w->heads[0], &desc, last->desc, last->number, e);
        if (r == 0 && *last->asc && !w->second_dropped)
                r = resume_leg(w, &w->heads[1], &asc, last->asc, last->number, e);
        return r < 0 ? -1 : 0;
}

/* The overlap before a watermark, which a server may have set to anything. */
static int64_t behind(int64_t watermark, usec_t overlap)
{
        int64_t t;

        return __builtin_sub_overflow(watermark, overlap / USEC_PER_SEC, &t) ? INT64_MIN : t;
}

int walk_last(struct archive *archive, const struct scope *scope, bool full,
              struct catalog_walk *ret, struct err *e)
{
        struct catalog *c = archive_catalog(archive);
        uint8_t digest[SHA256_SIZE];
        int r = catalog_last_walk(c, 0, true, true, ret, e);

        if (r != 0)
                return r;
        scope_digest(scope, digest);
        if (memcmp(ret->scope, digest, sizeof(digest)) != 0)
                return CATALOG_NONE;
        return full ? 0 : catalog_last_walk(c, 0, true, false, ret, e);
}

/* The top: all of it, or down to what the last complete walk knew, less the overlap. */
static int add_top(struct walk *w, const struct catalog_walk *row, struct err *e)
{
        struct head *h = &w->heads[0];
        struct walk_leg top = { .order = API_DESC, .head = CATALOG_DESC };
        struct catalog_walk complete;

        top.open_end = row->full && h->n_legs == 0;
        top.keeps_cursor = w->first && h->n_legs == 0;
        top.stop = behind(row->watermark, w->config.overlap);
        if (!row->full) {
                if (catalog_last_walk(archive_catalog(w->archive), 0, true, false, &complete, e) !=
                    0)
                        return -1;
                top.open_end = complete.watermark == 0;
                top.stop = behind(complete.watermark, w->config.overlap);
        }
        h->legs[h->n_legs++] = top;
        return 0;
}

int walk_plan_again(struct walk *w, struct err *e)
{
        const struct catalog_walk *row = archive_walk(w->archive);

        for (size_t i = 0; i < WALK_HEADS; i++)
                head_reset(&w->heads[i]);
        if (w->first && resume(w, row, e) < 0)
                return -1;
        return add_top(w, row, e);
}

int walk_plan(struct walk *w, struct err *e)
{
        struct catalog *c = archive_catalog(w->archive);
        struct catalog_walk last, complete, row = { .full = w->config.full };
        int have_last = catalog_last_walk(c, 0, false, false, &last, e);
        int have_full = catalog_last_walk(c, 0, true, true, &complete, e);
        struct head *h = &w->heads[0];

        if (have_last < 0 || have_full < 0)
                return -1;
        w->first = have_full != 0 || memcmp(complete.scope, w->scope, sizeof(w->scope)) != 0;
        row.number = have_last == 0 ? last.number + 1 : 1;
        row.started = clock_wall(w->clock);
        row.full |= w->first;
        memcpy(row.scope, w->scope, sizeof(row.scope));

        if (w->first && have_last == 0 && last.state != CATALOG_COMPLETE && last.full &&
            memcmp(last.scope, w->scope, sizeof(w->scope)) == 0) {
                row.number = last.number;
                if (resume(w, &last, e) < 0)
                        return -1;
        }
        w->resumed = h->n_legs > 0;
        if (h->n_legs) { /* the counts go on, too */
                row = last;
                row.state = CATALOG_RUNNING;
                row.ended = 0;
                row.gaps = 0;
                row.reason[0] = row.detail[0] = '\0';
        }
        if (add_top(w, &row, e) < 0)
                return -1;
        archive_set_walk(w->archive, &row);
        return row.number == (have_last == 0 ? last.number : 0) ? gap_restore(w, e) : 0;
}
