#include "model.h"

#include "store/archive_core.h"

static int add_text(void *ctx, struct unpack *text, struct err *e)
{
        const char *p;
        size_t n;

        for (;;) {
                if (unpack_next(text, &p, &n, e) < 0)
                        return -1;
                if (n == 0)
                        return 0;
                buf_add(ctx, p, n);
        }
}

/* The frame's text behind what is in *out. */
static bool read_frame(struct model *m, enum stream stream, uint64_t frame, struct buf *out)
{
        struct frame_ref ref;

        return CHECK(archive_find(m->a, stream, frame, &ref, &m->err) == 0) &&
               CHECK(ref.stream == stream) &&
               CHECK(archive_read(m->a, &ref, add_text, out, &m->err) == 0);
}

/* All frames, one by one: the stream, and nothing behind. */
static uint64_t check_frames(struct model *m, enum stream stream)
{
        struct buf text = BUF_INIT;
        struct frame_ref ref;
        uint64_t frame = 1;

        while (text.n < m->committed[stream] && read_frame(m, stream, frame, &text))
                frame++;
        CHECK(text.n == m->committed[stream] &&
              memcmp(buf_str(&text), buf_str(&m->text[stream]), text.n) == 0);
        CHECK(archive_find(m->a, stream, frame, &ref, &m->err) == ARCHIVE_NO_FRAME);
        CHECK(archive_find(m->a, stream, 0, &ref, &m->err) == ARCHIVE_NO_FRAME);
        CHECK(archive_find(m->a, stream, UINT64_MAX, &ref, &m->err) == ARCHIVE_NO_FRAME);
        buf_done(&text);
        return frame - 1;
}

/* Is the line with this digest among the text's? */
static bool has_line(const struct buf *text, const uint8_t want[static SHA256_SIZE])
{
        uint8_t digest[SHA256_SIZE];

        for (size_t at = 0; at < text->n;) {
                size_t n = (size_t)(strchr(text->p + at, '\n') - (text->p + at));

                sha256(text->p + at, n, digest);
                if (memcmp(digest, want, sizeof(digest)) == 0)
                        return true;
                at += n + 1;
        }
        return false;
}

/* Each completion's newest version lies in the frame that its row names; one that is not committed,
 * in none. Returns how many of those there were. */
static unsigned check_rows(struct model *m)
{
        struct buf text = BUF_INIT;
        struct catalog_record known;
        unsigned waiting = 0;
        uint64_t in_hand = 0;
        struct frame_ref ref;
        char id[32];

        for (unsigned k = 0; k < m->ids; k++) {
                snprintf(id, sizeof(id), "chatcmpl-%u", k);
                if (catalog_find(archive_catalog(m->a), id, strlen(id), &known, &m->err) != 0)
                        continue;
                CHECK(!known.has_form);
                if (archive_find(m->a, STREAM_COMPLETIONS, known.frame, &ref, &m->err) != 0) {
                        CHECK(known.frame > m->a->counted[STREAM_COMPLETIONS]);
                        waiting++;
                        continue;
                }
                if (in_hand != known.frame) {
                        buf_clear(&text);
                        in_hand = known.frame;
                        if (!read_frame(m, STREAM_COMPLETIONS, in_hand, &text))
                                break;
                }
                if (!CHECK(has_line(&text, known.digest)))
                        printf("# %s is not in frame %llu\n", id, (unsigned long long)known.frame);
        }
        buf_done(&text);
        return waiting;
}

static void append_some(struct model *m)
{
        for (unsigned n = tap_below(25); n > 0; n--) {
                unsigned what = tap_below(60);
                size_t size = what == 0 ? SPOOL_MEMORY + tap_below(50000) : 80 + tap_below(4000);

                CHECK(model_append(m, (enum stream)tap_below(STREAMS), size) == 0);
        }
}

static void go_back(struct model *m)
{
        size_t before[STREAMS];

        CHECK(archive_mark(m->a, m->now, &m->err) == 0);
        for (size_t i = 0; i < STREAMS; i++)
                before[i] = m->text[i].n;
        append_some(m);
        if (archive_back(m->a, &m->err) < 0) {
                archive_undo(m->a);
                model_forget(m);
                return;
        }
        for (size_t i = 0; i < STREAMS; i++)
                m->text[i].n = before[i];
}

/* A start that finds no catalog, or one that lacks the last commits. */
static void start_anew(struct model *m, bool rebuild)
{
        model_close(m);
        if (rebuild)
                scratch_delete(m->dir, CATALOG_FILE);
        CHECK(model_open(m) == 0);
}

