#include "annals.h"

#include "ctl/library.h"

#include <sqlite3.h>

struct look {
        struct library *l;
        struct record *record;
        unsigned good, lost, failed;
};

static int on_line(void *ctx, const struct json *line)
{
        (void)ctx;
        CHECK(line->type == JSON_OBJECT);
        return 0;
}

/* A line that comes out is one of the completion's own, whatever the catalog says. */
static int on_row(void *ctx, const struct library_row *row)
{
        struct look *k = ctx;
        struct library_origin o;
        struct json text, id;
        struct buf b = BUF_INIT;
        struct err e;
        int r;

        r = library_version(k->l, row, tap_below(4), k->record, &e);
        if (r == 0 && CHECK(record_text(k->record, &text, &e) == 0 &&
                            json_member(&text, "id", &id) && json_string(&id, &b) == 0))
                CHECK(strcmp(buf_str(&b), row->id) == 0);
        buf_done(&b);
        k->good += r == 0;
        k->lost += r == LIBRARY_LOST;
        k->failed += r < 0;
        library_origin(k->l, row, 0, &o, &e);
        library_messages(k->l, row, k->record, on_line, k, &e);
        library_changes(k->l, row, k->record, on_line, k, &e);
        return 0;
}

/* Everything is asked of the archive. */
static void ask(const char *dir, FILE *null, struct look *k)
{
        const struct filter f = FILTER_ALL;
        struct verb v = { .directory = dir, .out = null, .err = null };
        struct damage d = { .out = null };
        struct library_row row;
        struct err e;

        if (library_open(&v, &d, &k->l, &e) != 0)
                return;
        library_each(k->l, &f, tap_below(2), on_row, k, &e);
        if (library_find(k->l, "chatcmpl-1", 10, &row, &e) == 0)
                on_row(k, &row);
        k->l = library_close(k->l);
}

static void spoil(char *p, size_t n)
{
        unsigned times = 1 + tap_below(40);

        for (unsigned i = 0; n && i < times; i++) {
                size_t at = tap_below(3) ? tap_below((unsigned)n) : tap_below(4) * 4096u;

                if (tap_below(4) == 0)
                        at += tap_below(64); /* a page's head */
                if (at >= n)
                        continue;
                p[at] = tap_below(2) ? (char)tap_random() : (char)(p[at] ^ 1 << tap_below(8));
        }
}

static void bytes_of(const char *file, int rounds)
{
        struct annals *a = annals_new(PACKING_NONE, 40);
        struct look k = { .record = record_new() };
        FILE *null = fopen("/dev/null", "w");
        size_t n;
        char *good;

        kept_close(&a->k);
        good = kept_slurp(&a->k, file, &n);
        for (int i = 0; i < rounds; i++) {
                char *p = mem_new(n + 1);
                size_t length = tap_below(8) ? n : tap_below((unsigned)n);

                memcpy(p, good, n);
                spoil(p, length);
                kept_write(&a->k, file, p, length);
                ask(a->k.dir, null, &k);
                free(p);
        }
        CHECK(k.good > 0);
        kept_write(&a->k, file, good, n);
        free(good);
        fclose(null);
        record_free(k.record);
        annals_free(a);
}

static void test_catalog(void)
{
        bytes_of(CATALOG_FILE, 400);
}

static void test_ledger(void)
{
        bytes_of(LEDGER_FILE, 150);
}

static void test_segment(void)
{
        bytes_of(KEPT_FOLDER("completions") "00000001.jsonl", 60);
}

/* What a valid file may say: another table by the same name, rows that lead nowhere. The first is
 * not used at all; with the others nothing comes out that is not proven. */
static void test_statements(void)
{
        static const struct {
                const char *sql;
                bool used;
        } tries[] = {
                { "UPDATE completion SET frame = frame + 1", true },
                { "UPDATE completion SET frame = 9223372036854775807, prompt = -1", true },
                { "UPDATE completion SET versions = 4611686018427387904", true },
                { "UPDATE completion SET id = id || 'x'", true },
                { "UPDATE completion SET digest = 'x', created = 'x'", true },
                { "UPDATE segment SET ledger = 9223372036854775807", true },
                { "UPDATE segment SET ledger = ledger + 1, frames = 9223372036854775807", true },
                { "UPDATE segment SET path = '../../../../etc/passwd'", true },
                { "INSERT OR REPLACE INTO event SELECT row, 77 FROM completion", true },
                { "UPDATE state SET value = '5 9999999 x' WHERE key = 'head'", false },
                /* of another ledger: a catalog that leads astray, were it used */
                { "UPDATE state SET value = substr(value, 1, length(value) - 1) ||"
                  " CASE substr(value, -1) WHEN '0' THEN '1' ELSE '0' END WHERE key = 'head';"
                  "UPDATE completion SET frame = frame + 1",
                  false },
                { "DELETE FROM state", false },
                { "ALTER TABLE completion RENAME TO other; CREATE VIEW completion AS WITH RECURSIVE"
                  " t(row) AS (SELECT 1 UNION ALL SELECT row + 1 FROM t) SELECT row, 'a' AS id "
                  "FROM t",
                  false },
                { "CREATE TRIGGER t AFTER INSERT ON event BEGIN DELETE FROM event; END", false },
                { "PRAGMA user_version = 3", false },
        };
        struct annals *a = annals_new(PACKING_NONE, 40);
        FILE *null = fopen("/dev/null", "w");
        size_t n;
        char *good;

        kept_close(&a->k);
        good = kept_slurp(&a->k, CATALOG_FILE, &n);
        for (size_t i = 0; i < ELEMENTS(tries); i++) {
                struct look k = { .record = record_new() };
                char path[256];
                sqlite3 *db;

                kept_write(&a->k, CATALOG_FILE, good, n);
                kept_path(&a->k, CATALOG_FILE, path);
                CHECK(sqlite3_open(path, &db) == SQLITE_OK);
                CHECK(sqlite3_exec(db, tries[i].sql, NULL, NULL, NULL) == SQLITE_OK);
                sqlite3_close(db);
                ask(a->k.dir, null, &k);
                /* A temporary one has all of them. */
                if (!tries[i].used && !CHECK(k.good > 0 && k.lost == 0 && k.failed == 0))
                        printf("# %s\n", tries[i].sql);
                record_free(k.record);
        }
        free(good);
        fclose(null);
        annals_free(a);
}

int main(void)
{
        RUN(test_catalog, "a catalog of arbitrary bytes harms nobody");
        RUN(test_ledger, "a ledger of arbitrary bytes harms nobody");
        RUN(test_segment, "a segment of arbitrary bytes harms nobody");
        RUN(test_statements, "what a catalog says is believed only as far as the ledger proves it");
        return tap_end();
}
