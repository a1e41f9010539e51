#include "base/json.h"
#include "base/text.h"

#include <endian.h>
#include <string.h>

static const char *skip_space(const char *p, const char *end)
{
        while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
                p++;
        return p;
}

static bool is_hex(char c)
{
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Eight bytes at once: a ledger's lines are strings for the most part, and each start reads all of
 * them. */
const char *json_plain(const char *p, const char *end)
{
        const uint64_t ones = UINT64_MAX / 255;

        for (; end - p >= 8; p += 8) {
                uint64_t w, quote, slash, found;

                memcpy(&w, p, 8);
                w = le64toh(w);
                quote = w ^ ones * '"';
                slash = w ^ ones * '\\';
                found = ((w - ones * 0x20) & ~w) | ((quote - ones) & ~quote) |
                        ((slash - ones) & ~slash);
                found &= ones << 7;
                if (found) /* a borrow may mark bytes too many, but only behind a right one */
                        return p + __builtin_ctzll(found) / 8;
        }
        while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20)
                p++;
        return p;
}

/* Each skip_…() below takes p at the value's first byte and yields the byte past it, or NULL. */
static const char *skip_string(const char *p, const char *end)
{
        for (p++; (p = json_plain(p, end)) < end; p++) {
                if (*p == '"')
                        return p + 1;
                if (*p != '\\' || ++p == end)
                        return NULL;
                if (*p == 'u') {
                        if (end - p < 5)
                                return NULL;
                        for (int i = 1; i <= 4; i++)
                                if (!is_hex(p[i]))
                                        return NULL;
                        p += 4;
                } else if (!*p || !strchr("\"\\/bfnrt", *p)) {
                        return NULL;
                }
        }
        return NULL;
}

static const char *skip_digits(const char *p, const char *end)
{
        const char *start = p;

        while (p < end && *p >= '0' && *p <= '9')
                p++;
        return p == start ? NULL : p;
}

static const char *skip_number(const char *p, const char *end)
{
        if (*p == '-')
                p++;
        if (p < end && *p == '0')
                p++;
        else
                p = skip_digits(p, end);
        if (p && p < end && *p == '.')
                p = skip_digits(p + 1, end);
        if (p && p < end && (*p == 'e' || *p == 'E')) {
                p++;
                if (p < end && (*p == '+' || *p == '-'))
                        p++;
                p = skip_digits(p, end);
        }
        return p;
}

static const char *skip_word(const char *p, const char *end, const char *word)
{
        size_t n = strlen(word);

        return (size_t)(end - p) >= n && memcmp(p, word, n) == 0 ? p + n : NULL;
}

static const char *value_end(const char *p, const char *end, int depth, enum json_type *ret);

/* The inside of an object or array, from its opening bracket on. */
static const char *skip_nested(const char *p, const char *end, int depth)
{
        char open = *p, close = open == '{' ? '}' : ']';
        enum json_type type;

        if (depth >= JSON_DEPTH_MAX)
                return NULL;
        p = skip_space(p + 1, end);
        if (p < end && *p == close)
                return p + 1;
        for (;;) {
                if (open == '{') {
                        if (p == end || *p != '"' || !(p = skip_string(p, end)))
                                return NULL;
                        p = skip_space(p, end);
                        if (p == end || *p++ != ':')
                                return NULL;
                        p = skip_space(p, end);
                }
                p = value_end(p, end, depth + 1, &type);
                if (!p)
                        return NULL;
                p = skip_space(p, end);
                if (p == end)
                        return NULL;
                if (*p == close)
                        return p + 1;
                if (*p++ != ',')
                        return NULL;
                p = skip_space(p, end);
        }
}

static const char *value_end(const char *p, const char *end, int depth, enum json_type *ret)
{
        if (p == end)
                return NULL;
        switch (*p) {
        case '{':
                *ret = JSON_OBJECT;
                return skip_nested(p, end, depth);
        case '[':
                *ret = JSON_ARRAY;
                return skip_nested(p, end, depth);
        case '"':
                *ret = JSON_STRING;
                return skip_string(p, end);
        case 't':
                *ret = JSON_BOOL;
                return skip_word(p, end, "true");
        case 'f':
                *ret = JSON_BOOL;
                return skip_word(p, end, "false");
        case 'n':
                *ret = JSON_NULL;
                return skip_word(p, end, "null");
        default:
                *ret = JSON_NUMBER;
                return skip_number(p, end);
        }
}

static const char *value_at(const char *p, const char *end, struct json *ret)
{
        const char *past = value_end(p, end, 0, &ret->type);

        if (past) {
                ret->p = p;
                ret->n = (size_t)(past - p);
        }
        return past;
}

