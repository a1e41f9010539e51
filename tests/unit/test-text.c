#include "tap.h"
#include "base/mem.h"
#include "base/text.h"

static bool int64_is(const char *s, int64_t want)
{
        int64_t v = 77;

        return text_int64(s, strlen(s), &v) == 0 && v == want;
}

static bool int64_bad(const char *s)
{
        int64_t v = 77;

        return text_int64(s, strlen(s), &v) == -1 && v == 77;
}

static void numbers(void)
{
        CHECK(int64_is("0", 0));
        CHECK(int64_is("-1", -1));
        CHECK(int64_is("9223372036854775807", INT64_MAX));
        CHECK(int64_is("-9223372036854775808", INT64_MIN));
        CHECK(int64_is("-9204369220377073006", -9204369220377073006));
        CHECK(int64_bad("9223372036854775808"));
        CHECK(int64_bad("-9223372036854775809"));
        CHECK(int64_bad("99999999999999999999"));
        CHECK(int64_bad(""));
        CHECK(int64_bad("-"));
        CHECK(int64_bad("+1"));
        CHECK(int64_bad(" 1"));
        CHECK(int64_bad("1 "));
        CHECK(int64_bad("12abc"));
        CHECK(int64_bad("1.0"));
        CHECK(int64_bad("1e3"));
        CHECK(int64_bad("--1"));
        for (int i = 0; i < 20000; i++) {
                int64_t v = (int64_t)tap_random() >> tap_below(64);
                char text[32];

                snprintf(text, sizeof(text), "%lld", (long long)v);
                CHECK(int64_is(text, v));
        }
}

static void numbers_length(void)
{
        int64_t v;

        CHECK(text_int64("123456", 3, &v) == 0 && v == 123);
        CHECK(text_int64("5", 0, &v) == -1);
        CHECK(text_int64("1\0002", 3, &v) == -1);
}

static bool span_is(const char *s, usec_t want)
{
        usec_t t = 77;

        return text_span(s, &t) == 0 && t == want;
}

static bool span_bad(const char *s)
{
        usec_t t = 77;

        return text_span(s, &t) == -1 && t == 77;
}

static void spans(void)
{
        CHECK(span_is("5min", 5 * USEC_PER_MIN));
        CHECK(span_is("1h 30min", 90 * USEC_PER_MIN));
        CHECK(span_is("1h30min", 90 * USEC_PER_MIN));
        CHECK(span_is(" 1 h  30 min ", 90 * USEC_PER_MIN));
        CHECK(span_is("90", 90 * USEC_PER_SEC));
        CHECK(span_is("0", 0));
        CHECK(span_is("2.5s", 2500 * USEC_PER_MSEC));
        CHECK(span_is("500ms", 500 * USEC_PER_MSEC));
        CHECK(span_is("1d", USEC_PER_DAY));
        CHECK(span_is("1w", 7 * USEC_PER_DAY));
        CHECK(span_is("3 us", 3));
        CHECK(span_is(".5s", USEC_PER_SEC / 2));
        CHECK(span_is("0.0000019s", 1));
        CHECK(span_is("0.1d", USEC_PER_DAY / 10));
        CHECK(span_is("0.999999999999999999999s", 999999));
        CHECK(span_is("106751991d", 106751991 * USEC_PER_DAY));

        CHECK(span_bad(""));
        CHECK(span_bad("  "));
        CHECK(span_bad("min"));
        CHECK(span_bad("-5"));
        CHECK(span_bad("5 parsecs"));
        CHECK(span_bad("5M"));
        CHECK(span_bad("5Min"));
        CHECK(span_bad("5min."));
        CHECK(span_bad("1.s"));
        CHECK(span_bad("."));
        CHECK(span_bad("1.5.2s"));
        CHECK(span_bad("1,5s"));
        CHECK(span_bad("0x10"));
        CHECK(span_bad("1e3"));
        CHECK(span_bad("5min;"));
        CHECK(span_bad("infinity"));
        CHECK(span_bad("106751992d"));
        CHECK(span_bad("106751991d 106751991d"));
        CHECK(span_bad("99999999999999999999"));
}

