#include "ctl/member.h"
#include "base/clock.h"
#include "store/ledger.h"

#include <string.h>

static const char *skip_space(const char *p, const char *end)
{
        while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
                p++;
        return p;
}

/* p is behind the opening quote; the result behind the closing one, NULL if there is none. */
static const char *skip_string(const char *p, const char *end)
{
        const char *from = p;

        while ((p = memchr(p, '"', (size_t)(end - p)))) {
                const char *back = p;

                while (back > from && back[-1] == '\\')
                        back--;
                p++;
                if ((p - 1 - back) % 2 == 0)
                        return p;
        }
        return NULL;
}

static const char *skip_nested(const char *p, const char *end)
{
        size_t depth = 0;

        while (p && p < end) {
                char c = *p++;

                if (c == '"')
                        p = skip_string(p, end);
                else if (c == '{' || c == '[')
                        depth++;
                else if ((c == '}' || c == ']') && --depth == 0)
                        return p;
        }
        return NULL;
}

static const char *skip_value(const char *p, const char *end, struct json *ret)
{
        const char *from = p;

        if (p == end)
                return NULL;
        if (*p == '"') {
                ret->type = JSON_STRING;
                p = skip_string(p + 1, end);
        } else if (*p == '{' || *p == '[') {
                ret->type = *p == '{' ? JSON_OBJECT : JSON_ARRAY;
                p = skip_nested(p, end);
        } else {
                ret->type = *p == 'n'                ? JSON_NULL
                            : *p == 't' || *p == 'f' ? JSON_BOOL
                                                     : JSON_NUMBER;
                while (p < end && *p != ',' && *p != '}' && *p != ' ')
                        p++;
        }
        ret->p = from;
        ret->n = p ? (size_t)(p - from) : 0;
        return p;
}

static bool is_key(const char *p, size_t n, const char *text)
{
        struct json key;

        if (!memchr(p, '\\', n)) /* nearly all */
                return n == strlen(text) + 2 && memcmp(p + 1, text, n - 2) == 0;
        return json_parse(p, n, &key) == 0 && json_equals(&key, text);
}

void member_find(const char *p, size_t n, const char *const *keys, size_t count, struct json *ret)
{
        const char *end = p + n;
        size_t left = count;

        memset(ret, 0, count * sizeof(*ret));
        p = skip_space(p, end);
        if (p == end || *p++ != '{')
                return;
        while (left > 0) {
                struct json value;
                const char *key;
                size_t key_n;

                key = p = skip_space(p, end);
                if (p == end || *p++ != '"' || !(p = skip_string(p, end)))
                        return;
                key_n = (size_t)(p - key);
                p = skip_space(p, end);
                if (p == end || *p++ != ':' || !(p = skip_value(skip_space(p, end), end, &value)))
                        return;
                for (size_t i = 0; i < count; i++)
                        if (!ret[i].p && is_key(key, key_n, keys[i])) {
                                ret[i] = value;
                                left--;
                        }
                p = skip_space(p, end);
                if (p == end || *p++ != ',')
                        return;
        }
}

int member_id(enum stream stream, const char *p, size_t n, struct buf *ret)
{
        const char *key = stream == STREAM_MESSAGES ? "completion_id" : "id";
        struct json v, whole;

        member_find(p, n, &key, 1, &v);
        buf_clear(ret);
        if (!v.p || json_parse(v.p, v.n, &whole) < 0)
                return -1;
        return json_string(&whole, ret);
}

int member_moment(enum stream stream, const char *p, size_t n, int64_t *ret)
{
        const char *key = stream == STREAM_COMPLETIONS ? "created" : "observed_at";
        char text[CLOCK_TEXT_MAX];
        struct json v, whole;
        usec_t t;

        if (stream == STREAM_MESSAGES)
                return -1;
        member_find(p, n, &key, 1, &v);
        if (!v.p || json_parse(v.p, v.n, &whole) < 0)
                return -1;
        if (stream == STREAM_COMPLETIONS)
                return json_int64(&whole, ret);
        if (!ledger_text_of(&whole, text, sizeof(text)) || clock_parse(text, &t) < 0)
                return -1;
        *ret = t / USEC_PER_SEC;
        return 0;
}
