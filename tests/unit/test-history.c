#include "annals.h"

#include "ctl/library_build.h"
#include "store/catalog_db.h"

/* What of the catalog follows from ledger and segments: a text of it. What a walk has seen does not;
 * where in the ledger to look for a segment's first frame is its line, or the group's first; and a
 * temporary one does not say which segments are sealed. */
static const char *const tables[] = {
        "SELECT row, id, created, hex(digest), versions, messages, gone, frame, prompt"
        " FROM completion ORDER BY row",
        "SELECT * FROM version ORDER BY row, version",
        "SELECT * FROM event ORDER BY row, frame",
        "SELECT stream, number, path, length, frames, first FROM segment"
        " ORDER BY stream, number",
        "SELECT stream, number, sealed FROM segment ORDER BY stream, number",
};

static void dump(struct catalog *c, size_t n_tables, struct buf *out)
{
        buf_clear(out);
        for (size_t i = 0; i < n_tables; i++) {
                sqlite3_stmt *s = NULL;

                CHECK(sqlite3_prepare_v2(c->db, tables[i], -1, &s, NULL) == SQLITE_OK);
                while (sqlite3_step(s) == SQLITE_ROW) {
                        for (int k = 0; k < sqlite3_column_count(s); k++)
                                buf_printf(out, "%s|", (const char *)sqlite3_column_text(s, k));
                        buf_putc(out, '\n');
                }
                buf_printf(out, "--\n");
                sqlite3_finalize(s);
        }
}

static bool same(const struct buf *a, const struct buf *b)
{
        const char *p = buf_str(a), *q = buf_str(b);

        if (CHECK(strcmp(p, q) == 0))
                return true;
        while (*p == *q)
                p++, q++;
        printf("# … %.60s\n# … %.60s\n", p, q);
        return false;
}

static void check_temporary(struct annals *a)
{
        struct damage d = { .out = stdout };
        struct buf want = BUF_INIT, got = BUF_INIT;
        struct catalog *c = NULL;
        struct chain chain;
        struct err e;

        dump(archive_catalog(a->k.archive), ELEMENTS(tables) - 1, &want);
        CHECK(chain_open(a->k.dir, &chain, &e) == 0 && chain_check(&chain, &d, &e) == 0);
        if (CHECK(library_build(&chain, &d, &c, &e) == 0)) {
                dump(c, ELEMENTS(tables) - 1, &got);
                same(&want, &got);
        }
        catalog_close(c);
        chain_done(&chain);
        buf_done(&want);
        buf_done(&got);
}

static void check_rebuilt(struct annals *a, bool reindexed)
{
        struct buf want = BUF_INIT, got = BUF_INIT;
        struct archive_reindexed done;
        struct err e;

        kept_seal(&a->k); /* a start seals what is due */
        dump(archive_catalog(a->k.archive), ELEMENTS(tables), &want);
        kept_close(&a->k);
        if (reindexed) {
                int r = archive_reindex(a->k.dir, index_frame, NULL, &done, &e);

                if (!CHECK(r == 0))
                        printf("# %s\n", e.text);
        } else {
                kept_unlink(&a->k, CATALOG_FILE);
        }
        kept_open(&a->k);
        dump(archive_catalog(a->k.archive), ELEMENTS(tables), &got);
        same(&want, &got);
        buf_done(&want);
        buf_done(&got);
}

static bool row_is(struct annals *a, size_t i)
{
        const struct annals_item *t = &a->now[i];
        struct catalog_record known;
        struct err e;
        char id[64];
        int r;

        annals_id(i, id);
        r = catalog_find(archive_catalog(a->k.archive), id, strlen(id), &known, &e);
        if (t->n == 0)
                return CHECK(r == CATALOG_NONE);
        return CHECK(r == 0) && CHECK(known.versions == (uint64_t)t->n) &&
               CHECK(known.created == t->serials[t->n - 1] % 50) && CHECK(known.gone == t->gone) &&
               CHECK(known.messages == t->messages) &&
               CHECK((known.prompt != 0) == (t->prompt != 0));
}

/* Every few steps the rows are what the test's own account says, in open transactions, too; at the
 * end the catalog is what ledger and segments make of it. */
static void life(enum packing packing)
{
        struct annals *a = annals_new(packing, 0);

        for (int step = 0; step < 150; step++) {
                annals_step(a);
                for (size_t i = 0; i < ANNALS_IDS; i++)
                        if (!row_is(a, i))
                                break;
                if (step % 30 == 29) {
                        annals_commit(a);
                        check_temporary(a);
                        check_rebuilt(a, step % 60 == 29);
                }
        }
        CHECK(a->backs > 5 && a->undone > 0);
        annals_free(a);
}

static void test_plain(void)
{
        life(PACKING_NONE);
}

static void test_zstd(void)
{
        life(PACKING_ZSTD);
}

int main(void)
{
        RUN(test_plain, "a rebuilt catalog is the one that the daemon wrote: plain segments");
        RUN(test_zstd, "a rebuilt catalog is the one that the daemon wrote: zstd");
        return tap_end();
}
