#include "model.h"
#include "tool.h"

/* ---- at random ---- */

/* Each segment's frames in a row are one valid file for the packing's own tool. */
struct tools {
        const char *dir;
        char *scratch;
        unsigned segments;
};

static void ask_tool(void *ctx, const struct name *name, uint64_t length, const char *text,
                     size_t n)
{
        char path[SCRATCH_PATH_MAX];
        struct tools *t = ctx;
        struct buf out = BUF_INIT;
        int fd = model_open_segment(t->dir, *name);
        char *p = mem_new((size_t)length);

        t->segments++;
        CHECK(fd >= 0 && pread(fd, p, (size_t)length, 0) == (ssize_t)length);
        close(fd);
        scratch_write(t->scratch, "segment", p, (size_t)length, 0600);
        scratch_join(path, t->scratch, "segment");
        if (tool_there(name->packing)) {
                CHECK(tool_unpack(name->packing, path, &out));
                CHECK(out.n == n && memcmp(buf_str(&out), text, n) == 0);
        }
        free(p);
        buf_done(&out);
}

static size_t random_size(void)
{
        switch (tap_below(20)) {
        case 0:
                return SPOOL_MEMORY + tap_below(100000);
        case 1:
                return SPOOL_MEMORY - 2 + tap_below(4);
        case 2:
        case 3:
                return tap_below(60000);
        default:
                return 80 + tap_below(3000);
        }
}

/* The day passes, and with it the age of frames and segments. */
static void pass_time(struct model *m)
{
        static const usec_t spans[] = {
                1, USEC_PER_SEC, 9 * USEC_PER_SEC, USEC_PER_MIN, 5 * USEC_PER_HOUR, USEC_PER_DAY
        };

        m->now += spans[tap_below(ELEMENTS(spans))];
}

static void step_append(struct model *m)
{
        enum stream stream = (enum stream)tap_below(STREAMS);
        unsigned n = 1 + tap_below(8);

        while (n-- > 0) {
                CHECK(model_append(m, stream, random_size()) == 0);
                if (tap_below(3) == 0)
                        snprintf(archive_walk(m->a)->desc, CATALOG_ID_MAX, "cursor-%u",
                                 m->cursor++);
                if (archive_due(m->a, m->now))
                        CHECK(model_commit(m, NULL, NULL) == 0);
        }
}

static void step(struct model *m)
{
        unsigned what = tap_below(20);

        if (what < 11)
                step_append(m);
        else if (what < 13)
                CHECK(model_commit(m, NULL, NULL) == 0);
        else if (what < 14)
                CHECK(model_commit(m, "note", "\"said\":\"by the test\"") == 0);
        else if (what < 15) {
                archive_undo(m->a);
                model_forget(m);
        } else if (what < 17) {
                CHECK(model_commit(m, NULL, NULL) == 0); /* as archive_seal asks for */
                CHECK(archive_seal(m->a, m->now, tap_below(3) == 0, &m->err) == 0);
        } else if (what < 18) {
                model_close(m);
                if (tap_below(2)) {
                        scratch_delete(m->dir, CATALOG_FILE);
                        scratch_delete(m->dir, CATALOG_FILE "-journal");
                }
                CHECK(model_open(m) == 0);
                CHECK(model_catalog_holds(m));
        } else
                pass_time(m);
        if (!CHECK(!archive_is_stale(m->a)))
                printf("# %s\n", m->err.text);
}

static void random_model(enum packing packing, int steps)
{
        struct model *m = model_new(packing);
        struct tools tools = { m->dir, scratch_new(), 0 };
        struct model_read r = { .segment = ask_tool, .ctx = &tools }, grown = { 0 };
        struct catalog_walk walk = { .number = 1 };

        CHECK(model_open(m) == 0);
        while (steps-- > 0 && tap_good) {
                if (archive_walk(m->a)->number == 0) {
                        snprintf(walk.desc, sizeof(walk.desc), "%s", m->desc);
                        archive_set_walk(m->a, &walk);
                }
                step(m);
                model_holds_on(m, &grown);
        }
        CHECK(model_commit(m, NULL, NULL) == 0);
        CHECK(model_catalog_holds(m));
        model_close(m);
        CHECK(model_holds_on(m, &r));
        CHECK(strcmp(r.desc, m->desc) == 0);
        CHECK(tools.segments > 3);
        model_read_done(&r);
        model_read_done(&grown);
        scratch_drop(tools.scratch);
        if (!tap_good)
                printf("# packing %s: %s\n", packing_name(packing), m->err.text);
        model_free(m);
}

