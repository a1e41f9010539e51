#include "base/mem.h"
#include "json-random.h"
#include "squeeze-run.h"
#include "tap.h"
#include "wire/squeeze.h"

#include <ctype.h>

static bool check_str(const char *s)
{
        return check_text(s, strlen(s), 64);
}

/* By hand, so that the oracle is not alone in its opinion. */
static void test_by_hand(void)
{
        static const char *const texts[][2] = {
                { " { \"a b\" : [ 1 , \t-2.5e+3\r\n,true ] } ", "{\"a b\":[1,-2.5e+3,true]}" },
                { "1 2", "1 2" },
                { "1 \t\r\n 2", "1 2" },
                { "12", "12" },
                { "tr ue", "tr ue" },
                { "\"a\" \"b\"", "\"a\" \"b\"" },
                { "\"a\"\"b\"", "\"a\"\"b\"" },
                { "\"a\" 1 \"b\"", "\"a\" 1 \"b\"" },
                { "[1 ] 2", "[1]2" },
                { "1 ", "1" },
                { "\"\\u0000 \\ud83d\\uDE00\\/\"", "\"\\u0000 \\ud83d\\uDE00\\/\"" },
        };

        for (size_t i = 0; i < ELEMENTS(texts); i++) {
                struct err e;

                CHECK(squeeze_over(texts[i][0], strlen(texts[i][0]), 1, &e) == 0);
                CHECK(strcmp(buf_str(&is.text), texts[i][1]) == 0);
                CHECK(strcmp(buf_str(&is.eyes), texts[i][1]) == 0);
                CHECK(check_str(texts[i][0]));
        }
}

/* A string of `plain` bytes and `end`: how many of them are shown, and its flags. */
static void shown(unsigned plain, const char *end, size_t want, unsigned flags)
{
        _cleanup_buf_ struct buf b = BUF_INIT;

        buf_puts(&b, "[\"");
        for (unsigned i = 0; i < plain; i++)
                buf_putc(&b, 'x');
        buf_printf(&b, "%s\",7]", end);
        CHECK(check_text(b.p, b.n, 64));
        CHECK(is.text.n == b.n && is.eyes.n == want + strlen("[\"\",7]"));
        CHECK(is.n_marks == (flags != 0) && (flags == 0 || is.marks[0].flags == flags));
}

static void test_shown(void)
{
        static const char *const whole[] = {
                "y",        "\\n",          "\\u20ac",         "\\ud83d\\ude00",
                "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"
        };

        for (size_t i = 0; i < ELEMENTS(whole); i++) {
                unsigned n = (unsigned)strlen(whole[i]);

                shown(256 - n, whole[i], 256, 0);
                for (unsigned plain = 257 - n; plain <= 256; plain++)
                        shown(plain, whole[i], plain, SQUEEZE_CUT);
                shown(300, whole[i], 256, SQUEEZE_CUT);
        }
        shown(10, "\\ud83d", 10, SQUEEZE_CUT | SQUEEZE_LONE);
        shown(10, "\\ude00", 10, SQUEEZE_CUT | SQUEEZE_LONE);
        shown(10, "\\ud83d\\n", 10, SQUEEZE_CUT | SQUEEZE_LONE);
        shown(10, "\\ud83dx", 10, SQUEEZE_CUT | SQUEEZE_LONE);
        shown(10, "\\ud83d\xc3\xa9", 10, SQUEEZE_CUT | SQUEEZE_LONE);
        shown(10, "\\ud83d\\ud83d\\ude00", 10, SQUEEZE_CUT | SQUEEZE_LONE);
        shown(10, "\\uD7FF\\uE000", 22, 0);
        shown(10, "\\uDBFF\\uDFFF", 22, 0);
        shown(10, "\\udbFF\\udC00", 22, 0);
        shown(10, "\\uD800\\uDbff", 10, SQUEEZE_CUT | SQUEEZE_LONE);
        shown(250, "\\ud83d", 250, SQUEEZE_CUT | SQUEEZE_LONE);
        shown(255, "\\ud83d", 255, SQUEEZE_CUT | SQUEEZE_LONE);
        shown(257, "\\ud83d", 256, SQUEEZE_CUT);
        shown(255, "\\nab", 255, SQUEEZE_CUT);
}

