#include "kept-attack.h"

/* ---- bits ---- */

static void bits(void)
{
        struct kept k;

        kept_small(&k, PACKING_ZSTD);
        forget_catalog(&k);
        flip_all(&k, LEDGER_FILE, true);
        kept_drop(&k);
}

static void names_the_line(void)
{
        char text[128];
        struct lines l;
        struct kept k;

        kept_small(&k, PACKING_ZSTD);
        lines_read(&k, &l);
        snprintf(text, sizeof(text),
                 "damaged: ledger.jsonl: offset %zu: line 2: it does not match its own hash: "
                 "3 records\n",
                 (size_t)(l.line[1] - l.text));
        kept_spoil(&k, LEDGER_FILE, "req_1");
        CHECK(says(&k, false, VERB_DAMAGED, text));
        /* What it named is not proven any more; the frame behind it is. */
        CHECK(says(&k, false, VERB_DAMAGED,
                   "damaged: " SEALED ": offset 0: no line of the ledger names the "));
        CHECK(says(&k, false, VERB_DAMAGED, "not clean: 2 damaged, 3 records in them; "));
        CHECK(says(&k, false, VERB_DAMAGED, "\nhead: 11:"));
        free(l.text);
        kept_drop(&k);
}

/* The head is that of the last line that proves itself. */
static void names_the_head(void)
{
        char text[128];
        struct lines l;
        struct kept k;

        kept_small(&k, PACKING_ZSTD);
        lines_read(&k, &l);
        snprintf(text, sizeof(text), "\nhead: 10:%.64s\n",
                 strstr(l.line[9], "\"hash\":\"") + strlen("\"hash\":\""));
        kept_spoil(&k, LEDGER_FILE, "gaps");
        CHECK(says(&k, false, VERB_DAMAGED, text));
        l.line[10][l.length[10] - 1] ^= 1; /* its newline alone */
        kept_write(&k, LEDGER_FILE, l.text, (size_t)(l.line[10] + l.length[10] - l.text));
        CHECK(says(&k, false, VERB_DAMAGED, text));
        CHECK(says(&k, false, VERB_DAMAGED, "line 11: its newline is damaged: "));
        free(l.text);
        kept_drop(&k);
}

/* ---- lines ---- */

static void each_line(void)
{
        size_t order[64];
        struct lines l;
        struct kept k;

        kept_small(&k, PACKING_ZSTD);
        forget_catalog(&k);
        lines_read(&k, &l);
        CHECK(l.n == 11);
        for (size_t at = 0; at < l.n; at++) {
                size_t n = 0;

                for (size_t i = 0; i < l.n; i++) /* removed; the last one: see below */
                        if (i != at)
                                order[n++] = i;
                lines_write(&k, &l, order, n);
                CHECK(code(&k, true) == (at + 1 < l.n ? VERB_DAMAGED : VERB_OK));

                n = 0;
                for (size_t i = 0; i < l.n; i++) /* twice */
                        for (int twice = 0; twice <= (i == at); twice++)
                                order[n++] = i;
                lines_write(&k, &l, order, n);
                CHECK(code(&k, true) == VERB_DAMAGED);

                for (size_t with = at + 1; with < l.n; with++) { /* exchanged */
                        for (size_t i = 0; i < l.n; i++)
                                order[i] = i == at ? with : i == with ? at : i;
                        lines_write(&k, &l, order, l.n);
                        CHECK(code(&k, true) == VERB_DAMAGED);
                }
        }
        free(l.text);
        kept_drop(&k);
}

/* Behind a damage, everything that can be proven still is. */
static void goes_on(void)
{
        static const size_t lost[] = { 0, 1, 2, 3, 4, 6, 7, 8, 9, 10 };
        static const size_t twice[] = { 0, 1, 2, 3, 4, 5, 6, 6, 7, 8, 9, 10 };
        static const size_t exchanged[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 9 };
        struct lines l;
        struct kept k;

        kept_small(&k, PACKING_ZSTD);
        lines_read(&k, &l);
        lines_write(&k, &l, lost, ELEMENTS(lost)); /* the seal of the messages; then a frame */
        CHECK(says(&k, false, VERB_DAMAGED,
                   "line 6: its number does not follow the line before: 1 records\n"
                   "not clean: 1 damaged, 1 records in them; 5 segments, 6 frames, 10 records"));
        lines_write(&k, &l, twice, ELEMENTS(twice));
        CHECK(says(&k, false, VERB_DAMAGED,
                   "line 8: its number does not follow the line before: 1 records\n"
                   "not clean: 1 damaged, 1 records in them; 5 segments, 6 frames, 10 records"));
        lines_write(&k, &l, exchanged, ELEMENTS(exchanged));
        CHECK(says(&k, false, VERB_DAMAGED, "line 10: its number does not follow"));
        CHECK(says(&k, false, VERB_DAMAGED, "\nhead: 11:"));
        CHECK(says(&k, false, VERB_DAMAGED, "not clean: 1 damaged"));
        free(l.text);
        kept_drop(&k);
}

