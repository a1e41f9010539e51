/* Spans, sizes, numbers and moments, of any text: what is read is written as a text that is read as
 * the same again; whole numbers are what strtoll makes of them.
 *
 * Input: the text, without zero bytes. */
#include "fuzz.h"

#include "base/clock.h"
#include "base/text.h"
#include "ctl/when.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define TEXT_MAX 1024
#define NOW      1763798400123456   /* 2025-11-22T08:00:00.123456Z */
#define LAST     253402300800000000 /* the year 10000 */

static void check_numbers(const char *s)
{
        char *end, text[TEXT_SPAN_MAX], size[TEXT_SIZE_MAX];
        int64_t n, plain;
        uint64_t bytes;
        usec_t t, again;
        bool yes;

        errno = 0;
        plain = strtoll(s, &end, 10);
        if (text_int64(s, strlen(s), &n) == 0)
                REQUIRE(*end == '\0' && errno == 0 && n == plain);
        else
                REQUIRE(*s == '\0' || *end || errno || isspace((unsigned char)*s) || *s == '+' ||
                        *s == '-' || *s == '0');
        if (text_span(s, &t) == 0) {
                REQUIRE(t >= 0);
                REQUIRE(text_span(text_from_span(t, text), &again) == 0 && again == t);
                REQUIRE(strlen(text) < TEXT_SPAN_MAX);
        }
        if (text_size(s, &bytes) == 0)
                REQUIRE(strlen(text_from_size(bytes, size)) < TEXT_SIZE_MAX);
        if (text_bool(s, &yes) == 0)
                REQUIRE(strlen(s) <= 5);
}

static void check_moments(const char *s)
{
        char text[CLOCK_TEXT_MAX];
        usec_t t, again;

        if (clock_parse(s, &t) == 0) {
                REQUIRE(t >= 0 && t < LAST);
                REQUIRE(clock_parse(clock_rfc3339(t, text), &again) == 0 && again == t);
                REQUIRE(when_parse(s, NOW, &again) == 0 && again == t);
        }
        if (when_parse(s, NOW, &t) == 0) {
                REQUIRE(t >= 0 && t < LAST);
                REQUIRE(when_parse(when_text(t, text), NOW, &again) == 0);
                REQUIRE(again == t - t % 1000000);
        }
}

static void check_line(const char *s, size_t n)
{
        char out[64], small[5];

        text_line(s, n, out, sizeof(out));
        for (size_t i = 0, k; out[i]; i += k) {
                k = text_utf8(out + i, strlen(out + i));
                REQUIRE(k > 0 && (unsigned char)out[i] >= 0x20 && out[i] != 0x7f);
                REQUIRE(out[i] != ' ' || out[i + 1] != ' ');
        }
        text_line(s, n, small, sizeof(small));
        REQUIRE(strlen(small) < sizeof(small));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        char text[TEXT_MAX + 1];

        if (n > TEXT_MAX)
                return 0;
        memcpy(text, data, n);
        text[n] = '\0';
        check_line(text, n);
        check_numbers(text);
        check_moments(text);
        return 0;
}
