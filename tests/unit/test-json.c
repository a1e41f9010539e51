#include "tap.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

static bool parses(const char *s)
{
        struct json v;

        return json_parse(s, strlen(s), &v) == 0;
}

static void accepts(void)
{
        static const char *const good[] = {
                "{}",
                "[]",
                " \t\r\n{ } \n",
                "null",
                "true",
                "false",
                "0",
                "-0",
                "10",
                "-1.5",
                "1E0",
                "1e+5",
                "1.25e-7",
                "\"\"",
                "\"\\u0000\"",
                "\"\\ud83d\"",
                "\"\\/\\\"\\\\\\b\"",
                "[1,2 , 3]",
                "{\"a\":1,\"a\":2}",
                "{\"a\" : [ { } , [ ] ] }",
                "\"\xff\"",
                "\"\x7f\"",
        };

        for (size_t i = 0; i < ELEMENTS(good); i++) {
                if (!CHECK(parses(good[i])))
                        printf("# %s\n", good[i]);
        }
}

static void refuses(void)
{
        static const char *const bad[] = {
                "",
                " ",
                "{",
                "}",
                "[",
                "]",
                "[1,]",
                "[,1]",
                "[1 2]",
                "{\"a\"}",
                "{\"a\":}",
                "{\"a\":1,}",
                "{,}",
                "{a:1}",
                "{'a':1}",
                "{\"a\":1 \"b\":2}",
                "{\"a\" 1}",
                "01",
                "+1",
                "-",
                ".5",
                "1.",
                "1.e5",
                "1e",
                "1e+",
                "0x1",
                "- 1",
                "NaN",
                "Infinity",
                "True",
                "nul",
                "nulll",
                "tru",
                "\"",
                "\"\\\"",
                "\"\\x\"",
                "\"\\u12\"",
                "\"\\u12g4\"",
                "\"a\nb\"",
                "\"\x1f\"",
                "1 2",
                "{} {}",
                "[1]]",
                "// c\n1",
                "\xef\xbb\xbf{}",
                "\v1",
                "[1}",
                "{\"a\":1]",
                "\"\\",
                "\"\\u",
                "1,",
                ":",
                "\"a\":1",
        };

        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                if (!CHECK(!parses(bad[i])))
                        printf("# %s\n", bad[i]);
        }
        CHECK(json_parse("1\0", 2, &(struct json){ 0 }) == -1);
        CHECK(json_parse("\"\\\0\"", 4, &(struct json){ 0 }) == -1);
}

static void depth(void)
{
        char s[2 * JSON_DEPTH_MAX + 8];

        for (int n = 1; n <= JSON_DEPTH_MAX + 2; n++) {
                memset(s, '[', (size_t)n);
                memset(s + n, ']', (size_t)n);
                s[2 * n] = '\0';
                CHECK(parses(s) == (n <= JSON_DEPTH_MAX));
        }
}

static bool decodes(const char *text, const char *want, size_t n)
{
        _cleanup_buf_ struct buf b = BUF_INIT;
        struct json v;

        return json_parse(text, strlen(text), &v) == 0 && json_string(&v, &b) == 0 && b.n == n &&
               memcmp(buf_str(&b), want, n) == 0;
}

#define DECODES(text, want) CHECK(decodes(text, want, sizeof(want) - 1))