static void span_units(void)
{
        static const struct {
                const char *names;
                usec_t usec;
        } units[] = {
                { "usec us", 1 },
                { "msec ms", USEC_PER_MSEC },
                { "seconds second sec s", USEC_PER_SEC },
                { "minutes minute min m", USEC_PER_MIN },
                { "hours hour hr h", USEC_PER_HOUR },
                { "days day d", USEC_PER_DAY },
                { "weeks week w", 7 * USEC_PER_DAY },
        };

        for (size_t i = 0; i < ELEMENTS(units); i++) {
                char names[64], text[64], *at = names, *name;

                snprintf(names, sizeof(names), "%s", units[i].names);
                while ((name = strsep(&at, " "))) {
                        snprintf(text, sizeof(text), "7%s", name);
                        CHECK(span_is(text, 7 * units[i].usec));
                        snprintf(text, sizeof(text), "7 %sx", name);
                        CHECK(span_bad(text));
                }
        }
}

static void span_round(void)
{
        char text[TEXT_SPAN_MAX];

        CHECK(strcmp(text_from_span(90 * USEC_PER_MIN, text), "1h 30min") == 0);
        CHECK(strcmp(text_from_span(0, text), "0s") == 0);
        CHECK(strcmp(text_from_span(USEC_PER_DAY, text), "1d") == 0);
        CHECK(strcmp(text_from_span(1500 * USEC_PER_MSEC, text), "1s 500ms") == 0);
        for (int i = 0; i < 20000; i++) {
                usec_t t = (usec_t)(tap_random() >> (1 + tap_below(60)));

                CHECK(span_is(text_from_span(t, text), t));
        }
        CHECK(span_is(text_from_span(INT64_MAX, text), INT64_MAX));
}

static bool size_is(const char *s, uint64_t want)
{
        uint64_t n = 77;

        return text_size(s, &n) == 0 && n == want;
}

static bool size_bad(const char *s)
{
        uint64_t n = 77;

        return text_size(s, &n) == -1 && n == 77;
}

static void sizes(void)
{
        CHECK(size_is("256M", 256ull << 20));
        CHECK(size_is("4K", 4096));
        CHECK(size_is("1.5G", 3ull << 29));
        CHECK(size_is("1.25G", 5ull << 28));
        CHECK(size_is("1024", 1024));
        CHECK(size_is("1024B", 1024));
        CHECK(size_is(" 4 M ", 4ull << 20));
        CHECK(size_is("0", 0));
        CHECK(size_is("2T", 2ull << 40));
        CHECK(size_is("18446744073709551615", UINT64_MAX));
        CHECK(size_bad("18446744073709551616"));
        CHECK(size_bad("16777216T"));
        CHECK(size_bad(""));
        CHECK(size_bad("M"));
        CHECK(size_bad("-1"));
        CHECK(size_bad("4m"));
        CHECK(size_bad("4MB"));
        CHECK(size_bad("4MiB"));
        CHECK(size_bad("4M 4M"));
        CHECK(size_bad("4.M"));
        CHECK(size_bad("1.2.3"));
        CHECK(size_bad("1e6"));
}

static void size_fractions(void)
{
        for (int i = 0; i < 20000; i++) {
                unsigned bits = 10 * tap_below(5), fraction = tap_below(10000);
                uint64_t whole = tap_below(1000), scale = 1ull << bits;
                char text[64];

                snprintf(text, sizeof(text), "%llu.%04u%c", (unsigned long long)whole, fraction,
                         "BKMGT"[bits / 10]);
                CHECK(size_is(text, whole * scale + fraction * scale / 10000));
        }
}