static void test_model_none(void)
{
        random_model(PACKING_NONE, 250);
}

static void test_model_gzip(void)
{
        random_model(PACKING_GZIP, 150);
}

static void test_model_xz(void)
{
        random_model(PACKING_XZ, 60);
}

static void test_model_lz4(void)
{
        random_model(PACKING_LZ4, 250);
}

static void test_model_zstd(void)
{
        for (int i = 0; i < 3; i++)
                random_model(PACKING_ZSTD, 200);
}

/* ---- one by one ---- */

static void test_new_archive(void)
{
        struct model *m = model_new(PACKING_ZSTD);
        size_t n;
        char *p;

        m->config.project = "proj \"x\"";
        CHECK(model_open(m) == 0); /* an existing empty directory */
        CHECK(archive_head(m->a)->seq == 1);
        p = scratch_read(m->dir, LEDGER_FILE, &n);
        CHECK(strstr(p,
                     "\"type\":\"open\",\"format\":1,\"base_url\":\"https://example.org/v1\","
                     "\"project\":\"proj \\\"x\\\"\",\"group\":1,\"prev\":\"" LEDGER_ZERO) != NULL);
        free(p);
        model_close(m);
        m->config.project = NULL;
        CHECK(model_open(m) == 0); /* and now an archive */
        CHECK(archive_head(m->a)->seq == 1 && m->told.n == 0);
        model_close(m);

        scratch_remove(m->dir);
        CHECK(model_open(m) == 0); /* none: it is made */
        p = scratch_read(m->dir, LEDGER_FILE, &n);
        CHECK(strstr(p, "\"project\":null,") != NULL);
        free(p);
        model_free(m);
}

/* Opening here fails with this kind, and changes nothing. */
static void refuses(struct model *m, enum err_kind kind)
{
        uint8_t before[SHA256_SIZE], after[SHA256_SIZE];

        scratch_sum(m->dir, NULL, true, before);
        CHECK(model_open(m) < 0 && m->err.kind == kind && *m->err.text);
        scratch_sum(m->dir, NULL, true, after);
        CHECK(memcmp(before, after, sizeof(after)) == 0);
}

static void test_not_an_archive(void)
{
        static const char *const ours[] = { "completions", "messages", "changes" };
        struct model *m = model_new(PACKING_ZSTD);
        char path[SCRATCH_PATH_MAX], *good = m->dir;

        scratch_write(m->dir, "notes.txt", "x", 1, 0600);
        refuses(m, ERR_CONFIG);
        /* The ledger was lost, whatever else is there. */
        for (size_t i = 0; i < ELEMENTS(ours); i++) {
                scratch_join(path, m->dir, ours[i]);
                mkdir(path, 0700);
                refuses(m, ERR_DAMAGE);
                rmdir(path);
        }
        scratch_write(m->dir, CATALOG_FILE, "x", 1, 0600);
        refuses(m, ERR_DAMAGE);
        scratch_delete(m->dir, CATALOG_FILE);
        scratch_delete(m->dir, "notes.txt");

        scratch_join(path, m->dir, "not/there");
        m->dir = path;
        CHECK(model_open(m) < 0 && m->err.kind == ERR_HOST);
        m->dir = good;
        model_free(m);
}

static void test_locked(void)
{
        struct model *m = model_new(PACKING_ZSTD), *other;

        CHECK(model_open(m) == 0);
        other = model_fork(m, m->dir);
        CHECK(model_open(other) == ARCHIVE_LOCKED && other->a == NULL);
        CHECK(model_append(m, STREAM_COMPLETIONS, 100) == 0);
        CHECK(model_commit(m, NULL, NULL) == 0 && model_holds(m));
        other->dir = NULL;
        model_free(other);
        model_free(m);
}

