#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

int text_int64(const char *s, size_t n, int64_t *ret)
{
        bool negative = n > 0 && s[0] == '-';
        uint64_t v = 0, limit = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
        size_t i = negative ? 1 : 0;

        if (i == n)
                return -1;
        for (; i < n; i++) {
                uint64_t d;

                if (s[i] < '0' || s[i] > '9')
                        return -1;
                d = (uint64_t)(s[i] - '0');
                if (v > (limit - d) / 10)
                        return -1;
                v = v * 10 + d;
        }
        *ret = negative ? (int64_t)(0 - v) : (int64_t)v;
        return 0;
}

static const struct {
        const char *name;
        usec_t usec;
} span_units[] = {
        { "usec", 1 },
        { "us", 1 },
        { "msec", USEC_PER_MSEC },
        { "ms", USEC_PER_MSEC },
        { "seconds", USEC_PER_SEC },
        { "second", USEC_PER_SEC },
        { "sec", USEC_PER_SEC },
        { "s", USEC_PER_SEC },
        { "minutes", USEC_PER_MIN },
        { "minute", USEC_PER_MIN },
        { "min", USEC_PER_MIN },
        { "m", USEC_PER_MIN },
        { "hours", USEC_PER_HOUR },
        { "hour", USEC_PER_HOUR },
        { "hr", USEC_PER_HOUR },
        { "h", USEC_PER_HOUR },
        { "days", USEC_PER_DAY },
        { "day", USEC_PER_DAY },
        { "d", USEC_PER_DAY },
        { "weeks", 7 * USEC_PER_DAY },
        { "week", 7 * USEC_PER_DAY },
        { "w", 7 * USEC_PER_DAY },
};

static const char *skip_space(const char *s)
{
        return s + strspn(s, " \t");
}

/* A decimal number with an optional fraction, times scale, less what is not whole; advances *s. No
 * floating point. */
static int scaled(const char **s, uint64_t scale, uint64_t *ret)
{
        const char *p = *s;
        uint64_t whole = 0, fraction = 0, value;
        bool digits = false;

        for (; *p >= '0' && *p <= '9'; p++, digits = true) {
                if (__builtin_mul_overflow(whole, 10u, &whole) ||
                    __builtin_add_overflow(whole, (uint64_t)(*p - '0'), &whole))
                        return -1;
        }
        if (__builtin_mul_overflow(whole, scale, &value))
                return -1;
        if (*p == '.') {
                size_t n = strspn(p + 1, "0123456789");

                /* From the last digit on: rounding down at each step is then rounding down once. */
                for (size_t i = n; i > 0; i--)
                        fraction = (fraction + (uint64_t)(p[i] - '0') * scale) / 10;
                if (__builtin_add_overflow(value, fraction, &value))
                        return -1;
                digits = n > 0;
                p += 1 + n;
        }
        if (!digits)
                return -1;
        *s = p;
        *ret = value;
        return 0;
}

int text_span(const char *s, usec_t *ret)
{
        usec_t total = 0;
        bool any = false;

        for (s = skip_space(s); *s; s = skip_space(s)) {
                const char *number = s, *unit;
                uint64_t v, scale = (uint64_t)USEC_PER_SEC;
                size_t n, i;

                unit = skip_space(s + strspn(s, "0123456789."));
                n = strspn(unit, "abcdefghijklmnopqrstuvwxyz");
                for (i = 0; n && i < sizeof(span_units) / sizeof(span_units[0]); i++) {
                        if (strlen(span_units[i].name) == n &&
                            strncmp(unit, span_units[i].name, n) == 0)
                                break;
                }
                if (n && i == sizeof(span_units) / sizeof(span_units[0]))
                        return -1;
                if (n)
                        scale = (uint64_t)span_units[i].usec;
                if (scaled(&number, scale, &v) < 0)
                        return -1;
                if (skip_space(number) != unit)
                        return -1;
                if (v > (uint64_t)INT64_MAX || __builtin_add_overflow(total, (usec_t)v, &total))
                        return -1;
                any = true;
                s = unit + n;
        }
        if (!any)
                return -1;
        *ret = total;
        return 0;
}

const char *text_from_span(usec_t t, char out[static TEXT_SPAN_MAX])
{
        static const struct {
                const char *name;
                usec_t usec;
        } units[] = {
                { "d", USEC_PER_DAY }, { "h", USEC_PER_HOUR },  { "min", USEC_PER_MIN },
                { "s", USEC_PER_SEC }, { "ms", USEC_PER_MSEC }, { "us", 1 },
        };
        size_t n = 0;

        if (t <= 0)
                return strcpy(out, "0s");
        out[0] = '\0';
        for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
                if (t < units[i].usec)
                        continue;
                n += (size_t)snprintf(out + n, TEXT_SPAN_MAX - n, "%s%lld%s", n ? " " : "",
                                      (long long)(t / units[i].usec), units[i].name);
                t %= units[i].usec;
        }
        return out;
}