static void test_random(void)
{
        _cleanup_buf_ struct buf b = BUF_INIT;
        bool good = true;

        for (unsigned i = 0; i < 4000 && good; i++) {
                struct maker m = { &b, tap_below(3), 30 };

                buf_clear(&b);
                make_page(&m, PAGE_LIST);
                for (unsigned k = tap_below(3); k > 0; k--)
                        make_broken(&b);
                good = check_text(buf_str(&b), b.n, i < 30 ? 64 : 0);
        }
}

/* Bytes without any sense, most of them of the kinds that matter. */
static void test_soup(void)
{
        static const char *const bits[] = { "\"",
                                            "\"",
                                            "\\",
                                            "\\u",
                                            "d83d",
                                            "\\ud83d",
                                            "\\ude00",
                                            "00e9",
                                            " ",
                                            "\n",
                                            "1",
                                            "true",
                                            "-",
                                            "{",
                                            "]",
                                            ":",
                                            ",",
                                            "\xf0\x9f",
                                            "\x98\x80",
                                            "\xe2\x82\xac",
                                            "\xed",
                                            "n",
                                            "plain text that runs",
                                            "\\\"",
                                            "\xc3",
                                            "\xa9",
                                            "\x7f" };
        _cleanup_buf_ struct buf b = BUF_INIT;
        bool good = true;

        for (unsigned i = 0; i < 60000 && good; i++) {
                buf_clear(&b);
                for (unsigned k = 1 + tap_below(24); k > 0; k--)
                        if (one_in(50))
                                buf_putc(&b, (char)tap_below(256));
                        else
                                buf_puts(&b, PICK(bits));
                if (one_in(4))
                        for (unsigned k = 240 + tap_below(20); k > 0; k--)
                                buf_putc(&b, 'l');
                for (unsigned k = 1 + tap_below(24); k > 0; k--)
                        buf_puts(&b, PICK(bits));
                good = check_text(b.p, b.n, i < 300 ? 64 : 0);
        }
}

/* Each first two bytes of a character, with continuations that are right and wrong; shown, hidden,
 * and at the text's end. */
static void test_utf8(void)
{
        static const char *const tails[] = {
                "", "\x80", "\xbf\x80", "\x80\x7f", "\xc0", "\xbf\xbf"
        };
        char text[400] = "\"";
        bool good = true;

        for (unsigned lead = 0x80; lead < 0x100 && good; lead++)
                for (unsigned next = 0; next < 0x100 && good; next++)
                        for (size_t t = 0; t < ELEMENTS(tails) && good; t++) {
                                size_t n = t % 2 ? 1 : 260, start = n;

                                memset(text + 1, 'h', n - 1);
                                text[n++] = (char)lead;
                                text[n++] = (char)next;
                                n += (size_t)sprintf(text + n, "%s\"", tails[t]);
                                good = check_text(text, n, 0) && check_text(text, start + 2, 0);
                        }
}

static void test_escapes(void)
{
        for (unsigned c = 1; c < 256; c++)
                for (unsigned hidden = 0; hidden <= 300; hidden += 300) {
                        char text[400], *p = text;

                        *p++ = '"';
                        memset(p, 'h', hidden);
                        p += hidden;
                        memcpy(p, "\\?\"", 4);
                        p[1] = (char)c;
                        CHECK(check_text(text, (size_t)(p - text) + 3, 2));
                        CHECK(should.refused == NOT_REFUSED || c == 'u' ||
                              !strchr("\"\\/bfnrt", (int)c));
                        for (unsigned k = 2; k < 6; k++) {
                                memcpy(p, "\\u0aF9\"", 8);
                                p[k] = (char)c;
                                CHECK(check_text(text, (size_t)(p - text) + 7, 2));
                        }
                }
}

static void test_outside(void)
{
        for (unsigned c = 0; c < 256; c++) {
                char text[3] = { '[', (char)c, ']' };
                bool token = c && strchr(" \t\r\n{}[]:,\"+-.", (int)c);

                token = token || (c < 128 && isalnum((int)c));
                CHECK(check_text(text, 3, 3));
                CHECK((should.refused == NOT_REFUSED) == token);
        }
}

