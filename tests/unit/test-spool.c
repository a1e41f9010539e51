#include "base/buf.h"
#include "base/mem.h"
#include "store/spool.h"
#include "store/unpack.h"
#include "scratch.h"
#include "tap.h"

#define LARGEST (3 * SPOOL_MEMORY)

static char *noise; /* LARGEST bytes that hold no newline */

/* What a spool should hold: the text, and the same without the newlines that end its lines. */
struct model {
        struct buf text, record;
        uint64_t records;
        bool giant;
};

static void model_done(struct model *m)
{
        buf_done(&m->text);
        buf_done(&m->record);
        *m = (struct model){ .text = BUF_INIT, .record = BUF_INIT };
}

static void make_noise(void)
{
        noise = mem_new(LARGEST);
        for (size_t i = 0; i < LARGEST; i++)
                noise[i] = (char)(' ' + tap_below(64));
}

static bool giant_holds(struct spool *s, const struct model *m, enum packing packing)
{
        uint8_t sum[SHA256_SIZE];
        struct buf text = BUF_INIT;
        struct unpack *u = NULL;
        struct err e = { 0 };
        uint64_t length;
        const char *p;
        size_t n;
        bool ok;
        int fd;

        ok = spool_finish_giant(s, &fd, &length, sum, &e) == 0 &&
             unpack_verify(fd, 0, length, sum, NULL, &e) == 0 &&
             unpack_open(fd, 0, length, packing, &u, &e) == 0;
        while (ok && (ok = unpack_next(u, &p, &n, &e) == 0) && n > 0)
                buf_add(&text, p, n);
        unpack_free(u);
        ok = ok && text.n == m->text.n && memcmp(text.p, m->text.p, text.n) == 0;
        buf_done(&text);
        return ok;
}

/* The spool is exactly what the model says; finishes a giant, so once for each. */
static bool holds(struct spool *s, const struct model *m, enum packing packing)
{
        uint8_t want[SHA256_SIZE], got[SHA256_SIZE];

        sha256(buf_str(&m->record), m->record.n, want);
        spool_digest(s, got);
        if (!CHECK(memcmp(want, got, sizeof(want)) == 0) ||
            !CHECK(spool_records(s) == m->records) || !CHECK(spool_bytes(s) == m->text.n) ||
            !CHECK(spool_is_giant(s) == m->giant))
                return false;
        if (m->giant)
                return CHECK(giant_holds(s, m, packing));
        return CHECK(memcmp(spool_text(s), buf_str(&m->text), m->text.n) == 0);
}

static int add(struct spool *s, struct model *m, size_t n, struct err *e)
{
        const char *p = noise + tap_below((unsigned)(LARGEST - n + 1));
        int r = spool_add(s, p, n, e);

        if (r == 0) {
                buf_add(&m->text, p, n);
                buf_add(&m->record, p, n);
                m->giant |= m->text.n > SPOOL_MEMORY;
        }
        return r;
}

static int end_line(struct spool *s, struct model *m, struct err *e)
{
        int r = spool_end_line(s, e);

        if (r == 0) {
                buf_putc(&m->text, '\n');
                m->records++;
                m->giant |= m->text.n > SPOOL_MEMORY;
        }
        return r;
}

static struct spool_place place_in(const char *dir, enum packing packing)
{
        int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        scratch_must(fd >= 0, dir);
        return (struct spool_place){ .dirfd = fd, .packing = packing };
}

/* One record of each size around the limit, in pieces of every kind, before and behind its end. */
static void test_sizes(void)
{
        static const size_t pieces[] = { 1, 64, 4095, 4096, 65536, SPOOL_MEMORY, LARGEST };
        static const int around[] = { -2, -1, 0, 1, 2 };
        char *dir = scratch_new();
        struct model m = { .text = BUF_INIT, .record = BUF_INIT };
        struct spool_place place = place_in(dir, PACKING_ZSTD);
        struct spool *s = spool_new(&place);
        struct err e = { 0 };

        for (size_t k = 0; k < ELEMENTS(pieces); k++) {
                for (size_t i = 0; i < 2 * ELEMENTS(around); i++) {
                        size_t n = (size_t)(SPOOL_MEMORY + around[i / 2]);

                        for (size_t left = n; left > 0;) {
                                size_t piece = left < pieces[k] ? left : pieces[k];

                                CHECK(add(s, &m, piece, &e) == 0);
                                left -= piece;
                        }
                        if (i % 2)
                                CHECK(end_line(s, &m, &e) == 0);
                        CHECK(m.giant == (n + i % 2 > SPOOL_MEMORY));
                        holds(s, &m, PACKING_ZSTD);
                        spool_reset(s);
                        model_done(&m);
                        CHECK(place.giant == NULL && spool_records(s) == 0 && spool_bytes(s) == 0);
                }
        }
        spool_free(s);
        close(place.dirfd);
        scratch_drop(dir);
}

