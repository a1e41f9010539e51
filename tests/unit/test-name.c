#include "store/name.h"
#include "tap.h"

static bool takes(const char *path, struct name *ret)
{
        return name_parse(path, strlen(path), ret) == 0;
}

static struct name random_name(void)
{
        char date[CLOCK_TEXT_MAX];
        struct name n = { .stream = (enum stream)tap_below(STREAMS),
                          .packing = (enum packing)tap_below(PACKINGS),
                          .number = tap_below(3) ? 1 + tap_below(1000)
                                                 : 1 + tap_below(NAME_NUMBER_MAX),
                          .open = tap_below(2) };

        clock_date((usec_t)(tap_random() % 253402300799u) * USEC_PER_SEC, date);
        memcpy(n.date, date, sizeof(n.date));
        return n;
}

static bool same(const struct name *a, const struct name *b)
{
        return a->stream == b->stream && a->packing == b->packing && a->number == b->number &&
               a->open == b->open && strcmp(a->date, b->date) == 0;
}

static void test_streams(void)
{
        enum stream s;

        for (size_t i = 0; i < STREAMS; i++) {
                const char *text = stream_name((enum stream)i);

                CHECK(stream_parse(text, strlen(text), &s) == 0 && s == (enum stream)i);
                CHECK(stream_parse(text, strlen(text) - 1, &s) < 0);
        }
        CHECK(stream_parse("", 0, &s) < 0);
        CHECK(stream_parse("message", 7, &s) < 0);
        CHECK(stream_parse("messagess", 9, &s) < 0);
        CHECK(stream_parse("Messages", 8, &s) < 0);
}

static void test_packings(void)
{
        static const char *const extensions[PACKINGS] = {
                [PACKING_NONE] = "",    [PACKING_GZIP] = ".gz",  [PACKING_XZ] = ".xz",
                [PACKING_LZ4] = ".lz4", [PACKING_ZSTD] = ".zst",
        };
        enum packing p;

        for (size_t i = 0; i < PACKINGS; i++) {
                CHECK(packing_parse(packing_name((enum packing)i), &p) == 0);
                CHECK(p == (enum packing)i);
                CHECK(strcmp(packing_extension((enum packing)i), extensions[i]) == 0);
        }
        CHECK(packing_parse("", &p) < 0);
        CHECK(packing_parse("zst", &p) < 0);
        CHECK(packing_parse("Zstd", &p) < 0);
        CHECK(packing_parse("zstd ", &p) < 0);
}

static void test_interface(void)
{
        struct name n = { STREAM_COMPLETIONS, PACKING_ZSTD, 1, false, "2026-11-22" };
        char path[NAME_MAX_BYTES];

        CHECK(strcmp(name_path(&n, path), "completions/archived=2026-11-22/00000001.jsonl.zst") ==
              0);
        CHECK(strcmp(name_dir(&n, path), "completions/archived=2026-11-22") == 0);
        n.open = true;
        n.number = NAME_NUMBER_MAX;
        n.stream = STREAM_MESSAGES;
        n.packing = PACKING_NONE;
        CHECK(strcmp(name_path(&n, path), "messages/archived=2026-11-22/99999999.jsonl.open") == 0);
}

static void test_round_trip(void)
{
        char path[NAME_MAX_BYTES];
        struct name a, b;

        for (int i = 0; i < 20000; i++) {
                a = random_name();
                name_path(&a, path);
                memset(&b, 0xaa, sizeof(b));
                if (!CHECK(takes(path, &b)) || !CHECK(same(&a, &b)))
                        return;
        }
}