static void test_due(void)
{
        struct model *m = model_new(PACKING_ZSTD);

        CHECK(model_open(m) == 0);
        CHECK(!archive_due(m->a, m->now));
        CHECK(model_append(m, STREAM_COMPLETIONS, 100) == 0);
        CHECK(!archive_due(m->a, m->now + ARCHIVE_FRAME_AGE - 1));
        CHECK(archive_due(m->a, m->now + ARCHIVE_FRAME_AGE));
        CHECK(model_commit(m, NULL, NULL) == 0 && !archive_due(m->a, m->now + USEC_PER_DAY));

        /* By plain bytes; in a frame that waits for the encoder, too. */
        CHECK(model_append(m, STREAM_CHANGES, 100) == 0);
        for (int i = 0; i < 40 && !archive_due(m->a, m->now); i++)
                CHECK(model_append(m, STREAM_COMPLETIONS, 2000) == 0);
        CHECK(archive_due(m->a, m->now) && m->text[STREAM_COMPLETIONS].n < 70000);
        archive_undo(m->a);
        model_forget(m);
        CHECK(!archive_due(m->a, m->now + USEC_PER_DAY));
        CHECK(model_append(m, STREAM_CHANGES, SPOOL_MEMORY + 1) == 0);
        CHECK(archive_due(m->a, m->now));
        CHECK(model_commit(m, NULL, NULL) == 0 && model_holds(m));
        CHECK(archive_stored(m->a) > 50000);
        model_free(m);
}

/* Is the stream's only segment of now sealed? Then *told has it. */
static bool seals(struct model *m, bool all)
{
        buf_clear(&m->told);
        CHECK(archive_seal(m->a, m->now, all, &m->err) == 0);
        return m->told.n > 0;
}

static void one_segment(struct model *m, size_t size)
{
        m->now = MODEL_NOON;
        CHECK(model_append(m, STREAM_MESSAGES, size) == 0);
        CHECK(model_commit(m, NULL, NULL) == 0);
}

static void test_seal(void)
{
        struct model *m = model_new(PACKING_NONE);
        struct model_read r = { 0 };

        m->config.segment_age = USEC_PER_HOUR;
        CHECK(model_open(m) == 0);
        CHECK(!seals(m, true)); /* none there */

        one_segment(m, 299900);
        CHECK(!seals(m, false));
        CHECK(model_append(m, STREAM_MESSAGES, 100) == 0);
        CHECK(!seals(m, true)); /* an open frame is not cut short */
        CHECK(model_commit(m, NULL, NULL) == 0);
        CHECK(seals(m, false)); /* by its size */
        CHECK(scratch_exists(m->dir, "messages/archived=2026-11-22/00000001.jsonl"));

        one_segment(m, 100);
        m->now += USEC_PER_HOUR - 1;
        CHECK(!seals(m, false));
        m->now++;
        CHECK(seals(m, false)); /* by its age */

        one_segment(m, 100);
        m->config.segment_age = USEC_PER_DAY;
        model_close(m);
        CHECK(model_open(m) == 0);
        m->now = MODEL_NOON + 12 * USEC_PER_HOUR - 1 - MODEL_NOON % USEC_PER_DAY +
                 USEC_PER_DAY / 2; /* the day's last microsecond */
        CHECK(!seals(m, false));
        m->now++;
        CHECK(seals(m, false)); /* by the day's end */

        one_segment(m, 100);
        CHECK(seals(m, true));
        one_segment(m, 100);
        model_close(m);
        m->config.packing = PACKING_GZIP; /* by another packing: what follows needs another file */
        buf_clear(&m->told);
        CHECK(model_open(m) == 0 && strstr(buf_str(&m->told), "sealed messages"));
        one_segment(m, 100);
        CHECK(scratch_exists(m->dir, "messages/archived=2026-11-22/00000006.jsonl.gz.open"));
        CHECK(model_holds(m));
        CHECK(model_read(m->dir, &r) && r.seals == 5);
        model_read_done(&r);
        model_free(m);
}

/* Appending nothing leaves nothing: an empty frame would crash lz4's encoder. */
static void test_empty(void)
{
        for (size_t p = 0; p < PACKINGS; p++) {
                struct model *m = model_new((enum packing)p);

                CHECK(model_open(m) == 0);
                CHECK(archive_append(m->a, STREAM_MESSAGES, m->spool, "", m->now, &m->err) == 0);
                CHECK(model_commit(m, NULL, NULL) == 0);
                CHECK(archive_head(m->a)->seq == 1);
                CHECK(model_append(m, STREAM_COMPLETIONS, 100) == 0);
                CHECK(model_commit(m, NULL, NULL) == 0 && model_holds(m));
                model_free(m);
        }
}

