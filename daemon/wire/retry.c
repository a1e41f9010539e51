#include "wire/retry.h"
#include "wire/httpdate.h"

#include <string.h>

/* The spread of +25 % must not lift a back-off over the ceiling. */
#define RETRY_LENGTH_MAX (RETRY_CEILING / 5 * 4)

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

/* A whole text of digits, perhaps with a fraction, in units of `unit`; what is finer than a
 * microsecond is rounded up, so that no wait is cut short. */
static int read_span(const char *s, usec_t unit, usec_t *ret)
{
        usec_t v = 0, part = unit;
        bool rest = false;

        if (!is_digit(*s))
                return -1;
        for (; is_digit(*s); s++) {
                v = v * 10 + (*s - '0') * unit;
                if (v > RETRY_WAIT_MAX)
                        return -1;
        }
        if (*s == '.') {
                if (!is_digit(*++s))
                        return -1;
                for (; is_digit(*s); s++) {
                        part /= 10;
                        v += (*s - '0') * part;
                        rest = rest || (part == 0 && *s != '0');
                }
        }
        v += rest ? 1 : 0;
        if (*s || v > RETRY_WAIT_MAX)
                return -1;
        *ret = v;
        return 0;
}

static int read_date(const char *s, usec_t wall, usec_t *ret)
{
        int64_t at;
        usec_t wait;

        if (httpdate_parse(s, &at) < 0)
                return -1;
        wait = at * USEC_PER_SEC - wall;
        if (wait > RETRY_WAIT_MAX)
                return -1;
        *ret = wait > 0 ? wait : 0;
        return 0;
}

int retry_announced(const char *retry_after_ms, const char *retry_after, usec_t wall, usec_t *ret)
{
        if (retry_after_ms && read_span(retry_after_ms, USEC_PER_MSEC, ret) == 0)
                return 0;
        if (!retry_after)
                return -1;
        if (read_span(retry_after, USEC_PER_SEC, ret) == 0)
                return 0;
        return read_date(retry_after, wall, ret);
}

static usec_t back_off(unsigned attempt, uint32_t random)
{
        usec_t length = RETRY_FIRST;

        while (attempt-- > 0 && length < RETRY_LENGTH_MAX)
                length *= 2;
        if (length > RETRY_LENGTH_MAX)
                length = RETRY_LENGTH_MAX;
        return length * 3 / 4 + (usec_t)((uint64_t)(length / 2) * random >> 32);
}

static bool needs_person(int status)
{
        return status == 401 || status == 403 || status == 405 || (status >= 300 && status < 400);
}

static bool may_pass(const struct retry_case *c)
{
        if (needs_person(c->status) || c->quota)
                return false;
        if (c->transport)
                return true;
        if (c->should_retry && c->status >= 400) {
                if (strcmp(c->should_retry, "true") == 0)
                        return true;
                if (strcmp(c->should_retry, "false") == 0)
                        return false;
        }
        return c->status == 408 || c->status == 409 || c->status == 425 || c->status == 429 ||
               c->status >= 500;
}

struct retry_decision retry_decide(const struct retry_case *c, enum retry_manner manner)
{
        struct retry_decision d = { .verdict = RETRY_NEVER };
        usec_t own = back_off(c->attempt, c->random);

        d.announced = retry_announced(c->retry_after_ms, c->retry_after, c->wall, &d.wait) == 0;
        if (!may_pass(c))
                return d;

        if (manner == RETRY_ONCE &&
            (c->attempt >= RETRY_ONCE_ATTEMPTS || (d.announced && d.wait > RETRY_ONCE_WAIT))) {
                d.verdict = RETRY_ENOUGH;
                return d;
        }
        d.verdict = RETRY_WAIT;
        if (!d.announced || (c->attempt >= RETRY_ONCE_ATTEMPTS && d.wait < own))
                d.wait = own;
        return d;
}
