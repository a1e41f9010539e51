#include "json.h"

#include <stdlib.h>

static bool is_space(char c)
{
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t skip_space(struct slice s, size_t at)
{
        while (at < s.n && is_space(s.p[at]))
                at++;
        return at;
}

/* Just past the string that opens at `at`; s.n if it never closes. */
static size_t skip_string(struct slice s, size_t at)
{
        for (at++; at < s.n; at++) {
                if (s.p[at] == '\\')
                        at++;
                else if (s.p[at] == '"')
                        return at + 1;
        }
        return s.n;
}

static bool ends_scalar(char c)
{
        return c == ',' || c == ':' || c == ']' || c == '}' || is_space(c);
}

static size_t skip_value(struct slice s, size_t at)
{
        size_t depth = 0;

        if (at >= s.n)
                return at;
        if (s.p[at] == '"')
                return skip_string(s, at);
        if (s.p[at] != '{' && s.p[at] != '[') {
                while (at < s.n && !ends_scalar(s.p[at]))
                        at++;
                return at;
        }

        do {
                char c = s.p[at];

                if (c == '"') {
                        at = skip_string(s, at);
                        continue;
                }
                if (c == '{' || c == '[')
                        depth++;
                if (c == '}' || c == ']')
                        depth--;
                at++;
        } while (depth > 0 && at < s.n);

        return at;
}

struct slice json_value(struct slice text)
{
        size_t from = skip_space(text, 0), to = skip_value(text, from);

        if (to == from)
                return (struct slice){ NULL, 0 };

        return (struct slice){ text.p + from, to - from };
}

static bool key_is(struct slice raw, struct slice key)
{
        struct buf decoded = { 0 };
        bool same;

        if (raw.n == key.n + 2 && memcmp(raw.p + 1, key.p, key.n) == 0)
                return true;
        if (!memchr(raw.p, '\\', raw.n))
                return false;

        same = json_decode(raw, &decoded) && slice_equal(buf_as_slice(&decoded), key);
        buf_done(&decoded);

        return same;
}

bool json_member(struct slice object, struct slice key, struct json_member *ret)
{
        size_t at = skip_space(object, 0), end;
        struct json_member m;

        if (at >= object.n || object.p[at] != '{')
                return false;

        for (at++;; at++) {
                at = skip_space(object, at);
                if (at >= object.n || object.p[at] != '"')
                        return false;
                end = skip_string(object, at);
                m.key = (struct slice){ object.p + at, end - at };
                at = skip_space(object, end);
                if (at >= object.n || object.p[at] != ':')
                        return false;
                at = skip_space(object, at + 1);
                end = skip_value(object, at);
                m.value = (struct slice){ object.p + at, end - at };
                if (key_is(m.key, key)) {
                        *ret = m;
                        return true;
                }
                at = skip_space(object, end);
                if (at >= object.n || object.p[at] != ',')
                        return false;
        }
}

bool json_item(struct slice array, size_t *at, struct slice *ret)
{
        size_t from = skip_space(array, *at), to;

        if (from >= array.n || (array.p[from] != '[' && array.p[from] != ','))
                return false;
        from = skip_space(array, from + 1);
        to = skip_value(array, from);
        if (to == from)
                return false;
        *ret = (struct slice){ array.p + from, to - from };
        *at = to;
        return true;
}

static void put_utf8(struct buf *b, unsigned c)
{
        if (c < 0x80) {
                buf_putc(b, (char)c);
                return;
        }
        if (c < 0x800) {
                buf_putc(b, (char)(0xc0 | (c >> 6)));
        } else {
                if (c < 0x10000) {
                        buf_putc(b, (char)(0xe0 | (c >> 12)));
                } else {
                        buf_putc(b, (char)(0xf0 | (c >> 18)));
                        buf_putc(b, (char)(0x80 | ((c >> 12) & 0x3f)));
                }
                buf_putc(b, (char)(0x80 | ((c >> 6) & 0x3f)));
        }
        buf_putc(b, (char)(0x80 | (c & 0x3f)));
}

/* The four digits at p; 0x10000 if they are none. */
static unsigned hex4(struct slice s, size_t at)
{
        char digits[5], *end;
        unsigned long v;

        if (at + 4 > s.n)
                return 0x10000;
        memcpy(digits, s.p + at, 4);
        digits[4] = '\0';
        v = strtoul(digits, &end, 16);
        return end == digits + 4 ? (unsigned)v : 0x10000;
}

static size_t decode_unicode(struct slice s, size_t at, struct buf *ret)
{
        unsigned c = hex4(s, at), low;

        if (c > 0xffff)
                return at;
        at += 4;
        if (c >= 0xd800 && c < 0xdc00 && at + 6 <= s.n && memcmp(s.p + at, "\\u", 2) == 0) {
                low = hex4(s, at + 2);
                if (low >= 0xdc00 && low < 0xe000) {
                        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
                        at += 6;
                }
        }
        put_utf8(ret, c);
        return at;
}

bool json_decode(struct slice string, struct buf *ret)
{
        static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";

        if (string.n < 2 || string.p[0] != '"' || string.p[string.n - 1] != '"')
                return false;

        string.n--;
        for (size_t at = 1; at < string.n;) {
                char c = string.p[at++];
                const char *short_form;

                if (c != '\\' || at >= string.n) {
                        buf_putc(ret, c);
                        continue;
                }
                c = string.p[at++];
                short_form = c ? strchr(from, c) : NULL;
                if (c == 'u')
                        at = decode_unicode(string, at, ret);
                else
                        buf_putc(ret, short_form ? to[short_form - from] : c);
        }
        return true;
}

void json_compact(struct slice text, struct buf *ret)
{
        for (size_t at = 0; at < text.n;) {
                size_t end = text.p[at] == '"' ? skip_string(text, at) : at + 1;

                if (!is_space(text.p[at]))
                        buf_add(ret, text.p + at, end - at);
                at = end;
        }
}
