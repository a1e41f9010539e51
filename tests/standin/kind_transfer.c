#include "kind_transfer.h"

#include "error.h"

#include <stdlib.h>

static void put_body(struct slice body, struct answer *a)
{
        struct buf b = { 0 };

        buf_slice(&b, body);
        answer_text(a, &b);
}

void kind_status(const struct params *p, struct slice body, struct answer *a)
{
        static const char *const headers[][2] = {
                { "retry_after", "retry-after" },
                { "retry_after_ms", "retry-after-ms" },
                { "should_retry", "x-should-retry" },
        };
        int status = (int)params_number(p, "status", 503);
        const char *type = status < 500 ? "invalid_request_error" : "server_error";

        error_answer(a, status, status == 429 ? "requests" : type, NULL,
                     status == 429 ? "rate_limit_exceeded" : NULL,
                     "The server had an error while processing your request. Sorry about that!");
        if (body.n > 0)
                put_body(body, a);
        for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
                if (params_get(p, headers[i][0]).p)
                        answer_header(a, headers[i][1], params_text(p, headers[i][0], ""));
}

void kind_body(const struct params *p, struct slice body, struct answer *a)
{
        (void)p;
        put_body(body, a);
}

void kind_raw(const struct params *p, struct slice body, struct answer *a)
{
        a->bare = true;
        a->gzip = false;
        a->reset = params_flag(p, "reset");
        put_body(body, a);
}

void kind_hangup(const struct params *p, struct slice body, struct answer *a)
{
        (void)body;
        kind_raw(p, (struct slice){ "", 0 }, a);
}

void kind_redirect(const struct params *p, struct slice body, struct answer *a)
{
        a->status = (int)params_number(p, "status", 302);
        answer_header(a, "Location",
                      params_text(p, "location", "https://example.com/v1/elsewhere"));
        put_body(body, a);
}

/* at=BYTES or at=NN%. */
static uint64_t parse_at(const struct params *p, uint64_t otherwise, bool *ret_percent)
{
        const char *text = params_text(p, "at", NULL);
        char *end;
        uint64_t at;

        *ret_percent = !text;
        if (!text)
                return otherwise;
        at = strtoull(text, &end, 10);
        *ret_percent = *end == '%';
        return at;
}

void kind_cut(const struct params *p, struct answer *a)
{
        a->cut = true;
        a->cut_at = parse_at(p, 50, &a->cut_in_percent);
        a->clean = params_flag(p, "clean");
        a->reset = params_flag(p, "reset");
}

void kind_cut_at_end(const struct params *p, struct answer *a)
{
        a->reset = params_flag(p, "reset");
        if (params_flag(p, "clean"))
                return;
        a->cut = true;
        a->cut_at = UINT64_MAX;
        a->claimed_more = 1000;
}

void kind_stall(const struct params *p, struct answer *a)
{
        a->stall = true;
        a->stall_at = params_number(p, "at", 0);
}

void kind_drip(const struct params *p, struct answer *a)
{
        a->drip_bytes = params_number(p, "bytes", 1);
        a->drip_usec = params_number(p, "usec", 1000);
}

void kind_slow_head(const struct params *p, struct answer *a)
{
        a->head_bytes = params_number(p, "bytes", 1);
        a->head_usec = params_number(p, "usec", 10000);
}

void kind_header_flood(const struct params *p, struct answer *a)
{
        uint64_t count = params_number(p, "count", 5000);
        uint64_t bytes = params_number(p, "bytes", 100);

        for (uint64_t i = 0; i < count; i++) {
                buf_printf(&a->headers, "X-Flood-%u: ", (unsigned)i);
                for (uint64_t k = 0; k < bytes; k++)
                        buf_putc(&a->headers, 'f');
                buf_puts(&a->headers, "\r\n");
        }
}

void kind_bad_gzip(const struct params *p, struct answer *a)
{
        const char *mode = params_text(p, "mode", "flip");
        unsigned char mask = (unsigned char)(1u << (params_number(p, "bit", 0) & 7));
        bool percent;
        uint64_t at = parse_at(p, 50, &percent);

        a->gzip = false;
        answer_header(a, "Content-Encoding", "gzip");
        if (!a->body || strcmp(mode, "plain") == 0)
                return;

        a->body = stream_gzip(a->body);
        if (percent)
                at = stream_length(a->body) * at / 100;
        a->body = strcmp(mode, "cut") == 0 ? stream_cut(a->body, at)
                                           : stream_flip(a->body, at, mask);
}

static void wrap(struct answer *a, struct slice before, struct slice after)
{
        struct buf b = { 0 }, e = { 0 };

        buf_slice(&b, before);
        buf_slice(&e, after);
        a->body = stream_wrap(&b, a->body, &e);
}

void kind_trailing(const struct params *p, struct answer *a)
{
        struct slice text = params_get(p, "text");

        wrap(a, slice_of(""), text.p ? text : slice_of("{}"));
}

void kind_bom(const struct params *p, struct answer *a)
{
        (void)p;
        wrap(a, slice_of("\xef\xbb\xbf"), slice_of(""));
}

void kind_common(const struct params *p, struct answer *a)
{
        struct slice framing = params_get(p, "framing");

        if (slice_is(framing, "length"))
                a->framing = FRAMING_LENGTH;
        else if (slice_is(framing, "chunked"))
                a->framing = FRAMING_CHUNKED;
        else if (slice_is(framing, "close") || slice_is(framing, "gzip"))
                a->framing = FRAMING_CLOSE;

        if (slice_is(framing, "gzip") || params_flag(p, "gzip"))
                a->gzip = true;
        if (params_get(p, "latency_ms").p)
                a->delay_usec = params_number(p, "latency_ms", 0) * 1000;
        for (size_t i = 0; i < p->n; i++)
                if (strcmp(p->list[i].key, "header") == 0)
                        buf_printf(&a->headers, "%s\r\n", p->list[i].value);
}
