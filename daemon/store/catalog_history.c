/* Versions that were superseded, and what changes said of a completion: the frames to look in. */
#include "store/catalog_db.h"

int catalog_put_event(struct catalog *c, int64_t row, struct err *e)
{
        sqlite3_stmt *s;

        if (catalog_begin(c, e) < 0 || catalog_keep_old(c, row, e) < 0 ||
            catalog_statement(c, SQL_EVENT_PUT, &s, e) < 0)
                return -1;
        sqlite3_bind_int64(s, 1, row);
        sqlite3_bind_int64(s, 2, (int64_t)c->frames[STREAM_CHANGES]);
        return catalog_run(c, s, e);
}

/* The one number that the statement yields. */
static int ask(struct catalog *c, sqlite3_stmt *s, uint64_t *ret, struct err *e)
{
        int r = catalog_step(c, s, e);

        if (r != 0)
                return r;
        *ret = (uint64_t)sqlite3_column_int64(s, 0);
        sqlite3_reset(s);
        return 0;
}

int catalog_next_event(struct catalog *c, int64_t row, uint64_t *frame, struct err *e)
{
        sqlite3_stmt *s;

        if (catalog_statement(c, SQL_EVENT_NEXT, &s, e) < 0)
                return -1;
        sqlite3_bind_int64(s, 1, row);
        sqlite3_bind_int64(s, 2, (int64_t)*frame);
        return ask(c, s, frame, e);
}

int catalog_version_frame(struct catalog *c, int64_t row, uint64_t version, uint64_t *ret,
                          struct err *e)
{
        sqlite3_stmt *s;

        if (catalog_statement(c, SQL_VERSION_FRAME, &s, e) < 0)
                return -1;
        sqlite3_bind_int64(s, 1, row);
        sqlite3_bind_int64(s, 2, (int64_t)version);
        return ask(c, s, ret, e);
}

int catalog_count_versions(struct catalog *c, int64_t row, uint64_t version, uint64_t frame,
                           uint64_t *ret, struct err *e)
{
        sqlite3_stmt *s;

        if (catalog_statement(c, SQL_VERSION_COUNT, &s, e) < 0)
                return -1;
        sqlite3_bind_int64(s, 1, row);
        sqlite3_bind_int64(s, 2, (int64_t)version);
        sqlite3_bind_int64(s, 3, (int64_t)frame);
        return ask(c, s, ret, e) == 0 ? 0 : -1;
}
