/* The time, as something that is handed in: the floors below run/ never ask for it themselves, so
 * that a test can give them any. */
#pragma once

#include <stdint.h>

typedef int64_t usec_t; /* microseconds */

#define USEC_PER_MSEC  ((usec_t)1000)
#define USEC_PER_SEC   ((usec_t)1000000)
#define USEC_PER_MIN   (60 * USEC_PER_SEC)
#define USEC_PER_HOUR  (60 * USEC_PER_MIN)
#define USEC_PER_DAY   (24 * USEC_PER_HOUR)
#define USEC_INFINITY  INT64_MAX
#define CLOCK_TEXT_MAX 32 /* bytes, NUL included */

struct clock {
        usec_t (*wall)(void *ctx); /* since 1970-01-01 UTC; may jump */
        usec_t (*boot)(void *ctx); /* only ever forward, also while suspended; arbitrary start */
        void *ctx;
};

static inline usec_t clock_wall(const struct clock *c)
{
        return c->wall(c->ctx);
}

static inline usec_t clock_boot(const struct clock *c)
{
        return c->boot(c->ctx);
}

/* RFC 3339 in UTC with six decimals: 2026-11-22T08:00:00.000000Z. Years 1970 to 9999. */
const char *clock_rfc3339(usec_t t, char out[static CLOCK_TEXT_MAX]);
/* 2026-11-22 */
const char *clock_date(usec_t t, char out[static CLOCK_TEXT_MAX]);
/* Reads exactly what clock_rfc3339 writes (zero to six decimals); -1 on anything else. */
int clock_parse(const char *s, usec_t *ret);
