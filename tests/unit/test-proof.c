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

/* ---- parts ---- */

static bool part(const struct kept *k, uint64_t sample, uint64_t of, int r, uint64_t *frames,
                 uint64_t *files)
{
        struct args a = { .sample = sample, .of = of, .jobs = 1 + (unsigned)sample % 3 };
        unsigned long long x[4] = { 0 };
        char text[64];
        const char *at;
        struct said s;
        bool good;

        SAY(&s, k, verify_archive(&v, &a));
        snprintf(text, sizeof(text), "; part %llu of %llu was read: ", (unsigned long long)sample,
                 (unsigned long long)of);
        at = strstr(s.out, text);
        good = s.r == r && at &&
               sscanf(at + strlen(text), "%llu frames, %llu sealed files\n", &x[0], &x[1]) == 2;
        if (!good)
                printf("# %d: %s# %s\n", s.r, s.out, s.err);
        *frames += x[0];
        *files += x[1];
        said_done(&s);
        return good;
}

/* In how many of the runs is it found? */
static unsigned found_in(const struct kept *k, uint64_t of)
{
        unsigned found = 0;

        for (uint64_t i = 1; i <= of; i++) {
                struct args a = { .sample = i, .of = of, .jobs = 2 };
                struct said s;

                SAY(&s, k, verify_archive(&v, &a));
                found += s.r == VERB_DAMAGED;
                said_done(&s);
        }
        return found;
}

static void parts(void)
{
        struct kept k;
        uint64_t frames, files;

        kept_new(&k, PACKING_NONE);
        for (int i = 0; i < 40; i++) {
                kept_completions(&k, 1);
                kept_line(&k, STREAM_CHANGES, "{\"type\":\"gone\",\"id\":\"chatcmpl-1\"}");
                kept_commit(&k);
                if (i % 4 == 3)
                        kept_seal(&k);
        }
        kept_close(&k);
        for (uint64_t of = 1; of <= 8; of++) {
                uint64_t least = UINT64_MAX, n;

                frames = files = 0;
                for (uint64_t i = 1; i <= of; i++) {
                        n = frames;
                        CHECK(part(&k, i, of, VERB_OK, &frames, &files));
                        least = frames - n < least ? frames - n : least;
                }
                CHECK(frames == 80 && files == 20);
                CHECK(least >= 80 / of / 3); /* about equal */
        }

        /* A byte of a sealed file is its frame's and the file's: one run finds it, or two. */
        kept_spoil(&k, KEPT_FOLDER("completions") "00000003.jsonl", "seed");
        CHECK(found_in(&k, 1) == 1);
        CHECK(found_in(&k, 5) >= 1 && found_in(&k, 5) <= 2);
        kept_spoil(&k, LEDGER_FILE, "\"length\""); /* the chain is always checked whole */
        CHECK(found_in(&k, 5) == 5);
        kept_drop(&k);
}

/* Frames whose lines have only even numbers. */
static void even_parts(void)
{
        uint64_t frames = 0, files = 0;
        struct kept k;

        kept_new(&k, PACKING_NONE);
        for (int i = 0; i < 40; i++) {
                kept_completions(&k, 1);
                kept_commit(&k);
                kept_ledger(&k, "walk", "\"walk\":1");
        }
        kept_close(&k);
        CHECK(part(&k, 1, 2, VERB_OK, &frames, &files) && frames > 10 && frames < 30);
        CHECK(part(&k, 2, 2, VERB_OK, &frames, &files) && frames == 40);
        kept_drop(&k);
}

/* Whatever is wrong, and with however many threads: the same is told, in the same order. */
static void threads(void)
{
        struct said one, many;
        char name[64];
        struct kept k;

        kept_new(&k, PACKING_ZSTD);
        for (int i = 0; i < 60; i++) {
                kept_completions(&k, 3);
                kept_commit(&k);
                if (i % 5 == 4)
                        kept_seal(&k);
        }
        kept_close(&k);
        forget_catalog(&k);
        for (int i = 1; i <= 12; i += 3) {
                size_t n;
                char *text;

                snprintf(name, sizeof(name), KEPT_FOLDER("completions") "%08d.jsonl.zst", i);
                text = kept_slurp(&k, name, &n);
                for (size_t at = 20; at < n; at += 150)
                        text[at] ^= 1;
                kept_write(&k, name, text, n - (i == 4));
                free(text);
        }
        kept_unlink(&k, KEPT_FOLDER("completions") "00000005.jsonl.zst");
        kept_spoil(&k, LEDGER_FILE, "\"seq\":40,");
        SAY(&one, &k, verify_archive(&v, &(struct args){ .jobs = 1 }));
        CHECK(one.r == VERB_DAMAGED && strstr(one.out, "it is missing"));
        for (unsigned jobs = 0; jobs < 9; jobs++) {
                SAY(&many, &k, verify_archive(&v, &(struct args){ .jobs = jobs }));
                CHECK(many.r == one.r && strcmp(many.out, one.out) == 0);
                said_done(&many);
        }
        said_done(&one);
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
        RUN(parts, "the parts cover every frame and every sealed file once");
        RUN(even_parts, "the parts are about equal, however the lines alternate");
        RUN(threads, "with any number of threads the same is told");
        return tap_end();
}
