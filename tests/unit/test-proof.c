#include "kept-attack.h"

static const char *const segments[] = { SEALED, SECOND, GROWING, MESSAGE, CHANGE };

/* ---- bits ---- */

static void bits(void)
{
        static const enum packing some[] = { PACKING_ZSTD, PACKING_NONE, PACKING_GZIP };

        for (size_t p = 0; p < ELEMENTS(some); p++) {
                struct kept k;

                kept_small(&k, some[p]);
                for (size_t i = 0; i < ELEMENTS(segments); i++) {
                        char name[NAME_MAX_BYTES];
                        const char *dot = strstr(segments[i], ".zst");

                        snprintf(name, sizeof(name), "%.*s%s%s", (int)(dot - segments[i]),
                                 segments[i], packing_extension(some[p]), dot + strlen(".zst"));
                        flip_all(&k, name, false);
                }
                kept_drop(&k);
        }
}

static void names_the_frame(void)
{
        static const char name[] = KEPT_FOLDER("completions") "00000001.jsonl";
        struct kept k;
        char *text;
        size_t n;

        kept_small(&k, PACKING_NONE);
        text = kept_slurp(&k, name, &n);
        text[n - 3] ^= 1; /* in the second frame, of two records */
        kept_write(&k, name, text, n);
        free(text);
        CHECK(says(
                &k, false, VERB_DAMAGED,
                "damaged: " KEPT_FOLDER(
                        "completions") "00000001.jsonl: offset 177: the frame's "
                                       "bytes have another digest than the ledger says: 2 records\n"
                                       "not clean: 1 damaged, 2 records in them; "));
        CHECK(says(&k, true, VERB_OK, "only lengths"));
        kept_drop(&k);
}

/* ---- files ---- */

static void removed(void)
{
        static const char *const records[] = { "5", "1", "2", "1", "1" };

        for (size_t i = 0; i < ELEMENTS(segments); i++) {
                char text[256];
                struct kept k;

                kept_small(&k, PACKING_ZSTD);
                kept_unlink(&k, segments[i]);
                snprintf(text, sizeof(text), "damaged: %.*s: offset 0: it is missing: %s records\n",
                         (int)(strstr(segments[i], ".zst") + 4 - segments[i]), segments[i],
                         records[i]);
                CHECK(says(&k, false, VERB_DAMAGED, text));
                CHECK(says(&k, true, VERB_DAMAGED, text));
                CHECK(says(&k, true, VERB_DAMAGED, "not clean: 1 damaged"));
                kept_drop(&k);
        }
}

static void cut(void)
{
        for (size_t i = 0; i < ELEMENTS(segments); i++) {
                struct kept k;
                char *text;
                size_t n;

                kept_small(&k, PACKING_ZSTD);
                text = kept_slurp(&k, segments[i], &n);
                for (size_t keep = 0; keep < n; keep++) {
                        kept_write(&k, segments[i], text, keep);
                        CHECK(says(&k, true, VERB_DAMAGED, "it was cut"));
                        CHECK(says(&k, false, VERB_DAMAGED, "not clean: 1 damaged"));
                }
                free(text);
                kept_drop(&k);
        }
}

static void cut_names_frames(void)
{
        static const char name[] = KEPT_FOLDER("completions") "00000001.jsonl";
        struct kept k;
        char *text;
        size_t n;

        kept_small(&k, PACKING_NONE);
        text = kept_slurp(&k, name, &n);
        kept_write(&k, name, text, n - 1);
        CHECK(says(&k, true, VERB_DAMAGED,
                   "offset 177: it was cut: it has 296 bytes, the ledger says 297: 2 records"));
        kept_write(&k, name, text, 100);
        CHECK(says(&k, false, VERB_DAMAGED,
                   "offset 0: it was cut: it has 100 bytes, the ledger says 297: 5 records"));
        free(text);
        kept_drop(&k);
}

static void grown(void)
{
        for (size_t i = 0; i < ELEMENTS(segments); i++) {
                bool open = strstr(segments[i], ".open") != NULL;
                struct kept k;

                kept_small(&k, PACKING_ZSTD);
                kept_add(&k, segments[i], "garbage");
                for (int quick = 0; quick < 2; quick++)
                        CHECK(says(&k, quick, open ? VERB_OK : VERB_DAMAGED,
                                   open ? ": 7 bytes: behind the last commit\n" : "it grew"));
                kept_drop(&k);
        }
}

static void swapped(void)
{
        struct kept k;

        kept_small(&k, PACKING_ZSTD);
        kept_rename(&k, SEALED, "x");
        kept_rename(&k, SECOND, SEALED);
        kept_rename(&k, "x", SECOND);
        CHECK(code(&k, false) == VERB_DAMAGED);
        kept_drop(&k);
}

static void renamed(void)
{
        static const struct {
                const char *from, *to;
                int r;
                const char *text;
        } cases[] = {
                { SEALED, SEALED ".open", VERB_DAMAGED, "its name says that it grows" },
                { SEALED, KEPT_FOLDER("completions") "00000004.jsonl.zst", VERB_DAMAGED,
                  "4.jsonl.zst: offset 0: no line of the ledger names it" },
                /* sealed, and killed before the seal line; or growing again after a crash */
                { GROWING, KEPT_FOLDER("completions") "00000003.jsonl.zst", VERB_OK, "clean" },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct kept k;

                kept_small(&k, PACKING_ZSTD);
                kept_rename(&k, cases[i].from, cases[i].to);
                for (int quick = 0; quick < 2; quick++)
                        CHECK(says(&k, quick, cases[i].r, cases[i].text));
                kept_drop(&k);
        }
}

