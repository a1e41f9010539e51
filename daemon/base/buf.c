#include "base/buf.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

static void buf_grow(struct buf *b, size_t more)
{
        size_t room = b->room ? b->room : 64;

        if (more > BUF_MAX || b->n > BUF_MAX - more)
                abort();
        while (room < b->n + more + 1)
                room *= 2;
        if (room != b->room) {
                b->p = mem_resize(b->p, room);
                b->room = room;
        }
}

void buf_done(struct buf *b)
{
        free(b->p);
        *b = (struct buf)BUF_INIT;
}

void buf_clear(struct buf *b)
{
        b->n = 0;
        if (b->p)
                b->p[0] = '\0';
}

void buf_add(struct buf *b, const void *p, size_t n)
{
        buf_grow(b, n);
        if (n)
                memcpy(b->p + b->n, p, n);
        b->n += n;
        b->p[b->n] = '\0';
}

void buf_puts(struct buf *b, const char *s)
{
        buf_add(b, s, strlen(s));
}

void buf_putc(struct buf *b, char c)
{
        buf_add(b, &c, 1);
}

void buf_printf(struct buf *b, const char *format, ...)
{
        va_list ap;
        int n;

        va_start(ap, format);
        n = vsnprintf(NULL, 0, format, ap);
        va_end(ap);
        if (n < 0)
                abort();
        buf_grow(b, (size_t)n);
        va_start(ap, format);
        vsnprintf(b->p + b->n, (size_t)n + 1, format, ap);
        va_end(ap);
        b->n += (size_t)n;
}

const char *buf_str(const struct buf *b)
{
        return b->p ? b->p : "";
}

void buf_json(struct buf *b, const char *s, size_t n)
{
        static const char shorts[] = "btnvfr"; /* 0x08 to 0x0d; \v has no JSON form */

        buf_putc(b, '"');
        for (size_t i = 0; i < n; i++) {
                unsigned char c = (unsigned char)s[i];

                if (c == '"' || c == '\\')
                        buf_printf(b, "\\%c", c);
                else if (c >= 0x08 && c <= 0x0d && c != 0x0b)
                        buf_printf(b, "\\%c", shorts[c - 0x08]);
                else if (c < 0x20 || c == 0x7f)
                        buf_printf(b, "\\u%04x", c);
                else
                        buf_putc(b, (char)c);
        }
        buf_putc(b, '"');
}

void buf_json_str(struct buf *b, const char *s)
{
        if (s)
                buf_json(b, s, strlen(s));
        else
                buf_puts(b, "null");
}

void buf_member_uint(struct buf *b, const char *key, uint64_t n)
{
        buf_printf(b, ",\"%s\":%llu", key, (unsigned long long)n);
}

void buf_member_text(struct buf *b, const char *key, const char *text)
{
        buf_printf(b, ",\"%s\":", key);
        buf_json_str(b, text && *text ? text : NULL);
}

void buf_percent(struct buf *b, const char *s, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                unsigned char c = (unsigned char)s[i];

                if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '-' || c == '.' || c == '_' || c == '~')
                        buf_putc(b, (char)c);
                else
                        buf_printf(b, "%%%02X", c);
        }
}
