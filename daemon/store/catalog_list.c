/* Completions in the order of their creation, some at a time. */
#include "store/catalog_db.h"

struct listing {
        struct catalog_range *range;
        size_t limit, n;
        void (*fn)(void *ctx, const char *id, const struct catalog_record *r);
        void *ctx;
};

static enum catalog_sql statement_of(const struct catalog_range *g, bool ties)
{
        int which = 8 * g->changed + 4 * g->gone + 2 * g->newest_first + ties;

        return (enum catalog_sql)(SQL_LIST + which);
}

/* Only a damaged file gives rows that do not go on: and it might give them for ever. */
static int go_on(struct catalog *c, struct catalog_range *g, const struct catalog_record *r,
                 struct err *e)
{
        bool newer = r->created > g->created || (r->created == g->created && r->row > g->row);
        bool same = r->created == g->created && r->row == g->row;

        if (r->created < g->since || r->created > g->until ||
            (g->started && (same || newer == g->newest_first))) {
                c->corrupt = true;
                return err_set(e, ERR_HOST, "catalog: its order is damaged");
        }
        g->started = true;
        g->created = r->created;
        g->row = r->row;
        return 0;
}

static int take_rows(struct catalog *c, struct listing *l, sqlite3_stmt *s, struct err *e)
{
        char id[CATALOG_ID_MAX];
        struct catalog_record r;
        int step = 0;

        while (l->n < l->limit && (step = catalog_step(c, s, e)) == 0) {
                catalog_take_record(s, &r);
                catalog_take_text(s, CATALOG_COLUMNS_N, id);
                if (go_on(c, l->range, &r, e) < 0) {
                        sqlite3_reset(s);
                        return -1;
                }
                l->fn(l->ctx, id, &r);
                l->n++;
        }
        sqlite3_reset(s);
        return step < 0 ? -1 : 0;
}

static int list(struct catalog *c, struct listing *l, struct err *e)
{
        struct catalog_range *g = l->range;
        int64_t since = g->since, until = g->until;
        sqlite3_stmt *s;

        if (g->started) {
                if (catalog_statement(c, statement_of(g, true), &s, e) < 0)
                        return -1;
                sqlite3_bind_int64(s, 1, g->created);
                sqlite3_bind_int64(s, 2, g->row);
                sqlite3_bind_int64(s, 3, (int64_t)l->limit);
                if (take_rows(c, l, s, e) < 0)
                        return -1;
                if (l->n == l->limit || g->created == (g->newest_first ? INT64_MIN : INT64_MAX))
                        return 0;
                if (g->newest_first)
                        until = g->created - 1;
                else
                        since = g->created + 1;
        }
        if (catalog_statement(c, statement_of(g, false), &s, e) < 0)
                return -1;
        sqlite3_bind_int64(s, 1, since);
        sqlite3_bind_int64(s, 2, until);
        sqlite3_bind_int64(s, 3, (int64_t)(l->limit - l->n));
        return take_rows(c, l, s, e);
}

int catalog_list(struct catalog *c, struct catalog_range *g, size_t limit,
                 void (*fn)(void *ctx, const char *id, const struct catalog_record *r), void *ctx,
                 size_t *ret_n, struct err *e)
{
        struct listing l = { .range = g, .limit = limit, .fn = fn, .ctx = ctx };
        bool alone = sqlite3_get_autocommit(c->db);
        int r;

        /* One look at the file, and not two between which a writer commits. */
        if (alone && sqlite3_exec(c->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
                return catalog_fail(c, e);
        r = list(c, &l, e);
        if (alone)
                sqlite3_exec(c->db, "COMMIT", NULL, NULL, NULL);
        if (r == 0)
                *ret_n = l.n;
        return r;
}