static void cut_in_the_middle(void)
{
        _cleanup_buf_ struct buf b = BUF_INIT;
        struct lines l;
        struct kept k;

        kept_small(&k, PACKING_ZSTD);
        forget_catalog(&k);
        lines_read(&k, &l);
        for (size_t at = 0; at + 1 < l.n; at++) {
                for (size_t keep = 0; keep < l.length[at]; keep += 13) {
                        buf_clear(&b);
                        for (size_t i = 0; i < l.n; i++)
                                buf_add(&b, l.line[i], i == at ? keep : l.length[i]);
                        kept_write(&k, LEDGER_FILE, b.p, b.n);
                        CHECK(code(&k, true) == VERB_DAMAGED);
                }
        }
        free(l.text);
        kept_drop(&k);
}

static void lost_end(void)
{
        static const size_t all[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
        struct lines l;
        struct kept k;

        kept_small(&k, PACKING_ZSTD);
        lines_read(&k, &l);
        for (size_t n = 0; n < l.n; n++) {
                lines_write(&k, &l, all, n);
                CHECK(says(&k, true, VERB_DAMAGED, "the catalog has seen line 11"));
        }

        /* Without the catalog the sealed segments are the witnesses, while they are there. */
        forget_catalog(&k);
        lines_write(&k, &l, all, 1);
        CHECK(says(&k, true, VERB_DAMAGED, SEALED ": offset 0: no line of the ledger names it"));
        lines_write(&k, &l, all, 10);
        CHECK(says(&k, false, VERB_OK, "head: 10:"));
        free(l.text);
        kept_drop(&k);
}

/* ---- the catalog ---- */

static void other_catalog(void)
{
        struct kept k, other;
        char *catalog;
        size_t n;

        kept_small(&k, PACKING_ZSTD);
        kept_small(&other, PACKING_GZIP);
        catalog = kept_slurp(&k, CATALOG_FILE, &n);
        kept_write(&other, CATALOG_FILE, catalog, n);
        CHECK(says(&other, true, VERB_DAMAGED,
                   "line 11: it is not the line that the catalog knows: it was exchanged"));
        free(catalog);
        kept_drop(&k);
        kept_drop(&other);
}

static void old_catalog(void)
{
        struct kept k;
        char *catalog;
        size_t n;

        kept_small(&k, PACKING_ZSTD);
        catalog = kept_slurp(&k, CATALOG_FILE, &n);
        kept_open(&k);
        kept_completions(&k, 1);
        kept_commit(&k);
        kept_close(&k);
        kept_write(&k, CATALOG_FILE, catalog, n);
        CHECK(code(&k, false) == VERB_OK);
        free(catalog);
        kept_drop(&k);
}

static void spoiled_catalog(void)
{
        struct args a = attack_args(false);
        struct said s;
        struct kept k;
        char *catalog;
        size_t n;

        kept_small(&k, PACKING_ZSTD);
        catalog = kept_slurp(&k, CATALOG_FILE, &n);
        memset(catalog, 'x', n);
        kept_write(&k, CATALOG_FILE, catalog, n);
        SAY(&s, &k, verify_archive(&v, &a));
        CHECK(s.r == VERB_OK && strstr(s.err, "note: the catalog cannot be read"));
        said_done(&s);
        free(catalog);
        kept_drop(&k);
}

/* ---- lines that prove themselves, and still cannot be ---- */

static void false_chain(void)
{
        static const struct {
                size_t line;
                const char *from, *to;
                int r;
                const char *text;
        } cases[] = {
                { 0, "\"base_url\"", "\"base_urx\"", VERB_OK, "clean" },
                { 0, "\"type\":\"open\"", "\"type\":\"walk\"", VERB_DAMAGED,
                  "line 1: the ledger does not begin with its open line: 0 records" },
                { 0, "\"format\":1", "\"format\":2", VERB_USAGE, "" },
                { 5, "\"group\":6", "\"group\":5", VERB_DAMAGED, "line 6: its group ends before" },
                { 2, "\"group\":4", "\"group\":5", VERB_DAMAGED,
                  "line 4: its group is not that of the line before" },
                { 2, "\"group\":4", "\"group\":3", VERB_OK, "clean" },
                { 10, "\"group\":11", "\"group\":12", VERB_OK, "bytes: an unfinished group\n" },
                { 4, "\"seq\":5", "\"seq\":6", VERB_DAMAGED,
                  "line 5: its number does not follow the line before" },
                { 4, "\"seq\":5", "\"sex\":5", VERB_DAMAGED, "line 5: it is no line of a ledger" },
                { 4, "\"type\":\"seal\"", "\"type\":\"sail\"", VERB_OK, "clean" },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct kept k;

                kept_small(&k, PACKING_ZSTD);
                forget_catalog(&k);
                forge(&k, cases[i].line, cases[i].from, cases[i].to);
                CHECK(says(&k, false, cases[i].r, cases[i].text));
                kept_drop(&k);
        }
}

/* ---- what a crash leaves ---- */

static void tails(void)
{
        static const char *const tails[] = { "{", "{\"seq\":12,\"time\":\"2026-11-22T08:0" };
        struct lines l;
        struct kept k;

        for (size_t i = 0; i < ELEMENTS(tails); i++) {
                kept_small(&k, PACKING_ZSTD);
                kept_add(&k, LEDGER_FILE, tails[i]);
                CHECK(says(&k, false, VERB_OK, "a last line without its newline"));
                kept_drop(&k);
        }

        /* A line is torn at every byte, the newline alone included. */
        kept_small(&k, PACKING_ZSTD);
        forget_catalog(&k);
        lines_read(&k, &l);
        for (size_t n = 1; n < l.length[10]; n++) {
                kept_write(&k, LEDGER_FILE, l.text, (size_t)(l.line[10] - l.text) + n);
                CHECK(says(&k, true, VERB_OK, "uncommitted: ledger.jsonl: offset "));
        }
        free(l.text);
        kept_drop(&k);
}

static void unfinished_group(void)
{
        struct lines l;
        struct kept k;

        kept_small(&k, PACKING_ZSTD);
        forget_catalog(&k);
        lines_read(&k, &l);
        CHECK(strstr(l.line[8], "\"group\":10") && strstr(l.line[9], "\"group\":10"));
        kept_write(&k, LEDGER_FILE, l.text, (size_t)(l.line[9] - l.text));
        CHECK(says(&k, false, VERB_OK, "bytes: an unfinished group\n"));
        CHECK(says(&k, false, VERB_OK, "4 frames, 7 records"));
        CHECK(says(&k, false, VERB_OK, "uncommitted: " GROWING ": offset 0: "));
        CHECK(says(&k, false, VERB_OK, "uncommitted: " CHANGE ": offset 0: "));
        CHECK(says(&k, false, VERB_OK, "\nhead: 8:"));
        kept_write(&k, LEDGER_FILE, l.text, (size_t)(l.line[9] - l.text) + 9);
        CHECK(says(&k, false, VERB_OK, "an unfinished group, and a last line without its newline"));
        free(l.text);
        kept_drop(&k);
}

static void empty(void)
{
        struct kept k;

        kept_new(&k, PACKING_ZSTD);
        kept_close(&k);
        kept_write(&k, LEDGER_FILE, "", 0);
        forget_catalog(&k);
        CHECK(says(&k, false, VERB_OK,
                   "uncommitted: ledger.jsonl: offset 0: 0 bytes: the ledger "));
        kept_drop(&k);
}

int main(void)
{
        RUN(bits, "every flipped bit of a ledger is found");
        RUN(names_the_line, "a damaged line is named, and what it leaves unproven");
        RUN(names_the_head, "the head is that of the last line that proves itself");
        RUN(each_line, "a line that is lost, repeated or exchanged is found");
        RUN(goes_on, "behind a damaged line all that can be proven still is");
        RUN(cut_in_the_middle, "a line that is cut is found");
        RUN(lost_end, "a ledger that lost its end is found by the catalog, or by sealed segments");
        RUN(other_catalog, "a catalog that knows another ledger is found");
        RUN(old_catalog, "a catalog from before is no damage");
        RUN(spoiled_catalog, "a catalog that cannot be read is left out");
        RUN(false_chain, "lines that prove themselves are held against each other");
        RUN(tails, "a torn last line is no damage");
        RUN(unfinished_group, "an unfinished group is not committed, and no damage");
        RUN(empty, "an empty ledger is no damage");
        return tap_end();
}
