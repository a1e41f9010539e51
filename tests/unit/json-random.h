/* Random JSON for the readers of pages: right ones in every spelling, wrong ones by design, and
 * broken ones. Appends to a buf, so that a test links base/buf. */
#pragma once

#include "base/buf.h"
#include "tap.h"
#include "wire/page.h"

struct maker {
        struct buf *b;
        unsigned
                white; /* between tokens: 0 nothing, 1 any of the four bytes, 2 as a printer does */
        unsigned odd;  /* one thing in so many is not as it should be; 0: all are */
};

#define PICK(array) ((array)[tap_below(sizeof(array) / sizeof((array)[0]))])

static bool one_in(unsigned n)
{
        return n > 0 && tap_below(n) == 0;
}

static void make_white(struct maker *m)
{
        unsigned n = m->white == 1 && one_in(2) ? tap_below(4) : 0;

        while (n-- > 0)
                buf_putc(m->b, " \t\n\r"[tap_below(4)]);
        if (m->white == 2 && one_in(2))
                buf_puts(m->b, one_in(2) ? " " : "\n        ");
}

static void make_token(struct maker *m, const char *s)
{
        make_white(m);
        buf_puts(m->b, s);
        make_white(m);
}

static const char *const units[] = {
        "a",
        "b",
        "xyz",
        "the quick brown fox",
        " ",
        "  ",
        "{",
        "}]",
        ",",
        ":",
        "'",
        "//",
        "\x7f",
        "\\n",
        "\\\"",
        "\\\\",
        "\\/",
        "\\t",
        "\\b",
        "\\f",
        "\\r",
        "\\u0000",
        "\\u001f",
        "\\u00e9",
        "\\u0069",
        "\\u20AC",
        "\\uFFFF",
        "\\ud83d\\ude00",
        "\\uD800\\udc00",
        "\\uDBFF\\uDFFF",
        "\xc2\x80",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xe2\x82\xac",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf0\x9f\x98\x80",
        "\xf4\x8f\xbf\xbf",
};
static const char *const lone[] = {
        "\\ud83d",        "\\ude00",        "\\uD800",
        "\\uDFFF",        "\\ud83d\\u0069", "\\ud83d\\ud83d\\ude00",
        "\\ud83d\\\\u12", "\\ude00\\ud83d",
};

/* About n bytes of a string's inside, at least. */
static void make_inside(struct maker *m, size_t n)
{
        size_t end = m->b->n + n;

        while (m->b->n < end)
                buf_puts(m->b, one_in(40) ? PICK(lone) : PICK(units));
}

static void make_string(struct maker *m)
{
        static const char x[] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

        make_white(m);
        buf_putc(m->b, '"');
        if (one_in(8)) {
                /* Whatever stands across the 256th byte. */
                for (unsigned i = 0; i < 3; i++)
                        buf_puts(m->b, x);
                make_inside(m, 40 + tap_below(20));
                buf_add(m->b, x, tap_below(12));
                make_inside(m, 1 + tap_below(30));
        } else if (one_in(1000))
                make_inside(m, tap_below(140000));
        else if (!one_in(6))
                make_inside(m, tap_below(24));
        buf_putc(m->b, '"');
        make_white(m);
}

static void make_number(struct maker *m)
{
        static const char *const numbers[] = {
                "0",
                "-0",
                "1",
                "-1",
                "42",
                "1.0",
                "-0.0",
                "1E0",
                "1e+5",
                "1E-5",
                "0.1",
                "1.25e10",
                "9223372036854775807",
                "-9223372036854775808",
                "9223372036854775808",
                "1e999",
                "-9204369220377073006",
                "12345678901234567890123",
        };

        make_token(m, PICK(numbers));
}

static void make_key(struct maker *m)
{
        static const char *const keys[] = {
                "\"id\"",
                "\"\\u0069d\"",
                "\"i\\u0064\"",
                "\"created\"",
                "\"creat\\u0065d\"",
                "\"has_more\"",
                "\"data\"",
                "\"object\"",
                "\"completion_id\"",
                "\"k\"",
                "\"\"",
                "\"id\\u0000\"",
                "\"id\\ud83d\"",
                "\"ID\"",
                "\"has\\u005fmore\"",
                "\"dat\"",
        };

        if (one_in(4))
                make_string(m);
        else
                make_token(m, PICK(keys));
}

static void make_value(struct maker *m, unsigned depth)
{
        static const char *const words[] = { "true", "false", "null" };
        unsigned what = tap_below(depth < 5 ? 10 : 6), n = tap_below(4);

        if (what < 3) {
                make_string(m);
        } else if (what < 5) {
                make_number(m);
        } else if (what < 6) {
                make_token(m, PICK(words));
        } else {
                make_token(m, what < 8 ? "{" : "[");
                for (unsigned i = 0; i < n; i++) {
                        if (i > 0)
                                make_token(m, ",");
                        if (what < 8) {
                                make_key(m);
                                make_token(m, ":");
                        }
                        make_value(m, depth + 1);
                }
                make_token(m, what < 8 ? "}" : "]");
        }
}

static void make_id(struct maker *m)
{
        static const char *const wrong[] = { "\"\"",    "1",           "null",
                                             "[\"a\"]", "\"\\u0000\"", "\"a\\ud83d\"",
                                             "{}",      "\"a\x7f\"" };

        if (one_in(m->odd)) {
                make_token(m, PICK(wrong));
                return;
        }
        make_white(m);
        buf_printf(m->b, "\"chatcmpl-%s%u", one_in(5) ? "\\u0041\xc3\xa9\\/" : "", tap_below(999));
        if (one_in(20))
                for (unsigned i = 226 + tap_below(20); i > 0; i--)
                        buf_putc(m->b, 'i');
        buf_putc(m->b, '"');
        make_white(m);
}

