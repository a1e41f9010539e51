#include "ctl/grep.h"
#include "base/mem.h"
#include "ctl/pager.h"
#include "ctl/pattern.h"
#include "ctl/member.h"
#include "ctl/put.h"
#include "ctl/scan.h"
#include "ctl/sieve.h"

#include <string.h>

#define FAILED 2 /* err says why; beside PUT_GONE */

struct grep {
        const struct verb *verb;
        const struct args *args;
        struct pattern *pattern;
        struct matcher *matcher; /* the caller's thread's */
        struct put put;
        struct sieve sieve;
        struct sieve_time time;
        struct buf id, last; /* of --ids */
        uint64_t count;
        struct err err;
};

/* Of one frame: the lines that matched, and why there are no more. */
struct found {
        struct buf text;
        uint64_t lines;
        bool failed;
        struct err err;
};

/* ---- in any thread ---- */

static void found_free(void *result)
{
        struct found *f = result;

        buf_done(&f->text);
        free(f);
}

/* As matcher_find, and who the line is of where that failed. */
static int find(struct matcher *m, enum stream stream, const char *p, size_t n, struct err *e)
{
        _cleanup_buf_ struct buf id = BUF_INIT;
        size_t start, end;
        int r = matcher_find(m, p, n, 0, &start, &end, e);

        if (r < 0)
                err_wrap(e, "%s of %s", stream_name(stream),
                         member_id(stream, p, n, &id) == 0 ? buf_str(&id) : "a line without an id");
        return r;
}

static void *work(void *ctx, const struct frame_ref *frame, const char *p, size_t n)
{
        const struct grep *g = ctx;
        struct matcher *m = matcher_new(g->pattern);
        struct found *f = mem_new(sizeof(*f));
        const char *end = p + n, *newline;
        bool lines = !g->args->count || sieve_is_timed(&g->args->filter);

        while (p < end && (newline = memchr(p, '\n', (size_t)(end - p)))) {
                int r = find(m, frame->stream, p, (size_t)(newline - p), &f->err);

                if (r < 0) {
                        f->failed = true;
                        break;
                }
                f->lines += r == 1;
                if (r == 1 && lines)
                        buf_add(&f->text, p, (size_t)(newline + 1 - p));
                p = newline + 1;
        }
        matcher_free(m);
        return f;
}

/* ---- in the caller's ---- */

static int put_plain(struct grep *g, const char *p, size_t n)
{
        int r = put_add(&g->put, p, n);

        return r != 0 ? r : put_add(&g->put, "\n", 1);
}

/* The colours are ours, and not shown but obeyed. */
static int put_match(struct grep *g, const char *p, size_t n)
{
        if (n == 0)
                return 0;
        fputs(colour(g->verb, COLOUR_RED), g->verb->out);
        if (put_add(&g->put, p, n) != 0)
                return PUT_GONE;
        fputs(colour(g->verb, COLOUR_NONE), g->verb->out);
        return 0;
}

static int put_coloured(struct grep *g, const char *p, size_t n)
{
        size_t at = 0, from = 0, start, end;
        struct err ignored;

        /* What costs too much by now is not coloured; it was found. */
        while (from <= n && matcher_find(g->matcher, p, n, from, &start, &end, &ignored) == 1) {
                if (start < at)
                        start = at;
                if (end < start)
                        end = start;
                if (put_add(&g->put, p + at, start - at) != 0 ||
                    put_match(g, p + start, end - start) != 0)
                        return PUT_GONE;
                at = end;
                from = end > from ? end : from + 1;
                while (from < n && ((unsigned char)p[from] & 0xc0) == 0x80)
                        from++; /* a match begins with a character */
        }
        return put_plain(g, p + at, n - at);
}

/* Lines of one id lie together mostly, and are told once. */
static int put_id(struct grep *g, const char *p, size_t n)
{
        _cleanup_buf_ struct buf shown = BUF_INIT;

        if (member_id(g->args->stream, p, n, &g->id) < 0)
                return 0;
        if (g->id.n == g->last.n && memcmp(buf_str(&g->id), buf_str(&g->last), g->id.n) == 0)
                return 0;
        buf_clear(&g->last);
        buf_add(&g->last, buf_str(&g->id), g->id.n);
        show_text(&shown, buf_str(&g->id), g->id.n);
        return put_plain(g, buf_str(&shown), shown.n);
}

