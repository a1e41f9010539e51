/* Completions that a walk should have seen and has not. */
#include "store/catalog_db.h"

int catalog_set_gone(struct catalog *c, int64_t row, bool gone, struct err *e)
{
        sqlite3_stmt *s;

        if (catalog_begin(c, e) < 0 || catalog_keep_old(c, row, e) < 0 ||
            catalog_statement(c, SQL_GONE, &s, e) < 0)
                return -1;
        sqlite3_bind_int64(s, 1, row);
        sqlite3_bind_int(s, 2, gone);
        return catalog_run(c, s, e);
}

int catalog_unseen(struct catalog *c, uint64_t walk, uint64_t first_walk, int64_t *created,
                   int64_t *row, char ret_id[static CATALOG_ID_MAX], struct err *e)
{
        sqlite3_stmt *s;
        int r;

        if (catalog_statement(c, SQL_UNSEEN, &s, e) < 0)
                return -1;
        sqlite3_bind_int64(s, 1, *created);
        sqlite3_bind_int64(s, 2, *row);
        sqlite3_bind_int64(s, 3, (int64_t)walk);
        sqlite3_bind_int64(s, 4, (int64_t)first_walk);
        r = catalog_step(c, s, e);
        if (r != 0)
                return r;
        *created = sqlite3_column_int64(s, 0);
        *row = sqlite3_column_int64(s, 1);
        catalog_take_id(s, 2, ret_id);
        return 0;
}

int catalog_count_unseen(struct catalog *c, uint64_t walk, uint64_t first_walk, int64_t since,
                         uint64_t *ret_there, uint64_t *ret_unseen, struct err *e)
{
        sqlite3_stmt *s;

        if (catalog_statement(c, SQL_THERE, &s, e) < 0)
                return -1;
        sqlite3_bind_int64(s, 1, since);
        sqlite3_bind_int64(s, 2, (int64_t)walk);
        sqlite3_bind_int64(s, 3, (int64_t)first_walk);
        if (catalog_step(c, s, e) != 0)
                return -1;
        *ret_there = (uint64_t)sqlite3_column_int64(s, 0);
        *ret_unseen = (uint64_t)sqlite3_column_int64(s, 1);
        sqlite3_reset(s);
        return 0;
}
