#include "ctl/sieve.h"
#include "ctl/member.h"

#include <string.h>

static int whole_line(struct sieve *s, const char *p, size_t n, struct err *e)
{
        struct json text;

        if (!s->cut)
                return s->line(s->ctx, p, n, e);
        s->cut = false;
        if (record_add(s->rest, p, n, e) < 0 || record_text(s->rest, &text, e) < 0)
                return -1;
        return s->line(s->ctx, text.p, text.n, e);
}

int sieve_add(struct sieve *s, const char *p, size_t n, struct err *e)
{
        const char *end = p + n, *newline;
        int r;

        while (p < end && (newline = memchr(p, '\n', (size_t)(end - p)))) {
                r = whole_line(s, p, (size_t)(newline - p), e);
                if (r != 0)
                        return r;
                p = newline + 1;
        }
        if (p == end)
                return 0;
        if (!s->rest)
                s->rest = record_new();
        if (!s->cut)
                record_reset(s->rest);
        s->cut = true;
        return record_add(s->rest, p, (size_t)(end - p), e);
}

void sieve_end(struct sieve *s)
{
        s->cut = false;
        if (s->rest)
                record_reset(s->rest);
}

void sieve_done(struct sieve *s)
{
        s->rest = record_free(s->rest);
}

/* ---- time ---- */

bool sieve_is_timed(const struct filter *f)
{
        return f->since != INT64_MIN || f->until != INT64_MAX;
}

/* Of a message's completion: 0, CATALOG_NONE: nobody knows, or -1. */
static int completion_created(struct sieve_time *t, const char *p, size_t n, struct err *e)
{
        struct catalog_record row;
        int r;

        if (member_id(STREAM_MESSAGES, p, n, &t->id) < 0)
                return CATALOG_NONE;
        if (t->last.n != t->id.n || memcmp(buf_str(&t->last), buf_str(&t->id), t->id.n) != 0) {
                r = catalog_find(library_catalog(t->library), buf_str(&t->id), t->id.n, &row, e);
                if (r < 0)
                        return -1;
                t->known = r == 0;
                t->created = t->known ? row.created : 0;
                buf_clear(&t->last);
                buf_add(&t->last, buf_str(&t->id), t->id.n);
        }
        return t->known ? 0 : CATALOG_NONE;
}

int sieve_time(struct sieve_time *t, const char *p, size_t n, struct err *e)
{
        int64_t moment;
        int r;

        if (t->stream == STREAM_MESSAGES) {
                r = completion_created(t, p, n, e);
                moment = t->created;
        } else {
                r = member_moment(t->stream, p, n, &moment) < 0 ? CATALOG_NONE : 0;
        }
        if (r != 0)
                return r < 0 ? -1 : 1;
        return moment >= t->filter->since && moment <= t->filter->until;
}

void sieve_time_done(struct sieve_time *t)
{
        buf_done(&t->id);
        buf_done(&t->last);
}
