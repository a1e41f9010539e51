/* The tokens of page-oracle.h: strings, numbers and words of a text that is in memory whole. */
#pragma once

#include "base/buf.h"
#include "wire/page.h"

#include <errno.h>
#include <setjmp.h>
#include <stdbool.h>
#include <string.h>

struct oracle { /* all zero at first */
        enum page_kind kind;
        const unsigned char *p;
        size_t n, i;
        unsigned depth;
        jmp_buf out; /* 1: bad, 2: the text ended too early */
        bool in_record;
        struct buf record;  /* the one in hand, without white space */
        struct buf records; /* those that ended, each as run_log() writes it */
        struct page_result result;
        struct buf id;
        int64_t created;

        struct buf text; /* the last string, decoded */
        size_t raw;      /* its bytes as they came, as far as they are certain */
        bool lone;       /* it holds half a surrogate pair */
        bool torn;       /* the text's end cut a character past ASCII in it */
};

/* Where a value stands, and which types may stand there: object, array, string, number, bool, null
 * (z). */
enum place { ROOT, ELEMENT, OBJECT, DATA, MORE, ID, CREATED, ANY };
static const char *const allowed[] = { "o", "o", "s", "a", "b", "s", "n", "oasnbz" };

_Noreturn static void oracle_bad(struct oracle *o)
{
        longjmp(o->out, 1);
}

_Noreturn static void oracle_cut(struct oracle *o)
{
        longjmp(o->out, 2);
}

static unsigned char oracle_peek(struct oracle *o)
{
        if (o->i == o->n)
                oracle_cut(o);
        return o->p[o->i];
}

/* One byte of a token. */
static void oracle_take(struct oracle *o)
{
        if (o->in_record)
                buf_putc(&o->record, (char)o->p[o->i]);
        o->i++;
}

static void oracle_white(struct oracle *o)
{
        while (o->i < o->n && o->p[o->i] != '\0' && strchr(" \t\r\n", o->p[o->i]))
                o->i++;
}

static void oracle_expect(struct oracle *o, char c)
{
        oracle_white(o);
        if (oracle_peek(o) != (unsigned char)c)
                oracle_bad(o);
        oracle_take(o);
}

static void oracle_utf8(struct buf *b, uint32_t c)
{
        if (c < 0x80) {
                buf_putc(b, (char)c);
        } else if (c < 0x800) {
                buf_putc(b, (char)(0xc0 | c >> 6));
                buf_putc(b, (char)(0x80 | (c & 0x3f)));
        } else if (c < 0x10000) {
                buf_putc(b, (char)(0xe0 | c >> 12));
                buf_putc(b, (char)(0x80 | (c >> 6 & 0x3f)));
                buf_putc(b, (char)(0x80 | (c & 0x3f)));
        } else {
                buf_putc(b, (char)(0xf0 | c >> 18));
                buf_putc(b, (char)(0x80 | (c >> 12 & 0x3f)));
                buf_putc(b, (char)(0x80 | (c >> 6 & 0x3f)));
                buf_putc(b, (char)(0x80 | (c & 0x3f)));
        }
}

/* What there is of a string that the text's end cut, or all of it. */
static void oracle_judge(struct oracle *o, enum place place, bool whole)
{
        const char *p = buf_str(&o->text);
        size_t n = o->text.n;

        if (place == OBJECT &&
            (o->lone || o->torn || o->raw > 256 || n > 4 || memcmp(p, "list", n) != 0 ||
             (whole && n < 4)))
                oracle_bad(o);
        if (place != ID)
                return;
        if (o->lone || o->raw > 256 || (whole && n == 0))
                oracle_bad(o);
        for (size_t i = 0; i < n; i++)
                if ((unsigned char)p[i] < 0x20 || p[i] == 0x7f)
                        oracle_bad(o);
}

/* A character past ASCII: by its number, which is the least and the greatest that it can become. */
static bool oracle_char(struct oracle *o)
{
        unsigned char lead = o->p[o->i];
        unsigned n = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
        static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
        uint32_t low = n == 4 ? lead & 7 : n == 3 ? lead & 15 : lead & 31, high = low;

        if (lead < 0xc0 || lead > 0xf7)
                oracle_bad(o);
        o->raw += n;
        for (unsigned k = 1; k < n; k++) {
                bool there = o->i + k < o->n;

                if (there && (o->p[o->i + k] & 0xc0) != 0x80)
                        oracle_bad(o);
                low = low << 6 | (there ? o->p[o->i + k] & 0x3fu : 0);
                high = high << 6 | (there ? o->p[o->i + k] & 0x3fu : 0x3f);
        }
        if (high < least[n] || low > 0x10ffff || (low >= 0xd800 && high <= 0xdfff))
                oracle_bad(o);
        if (o->i + n > o->n) {
                o->torn = true;
                while (o->i < o->n)
                        oracle_take(o);
                return false;
        }
        while (n-- > 0) {
                buf_putc(&o->text, (char)o->p[o->i]);
                oracle_take(o);
        }
        return true;
}

