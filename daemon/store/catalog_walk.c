#include "store/catalog_db.h"

#include <stdio.h>
#include <string.h>

int catalog_put_walk(struct catalog *c, const struct catalog_walk *w, struct err *e)
{
        const int64_t numbers[] = {
                (int64_t)w->number, w->full,         w->state,
                w->started,         w->ended,        (int64_t)w->pages,
                (int64_t)w->seen,   (int64_t)w->new, (int64_t)w->changed,
                (int64_t)w->gone,   w->newest,       w->oldest,
                w->watermark,
        };
        const char *const texts[] = { w->reason, w->detail, w->desc, w->asc };
        sqlite3_stmt *s;
        int k = 1;

        if (catalog_begin(c, e) < 0 || catalog_statement(c, SQL_WALK_PUT, &s, e) < 0)
                return -1;
        for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
                sqlite3_bind_int64(s, k++, numbers[i]);
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
                sqlite3_bind_text(s, k++, texts[i], -1, SQLITE_STATIC);
        sqlite3_bind_int64(s, k++, (int64_t)w->gaps);
        sqlite3_bind_blob(s, k++, w->scope, SHA256_SIZE, SQLITE_STATIC);
        return catalog_run(c, s, e);
}

static void take_text(sqlite3_stmt *s, int column, char *ret, size_t room)
{
        const char *text = (const char *)sqlite3_column_text(s, column);

        snprintf(ret, room, "%s", text ? text : "");
}

static void take_walk(sqlite3_stmt *s, struct catalog_walk *w)
{
        memset(w, 0, sizeof(*w));
        w->number = (uint64_t)sqlite3_column_int64(s, 0);
        w->full = sqlite3_column_int(s, 1);
        w->state = (enum catalog_state)sqlite3_column_int(s, 2);
        w->started = sqlite3_column_int64(s, 3);
        w->ended = sqlite3_column_int64(s, 4);
        w->pages = (uint64_t)sqlite3_column_int64(s, 5);
        w->seen = (uint64_t)sqlite3_column_int64(s, 6);
        w->new = (uint64_t)sqlite3_column_int64(s, 7);
        w->changed = (uint64_t)sqlite3_column_int64(s, 8);
        w->gone = (uint64_t)sqlite3_column_int64(s, 9);
        w->newest = sqlite3_column_int64(s, 10);
        w->oldest = sqlite3_column_int64(s, 11);
        w->watermark = sqlite3_column_int64(s, 12);
        take_text(s, 13, w->reason, sizeof(w->reason));
        take_text(s, 14, w->detail, sizeof(w->detail));
        take_text(s, 15, w->desc, sizeof(w->desc));
        take_text(s, 16, w->asc, sizeof(w->asc));
        w->gaps = (uint64_t)sqlite3_column_int64(s, 17);
        if (sqlite3_column_bytes(s, 18) == SHA256_SIZE)
                memcpy(w->scope, sqlite3_column_blob(s, 18), SHA256_SIZE);
        sqlite3_reset(s);
}

int catalog_get_walk(struct catalog *c, uint64_t number, struct catalog_walk *ret, struct err *e)
{
        sqlite3_stmt *s;
        int r;

        if (catalog_statement(c, SQL_WALK_GET, &s, e) < 0)
                return -1;
        sqlite3_bind_int64(s, 1, (int64_t)number);
        r = catalog_step(c, s, e);
        if (r == 0)
                take_walk(s, ret);
        return r;
}

int catalog_last_walk(struct catalog *c, uint64_t number, bool only_complete, bool only_full,
                      struct catalog_walk *ret, struct err *e)
{
        sqlite3_stmt *s;
        int r;

        if (catalog_statement(c, SQL_WALK_LAST, &s, e) < 0)
                return -1;
        sqlite3_bind_int64(s, 1, (int64_t)number);
        sqlite3_bind_int(s, 2, only_complete);
        sqlite3_bind_int(s, 3, only_full);
        r = catalog_step(c, s, e);
        if (r == 0)
                take_walk(s, ret);
        return r;
}

int catalog_set_gaps(struct catalog *c, uint64_t walk, const char *list, struct err *e)
{
        char text[CATALOG_GAPS_MAX];

        snprintf(text, sizeof(text), "%llu %s", (unsigned long long)walk, list);
        return catalog_set_text(c, "gaps", text, e);
}

int catalog_get_gaps(struct catalog *c, uint64_t walk, char ret[static CATALOG_GAPS_MAX],
                     struct err *e)
{
        char text[CATALOG_GAPS_MAX];
        unsigned long long number;
        int at, r;

        r = catalog_get_text(c, "gaps", text, sizeof(text), e);
        if (r != 0)
                return r;
        if (sscanf(text, "%llu %n", &number, &at) != 1 || number != walk)
                return CATALOG_NONE;
        snprintf(ret, CATALOG_GAPS_MAX, "%s", text + at);
        return 0;
}
