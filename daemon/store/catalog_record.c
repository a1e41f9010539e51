#include "store/catalog_db.h"

#include <string.h>

int catalog_find(struct catalog *c, const char *id, size_t n, struct catalog_record *ret,
                 struct err *e)
{
        sqlite3_stmt *s;
        int r;

        if (catalog_statement(c, SQL_FIND, &s, e) < 0)
                return -1;
        sqlite3_bind_text(s, 1, id, (int)n, SQLITE_STATIC);
        sqlite3_bind_int64(s, 2, catalog_key(c, id, n));
        r = catalog_step(c, s, e);
        if (r != 0)
                return r;
        catalog_take_record(s, ret);
        sqlite3_reset(s);
        return 0;
}

bool catalog_take_digest(sqlite3_stmt *s, int column, uint8_t ret[static SHA256_SIZE])
{
        bool there = sqlite3_column_bytes(s, column) == SHA256_SIZE;

        if (there)
                memcpy(ret, sqlite3_column_blob(s, column), SHA256_SIZE);
        else
                memset(ret, 0, SHA256_SIZE);
        return there;
}

void catalog_take_record(sqlite3_stmt *s, struct catalog_record *ret)
{
        ret->row = sqlite3_column_int64(s, 0);
        ret->created = sqlite3_column_int64(s, 1);
        catalog_take_digest(s, 2, ret->digest);
        ret->versions = (uint64_t)sqlite3_column_int64(s, 3);
        ret->seen_at = sqlite3_column_int64(s, 4);
        ret->walk = (uint64_t)sqlite3_column_int64(s, 5);
        ret->heads = (unsigned)sqlite3_column_int(s, 6);
        ret->messages = (enum catalog_messages)sqlite3_column_int(s, 7);
        ret->gone = sqlite3_column_int(s, 8);
        ret->frame = (uint64_t)sqlite3_column_int64(s, 9);
        ret->prompt = (uint64_t)sqlite3_column_int64(s, 10);
        ret->has_form = catalog_take_digest(s, 11, ret->form);
}

int catalog_add(struct catalog *c, const char *id, size_t n, int64_t created,
                const uint8_t digest[static SHA256_SIZE], int64_t *ret_row, struct err *e)
{
        sqlite3_stmt *s;

        if (catalog_begin(c, e) < 0 || catalog_statement(c, SQL_ADD, &s, e) < 0)
                return -1;
        sqlite3_bind_text(s, 1, id, (int)n, SQLITE_STATIC);
        sqlite3_bind_int64(s, 2, created);
        sqlite3_bind_blob(s, 3, digest, SHA256_SIZE, SQLITE_STATIC);
        sqlite3_bind_int64(s, 4, (int64_t)c->frames[STREAM_COMPLETIONS]);
        sqlite3_bind_int64(s, 5, catalog_key(c, id, n));
        if (catalog_run(c, s, e) < 0)
                return -1;
        *ret_row = sqlite3_last_insert_rowid(c->db);
        return 0;
}

int catalog_change(struct catalog *c, int64_t row, int64_t created,
                   const uint8_t digest[static SHA256_SIZE], struct err *e)
{
        sqlite3_stmt *s;

        if (catalog_begin(c, e) < 0 || catalog_keep_old(c, row, e) < 0 ||
            catalog_statement(c, SQL_SUPERSEDE, &s, e) < 0)
                return -1;
        sqlite3_bind_int64(s, 1, row);
        if (catalog_run(c, s, e) < 0 || catalog_statement(c, SQL_CHANGE, &s, e) < 0)
                return -1;
        sqlite3_bind_int64(s, 1, row);
        sqlite3_bind_int64(s, 2, created);
        sqlite3_bind_blob(s, 3, digest, SHA256_SIZE, SQLITE_STATIC);
        sqlite3_bind_int64(s, 4, (int64_t)c->frames[STREAM_COMPLETIONS]);
        return catalog_run(c, s, e);
}

int catalog_mark(struct catalog *c, int64_t row, uint64_t walk, enum catalog_heads head,
                 int64_t seen_at, struct err *e)
{
        sqlite3_stmt *s;

        if (catalog_begin(c, e) < 0 || catalog_statement(c, SQL_MARK, &s, e) < 0)
                return -1;
        sqlite3_bind_int64(s, 1, row);
        sqlite3_bind_int64(s, 2, (int64_t)walk);
        sqlite3_bind_int(s, 3, (int)head);
        sqlite3_bind_int64(s, 4, seen_at);
        return catalog_run(c, s, e);
}

void catalog_take_text(sqlite3_stmt *s, int column, char ret_id[static CATALOG_ID_MAX])
{
        const char *id = (const char *)sqlite3_column_text(s, column);
        size_t n = id ? strnlen(id, CATALOG_ID_MAX - 1) : 0;

        if (n)
                memcpy(ret_id, id, n);
        ret_id[n] = '\0';
}

void catalog_take_id(sqlite3_stmt *s, int column, char ret_id[static CATALOG_ID_MAX])
{
        catalog_take_text(s, column, ret_id);
        sqlite3_reset(s);
}