static void strings(void)
{
        struct buf b = BUF_INIT;
        struct json v;

        DECODES("\"\"", "");
        DECODES("\"a\\\"\\\\\\/\\b\\f\\n\\r\\tz\"", "a\"\\/\b\f\n\r\tz");
        DECODES("\"\\u0000\\u0041\\u00fC\\u20aC\"", "\0A\xc3\xbc\xe2\x82\xac");
        DECODES("\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80");
        DECODES("\"\\uD800\\uDC00\\uDBFF\\uDFFF\"", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
        DECODES("\"\\uABCD\\uEF01\"", "\xea\xaf\x8d\xee\xbc\x81");
        DECODES("\"\\ud83d\"", "\xed\xa0\xbd");
        DECODES("\"\\ude00\\ud83d\"", "\xed\xb8\x80\xed\xa0\xbd");
        DECODES("\"\\ud83d\\ud83d\\ude00\"", "\xed\xa0\xbd\xf0\x9f\x98\x80");
        DECODES("\"\\ud83dxude00\"", "\xed\xa0\xbdxude00");
        DECODES("\"\\ud83d\\n\"", "\xed\xa0\xbd\n");
        DECODES("\"\\ud83d\\u0041\"", "\xed\xa0\xbd"
                                      "A");
        CHECK(json_parse("1", 1, &v) == 0 && json_string(&v, &b) == -1 && b.n == 0);
        buf_done(&b);
}

/* A string with n bytes between its quotes, none to spare behind them, of which one is c. */
static void one_byte(size_t n, size_t at, int c)
{
        _cleanup_free_ char *exact = mem_new(n + 2);
        _cleanup_buf_ struct buf b = BUF_INIT;
        bool plain = c >= 0x20 && c != '"' && c != '\\';
        bool good = plain || (c == '\\' && at + 1 < n); /* what follows it makes an escape */
        struct json v;

        exact[0] = exact[n + 1] = '"';
        memset(exact + 1, "n/"[tap_below(2)], n);
        exact[1 + at] = (char)c;
        if (!CHECK((json_parse(exact, n + 2, &v) == 0) == good))
                printf("# byte %d at %zu of %zu\n", c, at, n);
        if (!good || !CHECK(json_string(&v, &b) == 0))
                return;
        CHECK(b.n == (plain ? n : n - 1));
        if (plain)
                CHECK(memcmp(buf_str(&b), exact + 1, n) == 0);
}

/* At each place: strings are read several bytes at once. */
static void each_byte(void)
{
        for (size_t n = 1; n <= 20; n++)
                for (size_t at = 0; at < n; at++)
                        for (int c = 0; c < 256; c++)
                                one_byte(n, at, c);
}

static void equals(void)
{
        struct json v;

        CHECK(json_parse("\"id\"", 4, &v) == 0 && json_equals(&v, "id"));
        CHECK(!json_equals(&v, "i") && !json_equals(&v, "idx") && !json_equals(&v, ""));
        CHECK(json_parse("\"\\u0069d\"", 9, &v) == 0 && json_equals(&v, "id"));
        CHECK(!json_equals(&v, "\\u0069d"));
        CHECK(json_parse("\"a\\u0000\"", 9, &v) == 0 && !json_equals(&v, "a"));
        CHECK(json_parse("12", 2, &v) == 0 && !json_equals(&v, "12"));
        CHECK(json_parse("\"\"", 2, &v) == 0 && json_equals(&v, ""));
}

static void members(void)
{
        static const char text[] = " { \"a\" : 1 , \"b\":[true,{\"a\":5}],\"\\u0061\":\"last\","
                                   "\"seed\":-9204369220377073006, \"o\":{ } }";
        struct json v, m;
        int64_t n;

        CHECK(json_parse(text, strlen(text), &v) == 0 && v.type == JSON_OBJECT);
        CHECK(json_member(&v, "a", &m) && json_equals(&m, "last"));
        CHECK(json_member(&v, "seed", &m) && json_int64(&m, &n) == 0 && n == -9204369220377073006);
        CHECK(json_member(&v, "b", &m) && m.type == JSON_ARRAY && m.n == 14);
        CHECK(json_member(&v, "o", &m) && m.type == JSON_OBJECT && !json_member(&m, "a", &m));
        CHECK(!json_member(&v, "c", &m) && !json_member(&v, "", &m));
        CHECK(json_parse("[\"a\",1]", 7, &v) == 0 && !json_member(&v, "a", &m));
        json_members(&v, (const char *const[]){ "a" }, 1, &m);
        CHECK(m.type == JSON_NULL && m.p == NULL);
}

/* Several members at once are what each is alone: doubled, escaped, empty, missing keys. */
static void members_at_once(void)
{
        static const char *const spelled[] = { "a",       "\\u0061", "ab",   "a\\u0062",    "b",
                                               "\\u0062", "",        "\\\"", "\\u005cu0061" };
        static const char *const keys[] = { "b", "a", "", "ab", "c", "\"", "a", "\\u0061" };

        for (int i = 0; i < 20000; i++) {
                _cleanup_buf_ struct buf b = BUF_INIT;
                struct json v, one, all[ELEMENTS(keys)];
                unsigned n = tap_below(7);

                buf_putc(&b, '{');
                for (unsigned k = 0; k < n; k++)
                        buf_printf(&b, "%s\"%s\":%u", k ? "," : "",
                                   spelled[tap_below(ELEMENTS(spelled))], k);
                buf_putc(&b, '}');
                CHECK(json_parse(b.p, b.n, &v) == 0);
                json_members(&v, keys, ELEMENTS(keys), all);
                for (size_t k = 0; k < ELEMENTS(keys); k++) {
                        struct json key, value, last = { 0 };

                        for (size_t at = 0; json_next(&v, &at, &key, &value);)
                                if (json_equals(&key, keys[k]))
                                        last = value;
                        CHECK(all[k].type == last.type && all[k].p == last.p && all[k].n == last.n);
                        CHECK(json_member(&v, keys[k], &one) == (last.p != NULL));
                }
        }
}

static void integers(void)
{
        static const char *const bad[] = { "1.0", "1e3", "\"1\"", "9223372036854775808", "null" };
        struct json v;
        int64_t n = 77;

        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                CHECK(json_parse(bad[i], strlen(bad[i]), &v) == 0);
                CHECK(json_int64(&v, &n) == -1 && n == 77);
        }
}

