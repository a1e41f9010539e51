/* Which completions there are: rows of the catalog, copied out before anybody is told of them. */
#include "base/mem.h"
#include "ctl/library_core.h"

#include <string.h>

#define BATCH 256 /* rows; some 110 KB, and less than a millisecond of a read transaction */

int library_find(struct library *l, const char *id, size_t n, struct library_row *ret,
                 struct err *e)
{
        int r;

        if (n == 0 || n >= CATALOG_ID_MAX)
                return LIBRARY_NONE;
        r = catalog_find(l->catalog, id, n, &ret->r, e);
        if (r < 0 && library_renew(l, e) > 0)
                r = catalog_find(l->catalog, id, n, &ret->r, e);
        if (r != 0)
                return r < 0 ? -1 : LIBRARY_NONE;
        memcpy(ret->id, id, n);
        ret->id[n] = '\0';
        return 0;
}

struct batch {
        struct library_row rows[BATCH];
        size_t n;
};

static void on_row(void *ctx, const char *id, const struct catalog_record *r)
{
        struct batch *b = ctx;
        struct library_row *row = &b->rows[b->n++];

        memcpy(row->id, id, strlen(id) + 1);
        row->r = *r;
}

/* From where the last one ended, in a temporary catalog as in the archive's own: rows have the same
 * numbers there. */
static int take_batch(struct library *l, struct catalog_range *g, struct batch *b, struct err *e)
{
        struct catalog_range from = *g;
        size_t n;
        int r;

        b->n = 0;
        r = catalog_list(l->catalog, g, BATCH, on_row, b, &n, e);
        if (r < 0 && library_renew(l, e) > 0) {
                *g = from;
                b->n = 0;
                r = catalog_list(l->catalog, g, BATCH, on_row, b, &n, e);
        }
        return r;
}

int library_each(struct library *l, const struct filter *f, bool newest_first,
                 int (*fn)(void *ctx, const struct library_row *row), void *ctx, struct err *e)
{
        struct catalog_range g = { .since = f->since,
                                   .until = f->until,
                                   .gone = f->gone,
                                   .changed = f->changed,
                                   .newest_first = newest_first };
        _cleanup_free_ struct batch *b = mem_new(sizeof(*b));
        int r;

        do {
                r = take_batch(l, &g, b, e);
                for (size_t i = 0; r == 0 && i < b->n; i++)
                        r = fn(ctx, &b->rows[i]);
        } while (r == 0 && b->n == BATCH);
        return r;
}