static void test_scalars(void)
{
        char text[3000];

        memset(text, '1', sizeof(text));
        CHECK(check_text(text, 1024, 64) && should.refused == NOT_REFUSED);
        CHECK(check_text(text, 1025, 64) && should.refused == 1024);
        text[1024] = ' ';
        CHECK(check_text(text, 2048, 64) && should.refused == NOT_REFUSED);
        text[1024] = ',';
        CHECK(check_text(text, 2050, 64) && should.refused == 2049);
}

/* The table of marks fills before the text does; and strings far longer than a chunk. */
static void test_tables(void)
{
        _cleanup_buf_ struct buf b = BUF_INIT;

        for (unsigned i = 0; i < 3000; i++)
                buf_puts(&b, i % 7 ? "\"\\ud83d\"," : "{\"a\":1},");
        CHECK(check_text(b.p, b.n, 3));
        CHECK(is.n_marks == 2571);

        buf_clear(&b);
        for (unsigned i = 0; i < 4; i++) {
                struct maker m = { &b, 1, 0 };

                buf_puts(&b, "[\"");
                make_inside(&m, 150000 + tap_below(100000));
                buf_puts(&b, "\"]");
        }
        CHECK(check_text(b.p, b.n, 0));
        for (size_t i = SQUEEZE_CHUNK - 40; i < SQUEEZE_CHUNK + 40; i++) {
                buf_clear(&b);
                buf_puts(&b, "[\"");
                while (b.n < i)
                        buf_putc(&b, 'x');
                buf_puts(&b, "\" , \"\\ud83d\\ude00\xf0\x9f\x98\x80\\n\", 1 2 ]");
                CHECK(check_text(b.p, b.n, 0));
        }
}

static void test_stop(void)
{
        _cleanup_buf_ struct buf b = BUF_INIT;

        for (unsigned i = 0; i < 200000; i++)
                buf_puts(&b, "[");
        for (heard.stop_with = -5; heard.stop_with < 10; heard.stop_with += 12)
                for (int at = 1; at <= 4; at++) {
                        struct err e = { 0 };

                        heard.stop_at = at;
                        CHECK(squeeze_over(b.p, b.n, 1000, &e) == heard.stop_with);
                        CHECK(is.text.n == (at < 4 ? (size_t)at * SQUEEZE_CHUNK : b.n));
                        CHECK((e.kind == ERR_HOST) == (heard.stop_with < 0));
                }
        /* What stands before a refused byte is handed on first, and its answer comes first. */
        heard.stop_at = 1;
        heard.stop_with = 9;
        CHECK(squeeze_over("[1,<", 4, 1, NULL) == 9);
        CHECK(strcmp(buf_str(&is.text), "[1,") == 0);
        CHECK(squeeze_over("[1,<", 4, 1, NULL) == -1);
        CHECK(squeeze_over("<", 1, 1, NULL) == -1 && heard.sizes.n == 0);
        heard.stop_at = 0;
}

int main(void)
{
        squeeze = squeeze_new(hear, &heard);
        RUN(test_by_hand, "white space goes, and tokens that it kept apart stay apart");
        RUN(test_shown, "a string is shown up to its 256th byte, between characters and escapes");
        RUN(test_utf8, "UTF-8 is strict, shown and hidden");
        RUN(test_escapes, "escapes are strict, shown and hidden");
        RUN(test_outside, "outside strings, only bytes that a token may have pass");
        RUN(test_scalars, "a number or word has at most 1,024 bytes");
        RUN(test_tables, "full tables end a chunk and lose nothing");
        RUN(test_random, "random and broken texts come out as the oracle says");
        RUN(test_soup, "so does any soup of bytes");
        RUN(test_stop, "what takes the chunks can stop it");
        squeeze = squeeze_free(squeeze);
        CHECK(squeeze_free(NULL) == NULL);
        squeezed_done(&is);
        squeezed_done(&should);
        buf_done(&heard.sizes);
        return tap_end();
}
