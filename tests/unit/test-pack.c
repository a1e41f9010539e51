#include "base/buf.h"
#include "store/pack.h"
#include "store/unpack.h"
#include "scratch.h"
#include "tap.h"
#include "tool.h"

/* Where frames go: memory, until a call that is told to fail. */
struct sink {
        struct buf stored;
        unsigned calls, fail_at; /* 0: never */
};

static int sink_write(void *ctx, const void *p, size_t n, struct err *e)
{
        struct sink *s = ctx;

        if (++s->calls == s->fail_at)
                return err_set(e, ERR_AGAIN, "the sink is full");
        buf_add(&s->stored, p, n);
        return 0;
}

/* Text that compresses somewhat: words from a small stock, and noise. */
static void random_text(struct buf *b, size_t n)
{
        static const char *const stock[] = { "{\"id\":\"chatcmpl-", "\"role\":\"assistant\"",
                                             "\"content\":null,", "created", "\n" };
        size_t start = b->n;

        while (b->n - start < n) {
                if (tap_below(3))
                        buf_puts(b, stock[tap_below(5)]);
                else
                        buf_printf(b, "%016llx", (unsigned long long)tap_random());
        }
        b->n = start + n;
}

/* One frame, its text handed over in random pieces. */
static bool pack_frame(enum packing packing, int level, const char *text, size_t n, size_t piece,
                       struct sink *s, struct err *e)
{
        struct pack *p;
        bool ok = true;

        if (pack_new(packing, level, sink_write, s, &p, e) < 0)
                return false;
        while (ok && n > 0) {
                size_t k = 1 + tap_below((unsigned)piece);

                k = k < n ? k : n;
                ok = pack_add(p, text, k, e) == 0;
                text += k;
                n -= k;
        }
        ok = ok && pack_finish(p, e) == 0;
        pack_free(p);
        return ok;
}

/* The frame's text is exactly this? */
static bool unpacks_to(int fd, uint64_t offset, uint64_t length, enum packing packing,
                       const char *text, size_t n)
{
        struct unpack *u;
        const char *p;
        struct err e;
        size_t k;

        if (unpack_open(fd, offset, length, packing, &u, &e) < 0)
                return false;
        for (;;) {
                if (unpack_next(u, &p, &k, &e) < 0 || k > n || (k && memcmp(p, text, k) != 0)) {
                        n = 1;
                        break;
                }
                if (k == 0)
                        break;
                text += k;
                n -= k;
        }
        unpack_free(u);
        return n == 0;
}

/* Some frames in a row, in a file, each read back alone, then all by the system's tool. */
static void round_trip(const char *dir, enum packing packing, int level)
{
        struct {
                size_t from, to, n;
        } frames[12];
        static const size_t sizes[] = { 1, 2, 100, 65535, 65536, 65537, 300000, 1000000 };
        struct sink s = { .stored = BUF_INIT };
        struct buf text = BUF_INIT, out = BUF_INIT;
        char path[SCRATCH_PATH_MAX];
        size_t at = 0;
        struct err e = { 0 };
        int fd;

        for (size_t i = 0; i < ELEMENTS(frames); i++) {
                size_t n = i < 8 ? sizes[i] : 1 + tap_below(200000), start = text.n;

                if (level && n > 70000)
                        n = 70000; /* for the sake of time */
                random_text(&text, n);
                frames[i].from = s.stored.n;
                frames[i].n = n;
                CHECK(pack_frame(packing, level, text.p + start, n, n < 5000 ? 7 : 70000, &s, &e));
                frames[i].to = s.stored.n;
        }
        scratch_write(dir, "frames", s.stored.p, s.stored.n, 0600);
        scratch_join(path, dir, "frames");
        fd = open(path, O_RDONLY | O_CLOEXEC);
        for (size_t i = 0; i < ELEMENTS(frames); at += frames[i++].n)
                CHECK(unpacks_to(fd, frames[i].from, frames[i].to - frames[i].from, packing,
                                 text.p + at, frames[i].n));
        close(fd);
        if (tool_there(packing)) {
                CHECK(tool_unpack(packing, path, &out));
                CHECK(out.n == text.n && memcmp(out.p, text.p, text.n) == 0);
        }
        buf_done(&out);
        buf_done(&text);
        buf_done(&s.stored);
}

static void test_round_trip(void)
{
        char *dir = scratch_new();

        for (size_t p = 0; p < PACKINGS; p++)
                round_trip(dir, (enum packing)p, 0);
        scratch_drop(dir);
}

