#include "base/buf.h"
#include "base/mem.h"
#include "store/frame.h"
#include "store/unpack.h"
#include "scratch.h"
#include "tap.h"

#define NOON ((usec_t)1795348800 * USEC_PER_SEC)

static char *noise; /* FRAME_MEMORY bytes, of which a part compresses */

static void make_noise(void)
{
        noise = mem_new(FRAME_MEMORY);
        for (size_t i = 0; i < FRAME_MEMORY; i++)
                noise[i] = (char)(i % 512 < 256 ? 'a' : ' ' + tap_below(64));
}

static bool reads_back(const char *dir, const struct frame_ref *ref, enum packing packing,
                       const struct buf *text)
{
        char path[SCRATCH_PATH_MAX], file[NAME_MAX_BYTES + 8];
        struct unpack *u = NULL;
        struct buf got = BUF_INIT;
        struct err e = { 0 };
        const char *p;
        bool ok;
        size_t n;
        int fd;

        snprintf(file, sizeof(file), "%s.open", ref->segment);
        scratch_join(path, dir, file);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        ok = CHECK(unpack_verify(fd, ref->offset, ref->length, ref->sum, NULL, &e) == 0) &&
             CHECK(unpack_open(fd, ref->offset, ref->length, packing, &u, &e) == 0);
        while (ok && (ok = unpack_next(u, &p, &n, &e) == 0) && n > 0)
                buf_add(&got, p, n);
        unpack_free(u);
        close(fd);
        ok = ok && got.n == text->n && memcmp(buf_str(&got), buf_str(text), got.n) == 0;
        buf_done(&got);
        return ok;
}

struct fixture {
        char *dir;
        int dirfd;
        struct segment *segment;
        struct name name;
};

static struct fixture fixture_new(enum packing packing)
{
        struct fixture f = { .dir = scratch_new(),
                             .name = { STREAM_CHANGES, packing, 1, true, "2026-11-22" } };
        struct err e;

        f.dirfd = open(f.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        scratch_must(f.dirfd >= 0 && segment_new(f.dirfd, &f.name, &f.segment, &e) == 0, f.dir);
        return f;
}

static void fixture_done(struct fixture *f)
{
        segment_free(f->segment);
        close(f->dirfd);
        scratch_drop(f->dir);
}

/* Frames in a row; each waits for the encoder for a random while. */
static void frames_in_a_row(enum packing packing)
{
        struct fixture x = fixture_new(packing);
        uint64_t offset = 0;

        for (int round = 0; round < 12; round++) {
                struct frame *f = frame_new(x.dirfd, packing, 0, NOON + round);
                unsigned steps = 1 + tap_below(round % 4 ? 6 : 20), encode = tap_below(steps + 1);
                struct buf text = BUF_INIT;
                struct frame_ref ref;
                uint64_t records = 0;
                struct err e = { 0 };

                for (unsigned i = 0; i < steps; i++) {
                        size_t n = 1 + tap_below(round % 3 ? 2000 : FRAME_MEMORY);

                        if (i == encode) {
                                CHECK(!frame_encodes(f));
                                CHECK(frame_encode(f, x.segment, &e) == 0);
                        }
                        CHECK(frame_add(f, noise + FRAME_MEMORY - n, n, i, &e) == 0);
                        buf_add(&text, noise + FRAME_MEMORY - n, n);
                        records += i;
                        CHECK(frame_encodes(f) == (i >= encode) && frame_bytes(f) == text.n);
                }
                if (encode >= steps)
                        CHECK(frame_encode(f, x.segment, &e) == 0);
                CHECK(frame_first(f) == NOON + round);
                CHECK(frame_finish(f, &ref, &e) == 0);
                CHECK(ref.stream == STREAM_CHANGES && ref.offset == offset);
                CHECK(ref.records == records && ref.bytes == text.n);
                CHECK(x.segment->written == ref.offset + ref.length);
                CHECK(strstr(ref.segment, ".open") == NULL);
                CHECK(reads_back(x.dir, &ref, packing, &text));
                offset += ref.length;
                frame_free(f);
                buf_done(&text);
        }
        fixture_done(&x);
}

static void test_frames(void)
{
        for (size_t p = 0; p < PACKINGS; p++)
                frames_in_a_row((enum packing)p);
}

/* A waiting frame of exactly its memory, and one byte more: the first stays in memory. */
static void test_memory(void)
{
        static const size_t pieces[][3] = {
                { FRAME_MEMORY, 0, 0 },
                { FRAME_MEMORY - 1, 1, 0 },
                { FRAME_MEMORY, 1, 0 },
                { 1, FRAME_MEMORY, 0 },
                { FRAME_MEMORY, FRAME_MEMORY, FRAME_MEMORY },
                { 1, FRAME_MEMORY, 1 },
        };

        for (size_t i = 0; i < ELEMENTS(pieces); i++) {
                struct fixture x = fixture_new(PACKING_ZSTD);
                struct frame *f = frame_new(x.dirfd, PACKING_ZSTD, 0, NOON);
                struct buf text = BUF_INIT;
                struct frame_ref ref;
                struct err e = { 0 };

                for (size_t k = 0; k < 3; k++) {
                        CHECK(frame_add(f, noise, pieces[i][k], 1, &e) == 0);
                        buf_add(&text, noise, pieces[i][k]);
                }
                CHECK(x.segment->written == 0); /* nothing before it has the encoder */
                CHECK(frame_encode(f, x.segment, &e) == 0 && frame_finish(f, &ref, &e) == 0);
                CHECK(reads_back(x.dir, &ref, PACKING_ZSTD, &text));
                frame_free(f);
                buf_done(&text);
                fixture_done(&x);
        }
}

/* Dropped in any state: the segment can be cut back to what it was. */
static void test_dropped(void)
{
        for (int what = 0; what < 6; what++) {
                struct fixture x = fixture_new(PACKING_GZIP);
                struct frame *f = frame_new(x.dirfd, PACKING_GZIP, 0, NOON);
                struct err e = { 0 };
                struct stat st;

                CHECK(segment_write(x.segment, "before", 6, &e) == 0);
                segment_settle(x.segment, NOON);
                if (what >= 3)
                        CHECK(frame_encode(f, x.segment, &e) == 0);
                for (int i = 0; i < what % 3; i++)
                        CHECK(frame_add(f, noise, FRAME_MEMORY, 1, &e) == 0);
                CHECK(frame_free(f) == NULL);
                CHECK(segment_undo(x.segment, &e) == 0);
                CHECK(fstat(x.segment->fd, &st) == 0 && st.st_size == 6);
                fixture_done(&x);
        }
        CHECK(frame_free(NULL) == NULL);
}

static void test_level(void)
{
        struct fixture x = fixture_new(PACKING_XZ);
        struct frame *f = frame_new(x.dirfd, PACKING_XZ, 1000, NOON);
        struct err e = { 0 };

        CHECK(frame_encode(f, x.segment, &e) < 0 && e.kind == ERR_CONFIG);
        frame_free(f);
        fixture_done(&x);
}

int main(void)
{
        make_noise();
        RUN(test_frames,
            "frames that waited for the encoder any while read back, with their digests");
        RUN(test_memory, "a waiting frame goes on in a file where its memory ends");
        RUN(test_dropped, "a frame that is dropped in any state leaves nothing behind an undo");
        RUN(test_level, "a level that the compressor refuses is an error of configuration");
        free(noise);
        return tap_end();
}
