#include "ctl/when.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECOND_MAX 253402300799 /* the last one of the year 9999 */

/* A day and a time of it, as they were written. */
struct moment {
        struct tm tm;
        usec_t fraction;
        bool local;
        int offset_s; /* east of UTC, if it is not local */
};

/* Exactly n digits at *s. -1 if there are others. */
static int digits(const char **s, int n)
{
        int v = 0;

        for (int i = 0; i < n; i++, (*s)++) {
                if (**s < '0' || **s > '9')
                        return -1;
                v = v * 10 + (**s - '0');
        }
        return v;
}

static bool take(const char **s, char c)
{
        if (**s != c)
                return false;
        ++*s;
        return true;
}

static const char *skip_space(const char *s)
{
        return s + strspn(s, " \t");
}

/* ".5": *s is behind it then. */
static int fraction(const char **s, usec_t *ret)
{
        usec_t unit = USEC_PER_SEC / 10;

        *ret = 0;
        if (!take(s, '.'))
                return 0;
        if (**s < '0' || **s > '9')
                return -1;
        for (; **s >= '0' && **s <= '9'; ++*s, unit /= 10)
                *ret += (**s - '0') * unit;
        return 0;
}

static int date(const char **s, struct moment *m)
{
        int year = digits(s, 4), month, day;
        struct tm tm;
        time_t t;

        if (year < 0 || !take(s, '-'))
                return -1;
        month = digits(s, 2);
        if (month < 1 || month > 12 || !take(s, '-'))
                return -1;
        day = digits(s, 2);
        if (day < 1)
                return -1;
        m->tm.tm_year = year - 1900;
        m->tm.tm_mon = month - 1;
        m->tm.tm_mday = day;
        tm = m->tm;
        t = timegm(&tm);
        return gmtime_r(&t, &tm) && tm.tm_mday == day ? 0 : -1; /* the 30th of February */
}

/* "08:30", "08:30:15", "08:30:15.5" */
static int time_of_day(const char **s, struct moment *m)
{
        int hour = digits(s, 2), minute, second = 0;

        if (hour < 0 || hour > 23 || !take(s, ':'))
                return -1;
        minute = digits(s, 2);
        if (minute < 0 || minute > 59)
                return -1;
        if (take(s, ':')) {
                second = digits(s, 2);
                if (second < 0 || second > 59 || fraction(s, &m->fraction) < 0)
                        return -1;
        }
        m->tm.tm_hour = hour;
        m->tm.tm_min = minute;
        m->tm.tm_sec = second;
        return 0;
}

/* "Z", " UTC", "+01:00" or nothing; then the end. */
static int zone(const char *s, struct moment *m)
{
        int hours, minutes, sign = *s == '-' ? -1 : 1;

        m->local = false;
        if (strcmp(s, "Z") == 0 || strcmp(skip_space(s), "UTC") == 0)
                return 0;
        if (take(&s, '+') || take(&s, '-')) {
                hours = digits(&s, 2);
                if (hours < 0 || hours > 23 || !take(&s, ':'))
                        return -1;
                minutes = digits(&s, 2);
                if (minutes < 0 || minutes > 59)
                        return -1;
                m->offset_s = sign * (hours * 3600 + minutes * 60);
                return *s ? -1 : 0;
        }
        m->local = true;
        return *s ? -1 : 0;
}

/* The day that `now` lies in, where m is; its midnight. */
static void day_of(usec_t now, struct moment *m)
{
        time_t t = (time_t)(now / USEC_PER_SEC) + m->offset_s;
        struct tm tm;

        if (m->local)
                localtime_r(&t, &tm);
        else
                gmtime_r(&t, &tm);
        m->tm.tm_year = tm.tm_year;
        m->tm.tm_mon = tm.tm_mon;
        m->tm.tm_mday = tm.tm_mday;
}

static int in_range(usec_t t, usec_t *ret)
{
        if (t < 0 || t / USEC_PER_SEC > SECOND_MAX)
                return -1;
        *ret = t;
        return 0;
}

static int finish(struct moment *m, usec_t *ret)
{
        time_t t;

        m->tm.tm_isdst = -1;
        t = m->local ? mktime(&m->tm) : timegm(&m->tm) - m->offset_s;
        if (t < 0 || t > SECOND_MAX)
                return -1;
        return in_range((usec_t)t * USEC_PER_SEC + m->fraction, ret);
}

static int absolute(const char *s, usec_t now, usec_t *ret)
{
        struct moment m = { .local = true };
        bool dated = strlen(s) > 4 && s[4] == '-';

        if (dated) {
                if (date(&s, &m) < 0)
                        return -1;
                if (take(&s, 'T') ||
                    (*s == ' ' && *skip_space(s) >= '0' && *skip_space(s) <= '9')) {
                        s = skip_space(s);
                        if (time_of_day(&s, &m) < 0)
                                return -1;
                }
        } else if (time_of_day(&s, &m) < 0) {
                return -1;
        }
        if (zone(s, &m) < 0)
                return -1;
        if (!dated)
                day_of(now, &m);
        return finish(&m, ret);
}

/* "today" and its neighbours. */
static int named(const char *s, usec_t now, usec_t *ret)
{
        static const struct {
                const char *name;
                int days;
        } names[] = { { "today", 0 }, { "yesterday", -1 }, { "tomorrow", 1 } };
        struct moment m = { .local = true };

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                if (strcmp(s, names[i].name) != 0)
                        continue;
                day_of(now, &m);
                m.tm.tm_mday += names[i].days;
                return finish(&m, ret);
        }
        return -1;
}

/* "-7d", "+5min", "7d ago" */
static int relative(const char *s, usec_t now, usec_t *ret)
{
        size_t n = strlen(s);
        char text[TEXT_SPAN_MAX];
        bool ago = n > 4 && strcmp(s + n - 4, " ago") == 0;
        bool signed_text = *s == '+' || *s == '-';
        usec_t span;

        if (ago == signed_text)
                return -1;
        if (ago)
                n -= 4;
        if (n >= sizeof(text))
                return -1;
        memcpy(text, s, n);
        text[n] = '\0';
        if (text_span(text + (ago ? 0 : 1), &span) < 0)
                return -1;
        if (*s != '+')
                span = -span;
        return __builtin_add_overflow(now, span, &span) ? -1 : in_range(span, ret);
}

static int since_1970(const char *s, usec_t *ret)
{
        const char *point = strchr(s, '.');
        int64_t seconds;
        usec_t part = 0;

        if (text_int64(s, point ? (size_t)(point - s) : strlen(s), &seconds) < 0 || seconds < 0 ||
            seconds > SECOND_MAX)
                return -1;
        if (point && (fraction(&point, &part) < 0 || *point))
                return -1;
        return in_range(seconds * USEC_PER_SEC + part, ret);
}

int when_parse(const char *text, usec_t now, usec_t *ret)
{
        if (strcmp(text, "now") == 0)
                return in_range(now, ret);
        if (*text == '@')
                return since_1970(text + 1, ret);
        if (named(text, now, ret) == 0 || relative(text, now, ret) == 0)
                return 0;
        return absolute(text, now, ret);
}

const char *when_text(usec_t t, char out[static CLOCK_TEXT_MAX])
{
        char text[CLOCK_TEXT_MAX];

        clock_rfc3339(t, text);
        snprintf(out, CLOCK_TEXT_MAX, "%.10s %.8s UTC", text, text + 11);
        return out;
}
