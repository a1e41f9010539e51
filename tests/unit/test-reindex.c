#include "annals.h"
#include "scratch.h"

#include "ctl/reindex.h"

#include <sqlite3.h>

static void digest(const struct kept *k, uint8_t out[static SHA256_SIZE])
{
        scratch_sum(k->dir, CATALOG_FILE, true, out);
}

/* What it says, what it leaves: ledger and segments as they were, to the inode. */
static bool says(struct kept *k, int code, const char *out, const char *err)
{
        uint8_t before[SHA256_SIZE], after[SHA256_SIZE];
        const struct args a = { 0 };
        struct said s;
        bool ok;

        digest(k, before);
        SAY(&s, k, reindex_archive(&v, &a));
        digest(k, after);
        ok = CHECK(s.r == code) && CHECK(strstr(s.out, out)) && CHECK(strstr(s.err, err)) &&
             CHECK(memcmp(before, after, sizeof(after)) == 0) &&
             CHECK(!scratch_exists(k->dir, CATALOG_FILE_NEW) &&
                   !scratch_exists(k->dir, CATALOG_FILE_NEW "-journal"));
        if (!ok)
                printf("# %d: %s%s\n", s.r, s.out, s.err);
        said_done(&s);
        return ok;
}

#define DONE "reindexed: 8 completions, 8 versions; up to line 11 of the ledger\n"

static bool same_catalog(const struct kept *k, const char *p, size_t n)
{
        size_t m;
        char *q = kept_slurp(k, CATALOG_FILE, &m);
        bool same = n == m && memcmp(p, q, n) == 0;

        free(q);
        return same;
}

static void test_anew(void)
{
        static const char *const before[] = { NULL, "", "no database, but some text that is long" };
        struct kept k;

        kept_small(&k, PACKING_ZSTD);
        says(&k, VERB_OK, DONE, "");
        for (size_t i = 0; i < ELEMENTS(before); i++) {
                kept_unlink(&k, CATALOG_FILE);
                if (before[i])
                        kept_write(&k, CATALOG_FILE, before[i], strlen(before[i]));
                /* what a crash has left of an earlier try */
                kept_write(&k, CATALOG_FILE_NEW, "half", 4);
                /* and of the catalog: it must not be played back into the new one */
                kept_write(&k, CATALOG_FILE "-journal", "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7 hot", 12);
                says(&k, VERB_OK, DONE, "");
                kept_open(&k);
                kept_close(&k);
        }
        kept_drop(&k);
}

/* The journal of a transaction that a kill cut off, and no catalog: SQLite would play it back into
 * whatever is there by that name. */
static void test_journal(void)
{
        struct catalog_record r;
        struct kept k;
        char path[256], *journal;
        struct err e;
        sqlite3 *db;
        size_t n;

        kept_small(&k, PACKING_ZSTD);
        kept_path(&k, CATALOG_FILE, path);
        CHECK(sqlite3_open(path, &db) == SQLITE_OK);
        CHECK(sqlite3_exec(db,
                           "UPDATE completion SET created = 0; BEGIN;"
                           "UPDATE completion SET created = 1",
                           NULL, NULL, NULL) == SQLITE_OK);
        CHECK(sqlite3_db_cacheflush(db) == SQLITE_OK);
        journal = kept_slurp(&k, CATALOG_FILE "-journal", &n);
        CHECK(n > 4096);
        sqlite3_close(db);
        kept_unlink(&k, CATALOG_FILE);
        kept_write(&k, CATALOG_FILE "-journal", journal, n);
        says(&k, VERB_OK, DONE, "");
        kept_open(&k);
        CHECK(catalog_find(archive_catalog(k.archive), "chatcmpl-1", 10, &r, &e) == 0 &&
              r.created == 1700000001);
        free(journal);
        kept_drop(&k);
}

static void test_locked(void)
{
        struct kept k;

        kept_small(&k, PACKING_ZSTD);
        kept_open(&k);
        says(&k, VERB_LOCKED, "", "somebody writes to the archive");
        kept_close(&k);
        says(&k, VERB_OK, DONE, "");
        kept_drop(&k);
}

/* The old one stays, byte for byte. */
static void test_damaged(void)
{
        struct kept k;
        size_t n, m;
        char *p, *ledger;

        kept_small(&k, PACKING_NONE);
        p = kept_slurp(&k, CATALOG_FILE, &n);
        kept_spoil(&k, KEPT_FOLDER("completions") "00000001.jsonl", "\"chatcmpl-4\"");
        says(&k, VERB_DAMAGED, "", "00000001.jsonl: the frame at offset");
        CHECK(same_catalog(&k, p, n));
        kept_spoil(&k, KEPT_FOLDER("completions") "00000001.jsonl", "\"chatcmpl-5\"");

        ledger = kept_slurp(&k, LEDGER_FILE, &m);
        kept_spoil(&k, LEDGER_FILE, "\"frame\"");
        says(&k, VERB_DAMAGED, "", "ledger.jsonl: the line at offset");
        CHECK(same_catalog(&k, p, n));
        /* It lost its end, which nobody but the catalog knows. */
        *(char *)memrchr(ledger, '\n', m - 1) = '\0';
        kept_write(&k, LEDGER_FILE, ledger, strlen(ledger));
        kept_add(&k, LEDGER_FILE, "\n");
        says(&k, VERB_DAMAGED, "", "the ledger lost its end");
        CHECK(same_catalog(&k, p, n));
        kept_unlink(&k, LEDGER_FILE);
        says(&k, VERB_DAMAGED, "", "lost its ledger");
        free(ledger);
        free(p);
        kept_drop(&k);
}

/* An unfinished end is left to the next start. */
static void test_torn(void)
{
        struct kept k;

        kept_small(&k, PACKING_ZSTD);
        kept_add(&k, LEDGER_FILE, "{\"seq\":12,\"time\":\"20");
        says(&k, VERB_OK, DONE, "");
        kept_drop(&k);
}

static void test_none(void)
{
        struct kept k;

        kept_small(&k, PACKING_ZSTD);
        kept_close(&k);
        kept_remove_below(AT_FDCWD, k.dir, 0);
        CHECK(mkdir(k.dir, 0700) == 0);
        says(&k, VERB_NOT, "", "there is no archive in");
        kept_drop(&k);
}

int main(void)
{
        RUN(test_anew, "the catalog is built anew, whatever was there in its place");
        RUN(test_journal, "a journal that a kill has left is not played back into it");
        RUN(test_locked, "beside a writer it is not");
        RUN(test_damaged, "damage is told, and leaves the old one");
        RUN(test_torn, "an unfinished end of the ledger is left as it is");
        RUN(test_none, "where there is no archive, none is made");
        return tap_end();
}
