#include "tap.h"
#include "base/mem.h"
#include "wire/httpdate.h"
#include "wire/retry.h"

#define NOW  ((usec_t)1795334400 * USEC_PER_SEC) /* Sun, 22 Nov 2026 08:00:00 GMT */
#define NONE (-1)

static usec_t announced(const char *ms, const char *seconds)
{
        usec_t wait = 4711;

        if (retry_announced(ms, seconds, NOW, &wait) < 0)
                return wait == 4711 ? NONE : NONE - 1; /* untouched on failure */
        return wait;
}

static void seconds_are_read_to_the_microsecond(void)
{
        static const struct {
                const char *text;
                usec_t wait;
        } cases[] = {
                { "0", 0 },
                { "3", 3 * USEC_PER_SEC },
                { "007", 7 * USEC_PER_SEC },
                { "0.5", USEC_PER_SEC / 2 },
                { "1.000001", USEC_PER_SEC + 1 },
                { "1.0000001", USEC_PER_SEC + 1 },
                { "1.00000000000000000000000000001", USEC_PER_SEC + 1 },
                { "1.0000000", USEC_PER_SEC },
                { "86400", USEC_PER_DAY },
                { "31536000", 365 * USEC_PER_DAY },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++)
                if (!CHECK(announced(NULL, cases[i].text) == cases[i].wait))
                        printf("# Retry-After: %s\n", cases[i].text);
}

static void what_is_no_wait_counts_as_not_there(void)
{
        static const char *const cases[] = {
                "",
                " ",
                "-1",
                "+1",
                "1e3",
                "0x10",
                "1.",
                ".5",
                "1.5.5",
                "1,5",
                "12abc",
                "soon",
                "nan",
                "inf",
                "31536001",
                "31536000.000001",
                "9223372036854775807",
                "9223372036854775808",
                "99999999999999999999999999999999999999999999",
                "Sun, 22 Nov 2026 08:00:10",
                "Sun, 22 Nov 2026 08:00:10 UTC",
                "Sun, 22 Nov 2026 08:00:10 GMT ",
                "Sun, 22 Nov 2026 08:00:10 GMTs",
                "Xyz, 22 Nov 2026 08:00:10 GMT",
                "Sun, 22 Xyz 2026 08:00:10 GMT",
                "Mon, 30 Feb 2026 08:00:10 GMT",
                "Mon, 00 Feb 2026 08:00:10 GMT",
                "Sun, 22 Nov 2026 24:00:00 GMT",
                "Sun, 22 Nov 2026 08:60:00 GMT",
                "Sun, 22 Nov 1969 08:00:00 GMT",
                "Sun, 2 Nov 2026 08:00:10 GMT",
                "Sun, 22 Nov 9999 08:00:10 GMT",
                "2026-11-22T08:00:10Z",
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++)
                if (!CHECK(announced(NULL, cases[i]) == NONE))
                        printf("# Retry-After: %s\n", cases[i]);
        CHECK(announced(NULL, NULL) == NONE);
}

static void dates_are_read_in_their_three_forms(void)
{
        static const struct {
                const char *text;
                usec_t wait;
        } cases[] = {
                { "Sun, 22 Nov 2026 08:00:10 GMT", 10 * USEC_PER_SEC },
                { "Sunday, 22-Nov-26 08:00:10 GMT", 10 * USEC_PER_SEC },
                { "Sun Nov 22 08:00:10 2026", 10 * USEC_PER_SEC },
                { "Sun Nov  1 08:00:10 2026", 0 },
                { "Wed Dec  2 08:00:00 2026", 10 * USEC_PER_DAY },
                { "sun, 22 nov 2026 08:00:10 GMT", 10 * USEC_PER_SEC },
                { "Sun, 22 Nov 2026 07:59:59 GMT", 0 },
                { "Sun, 06 Nov 1994 08:49:37 GMT", 0 },
                { "Sunday, 06-Nov-94 08:49:37 GMT", 0 },
                { "Sun Nov  6 08:49:37 1994", 0 },
                { "Sun, 22 Nov 2026 08:00:60 GMT", 59 * USEC_PER_SEC },
                { "Mon, 22 Nov 2027 08:00:00 GMT", 365 * USEC_PER_DAY },
                { "Mon, 22 Nov 2027 08:00:01 GMT", NONE },
        };
        int64_t at;

        for (size_t i = 0; i < ELEMENTS(cases); i++)
                if (!CHECK(announced(NULL, cases[i].text) == cases[i].wait))
                        printf("# Retry-After: %s\n", cases[i].text);
        CHECK(httpdate_parse("Sun, 06 Nov 1994 08:49:37 GMT", &at) == 0 && at == 784111777);
        CHECK(httpdate_parse("Thu, 29 Feb 2024 23:59:59 GMT", &at) == 0 && at == 1709251199);
        CHECK(httpdate_parse("Thu, 29 Feb 2023 23:59:59 GMT", &at) < 0);
        CHECK(httpdate_parse("Friday, 31-Dec-69 23:59:59 GMT", &at) == 0 && at == 3155759999);
        CHECK(httpdate_parse("Thursday, 01-Jan-70 00:00:00 GMT", &at) == 0 && at == 0);
}

