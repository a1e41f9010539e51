/* The rows that a page in hand has shown: they count as seen only once the page passed. Each head of
 * a walk has a page of its own in hand. A page mostly shows rows that were added one after another,
 * so they are marked by runs: one statement for a whole page, in the common case. */
#include "store/catalog_db.h"

#include <stdlib.h>

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

static int compare(const void *a, const void *b)
{
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

        return x < y ? -1 : x > y;
}

static void sort(struct catalog_notes *n)
{
        for (size_t i = 1; i < n->n; i++)
                if (n->rows[i] < n->rows[i - 1]) {
                        qsort(n->rows, n->n, sizeof(n->rows[0]), compare);
                        return;
                }
}

/* Of rows in order: how many from i on stand in one run. A row may be there twice. */
static size_t run_length(const struct catalog_notes *n, size_t i)
{
        size_t k = i + 1;

        while (k < n->n && n->rows[k] - n->rows[k - 1] <= 1)
                k++;
        return k - i;
}

/* The notes in memory move to the temporary table. It is emptied first: a rollback may have brought
 * back what was cleared within the transaction. */
static int spill(struct catalog *c, enum catalog_heads head, struct err *e)
{
        struct catalog_notes *n = notes_of(c, head);
        sqlite3_stmt *s;

        if (!n->spilled && clear(c, head, e) < 0)
                return -1;
        sort(n);
        for (size_t i = 0, k; i < n->n; i += k) {
                k = run_length(n, i);
                if (catalog_statement(c, SQL_NOTE, &s, e) < 0)
                        return -1;
                sqlite3_bind_int(s, 1, (int)head);
                sqlite3_bind_int64(s, 2, n->rows[i]);
                sqlite3_bind_int64(s, 3, n->rows[i + k - 1]);
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

struct settling {
        uint64_t walk;
        enum catalog_heads head;
        int64_t seen_at;
        uint64_t fresh;
};

static int mark_run(struct catalog *c, enum catalog_sql which, int64_t first, int64_t last,
                    const struct settling *how, struct err *e)
{
        sqlite3_stmt *s;

        if (catalog_begin(c, e) < 0 || catalog_statement(c, which, &s, e) < 0)
                return -1;
        sqlite3_bind_int64(s, 1, first);
        sqlite3_bind_int64(s, 2, last);
        sqlite3_bind_int64(s, 3, (int64_t)how->walk);
        sqlite3_bind_int(s, 4, (int)how->head);
        sqlite3_bind_int64(s, 5, how->seen_at);
        return catalog_run(c, s, e);
}

/* Rows first to last: those that this walk sees for the first time, then, if any are left, those
 * that it has seen before. */
static int settle_run(struct catalog *c, int64_t first, int64_t last, struct settling *how,
                      struct err *e)
{
        uint64_t fresh;

        if (mark_run(c, SQL_MARK_FRESH, first, last, how, e) < 0)
                return -1;
        fresh = (uint64_t)sqlite3_changes(c->db);
        how->fresh += fresh;
        return fresh == (uint64_t)(last - first) + 1
                       ? 0
                       : mark_run(c, SQL_MARK_AGAIN, first, last, how, e);
}

static int settle_spilled(struct catalog *c, struct settling *how, struct err *e)
{
        int64_t at = 0, first, last;
        sqlite3_stmt *s;
        int r;

        for (;;) {
                if (catalog_statement(c, SQL_NOTES, &s, e) < 0)
                        return -1;
                sqlite3_bind_int64(s, 1, at);
                sqlite3_bind_int(s, 2, (int)how->head);
                r = catalog_step(c, s, e);
                if (r != 0)
                        return r < 0 ? -1 : 0;
                at = sqlite3_column_int64(s, 0);
                first = sqlite3_column_int64(s, 1);
                last = sqlite3_column_int64(s, 2);
                sqlite3_reset(s);
                if (settle_run(c, first, last, how, e) < 0)
                        return -1;
        }
}

int catalog_settle_notes(struct catalog *c, uint64_t walk, enum catalog_heads head, int64_t seen_at,
                         uint64_t *ret_fresh, struct err *e)
{
        struct catalog_notes *n = notes_of(c, head);
        struct settling how = { walk, head, seen_at, 0 };

        sort(n);
        for (size_t i = 0, k; i < n->n; i += k) {
                k = run_length(n, i);
                if (settle_run(c, n->rows[i], n->rows[i + k - 1], &how, e) < 0)
                        return -1;
        }
        if (n->spilled && settle_spilled(c, &how, e) < 0)
                return -1;
        *ret_fresh = how.fresh;
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