static void at_random(enum packing packing)
{
        struct model *m = model_new(packing);
        unsigned waited = 0;
        uint64_t segments = 0;
        struct catalog_segment g = { 0 };

        if (!CHECK(model_open(m) == 0))
                return;
        for (int round = 0; round < 60; round++) {
                unsigned what = tap_below(12);

                append_some(m);
                if (what < 5) {
                        CHECK(model_commit(m, NULL, NULL) == 0);
                        CHECK(archive_seal(m->a, m->now, tap_below(4) == 0, &m->err) == 0);
                } else if (what < 6) {
                        archive_undo(m->a);
                        model_forget(m);
                } else if (what < 9) {
                        go_back(m);
                } else if (what < 11) {
                        start_anew(m, what == 9);
                }
                if (round % 5 == 4) {
                        append_some(m);
                        waited += check_rows(m);
                }
        }
        for (int rebuild = 0; rebuild < 2; rebuild++) {
                CHECK(model_commit(m, NULL, NULL) == 0);
                CHECK(check_rows(m) == 0);
                for (size_t i = 0; i < STREAMS; i++)
                        CHECK(check_frames(m, (enum stream)i) > 10);
                start_anew(m, true);
        }
        while (catalog_next_segment(archive_catalog(m->a), g.name.stream, g.name.number, false, &g,
                                    &m->err) == 0)
                segments++;
        CHECK(waited > 0 && segments > 3);
        model_free(m);
}

static void test_none(void)
{
        at_random(PACKING_NONE);
}

static void test_gzip(void)
{
        at_random(PACKING_GZIP);
}

static void test_xz(void)
{
        at_random(PACKING_XZ);
}

static void test_lz4(void)
{
        at_random(PACKING_LZ4);
}

static void test_zstd(void)
{
        at_random(PACKING_ZSTD);
}

/* The catalog of some commits ago has to catch up: numbers go on where it stands. */
static void test_behind(void)
{
        struct model *m = model_new(PACKING_ZSTD);
        char *text;
        size_t n;

        CHECK(model_open(m) == 0);
        for (int i = 0; i < 5; i++) {
                CHECK(model_append(m, STREAM_COMPLETIONS, 300) == 0);
                CHECK(model_commit(m, NULL, NULL) == 0);
        }
        model_close(m);
        text = scratch_read(m->dir, CATALOG_FILE, &n);
        CHECK(model_open(m) == 0);
        for (int i = 0; i < 5; i++) {
                CHECK(model_append(m, STREAM_COMPLETIONS, 300) == 0);
                CHECK(model_commit(m, NULL, NULL) == 0);
        }
        model_close(m);
        scratch_write(m->dir, CATALOG_FILE, text, n, 0600);
        free(text);
        CHECK(model_open(m) == 0);
        CHECK(check_frames(m, STREAM_COMPLETIONS) == 10 && check_rows(m) == 0);
        model_free(m);
}

/* A frame whose stored bytes are not those of the ledger is not read. */
static void test_damaged(void)
{
        struct model *m = model_new(PACKING_NONE);
        char below[NAME_MAX_BYTES + 8], *text;
        struct buf out = BUF_INIT;
        struct frame_ref ref;
        size_t n;

        CHECK(model_open(m) == 0);
        CHECK(model_append(m, STREAM_COMPLETIONS, 300) == 0);
        CHECK(model_commit(m, NULL, NULL) == 0);
        CHECK(archive_find(m->a, STREAM_COMPLETIONS, 1, &ref, &m->err) == 0);
        snprintf(below, sizeof(below), "%s.open", ref.segment);
        text = scratch_read(m->dir, below, &n);
        text[n / 2] ^= 1;
        scratch_write(m->dir, below, text, n, 0600);
        CHECK(archive_read(m->a, &ref, add_text, &out, &m->err) < 0 && m->err.kind == ERR_DAMAGE &&
              out.n == 0);
        free(text);
        scratch_delete(m->dir, below);
        CHECK(archive_read(m->a, &ref, add_text, &out, &m->err) < 0 && m->err.kind == ERR_DAMAGE);
        buf_done(&out);
        model_free(m);
}

int main(void)
{
        RUN(test_none, "each record lies in the frame that its row names: plain");
        RUN(test_gzip, "each record lies in the frame that its row names: gzip");
        RUN(test_xz, "each record lies in the frame that its row names: xz");
        RUN(test_lz4, "each record lies in the frame that its row names: lz4");
        RUN(test_zstd, "each record lies in the frame that its row names: zstd");
        RUN(test_behind, "a catalog that is behind counts on from where it stands");
        RUN(test_damaged, "a frame that is not what the ledger says is not read");
        return tap_end();
}