/* ---- lines that prove themselves, and say of files what is not so ---- */

static void false_lines(void)
{
        static const struct {
                size_t line;
                const char *from, *to, *text;
        } cases[] = {
                { 1, "\"records\":3", "\"records\":4",
                  "offset 0: the frame has 3 lines, the ledger says 4: 4 records" },
                { 1, "\"bytes\":177", "\"bytes\":178",
                  "offset 0: the frame has 177 plain bytes, the ledger says 178: 3 records" },
                { 1, "\"offset\":0", "\"offset\":1",
                  "offset 0: no line of the ledger names the 1 bytes here: ? records" },
                { 2, "\"offset\":177", "\"offset\":176",
                  "line 3: its frame does not follow the one before: 2 records" },
                { 2, "\"length\":120", "\"length\":119",
                  "no line of the ledger names the 1 bytes" },
                { 2, "\"length\":120", "\"length\":0", "line 3: its frame makes no sense" },
                { 1, "\"segment\":\"comp", "\"segment\":\"/etc", "its frame makes no sense" },
                { 1, "\"sha256\":\"", "\"sha256\":\"x", "its frame makes no sense" },
                { 4, "\"length\":297", "\"length\":296", "line 5: it seals less than the frames" },
                { 4, "\"length\":297", "\"length\":\"\"", "line 5: its seal makes no sense" },
                { 4, ".jsonl\"", ".jsonl.open\"", "line 5: its seal makes no sense" },
                { 4, "00000001", "00000007",
                  "7.jsonl: offset 0: no line of the ledger names the " },
                { 4, "\"type\":\"seal\"", "\"type\":\"x\"", "" },
                { 7, "00000002", "00000001", "line 8: its segment is sealed already: 5 records" },
                { 6, "completions/archived=2026-11-22/00000002",
                  "completions/archived=2026-11-22/00000001",
                  "line 7: its segment is sealed already: 1 records" },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct kept k;

                kept_small(&k, PACKING_NONE);
                forget_catalog(&k);
                forge(&k, cases[i].line, cases[i].from, cases[i].to);
                CHECK(says(&k, false, *cases[i].text ? VERB_DAMAGED : VERB_OK, cases[i].text));
                kept_drop(&k);
        }
}

static void false_seal(void)
{
        char digit[] = "\"sha256\":\"?", other[] = "\"sha256\":\"?";
        struct lines l;
        struct kept k;

        kept_small(&k, PACKING_ZSTD);
        forget_catalog(&k);
        lines_read(&k, &l);
        digit[10] = strstr(l.line[4], "\"sha256\"")[10];
        other[10] = digit[10] == 'a' ? 'b' : 'a';
        free(l.text);
        forge(&k, 4, digit, other);
        CHECK(says(&k, false, VERB_DAMAGED,
                   SEALED ": offset 0: the file has another digest than its seal line says: 5 "));
        kept_drop(&k);
}

/* A frame whose last line has no newline: the digest is right, and it is none all the same. */
static void no_newline(void)
{
        static const char name[] = KEPT_FOLDER("changes") "00000001.jsonl.open";
        char from[96], to[96], hex[SHA256_HEX_SIZE];
        uint8_t digest[SHA256_SIZE];
        struct lines l;
        struct kept k;
        char *text;
        size_t n;

        kept_small(&k, PACKING_NONE);
        forget_catalog(&k);
        text = kept_slurp(&k, name, &n);
        memmove(text + 1, text, n - 1); /* a newline, but at the wrong end */
        text[0] = '\n';
        kept_write(&k, name, text, n);
        sha256(text, n, digest);
        snprintf(to, sizeof(to), "\"sha256\":\"%s", (sha256_hex(digest, hex), hex));
        lines_read(&k, &l);
        snprintf(from, sizeof(from), "%.74s", strstr(l.line[9], "\"sha256\""));
        free(l.text);
        free(text);
        forge(&k, 9, from, to);
        CHECK(says(&k, false, VERB_DAMAGED, "the frame's last line has no newline: 1 records"));
        kept_drop(&k);
}

int main(void)
{
        RUN(bits, "every flipped bit of a segment is found, sealed or growing");
        RUN(names_the_frame, "a damaged frame is named with its offset and its records");
        RUN(removed, "a segment that is missing is found");
        RUN(cut, "a segment that was cut is found, at every length");
        RUN(cut_names_frames, "a cut names the first frame that it reached, and all their records");
        RUN(grown, "a sealed segment that grew is damage, a tail of a growing one is not");
        RUN(swapped, "two segments that changed places are found");
        RUN(renamed, "a segment under a name that it cannot have is found");
        RUN(false_lines, "lines that prove themselves are held against the files");
        RUN(false_seal, "a seal's digest is held against the file");
        RUN(no_newline, "a frame has to end with a newline");
        return tap_end();
}