static void size_texts(void)
{
        char text[TEXT_SIZE_MAX];

        CHECK(strcmp(text_from_size(0, text), "0B") == 0);
        CHECK(strcmp(text_from_size(1023, text), "1023B") == 0);
        CHECK(strcmp(text_from_size(1024, text), "1.0K") == 0);
        CHECK(strcmp(text_from_size(12897484, text), "12.3M") == 0);
        CHECK(strcmp(text_from_size((1 << 20) - 1, text), "1.0M") == 0);
        CHECK(strcmp(text_from_size(1ull << 40, text), "1.0T") == 0);
        CHECK(strcmp(text_from_size(UINT64_MAX, text), "16.0E") == 0);
        for (int i = 0; i < 20000; i++) {
                uint64_t n = tap_random() >> (14 + tap_below(50)), back;
                double off;

                if (text_size(text_from_size(n, text), &back) < 0)
                        continue; /* P and E are only written */
                off = __builtin_fabs((double)back - (double)n);
                CHECK(strlen(text) <= 7 && off <= (n < 1024 ? 0 : (double)n * 0.06));
        }
}

static void bools(void)
{
        static const char *const good[] = { "yes", "true",  "on",  "1", "y", "t",
                                            "no",  "false", "off", "0", "n", "f" };
        static const char *const bad[] = { "", "2", "yes ", " no", "yess", "ye", "01", "enable" };
        bool b;

        for (size_t i = 0; i < ELEMENTS(good); i++) {
                char upper[8] = "";

                CHECK(text_bool(good[i], &b) == 0 && b == (i < 6));
                for (size_t k = 0; good[i][k]; k++)
                        upper[k] = (char)(good[i][k] >= 'a' ? good[i][k] - 32 : good[i][k]);
                CHECK(text_bool(upper, &b) == 0 && b == (i < 6));
        }
        for (size_t i = 0; i < ELEMENTS(bad); i++)
                CHECK(text_bool(bad[i], &b) == -1);
}

static void counts(void)
{
        char text[TEXT_COUNT_MAX];

        CHECK(strcmp(text_from_count(0, text), "0") == 0);
        CHECK(strcmp(text_from_count(999, text), "999") == 0);
        CHECK(strcmp(text_from_count(1000, text), "1,000") == 0);
        CHECK(strcmp(text_from_count(1234567, text), "1,234,567") == 0);
        CHECK(strcmp(text_from_count(UINT64_MAX, text), "18,446,744,073,709,551,615") == 0);
}

/* The definition, backwards: encode every code point and compare. */
static size_t encode(uint32_t c, char out[static 4])
{
        size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        static const unsigned first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

        for (size_t i = n - 1; i > 0; i--, c >>= 6)
                out[i] = (char)(0x80 | (c & 0x3f));
        out[0] = (char)(first[n] | c);
        return n;
}

static void utf8_all(void)
{
        char s[5];

        for (uint32_t c = 0; c < 0x200000; c++) {
                size_t n = encode(c, s);
                bool good = c <= 0x10ffff && !(c >= 0xd800 && c <= 0xdfff);

                CHECK(text_utf8(s, n) == (good ? n : 0));
                for (size_t k = 0; k < n; k++)
                        CHECK(text_utf8(s, k) == 0);
        }
        CHECK(text_utf8("\xc0\x80", 2) == 0);
        CHECK(text_utf8("\xe0\x80\x80", 3) == 0);
        CHECK(text_utf8("\xf0\x80\x80\x80", 4) == 0);
        CHECK(text_utf8("\xf8\x88\x80\x80\x80", 5) == 0);
}

/* Every string of three bytes is a character only if encode() makes it. */
static void utf8_three(void)
{
        for (uint32_t v = 0; v < 1u << 24; v++) {
                char s[3] = { (char)(v >> 16), (char)(v >> 8), (char)v }, again[4];
                unsigned char a = (unsigned char)s[0];
                size_t n = text_utf8(s, 3);
                uint32_t c;

                if (n < 2) {
                        CHECK(n == (a < 0x80));
                        if (a < 0xc2 || a > 0xef)
                                v |= 0xffff;
                        continue;
                }
                c = n == 2 ? (uint32_t)(a & 0x1f) << 6 | (s[1] & 0x3f)
                           : (uint32_t)(a & 0x0f) << 12 | (uint32_t)(s[1] & 0x3f) << 6 |
                                     (s[2] & 0x3f);
                CHECK(encode(c, again) == n && memcmp(again, s, n) == 0);
        }
}

