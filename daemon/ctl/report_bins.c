#include "ctl/report_bins.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#define BARS 92 /* a quarter of a year in days; of weeks, nearly two years */

static struct tm date_of(int day)
{
        const time_t t = (time_t)day * 86400;
        struct tm tm;

        gmtime_r(&t, &tm);
        return tm;
}

static bool begins(enum bins_unit unit, const struct tm *tm)
{
        switch (unit) {
        case BINS_WEEK:
                return tm->tm_wday == 1;
        case BINS_MONTH:
                return tm->tm_mday == 1;
        case BINS_YEAR:
                return tm->tm_yday == 0;
        default:
                return true;
        }
}

void bins_make(struct bins *b, int first, int last)
{
        int days = last - first + 1, day = first;
        struct tm tm = date_of(first);

        b->n = 0;
        b->unit = days <= BARS              ? BINS_DAY
                  : days <= BARS * 7        ? BINS_WEEK
                  : days <= BARS * 365 / 12 ? BINS_MONTH
                                            : BINS_YEAR;
        while (!begins(b->unit, &tm))
                tm = date_of(--day);
        for (; day <= last || !begins(b->unit, &tm); tm = date_of(++day))
                if (begins(b->unit, &tm) && b->n < BINS_MAX)
                        b->start[b->n++] = day;
        b->start[b->n] = day;
}

const char *bins_unit(const struct bins *b)
{
        static const char *const names[] = { "day", "week", "month", "year" };

        return names[b->unit];
}

static const char *text_of(int day, const char *format, char out[static BINS_TEXT_MAX])
{
        struct tm tm = date_of(day);

        strftime(out, BINS_TEXT_MAX, format, &tm);
        return out;
}

const char *bins_label(const struct bins *b, size_t i, char out[static BINS_TEXT_MAX])
{
        static const char *const formats[] = { "%b %d", "%b %d", "%b %Y", "%Y" };

        return text_of(b->start[i], formats[b->unit], out);
}

const char *bins_title(const struct bins *b, size_t i, char out[static BINS_TEXT_MAX])
{
        static const char *const formats[] = { "%Y-%m-%d", "%Y-%m-%d", "%B %Y", "%Y" };
        char first[BINS_TEXT_MAX], last[BINS_TEXT_MAX];

        text_of(b->start[i], formats[b->unit], out);
        if (b->unit == BINS_WEEK)
                snprintf(out, BINS_TEXT_MAX, "%.12s to %.12s",
                         text_of(b->start[i], "%Y-%m-%d", first),
                         text_of(b->start[i + 1] - 1, "%Y-%m-%d", last));
        return out;
}
