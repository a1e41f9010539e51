#include "base/buf.h"
#include "base/mem.h"
#include "json-random.h"
#include "page-oracle.h"
#include "page-run.h"
#include "tap.h"
#include "wire/page.h"
#include "wire/squeeze.h"

#include <glob.h>

static bool same_buf(const struct buf *a, const struct buf *b)
{
        return a->n == b->n && memcmp(buf_str(a), buf_str(b), a->n) == 0;
}

/* All of it says the same as the oracle does? */
static bool agree(const struct run *r, const struct oracle *o, int rc)
{
        size_t n;

        if (!CHECK(!r->wrong) || !CHECK(r->rc == rc) || !CHECK(same_buf(&r->records, &o->records)))
                return false;
        if (rc == 0)
                return CHECK(r->result.records == o->result.records) &&
                       CHECK(r->result.has_more == o->result.has_more);
        if (rc == -1)
                return CHECK(r->err.kind == ERR_SOURCE) && CHECK(r->err.text[0] != '\0');
        /* What came of a record that was cut: alike but for a last escape, or two. */
        n = r->open.n < o->record.n ? r->open.n : o->record.n;
        return !o->in_record || (CHECK(r->open.n - n <= 12) && CHECK(o->record.n - n <= 12) &&
                                 CHECK(memcmp(buf_str(&r->open), buf_str(&o->record), n) == 0));
}

static void show(const char *p, size_t n, const struct run *r, int rc, size_t piece)
{
        printf("# in pieces of %zu: %d %s, should be %d, of: ", piece, r->rc, r->err.text, rc);
        for (size_t i = 0; i < n && i < 1000; i++)
                printf(p[i] >= ' ' && p[i] < 0x7f ? "%c" : "<%02x>", (unsigned char)p[i]);
        printf("\n");
}

/* The text as one piece, in these pieces, and cut at random: as the oracle says, and as the first
 * run said. */
static bool check_text(struct run *r, struct oracle *o, enum page_kind kind, const struct buf *b,
                       size_t most)
{
        int rc = oracle_read(o, kind, buf_str(b), b->n);
        struct err first = { 0 };

        for (size_t k = 0; k <= most + 1; k++) {
                size_t piece = k == 0 ? b->n + 1 : k <= most ? k : 0;

                run_over(r, buf_str(b), b->n, piece);
                if (!agree(r, o, rc) || (k > 0 && !CHECK(strcmp(first.text, r->err.text) == 0))) {
                        show(buf_str(b), b->n, r, rc, piece);
                        return false;
                }
                first = r->err;
        }
        return true;
}

static void random_texts(unsigned texts, unsigned odd, unsigned broken, size_t most)
{
        struct oracle *o = mem_new(sizeof(*o));
        _cleanup_buf_ struct buf b = BUF_INIT;
        unsigned verdicts[3] = { 0 };
        bool good = true;

        for (unsigned kind = PAGE_LIST; kind <= PAGE_MESSAGE; kind++) {
                struct run r = { 0 };

                run_start(&r, kind);
                for (unsigned i = 0; i < texts && good; i++) {
                        struct maker m = { &b, tap_below(3), odd };

                        buf_clear(&b);
                        make_page(&m, kind);
                        for (unsigned k = 0; k < broken; k++)
                                make_broken(&b);
                        good = check_text(&r, o, kind, &b, most);
                        verdicts[r.rc == 0 ? 0 : r.rc < 0 ? 1 : 2]++;
                }
                run_done(&r);
        }
        printf("# %u well-formed, %u refused, %u cut\n", verdicts[0], verdicts[1], verdicts[2]);
        CHECK(broken || odd || verdicts[0] > 0);
        CHECK(!odd || verdicts[1] > texts / 8);
        CHECK(!broken || (verdicts[1] > texts / 4 && verdicts[2] > texts / 40));
        oracle_done(o);
        free(o);
}

static void test_random_sizes(void)
{
        random_texts(12, 0, 0, 64);
        random_texts(12, 40, 0, 64);
        random_texts(12, 0, 1, 64);
}

static void test_random_good(void)
{
        random_texts(1200, 100, 0, 1);
}

static void test_random_odd(void)
{
        random_texts(1500, 15, 0, 1);
}

static void test_random_broken(void)
{
        random_texts(2500, 0, 1, 1);
        random_texts(500, 30, 3, 1);
}