static bool line_is(const char *s, size_t n, size_t room, const char *want)
{
        char out[64];

        memset(out, 'X', sizeof(out));
        text_line(s, n, out, room);
        return strcmp(out, want) == 0 && strlen(out) < room && out[room] == 'X';
}

#define LINE(s, room, want) line_is(s, sizeof(s) - 1, room, want)

static void lines(void)
{
        CHECK(LINE("plain", 40, "plain"));
        CHECK(LINE("  two\r\n\tlines \n", 40, "two lines"));
        CHECK(LINE("esc\x1b[31mred", 40, "esc?[31mred"));
        CHECK(LINE("nul\0del\x7f", 40, "nul?del?"));
        CHECK(LINE("c1\xc2\x9b"
                   "31m",
                   40, "c1?31m"));
        CHECK(LINE("Gr\xc3\xbc\xc3\x9f", 40, "Gr\xc3\xbc\xc3\x9f"));
        CHECK(LINE("bad\xff\xc3", 40, "bad??"));
        CHECK(LINE("12345", 6, "12345"));
        CHECK(LINE("12345   ", 6, "12345"));
        CHECK(LINE("123456", 6, "12..."));
        CHECK(LINE("1\xc3\xbc\xc3\xbc\xc3\xbc", 7, "1\xc3\xbc..."));
        CHECK(LINE("1\xc3\xbc\xc3\xbc\xc3\xbc", 6, "1..."));
        CHECK(LINE("", 1, ""));
        CHECK(LINE("abcdef", 4, "..."));
        CHECK(LINE("abcdef", 3, "ab"));
}

static void lines_random(void)
{
        static const char *const parts[] = { "a",
                                             " ",
                                             "\n",
                                             "\xc3\xbc",
                                             "\xe2\x82\xac",
                                             "\x1b",
                                             "\xf0\x9f\x98\x80",
                                             "\xff",
                                             "\xc2\x85",
                                             "\xc2\xa0" };

        for (int i = 0; i < 50000; i++) {
                char s[64] = "", out[64], all[64];
                size_t room = 1 + tap_below(40), n;

                for (unsigned k = tap_below(12); k > 0; k--)
                        strcat(s, parts[tap_below(ELEMENTS(parts))]);
                text_line(s, strlen(s), all, sizeof(all));
                text_line(s, strlen(s), out, room);
                n = strlen(out);
                CHECK(n < room);
                if (strlen(all) < room)
                        CHECK(strcmp(out, all) == 0);
                else if (room >= 4)
                        CHECK(n >= 3 && strcmp(out + n - 3, "...") == 0 &&
                              strncmp(out, all, n - 3) == 0);
                for (size_t k = 0, len; k < n; k += len) {
                        len = text_utf8(out + k, n - k);
                        CHECK(len > 0 && (unsigned char)out[k] >= 0x20);
                        if (len == 0)
                                break;
                }
                CHECK(!strstr(out, "  ") && out[0] != ' ' && (n == 0 || out[n - 1] != ' '));
        }
}

int main(void)
{
        RUN(numbers, "whole numbers are read whole or not at all");
        RUN(numbers_length, "a number ends where its length says");
        RUN(spans, "time spans are systemd's, and nothing else passes");
        RUN(span_units, "each unit of time has each of its names");
        RUN(span_round, "a span's text reads back as the span");
        RUN(sizes, "sizes are to the base 1024, and nothing else passes");
        RUN(size_fractions, "a fraction of a size is exact");
        RUN(size_texts, "a size's text is short and near");
        RUN(bools, "yes and no have their six names in any case");
        RUN(counts, "counts are grouped by thousands");
        RUN(utf8_all, "every code point is a character but surrogates and what is past the end");
        RUN(utf8_three, "no other bytes are a character");
        RUN(lines, "a text from outside becomes one harmless line");
        RUN(lines_random, "a line of any text in any room is whole characters, cut with dots");
        return tap_end();
}
