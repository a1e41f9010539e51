#include "ctl/cat.h"
#include "ctl/latest.h"
#include "ctl/scan.h"
#include "kept-attack.h"

#define LINE_1 "{\"id\":\"chatcmpl-1\",\"created\":1700000001,\"seed\":2654435761}\n"

/* Threads by turns: nothing may depend on them. */
static struct args cat_args(enum stream stream)
{
        static unsigned turn;

        return (struct args){ .stream = stream, .jobs = 1 + turn++ % 3, .filter = FILTER_ALL };
}

static bool shows(const struct kept *k, enum stream stream, int r, size_t lines, const char *err)
{
        struct args a = cat_args(stream);
        struct said s;
        size_t n = 0;
        bool good;

        SAY(&s, k, cat_archive(&v, &a));
        for (const char *p = s.out; (p = strchr(p, '\n')); p++)
                n++;
        good = s.r == r && n == lines && (err ? strstr(s.err, err) != NULL : s.err_n == 0);
        if (!good)
                printf("# %d, %zu lines: %s# %s\n", s.r, n, s.out, s.err);
        said_done(&s);
        return good;
}

static void all(void)
{
        for (enum packing p = 0; p < PACKINGS; p++) {
                struct args completions = cat_args(STREAM_COMPLETIONS);
                struct args messages = cat_args(STREAM_MESSAGES);
                struct said s;
                struct kept k;

                kept_small(&k, p);
                CHECK(shows(&k, STREAM_COMPLETIONS, VERB_OK, 8, NULL));
                CHECK(shows(&k, STREAM_CHANGES, VERB_OK, 1, NULL));
                SAY(&s, &k, cat_archive(&v, &completions));
                CHECK(strncmp(s.out, LINE_1, strlen(LINE_1)) == 0);
                said_done(&s);
                SAY(&s, &k, cat_archive(&v, &messages));
                CHECK(strcmp(s.out, "{\"completion_id\":\"chatcmpl-1\",\"id\":\"m1\",\"role\":"
                                    "\"user\"}\n") == 0);
                said_done(&s);
                kept_drop(&k);
        }
}

static void live(void)
{
        struct kept k;
        size_t lines = 0;

        kept_new(&k, PACKING_ZSTD);
        for (unsigned i = 0; i < 20; i++) {
                kept_completions(&k, 2);
                CHECK(shows(&k, STREAM_COMPLETIONS, VERB_OK, lines, NULL));
                kept_commit(&k);
                lines += 2;
                CHECK(shows(&k, STREAM_COMPLETIONS, VERB_OK, lines, NULL));
                if (i % 3 == 0)
                        kept_seal(&k);
        }
        kept_drop(&k);
}

static void damaged(void)
{
        struct kept k;
        char *text;
        size_t n;

        kept_small(&k, PACKING_ZSTD);
        text = kept_slurp(&k, SEALED, &n);
        text[20] ^= 4;
        kept_write(&k, SEALED, text, n);
        free(text);
        CHECK(shows(&k, STREAM_COMPLETIONS, VERB_DAMAGED, 5, "damaged: " SEALED ": offset 0: "));
        CHECK(shows(&k, STREAM_CHANGES, VERB_OK, 1, NULL));
        kept_unlink(&k, SECOND);
        CHECK(shows(&k, STREAM_COMPLETIONS, VERB_DAMAGED, 4,
                    SECOND ": offset 0: it is missing: 1"));
        kept_drop(&k);

        kept_small(&k, PACKING_ZSTD);
        kept_spoil(&k, LEDGER_FILE, "req_1");
        CHECK(shows(&k, STREAM_COMPLETIONS, VERB_DAMAGED, 5, "line 2: it does not match its own"));
        kept_drop(&k);

        kept_small(&k, PACKING_ZSTD);
        forge(&k, 1, "\"length\":", "\"lenth\":");
        CHECK(shows(&k, STREAM_MESSAGES, VERB_DAMAGED, 1, "line 2: its frame makes no sense"));
        kept_drop(&k);
}

