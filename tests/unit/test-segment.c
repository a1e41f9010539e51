#include "base/buf.h"
#include "base/mem.h"
#include "store/segment.h"
#include "scratch.h"
#include "tap.h"

#define NOON ((usec_t)1795348800 * USEC_PER_SEC)

static const struct name some = { STREAM_MESSAGES, PACKING_ZSTD, 7, true, "2026-11-22" };
#define OPEN   "messages/archived=2026-11-22/00000007.jsonl.zst.open"
#define SEALED "messages/archived=2026-11-22/00000007.jsonl.zst"

static int open_dir(const char *dir)
{
        int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        scratch_must(fd >= 0, dir);
        return fd;
}

static bool file_is(const char *dir, const char *file, const struct buf *want)
{
        size_t n;
        char *p = scratch_read(dir, file, &n);
        bool same = n == want->n && memcmp(p, buf_str(want), n) == 0;

        free(p);
        return same;
}

static void random_bytes(struct buf *b, size_t n)
{
        for (size_t i = 0; i < n; i++)
                buf_putc(b, (char)tap_random());
}

static void test_new(void)
{
        char *dir = scratch_new(), path[SCRATCH_PATH_MAX];
        int fd = open_dir(dir);
        struct segment *s, *other = NULL;
        struct err e = { 0 };
        struct stat st;

        CHECK(segment_new(fd, &some, &s, &e) == 0);
        CHECK(s->committed == 0 && s->written == 0 && s->first == 0);
        CHECK(strcmp(s->path, OPEN) == 0);
        scratch_join(path, dir, OPEN);
        CHECK(stat(path, &st) == 0 && st.st_size == 0 && (st.st_mode & 0777) == 0640);

        /* A name that is taken is never written over. */
        CHECK(segment_new(fd, &some, &other, &e) < 0 && e.kind == ERR_HOST && e.errnum == EEXIST);
        CHECK(other == NULL);
        CHECK(segment_undo(s, &e) == 0); /* nothing committed: the file goes */
        CHECK(!scratch_exists(dir, OPEN));
        segment_free(s);
        CHECK(segment_free(NULL) == NULL);
        close(fd);
        CHECK(segment_new(fd, &some, &other, &e) < 0 && e.kind == ERR_HOST);
        scratch_drop(dir);
}

/* Any order of writing, committing and taking back, resuming and sealing: the file holds what the
 * model says, and the digest is that of the file. */
static void test_model(void)
{
        char *dir = scratch_new();
        int fd = open_dir(dir);

        for (int round = 0; round < 40; round++) {
                struct buf model = BUF_INIT, piece = BUF_INIT;
                size_t committed = 0;
                char path[NAME_MAX_BYTES];
                uint8_t sum[SHA256_SIZE], want[SHA256_SIZE];
                usec_t first = 0, now = NOON;
                struct err e = { 0 };
                struct segment *s;

                CHECK(segment_new(fd, &some, &s, &e) == 0);
                for (unsigned steps = 5 + tap_below(40); steps > 0; steps--, now++) {
                        unsigned what = tap_below(10);

                        buf_clear(&piece);
                        if (what < 4) {
                                random_bytes(&piece, tap_below(3000));
                                CHECK(segment_write(s, buf_str(&piece), piece.n, &e) == 0);
                                buf_add(&model, buf_str(&piece), piece.n);
                        } else if (what < 6) {
                                char from[SCRATCH_PATH_MAX];
                                int file;

                                random_bytes(&piece, 1 + tap_below(what == 4 ? 200000 : 3000));
                                scratch_write(dir, "piece", piece.p, piece.n, 0600);
                                scratch_join(from, dir, "piece");
                                file = open(from, O_RDONLY | O_CLOEXEC);
                                CHECK(segment_append_file(s, file, piece.n, NULL, &e) == 0);
                                close(file);
                                buf_add(&model, piece.p, piece.n);
                        } else if (what < 8) {
                                CHECK(segment_sync(s, &e) == 0);
                                segment_settle(s, now);
                                if (!first && model.n)
                                        first = now;
                                committed = model.n;
                        } else if (what < 9 && committed) {
                                CHECK(segment_undo(s, &e) == 0);
                                model.n = committed;
                        } else if (committed && model.n == committed) {
                                segment_free(s);
                                CHECK(segment_resume(fd, &some, committed, first, &s, &e) == 0);
                        }
                        if (!CHECK(s->written == model.n) || !CHECK(s->committed == committed) ||
                            !CHECK(s->first == first) || !CHECK(file_is(dir, OPEN, &model)))
                                break;
                }
                if (committed) {
                        CHECK(segment_undo(s, &e) == 0);
                        model.n = committed;
                        CHECK(segment_seal(s, path, sum, &e) == 0 && strcmp(path, SEALED) == 0);
                        sha256(buf_str(&model), model.n, want);
                        CHECK(memcmp(sum, want, sizeof(sum)) == 0);
                        CHECK(file_is(dir, SEALED, &model) && !scratch_exists(dir, OPEN));
                        scratch_delete(dir, SEALED);
                } else {
                        CHECK(segment_undo(s, &e) == 0);
                        CHECK(!scratch_exists(dir, OPEN));
                }
                segment_free(s);
                buf_done(&model);
                buf_done(&piece);
        }
        close(fd);
        scratch_drop(dir);
}

