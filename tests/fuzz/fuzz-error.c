/* An error body of any bytes, with the key in it: what is said of it is one line of UTF-8, and holds
 * no part of the key, neither as it stands nor behind percent signs or escapes.
 *
 * Input: a byte for the room of what is said; the body, in which the bytes 1 to 8 stand for the key, whole or half, written in some way. */
#include "fuzz.h"

#include "base/buf.h"
#include "base/text.h"
#include "wire/api.h"
#include "wire/redact.h"

#include <string.h>
#include <strings.h>

#define KEY      "sk-proj-Ab3dE6gH9jK2mN5pQ8sT1vW4xY7z"
#define TEXT_MAX 65536

static void put_key(struct buf *b, unsigned how)
{
        size_t from = how == 2 ? 9 : 0, to = how == 3 ? 17 : strlen(KEY);

        for (size_t i = from; i < to; i++) {
                unsigned char c = (unsigned char)KEY[i];

                if (how == 4)
                        buf_printf(b, "\\u%04x", c);
                else if (how == 5)
                        buf_printf(b, "%%%02X", c);
                else if (how == 6)
                        buf_printf(b, "&#%u;", c);
                else if (how == 7)
                        buf_printf(b, i % 3 ? "%c" : "\\\\u%04x", c);
                else
                        buf_putc(b, (char)(how == 8 && c >= 'a' && c <= 'z' ? c - 32 : c));
        }
}

static char lower(char c)
{
        return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Any run of as many bytes as count as a part. By hand: a sanitizer's strncasecmp takes long. */
static bool shows_key(const char *s)
{
        size_t n = strlen(s), k;

        for (size_t i = 0; i + REDACT_PART <= n; i++)
                for (size_t j = 0; j + REDACT_PART <= sizeof(KEY) - 1; j++) {
                        for (k = 0; k < REDACT_PART && lower(s[i + k]) == lower(KEY[j + k]); k++)
                                continue;
                        if (k == REDACT_PART)
                                return true;
                }
        return false;
}

static int digits(const char *p, int n, int base)
{
        char text[8] = "", *end;
        long v;

        memcpy(text, p, strnlen(p, (size_t)n));
        v = strtol(text, &end, base);
        return end == text + n && text[0] != '-' && text[0] != '+' && text[0] != ' ' ? (int)v : -1;
}

/* With percent signs, or JSON's escapes, read as what they stand for. */
static void resolve(const char *s, bool percent, char *out)
{
        int c, n;

        for (; *s; s += n) {
                n = percent ? 3 : 6;
                c = percent && *s == '%'                    ? digits(s + 1, 2, 16)
                    : !percent && *s == '\\' && s[1] == 'u' ? digits(s + 2, 4, 16)
                                                            : -1;
                if (c <= 0 || c > 127)
                        c = (unsigned char)*s, n = 1;
                *out++ = (char)c;
        }
        *out = '\0';
}

static void check_line(const char *s, size_t room)
{
        char plain[1024];

        REQUIRE(strlen(s) < room);
        for (size_t i = 0, k, n = strlen(s); i < n; i += k) {
                k = text_utf8(s + i, n - i);
                REQUIRE(k > 0);
                REQUIRE((unsigned char)s[i] >= 0x20 && s[i] != 0x7f);
        }
        REQUIRE(!shows_key(s));
        resolve(s, true, plain);
        REQUIRE(!shows_key(plain));
        resolve(s, false, plain);
        REQUIRE(!shows_key(plain));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        static const size_t rooms[] = { 400, 40, 17, 1000 };
        unsigned how = fuzz_byte(&data, &n);
        size_t room = rooms[how % 4];
        static struct buf body;
        const char *text;
        char out[1000];
        bool quota;

        if (n > TEXT_MAX)
                return 0;
        buf_clear(&body);
        for (size_t i = 0; i < n; i++) {
                if (data[i] >= 1 && data[i] <= 8)
                        put_key(&body, data[i]);
                else
                        buf_putc(&body, (char)data[i]);
        }
        text = buf_str(&body);
        api_read_error(text, body.n, KEY, out, room, &quota);
        check_line(out, room);
        REQUIRE(out[0] != '\0' || body.n == 0);
        if (how & 4) {
                redact_line(text, body.n, KEY, out, room);
                check_line(out, room);
        }
        return 0;
}
