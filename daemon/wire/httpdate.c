#include "wire/httpdate.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static const char *const days[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
                                    "Thursday", "Friday", "Saturday" };
static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

/* Each form letter reads one thing; anything else stands for itself.
 *   a A  name of the day, short and long   d  two digits of the day   e  the same, or space, digit
 *   b    month   Y y  year in four and two digits   H M S  two digits each */
static const char *const forms[] = { "a, d b Y H:M:S GMT", "A, d-b-y H:M:S GMT", "a b e H:M:S Y" };

/* n digits as a number, or -1 */
static int digits(const char **s, int n)
{
        int v = 0;

        for (; n > 0; n--, (*s)++) {
                if (**s < '0' || **s > '9')
                        return -1;
                v = v * 10 + (**s - '0');
        }
        return v;
}

/* The index of the name that *s starts with, of its first `n` letters (0: all); -1 if none. */
static int name(const char **s, const char *const *names, int count, size_t n)
{
        for (int i = 0; i < count; i++) {
                size_t len = n ? n : strlen(names[i]);

                if (strncasecmp(*s, names[i], len) == 0) {
                        *s += len;
                        return i;
                }
        }
        return -1;
}

static int field(char letter, const char **s, struct tm *tm)
{
        switch (letter) {
        case 'a':
                return name(s, days, 7, 3);
        case 'A':
                return name(s, days, 7, 0);
        case 'b':
                return tm->tm_mon = name(s, months, 12, 3);
        case 'e':
                if (**s == ' ')
                        return (*s)++, tm->tm_mday = digits(s, 1);
                return tm->tm_mday = digits(s, 2);
        case 'd':
                return tm->tm_mday = digits(s, 2);
        case 'H':
                return tm->tm_hour = digits(s, 2);
        case 'M':
                return tm->tm_min = digits(s, 2);
        case 'S':
                return tm->tm_sec = digits(s, 2);
        case 'y':
                tm->tm_year = digits(s, 2);
                if (tm->tm_year >= 0 && tm->tm_year < 70)
                        tm->tm_year += 100;
                return tm->tm_year;
        default:
                tm->tm_year = digits(s, 4) - 1900;
                return tm->tm_year < 70 ? -1 : 0;
        }
}

static int parse(const char *form, const char *s, struct tm *tm)
{
        bool literal = false; /* the letters of GMT */

        for (; *form; form++) {
                literal = literal || *form == 'G';
                if (!literal && strchr("aAbdeHMSyY", *form)) {
                        if (field(*form, &s, tm) < 0)
                                return -1;
                } else if (*s++ != *form) {
                        return -1;
                }
        }
        return *s ? -1 : 0;
}

int httpdate_parse(const char *s, int64_t *ret)
{
        for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
                struct tm tm = { 0 };
                int month;
                time_t t;

                if (parse(forms[i], s, &tm) < 0)
                        continue;
                if (tm.tm_mday < 1 || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
                        return -1;

                month = tm.tm_mon;
                if (tm.tm_sec == 60) /* a leap second, which timegm would carry into the minute */
                        tm.tm_sec = 59;
                t = timegm(&tm);
                if (t < 0 || tm.tm_mon != month) /* 30 Feb is not 2 Mar */
                        return -1;
                *ret = t;
                return 0;
        }
        return -1;
}
