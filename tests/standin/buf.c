#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void *must_alloc(size_t bytes)
{
        void *p = calloc(1, bytes ? bytes : 1);

        if (!p)
                abort();

        return p;
}

void *must_resize(void *p, size_t bytes)
{
        p = realloc(p, bytes ? bytes : 1);
        if (!p)
                abort();

        return p;
}

void buf_done(struct buf *b)
{
        free(b->p);
        *b = (struct buf){ 0 };
}

char *buf_reserve(struct buf *b, size_t more)
{
        size_t need = b->n + more + 1;

        if (need > b->room) {
                b->room = need > b->room * 2 ? need : b->room * 2;
                if (b->room < 64)
                        b->room = 64;
                b->p = must_resize(b->p, b->room);
        }

        return b->p + b->n;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
        char *to = buf_reserve(b, n);

        if (n > 0)
                memcpy(to, p, n);
        to[n] = '\0';
        b->n += n;
}

void buf_puts(struct buf *b, const char *s)
{
        buf_add(b, s, strlen(s));
}

void buf_putc(struct buf *b, char c)
{
        buf_add(b, &c, 1);
}

void buf_slice(struct buf *b, struct slice s)
{
        buf_add(b, s.p, s.n);
}

void buf_u64(struct buf *b, uint64_t v)
{
        char digits[20];
        size_t at = sizeof(digits);

        do {
                digits[--at] = (char)('0' + v % 10);
                v /= 10;
        } while (v > 0);

        buf_add(b, digits + at, sizeof(digits) - at);
}

void buf_i64(struct buf *b, int64_t v)
{
        if (v < 0)
                buf_putc(b, '-');
        buf_u64(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void buf_printf(struct buf *b, const char *format, ...)
{
        va_list args, again;
        int n;

        va_start(args, format);
        va_copy(again, args);
        n = vsnprintf(NULL, 0, format, args);
        if (n < 0)
                abort();
        (void)vsnprintf(buf_reserve(b, (size_t)n), (size_t)n + 1, format, again);
        b->n += (size_t)n;
        va_end(again);
        va_end(args);
}

void buf_consume(struct buf *b, size_t n)
{
        if (n == 0)
                return;
        memmove(b->p, b->p + n, b->n - n);
        b->n -= n;
        b->p[b->n] = '\0';
}

void buf_replace(struct buf *b, size_t from, size_t to, struct slice s)
{
        (void)buf_reserve(b, s.n);
        memmove(b->p + from + s.n, b->p + to, b->n - to);
        if (s.n > 0)
                memcpy(b->p + from, s.p, s.n);
        b->n = b->n - (to - from) + s.n;
        b->p[b->n] = '\0';
}

/* The length of the UTF-8 character at p, 0 if there is none. */
static size_t utf8_length(const unsigned char *p, size_t n)
{
        size_t want = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

        if (want == 0 || want > n || p[0] > 0xf4)
                return 0;
        for (size_t i = 1; i < want; i++)
                if ((p[i] & 0xc0) != 0x80)
                        return 0;
        if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
            (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
                return 0;

        return want;
}

void buf_json(struct buf *b, struct slice s)
{
        if (!s.p) {
                buf_puts(b, "null");
                return;
        }

        buf_putc(b, '"');
        for (size_t i = 0; i < s.n;) {
                unsigned char c = (unsigned char)s.p[i];
                size_t n = utf8_length((const unsigned char *)s.p + i, s.n - i);

                if (c == '"' || c == '\\') {
                        buf_putc(b, '\\');
                        buf_putc(b, (char)c);
                } else if (c < 0x20 || n == 0) {
                        buf_printf(b, "\\u%04x", c);
                } else {
                        buf_add(b, s.p + i, n);
                }
                i += n ? n : 1;
        }
        buf_putc(b, '"');
}
