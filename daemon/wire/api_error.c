#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "wire/api.h"
#include "wire/redact.h"

#include <string.h>
#include <strings.h>

#define QUOTA "insufficient_quota"

static bool member_string(const struct json *v, const char *key, struct buf *out)
{
        struct json m;

        buf_clear(out);
        return json_member(v, key, &m) && json_string(&m, out) == 0 && out->n > 0;
}

static bool says_quota(const struct json *v)
{
        struct json m;

        return (json_member(v, "code", &m) && json_equals(&m, QUOTA)) ||
               (json_member(v, "type", &m) && json_equals(&m, QUOTA));
}

/* The text of an object that describes an error, by the members that servers put it in. */
static bool describe(const struct json *v, struct buf *out)
{
        static const char *const keys[] = { "message", "detail", "msg",  "error_description",
                                            "title",   "code",   "type", "status" };
        struct json m;

        if (v->type == JSON_STRING)
                return json_string(v, out) == 0 && out->n > 0;
        for (size_t i = 0; i < ELEMENTS(keys); i++)
                if (member_string(v, keys[i], out))
                        return true;
        /* A list of complaints, as FastAPI has it: the first. */
        if (json_member(v, "detail", &m) && m.type == JSON_ARRAY) {
                struct json first;
                size_t at = 0;

                buf_clear(out);
                return json_next(&m, &at, NULL, &first) && first.type == JSON_OBJECT &&
                       member_string(&first, "msg", out);
        }
        return false;
}

static bool read_json(const char *body, size_t n, struct buf *out, bool *ret_quota)
{
        struct json v, inner;

        if (json_parse(body, n, &v) < 0)
                return false;
        *ret_quota = says_quota(&v);
        if (json_member(&v, "error", &inner)) {
                *ret_quota = *ret_quota || says_quota(&inner);
                if (describe(&inner, out))
                        return true;
        }
        buf_clear(out);
        return describe(&v, out);
}

/* The length of the element that begins at p if its inside is not for people, else 0. */
static size_t hidden(const char *p, const char *end)
{
        static const char *const names[] = { "style", "script", "head" };

        for (size_t i = 0; i < ELEMENTS(names); i++) {
                size_t len = strlen(names[i]);
                const char *q = p + 1 + len;

                if (end - q < 1 || strncasecmp(p + 1, names[i], len) != 0 ||
                    !strchr(" \t\r\n>", *q))
                        continue;
                for (; end - q >= (ptrdiff_t)len + 2; q++)
                        if (q[0] == '<' && q[1] == '/' && strncasecmp(q + 2, names[i], len) == 0)
                                return (size_t)(q - p);
        }
        return 0;
}

/* What a reader would see of HTML, or near it. */
static bool read_html(const char *body, size_t n, struct buf *out)
{
        const char *end = body + n, *p = body;
        bool any = false;

        while (p < end && strchr(" \t\r\n", *p))
                p++;
        if (p == end || *p != '<')
                return false;
        while (p < end) {
                if (*p != '<') {
                        any = any || !strchr(" \t\r\n", *p);
                        buf_putc(out, *p++);
                        continue;
                }
                buf_putc(out, ' ');
                p += hidden(p, end);
                p = memchr(p, '>', (size_t)(end - p));
                if (!p)
                        break;
                p++;
        }
        return any;
}

static bool holds(const char *body, size_t n, const char *text)
{
        return memmem(body, n, text, strlen(text)) != NULL;
}

void api_read_error(const char *body, size_t n, const char *key, char *out, size_t room,
                    bool *ret_quota)
{
        _cleanup_buf_ struct buf text = BUF_INIT;
        bool any = n > 0;

        *ret_quota = false;
        if (n >= 3 && memcmp(body, "\xef\xbb\xbf", 3) == 0)
                body += 3, n -= 3;
        if (!read_json(body, n, &text, ret_quota)) {
                struct json ignored;

                /* Cut, or deeper than is read: the word itself has to do. */
                if (json_parse(body, n, &ignored) < 0)
                        *ret_quota = holds(body, n, "\"" QUOTA "\"");
                buf_clear(&text);
                if (!read_html(body, n, &text)) {
                        buf_clear(&text);
                        buf_add(&text, body, n);
                }
        }
        redact_line(buf_str(&text), text.n, key, out, room);
        if (!*out && n > 0)
                redact_line(body, n, key, out, room);
        if (!*out && any)
                redact_line("(blank)", 7, NULL, out, room);
}