/* The begin line stands once, in the group of the first frames, whatever failed before. */
static void test_begin(void)
{
        struct model *m = model_new(PACKING_ZSTD);
        struct model_read r = { 0 };
        struct catalog_walk w;

        CHECK(model_open(m) == 0);
        archive_set_begin(m->a, "\"walk\":7,\"kind\":\"full\",\"watermark\":5,"
                                "\"started\":\"2026-11-22T12:00:00.000000Z\"");
        CHECK(model_commit(m, NULL, NULL) == 0 && archive_head(m->a)->seq == 1);
        CHECK(model_append(m, STREAM_COMPLETIONS, 100) == 0);
        archive_undo(m->a);
        model_forget(m);
        for (int i = 0; i < 3; i++) {
                CHECK(model_append(m, STREAM_COMPLETIONS, 100) == 0);
                CHECK(model_commit(m, NULL, NULL) == 0);
                CHECK(archive_head(m->a)->seq == 3u + (unsigned)i);
        }
        CHECK(model_holds(m) && model_read(m->dir, &r) && r.begins == 1);
        model_read_done(&r);
        model_close(m);
        scratch_delete(m->dir, CATALOG_FILE);
        CHECK(model_open(m) == 0);
        CHECK(catalog_get_walk(archive_catalog(m->a), 7, &w, &m->err) == 0);
        CHECK(w.full && w.watermark == 5 && w.state == CATALOG_RUNNING && w.started > 0);
        model_free(m);
}

/* What a walk's lines and its frames' cursors say comes back without the catalog. */
static void test_walk_rebuilt(void)
{
        struct model *m = model_new(PACKING_ZSTD);
        struct catalog_walk w = { .number = 3, .desc = "d1", .asc = "a1" }, got;
        const char *begin = "\"walk\":3,\"kind\":\"full\",\"started\":\"2026-11-22T12:00:00Z\"";

        CHECK(model_open(m) == 0);
        archive_set_walk(m->a, &w);
        CHECK(model_append(m, STREAM_COMPLETIONS, 100) == 0);
        snprintf(archive_walk(m->a)->desc, CATALOG_ID_MAX, "d2");
        CHECK(model_commit(m, NULL, NULL) == 0);
        CHECK(model_append(m, STREAM_COMPLETIONS, 100) == 0);
        snprintf(archive_walk(m->a)->desc, CATALOG_ID_MAX, "d3");
        archive_walk(m->a)->asc[0] = '\0'; /* that head came to its end */
        CHECK(model_commit(m, NULL, NULL) == 0);
        snprintf(archive_walk(m->a)->desc, CATALOG_ID_MAX, "d4");
        archive_undo(m->a);
        CHECK(strcmp(archive_walk(m->a)->desc, "d3") == 0);
        CHECK(model_commit(m, "walk",
                           "\"walk\":3,\"state\":\"failed\",\"kind\":\"full\","
                           "\"reason\":\"cycle\",\"pages\":4,\"seen\":5,\"new\":6,"
                           "\"gaps\":[1,2]") == 0);
        model_close(m);
        scratch_delete(m->dir, CATALOG_FILE);
        CHECK(model_open(m) == 0);
        CHECK(catalog_get_walk(archive_catalog(m->a), 3, &got, &m->err) == 0);
        CHECK(strcmp(got.desc, "d3") == 0 && *got.asc == '\0');
        CHECK(got.state == CATALOG_FAILED && strcmp(got.reason, "cycle") == 0 && got.ended);
        CHECK(got.pages == 4 && got.seen == 5 && got.new == 6 && got.gaps == 2);

        /* Taken up again under its number: it runs. */
        archive_set_begin(m->a, begin);
        CHECK(model_append(m, STREAM_COMPLETIONS, 100) == 0);
        CHECK(model_commit(m, NULL, NULL) == 0);
        model_close(m);
        scratch_delete(m->dir, CATALOG_FILE);
        CHECK(model_open(m) == 0);
        CHECK(catalog_get_walk(archive_catalog(m->a), 3, &got, &m->err) == 0);
        CHECK(got.state == CATALOG_RUNNING && got.ended == 0 && *got.reason == '\0');
        model_free(m);
}

