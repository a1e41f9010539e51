#include "answer.h"

#include <time.h>

void answer_done(struct answer *a)
{
        buf_done(&a->headers);
        a->body = stream_free(a->body);
}

void answer_header(struct answer *a, const char *name, const char *value)
{
        buf_printf(&a->headers, "%s: %s\r\n", name, value);
}

void answer_text(struct answer *a, struct buf *take)
{
        stream_free(a->body);
        a->body = stream_bytes(take);
}

static const char *reason(int status)
{
        static const struct {
                int status;
                const char *reason;
        } reasons[] = {
                { 200, "OK" },
                { 302, "Found" },
                { 400, "Bad Request" },
                { 401, "Unauthorized" },
                { 403, "Forbidden" },
                { 404, "Not Found" },
                { 405, "Method Not Allowed" },
                { 408, "Request Timeout" },
                { 409, "Conflict" },
                { 411, "Length Required" },
                { 413, "Content Too Large" },
                { 425, "Too Early" },
                { 429, "Too Many Requests" },
                { 431, "Request Header Fields Too Large" },
                { 500, "Internal Server Error" },
                { 502, "Bad Gateway" },
                { 503, "Service Unavailable" },
                { 504, "Gateway Timeout" },
        };

        for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
                if (reasons[i].status == status)
                        return reasons[i].reason;
        return "Unknown";
}

void answer_head(const struct answer *a, uint64_t length, int64_t now, struct buf *ret)
{
        time_t t = (time_t)now;
        char date[64];
        struct tm tm;

        (void)gmtime_r(&t, &tm);
        (void)strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
        buf_printf(ret, "HTTP/1.1 %d %s\r\nDate: %s\r\n", a->status, reason(a->status), date);
        if (a->content_type)
                buf_printf(ret, "Content-Type: %s\r\n", a->content_type);
        if (a->framing == FRAMING_LENGTH)
                buf_printf(ret, "Content-Length: %llu\r\n", (unsigned long long)length);
        else if (a->framing == FRAMING_CHUNKED)
                buf_puts(ret, "Transfer-Encoding: chunked\r\n");
        if (a->gzip)
                buf_puts(ret, "Content-Encoding: gzip\r\n");
        buf_printf(ret, "Connection: %s\r\n", a->close ? "close" : "keep-alive");
        buf_slice(ret, buf_as_slice(&a->headers));
        buf_puts(ret, "\r\n");
}