/* What is not the file itself is not shown for it, and does not hold cat up. */
static void no_file(void)
{
        char path[256];
        struct kept k;

        kept_small(&k, PACKING_ZSTD);
        kept_rename(&k, SEALED, "x");
        kept_path(&k, SEALED, path);
        CHECK(symlink("../../x", path) == 0);
        CHECK(shows(&k, STREAM_COMPLETIONS, VERB_DAMAGED, 3, SEALED ": offset 0: it is missing"));
        unlink(path);
        CHECK(mkfifo(path, 0600) == 0);
        CHECK(shows(&k, STREAM_COMPLETIONS, VERB_DAMAGED, 3, SEALED ": offset 0: it is missing"));
        unlink(path);
        CHECK(mkdir(path, 0700) == 0);
        CHECK(shows(&k, STREAM_COMPLETIONS, VERB_DAMAGED, 3, SEALED ": offset 0: it is missing"));
        kept_drop(&k);
}

static void torn(void)
{
        struct lines l;
        struct kept k;

        kept_small(&k, PACKING_ZSTD);
        forget_catalog(&k);
        lines_read(&k, &l);
        kept_write(&k, LEDGER_FILE, l.text, (size_t)(l.line[9] - l.text) + 9);
        CHECK(shows(&k, STREAM_COMPLETIONS, VERB_OK, 6, NULL));
        free(l.text);
        kept_drop(&k);
}

static void terminal(void)
{
        struct args a = cat_args(STREAM_MESSAGES);
        struct said s;
        struct kept k;

        kept_new(&k, PACKING_ZSTD);
        kept_line(&k, STREAM_MESSAGES,
                  "{\"completion_id\":\"c\",\"x\":\"\177\302\233 \342\202\254\"}");
        kept_commit(&k);
        SAY(&s, &k, (v.out_terminal = true, cat_archive(&v, &a)));
        CHECK(s.r == VERB_OK && strcmp(s.out, "{\"completion_id\":\"c\",\"x\":\"\\u007f\\u009b "
                                              "\342\202\254\"}\n") == 0);
        said_done(&s);
        SAY(&s, &k, cat_archive(&v, &a));
        CHECK(strchr(s.out, '\177') && strstr(s.out, "\302\233"));
        said_done(&s);
        kept_drop(&k);
}

static int to_full(struct verb *v)
{
        struct args a = cat_args(STREAM_COMPLETIONS);
        int r;

        v->out = fopen("/dev/full", "w");
        setvbuf(v->out, NULL, _IONBF, 0);
        r = cat_archive(v, &a);
        CHECK(ferror(v->out));
        fclose(v->out);
        return r;
}

static void full(void)
{
        struct args a = cat_args(STREAM_COMPLETIONS);
        struct said s;
        struct kept k;

        kept_small(&k, PACKING_ZSTD);
        SAY(&s, &k, to_full(&v));
        CHECK(s.r == VERB_OK && s.err_n == 0); /* main sees it, and tells */
        said_done(&s);
        kept_drop(&k);
        SAY(&s, &k, cat_archive(&v, &a));
        CHECK(s.r == VERB_NOT && strstr(s.err, "there is no archive in"));
        said_done(&s);
}

/* ---- since and until ---- */

static bool between(const struct kept *k, enum stream stream, int64_t since, int64_t until,
                    const char *out)
{
        struct args a = cat_args(stream);
        struct said s;
        bool good;

        a.filter.since = since;
        a.filter.until = until;
        SAY(&s, k, cat_archive(&v, &a));
        good = s.r == VERB_OK && strcmp(s.out, out) == 0;
        if (!good)
                printf("# %d: %s# %s\n", s.r, s.out, s.err);
        said_done(&s);
        return good;
}

