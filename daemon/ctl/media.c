#include "ctl/media.h"
#include "base/text.h"
#include "ctl/prose.h"
#include "ctl/show.h"

#include <string.h>
#include <strings.h>

#define TYPE_MAX    128  /* bytes of a media type and its parameters */
#define ADDRESS_MAX 1024 /* bytes of an address that are shown */

/* How much base64, or percent-encoding, makes of it. */
struct size {
        char head[TYPE_MAX]; /* of the whole string, until the comma */
        size_t n_head;
        bool headless, base64;
        uint64_t digits, bytes, escapes;
};

static bool is_digit(char c)
{
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '+' || c == '/' || c == '-' || c == '_';
}

static bool count(void *ctx, const char *p, size_t n)
{
        struct size *s = ctx;

        for (size_t i = 0; i < n; i++) {
                if (!s->headless) {
                        if (p[i] == ',')
                                s->headless = true;
                        else if (s->n_head == sizeof(s->head) - 1)
                                return false;
                        else
                                s->head[s->n_head++] = p[i];
                        continue;
                }
                s->bytes++;
                s->digits += is_digit(p[i]);
                s->escapes += p[i] == '%';
        }
        return true;
}

static void put_size(const struct size *s, bool base64, struct buf *out)
{
        char text[TEXT_SIZE_MAX];
        uint64_t bytes = s->bytes;

        if (base64)
                bytes = s->digits / 4 * 3 + s->digits % 4 * 3 / 4;
        else if (s->escapes <= bytes / 3)
                bytes -= s->escapes * 2; /* %41 is one byte */

        buf_puts(out, text_from_size(bytes, text));
}

static bool is_data(const struct json *url)
{
        return url->type == JSON_STRING && url->n > 6 && strncasecmp(url->p + 1, "data:", 5) == 0;
}

void media_url(const struct json *url, struct buf *out)
{
        struct size s = { .n_head = 0 };
        char *semicolon;

        if (url->type != JSON_STRING) {
                buf_putc(out, '?');
                return;
        }
        if (is_data(url))
                prose_each(url, count, &s);
        if (!s.headless) { /* an address, or a data: URL that is none */
                if (prose_line(url, ADDRESS_MAX, out))
                        buf_puts(out, "...");
                return;
        }
        semicolon = strrchr(s.head, ';');
        s.base64 = semicolon && strcasecmp(semicolon, ";base64") == 0;
        if (s.base64)
                *semicolon = '\0';
        show_text(out, s.head + 5, strlen(s.head + 5));
        buf_puts(out, s.head[5] ? ", " : "text/plain, ");
        put_size(&s, s.base64, out);
}

void media_size(const struct json *base64, struct buf *out)
{
        struct size s = { .headless = true };

        prose_each(base64, count, &s);
        put_size(&s, true, out);
}
