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
        r = catalog_step(c, s, e);
        if (r != 0)
                return r;
        ret->row = sqlite3_column_int64(s, 0);
        ret->created = sqlite3_column_int64(s, 1);
        memset(ret->digest, 0, sizeof(ret->digest));
        if (sqlite3_column_bytes(s, 2) == SHA256_SIZE)
                memcpy(ret->digest, sqlite3_column_blob(s, 2), SHA256_SIZE);
        ret->versions = (uint64_t)sqlite3_column_int64(s, 3);
        ret->seen_at = sqlite3_column_int64(s, 4);
        ret->walk = (uint64_t)sqlite3_column_int64(s, 5);
        ret->heads = (unsigned)sqlite3_column_int(s, 6);
        ret->messages = (enum catalog_messages)sqlite3_column_int(s, 7);
        sqlite3_reset(s);
        return 0;
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
        if (catalog_run(c, s, e) < 0)
                return -1;
        *ret_row = sqlite3_last_insert_rowid(c->db);
        return 0;
}

int catalog_change(struct catalog *c, int64_t row, int64_t created,
                   const uint8_t digest[static SHA256_SIZE], struct err *e)
{
        sqlite3_stmt *s;

        if (catalog_begin(c, e) < 0 || catalog_statement(c, SQL_CHANGE, &s, e) < 0)
                return -1;
        sqlite3_bind_int64(s, 1, row);
        sqlite3_bind_int64(s, 2, created);
        sqlite3_bind_blob(s, 3, digest, SHA256_SIZE, SQLITE_STATIC);
        return catalog_run(c, s, e);
}

/* The notes in memory move to the temporary table. It is emptied first: a rollback may have brought
 * back what was cleared within the transaction. */
static int spill(struct catalog *c, struct err *e)
{
        sqlite3_stmt *s;

        if (!c->spilled &&
            (catalog_statement(c, SQL_NOTES_CLEAR, &s, e) < 0 || catalog_run(c, s, e) < 0))
                return -1;
        for (size_t i = 0; i < c->n_notes; i++) {
                if (catalog_statement(c, SQL_NOTE, &s, e) < 0)
                        return -1;
                sqlite3_bind_int64(s, 1, c->notes[i]);
                if (catalog_run(c, s, e) < 0)
                        return -1;
        }
        c->spilled = true;
        c->n_notes = 0;
        return 0;
}

int catalog_note(struct catalog *c, int64_t row, struct err *e)
{
        if (c->n_notes == CATALOG_NOTES_MAX && spill(c, e) < 0)
                return -1;
        c->notes[c->n_notes++] = row;
        return 0;
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

static int settle_one(struct catalog *c, int64_t row, uint64_t walk, enum catalog_heads head,
                      int64_t seen_at, uint64_t *fresh, struct err *e)
{
        sqlite3_stmt *s;
        int r;

        if (catalog_statement(c, SQL_FRESH, &s, e) < 0)
                return -1;
        sqlite3_bind_int64(s, 1, row);
        sqlite3_bind_int64(s, 2, (int64_t)walk);
        r = catalog_step(c, s, e);
        if (r < 0)
                return -1;
        if (r == 0) {
                *fresh += (uint64_t)sqlite3_column_int(s, 0);
                sqlite3_reset(s);
        }
        return catalog_mark(c, row, walk, head, seen_at, e);
}

int catalog_settle_notes(struct catalog *c, uint64_t walk, enum catalog_heads head, int64_t seen_at,
                         uint64_t *ret_fresh, struct err *e)
{
        uint64_t fresh = 0;
        int64_t at = 0;
        sqlite3_stmt *s;
        int r;

        for (size_t i = 0; i < c->n_notes; i++)
                if (settle_one(c, c->notes[i], walk, head, seen_at, &fresh, e) < 0)
                        return -1;
        while (c->spilled) {
                if (catalog_statement(c, SQL_NOTES, &s, e) < 0)
                        return -1;
                sqlite3_bind_int64(s, 1, at);
                r = catalog_step(c, s, e);
                if (r < 0)
                        return -1;
                if (r == CATALOG_NONE)
                        break;
                at++; /* rowids of a table that is only appended to and cleared */
                r = settle_one(c, sqlite3_column_int64(s, 0), walk, head, seen_at, &fresh, e);
                sqlite3_reset(s);
                if (r < 0)
                        return -1;
        }
        *ret_fresh = fresh;
        return catalog_forget_notes(c, e);
}

int catalog_forget_notes(struct catalog *c, struct err *e)
{
        sqlite3_stmt *s;

        c->n_notes = 0;
        if (!c->spilled)
                return 0;
        c->spilled = false;
        if (catalog_statement(c, SQL_NOTES_CLEAR, &s, e) < 0)
                return -1;
        return catalog_run(c, s, e);
}

/* Copies the id in a column out and ends the statement. */
static void take_id(sqlite3_stmt *s, int column, char ret_id[static CATALOG_ID_MAX])
{
        const char *id = (const char *)sqlite3_column_text(s, column);
        size_t n = id ? strnlen(id, CATALOG_ID_MAX - 1) : 0;

        if (n)
                memcpy(ret_id, id, n);
        ret_id[n] = '\0';
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
        take_id(s, 0, ret_id);
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
        take_id(s, 1, ret_id);
        return 0;
}

int catalog_set_messages(struct catalog *c, const char *id, size_t n, enum catalog_messages state,
                         struct err *e)
{
        sqlite3_stmt *s;

        if (catalog_begin(c, e) < 0 || catalog_statement(c, SQL_MESSAGES, &s, e) < 0)
                return -1;
        sqlite3_bind_text(s, 1, id, (int)n, SQLITE_STATIC);
        sqlite3_bind_int(s, 2, (int)state);
        return catalog_run(c, s, e);
}

int catalog_wanted(struct catalog *c, int64_t *created, int64_t *row,
                   char ret_id[static CATALOG_ID_MAX], struct err *e)
{
        sqlite3_stmt *s;
        int r;

        if (catalog_statement(c, SQL_WANTED, &s, e) < 0)
                return -1;
        sqlite3_bind_int64(s, 1, *created);
        sqlite3_bind_int64(s, 2, *row);
        r = catalog_step(c, s, e);
        if (r != 0)
                return r;
        *created = sqlite3_column_int64(s, 0);
        *row = sqlite3_column_int64(s, 1);
        take_id(s, 2, ret_id);
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

int catalog_counts(struct catalog *c, struct catalog_counts *ret, struct err *e)
{
        sqlite3_stmt *s;

        if (count(c, SQL_WANTED_COUNT, &ret->wanted, e) < 0 ||
            count(c, SQL_MISSING_COUNT, &ret->missing, e) < 0 ||
            catalog_statement(c, SQL_COUNTS, &s, e) < 0 || catalog_step(c, s, e) != 0)
                return -1;
        ret->completions = (uint64_t)sqlite3_column_int64(s, 0);
        ret->versions = (uint64_t)sqlite3_column_int64(s, 1);
        ret->oldest = sqlite3_column_int64(s, 2);
        ret->newest = sqlite3_column_int64(s, 3);
        sqlite3_reset(s);
        return 0;
}
