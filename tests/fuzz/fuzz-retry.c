/* The headers that say when to ask again, of any text: a wait is never negative, never past a year,
 * never less than announced; what needs a person is not tried again.
 *
 * Input: five bytes (status, attempt, flags, manner, random), then the three header texts, parted by
 * newlines. */
#include "fuzz.h"

#include "base/mem.h"
#include "wire/httpdate.h"
#include "wire/retry.h"

#include <string.h>
#include <time.h>

#define TEXT_MAX 4096
#define YEAR     (366 * 24 * 3600 * (usec_t)1000000)

/* What glibc makes of the fixed form; others are httpdate's own affair. */
static void check_date(const char *s)
{
        static const char fixed[] = "%a, %d %b %Y %H:%M:%S GMT";
        char text[64];
        struct tm tm;
        time_t t;
        int64_t is;

        if (httpdate_parse(s, &is) < 0)
                return;
        REQUIRE(is >= 0);
        t = (time_t)is;
        REQUIRE(gmtime_r(&t, &tm));
        strftime(text, sizeof(text), fixed, &tm);
        REQUIRE(httpdate_parse(text, &is) == 0 && is == t);
        strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Y", &tm);
        REQUIRE(httpdate_parse(text, &is) == 0 && is == t);
        memset(&tm, 0, sizeof(tm));
        if (strlen(s) == 29 && s[3] == ',' && s[25] == ' ') {
                const char *end = strptime(s + 5, "%d %b %Y %H:%M:%S", &tm);

                /* Of a leap second, glibc makes the next minute. */
                REQUIRE(end && (tm.tm_sec == 60 || timegm(&tm) == t));
        }
}

static void check(const struct retry_case *c, const struct retry_decision *d)
{
        static const int persons[] = { 401, 403, 405, 301, 302, 307, 308 };
        usec_t announced;
        int r = retry_announced(c->retry_after_ms, c->retry_after, c->wall, &announced);

        REQUIRE(r == 0 || r == -1);
        REQUIRE(r < 0 || (announced >= 0 && announced <= YEAR));
        REQUIRE(d->verdict == RETRY_NEVER || d->verdict == RETRY_WAIT ||
                d->verdict == RETRY_ENOUGH);
        for (size_t i = 0; i < sizeof(persons) / sizeof(persons[0]); i++)
                REQUIRE(c->status != persons[i] || c->transport || d->verdict == RETRY_NEVER);
        if (d->verdict == RETRY_WAIT)
                REQUIRE(d->wait >= 0 && d->wait <= YEAR);
        if (d->announced)
                REQUIRE(r == 0 && d->wait >= announced);
        if (c->quota && !c->transport)
                REQUIRE(d->verdict != RETRY_WAIT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        static const int statuses[] = { 0,   200, 301, 302, 307, 308, 400, 401, 403, 404, 405,
                                        408, 409, 410, 425, 429, 500, 502, 503, 504, 529, 599 };
        unsigned status = fuzz_byte(&data, &n), attempt = fuzz_byte(&data, &n);
        unsigned flags = fuzz_byte(&data, &n), manner = fuzz_byte(&data, &n);
        unsigned random = fuzz_byte(&data, &n);
        char text[TEXT_MAX + 1], *at = text;
        struct retry_case c = { .attempt = attempt, .random = random * 0x01010101u };
        struct retry_decision d;

        if (n > TEXT_MAX)
                return 0;
        memcpy(text, data, n);
        text[n] = '\0';
        c.retry_after_ms = flags & 1 ? strsep(&at, "\n") : NULL;
        c.retry_after = at && flags & 2 ? strsep(&at, "\n") : NULL;
        c.should_retry = at && flags & 4 ? at : NULL;
        c.status = statuses[status % (sizeof(statuses) / sizeof(statuses[0]))];
        c.transport = c.status == 0 || flags & 8;
        c.quota = flags & 16;
        c.wall = flags & 32 ? 0 : 1763798400000000;
        d = retry_decide(&c, manner & 1 ? RETRY_ONCE : RETRY_DAEMON);
        check(&c, &d);
        if (c.retry_after)
                check_date(c.retry_after);
        return 0;
}