/* Any sequence of adding, ending, cutting and resetting, against the model. */
static void test_model(void)
{
        char *dir = scratch_new();
        struct model m = { .text = BUF_INIT, .record = BUF_INIT };

        for (size_t p = 0; p < PACKINGS; p++) {
                struct spool_place place = place_in(dir, (enum packing)p);
                struct spool *s = spool_new(&place);
                struct err e = { 0 };

                for (int round = 0; round < 60; round++) {
                        uint64_t records = 0, bytes = 0, record = 0;
                        unsigned steps = 1 + tap_below(12);

                        while (steps-- > 0) {
                                unsigned what = tap_below(8);

                                if (what < 5) {
                                        add(s, &m, tap_below(what ? 3000 : 200000), &e);
                                } else if (what < 7) {
                                        end_line(s, &m, &e);
                                        if (tap_below(2)) {
                                                records = m.records;
                                                bytes = m.text.n;
                                                record = m.record.n;
                                        }
                                } else if (!m.giant) {
                                        CHECK(spool_cut(s, records, bytes));
                                        m.text.n = (size_t)bytes;
                                        m.record.n = (size_t)record;
                                        m.records = records;
                                } else {
                                        /* Only to where it is already. */
                                        CHECK(spool_cut(s, records, bytes) ==
                                              (m.records == records && m.text.n == bytes));
                                }
                        }
                        CHECK((place.giant == s) == m.giant);
                        holds(s, &m, (enum packing)p);
                        spool_reset(s);
                        model_done(&m);
                }
                spool_free(s);
                close(place.dirfd);
        }
        scratch_drop(dir);
}

/* While one giant is under way, no other begins; what was refused is not half there. */
static void test_busy(void)
{
        char *dir = scratch_new();
        struct spool_place place = place_in(dir, PACKING_ZSTD);
        struct spool *a = spool_new(&place), *b = spool_new(&place);
        struct model ma = { .text = BUF_INIT, .record = BUF_INIT };
        struct model mb = { .text = BUF_INIT, .record = BUF_INIT };
        struct err e = { 0 };

        CHECK(add(a, &ma, LARGEST, &e) == 0 && spool_is_giant(a));
        CHECK(add(b, &mb, SPOOL_MEMORY, &e) == 0);
        CHECK(add(b, &mb, 1, &e) == SPOOL_BUSY);
        CHECK(end_line(b, &mb, &e) == SPOOL_BUSY);
        CHECK(add(b, &mb, LARGEST, &e) == SPOOL_BUSY);
        holds(b, &mb, PACKING_ZSTD); /* the part that was taken */
        CHECK(place.giant == a);

        /* The one that waits gives nothing back that is not its own. */
        spool_reset(b);
        model_done(&mb);
        CHECK(place.giant == a);
        CHECK(add(b, &mb, LARGEST, &e) == SPOOL_BUSY);
        CHECK(add(a, &ma, 100, &e) == 0 && end_line(a, &ma, &e) == 0);
        holds(a, &ma, PACKING_ZSTD);
        spool_free(a);
        CHECK(place.giant == NULL);

        spool_reset(b);
        CHECK(add(b, &mb, LARGEST, &e) == 0 && end_line(b, &mb, &e) == 0);
        holds(b, &mb, PACKING_ZSTD);
        spool_free(b);
        CHECK(place.giant == NULL);
        model_done(&ma);
        model_done(&mb);
        close(place.dirfd);
        scratch_drop(dir);
}

/* A giant leaves no name in the directory, and its place comes back when its start failed. */
static void test_place(void)
{
        char *dir = scratch_new();
        struct spool_place place = place_in(dir, PACKING_ZSTD);
        struct spool *s = spool_new(&place);
        uint8_t none[SHA256_SIZE], now[SHA256_SIZE];
        struct err e = { 0 };

        scratch_sum(dir, NULL, false, none);
        CHECK(spool_add(s, noise, LARGEST, &e) == 0);
        scratch_sum(dir, NULL, false, now);
        CHECK(memcmp(none, now, sizeof(now)) == 0);
        spool_reset(s);

        place.level = 1000;
        CHECK(spool_add(s, noise, LARGEST, &e) < 0 && e.kind == ERR_CONFIG);
        spool_reset(s);
        CHECK(place.giant == NULL);
        place.level = 0;
        CHECK(spool_add(s, noise, LARGEST, &e) == 0);
        spool_reset(s);

        close(place.dirfd);
        CHECK(spool_add(s, noise, LARGEST, &e) < 0 && e.kind == ERR_HOST && e.errnum == EBADF);
        spool_free(s);
        CHECK(place.giant == NULL);
        CHECK(spool_free(NULL) == NULL);
        scratch_drop(dir);
}

/* An unfinished line behind a finished one: the digest is of all but the newlines that end lines. */
static void test_partial_line(void)
{
        char *dir = scratch_new();
        struct spool_place place = place_in(dir, PACKING_NONE);
        struct spool *s = spool_new(&place);
        struct model m = { .text = BUF_INIT, .record = BUF_INIT };
        struct err e = { 0 };

        for (int i = 0; i < 3; i++) {
                CHECK(add(s, &m, 10, &e) == 0);
                holds(s, &m, PACKING_NONE);
                CHECK(end_line(s, &m, &e) == 0);
                holds(s, &m, PACKING_NONE);
        }
        spool_reset(s);
        model_done(&m);
        CHECK(end_line(s, &m, &e) == 0); /* an empty line */
        holds(s, &m, PACKING_NONE);
        spool_free(s);
        model_done(&m);
        close(place.dirfd);
        scratch_drop(dir);
}

int main(void)
{
        make_noise();
        RUN(test_sizes,
            "a record of any size around the memory's end is kept, in pieces of any size");
        RUN(test_model, "adding, ending, cutting and resetting in any order keep text and digest");
        RUN(test_busy, "there is one place for a giant, and who finds it taken loses nothing");
        RUN(test_place, "a giant has no name, and its place comes back after a failure");
        RUN(test_partial_line, "the digest covers everything but the newlines that end lines");
        free(noise);
        return tap_end();
}