static void test_levels(void)
{
        char *dir = scratch_new();
        struct err e;

        for (size_t p = 0; p < PACKINGS; p++) {
                unsigned allowed = 0;

                CHECK(pack_level_check((enum packing)p, 0) == 0);
                CHECK(pack_level_check((enum packing)p, -1) < 0);
                CHECK(pack_level_check((enum packing)p, 23) < 0);
                for (int level = 1; level <= 22; level++) {
                        struct sink s = { .stored = BUF_INIT };

                        if (pack_level_check((enum packing)p, level) < 0)
                                continue;
                        allowed++;
                        if (level % 4 == 1 && level <= 9)
                                round_trip(dir, (enum packing)p, level);
                        else
                                CHECK(pack_frame((enum packing)p, level, "x", 1, 1, &s, &e));
                        buf_done(&s.stored);
                }
                CHECK(allowed == (p == PACKING_NONE ? 0 : p == PACKING_ZSTD ? 22 : 9));
        }
        scratch_drop(dir);
}

static void test_refused_level(void)
{
        struct sink s = { .stored = BUF_INIT };
        struct pack *p;

        for (size_t i = PACKING_GZIP; i < PACKINGS; i++) {
                struct err e = { 0 };

                CHECK(pack_new((enum packing)i, 1000, sink_write, &s, &p, &e) < 0);
                CHECK(e.kind == ERR_CONFIG && *e.text);
        }
        CHECK(s.stored.n == 0);
}

static void test_small(void)
{
        for (size_t p = 0; p < PACKINGS; p++) {
                struct sink a = { .stored = BUF_INIT }, b = { .stored = BUF_INIT };
                struct err e = { 0 };

                CHECK(pack_frame((enum packing)p, 0, "{}\n", 3, 3, &a, &e));
                CHECK(pack_frame((enum packing)p, 0, "{}\n", 3, 1, &b, &e));
                CHECK(a.stored.n >= 3 && a.stored.n < 100); /* libarchive's default pads */
                CHECK(a.stored.n == b.stored.n && memcmp(a.stored.p, b.stored.p, a.stored.n) == 0);
                if (p == PACKING_GZIP) /* no time in it: the same records make the same file */
                        CHECK(memcmp(a.stored.p + 4, "\0\0\0\0", 4) == 0);
                buf_done(&a.stored);
                buf_done(&b.stored);
        }
}

/* The sink fails at each of its calls in turn: its own words come back, and nothing is written
 * behind the failure, not even by the freeing. */
static void test_sink_faults(void)
{
        struct buf text = BUF_INIT;

        random_text(&text, 700000);
        for (size_t p = 0; p < PACKINGS; p++) {
                struct sink good = { .stored = BUF_INIT };
                struct err e = { 0 };

                CHECK(pack_frame((enum packing)p, 0, text.p, text.n, 70000, &good, &e));
                for (unsigned at = 1; at <= 4; at++) {
                        struct sink s = { .stored = BUF_INIT, .fail_at = at };

                        memset(&e, 0, sizeof(e));
                        if (at > good.calls)
                                break;
                        CHECK(!pack_frame((enum packing)p, 0, text.p, text.n, 70000, &s, &e));
                        CHECK(e.kind == ERR_AGAIN && strcmp(e.text, "the sink is full") == 0);
                        CHECK(s.calls == at);
                        buf_done(&s.stored);
                }
                buf_done(&good.stored);
        }
        buf_done(&text);
}

static void test_unfinished(void)
{
        struct buf text = BUF_INIT;

        random_text(&text, 400000);
        for (size_t i = PACKING_GZIP; i < PACKINGS; i++) {
                struct sink s = { .stored = BUF_INIT };
                struct err e = { 0 };
                struct pack *p;
                unsigned before;

                CHECK(pack_new((enum packing)i, 0, sink_write, &s, &p, &e) == 0);
                CHECK(pack_add(p, text.p, text.n, &e) == 0);
                before = s.calls;
                CHECK(pack_free(p) == NULL);
                CHECK(s.calls == before);
                buf_done(&s.stored);
        }
        CHECK(pack_free(NULL) == NULL);
        buf_done(&text);
}