static void times(void)
{
        static const char message[] =
                "{\"completion_id\":\"chatcmpl-1\",\"id\":\"m1\",\"role\":\"user\"}\n";
        static const char change[] = "{\"type\":\"messages-none\",\"id\":\"chatcmpl-2\","
                                     "\"observed_at\":\"2026-11-22T08:00:00.000000Z\"}\n";
        const int64_t observed = KEPT_START / USEC_PER_SEC;
        struct kept k;

        kept_small(&k, PACKING_ZSTD);
        CHECK(between(&k, STREAM_COMPLETIONS, INT64_MIN, 1700000001, LINE_1));
        CHECK(between(&k, STREAM_COMPLETIONS, 1700000001, 1700000001, LINE_1));
        CHECK(between(&k, STREAM_COMPLETIONS, INT64_MIN, 1700000000, ""));
        CHECK(between(&k, STREAM_COMPLETIONS, 1700000009, INT64_MAX, ""));
        CHECK(between(&k, STREAM_MESSAGES, 1700000001, 1700000001, message));
        CHECK(between(&k, STREAM_MESSAGES, 1700000002, INT64_MAX, ""));
        CHECK(between(&k, STREAM_MESSAGES, INT64_MIN, 1700000000, ""));
        CHECK(between(&k, STREAM_CHANGES, observed, observed, change));
        CHECK(between(&k, STREAM_CHANGES, observed + 1, INT64_MAX, ""));
        CHECK(between(&k, STREAM_CHANGES, INT64_MIN, observed - 1, ""));
        kept_drop(&k);

        /* What does not say when it was is not left out. */
        kept_new(&k, PACKING_ZSTD);
        kept_line(&k, STREAM_COMPLETIONS, "{\"id\":\"a\"}");
        kept_line(&k, STREAM_MESSAGES, "{\"completion_id\":\"unknown\"}");
        kept_completions(&k, 2);
        kept_line(&k, STREAM_MESSAGES, "{\"completion_id\":\"chatcmpl-1\"}");
        kept_line(&k, STREAM_MESSAGES, "{\"completion_id\":\"chatcmpl-2\"}");
        kept_commit(&k);
        CHECK(between(&k, STREAM_COMPLETIONS, 5, 6, "{\"id\":\"a\"}\n"));
        CHECK(between(&k, STREAM_MESSAGES, 5, 6, "{\"completion_id\":\"unknown\"}\n"));
        CHECK(between(&k, STREAM_MESSAGES, 1700000002, 1700000002,
                      "{\"completion_id\":\"unknown\"}\n{\"completion_id\":\"chatcmpl-2\"}\n"));
        kept_drop(&k);
}

/* ---- only the newest ---- */

static void version(struct kept *k, const char *id, unsigned n)
{
        struct catalog *c = archive_catalog(k->archive);
        uint8_t digest[SHA256_SIZE];
        struct catalog_record row;
        char line[128];
        struct err err;
        int64_t ignored;
        int r;

        snprintf(line, sizeof(line), "{\"id\":\"%s\",\"created\":1700000000,\"v\":%u}", id, n);
        kept_line(k, STREAM_COMPLETIONS, line);
        sha256(line, strlen(line), digest);
        r = catalog_find(c, id, strlen(id), &row, &err);
        if (r == CATALOG_NONE)
                r = catalog_add(c, id, strlen(id), 1700000000, digest, &ignored, &err);
        else if (r == 0)
                r = catalog_change(c, row.row, 1700000000, digest, &err);
        if (r < 0)
                kept_die("version", &err);
}

/* The versions that --latest shows, in order: "a2 b1". */
static bool newest(const struct kept *k, int r, const char *expected)
{
        struct args a = cat_args(STREAM_COMPLETIONS);
        char got[256] = "";
        struct said s;
        bool good;

        a.latest = true;
        SAY(&s, k, cat_archive(&v, &a));
        for (const char *p = s.out; (p = strstr(p, "\"id\":\"")); p++)
                snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%c%c", *got ? " " : "",
                         p[6], strstr(p, "\"v\":")[4]);
        good = s.r == r && strcmp(got, expected) == 0;
        if (!good)
                printf("# %d: '%s', expected '%s': %s\n", s.r, got, expected, s.err);
        said_done(&s);
        return good;
}