static void test_prefixes(void)
{
        struct oracle *o = mem_new(sizeof(*o));
        _cleanup_buf_ struct buf b = BUF_INIT;
        bool good = true;

        for (unsigned kind = PAGE_LIST; kind <= PAGE_MESSAGE; kind++) {
                struct run r = { 0 };

                run_start(&r, kind);
                for (unsigned i = 0; i < 25; i++) {
                        struct maker m = { &b, tap_below(3), i % 2 ? 25 : 0 };

                        buf_clear(&b);
                        make_page(&m, kind);
                        b.n = b.n < 1200 ? b.n : 1200;
                        for (size_t n = b.n; n > 0 && good; n--, b.n--)
                                good = check_text(&r, o, kind, &b, 0);
                }
                run_done(&r);
        }
        oracle_done(o);
        free(o);
}

/* The pages recorded from the service, where the checkout has them beside it. */
static void test_recorded(void)
{
        const char *srcdir = getenv("srcdir");
        _cleanup_buf_ struct buf pattern = BUF_INIT, b = BUF_INIT;
        static const size_t pieces[] = { 1, 2, 3, 7, 64, 1000, 16384, 1 << 20, 0 };
        struct oracle *o = mem_new(sizeof(*o));
        struct run r[2] = { { 0 }, { 0 } };
        glob_t found = { 0 };
        unsigned well = 0;

        buf_printf(&pattern, "%s/../shared/wire/*.json", srcdir ? srcdir : ".");
        glob(buf_str(&pattern), 0, NULL, &found);
        run_start(&r[0], PAGE_LIST);
        run_start(&r[1], PAGE_MESSAGES);
        for (size_t i = 0; i < found.gl_pathc; i++) {
                FILE *f = fopen(found.gl_pathv[i], "r");
                char piece[4096];

                if (!CHECK(f))
                        break;
                buf_clear(&b);
                for (size_t n; (n = fread(piece, 1, sizeof(piece), f)) > 0;)
                        buf_add(&b, piece, n);
                fclose(f);
                for (size_t k = 0; k < 2 * ELEMENTS(pieces); k++) {
                        int rc = oracle_read(o, k % 2 ? PAGE_MESSAGES : PAGE_LIST, b.p, b.n);

                        run_over(&r[k % 2], b.p, b.n, pieces[k / 2]);
                        if (!agree(&r[k % 2], o, rc))
                                show(b.p, 80, &r[k % 2], rc, pieces[k / 2]);
                        well += rc == 0;
                }
        }
        CHECK(found.gl_pathc == 0 || well > 300);
        globfree(&found);
        run_done(&r[0]);
        run_done(&r[1]);
        oracle_done(o);
        free(o);
}

static void test_verbatim(void)
{
        static const char text[] =
                " {\"object\" : \"list\",\r\n\t\"data\":[ { \"id\" : \"a\\/b\\u00e9\" ,\n"
                "  \"created\" : 1763798400 , \"x\" : [ 1.0 , -9204369220377073006 , 1E400 , -0 ] "
                ",\n"
                "  \"x\" : \"\\ud83d  \\u0000 \xe2\x82\xac\" } "
                ",{\"created\":-1,\"\\u0069d\":\"b\"}\n"
                "] , \"has_more\" : true } \n";
        static const char records[] =
                "{\"id\":\"a\\/b\\u00e9\",\"created\":1763798400,\"x\":[1.0,-9204369220377073006,"
                "1E400,-0],\"x\":\"\\ud83d  \\u0000 \xe2\x82\xac\"}\n5 a/b\xc3\xa9 1763798400\n"
                "{\"created\":-1,\"\\u0069d\":\"b\"}\n1 b -1\n";
        struct run r = { 0 };

        run_start(&r, PAGE_LIST);
        for (size_t piece = 0; piece <= 64; piece++) {
                run_over(&r, text, sizeof(text) - 1, piece);
                CHECK(r.rc == 0 && !r.wrong);
                CHECK(strcmp(buf_str(&r.records), records) == 0);
                CHECK(r.result.records == 2 && r.result.has_more);
        }
        run_done(&r);
}

