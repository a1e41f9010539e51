/* The way back to a point within the transaction. Not SQLite's savepoints: for these it keeps what
 * every page of the file was before, and a list's hundred ids lie on as many pages of their index.
 * Rows are added at the end and few are changed, so that what they were fits into memory. */
#include "store/catalog_db.h"

int catalog_save(struct catalog *c, struct err *e)
{
        struct catalog_point *p = &c->back;

        p->set = false;
        if (catalog_begin(c, e) < 0 || catalog_newest_row(c, &p->newest_row, e) < 0)
                return -1;
        p->n = 0;
        p->full = false;
        p->set = true;
        return 0;
}

int catalog_keep_old(struct catalog *c, int64_t row, struct err *e)
{
        struct catalog_point *p = &c->back;
        struct catalog_old *old;
        sqlite3_stmt *s;
        int r;

        if (!p->set || p->full || row > p->newest_row)
                return 0;
        for (size_t i = p->n; i > 0; i--)
                if (p->old[i - 1].row == row)
                        return 0;
        if (p->n == CATALOG_OLD_MAX) {
                p->full = true;
                return 0;
        }
        if (catalog_statement(c, SQL_RECORD, &s, e) < 0)
                return -1;
        sqlite3_bind_int64(s, 1, row);
        r = catalog_step(c, s, e);
        if (r != 0)
                return r < 0 ? -1 : 0;
        old = &p->old[p->n++];
        old->row = row;
        old->created = sqlite3_column_int64(s, 0);
        catalog_take_digest(s, 1, old->digest);
        old->versions = (uint64_t)sqlite3_column_int64(s, 2);
        old->gone = sqlite3_column_int(s, 3);
        old->frame = (uint64_t)sqlite3_column_int64(s, 4);
        old->has_form = catalog_take_digest(s, 5, old->form);
        old->messages = (enum catalog_messages)sqlite3_column_int(s, 6);
        old->prompt = (uint64_t)sqlite3_column_int64(s, 7);
        old->event = (uint64_t)sqlite3_column_int64(s, 8);
        sqlite3_reset(s);
        return 0;
}

/* Some of these statements take one number, some two. */
static int run_with(struct catalog *c, enum catalog_sql which, int64_t first, uint64_t second,
                    struct err *e)
{
        sqlite3_stmt *s;

        if (catalog_statement(c, which, &s, e) < 0)
                return -1;
        sqlite3_bind_int64(s, 1, first);
        if (sqlite3_bind_parameter_count(s) > 1)
                sqlite3_bind_int64(s, 2, (int64_t)second);
        return catalog_run(c, s, e);
}

/* Frames are numbered on and on: events behind the last one that there was are new. */
static int restore(struct catalog *c, const struct catalog_old *old, struct err *e)
{
        sqlite3_stmt *s;

        if (run_with(c, SQL_RESTORE_VERSIONS, old->row, old->versions, e) < 0 ||
            run_with(c, SQL_RESTORE_EVENTS, old->row, old->event, e) < 0 ||
            catalog_statement(c, SQL_RESTORE, &s, e) < 0)
                return -1;
        sqlite3_bind_int64(s, 1, old->row);
        sqlite3_bind_int64(s, 2, old->created);
        sqlite3_bind_blob(s, 3, old->digest, SHA256_SIZE, SQLITE_STATIC);
        sqlite3_bind_int64(s, 4, (int64_t)old->versions);
        sqlite3_bind_int(s, 5, old->gone);
        sqlite3_bind_int64(s, 6, (int64_t)old->frame);
        if (old->has_form)
                sqlite3_bind_blob(s, 7, old->form, SHA256_SIZE, SQLITE_STATIC);
        else
                sqlite3_bind_null(s, 7);
        sqlite3_bind_int(s, 8, (int)old->messages);
        sqlite3_bind_int64(s, 9, (int64_t)old->prompt);
        return catalog_run(c, s, e);
}

int catalog_back(struct catalog *c, struct err *e)
{
        struct catalog_point *p = &c->back;

        if (!p->set)
                return CATALOG_NONE;
        if (p->full)
                return CATALOG_FULL;
        if (catalog_begin(c, e) < 0 || run_with(c, SQL_DROP_NEWER, p->newest_row, 0, e) < 0 ||
            run_with(c, SQL_DROP_NEWER_VERSIONS, p->newest_row, 0, e) < 0 ||
            run_with(c, SQL_DROP_NEWER_EVENTS, p->newest_row, 0, e) < 0)
                return -1;
        for (size_t i = 0; i < p->n; i++)
                if (restore(c, &p->old[i], e) < 0)
                        return -1;
        p->n = 0;
        return 0;
}
