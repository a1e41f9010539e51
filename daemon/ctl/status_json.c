#include "base/text.h"
#include "ctl/status_core.h"

#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* A file's name may be any bytes; JSON may not. */
static void put_bytes(struct buf *b, const char *key, const char *text)
{
        _cleanup_buf_ struct buf clean = BUF_INIT;
        size_t left = text ? strlen(text) : 0;

        while (left > 0) {
                size_t n = text_utf8(text, left);

                if (n)
                        buf_add(&clean, text, n);
                else
                        buf_puts(&clean, REPLACEMENT);
                n = n ? n : 1;
                text += n;
                left -= n;
        }
        buf_printf(b, "\"%s\":", key);
        buf_json_str(b, text ? buf_str(&clean) : NULL);
}

static void put_time(struct buf *b, const char *key, usec_t t)
{
        char text[CLOCK_TEXT_MAX];

        buf_member_text(b, key, t ? clock_rfc3339(t, text) : NULL);
}

static void put_seconds(struct buf *b, const char *key, usec_t t)
{
        usec_t size = llabs(t);

        buf_printf(b, ",\"%s\":%s%lld.%03d", key, t < 0 ? "-" : "",
                   (long long)(size / USEC_PER_SEC), (int)(size % USEC_PER_SEC / USEC_PER_MSEC));
}

static void put_counts(const struct status *s, struct buf *b)
{
        const struct catalog_counts *c = &s->count.counts;
        const struct {
                const char *key;
                uint64_t n;
        } counts[] = {
                { "completions", c->completions }, { "versions", c->versions },
                { "messages_waiting", c->wanted }, { "messages_missing", c->missing },
                { "counted_at", s->count.seq },
        };
        bool waiting = s->counted && c->wanted;

        for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
                if (s->counted)
                        buf_member_uint(b, counts[i].key, counts[i].n);
                else
                        buf_printf(b, ",\"%s\":null", counts[i].key);
        }
        buf_puts(b, ",\"oldest_waiting\":");
        if (waiting)
                buf_printf(b, "%lld", (long long)s->count.waiting);
        else
                buf_puts(b, "null");
}

static void put_streams(const struct account *a, struct buf *b)
{
        buf_puts(b, ",\"streams\":{");
        for (size_t i = 0; i < STREAMS; i++) {
                const struct account_stream *t = &a->streams[i];

                buf_printf(b, "%s\"%s\":{\"segments\":%llu", i ? "," : "",
                           stream_name((enum stream)i), (unsigned long long)t->segments);
                buf_member_uint(b, "frames", t->frames);
                buf_member_uint(b, "records", t->records);
                buf_member_uint(b, "stored_bytes", t->stored);
                buf_member_uint(b, "plain_bytes", t->plain);
                buf_putc(b, '}');
        }
        buf_putc(b, '}');
}

static void put_walk(const struct account_walk *w, struct buf *b)
{
        const char *comma = "";
        int64_t second;
        size_t at = 0;

        account_walk_json(w, w->complete ? "complete" : "failed", true, b);
        buf_puts(b, ",\"gaps\":[");
        while (account_gap(w, &at, &second)) {
                buf_printf(b, "%s%lld", comma, (long long)second);
                comma = ",";
        }
        buf_puts(b, "]}");
}

static void put_walk_or_null(struct buf *b, const char *key, const struct account_walk *w)
{
        buf_printf(b, ",\"%s\":", key);
        if (w->text)
                put_walk(w, b);
        else
                buf_puts(b, "null");
}

static void put_failed(const struct account *a, struct buf *b)
{
        buf_member_uint(b, "failed_since", a->failed.walks);
        put_walk_or_null(b, "last_failed", &a->failed.last);
        buf_member_uint(b, "failed_full_since", a->failed_full.walks);
        put_walk_or_null(b, "last_failed_full", &a->failed_full.last);
}

static void put_next(const struct status *s, struct buf *b)
{
        char text[CLOCK_TEXT_MAX];

        buf_puts(b, ",\"next\":{\"new\":");
        buf_json_str(b, s->has_due ? clock_rfc3339(s->due.new, text) : NULL);
        put_time(b, "full", s->has_due ? s->due.full : 0);
        buf_putc(b, '}');
}

static void put_walks(const struct status *s, struct buf *b)
{
        const struct account *a = &s->account;

        buf_puts(b, ",\"walks\":[");
        for (size_t i = 0; i < ACCOUNT_WALKS_MAX && a->walks[i].text; i++) {
                if (i)
                        buf_putc(b, ',');
                put_walk(&a->walks[i], b);
        }
        buf_puts(b, "],\"unfinished\":");
        if (a->begun.number) {
                buf_printf(b, "{\"walk\":%llu,\"kind\":\"%s\"", (unsigned long long)a->begun.number,
                           a->begun.full ? "full" : "new");
                put_time(b, "started", a->begun.started);
                buf_putc(b, '}');
        } else {
                buf_puts(b, "null");
        }
        put_failed(a, b);
        put_next(s, b);
        put_walk_or_null(b, "last_complete_full", &a->full);
        if (a->full.text)
                put_seconds(b, "age_seconds", status_age(s));
        else
                buf_puts(b, ",\"age_seconds\":null");
        buf_printf(b, ",\"too_old\":%s",
                   s->max_age == STATUS_NO_AGE ? "null"
                   : status_too_old(s)         ? "true"
                                               : "false");
}

void status_json(const struct status *s, struct buf *b)
{
        const struct account *a = &s->account;

        buf_putc(b, '{');
        put_bytes(b, "directory", s->directory);
        buf_putc(b, ',');
        put_bytes(b, "error", s->error);
        put_time(b, "since", a->since);
        buf_member_text(b, "base_url", a->base_url);
        buf_member_text(b, "project", a->project);
        put_counts(s, b);
        put_streams(a, b);
        put_walks(s, b);
        buf_printf(b, ",\"writing\":%s",
                   s->writer == WRITER_UNKNOWN ? "null"
                   : s->writer == WRITER_THERE ? "true"
                                               : "false");
        if (s->pid)
                buf_member_uint(b, "writer_pid", (uint64_t)s->pid);
        else
                buf_puts(b, ",\"writer_pid\":null");
        buf_printf(b, ",\"head\":{\"seq\":%llu", (unsigned long long)s->chain.good.seq);
        buf_member_text(b, "hash", s->chain.good.hash);
        buf_member_uint(b, "offset", s->chain.good.offset);
        buf_putc(b, '}');
        buf_member_uint(b, "uncommitted_bytes", s->chain.uncommitted);
        buf_member_uint(b, "damaged", s->damage.places);
        buf_puts(b, "}\n");
}
