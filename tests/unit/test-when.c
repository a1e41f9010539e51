#include "ctl/when.h"
#include "tap.h"

#include <time.h>

#define SEC USEC_PER_SEC
#define NOW ((usec_t)1793718030 * SEC + 250000) /* Tue 2026-11-03 15:00:30.25 UTC */

static const struct {
        const char *text;
        int64_t sec;
        usec_t usec;
} utc[] = {
        { "now", 1793718030, 250000 },
        { "@0", 0, 0 },
        { "@1758039177", 1758039177, 0 },
        { "@1.5", 1, 500000 },
        { "@253402300799", 253402300799, 0 },
        { "2026-11-01Z", 1793491200, 0 },
        { "2026-11-01 UTC", 1793491200, 0 },
        { "2026-11-01 08:30Z", 1793521800, 0 },
        { "2026-11-01 08:30:15 UTC", 1793521815, 0 },
        { "2026-11-01T08:30:15.5Z", 1793521815, 500000 },
        { "2026-11-01T08:30:15.123456789Z", 1793521815, 123456 },
        { "2026-11-01T08:30:15+01:00", 1793518215, 0 },
        { "2026-11-01 08:30-05:30", 1793541600, 0 },
        { "2024-02-29Z", 1709164800, 0 },
        { "08:30Z", 1793694600, 0 },
        { "23:30+10:00", 1793799000, 0 },
        { "-7d", 1793718030 - 7 * 86400, 250000 },
        { "-1h 30min", 1793718030 - 5400, 250000 },
        { "+5min", 1793718030 + 300, 250000 },
        { "7d ago", 1793718030 - 7 * 86400, 250000 },
        { "1h 30min ago", 1793718030 - 5400, 250000 },
        { "-0", 1793718030, 250000 },
};

/* Without a zone: in Berlin, one hour east of UTC in winter, two in summer. */
static const struct {
        const char *text;
        int64_t sec;
} local[] = {
        { "today", 1793660400 },
        { "yesterday", 1793574000 },
        { "tomorrow", 1793746800 },
        { "2026-11-01", 1793487600 },
        { "2026-10-25", 1792879200 }, /* that night summer time ends */
        { "2026-10-26", 1792969200 },
        { "2026-07-01 12:00", 1782900000 },
        { "2026-07-01T12:00:30", 1782900030 },
        { "08:30", 1793691000 },
        { "00:00", 1793660400 },
};

static const char *const none[] = {
        "",
        " ",
        "soon",
        "Today",
        "2026-11",
        "2026-11-1",
        "2026-13-01",
        "2026-00-01",
        "2026-02-30",
        "2025-02-29",
        "2026-11-00",
        "2026-11-32",
        "2026-11-01x",
        "2026-11-01 ",
        "2026-11-01T",
        "2026-11-01 8:30",
        "2026-11-01 24:00",
        "2026-11-01 08:60",
        "2026-11-01 08:30:60",
        "2026-11-01 08:30:",
        "2026-11-01 08:30:15.",
        "2026-11-01 08:30:15.x",
        "2026-11-01 08:30 CET",
        "2026-11-01 08:30ZZ",
        "2026-11-01 08:30+1",
        "2026-11-01 08:30+01:60",
        "2026-11-01 08:30+24:00",
        "2026-11-01 08:30+01:00Z",
        "8:30",
        "08:30:",
        "@",
        "@-1",
        "@x",
        "@1.",
        "@1.x",
        "@253402300800",
        "@99999999999999999999",
        "7d",
        "17d",
        "1 7d",
        "-",
        "+",
        "-x",
        "--7d",
        "-7d ago",
        "ago",
        " ago",
        "x ago",
        "-100y",
        "-60000000000",
        "-9999w 9999w 9999w 9999w",
        "+10000000000d",
        "+500000w",
        "1969-12-31Z",
        "1970-01-01 00:00+00:01",
        "-7d7d7d7d7d7d7d7d7d7d7d7d7d7d7d7d7d7d7d7d7d7d7d7d7d7d7d7d7d7d7d7d7d7d7d7d7d7d",
};

static void universal(void)
{
        for (size_t i = 0; i < sizeof(utc) / sizeof(utc[0]); i++) {
                usec_t t = -1;

                if (!CHECK(when_parse(utc[i].text, NOW, &t) == 0 &&
                           t == utc[i].sec * SEC + utc[i].usec))
                        printf("# %s: %lld\n", utc[i].text, (long long)t);
        }
}

static void by_zone(void)
{
        for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
                usec_t t = -1;

                if (!CHECK(when_parse(local[i].text, NOW, &t) == 0 && t == local[i].sec * SEC))
                        printf("# %s: %lld\n", local[i].text, (long long)t);
        }
}

static void refused(void)
{
        for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
                usec_t t = -5;

                if (!CHECK(when_parse(none[i], NOW, &t) < 0 && t == -5))
                        printf("# '%s': %lld\n", none[i], (long long)t);
        }
}

static void written(void)
{
        char text[CLOCK_TEXT_MAX];

        CHECK(strcmp(when_text(NOW, text), "2026-11-03 15:00:30 UTC") == 0);
        for (int round = 0; round < 2000; round++) {
                usec_t t = (usec_t)(tap_random() % 253402300800u) * SEC, back;

                CHECK(when_parse(when_text(t, text), NOW, &back) == 0 && back == t);
        }
}

int main(void)
{
        /* The rule itself, so that no file of zones is needed. */
        setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
        tzset();
        RUN(universal, "moments that say their zone, or need none");
        RUN(by_zone, "without a zone it is the local one's, summer time too");
        RUN(refused, "what is no moment from 1970 to 9999 is refused");
        RUN(written, "what is written is read back");
        return tap_end();
}