static void milliseconds_come_before_seconds(void)
{
        CHECK(announced("1500", NULL) == 1500 * USEC_PER_MSEC);
        CHECK(announced("1500", "9") == 1500 * USEC_PER_MSEC);
        CHECK(announced("0.25", "9") == 250);
        CHECK(announced("0", "9") == 0);
        CHECK(announced("31536000000", "9") == 365 * USEC_PER_DAY);
        CHECK(announced("31536000001", "9") == 9 * USEC_PER_SEC);
        CHECK(announced("-1", "9") == 9 * USEC_PER_SEC);
        CHECK(announced("", "9") == 9 * USEC_PER_SEC);
        CHECK(announced("junk", "9") == 9 * USEC_PER_SEC);
        CHECK(announced("Sun, 22 Nov 2026 08:00:10 GMT", "9") == 9 * USEC_PER_SEC);
        CHECK(announced("junk", "junk") == NONE);
}

static enum retry_verdict verdict(int status, bool transport, const char *should)
{
        struct retry_case c = {
                .status = status, .transport = transport, .should_retry = should, .wall = NOW
        };

        return retry_decide(&c, RETRY_DAEMON).verdict;
}

static bool may_pass(int status)
{
        return status == 408 || status == 409 || status == 425 || status == 429 || status >= 500;
}

static bool needs_person(int status)
{
        return status == 401 || status == 403 || status == 405 || (status >= 300 && status < 400);
}

static void every_status_has_its_verdict(void)
{
        for (int s = 100; s < 1000; s++) {
                bool ok = verdict(s, false, NULL) == (may_pass(s) ? RETRY_WAIT : RETRY_NEVER);

                ok = ok && verdict(s, false, "maybe") == verdict(s, false, NULL);
                ok = ok && verdict(s, false, "") == verdict(s, false, NULL);
                if (!CHECK(ok))
                        printf("# status %d\n", s);
        }
        CHECK(verdict(0, true, NULL) == RETRY_WAIT);
        CHECK(verdict(200, true, NULL) == RETRY_WAIT);
        CHECK(verdict(200, true, "false") == RETRY_WAIT);
        CHECK(verdict(401, true, NULL) == RETRY_NEVER);
        CHECK(verdict(302, true, NULL) == RETRY_NEVER);
}

static void the_server_may_overrule_but_not_where_a_person_is_needed(void)
{
        for (int s = 400; s < 600; s++) {
                CHECK(verdict(s, false, "true") == (needs_person(s) ? RETRY_NEVER : RETRY_WAIT));
                CHECK(verdict(s, false, "false") == RETRY_NEVER);
        }
        for (int s = 100; s < 400; s++)
                CHECK(verdict(s, false, "true") == RETRY_NEVER);
}

static void a_spent_quota_is_never_waited_for(void)
{
        struct retry_case c = { .status = 429, .quota = true, .retry_after = "2", .wall = NOW };
        struct retry_decision d = retry_decide(&c, RETRY_DAEMON);

        CHECK(d.verdict == RETRY_NEVER && d.announced && d.wait == 2 * USEC_PER_SEC);
        c.should_retry = "true";
        CHECK(retry_decide(&c, RETRY_DAEMON).verdict == RETRY_NEVER);
        CHECK(retry_decide(&c, RETRY_ONCE).verdict == RETRY_NEVER);
}

static void back_offs_double_up_to_the_ceiling_and_spread_by_a_quarter(void)
{
        usec_t length = RETRY_FIRST, low, high;

        for (unsigned i = 0; i < 40; i++) {
                struct retry_case c = { .status = 503, .attempt = i, .wall = NOW };
                struct retry_decision d = retry_decide(&c, RETRY_DAEMON);

                low = d.wait;
                c.random = UINT32_MAX;
                high = retry_decide(&c, RETRY_DAEMON).wait;
                CHECK(d.verdict == RETRY_WAIT && !d.announced);
                CHECK(low == length * 3 / 4);
                CHECK(high < length * 5 / 4 && high >= length * 5 / 4 - 1);
                CHECK(high <= RETRY_CEILING);
                length = length * 2 < 240 * USEC_PER_SEC ? length * 2 : 240 * USEC_PER_SEC;
        }
        CHECK(length == 240 * USEC_PER_SEC);
}

