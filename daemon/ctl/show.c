#include "ctl/show.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* n is the length of the character at p, 1 to 4. */
static uint32_t decode(const char *p, size_t n)
{
        static const unsigned char first[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
        uint32_t c = (unsigned char)p[0] & first[n];

        for (size_t i = 1; i < n; i++)
                c = c << 6 | ((unsigned char)p[i] & 0x3fu);
        return c;
}

static bool is_obeyed(uint32_t c)
{
        return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || c == 0x200e || c == 0x200f ||
               (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* Could more bytes make a character of these? */
static bool is_cut(const char *p, size_t n)
{
        char whole[4] = { 0 };

        if (n >= sizeof(whole))
                return false;
        memcpy(whole, p, n);
        /* A second byte decides what is valid, and the range is never below 0x80 to 0x8f nor above
         * 0xb0 to 0xbf; one of the two ends fits whatever fits at all. */
        for (int end = 0; end < 2; end++) {
                for (size_t i = n; i < sizeof(whole); i++)
                        whole[i] = (char)(i == 1 ? (end ? 0xbf : 0x80) : 0x80);
                if (text_utf8(whole, sizeof(whole)) > n)
                        return true;
        }
        return false;
}

/* Takes what is whole; returns how many bytes that was. */
static size_t take(const char *p, size_t n, bool last, bool newline, struct buf *out)
{
        size_t plain = 0, i = 0;

        while (i < n) {
                size_t length = text_utf8(p + i, n - i);
                uint32_t c = length ? decode(p + i, length) : 0;

                if (length && (!is_obeyed(c) || (newline && c == '\n'))) {
                        i += length;
                        continue;
                }
                buf_add(out, p + plain, i - plain);
                if (!length && !last && is_cut(p + i, n - i))
                        return i;
                if (length)
                        buf_printf(out, "\\u%04x", c);
                else
                        buf_printf(out, "\\x%02x", (unsigned char)p[i]);
                i += length ? length : 1;
                plain = i;
        }
        buf_add(out, p + plain, i - plain);
        return i;
}

void show_add(struct show *s, const char *p, size_t n, struct buf *out)
{
        /* What was left is taken byte by byte until it is whole, or is none. */
        while (s->n && n) {
                size_t done;

                s->rest[s->n++] = *p++;
                n--;
                done = take(s->rest, s->n, false, true, out);
                s->n -= done;
                memmove(s->rest, s->rest + done, s->n);
        }
        if (n) {
                size_t done = take(p, n, false, true, out);

                s->n = n - done;
                memcpy(s->rest, p + done, s->n);
        }
}

void show_end(struct show *s, struct buf *out)
{
        take(s->rest, s->n, true, true, out);
        s->n = 0;
}

void show_text(struct buf *out, const char *p, size_t n)
{
        take(p, n, true, false, out);
}