static void test_verify(void)
{
        char *dir = scratch_new(), path[SCRATCH_PATH_MAX];
        uint8_t sum[SHA256_SIZE], got[SHA256_SIZE];
        struct buf text = BUF_INIT;
        struct err e = { 0 };
        int fd;

        random_text(&text, 200000);
        scratch_write(dir, "f", text.p, text.n, 0600);
        scratch_join(path, dir, "f");
        fd = open(path, O_RDWR | O_CLOEXEC);
        for (int i = 0; i < 200; i++) {
                size_t from = tap_below(200001), n = tap_below((unsigned)(200001 - from));

                sha256(text.p + from, n, sum);
                CHECK(unpack_verify(fd, from, n, sum, got, &e) == 0);
                CHECK(memcmp(sum, got, sizeof(sum)) == 0);
                CHECK(unpack_verify(fd, from, n, NULL, NULL, &e) == 0);
                CHECK(unpack_verify(fd, from, 200001 - from, NULL, NULL, &e) == UNPACK_SHORT);
                CHECK(unpack_verify(fd, 200000 + from, 1, sum, NULL, &e) == UNPACK_SHORT);
                if (n) { /* one bit */
                        size_t at = from + tap_below((unsigned)n);
                        char flipped = (char)(text.p[at] ^ (1 << tap_below(8)));

                        CHECK(pwrite(fd, &flipped, 1, (off_t)at) == 1);
                        CHECK(unpack_verify(fd, from, n, sum, got, &e) == UNPACK_DIFFERS);
                        CHECK(memcmp(sum, got, sizeof(sum)) != 0);
                        CHECK(pwrite(fd, text.p + at, 1, (off_t)at) == 1);
                }
        }
        close(fd);
        CHECK(unpack_verify(fd, 0, 1, sum, NULL, &e) < 0 && e.kind == ERR_HOST);
        buf_done(&text);
        scratch_drop(dir);
}

/* Reads until the end or an error, with no expectation but that it comes to one. */
static int drain(int fd, uint64_t length, enum packing packing, struct err *e)
{
        struct unpack *u;
        const char *p;
        size_t n = 1;

        if (unpack_open(fd, 0, length, packing, &u, e) < 0)
                return -1;
        while (n > 0 && unpack_next(u, &p, &n, e) == 0)
                ;
        unpack_free(u);
        return n == 0 ? 0 : -1;
}

/* A file that ends within the frame is damage whatever the format makes of it; bytes that changed
 * may read back (which is why there are digests), but never crash, and never as an error of the
 * machine. */
static void test_broken(void)
{
        char *dir = scratch_new(), path[SCRATCH_PATH_MAX];
        struct buf text = BUF_INIT;

        random_text(&text, 5000);
        scratch_join(path, dir, "f");
        for (size_t p = 0; p < PACKINGS; p++) {
                struct sink s = { .stored = BUF_INIT };
                struct err e = { 0 };
                int fd;

                CHECK(pack_frame((enum packing)p, 0, text.p, text.n, 5000, &s, &e));
                for (size_t cut = 0; cut < s.stored.n; cut += 1 + tap_below(20)) {
                        scratch_write(dir, "f", s.stored.p, cut, 0600);
                        fd = open(path, O_RDONLY | O_CLOEXEC);
                        memset(&e, 0, sizeof(e));
                        CHECK(drain(fd, s.stored.n, (enum packing)p, &e) < 0);
                        CHECK(e.kind == ERR_DAMAGE && *e.text);
                        close(fd);
                }
                for (int i = 0; i < 200; i++) {
                        size_t at = tap_below((unsigned)s.stored.n);

                        s.stored.p[at] ^= (char)(1 << tap_below(8));
                        scratch_write(dir, "f", s.stored.p, s.stored.n, 0600);
                        fd = open(path, O_RDONLY | O_CLOEXEC);
                        memset(&e, 0, sizeof(e));
                        CHECK(drain(fd, s.stored.n, (enum packing)p, &e) == 0 ||
                              e.kind == ERR_DAMAGE);
                        close(fd);
                }
                buf_done(&s.stored);
        }
        buf_done(&text);
        scratch_drop(dir);
}

static void test_read_fault(void)
{
        struct buf text = BUF_INIT;

        random_text(&text, 5000);
        for (size_t p = 0; p < PACKINGS; p++) {
                struct err e = { 0 };

                CHECK(drain(-1, 100, (enum packing)p, &e) < 0);
                CHECK(e.kind == ERR_HOST && e.errnum == EBADF);
                CHECK(drain(-1, 100, (enum packing)p, NULL) < 0); /* nobody asks why */
        }
        buf_done(&text);
}

int main(void)
{
        RUN(test_round_trip, "frames of every packing read back alone, and in a row by its tool");
        RUN(test_levels, "every level that is allowed works, and no other is");
        RUN(test_refused_level, "a level that the compressor refuses is an error of configuration");
        RUN(test_small, "a small frame is not padded, and the same text gives the same bytes");
        RUN(test_sink_faults, "a sink that fails is heard, and is not written to again");
        RUN(test_unfinished, "a frame that is dropped writes nothing more");
        RUN(test_verify, "the digest of any range is right, and any flipped bit is found");
        RUN(test_broken, "a frame that was cut is damage, and no flipped bit crashes the reader");
        RUN(test_read_fault, "a file that cannot be read is the machine's fault, not damage");
        return tap_end();
}
