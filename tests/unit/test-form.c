#include "tap.h"
#include "base/form.h"
#include "value-random.h"

struct taken {
        int r;
        uint8_t digest[SHA256_SIZE];
};

static struct form *form;

static struct taken take(const char *p, size_t n, size_t piece)
{
        struct taken t = { 0 };

        form_reset(form);
        for (size_t at = 0; at < n; at += piece)
                form_add(form, p + at, n - at < piece ? n - at : piece);
        t.r = form_digest(form, t.digest);
        return t;
}

static struct taken take_text(const char *text)
{
        return take(text, strlen(text), 1 + tap_below(64));
}

static struct taken take_value(const struct value *v)
{
        struct buf b = BUF_INIT;
        struct taken t;

        value_text(v, &b);
        t = take(b.p, b.n, 1 + tap_below(64));
        buf_done(&b);
        return t;
}

static bool same(struct taken a, struct taken b)
{
        return a.r == 0 && b.r == 0 && memcmp(a.digest, b.digest, sizeof(a.digest)) == 0;
}

static bool differ(struct taken a, struct taken b)
{
        return a.r == 0 && b.r == 0 && memcmp(a.digest, b.digest, sizeof(a.digest)) != 0;
}

static bool canon_same(const struct value *a, const struct buf *b)
{
        struct buf text = BUF_INIT;
        bool r;

        value_canon(a, &text);
        r = text.n == b->n && memcmp(text.p, b->p, b->n) == 0;
        buf_done(&text);
        return r;
}

static void test_random(void)
{
        unsigned alike = 0;

        for (int round = 0; round < 20000; round++) {
                struct value *v = value_random(0);
                struct taken t = take_value(v);
                struct buf canon = BUF_INIT;

                value_canon(v, &canon);
                CHECK(same(t, take_value(v)));
                for (int k = 0; k < 3; k++) {
                        bool equal;

                        value_mutate(v);
                        equal = canon_same(v, &canon);
                        alike += equal;
                        if (!CHECK(equal ? same(t, take_value(v)) : differ(t, take_value(v))))
                                printf("# %d: %.300s\n", round, canon.p);
                }
                value_free(v);
                buf_done(&canon);
        }
        printf("# %u of 60000 mutated ones were the same value\n", alike);
        CHECK(alike > 1000 && alike < 30000);
}

static void test_pieces(void)
{
        for (int round = 0; round < 300; round++) {
                struct value *v = value_random(0);
                struct buf b = BUF_INIT;
                struct taken whole;

                value_text(v, &b);
                whole = take(b.p, b.n, b.n);
                for (size_t piece = 1; piece <= 64; piece++)
                        CHECK(same(whole, take(b.p, b.n, piece)));
                value_free(v);
                buf_done(&b);
        }
}

static void test_same(void)
{
        static const char *const pairs[][2] = {
                { "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}" },
                { "{\"a\":1,\"b\":0,\"a\":2}", "{\"b\":0,\"a\":1,\"\\u0061\":2}" },
                { "\"/\"", "\"\\/\"" },
                { "\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\"" },
                { "\"\\u00e9\"", "\"\xc3\xa9\"" },
                { "[1,{}]", " [ 1 , { } ]\n" },
                { "\"\\ud83d\"", "\"\\uD83D\"" },
        };

        for (size_t i = 0; i < ELEMENTS(pairs); i++)
                CHECK(same(take_text(pairs[i][0]), take_text(pairs[i][1])));
}