static void test_seal_mode(void)
{
        char *dir = scratch_new(), path[SCRATCH_PATH_MAX], sealed[NAME_MAX_BYTES];
        uint8_t sum[SHA256_SIZE];
        int fd = open_dir(dir);
        struct err e = { 0 };
        struct segment *s;
        struct stat st;

        CHECK(segment_new(fd, &some, &s, &e) == 0 && segment_write(s, "abc", 3, &e) == 0);
        segment_settle(s, NOON);
        CHECK(segment_seal(s, sealed, sum, &e) == 0);
        segment_free(s);
        scratch_join(path, dir, SEALED);
        CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0440);
        close(fd);
        scratch_drop(dir);
}

static void test_resume_faults(void)
{
        char *dir = scratch_new();
        int fd = open_dir(dir);
        struct err e = { 0 };
        struct segment *s = NULL;

        CHECK(segment_resume(fd, &some, 1, NOON, &s, &e) < 0 && e.kind == ERR_HOST);
        CHECK(segment_new(fd, &some, &s, &e) == 0 && segment_write(s, "abc", 3, &e) == 0);
        s = segment_free(s);
        CHECK(segment_resume(fd, &some, 4, NOON, &s, &e) < 0 && e.kind == ERR_DAMAGE);
        CHECK(s == NULL);
        CHECK(segment_resume(fd, &some, 3, NOON, &s, &e) == 0);
        CHECK(s->first == NOON && s->committed == 3);
        segment_free(s);
        close(fd);
        scratch_drop(dir);
}

static void test_short_file(void)
{
        char *dir = scratch_new(), path[SCRATCH_PATH_MAX];
        int fd = open_dir(dir), file;
        struct buf model = BUF_INIT;
        struct err e = { 0 };
        struct segment *s;

        buf_puts(&model, "first");
        CHECK(segment_new(fd, &some, &s, &e) == 0 && segment_write(s, "first", 5, &e) == 0);
        segment_settle(s, NOON);
        scratch_write(dir, "piece", "0123456789", 10, 0600);
        scratch_join(path, dir, "piece");
        file = open(path, O_RDONLY | O_CLOEXEC);
        CHECK(segment_append_file(s, file, 11, NULL, &e) < 0 && e.kind == ERR_HOST);
        close(file);
        CHECK(segment_undo(s, &e) == 0 && file_is(dir, OPEN, &model));
        segment_free(s);
        buf_done(&model);
        close(fd);
        scratch_drop(dir);
}

int main(void)
{
        RUN(test_new, "a new segment has its directories, and never takes a name that is there");
        RUN(test_model, "writing, committing, undoing, resuming and sealing agree with the model");
        RUN(test_seal_mode, "a sealed segment can only be read");
        RUN(test_resume_faults, "a segment that lost its end is damage, and is not resumed");
        RUN(test_short_file, "a file that is shorter than announced fails, and can be undone");
        return tap_end();
}
