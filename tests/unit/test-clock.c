#include "tap.h"
#include "base/clock.h"
#include "base/mem.h"

/* Days since 1970 by counting, to hold against the library's. */
static void civil(int64_t day, int *year, int *month, int *mday)
{
        static const int length[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
        bool leap;
        int n;

        for (*year = 1970;; (*year)++, day -= n) {
                leap = *year % 4 == 0 && (*year % 100 != 0 || *year % 400 == 0);
                n = leap ? 366 : 365;
                if (day < n)
                        break;
        }
        for (*month = 0;; (*month)++, day -= n) {
                n = length[*month] + (*month == 1 && leap);
                if (day < n)
                        break;
        }
        *mday = (int)day + 1;
        (*month)++;
}

static void writes(void)
{
        char text[CLOCK_TEXT_MAX];

        CHECK(strcmp(clock_rfc3339(0, text), "1970-01-01T00:00:00.000000Z") == 0);
        CHECK(strcmp(clock_rfc3339(1795334400 * USEC_PER_SEC + 1, text),
                     "2026-11-22T08:00:00.000001Z") == 0);
        CHECK(strcmp(clock_rfc3339(-5, text), "1970-01-01T00:00:00.000000Z") == 0);
        CHECK(strcmp(clock_rfc3339(253402300799 * USEC_PER_SEC, text),
                     "9999-12-31T23:59:59.000000Z") == 0);
        CHECK(strlen(clock_rfc3339(USEC_INFINITY, text)) == 27);
        CHECK(strcmp(clock_date(1795334400 * USEC_PER_SEC, text), "2026-11-22") == 0);
        CHECK(strcmp(clock_date(1795391999 * USEC_PER_SEC, text), "2026-11-22") == 0);
        CHECK(strcmp(clock_date(1795392000 * USEC_PER_SEC, text), "2026-11-23") == 0);
}

static void random_times(void)
{
        for (int i = 0; i < 5000; i++) {
                usec_t t = (usec_t)(tap_random() % (253402300800ull * 1000000ull)), back;
                char text[CLOCK_TEXT_MAX], want[64], date[CLOCK_TEXT_MAX];
                int64_t s = t / USEC_PER_SEC;
                int year, month, day;

                civil(s / 86400, &year, &month, &day);
                snprintf(want, sizeof(want), "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", year, month,
                         day, (int)(s / 3600 % 24), (int)(s / 60 % 60), (int)(s % 60),
                         (int)(t % USEC_PER_SEC));
                CHECK(strcmp(clock_rfc3339(t, text), want) == 0);
                CHECK(strncmp(clock_date(t, date), want, 10) == 0 && strlen(date) == 10);
                CHECK(clock_parse(text, &back) == 0 && back == t);
        }
}

static void fractions(void)
{
        usec_t t;

        CHECK(clock_parse("1970-01-01T00:00:01Z", &t) == 0 && t == 1000000);
        CHECK(clock_parse("1970-01-01T00:00:01.5Z", &t) == 0 && t == 1500000);
        CHECK(clock_parse("1970-01-01T00:00:01.000001Z", &t) == 0 && t == 1000001);
        CHECK(clock_parse("2024-02-29T00:00:00Z", &t) == 0);
}

static void refuses(void)
{
        static const char *const bad[] = {
                "",
                "Z",
                "1970-01-01",
                "1970-01-01T00:00:00",
                "1970-01-01T00:00:00+00:00",
                "1970-01-01 00:00:00Z",
                "1970-01-01t00:00:00z",
                "1970-1-01T00:00:00Z",
                "1969-12-31T23:59:59Z",
                "1970-00-01T00:00:00Z",
                "1970-13-01T00:00:00Z",
                "1970-01-00T00:00:00Z",
                "1970-01-32T00:00:00Z",
                "2026-02-29T00:00:00Z",
                "2026-02-30T00:00:00Z",
                "2026-04-31T00:00:00Z",
                "2100-02-29T00:00:00Z",
                "1970-01-01T24:00:00Z",
                "1970-01-01T00:60:00Z",
                "1970-01-01T00:00:60Z",
                "1970-01-01T00:00:00.Z",
                "1970-01-01T00:00:00.0000001Z",
                "1970-01-01T00:00:00.1",
                "1970-01-01T00:00:00Z ",
                " 1970-01-01T00:00:00Z",
                "10000-01-01T00:00:00Z",
                "1970-01-01T00:00:00.-1Z",
                "1970-01-01T-1:00:00Z",
                "1970-01-01T00:00:00,5Z",
        };
        usec_t t = 77;

        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                if (!CHECK(clock_parse(bad[i], &t) == -1 && t == 77))
                        printf("# %s\n", bad[i]);
        }
}

static usec_t seven(void *ctx)
{
        return *(usec_t *)ctx + 7;
}

static usec_t eight(void *ctx)
{
        return *(usec_t *)ctx + 8;
}

static void handed_in(void)
{
        usec_t base = 100;
        struct clock c = { .wall = seven, .boot = eight, .ctx = &base };

        CHECK(clock_wall(&c) == 107 && clock_boot(&c) == 108);
}

int main(void)
{
        RUN(writes, "times are written in UTC with microseconds");
        RUN(random_times, "any time from 1970 to 9999 is the calendar's and reads back");
        RUN(fractions, "zero to six decimals are read");
        RUN(refuses, "what is no such time is refused");
        RUN(handed_in, "the time is the one that was handed in");
        return tap_end();
}