static void test_other(void)
{
        static const char *const texts[] = {
                "{\"a\":1,\"b\":2}",
                "{\"a\":2,\"b\":1}",
                "{\"a\":1,\"b\":2,\"b\":2}",
                "{\"a\":1,\"b\":2,\"b\":2,\"b\":2,\"b\":2}",
                "{\"a\":1}",
                "{\"a\":1,\"a\":1}",
                "{\"a\":1,\"a\":1,\"a\":1}",
                "{\"a\":1,\"a\":2}",
                "{\"a\":2,\"a\":1}",
                "{\"a\":\"1\"}",
                "{\"a\":1.0}",
                "{\"a\":1e0}",
                "{\"a\":null}",
                "{\"a\":[1]}",
                "{\"a\":[1,[]]}",
                "{\"a\":{\"a\":1}}",
                "{\"a\":{\"b\":{\"c\":1}},\"d\":{}}",
                "{\"a\":{\"b\":{}},\"d\":{\"c\":1}}",
                "{\"a\":{},\"b\":[]}",
                "{\"a\":[],\"b\":{}}",
                "{}",
                "[]",
                "[[]]",
                "[{}]",
                "[1,2]",
                "[2,1]",
                "[12]",
                "[\"1\",\"2\"]",
                "[\"12\"]",
                "[\"\",\"12\"]",
                "[\"12\",\"\"]",
                "\"\"",
                "\"\\u0000\"",
                "\"\\ud83d\"",
                "\"\\ude00\"",
                "\"\\ude00\\ud83d\"",
                "\"\\ud83d\\ude00\"",
                "\"\\ud83d\\ud83d\\ude00\"",
                "\"true\"",
                "true",
                "null",
                "1",
                "\"1\"",
                "\"abcdefghijklmnopqrstuvwxyz012345\"",  /* 32: as long as a digest */
                "\"abcdefghijklmnopqrstuvwxyz0123456\"", /* and one more */
                "123456789012345678901234567890123",
                "\"123456789012345678901234567890123\"",
        };

        for (size_t i = 0; i < ELEMENTS(texts); i++)
                for (size_t k = 0; k < i; k++)
                        if (!CHECK(differ(take_text(texts[i]), take_text(texts[k]))))
                                printf("# %s and %s\n", texts[i], texts[k]);
}

/* The digests are kept from one run to the next: an algorithm that gives others needs another
 * CATALOG_VERSION. These were made by a program of another language. */
static void test_kept(void)
{
        static const char *const known[][2] = {
                { "{\"id\":\"a\",\"n\":[1,true,\"\\u00e9\"],\"o\":{}}",
                  "583cb6ea301def40be156f247ecf045074bcdb309f2e51456101584e5baa3bad" },
                { "\"abcdefghijklmnopqrstuvwxyz0123456\"",
                  "5b2a5e0699ae2ca1f33d5c130d847aff2450920cc10264767939be8da8d8781f" },
        };
        char hex[SHA256_HEX_SIZE];

        for (size_t i = 0; i < ELEMENTS(known); i++) {
                sha256_hex(take_text(known[i][0]).digest, hex);
                if (!CHECK(strcmp(hex, known[i][1]) == 0))
                        printf("# %s\n", hex);
        }
}

static void test_none(void)
{
        static const char *const texts[] = {
                "",          " ",
                "{",         "[",
                "[1",        "[1,]",
                "[,1]",      "{\"a\"}",
                "tru",       "nulll",
                "{\"a\":}",  "{\"a\":1,}",
                "{}{}",      "1 2",
                "[1 2]",     "\"a",
                "]",         "}",
                "[}",        "{]",
                "{1:2}",     "\"\\x\"",
                "\"\\u12\"", "\"\\u12g4\"",
                "[tru]",     "\xef\xbb\xbf{}",
                "{,}",       "{\"a\" 1}",
                "'a'",       "[nan]",
                "\"\\",      "tttttt",
                "[1}",       "{\"a\":1]",
        };
        struct buf b = BUF_INIT;

        for (size_t i = 0; i < ELEMENTS(texts); i++)
                if (!CHECK(take_text(texts[i]).r == FORM_NONE))
                        printf("# %s\n", texts[i]);
        for (size_t depth = FORM_DEPTH_MAX; depth <= FORM_DEPTH_MAX + 1; depth++) {
                buf_clear(&b);
                for (size_t i = 0; i < depth; i++)
                        buf_puts(&b, i % 2 ? "[" : "{\"a\":");
                buf_puts(&b, "0");
                for (size_t i = depth; i-- > 0;)
                        buf_putc(&b, i % 2 ? ']' : '}');
                CHECK(take(b.p, b.n, 64).r == (depth > FORM_DEPTH_MAX ? FORM_NONE : 0));
        }
        /* Nothing of a text that was cut is left for the next. */
        CHECK(same(take_text("\"x\""), (take_text("\"\\ud83d"), take_text("\"x\""))));
        /* A word is one, however much is before its end. */
        buf_clear(&b);
        for (int i = 0; i < 512; i++)
                buf_putc(&b, 't');
        buf_puts(&b, "true");
        for (size_t piece = 1; piece < 600; piece++)
                CHECK(take(b.p, b.n, piece).r == FORM_NONE);
        buf_done(&b);
}