static void latest(void)
{
        struct args a = cat_args(STREAM_MESSAGES);
        struct said s;
        struct kept k;

        kept_new(&k, PACKING_ZSTD);
        version(&k, "a", 1);
        version(&k, "b", 1);
        kept_commit(&k);
        version(&k, "a", 2);
        version(&k, "c", 1);
        version(&k, "c", 2);
        version(&k, "c", 1); /* as it was, and all of it in one frame */
        version(&k, "e", 1);
        version(&k, "e", 2);
        kept_commit(&k);
        kept_seal(&k);
        version(&k, "b", 2);
        kept_commit(&k);
        version(&k, "b", 1);
        version(&k, "d", 1);
        kept_commit(&k);
        CHECK(newest(&k, VERB_OK, "a2 c1 e2 b1 d1"));
        kept_close(&k);
        CHECK(newest(&k, VERB_OK, "a2 c1 e2 b1 d1"));
        forget_catalog(&k);
        CHECK(newest(&k, VERB_OK, "a2 c1 e2 b1 d1"));
        a.latest = true;
        SAY(&s, &k, cat_archive(&v, &a));
        CHECK(s.r == VERB_USAGE && strstr(s.err, "--latest"));
        said_done(&s);
        kept_drop(&k);
}

struct behind {
        struct latest *latest;
        char got[64];
};

/* Each frame in one piece, of whole lines. */
static int behind_text(void *ctx, const struct frame_ref *frame, const char *p, size_t n)
{
        struct behind *b = ctx;
        struct err err;

        if (!p)
                return 0;
        CHECK(latest_frame(b->latest, frame, &err) == 0);
        for (const char *end; n && (end = memchr(p, '\n', n)); p = end + 1) {
                if (latest_line(b->latest, p, (size_t)(end - p), &err) == 1)
                        snprintf(b->got + strlen(b->got), sizeof(b->got) - strlen(b->got), "%c%c ",
                                 p[7], end[-2]);
                n -= (size_t)(end + 1 - p);
        }
        return 0;
}

/* The library was opened; meanwhile versions are committed that are not among the lines read. */
static void ahead(void)
{
        const struct clock clock = { 0 };
        struct damage damage = { .out = stderr };
        struct behind b = { .latest = NULL };
        struct library *library;
        struct err err;
        struct kept k;

        kept_new(&k, PACKING_ZSTD);
        version(&k, "b", 1);
        version(&k, "a", 1);
        kept_commit(&k);
        version(&k, "a", 2);
        version(&k, "a", 3);
        version(&k, "c", 1);
        kept_commit(&k);
        struct verb v = { .directory = k.dir, .out = stdout, .err = stderr, .clock = &clock };
        CHECK(library_open(&v, &damage, &library, &err) == 0);
        version(&k, "a", 4);
        version(&k, "b", 2);
        version(&k, "d", 1);
        kept_commit(&k);

        const struct scan s = { .chain = library_chain(library),
                                .damage = &damage,
                                .jobs = 1,
                                .streams = 1u << STREAM_COMPLETIONS,
                                .text = behind_text,
                                .ctx = &b };
        CHECK(latest_new(library, &damage, &b.latest, &err) == 0);
        CHECK(scan_run(&s, &err) == 0 && strcmp(b.got, "c1 ") == 0);
        CHECK(latest_again(b.latest));
        CHECK(scan_run(&s, &err) == 0 && strcmp(b.got, "c1 b1 a3 ") == 0);
        CHECK(!latest_again(b.latest));
        latest_free(b.latest);
        library_close(library);
        kept_drop(&k);
}

int main(void)
{
        RUN(all, "every record is shown as it came, in each packing");
        RUN(live, "what is committed is shown beside a writer, and nothing else");
        RUN(damaged, "damaged frames are left out and named, whole ones are shown");
        RUN(no_file, "links, pipes and folders are not taken for a segment");
        RUN(torn, "frames of an unfinished group are not shown");
        RUN(terminal, "a terminal gets no control characters, a pipe gets every byte");
        RUN(full, "an output that cannot be written ends it");
        RUN(times, "since and until mean created, of messages their completion's, and observed_at");
        RUN(latest, "--latest shows the newest version of each, each once");
        RUN(ahead, "--latest beside a writer shows the newest of what is read");
        return tap_end();
}