static void make_created(struct maker *m)
{
        static const char *const right[] = { "1763798400", "0", "-1", "9223372036854775807" };
        static const char *const wrong[] = { "1.0",  "1e3", "\"1\"", "9223372036854775808",
                                             "null", "[1]", "true",  "-9223372036854775809" };

        make_token(m, one_in(m->odd) ? PICK(wrong) : PICK(right));
}

enum { M_ID, M_CREATED, M_OBJECT, M_DATA, M_MORE, M_EXTRA };

static void make_object(struct maker *m, const unsigned *members, unsigned n, const char *id);

static void make_data(struct maker *m, const char *id)
{
        unsigned n = one_in(10) ? 0 : tap_below(6);

        if (one_in(m->odd * 2)) {
                make_value(m, 3);
                return;
        }
        make_token(m, "[");
        for (unsigned i = 0; i < n; i++) {
                static const unsigned members[] = { M_EXTRA, M_ID, M_CREATED, M_EXTRA, M_EXTRA };

                if (i > 0)
                        make_token(m, ",");
                if (one_in(m->odd * 4))
                        make_value(m, 3);
                else
                        make_object(m, members, 5, id);
        }
        make_token(m, "]");
}

static void make_member(struct maker *m, unsigned member, const char *id)
{
        static const char *const bools[] = { "true", "false" };
        static const char *const wrong[] = { "\"true\"", "null", "1", "[]", "\"lis\"" };
        static const char *const keys[][2] = {
                [M_CREATED] = { "\"created\"", "\"cre\\u0061ted\"" },
                [M_OBJECT] = { "\"object\"", "\"\\u006fbject\"" },
                [M_DATA] = { "\"data\"", "\"d\\u0061ta\"" },
                [M_MORE] = { "\"has_more\"", "\"has\\u005Fmore\"" },
        };

        if (member == M_EXTRA)
                make_string(m);
        else
                make_token(m, member == M_ID ? id : keys[member][one_in(5)]);
        make_token(m, ":");
        if (member == M_ID)
                make_id(m);
        else if (member == M_CREATED)
                make_created(m);
        else if (member == M_DATA)
                make_data(m, id);
        else if (member == M_EXTRA)
                make_value(m, 3);
        else if (one_in(m->odd * 2))
                make_token(m, PICK(wrong));
        else
                make_token(m, member == M_MORE ? PICK(bools) : "\"list\"");
}

/* The members from a random one on, round to it; odd ones left out or sent twice. */
static void make_object(struct maker *m, const unsigned *members, unsigned n, const char *id)
{
        unsigned first = tap_below(n);
        bool comma = false;

        make_token(m, "{");
        for (unsigned i = 0; i < n; i++) {
                unsigned member = members[(first + i) % n], times = 1;

                if (member == M_EXTRA || member == M_OBJECT)
                        times = tap_below(2);
                else if (one_in(m->odd * 2))
                        times = one_in(2) ? 0 : 2;
                for (; times > 0; times--) {
                        if (comma)
                                make_token(m, ",");
                        comma = true;
                        make_member(m, member, id);
                }
        }
        make_token(m, "}");
}

/* A whole text for a page of this kind. */
static void make_page(struct maker *m, enum page_kind kind)
{
        static const unsigned page[] = { M_OBJECT, M_DATA, M_EXTRA, M_EXTRA, M_MORE };
        static const unsigned one[] = { M_EXTRA, M_ID, M_CREATED, M_EXTRA, M_EXTRA };

        if (kind == PAGE_LIST || kind == PAGE_MESSAGES)
                make_object(m, page, 5, one_in(5) ? "\"\\u0069d\"" : "\"id\"");
        else
                make_object(m, one, 5, kind == PAGE_ONE ? "\"id\"" : "\"completion_id\"");
        make_white(m);
}

/* Break it: a bit flipped, the end cut off, a piece taken out, a piece said twice, a byte or two
 * put in. */
static void make_broken(struct buf *b)
{
        static const char *const put[] = {
                "{",
                "}",
                "[",
                "]",
                ":",
                ",",
                "\"",
                "\\",
                " ",
                "0",
                "-",
                "1 ",
                ".",
                "e",
                "t",
                "nul",
                "\n",
                "\t",
                "\f",
                "\v",
                "\x80",
                "\xc0",
                "\xed\xa0\x80",
                "\xef\xbb\xbf",
                "\\u",
                "/",
                "\"\"",
                "true",
                "\\ud83d",
                "[[",
                "{}",
                "'",
                "+",
                "\x01",
                "1.0",
                "null,",
        };
        size_t at = b->n ? tap_below((unsigned)b->n) : 0, left = b->n - at, n;
        const char *s;

        if (left == 0)
                return;
        switch (tap_below(6)) {
        case 0:
                b->p[at] = (char)(b->p[at] ^ (1 << tap_below(8)));
                return;
        case 1:
                b->n = at;
                return;
        case 2:
                n = 1 + tap_below(left < 40 ? (unsigned)left : 40);
                memmove(b->p + at, b->p + at + n, left - n);
                b->n -= n;
                return;
        case 3:
                n = 1 + tap_below(left < 40 ? (unsigned)left : 40);
                for (size_t i = 0; i < n; i++)
                        buf_putc(b, ' ');
                memmove(b->p + at + n, b->p + at, left);
                return;
        default:
                s = PICK(put);
                n = strlen(s);
                buf_puts(b, s);
                memmove(b->p + at + n, b->p + at, left);
                memcpy(b->p + at, s, n);
                return;
        }
}
