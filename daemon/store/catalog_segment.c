#include "store/catalog_db.h"

#include <string.h>

int catalog_put_segment(struct catalog *c, const struct catalog_segment *g, struct err *e)
{
        struct name name = g->name;
        char path[NAME_MAX_BYTES];
        sqlite3_stmt *s;

        if (catalog_begin(c, e) < 0 || catalog_statement(c, SQL_SEGMENT_PUT, &s, e) < 0)
                return -1;
        name.open = false;
        sqlite3_bind_int(s, 1, (int)name.stream);
        sqlite3_bind_int64(s, 2, name.number);
        sqlite3_bind_text(s, 3, name_path(&name, path), -1, SQLITE_TRANSIENT);
        sqlite3_bind_int(s, 4, g->name.open ? 0 : 1);
        sqlite3_bind_int64(s, 5, (int64_t)g->length);
        sqlite3_bind_int64(s, 6, (int64_t)g->frames);
        sqlite3_bind_int64(s, 7, g->first);
        sqlite3_bind_int64(s, 8, (int64_t)g->ledger);
        sqlite3_bind_int64(s, 9, (int64_t)g->seq);
        return catalog_run(c, s, e);
}

/* The columns of both selects, in their order. */
static int take_segment(struct catalog *c, sqlite3_stmt *s, struct catalog_segment *ret,
                        struct err *e)
{
        const char *path = (const char *)sqlite3_column_text(s, 0);
        struct catalog_segment g = { 0 };
        int r = path ? name_parse(path, strlen(path), &g.name) : -1;

        g.name.open = sqlite3_column_int(s, 1) == 0;
        g.length = (uint64_t)sqlite3_column_int64(s, 2);
        g.frames = (uint64_t)sqlite3_column_int64(s, 3);
        g.first = sqlite3_column_int64(s, 4);
        g.ledger = (uint64_t)sqlite3_column_int64(s, 5);
        g.seq = (uint64_t)sqlite3_column_int64(s, 6);
        sqlite3_reset(s);
        if (r < 0) {
                c->corrupt = true;
                return err_set(e, ERR_HOST, "catalog: a segment's path makes no sense");
        }
        *ret = g;
        return 0;
}

int catalog_get_segment(struct catalog *c, enum stream stream, uint32_t number,
                        struct catalog_segment *ret, struct err *e)
{
        sqlite3_stmt *s;
        int r;

        if (catalog_statement(c, SQL_SEGMENT_GET, &s, e) < 0)
                return -1;
        sqlite3_bind_int(s, 1, (int)stream);
        sqlite3_bind_int64(s, 2, number);
        r = catalog_step(c, s, e);
        return r != 0 ? r : take_segment(c, s, ret, e);
}

int catalog_next_segment(struct catalog *c, enum stream stream, uint32_t number, bool only_open,
                         struct catalog_segment *ret, struct err *e)
{
        sqlite3_stmt *s;
        int r;

        if (catalog_statement(c, SQL_SEGMENT_NEXT, &s, e) < 0)
                return -1;
        sqlite3_bind_int(s, 1, (int)stream);
        sqlite3_bind_int64(s, 2, number);
        sqlite3_bind_int(s, 3, only_open ? 0 : 1);
        r = catalog_step(c, s, e);
        return r != 0 ? r : take_segment(c, s, ret, e);
}