/* Every token, and every kind of it, comes to lie across the border between two chunks. */
static void test_borders(void)
{
        static const char tail[] =
                "\"},{\"created\":12345,\"id\":\"chatcmpl-\\u0041\",\"a\":[true,false,null,-1.5e+"
                "10,"
                "\"\\ud83d\\ude00\",\"\\n\\ud83d\",\"\xe2\x82\xac\xf0\x9f\x98\x80\"],\"\\u0078\":{}"
                ","
                "\"l\":\"0123456789abcdefghijklmnopqrstuvwxyz\"} , {\"id\":\"c\",\"created\":0}],"
                "\"has_more\":false}";
        _cleanup_buf_ struct buf b = BUF_INIT, filler = BUF_INIT;
        struct oracle *o = mem_new(sizeof(*o));
        struct run r = { 0 };
        bool good = true;

        for (size_t i = 0; i < SQUEEZE_CHUNK; i++)
                buf_putc(&filler, 'f');
        run_start(&r, PAGE_LIST);
        for (size_t i = 0; i < sizeof(tail) + 70 && good; i++) {
                buf_clear(&b);
                buf_puts(&b, "{\"data\":[{\"id\":\"a\",\"created\":1,\"filler\":\"");
                buf_add(&b, filler.p, SQUEEZE_CHUNK - i);
                buf_add(&b, tail, sizeof(tail) - 1);
                good = check_text(&r, o, PAGE_LIST, &b, 0);
                CHECK(r.rc == 0 && r.result.records == 3);
        }
        run_done(&r);
        oracle_done(o);
        free(o);
}

/* What the text's end cuts, and what lies behind the page's end, across the border too. */
static void test_border_ends(void)
{
        static const char *const ends[] = {
                "\"x\":true", "\"x\":fals", "\"x\":nul", "\"x\":-1.5e+", "\"x\":12",
                "\"x\":tr ",  "\"x\":1. ",  "\"x",       "\"x\":{\"y",   "\"x\":\"\\ud83d\\ude",
                "tru",        "\"y\" \"x",  "\"x\":1 2", "\"x\":01",     "\"has_more\":1",
        };
        static const char *const behind[] = {
                "", " ", "\"x", "1", "tru", "{}", "[", " \n \"", ","
        };
        _cleanup_buf_ struct buf b = BUF_INIT;
        struct oracle *o = mem_new(sizeof(*o));
        struct run r = { 0 };
        bool good = true;

        run_start(&r, PAGE_LIST);
        for (size_t i = 0; i < ELEMENTS(ends) + ELEMENTS(behind); i++)
                for (size_t k = 0; k < 16 && good; k++) {
                        buf_clear(&b);
                        buf_puts(&b, "{\"data\":[],\"f\":\"");
                        while (b.n < SQUEEZE_CHUNK - 2 - k)
                                buf_putc(&b, 'f');
                        if (i < ELEMENTS(ends))
                                buf_printf(&b, "\",%s", ends[i]);
                        else
                                buf_printf(&b, "\",\"has_more\":true}%s",
                                           behind[i - ELEMENTS(ends)]);
                        good = check_text(&r, o, PAGE_LIST, &b, 0);
                }
        for (size_t i = 0; i < ELEMENTS(behind) && good; i++)
                for (size_t k = 0; k < 3; k++) {
                        buf_clear(&b);
                        buf_puts(&b, "{\"data\":[],\"f\":\"");
                        while (b.n < SQUEEZE_CHUNK - k - strlen("\",\"has_more\":true}"))
                                buf_putc(&b, 'f');
                        buf_printf(&b, "\",\"has_more\":true}%s", behind[i]);
                        good = check_text(&r, o, PAGE_LIST, &b, 0);
                }
        run_done(&r);
        oracle_done(o);
        free(o);
}

int main(void)
{
        RUN(test_verbatim, "a record is what was sent, byte for byte, less white space");
        RUN(test_recorded, "recorded pages read the same in pieces of any size");
        RUN(test_random_sizes, "random pages read the same in pieces of 1 to 64 bytes");
        RUN(test_random_good, "random pages give the records that the oracle finds");
        RUN(test_random_odd, "pages with something amiss are refused where the oracle does");
        RUN(test_random_broken, "broken pages are refused, or cut, where the oracle does");
        RUN(test_prefixes, "the start of a page is cut, whatever its length, or refused");
        RUN(test_borders, "tokens that lie across two chunks are read whole");
        RUN(test_border_ends, "so are tokens without an end, and what follows the page's");
        return tap_end();
}