/* An object of n members "0": 0 …, some of them in two containers of their own. */
static struct value *make_large(unsigned n)
{
        struct value *v = mem_new(sizeof(*v));

        v->type = V_OBJECT;
        for (unsigned i = 0; i < n; i++) {
                struct value *key = value_string(0);

                for (unsigned k = i + 1; k > 0; k /= 26)
                        value_put_point(key, 'a' + k % 26);
                value_put(v, key, value_random(i % 100 ? 5 : 3));
        }
        return v;
}

static void test_large(void)
{
        static const unsigned sizes[] = { 1000, 1024, 1025, 2000, 5000 };
        unsigned errs = 0;

        for (size_t i = 0; i < ELEMENTS(sizes); i++) {
                struct value *v = make_large(sizes[i]);
                struct buf text = BUF_INIT, canon = BUF_INIT;
                struct taken t;

                value_text(v, &text);
                value_canon(v, &canon);
                t = take(text.p, text.n, 64);
                CHECK(t.r == 0 && same(t, take(text.p, text.n, 7)));
                errs += differ(t, take_value(v));
                if (sizes[i] == 1000)
                        CHECK(errs == 0);
                for (int k = 0; k < 20; k++) {
                        value_mutate(v);
                        if (!canon_same(v, &canon))
                                CHECK(differ(t, take_value(v)));
                }
                value_free(v);
                buf_done(&text);
                buf_done(&canon);
        }
        CHECK(errs >= 2); /* the place is full, and order counts: this test reaches that */
}

/* Members that do not fit are put away in the middle of whatever is open; none may be lost, and the
 * objects behind must not suffer. */
static void test_full_within(void)
{
        struct buf a = BUF_INIT, b = BUF_INIT;

        for (unsigned changed = 0; changed < 800; changed += 7) {
                buf_clear(&a);
                buf_clear(&b);
                for (unsigned i = 0; i < 400; i++) {
                        buf_printf(&a, "{\"p%u\":1,\"q%u\":2,\"r%u\":3,\"o\":", i, i, i);
                        buf_printf(&b, "{\"p%u\":%d,\"q%u\":2,\"r%u\":%d,\"o\":", i,
                                   i == changed ? 9 : 1, i, i, i + 400 == changed ? 9 : 3);
                }
                buf_puts(&a, "{\"x\":1,\"y\":2}");
                buf_puts(&b, "{\"x\":1,\"y\":2}");
                for (unsigned i = 0; i < 400; i++) {
                        buf_printf(&a, ",\"s\":%u}", i);
                        buf_printf(&b, ",\"s\":%u}", i);
                }
                CHECK(same(take(a.p, a.n, 64), take(a.p, a.n, 33)));
                CHECK(differ(take(a.p, a.n, 64), take(b.p, b.n, 64)));
                CHECK(same(take_text("{\"a\":1,\"b\":[{\"c\":1,\"d\":2}]}"),
                           take_text("{\"b\":[{\"d\":2,\"c\":1}],\"a\":1}")));
        }
        buf_done(&a);
        buf_done(&b);
}

static void test_broken(void)
{
        for (int round = 0; round < 20000; round++) {
                struct value *v = value_random(1);
                struct buf b = BUF_INIT;

                value_text(v, &b);
                for (unsigned k = 1 + tap_below(3); k > 0; k--)
                        b.p[tap_below((unsigned)b.n)] = tap_below(2)
                                                                ? "{}[]:,\"\\ut0 "[tap_below(12)]
                                                                : (char)tap_random();
                take(b.p, tap_below(2) ? b.n : tap_below((unsigned)b.n + 1), 1 + tap_below(64));
                value_free(v);
                buf_done(&b);
        }
        CHECK(same(take_text("{\"a\":1,\"b\":2}"), take_text("{\"b\":2,\"a\":1}")));
}

int main(void)
{
        form = form_new();
        RUN(test_random, "texts have one digest if and only if they say the same");
        RUN(test_pieces, "the pieces that a text comes in do not count");
        RUN(test_same, "order, escapes and white space do not count");
        RUN(test_other, "whatever else differs, counts");
        RUN(test_kept, "the digests are those of the version before");
        RUN(test_none, "what is not one value, whole and not too deep, has no digest");
        RUN(test_large,
            "objects of any size: nothing is lost of them, order counts only in large ones");
        RUN(test_full_within, "members put away in open objects are not lost");
        RUN(test_broken, "broken texts do no harm");
        form_free(form);
        return tap_end();
}