/* The segments' rows are the same whether the writer put them or the ledger was read anew. */
static void test_segments_rebuilt(void)
{
        struct model *m = model_new(PACKING_LZ4);
        struct catalog_segment before[64], g = { 0 };
        size_t n = 0, k = 0;

        CHECK(model_open(m) == 0);
        for (int i = 0; i < 60; i++) {
                m->now += USEC_PER_HOUR;
                CHECK(model_append(m, (enum stream)tap_below(STREAMS), 30000) == 0);
                if (tap_below(2))
                        continue;
                CHECK(model_commit(m, NULL, NULL) == 0);
                CHECK(archive_seal(m->a, m->now, false, &m->err) == 0);
        }
        CHECK(model_commit(m, NULL, NULL) == 0);
        CHECK(archive_seal(m->a, m->now, false, &m->err) == 0);
        while (catalog_next_segment(archive_catalog(m->a), g.name.stream, g.name.number, false, &g,
                                    &m->err) == 0 &&
               n < ELEMENTS(before))
                before[n++] = g;
        model_close(m);
        scratch_delete(m->dir, CATALOG_FILE);
        m->config.segment_age = INT64_MAX;
        m->config.segment_size = INT64_MAX;
        CHECK(model_open(m) == 0);
        memset(&g, 0, sizeof(g));
        while (catalog_next_segment(archive_catalog(m->a), g.name.stream, g.name.number, false, &g,
                                    &m->err) == 0 &&
               k < n) {
                CHECK(memcmp(&g.name, &before[k].name, sizeof(g.name)) == 0);
                CHECK(g.length == before[k].length && g.frames == before[k].frames);
                CHECK(g.first == before[k].first && g.ledger >= before[k].ledger);
                k++;
        }
        CHECK(n > 5 && k == n);
        model_free(m);
}

/* A segment that was made for what was then taken back: it may vanish again, and nobody misses it. */
static void test_no_frames(void)
{
        struct model *m = model_new(PACKING_ZSTD);
        struct catalog_segment g;

        CHECK(model_open(m) == 0);
        CHECK(archive_mark(m->a, m->now, &m->err) == 0);
        CHECK(model_append(m, STREAM_COMPLETIONS, 100) == 0);
        CHECK(archive_back(m->a, &m->err) == 0);
        m->text[STREAM_COMPLETIONS].n = 0;
        CHECK(model_append(m, STREAM_MESSAGES, 100) == 0);
        CHECK(model_commit(m, NULL, NULL) == 0);
        CHECK(catalog_get_segment(archive_catalog(m->a), STREAM_COMPLETIONS, 1, &g, &m->err) ==
              CATALOG_NONE);
        CHECK(model_append(m, STREAM_COMPLETIONS, 100) == 0);
        archive_undo(m->a);
        model_forget(m);
        model_close(m);
        if (!CHECK(model_open(m) == 0))
                printf("# %s\n", m->err.text);
        else
                CHECK(model_append(m, STREAM_COMPLETIONS, 100) == 0 &&
                      model_commit(m, NULL, NULL) == 0 && model_holds(m));
        model_free(m);
}

static void test_min_free(void)
{
        struct model *m = model_new(PACKING_ZSTD);

        CHECK(model_open(m) == 0);
        CHECK(model_append(m, STREAM_COMPLETIONS, 100) == 0);
        CHECK(model_commit(m, NULL, NULL) == 0);
        model_close(m);
        m->config.min_free = 1ull << 60;
        CHECK(model_open(m) == 0); /* what is there can be read */
        CHECK(model_append(m, STREAM_COMPLETIONS, 100) < 0);
        CHECK(m->err.kind == ERR_HOST && m->err.errnum == ENOSPC);
        CHECK(model_append(m, STREAM_COMPLETIONS, SPOOL_MEMORY + 1) < 0);
        CHECK(model_commit(m, NULL, NULL) == 0 && model_holds(m));
        model_free(m);
}

int main(void)
{
        RUN(test_new_archive, "an empty or missing directory becomes an archive");
        RUN(test_not_an_archive, "what is neither empty nor an archive is refused, and left alone");
        RUN(test_locked, "a second writer is told that the archive is locked");
        RUN(test_due, "a commit is due by a frame's size or age, or for a giant");
        RUN(test_seal, "a segment is sealed by size, age, day, packing, or on demand");
        RUN(test_empty, "an empty spool makes no frame");
        RUN(test_begin, "a begin line stands once, with the first frames that were committed");
        RUN(test_walk_rebuilt, "walks come back from the ledger when the catalog is gone");
        RUN(test_segments_rebuilt, "segments come back from the ledger when the catalog is gone");
        RUN(test_no_frames, "a segment without frames is in no row, and may vanish");
        RUN(test_min_free, "no frame is begun when the disk has less than it should");
        RUN(test_model_none, "whatever is done, what was committed is there: plain");
        RUN(test_model_gzip, "whatever is done, what was committed is there: gzip");
        RUN(test_model_xz, "whatever is done, what was committed is there: xz");
        RUN(test_model_lz4, "whatever is done, what was committed is there: lz4");
        RUN(test_model_zstd, "whatever is done, what was committed is there: zstd");
        return tap_end();
}