/* The escape at `at`: its length and what it stands for; 0 if the text ends in it. */
static size_t oracle_escape(struct oracle *o, size_t at, uint32_t *ret)
{
        static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
        const char *k;

        *ret = 0;
        if (at + 1 >= o->n)
                return 0;
        k = o->p[at + 1] ? strchr(from, o->p[at + 1]) : NULL;
        if (k) {
                *ret = (unsigned char)to[k - from];
                return 2;
        }
        if (o->p[at + 1] != 'u')
                oracle_bad(o);
        for (size_t j = at + 2; j < at + 6; j++) {
                char digit[2] = { j < o->n ? (char)o->p[j] : '\0', '\0' };

                if (j >= o->n)
                        return 0;
                if (digit[0] == '\0' || !strchr("0123456789abcdefABCDEF", digit[0]))
                        oracle_bad(o);
                *ret = *ret << 4 | (uint32_t)strtoul(digit, NULL, 16);
        }
        return 6;
}

/* An escape, or a pair of them; false if the text's end leaves open what it will be. */
static bool oracle_escapes(struct oracle *o)
{
        uint32_t c, second;
        size_t n = oracle_escape(o, o->i, &c), m = 0;

        if (n == 0)
                return false;
        if (c >= 0xd800 && c < 0xdc00) {
                if (o->i + n == o->n)
                        return false;
                if (o->p[o->i + n] == '\\') {
                        m = oracle_escape(o, o->i + n, &second);
                        if (m == 0)
                                return false;
                }
                if (m == 6 && second >= 0xdc00 && second < 0xe000) {
                        c = 0x10000 + ((c - 0xd800) << 10) + (second - 0xdc00);
                        n += m;
                }
        }
        o->lone = o->lone || (c >= 0xd800 && c < 0xe000);
        o->raw += n;
        oracle_utf8(&o->text, c);
        while (n-- > 0)
                oracle_take(o);
        return true;
}

/* From its first quote to its last. */
static void oracle_string(struct oracle *o, enum place place)
{
        bool more = true;

        buf_clear(&o->text);
        o->raw = 0;
        o->lone = o->torn = false;
        oracle_take(o);
        while (more && o->i < o->n && o->p[o->i] != '"') {
                unsigned char c = o->p[o->i];

                if (c < 0x20) {
                        oracle_bad(o);
                } else if (c == '\\') {
                        more = oracle_escapes(o);
                } else if (c >= 0x80) {
                        more = oracle_char(o);
                } else {
                        buf_putc(&o->text, (char)c);
                        o->raw++;
                        oracle_take(o);
                }
        }
        oracle_judge(o, place, more && o->i < o->n);
        if (!more || o->i == o->n)
                oracle_cut(o);
        oracle_take(o);
}

static size_t oracle_digits(struct oracle *o)
{
        size_t n = 0;

        for (; o->i < o->n && o->p[o->i] >= '0' && o->p[o->i] <= '9'; n++)
                oracle_take(o);
        return n;
}

/* Digits must stand here, or the text must end. */
static void oracle_some_digits(struct oracle *o)
{
        if (oracle_digits(o) == 0 && o->i < o->n)
                oracle_bad(o);
}

static void oracle_number(struct oracle *o, enum place place)
{
        size_t start = o->i;
        char text[40] = "";

        if (o->p[o->i] == '-')
                oracle_take(o);
        if (o->i < o->n && o->p[o->i] == '0')
                oracle_take(o);
        else
                oracle_some_digits(o);
        if (o->i < o->n && o->p[o->i] == '.') {
                oracle_take(o);
                oracle_some_digits(o);
        }
        if (o->i < o->n && (o->p[o->i] == 'e' || o->p[o->i] == 'E')) {
                oracle_take(o);
                if (o->i < o->n && (o->p[o->i] == '+' || o->p[o->i] == '-'))
                        oracle_take(o);
                oracle_some_digits(o);
        }
        if (o->i - start > 1024)
                oracle_bad(o);
        if (place == CREATED) {
                if (o->i - start > 20)
                        oracle_bad(o);
                memcpy(text, o->p + start, o->i - start);
                errno = 0;
                o->created = strtoll(text, NULL, 10);
                if (errno != 0 || strpbrk(text, ".eE"))
                        oracle_bad(o);
        }
        if (o->i == o->n)
                oracle_cut(o);
}

static void oracle_word(struct oracle *o, const char *word)
{
        for (; *word; word++) {
                if (oracle_peek(o) != (unsigned char)*word)
                        oracle_bad(o);
                oracle_take(o);
        }
}
