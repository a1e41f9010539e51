/* The rows that a page in hand has shown: they count as seen only once the page passed. Each head of
 * a walk has a page of its own in hand. */
#include "store/catalog_db.h"

static struct catalog_notes *notes_of(struct catalog *c, enum catalog_heads head)
{
        return &c->notes[head == CATALOG_ASC];
}

static int clear(struct catalog *c, enum catalog_heads head, struct err *e)
{
        sqlite3_stmt *s;

        if (catalog_statement(c, SQL_NOTES_CLEAR, &s, e) < 0)
                return -1;
        sqlite3_bind_int(s, 1, (int)head);
        return catalog_run(c, s, e);
}

/* The notes in memory move to the temporary table. It is emptied first: a rollback may have brought
 * back what was cleared within the transaction. */
static int spill(struct catalog *c, enum catalog_heads head, struct err *e)
{
        struct catalog_notes *n = notes_of(c, head);
        sqlite3_stmt *s;

        if (!n->spilled && clear(c, head, e) < 0)
                return -1;
        for (size_t i = 0; i < n->n; i++) {
                if (catalog_statement(c, SQL_NOTE, &s, e) < 0)
                        return -1;
                sqlite3_bind_int(s, 1, (int)head);
                sqlite3_bind_int64(s, 2, n->rows[i]);
                if (catalog_run(c, s, e) < 0)
                        return -1;
        }
        n->spilled = true;
        n->n = 0;
        return 0;
}

int catalog_note(struct catalog *c, enum catalog_heads head, int64_t row, struct err *e)
{
        struct catalog_notes *n = notes_of(c, head);

        if (n->n == CATALOG_NOTES_MAX && spill(c, head, e) < 0)
                return -1;
        n->rows[n->n++] = row;
        return 0;
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

static int settle_spilled(struct catalog *c, uint64_t walk, enum catalog_heads head,
                          int64_t seen_at, uint64_t *fresh, struct err *e)
{
        sqlite3_stmt *s;
        int64_t at = 0, row;
        int r;

        for (;;) {
                if (catalog_statement(c, SQL_NOTES, &s, e) < 0)
                        return -1;
                sqlite3_bind_int64(s, 1, at);
                sqlite3_bind_int(s, 2, (int)head);
                r = catalog_step(c, s, e);
                if (r != 0)
                        return r < 0 ? -1 : 0;
                at = sqlite3_column_int64(s, 0);
                row = sqlite3_column_int64(s, 1);
                sqlite3_reset(s);
                if (settle_one(c, row, walk, head, seen_at, fresh, e) < 0)
                        return -1;
        }
}

int catalog_settle_notes(struct catalog *c, uint64_t walk, enum catalog_heads head, int64_t seen_at,
                         uint64_t *ret_fresh, struct err *e)
{
        const struct catalog_notes *n = notes_of(c, head);
        uint64_t fresh = 0;

        for (size_t i = 0; i < n->n; i++)
                if (settle_one(c, n->rows[i], walk, head, seen_at, &fresh, e) < 0)
                        return -1;
        if (n->spilled && settle_spilled(c, walk, head, seen_at, &fresh, e) < 0)
                return -1;
        *ret_fresh = fresh;
        return catalog_forget_notes(c, head, e);
}

int catalog_forget_notes(struct catalog *c, enum catalog_heads head, struct err *e)
{
        struct catalog_notes *n = notes_of(c, head);
        bool spilled = n->spilled;

        n->n = 0;
        n->spilled = false;
        return spilled ? clear(c, head, e) : 0;
}
