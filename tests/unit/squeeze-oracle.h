/* The squeeze said a second time: over a whole text in memory, one byte after the other, without
 * chunks. */
#pragma once

#include "base/buf.h"
#include "wire/squeeze.h"

#include <stdbool.h>
#include <string.h>

#define SQUEEZED_MARKS 100000
#define NOT_REFUSED    SIZE_MAX

/* What a squeeze makes of a text, with the marks counted from its start. */
struct squeezed {
        struct buf text, eyes;
        struct squeeze_mark marks[SQUEEZED_MARKS];
        size_t n_marks;
        size_t refused; /* offset, or NOT_REFUSED */
        unsigned open;
};

struct reader {
        const unsigned char *p;
        size_t n, i;
        struct squeezed *to;
        size_t shown; /* bytes of the string in hand, */
        size_t most;  /* and how many may be */
        size_t depth; /* brackets that are open */
        unsigned flags;
        bool stop; /* refused, or the end came within an escape */
};

static void reader_refuse(struct reader *r, size_t at)
{
        r->to->refused = at;
        r->stop = true;
}

/* Hand on k bytes; shown if a whole of `whole` bytes fits. */
static void reader_take(struct reader *r, size_t k, size_t whole, bool half)
{
        if (r->flags == 0 && half)
                r->flags = SQUEEZE_CUT | SQUEEZE_LONE;
        if (r->flags == 0 && r->shown + whole > r->most)
                r->flags = SQUEEZE_CUT;
        buf_add(&r->to->text, r->p + r->i, k);
        if (r->flags == 0) {
                buf_add(&r->to->eyes, r->p + r->i, k);
                r->shown += whole;
        }
        r->i += k;
}

static void reader_char(struct reader *r)
{
        unsigned char a = r->p[r->i];
        size_t whole = a < 0x80 ? 1 : a < 0xe0 ? 2 : a < 0xf0 ? 3 : 4, k = 1;

        if ((a >= 0x80 && a < 0xc2) || a > 0xf4) {
                reader_refuse(r, r->i);
                return;
        }
        for (; k < whole && r->i + k < r->n; k++) {
                unsigned char b = r->p[r->i + k];
                bool good = b >= 0x80 && b <= 0xbf;

                /* The first continuation byte decides on overlong ones, surrogates and the end. */
                if (k == 1)
                        good = good && !(a == 0xe0 && b < 0xa0) && !(a == 0xed && b > 0x9f) &&
                               !(a == 0xf0 && b < 0x90) && !(a == 0xf4 && b > 0x8f);
                if (!good) {
                        reader_take(r, k, whole, false);
                        reader_refuse(r, r->i);
                        return;
                }
        }
        reader_take(r, k, whole, false);
}

/* Length of the escape at `at`, or 0; *code is its \u's. */
static size_t reader_escape(struct reader *r, size_t at, unsigned *code)
{
        *code = 0;
        if (at + 1 >= r->n) {
                r->stop = true;
                return 0;
        }
        if (r->p[at + 1] != 'u') {
                if (r->p[at + 1] != '\0' && strchr("\"\\/bfnrt", r->p[at + 1]))
                        return 2;
                reader_refuse(r, at + 1);
                return 0;
        }
        for (size_t k = at + 2; k < at + 6; k++) {
                const char *digits = "0123456789abcdef0123456789ABCDEF", *d;

                if (k >= r->n) {
                        r->stop = true;
                        return 0;
                }
                d = r->p[k] ? strchr(digits, r->p[k]) : NULL;
                if (!d) {
                        reader_refuse(r, k);
                        return 0;
                }
                *code = *code * 16 + (unsigned)(d - digits) % 16;
        }
        return 6;
}

static void reader_escapes(struct reader *r)
{
        unsigned code, second = 0;
        size_t n = reader_escape(r, r->i, &code), m = 0;
        bool pair;

        if (n == 0)
                return;
        if (code < 0xd800 || code > 0xdbff || r->flags != 0) {
                reader_take(r, n, n, code >= 0xd800 && code <= 0xdfff);
                return;
        }
        if (r->i + n == r->n) {
                r->stop = true;
                return;
        }
        if (r->p[r->i + n] == '\\') {
                m = reader_escape(r, r->i + n, &second);
                if (m == 0)
                        return;
        }
        pair = second >= 0xdc00 && second <= 0xdfff;
        reader_take(r, n + m, n + m, !pair);
}

/* A quote and what follows it, up to its partner. */
static void reader_string(struct reader *r)
{
        struct squeezed *to = r->to;

        r->flags = 0;
        reader_take(r, 1, 0, false);
        r->shown = 0;
        r->most = r->depth > 3 ? 16 : 256;
        while (!r->stop && r->i < r->n && r->p[r->i] != '"') {
                if (r->p[r->i] < 0x20)
                        reader_refuse(r, r->i);
                else if (r->p[r->i] == '\\')
                        reader_escapes(r);
                else
                        reader_char(r);
        }
        if (r->stop || r->i == r->n) {
                to->open = SQUEEZE_STRING | r->flags;
                return;
        }
        if (r->flags != 0)
                to->marks[to->n_marks++] = (struct squeeze_mark){ (uint32_t)to->eyes.n,
                                                                  (uint32_t)to->text.n, r->flags };
        buf_putc(&to->text, '"');
        buf_putc(&to->eyes, '"');
        r->i++;
        to->open = 0;
}

static bool scalar_byte(unsigned char c)
{
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '+' || c == '-' || c == '.';
}

static void squeezed_read(struct squeezed *to, const char *text, size_t n)
{
        struct reader r = { .p = (const unsigned char *)text, .n = n, .to = to };
        bool apart = false; /* white space has come behind a scalar or string */

        buf_clear(&to->text);
        buf_clear(&to->eyes);
        to->n_marks = 0;
        to->refused = NOT_REFUSED;
        to->open = 0;
        while (!r.stop && r.i < n) {
                unsigned char c = r.p[r.i];
                unsigned char before = (unsigned char)(to->text.n ? to->text.p[to->text.n - 1] : 0);
                bool joins = scalar_byte(before) || before == '"';

                if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
                        apart = true;
                        to->open = 0;
                        r.i++;
                        continue;
                }
                if (!scalar_byte(c) && (c == '\0' || !strchr("{}[]:,\"", c))) {
                        reader_refuse(&r, r.i);
                        break;
                }
                if (apart && joins && (scalar_byte(c) || c == '"')) {
                        buf_putc(&to->text, ' ');
                        buf_putc(&to->eyes, ' ');
                }
                apart = false;
                if (c == '"') {
                        reader_string(&r);
                        continue;
                }
                if (strchr("{[", c))
                        r.depth++;
                else if (strchr("}]", c) && r.depth > 0)
                        r.depth--;
                to->open = scalar_byte(c) ? SQUEEZE_SCALAR : 0;
                r.flags = 0;
                r.shown = 0;
                reader_take(&r, 1, 0, false);
                if (to->text.n > 1024 && to->open) {
                        size_t run = 0;

                        while (run < to->text.n &&
                               scalar_byte((unsigned char)to->text.p[to->text.n - 1 - run]))
                                run++;
                        if (run > 1024) {
                                to->text.n--;
                                to->eyes.n--;
                                reader_refuse(&r, r.i - 1);
                        }
                }
        }
}

static void squeezed_done(struct squeezed *s)
{
        buf_done(&s->text);
        buf_done(&s->eyes);
}
