#include "ctl/show.h"
#include "tap.h"

static bool is(const struct buf *b, const char *want)
{
        if (b->n == strlen(want) && memcmp(buf_str(b), want, b->n) == 0)
                return true;
        printf("# wanted %s, came %s\n", want, buf_str(b));
        return false;
}

static const struct {
        const char *text, *shown;
} cases[] = {
        { "", "" },
        { "plain", "plain" },
        { "\033[2Jx\007", "\\u001b[2Jx\\u0007" },
        { "a\tb\rc", "a\\u0009b\\u000dc" },
        { "\177", "\\u007f" },
        { "\302\205\302\237\302\240", "\\u0085\\u009f\302\240" },
        { "gr\303\274n \342\202\254 \360\237\230\200",
          "gr\303\274n \342\202\254 \360\237\230\200" },
        { "\342\200\256\342\201\251\342\200\250\330\234", "\\u202e\\u2069\\u2028\\u061c" },
        { "\377x\300\200y\355\240\200", "\\xffx\\xc0\\x80y\\xed\\xa0\\x80" },
        { "\342\202", "\\xe2\\x82" },
        { "\360\237\230", "\\xf0\\x9f\\x98" },
        { "\342\202x", "\\xe2\\x82x" },
        { "\340\200\200\364\220\200\200", "\\xe0\\x80\\x80\\xf4\\x90\\x80\\x80" },
        { "{\"a\":\"\\u001b\"}", "{\"a\":\"\\u001b\"}" },
};

static void whole(void)
{
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                _cleanup_buf_ struct buf b = BUF_INIT;

                show_text(&b, cases[i].text, strlen(cases[i].text));
                CHECK(is(&b, cases[i].shown));
        }
}

static void pieces(void)
{
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                for (size_t size = 1; size < 8; size++) {
                        _cleanup_buf_ struct buf b = BUF_INIT;
                        struct show s = { .n = 0 };
                        size_t n = strlen(cases[i].text);

                        for (size_t at = 0; at < n; at += size)
                                show_add(&s, cases[i].text + at, n - at < size ? n - at : size, &b);
                        show_end(&s, &b);
                        CHECK(is(&b, cases[i].shown));
                }
        }
}

static void newlines(void)
{
        _cleanup_buf_ struct buf b = BUF_INIT;
        struct show s = { .n = 0 };

        show_add(&s, "a\nb\n", 4, &b);
        CHECK(is(&b, "a\nb\n"));
        show_text(&b, "c\nd", 3);
        CHECK(is(&b, "a\nb\nc\\u000ad"));
}

/* Any bytes, cut anywhere: the same as whole, and nothing in it that a terminal obeys. */
static void any_bytes(void)
{
        for (int round = 0; round < 20000; round++) {
                _cleanup_buf_ struct buf whole_text = BUF_INIT;
                _cleanup_buf_ struct buf b = BUF_INIT;
                struct show s = { .n = 0 };
                char text[24];
                size_t n = tap_below(sizeof(text)), at = 0;

                for (size_t i = 0; i < n; i++)
                        text[i] = (char)(tap_below(3) ? 0x80 + tap_below(0x80) : tap_below(0x100));
                while (at < n) {
                        size_t k = 1 + tap_below((unsigned)(n - at));

                        show_add(&s, text + at, k, &b);
                        at += k;
                }
                show_end(&s, &b);
                s = (struct show){ .n = 0 };
                show_add(&s, text, n, &whole_text);
                show_end(&s, &whole_text);
                CHECK(is(&b, buf_str(&whole_text)));
                for (size_t i = 0; i < b.n; i++)
                        CHECK((unsigned char)b.p[i] >= 0x20 || b.p[i] == '\n');
        }
}

int main(void)
{
        RUN(whole, "control characters and what is not UTF-8 are shown, the rest stays");
        RUN(pieces, "wherever a stream is cut, the same is shown");
        RUN(newlines, "a stream keeps its newlines, a text shows them");
        RUN(any_bytes, "no bytes at all come through as control characters");
        return tap_end();
}