/* Whatever is accepted must be exactly what would be written for it. */
static void test_mutants(void)
{
        static const char bytes[] = "/.-=0129 +\t\nazANopenjsonlzst\x01\x7f\xff";
        char path[2 * NAME_MAX_BYTES], again[NAME_MAX_BYTES];
        unsigned taken = 0;
        struct name a, b;
        size_t n, at;

        for (int i = 0; i < 200000; i++) {
                a = random_name();
                name_path(&a, path);
                for (unsigned k = 1 + tap_below(2); k > 0; k--) {
                        n = strlen(path);
                        at = tap_below((unsigned)n + 1);
                        switch (tap_below(3)) {
                        case 0:
                                if (at < n)
                                        memmove(path + at, path + at + 1, n - at);
                                break;
                        case 1:
                                memmove(path + at + 1, path + at, n - at + 1);
                                path[at] = bytes[tap_below(sizeof(bytes) - 1)];
                                break;
                        default:
                                if (at < n)
                                        path[at] = bytes[tap_below(sizeof(bytes) - 1)];
                        }
                }
                if (!takes(path, &b))
                        continue;
                taken++;
                if (!CHECK(strcmp(name_path(&b, again), path) == 0) ||
                    !CHECK(b.number >= 1 && b.number <= NAME_NUMBER_MAX))
                        return;
        }
        CHECK(taken > 1000 && taken < 180000); /* the mutants are neither all good nor all bad */
}

static void test_refused(void)
{
        static const char *const bad[] = {
                "",
                "completions",
                "completions/",
                "/completions/archived=2026-11-22/00000001.jsonl",
                "../completions/archived=2026-11-22/00000001.jsonl",
                "completions/../archived=2026-11-22/00000001.jsonl",
                "completions//archived=2026-11-22/00000001.jsonl",
                "completions/archived=2026-11-22//00000001.jsonl",
                "completions/archived=2026-02-30/00000001.jsonl",
                "completions/archived=2026-13-01/00000001.jsonl",
                "completions/archived=2026-1-01/00000001.jsonl",
                "completions/archived=1969-12-31/00000001.jsonl",
                "completions/archived=2026-11-22/00000000.jsonl",
                "completions/archived=2026-11-22/1.jsonl",
                "completions/archived=2026-11-22/000000001.jsonl",
                "completions/archived=2026-11-22/100000000.jsonl",
                "completions/archived=2026-11-22/-0000001.jsonl",
                "completions/archived=2026-11-22/+0000001.jsonl",
                "completions/archived=2026-11-22/ 0000001.jsonl",
                "completions/archived=2026-11-22/0x000001.jsonl",
                "completions/archived=2026-11-22/00000001.json",
                "completions/archived=2026-11-22/00000001.jsonl.",
                "completions/archived=2026-11-22/00000001.jsonl.bz2",
                "completions/archived=2026-11-22/00000001.jsonl.zst.zst",
                "completions/archived=2026-11-22/00000001.jsonl.open.zst",
                "completions/archived=2026-11-22/00000001.jsonl.open.open",
                "completions/archived=2026-11-22/00000001.jsonlopen",
                "completions/archived=2026-11-22/00000001.jsonl.zst\n",
                "completions/archived=2026-11-22/00000001.jsonl.zst ",
                "Completions/archived=2026-11-22/00000001.jsonl",
                "other/archived=2026-11-22/00000001.jsonl",
        };
        char large[4096];
        struct name n;

        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                if (!CHECK(!takes(bad[i], &n)))
                        printf("# it was taken: %s\n", bad[i]);

        /* A NUL within, and texts longer than any name. */
        CHECK(name_parse("completions/archived=2026-11-22/00000001.jsonl\0.zst", 51, &n) < 0);
        memset(large, '0', sizeof(large));
        memcpy(large, "completions/archived=2026-11-22/", 32);
        CHECK(name_parse(large, sizeof(large), &n) < 0);
        CHECK(name_parse(large, NAME_MAX_BYTES, &n) < 0);
        CHECK(name_parse(large, NAME_MAX_BYTES - 1, &n) < 0);
}

int main(void)
{
        RUN(test_streams, "streams are parsed by their whole name only");
        RUN(test_packings, "packings have the names and extensions of the interface");
        RUN(test_interface, "paths are those that the interface promises");
        RUN(test_round_trip, "every name that is written is read back the same");
        RUN(test_mutants, "a path that is taken is exactly the one that would be written");
        RUN(test_refused, "paths that lead out of the archive or are not ours are refused");
        return tap_end();
}