int catalog_beside(struct catalog *c, int64_t created, bool newer, uint64_t walk,
                   enum catalog_heads head, char ret_id[static CATALOG_ID_MAX],
                   int64_t *ret_created, struct err *e)
{
        enum catalog_sql which = newer ? SQL_NEWER : SQL_OLDER;
        sqlite3_stmt *s;
        int r;

        if (walk == 0)
                which = newer ? SQL_NEWER_ANY : SQL_OLDER_ANY;
        if (catalog_statement(c, which, &s, e) < 0)
                return -1;
        sqlite3_bind_int64(s, 1, created);
        if (walk != 0) {
                sqlite3_bind_int64(s, 2, (int64_t)walk);
                sqlite3_bind_int(s, 3, (int)head);
        }
        r = catalog_step(c, s, e);
        if (r != 0)
                return r;
        *ret_created = sqlite3_column_int64(s, 1);
        catalog_take_id(s, 0, ret_id);
        return 0;
}

int catalog_second(struct catalog *c, int64_t created, uint64_t walk, enum catalog_heads head,
                   int64_t *row, char ret_id[static CATALOG_ID_MAX], struct err *e)
{
        sqlite3_stmt *s;
        int r;

        if (catalog_statement(c, SQL_SECOND, &s, e) < 0)
                return -1;
        sqlite3_bind_int64(s, 1, created);
        sqlite3_bind_int64(s, 2, (int64_t)walk);
        sqlite3_bind_int(s, 3, (int)head);
        sqlite3_bind_int64(s, 4, *row);
        r = catalog_step(c, s, e);
        if (r != 0)
                return r;
        *row = sqlite3_column_int64(s, 0);
        catalog_take_id(s, 1, ret_id);
        return 0;
}

int catalog_set_messages(struct catalog *c, const char *id, size_t n, enum catalog_messages state,
                         struct err *e)
{
        sqlite3_stmt *s;
        int64_t row;
        int r;

        if (catalog_begin(c, e) < 0 || catalog_statement(c, SQL_ROW, &s, e) < 0)
                return -1;
        sqlite3_bind_text(s, 1, id, (int)n, SQLITE_STATIC);
        sqlite3_bind_int64(s, 2, catalog_key(c, id, n));
        r = catalog_step(c, s, e);
        if (r != 0)
                return r < 0 ? -1 : 0;
        row = sqlite3_column_int64(s, 0);
        sqlite3_reset(s);
        if (catalog_keep_old(c, row, e) < 0 || catalog_statement(c, SQL_MESSAGES, &s, e) < 0)
                return -1;
        sqlite3_bind_int64(s, 1, row);
        sqlite3_bind_int(s, 2, (int)state);
        sqlite3_bind_int64(s, 3,
                           state == CATALOG_ARCHIVED ? (int64_t)c->frames[STREAM_MESSAGES] : 0);
        return catalog_run(c, s, e);
}

int catalog_wanted_above(struct catalog *c, int64_t floor, int64_t *created, int64_t *row,
                         char ret_id[static CATALOG_ID_MAX], struct err *e)
{
        sqlite3_stmt *s;
        int r;

        if (catalog_statement(c, SQL_WANTED, &s, e) < 0)
                return -1;
        sqlite3_bind_int64(s, 1, *created);
        sqlite3_bind_int64(s, 2, *row);
        sqlite3_bind_int64(s, 3, floor);
        r = catalog_step(c, s, e);
        if (r != 0)
                return r;
        *created = sqlite3_column_int64(s, 0);
        *row = sqlite3_column_int64(s, 1);
        catalog_take_id(s, 2, ret_id);
        return 0;
}

int catalog_wanted(struct catalog *c, int64_t *created, int64_t *row,
                   char ret_id[static CATALOG_ID_MAX], struct err *e)
{
        return catalog_wanted_above(c, 0, created, row, ret_id, e);
}

int catalog_newest_row(struct catalog *c, int64_t *ret, struct err *e)
{
        sqlite3_stmt *s;

        if (catalog_statement(c, SQL_NEWEST_ROW, &s, e) < 0 || catalog_step(c, s, e) != 0)
                return -1;
        *ret = sqlite3_column_int64(s, 0);
        sqlite3_reset(s);
        return 0;
}

int catalog_oldest_wanted(struct catalog *c, int64_t *ret_created, struct err *e)
{
        int64_t created = INT64_MIN, row = 0;
        char id[CATALOG_ID_MAX];
        int r = catalog_wanted(c, &created, &row, id, e);

        if (r == 0)
                *ret_created = created;
        return r;
}

static int count(struct catalog *c, enum catalog_sql which, uint64_t *ret, struct err *e)
{
        sqlite3_stmt *s;

        if (catalog_statement(c, which, &s, e) < 0 || catalog_step(c, s, e) != 0)
                return -1;
        *ret = (uint64_t)sqlite3_column_int64(s, 0);
        sqlite3_reset(s);
        return 0;
}

int catalog_count_wanted(struct catalog *c, uint64_t *ret, struct err *e)
{
        return count(c, SQL_WANTED_COUNT, ret, e);
}

int catalog_counts(struct catalog *c, struct catalog_counts *ret, struct err *e)
{
        sqlite3_stmt *s;

        if (catalog_count_wanted(c, &ret->wanted, e) < 0 ||
            count(c, SQL_MISSING_COUNT, &ret->missing, e) < 0 ||
            catalog_statement(c, SQL_COUNTS, &s, e) < 0 || catalog_step(c, s, e) != 0)
                return -1;
        /* Rows are numbered from 1, and only the last ones are ever taken back. */
        ret->completions = (uint64_t)sqlite3_column_int64(s, 0);
        ret->versions = ret->completions + (uint64_t)sqlite3_column_int64(s, 1);
        ret->oldest = sqlite3_column_int64(s, 2);
        ret->newest = sqlite3_column_int64(s, 3);
        ret->gone = (uint64_t)sqlite3_column_int64(s, 4);
        sqlite3_reset(s);
        return 0;
}