/* A random value as text, with white space anywhere; counts what is in it. */
static void grow(struct buf *b, int level, unsigned *values)
{
        static const char *const leaves[] = { "null",
                                              "true",
                                              "false",
                                              "0",
                                              "-12.5e+3",
                                              "\"\"",
                                              "\"x\\u00e9\\\"]}\"",
                                              "\"\xf0\x9f\x98\x80,:\"" };
        static const char *const spaces[] = { "", "", " ", "\n\t", "\r\n" };
        unsigned n = tap_below(4), kind = tap_below(level > 0 ? 3 : 1);

        (*values)++;
        if (kind == 0) {
                buf_puts(b, leaves[tap_below(ELEMENTS(leaves))]);
                return;
        }
        buf_putc(b, kind == 1 ? '[' : '{');
        for (unsigned i = 0; i < n; i++) {
                buf_puts(b, i ? "," : "");
                buf_puts(b, spaces[tap_below(ELEMENTS(spaces))]);
                if (kind == 2)
                        buf_printf(b, "\"k%u\"%s:%s", i, spaces[tap_below(5)],
                                   spaces[tap_below(5)]);
                grow(b, level - 1, values);
                buf_puts(b, spaces[tap_below(ELEMENTS(spaces))]);
        }
        buf_putc(b, kind == 1 ? ']' : '}');
}

static unsigned count(const struct json *v, bool named)
{
        unsigned n = 1, i = 0;
        size_t at = 0;
        struct json key, item;

        while (json_next(v, &at, &key, &item)) {
                if (named && v->type == JSON_OBJECT) {
                        char name[8];

                        snprintf(name, sizeof(name), "k%u", i++);
                        CHECK(json_equals(&key, name));
                }
                n += count(&item, named);
        }
        return n;
}

static void random_values(void)
{
        for (int i = 0; i < 20000; i++) {
                _cleanup_buf_ struct buf b = BUF_INIT;
                unsigned values = 0;
                struct json v;
                size_t cut;

                buf_puts(&b, tap_below(2) ? " " : "");
                grow(&b, 4, &values);
                if (!CHECK(json_parse(b.p, b.n, &v) == 0 && count(&v, true) == values))
                        printf("# %s\n", b.p);
                if (v.type != JSON_OBJECT && v.type != JSON_ARRAY)
                        continue;
                cut = tap_below((unsigned)(v.p - b.p + (ptrdiff_t)v.n));
                CHECK(json_parse(b.p, cut, &v) == -1);
        }
}

/* The copy has no byte to spare, so that a sanitizer sees each one read too many. */
static void random_bytes(void)
{
        for (int i = 0; i < 50000; i++) {
                _cleanup_buf_ struct buf b = BUF_INIT;
                _cleanup_free_ char *exact = NULL;
                unsigned values = 0;
                struct json v;

                grow(&b, 3, &values);
                for (unsigned k = 1 + tap_below(3); k > 0; k--)
                        b.p[tap_below((unsigned)b.n)] = "\"\\{}[],:u0 e-.tn\x01\xff"[tap_below(18)];
                exact = mem_new(b.n);
                memcpy(exact, b.p, b.n);
                if (json_parse(exact, b.n - tap_below(2), &v) == 0)
                        CHECK(count(&v, false) > 0);
        }
}

/* What buf_json writes, json_string reads back. */
static void round_trip(void)
{
        for (int i = 0; i < 20000; i++) {
                _cleanup_buf_ struct buf in = BUF_INIT, text = BUF_INIT, out = BUF_INIT;
                struct json v;

                for (unsigned k = tap_below(20); k > 0; k--)
                        buf_putc(&in, (char)tap_below(tap_below(2) ? 256 : 0x30));
                buf_json(&text, buf_str(&in), in.n);
                CHECK(json_parse(text.p, text.n, &v) == 0 && json_string(&v, &out) == 0);
                CHECK(out.n == in.n && memcmp(buf_str(&out), buf_str(&in), in.n) == 0);
        }
}

int main(void)
{
        RUN(accepts, "what JSON allows is read");
        RUN(refuses, "what JSON does not allow is refused");
        RUN(depth, "nesting ends at its ceiling");
        RUN(strings, "strings are decoded, lone surrogates kept apart");
        RUN(each_byte, "each byte is seen at each place of a string");
        RUN(equals, "texts are compared decoded");
        RUN(members, "a member is found by its decoded key, the last of two");
        RUN(members_at_once, "members that are asked for together are what each is alone");
        RUN(integers, "only whole numbers are integers");
        RUN(random_values, "random values are walked whole, and refused when cut");
        RUN(random_bytes, "broken bytes are never read past their end");
        RUN(round_trip, "any bytes come back from a JSON string as they were");
        return tap_end();
}
