#include "model.h"

#include "ctl/verify.h"
#include "store/archive_core.h"

static size_t random_size(void)
{
        unsigned what = tap_below(60);

        return what == 0 ? SPOOL_MEMORY + tap_below(50000)
                         : 80 + tap_below(what < 8 ? 40000 : 3000);
}

static void append_some(struct model *m, bool commits)
{
        for (unsigned n = tap_below(12); n > 0; n--) {
                CHECK(model_append(m, (enum stream)tap_below(STREAMS), random_size()) == 0);
                if (commits && tap_below(20) == 0)
                        CHECK(model_commit(m, NULL, NULL) == 0);
        }
}

/* One mark, what is appended behind it, and the way back. */
static void round_trip(struct model *m, unsigned *refused)
{
        size_t before[STREAMS];
        bool commits = tap_below(4) == 0, stands;

        CHECK(archive_mark(m->a, m->now, &m->err) == 0);
        for (size_t i = 0; i < STREAMS; i++)
                before[i] = m->text[i].n;
        snprintf(archive_walk(m->a)->asc, CATALOG_ID_MAX, "before");
        archive_walk(m->a)->new = 7;
        CHECK(archive_mark(m->a, m->now, &m->err) == 0);

        archive_walk(m->a)->new = 8;
        append_some(m, commits);
        stands = m->a->mark.set;
        if (archive_back(m->a, &m->err) < 0) {
                (*refused)++;
                archive_undo(m->a);
                model_forget(m);
                return;
        }
        CHECK(archive_walk(m->a)->new == (stands ? 7 : 8));
        for (size_t i = 0; stands && i < STREAMS; i++)
                m->text[i].n = before[i];
}

/* Seals hold the digest of their whole file, which only verify looks at. */
static bool verifies(const struct model *m)
{
        FILE *null = fopen("/dev/null", "w");
        struct verb v = { .directory = m->dir, .out = null, .err = null };
        bool clean = null && verify_archive(&v, &(struct args){ .jobs = 1 }) == VERB_OK;

        if (null)
                fclose(null);
        return clean;
}

static void at_random(enum packing packing)
{
        struct model *m = model_new(packing);
        unsigned refused = 0;

        if (!CHECK(model_open(m) == 0))
                return;
        for (int round = 0; round < 120; round++) {
                append_some(m, true);
                round_trip(m, &refused);
                append_some(m, false);
                if (tap_below(3) == 0) {
                        CHECK(model_commit(m, NULL, NULL) == 0);
                        CHECK(archive_seal(m->a, m->now, false, &m->err) == 0);
                }
                if (round % 10 == 9)
                        CHECK(model_commit(m, NULL, NULL) == 0 && model_holds(m) &&
                              model_catalog_holds(m));
        }
        CHECK(refused > 0);
        CHECK(archive_seal(m->a, m->now, true, &m->err) == 0 && verifies(m));
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

static void test_zstd(void)
{
        at_random(PACKING_ZSTD);
}

/* Nothing was there at the mark: nothing is there again, not even a segment. */
static void test_empty(void)
{
        struct model *m = model_new(PACKING_ZSTD);
        uint64_t seq;

        if (!CHECK(model_open(m) == 0))
                return;
        seq = archive_head(m->a)->seq;
        CHECK(archive_mark(m->a, m->now, &m->err) == 0);
        CHECK(model_append(m, STREAM_COMPLETIONS, 5000) == 0);
        CHECK(archive_back(m->a, &m->err) == 0);
        m->text[STREAM_COMPLETIONS].n = 0;
        CHECK(model_commit(m, NULL, NULL) == 0 && archive_head(m->a)->seq == seq);
        CHECK(model_holds(m) && model_catalog_holds(m));
        model_free(m);
}

int main(void)
{
        RUN(test_empty, "a mark in an empty archive is come back to");
        RUN(test_none, "what was appended behind a mark is taken back, and nothing else: plain");
        RUN(test_gzip, "what was appended behind a mark is taken back, and nothing else: gzip");
        RUN(test_zstd, "what was appended behind a mark is taken back, and nothing else: zstd");
        return tap_end();
}
