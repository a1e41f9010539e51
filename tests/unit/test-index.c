#include "scratch.h"
#include "tap.h"

#include "base/fsio.h"
#include "base/mem.h"
#include "store/pack.h"
#include "walk/index.h"

#include <fcntl.h>

/* A frame of the given text, read into the catalog; what index_frame says. */
struct bench {
        char *dir;
        int dirfd;
        struct catalog *catalog;
        struct err err;
        struct buf packed;
};

static int to_buf(void *ctx, const void *p, size_t n, struct err *e)
{
        (void)e;
        buf_add(ctx, p, n);
        return 0;
}

static struct bench bench_new(void)
{
        struct bench b = { .dir = scratch_new(), .packed = BUF_INIT };
        bool fresh;

        mkdir(b.dir, 0700);
        b.dirfd = open(b.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        CHECK(catalog_open(b.dirfd, &b.catalog, &fresh, &b.err) == 0 && fresh);
        return b;
}

static void bench_done(struct bench *b)
{
        catalog_close(b->catalog);
        close(b->dirfd);
        scratch_drop(b->dir);
        buf_done(&b->packed);
}

static int read_in(struct bench *b, enum stream stream, uint64_t records, const char *text)
{
        struct frame_ref ref = { .stream = stream, .records = records };
        struct unpack *u = NULL;
        struct pack *p = NULL;
        int fd, r = -1;

        buf_clear(&b->packed);
        CHECK(pack_new(PACKING_ZSTD, 0, to_buf, &b->packed, &p, &b->err) == 0 &&
              pack_add(p, text, strlen(text), &b->err) == 0 && pack_finish(p, &b->err) == 0);
        pack_free(p);
        scratch_write(b->dir, "frame", b->packed.p, b->packed.n, 0600);
        fd = openat(b->dirfd, "frame", O_RDONLY | O_CLOEXEC);
        if (CHECK(unpack_open(fd, 0, b->packed.n, PACKING_ZSTD, &u, &b->err) == 0))
                r = index_frame(b->catalog, &ref, 3, 1000 * USEC_PER_SEC, u, &b->err);
        unpack_free(u);
        close(fd);
        return r;
}

static bool row_is(struct bench *b, const char *id, int64_t created, uint64_t versions,
                   const char *text, enum catalog_messages messages)
{
        struct catalog_record r;
        uint8_t digest[SHA256_SIZE];

        sha256(text, strlen(text), digest);
        return catalog_find(b->catalog, id, strlen(id), &r, &b->err) == 0 && r.created == created &&
               r.versions == versions && memcmp(r.digest, digest, sizeof(digest)) == 0 &&
               r.walk == 3 && r.seen_at == 1000 && r.messages == messages;
}

#define A  "{\"id\":\"a\",\"created\":7,\"x\":[1.0,\"\\ud83d\"]}"
#define A2 "{\"id\":\"a\",\"created\":7,\"x\":2}"
#define B  "{\"created\":-9,\"\\u0069d\":\"b\"}"

static void test_rows(void)
{
        struct bench b = bench_new();

        CHECK(read_in(&b, STREAM_COMPLETIONS, 2, A "\n" B "\n") == 0);
        CHECK(row_is(&b, "a", 7, 1, A, CATALOG_WANTED) &&
              row_is(&b, "b", -9, 1, B, CATALOG_WANTED));
        CHECK(read_in(&b, STREAM_COMPLETIONS, 1, A2 "\n") == 0);
        CHECK(row_is(&b, "a", 7, 2, A2, CATALOG_WANTED));
        CHECK(read_in(&b, STREAM_MESSAGES, 2,
                      "{\"completion_id\":\"a\",\"id\":\"a-0\",\"completion_id\":\"z\"}\n"
                      "{\"completion_id\":\"a\",\"id\":7}\n") == 0);
        CHECK(row_is(&b, "a", 7, 2, A2, CATALOG_ARCHIVED));
        CHECK(read_in(&b, STREAM_CHANGES, 2,
                      "{\"type\":\"changed\",\"id\":\"a\"}\n"
                      "{\"type\":\"messages-missing\",\"id\":\"b\"}\n") == 0);
        CHECK(row_is(&b, "b", -9, 1, B, CATALOG_MISSING));
        CHECK(read_in(&b, STREAM_CHANGES, 1, "{\"type\":\"messages-none\",\"id\":\"b\"}\n") == 0);
        CHECK(row_is(&b, "b", -9, 1, B, CATALOG_EMPTY));
        bench_done(&b);
}

static bool is_gone(struct bench *b, const char *id)
{
        struct catalog_record r;

        CHECK(catalog_find(b->catalog, id, strlen(id), &r, &b->err) == 0);
        return r.gone;
}

#define GONE(id)     "{\"type\":\"gone\",\"id\":\"" id "\",\"expired\":false}\n"
#define RETURNED(id) "{\"type\":\"returned\",\"id\":\"" id "\"}\n"

static void test_gone(void)
{
        struct bench b = bench_new();

        CHECK(read_in(&b, STREAM_COMPLETIONS, 2, A "\n" B "\n") == 0);
        CHECK(read_in(&b, STREAM_CHANGES, 2, GONE("a") GONE("unknown")) == 0);
        CHECK(is_gone(&b, "a") && !is_gone(&b, "b") && row_is(&b, "a", 7, 1, A, CATALOG_WANTED));
        CHECK(read_in(&b, STREAM_COMPLETIONS, 1, A2 "\n") == 0);
        CHECK(is_gone(&b, "a"));
        CHECK(read_in(&b, STREAM_CHANGES, 3, RETURNED("a") GONE("b") RETURNED("b")) == 0);
        CHECK(!is_gone(&b, "a") && !is_gone(&b, "b"));
        CHECK(read_in(&b, STREAM_CHANGES, 2, RETURNED("a") GONE("a")) == 0);
        CHECK(is_gone(&b, "a") && row_is(&b, "a", 7, 2, A2, CATALOG_WANTED));
        bench_done(&b);
}

static void test_damage(void)
{
        static const struct {
                enum stream stream;
                uint64_t records;
                const char *text;
        } bad[] = {
                { STREAM_COMPLETIONS, 2, A "\n" },
                { STREAM_COMPLETIONS, 1, A },
                { STREAM_COMPLETIONS, 2, A "\n" B },
                { STREAM_COMPLETIONS, 1, A "\n" B },
                { STREAM_COMPLETIONS, 1, "{\"id\":\"a\"}\n" },
                { STREAM_COMPLETIONS, 1, "\n" },
                { STREAM_COMPLETIONS, 1, "{\"id\":\"a\",\"created\":7\n" },
                { STREAM_MESSAGES, 1, "{\"id\":\"a-0\"}\n" },
                { STREAM_MESSAGES, 1, "nonsense\n" },
                { STREAM_CHANGES, 1, "{\"type\":\"gone\"}\n" },
                { STREAM_CHANGES, 1, "[]\n" },
        };

        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                struct bench b = bench_new();

                if (!CHECK(read_in(&b, bad[i].stream, bad[i].records, bad[i].text) < 0 &&
                           b.err.kind == ERR_DAMAGE))
                        printf("# %zu: %s\n", i, b.err.text);
                bench_done(&b);
        }
}

int main(void)
{
        RUN(test_rows, "archived lines come back as the rows that they once made");
        RUN(test_gone, "gone and returned lines set and clear the mark, in their order");
        RUN(test_damage, "a text that this program does not write is damage");
        return tap_end();
}
