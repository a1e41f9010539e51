#include "tap.h"
#include "wire/scan.h"

#include <ctype.h>

static size_t (*const copies[])(char *to, const unsigned char *p,
                                size_t n) = { scan_copy, scan_copy_portable };

/* What is copied is what stands there, and nothing past the slack is touched. */
static bool copies_right(size_t which, const unsigned char *p, size_t n, size_t want)
{
        char to[256 + SCAN_SLACK];
        size_t k;

        memset(to, 7, sizeof(to));
        k = copies[which](to, p, n);
        return CHECK(k == want) && CHECK(memcmp(to, p, k) == 0) &&
               CHECK((unsigned char)to[n + SCAN_SLACK] == 7);
}

/* Each byte that may end a run, at each place of it, with another one right before it. */
static void test_plain(void)
{
        unsigned char text[64], *p = text + 3;
        bool good = true;

        for (unsigned c = 0; c < 256 && good; c++) {
                bool plain = c >= 0x20 && c < 0x80 && c != '"' && c != '\\';

                for (unsigned around = 0x20; around < 0x80; around += 0x5f)
                        for (size_t n = 0; n < 40; n++)
                                for (size_t i = 0; i < n && good; i++) {
                                        memset(text, (int)around, sizeof(text));
                                        p[i] = (unsigned char)c;
                                        for (size_t w = 0; w < 2; w++)
                                                good &= copies_right(w, p, n, plain ? n : i);
                                }
        }
}

/* The slow way, a byte at a time. */
static size_t plain_run(const unsigned char *p, size_t n)
{
        size_t i = 0;

        while (i < n && p[i] >= 0x20 && p[i] < 0x80 && p[i] != '"' && p[i] != '\\')
                i++;
        return i;
}

/* Random bytes, mostly plain, at all alignments and lengths. */
static void test_plain_random(void)
{
        static const unsigned char odd[] = { 0x00, 0x1f, 0x20, '!',  '"',  '#',
                                             '[',  '\\', ']',  0x7f, 0x80, 0xff };
        unsigned char text[32 + 200];
        bool good = true;

        for (unsigned round = 0; round < 100000 && good; round++) {
                size_t from = tap_below(32), n = tap_below(201);
                unsigned rare = 1 + tap_below(100);

                for (size_t i = 0; i < sizeof(text); i++)
                        text[i] = tap_below(rare) == 0 ? odd[tap_below(sizeof(odd))]
                                                       : (unsigned char)(0x23 + tap_below(0x30));
                for (size_t w = 0; w < 2; w++)
                        good &= copies_right(w, text + from, n, plain_run(text + from, n));
        }
}

/* Is this a character past ASCII? By its number. */
static bool is_char(const unsigned char *p, size_t n)
{
        static const unsigned least[] = { 0, 0, 0x80, 0x800, 0x10000 };
        unsigned c = n == 2 ? p[0] & 0x1fu : n == 3 ? p[0] & 0x0fu : p[0] & 0x07u;

        if (n < 2 || n > 4 || (p[0] >> (7 - n)) != (n == 2 ? 6 : n == 3 ? 14 : 30))
                return false;
        for (size_t i = 1; i < n; i++) {
                if (p[i] >> 6 != 2)
                        return false;
                c = c << 6 | (p[i] & 0x3f);
        }
        return c >= least[n] && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
}

/* Each first byte with each second one, and others from the ends of the ranges. */
static void test_utf8(void)
{
        static const unsigned char ends[] = { 0x00, 0x7f, 0x80, 0x9f, 0xa0, 0xbf, 0xc0, 0xff };
        bool good = true;

        for (unsigned i = 0; i < 0x80 * 0x100 * 8 * 8 && good; i++) {
                unsigned char p[] = { (unsigned char)(0x80 | i >> 14),
                                      (unsigned char)(i >> 6),
                                      ends[i >> 3 & 7],
                                      ends[i & 7],
                                      'x',
                                      'x',
                                      'x' };
                struct scan_char whole = { 0 }, parts = { 0 };
                size_t at = 0, n, k = scan_utf8(&whole, p, 5), m = 0;

                while (m < 5 && scan_utf8(&parts, p + m, 1) == 1)
                        m++;
                for (bool more = true; more;) {
                        for (n = 2; n <= 4 && !is_char(p + at, n);)
                                n++;
                        more = n <= 4;
                        at += more ? n : 0;
                }
                good = CHECK(whole.need > 0 ? k > at : k == at);
                good = good && CHECK(m == k && parts.need == whole.need);
                if (!good)
                        printf("# %02x %02x %02x %02x\n", p[0], p[1], p[2], p[3]);
        }
}

static void test_escape(void)
{
        static const char *const escapes[] = { "\\n", "\\\"", "\\\\", "\\/",     "\\b",
                                               "\\f", "\\r",  "\\t",  "\\u09aF", "\\ud83d" };
        static const char *const none[] = { "n",       "\\",      "\\a",     "\\u",     "\\u09a",
                                            "\\u09ag", "\\ug9af", "\\U0000", "\\u00 0", "" };

        for (size_t i = 0; i < 10; i++) {
                char text[16];
                size_t n = (size_t)sprintf(text, "%s0000", escapes[i]) - 4;
                const unsigned char *p = (const unsigned char *)text;

                CHECK(scan_escape(p, n) == n && scan_escape(p, n + 4) == n);
                for (size_t k = 0; k < n; k++)
                        CHECK(scan_escape(p, k) == 0);
                CHECK(scan_escape((const unsigned char *)none[i], strlen(none[i])) == 0);
        }
        for (unsigned c = 0; c < 256; c++) {
                CHECK(scan_hex((unsigned char)c) == (c < 128 && isxdigit((int)c)));
                CHECK(scan_short_escape((unsigned char)c) ==
                      (c && strchr("\"\\/bfnrt", (int)c) != NULL));
        }
}

int main(void)
{
        RUN(test_plain, "the scan stops at each byte that means something, wherever it stands");
        RUN(test_plain_random, "the processor's way and the portable one copy the same bytes");
        RUN(test_utf8, "characters past ASCII are strict UTF-8, whole and in parts");
        RUN(test_escape, "an escape is whole and known, or none");
        return tap_end();
}
