#include "run/realtime.h"

#include <stddef.h>
#include <time.h>

static usec_t now_of(clockid_t id)
{
        struct timespec t;

        clock_gettime(id, &t);
        return (usec_t)t.tv_sec * USEC_PER_SEC + t.tv_nsec / 1000;
}

static usec_t wall(void *ctx)
{
        (void)ctx;
        return now_of(CLOCK_REALTIME);
}

static usec_t boot(void *ctx)
{
        (void)ctx;
        return now_of(CLOCK_BOOTTIME);
}

struct clock realtime_clock(void)
{
        return (struct clock){ wall, boot, NULL };
}
