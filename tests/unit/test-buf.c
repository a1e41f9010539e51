#include "tap.h"
#include "base/buf.h"
#include "base/mem.h"

static void empty(void)
{
        struct buf b = BUF_INIT;

        CHECK(strcmp(buf_str(&b), "") == 0 && b.n == 0 && !b.p);
        buf_clear(&b);
        buf_add(&b, NULL, 0);
        CHECK(strcmp(buf_str(&b), "") == 0 && b.n == 0);
        buf_puts(&b, "x");
        buf_clear(&b);
        CHECK(strcmp(buf_str(&b), "") == 0 && b.n == 0 && b.room > 0);
        buf_done(&b);
        CHECK(!b.p && b.n == 0 && b.room == 0);
        buf_done(&b);
}

/* The model: one array that is large enough. */
static void random_growth(void)
{
        static char model[1 << 20], piece[1024];

        for (int round = 0; round < 50; round++) {
                struct buf b = BUF_INIT;
                size_t n = 0;

                while (n < sizeof(model) - sizeof(piece) && tap_below(200)) {
                        unsigned k = tap_below(sizeof(piece));

                        for (unsigned i = 0; i < k; i++)
                                piece[i] = (char)tap_below(256);
                        switch (tap_below(5)) {
                        case 0:
                                buf_add(&b, piece, k);
                                break;
                        case 1:
                                buf_putc(&b, piece[0]);
                                k = 1;
                                break;
                        case 2:
                                k = (unsigned)strnlen(piece, k);
                                piece[k] = '\0';
                                buf_puts(&b, piece);
                                break;
                        case 3:
                                k = (unsigned)strnlen(piece, k);
                                buf_printf(&b, "%.*s", (int)k, piece);
                                break;
                        default:
                                buf_clear(&b);
                                n = k = 0;
                        }
                        memcpy(model + n, piece, k);
                        n += k;
                        CHECK(b.n == n && b.n < b.room + (b.room == 0));
                        CHECK(n == 0 || (memcmp(b.p, model, n) == 0 && b.p[n] == '\0'));
                }
                buf_done(&b);
        }
}

static bool json_is(const char *s, size_t n, const char *want)
{
        _cleanup_buf_ struct buf b = BUF_INIT;

        buf_json(&b, s, n);
        return strcmp(buf_str(&b), want) == 0;
}

static void json(void)
{
        struct buf b = BUF_INIT;

        CHECK(json_is("", 0, "\"\""));
        CHECK(json_is("a\"b\\c/", 6, "\"a\\\"b\\\\c/\""));
        CHECK(json_is("\b\t\n\v\f\r", 6, "\"\\b\\t\\n\\u000b\\f\\r\""));
        CHECK(json_is("\0\x01\x1f\x7f", 4, "\"\\u0000\\u0001\\u001f\\u007f\""));
        CHECK(json_is("\xf0\x9f\x98\x80", 4, "\"\xf0\x9f\x98\x80\""));
        buf_json_str(&b, NULL);
        buf_json_str(&b, "x");
        CHECK(strcmp(buf_str(&b), "null\"x\"") == 0);
        buf_done(&b);
}

static void percent(void)
{
        static const char kept[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

        struct buf all = BUF_INIT;

        buf_percent(&all, "chat/\xc3\xbc\0 ~", 10);
        CHECK(strcmp(buf_str(&all), "chat%2F%C3%BC%00%20~") == 0);
        buf_done(&all);
        for (int c = 0; c < 256; c++) {
                _cleanup_buf_ struct buf b = BUF_INIT;
                char want[8], one = (char)c;

                snprintf(want, sizeof(want), c && strchr(kept, c) ? "%c" : "%%%02X", c);
                buf_percent(&b, &one, 1);
                CHECK(strcmp(buf_str(&b), want) == 0);
        }
}

int main(void)
{
        RUN(empty, "an empty text needs no memory");
        RUN(random_growth, "a text that grows in any manner holds what was added");
        RUN(json, "a JSON string escapes what it must and nothing else");
        RUN(percent, "only unreserved characters stay in a URL as they are");
        return tap_end();
}