int text_size(const char *s, uint64_t *ret)
{
        static const char units[] = "BKMGT";
        const char *number = skip_space(s), *unit, *found;
        uint64_t scale = 1, v;

        unit = skip_space(number + strspn(number, "0123456789."));
        if (*unit) {
                found = strchr(units, *unit);
                if (!found || *skip_space(unit + 1))
                        return -1;
                scale = (uint64_t)1 << (10 * (found - units));
        }
        if (scaled(&number, scale, &v) < 0 || skip_space(number) != unit)
                return -1;
        *ret = v;
        return 0;
}

const char *text_from_size(uint64_t n, char out[static TEXT_SIZE_MAX])
{
        static const char units[] = "BKMGTPE";
        double v = (double)n;
        int u = 0;

        if (n < 1024) {
                snprintf(out, TEXT_SIZE_MAX, "%lluB", (unsigned long long)n);
                return out;
        }
        while (v >= 1023.95 && u < 6) { /* what would show as 1024.0K is 1.0M */
                v /= 1024;
                u++;
        }
        snprintf(out, TEXT_SIZE_MAX, "%.1f%c", v, units[u]);
        return out;
}

int text_bool(const char *s, bool *ret)
{
        static const char *const yes[] = { "yes", "true", "on", "1", "y", "t" };
        static const char *const no[] = { "no", "false", "off", "0", "n", "f" };

        for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
                if (strcasecmp(s, yes[i]) == 0)
                        return *ret = true, 0;
                if (strcasecmp(s, no[i]) == 0)
                        return *ret = false, 0;
        }
        return -1;
}

const char *text_from_count(uint64_t n, char out[static TEXT_COUNT_MAX])
{
        char digits[24];
        int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n), k = 0;

        for (int i = 0; i < len; i++) {
                if (i && (len - i) % 3 == 0)
                        out[k++] = ',';
                out[k++] = digits[i];
        }
        out[k] = '\0';
        return out;
}

size_t text_utf8(const char *s, size_t n)
{
        const unsigned char *p = (const unsigned char *)s;
        size_t len;
        uint32_t c;

        if (n == 0)
                return 0;
        if (p[0] < 0x80)
                return 1;
        if (p[0] >= 0xc2 && p[0] <= 0xdf)
                len = 2, c = p[0] & 0x1fu;
        else if (p[0] >= 0xe0 && p[0] <= 0xef)
                len = 3, c = p[0] & 0x0fu;
        else if (p[0] >= 0xf0 && p[0] <= 0xf4)
                len = 4, c = p[0] & 0x07u;
        else
                return 0;
        if (n < len)
                return 0;
        for (size_t i = 1; i < len; i++) {
                if ((p[i] & 0xc0) != 0x80)
                        return 0;
                c = c << 6 | (p[i] & 0x3fu);
        }
        if ((len == 3 && (c < 0x800 || (c >= 0xd800 && c <= 0xdfff))) ||
            (len == 4 && (c < 0x10000 || c > 0x10ffff)))
                return 0;
        return len;
}

const char *text_line(const char *s, size_t n, char *out, size_t room)
{
        size_t k = 0, i = 0, fit = 0; /* fit: where a cut leaves room for the dots */
        bool space = false;

        if (room == 0)
                return out;
        while (i < n) {
                size_t len = text_utf8(s + i, n - i);
                unsigned char c = (unsigned char)s[i];
                bool bad = len == 0 || c < 0x20 || c == 0x7f ||
                           (len == 2 && c == 0xc2 && (unsigned char)s[i + 1] < 0xa0);
                size_t need = (space ? 1 : 0) + (bad ? 1 : len);

                if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
                        space = k > 0;
                        i++;
                        continue;
                }
                if (k + need + 1 > room)
                        break;
                if (space)
                        out[k++] = ' ';
                space = false;
                if (bad)
                        out[k++] = '?';
                else
                        memcpy(out + k, s + i, len);
                k += bad ? 0 : len;
                i += len ? len : 1;
                if (k + 4 <= room)
                        fit = k;
        }
        if (i < n && room >= 4) {
                memcpy(out + fit, "...", 3);
                k = fit + 3;
        }
        out[k] = '\0';
        return out;
}