int json_parse(const char *p, size_t n, struct json *ret)
{
        const char *end = p + n;
        struct json v;

        p = value_at(skip_space(p, end), end, &v);
        if (!p || skip_space(p, end) != end)
                return -1;
        *ret = v;
        return 0;
}

bool json_next(const struct json *v, size_t *at, struct json *ret_key, struct json *ret)
{
        const char *end = v->p + v->n, *p;

        if (v->type != JSON_OBJECT && v->type != JSON_ARRAY)
                return false;
        p = skip_space(v->p + (*at ? *at : 1), end);
        if (p < end && *p == ',')
                p = skip_space(p + 1, end);
        if (p >= end - 1)
                return false;
        if (v->type == JSON_OBJECT) {
                struct json key;

                p = value_at(p, end, &key);
                p = skip_space(skip_space(p, end) + 1, end);
                if (ret_key)
                        *ret_key = key;
        }
        p = value_at(p, end, ret);
        *at = (size_t)(p - v->p);
        return true;
}

/* Most keys are told from the one that is meant by their first byte. */
static inline bool may_equal(const struct json *key, const char *text)
{
        return key->n == 2 || key->p[1] == *text || key->p[1] == '\\';
}

void json_members(const struct json *v, const char *const *keys, size_t n, struct json *ret)
{
        struct json key, value;
        size_t at = 0;

        memset(ret, 0, n * sizeof(*ret));
        if (v->type != JSON_OBJECT)
                return;
        while (json_next(v, &at, &key, &value))
                for (size_t i = 0; i < n; i++)
                        if (may_equal(&key, keys[i]) && json_equals(&key, keys[i]))
                                ret[i] = value;
}

bool json_member(const struct json *v, const char *key, struct json *ret)
{
        struct json value;

        json_members(v, &key, 1, &value);
        if (!value.p)
                return false;
        *ret = value;
        return true;
}

static unsigned hex4(const char *p)
{
        unsigned v = 0;

        for (int i = 0; i < 4; i++) {
                char c = p[i];

                v = v << 4 | (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
        }
        return v;
}

static void put_utf8(struct buf *out, unsigned c)
{
        if (c < 0x80) {
                buf_putc(out, (char)c);
        } else if (c < 0x800) {
                buf_putc(out, (char)(0xc0 | c >> 6));
                buf_putc(out, (char)(0x80 | (c & 0x3f)));
        } else if (c < 0x10000) {
                buf_putc(out, (char)(0xe0 | c >> 12));
                buf_putc(out, (char)(0x80 | (c >> 6 & 0x3f)));
                buf_putc(out, (char)(0x80 | (c & 0x3f)));
        } else {
                buf_putc(out, (char)(0xf0 | c >> 18));
                buf_putc(out, (char)(0x80 | (c >> 12 & 0x3f)));
                buf_putc(out, (char)(0x80 | (c >> 6 & 0x3f)));
                buf_putc(out, (char)(0x80 | (c & 0x3f)));
        }
}

int json_string(const struct json *v, struct buf *out)
{
        static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
        const char *p, *end, *plain;

        if (v->type != JSON_STRING)
                return -1;
        end = v->p + v->n - 1;
        for (p = v->p + 1; p < end; p++) {
                unsigned c;

                plain = json_plain(p, end);
                buf_add(out, p, (size_t)(plain - p));
                if (plain == end)
                        break;
                p = plain + 1;
                if (*p != 'u') {
                        buf_putc(out, to[strchr(from, *p) - from]);
                        continue;
                }
                c = hex4(p + 1);
                p += 4;
                if (c >= 0xd800 && c <= 0xdbff && end - p > 6 && p[1] == '\\' && p[2] == 'u') {
                        unsigned low = hex4(p + 3);

                        if (low >= 0xdc00 && low <= 0xdfff) {
                                c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
                                p += 6;
                        }
                }
                put_utf8(out, c);
        }
        return 0;
}

bool json_equals(const struct json *v, const char *text)
{
        _cleanup_buf_ struct buf b = BUF_INIT;

        /* A byte takes six as \u0061, at most; a giant is not decoded to see that it is another. */
        if (v->type != JSON_STRING || (v->n - 2) / 6 > strlen(text))
                return false;
        if (!memchr(v->p, '\\', v->n))
                return v->n == strlen(text) + 2 && memcmp(v->p + 1, text, v->n - 2) == 0;
        json_string(v, &b);
        return b.n == strlen(text) && memcmp(buf_str(&b), text, b.n) == 0;
}

int json_int64(const struct json *v, int64_t *ret)
{
        if (v->type != JSON_NUMBER)
                return -1;
        return text_int64(v->p, v->n, ret);
}