static void a_back_off_of_many_attempts_does_not_overflow(void)
{
        struct retry_case c = { .status = 0, .transport = true, .attempt = UINT32_MAX };

        c.random = UINT32_MAX;
        CHECK(retry_decide(&c, RETRY_DAEMON).verdict == RETRY_WAIT);
        CHECK(retry_decide(&c, RETRY_DAEMON).wait <= RETRY_CEILING);
        CHECK(retry_decide(&c, RETRY_DAEMON).wait > RETRY_CEILING / 2);
}

static void once_means_five_retries_within_about_fifteen_seconds(void)
{
        usec_t least = 0, most = 0;
        unsigned tries = 0;

        for (;; tries++) {
                struct retry_case c = { .status = 503, .attempt = tries, .wall = NOW };
                struct retry_decision d = retry_decide(&c, RETRY_ONCE);

                if (d.verdict != RETRY_WAIT) {
                        CHECK(d.verdict == RETRY_ENOUGH && !d.announced);
                        break;
                }
                least += d.wait;
                c.random = UINT32_MAX;
                most += retry_decide(&c, RETRY_ONCE).wait;
        }
        CHECK(tries == 5);
        CHECK(least > 11 * USEC_PER_SEC && most < 20 * USEC_PER_SEC);
}

static void an_announced_wait_is_kept_in_full(void)
{
        struct retry_case c = { .status = 503, .retry_after = "7200", .wall = NOW };
        struct retry_decision d = retry_decide(&c, RETRY_DAEMON);

        c.random = 12345;
        CHECK(d.verdict == RETRY_WAIT && d.announced && d.wait == 2 * USEC_PER_HOUR);
        c.attempt = 30;
        d = retry_decide(&c, RETRY_DAEMON);
        CHECK(d.verdict == RETRY_WAIT && d.announced && d.wait == 2 * USEC_PER_HOUR);
        c.retry_after_ms = "1";
        c.attempt = 4;
        d = retry_decide(&c, RETRY_DAEMON);
        CHECK(d.verdict == RETRY_WAIT && d.announced && d.wait == 1000);
}

static void a_server_that_always_says_zero_is_not_hammered(void)
{
        struct retry_case c = { .status = 503, .retry_after = "0", .wall = NOW };

        for (; c.attempt < 5; c.attempt++)
                CHECK(retry_decide(&c, RETRY_DAEMON).wait == 0);
        for (; c.attempt < 20; c.attempt++) {
                struct retry_decision d = retry_decide(&c, RETRY_DAEMON);

                CHECK(d.announced && d.wait >= 12 * USEC_PER_SEC);
        }
}

static void once_does_not_sit_out_an_announced_wait_over_a_minute(void)
{
        struct retry_case c = { .status = 429, .retry_after = "60", .wall = NOW };
        struct retry_decision d = retry_decide(&c, RETRY_ONCE);

        CHECK(d.verdict == RETRY_WAIT && d.announced && d.wait == 60 * USEC_PER_SEC);
        c.retry_after = "60.000001";
        d = retry_decide(&c, RETRY_ONCE);
        CHECK(d.verdict == RETRY_ENOUGH && d.announced && d.wait == 60 * USEC_PER_SEC + 1);
        CHECK(retry_decide(&c, RETRY_DAEMON).verdict == RETRY_WAIT);
        c.retry_after = "1";
        c.attempt = 5;
        d = retry_decide(&c, RETRY_ONCE);
        CHECK(d.verdict == RETRY_ENOUGH && d.announced && d.wait == USEC_PER_SEC);
        c.status = 404;
        CHECK(retry_decide(&c, RETRY_ONCE).verdict == RETRY_NEVER);
}

int main(void)
{
        RUN(seconds_are_read_to_the_microsecond, "seconds are read to the microsecond");
        RUN(what_is_no_wait_counts_as_not_there, "what is no wait counts as not there");
        RUN(dates_are_read_in_their_three_forms, "dates are read in their three forms");
        RUN(milliseconds_come_before_seconds, "milliseconds come before seconds");
        RUN(every_status_has_its_verdict, "every status has its verdict");
        RUN(the_server_may_overrule_but_not_where_a_person_is_needed,
            "the server may overrule, but not where a person is needed");
        RUN(a_spent_quota_is_never_waited_for, "a spent quota is never waited for");
        RUN(back_offs_double_up_to_the_ceiling_and_spread_by_a_quarter,
            "back-offs double up to the ceiling and spread by a quarter");
        RUN(a_back_off_of_many_attempts_does_not_overflow,
            "a back-off of many attempts does not overflow");
        RUN(once_means_five_retries_within_about_fifteen_seconds,
            "--once means five retries within about fifteen seconds");
        RUN(an_announced_wait_is_kept_in_full, "an announced wait is kept in full");
        RUN(a_server_that_always_says_zero_is_not_hammered,
            "a server that always says 0 is not hammered");
        RUN(once_does_not_sit_out_an_announced_wait_over_a_minute,
            "--once does not sit out an announced wait over a minute");
        return tap_end();
}