/* It matched. */
static int on_found(void *ctx, const char *p, size_t n, struct err *e)
{
        struct grep *g = ctx;
        int r = sieve_is_timed(&g->args->filter) ? sieve_time(&g->time, p, n, e) : 1;

        if (r != 1)
                return r;
        g->count++;
        if (g->args->count)
                return 0;
        if (g->args->ids)
                return put_id(g, p, n);
        return g->verb->out_terminal ? put_coloured(g, p, n) : put_plain(g, p, n);
}

static int made(void *ctx, const struct frame_ref *frame, void *result)
{
        struct grep *g = ctx;
        struct found *f = result;
        struct sieve s = { .line = on_found, .ctx = g };
        int r = 0;

        (void)frame;
        if (f->text.n)
                r = sieve_add(&s, buf_str(&f->text), f->text.n, &g->err);
        else
                g->count += f->lines;
        if (r == 0 && f->failed) {
                g->err = f->err;
                r = -1;
        }
        found_free(f);
        return r < 0 ? FAILED : r;
}

/* A line of a frame that is too large to be looked at elsewhere. */
static int on_line(void *ctx, const char *p, size_t n, struct err *e)
{
        struct grep *g = ctx;
        int r = find(g->matcher, g->args->stream, p, n, e);

        return r == 1 ? on_found(g, p, n, e) : r;
}

static int on_text(void *ctx, const struct frame_ref *frame, const char *p, size_t n)
{
        struct grep *g = ctx;
        int r;

        (void)frame;
        if (!p) {
                sieve_end(&g->sieve);
                return 0;
        }
        r = sieve_add(&g->sieve, p, n, &g->err);
        return r < 0 ? FAILED : r;
}

/* ---- the verb ---- */

static int search(struct grep *g, const struct chain *chain, struct damage *d, struct err *e)
{
        const struct scan s = { .chain = chain,
                                .damage = d,
                                .jobs = g->args->jobs,
                                .streams = 1u << g->args->stream,
                                .text = on_text,
                                .work = work,
                                .made = made,
                                .drop = found_free,
                                .ctx = g };
        int r = scan_run(&s, e);

        if (r == FAILED)
                *e = g->err;
        return r < 0 || r == FAILED ? -1 : 0;
}

static int open_and_search(struct grep *g, struct damage *d, struct err *e)
{
        struct chain chain;
        int r;

        if (sieve_is_timed(&g->args->filter) && g->args->stream == STREAM_MESSAGES) {
                r = library_open(g->verb, d, &g->time.library, e);
                if (r == 0)
                        r = search(g, library_chain(g->time.library), d, e);
                library_close(g->time.library);
                return r == LIBRARY_NONE ? verb_none_set(g->verb, e) : r;
        }
        r = chain_open(g->verb->directory, &chain, e);
        if (r == 0)
                r = chain_check(&chain, d, e);
        if (r == 0)
                r = search(g, &chain, d, e);
        chain_done(&chain);
        return r == CHAIN_NONE ? verb_none_set(g->verb, e) : r;
}

int grep_archive(struct verb *v, const struct args *a)
{
        struct damage damage = { .out = v->err };
        struct grep g = { .verb = v,
                          .args = a,
                          .put = PUT_INIT(v),
                          .sieve = { .line = on_line, .ctx = &g },
                          .time = { .stream = a->stream, .filter = &a->filter } };
        struct err err;
        int r;

        if (pattern_new(a->pattern, a->ignore_case, &g.pattern, &err) < 0)
                return verb_fail(v, &err);
        g.matcher = matcher_new(g.pattern);
        r = open_and_search(&g, &damage, &err);
        if (a->count && r == 0)
                fprintf(v->out, "%llu\n", (unsigned long long)g.count);
        matcher_free(g.matcher);
        pattern_free(g.pattern);
        sieve_done(&g.sieve);
        sieve_time_done(&g.time);
        put_done(&g.put);
        buf_done(&g.id);
        buf_done(&g.last);
        if (r < 0)
                return verb_fail(v, &err);
        if (damage.places || damage.unread)
                return verb_found(&damage);
        return g.count ? VERB_OK : VERB_NOT;
}
