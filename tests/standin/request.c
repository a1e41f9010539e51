#include "request.h"

#include <stddef.h>
#include <strings.h>

static struct slice trim(struct slice s)
{
        while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t')) {
                s.p++;
                s.n--;
        }
        while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
                s.n--;
        return s;
}

static bool same(struct slice s, const char *lower)
{
        return s.n == strlen(lower) && strncasecmp(s.p, lower, s.n) == 0;
}

/* Up to `c`, which is dropped; all of it if c does not come. */
static struct slice cut_at(struct slice *rest, char c)
{
        const char *end = rest->n > 0 ? memchr(rest->p, c, rest->n) : NULL;
        struct slice got = { rest->p, end ? (size_t)(end - rest->p) : rest->n };

        rest->p += got.n + (end ? 1 : 0);
        rest->n -= got.n + (end ? 1 : 0);
        return got;
}

static int parse_line(struct slice line, struct request *r)
{
        struct slice version, path;

        r->method = cut_at(&line, ' ');
        r->target = cut_at(&line, ' ');
        version = line;
        if (r->method.n == 0 || r->target.n == 0 || r->target.p[0] != '/')
                return -1;
        r->http10 = slice_is(version, "HTTP/1.0");
        if (!r->http10 && !slice_is(version, "HTTP/1.1"))
                return -1;

        path = r->target;
        r->path = cut_at(&path, '?');
        r->query = path;
        r->keep_alive = !r->http10;
        return 0;
}

static int parse_number(struct slice s, uint64_t *ret)
{
        uint64_t v = 0;

        if (s.n == 0 || s.n > 15)
                return -1;
        for (size_t i = 0; i < s.n; i++) {
                if (s.p[i] < '0' || s.p[i] > '9')
                        return -1;
                v = v * 10 + (uint64_t)(s.p[i] - '0');
        }
        *ret = v;
        return 0;
}

/* 0, or the status to answer with. */
static int parse_header(struct slice name, struct slice value, struct request *r)
{
        static const struct {
                const char *name;
                size_t at;
        } kept[] = {
                { "authorization", offsetof(struct request, authorization) },
                { "api-key", offsetof(struct request, api_key) },
                { "accept-encoding", offsetof(struct request, accept_encoding) },
                { "user-agent", offsetof(struct request, user_agent) },
                { "openai-organization", offsetof(struct request, organization) },
                { "openai-project", offsetof(struct request, project) },
        };

        for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
                if (same(name, kept[i].name))
                        memcpy((char *)r + kept[i].at, &value, sizeof(value));

        if (same(name, "connection"))
                r->keep_alive = same(value, "keep-alive") ||
                                (r->keep_alive && !same(value, "close"));
        else if (same(name, "expect"))
                r->expects_continue = same(value, "100-continue");
        else if (same(name, "transfer-encoding"))
                return 411;
        else if (same(name, "content-length") && parse_number(value, &r->content_length) < 0)
                return 400;
        return r->content_length > REQUEST_BODY_MAX ? 413 : 0;
}

int request_parse(struct slice bytes, struct request *ret, size_t *ret_length, int *ret_status)
{
        const char *end = bytes.n > 0 ? memmem(bytes.p, bytes.n, "\r\n\r\n", 4) : NULL;
        struct request r = { 0 };
        struct slice head, line, name;

        *ret_status = 431;
        if (!end)
                return bytes.n > REQUEST_HEAD_MAX ? -1 : 1;
        head = (struct slice){ bytes.p, (size_t)(end - bytes.p) + 2 };
        if (head.n > REQUEST_HEAD_MAX)
                return -1;

        *ret_status = 400;
        line = cut_at(&head, '\n');
        line.n -= line.n > 0 && line.p[line.n - 1] == '\r';
        if (parse_line(line, &r) < 0)
                return -1;
        while (head.n > 0) {
                line = cut_at(&head, '\n');
                line.n -= line.n > 0 && line.p[line.n - 1] == '\r';
                if (!memchr(line.p, ':', line.n))
                        return -1;
                name = cut_at(&line, ':');
                *ret_status = parse_header(name, trim(line), &r);
                if (*ret_status != 0)
                        return -1;
                *ret_status = 400;
        }

        *ret = r;
        *ret_length = (size_t)(end - bytes.p) + 4;
        return 0;
}
