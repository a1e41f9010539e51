#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define CLOCK_MAX ((usec_t)253402300799 * USEC_PER_SEC) /* the last second of the year 9999 */

static void clock_split(usec_t t, struct tm *tm)
{
        time_t s;

        if (t < 0)
                t = 0;
        if (t > CLOCK_MAX)
                t = CLOCK_MAX;
        s = (time_t)(t / USEC_PER_SEC);
        gmtime_r(&s, tm);
}

const char *clock_rfc3339(usec_t t, char out[static CLOCK_TEXT_MAX])
{
        struct tm tm;
        size_t n;

        clock_split(t, &tm);
        n = strftime(out, CLOCK_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
        snprintf(out + n, CLOCK_TEXT_MAX - n, ".%06dZ", (int)(t > 0 ? t % USEC_PER_SEC : 0));
        return out;
}

const char *clock_date(usec_t t, char out[static CLOCK_TEXT_MAX])
{
        struct tm tm;

        clock_split(t, &tm);
        strftime(out, CLOCK_TEXT_MAX, "%Y-%m-%d", &tm);
        return out;
}

/* n digits at *s as a number, or -1 */
static int clock_digits(const char **s, int n)
{
        int v = 0;

        for (int i = 0; i < n; i++, (*s)++) {
                if (**s < '0' || **s > '9')
                        return -1;
                v = v * 10 + (**s - '0');
        }
        return v;
}

int clock_parse(const char *s, usec_t *ret)
{
        static const char form[] = "4-2-2T2:2:2";
        int v[6], k = 0;
        usec_t fraction = 0, unit = USEC_PER_SEC / 10;
        struct tm tm = { 0 };
        time_t t;

        for (const char *f = form; *f; f++) {
                if (*f >= '0' && *f <= '9') {
                        v[k] = clock_digits(&s, *f - '0');
                        if (v[k++] < 0)
                                return -1;
                } else if (*s++ != *f) {
                        return -1;
                }
        }
        if (*s == '.') {
                if (s[1] < '0' || s[1] > '9')
                        return -1;
                for (s++; *s >= '0' && *s <= '9' && unit > 0; s++, unit /= 10)
                        fraction += (*s - '0') * unit;
        }
        if (strcmp(s, "Z") != 0)
                return -1;
        if (v[0] < 1970 || v[1] < 1 || v[1] > 12 || v[2] < 1 || v[2] > 31 || v[3] > 23 ||
            v[4] > 59 || v[5] > 59)
                return -1;

        tm.tm_year = v[0] - 1900;
        tm.tm_mon = v[1] - 1;
        tm.tm_mday = v[2];
        tm.tm_hour = v[3];
        tm.tm_min = v[4];
        tm.tm_sec = v[5];
        t = timegm(&tm);
        if (tm.tm_mday != v[2]) /* the 30th of February */
                return -1;
        *ret = (usec_t)t * USEC_PER_SEC + fraction;
        return 0;
}
