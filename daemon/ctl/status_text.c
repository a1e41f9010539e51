#include "base/text.h"
#include "ctl/show.h"
#include "ctl/status_core.h"

#include <stdlib.h>
#include <string.h>

#define SECOND_MAX 253402300799 /* the last one of the year 9999 */
#define GAPS_MAX   10           /* seconds of a walk that are named here; --json names all */

/* "1,200" */
#define COUNT(n) text_from_count((n), (char[TEXT_COUNT_MAX]){ 0 })
/* "12.3M" */
#define SIZE(n) text_from_size((n), (char[TEXT_SIZE_MAX]){ 0 })

/* "2026-11-22 08:00:12 UTC" */
static void put_time(struct buf *b, usec_t t)
{
        char text[CLOCK_TEXT_MAX];

        clock_rfc3339(t, text);
        buf_printf(b, "%.10s %.8s UTC", text, text + 11);
}

/* A server may say any number; false: it is no time that one could speak of. */
static bool put_second(struct buf *b, int64_t second)
{
        if (second < 0 || second > SECOND_MAX) {
                buf_printf(b, "%lld", (long long)second);
                return false;
        }
        put_time(b, second * USEC_PER_SEC);
        return true;
}

/* No more of it than a person wants to know. */
static void put_span(struct buf *b, usec_t t)
{
        char text[TEXT_SPAN_MAX];
        usec_t unit = t >= USEC_PER_DAY    ? USEC_PER_HOUR
                      : t >= USEC_PER_HOUR ? USEC_PER_MIN
                      : t >= USEC_PER_MIN  ? USEC_PER_SEC
                                           : USEC_PER_MSEC;

        buf_puts(b, text_from_span(t - t % unit, text));
}

static void put_ago(struct buf *b, usec_t age)
{
        buf_puts(b, age < 0 ? ", still " : ", ");
        put_span(b, llabs(age));
        buf_puts(b, age < 0 ? " ahead" : " ago");
}

static void put_outside(struct buf *b, const char *text)
{
        show_text(b, text, strlen(text));
}

static void put_archive(const struct status *s, struct buf *b)
{
        const struct account *a = &s->account;

        buf_puts(b, "Archive:      ");
        put_outside(b, s->directory);
        if (a->since) {
                buf_puts(b, ", since ");
                put_time(b, a->since);
                buf_puts(b, "\nServer:       ");
                put_outside(b, a->base_url);
                if (*a->project) {
                        buf_puts(b, ", project ");
                        put_outside(b, a->project);
                }
        }
        buf_putc(b, '\n');
}

static void put_waiting(const struct status *s, struct buf *b)
{
        buf_puts(b, "Waiting:      for messages; the oldest was created ");
        if (put_second(b, s->count.waiting))
                put_ago(b, s->now - s->count.waiting * USEC_PER_SEC);
        buf_putc(b, '\n');
}

static void put_counts(const struct status *s, struct buf *b)
{
        const struct catalog_counts *c = &s->count.counts;

        buf_puts(b, "Completions:  ");
        if (!s->counted) {
                buf_printf(b, "unknown (%s lines)\n",
                           COUNT(s->account.streams[STREAM_COMPLETIONS].records));
                return;
        }
        buf_printf(b, "%s (%s versions)", COUNT(c->completions), COUNT(c->versions));
        if (c->completions) {
                buf_puts(b, ", created ");
                put_second(b, c->oldest);
                buf_puts(b, " to ");
                put_second(b, c->newest);
        }
        if (s->count.seq < s->chain.good.seq)
                buf_printf(b, ", as of line %llu of the ledger", (unsigned long long)s->count.seq);
        buf_printf(b, "\nMessages:     of %s completions; %s are waiting, %s missing\n",
                   COUNT(c->completions - c->wanted - c->missing), COUNT(c->wanted),
                   COUNT(c->missing));
        if (c->wanted)
                put_waiting(s, b);
}

static void put_stored(const struct status *s, struct buf *b)
{
        struct account_stream sum = { 0 };

        for (size_t i = 0; i < STREAMS; i++) {
                sum.segments += s->account.streams[i].segments;
                sum.stored += s->account.streams[i].stored;
                sum.plain += s->account.streams[i].plain;
        }
        buf_printf(b, "Stored:       %s in %s segments, %s as text\n", SIZE(sum.stored),
                   COUNT(sum.segments), SIZE(sum.plain));
}

static void put_full(const struct status *s, struct buf *b)
{
        const struct account_walk *w = &s->account.full;

        if (!w->text) {
                buf_puts(b, "Full walk:    none was complete yet\n");
                return;
        }
        buf_printf(b, "Full walk:    %llu, complete since ", (unsigned long long)w->number);
        put_time(b, w->ended);
        put_ago(b, status_age(s));
        if (status_age(s) < 0)
                buf_puts(b, ": a clock was wrong");
        else if (status_too_old(s))
                buf_puts(b, ": too long");
        else if (s->config && status_age(s) / 2 > s->config->full_interval)
                buf_printf(b, ", and one is due every %s",
                           text_from_span(s->config->full_interval, (char[TEXT_SPAN_MAX]){ 0 }));
        buf_putc(b, '\n');
}

static void put_reason(struct buf *b, const struct account_walk *w)
{
        put_outside(b, *w->reason ? w->reason : "no reason given");
        if (*w->detail) {
                buf_puts(b, ": ");
                put_outside(b, w->detail);
        }
        buf_putc(b, '\n');
}

static void put_failure(const struct account_failed *f, const char *kind, struct buf *b)
{
        buf_printf(b, "Failed:       %s %s%s since the last complete one; walk %llu, ",
                   COUNT(f->walks), kind, f->walks == 1 ? "" : "s",
                   (unsigned long long)f->last.number);
        put_time(b, f->last.ended);
        buf_puts(b, ": ");
        put_reason(b, &f->last);
}

static void put_failed(const struct account *a, struct buf *b)
{
        if (a->failed.walks)
                put_failure(&a->failed, "walk", b);
        if (a->failed_full.walks && a->failed_full.walks != a->failed.walks)
                put_failure(&a->failed_full, "full walk", b);
}

static void put_due(const struct status *s, const char *kind, usec_t t, struct buf *b)
{
        char text[CLOCK_TEXT_MAX];

        if (t <= s->now) {
                buf_printf(b, "%s now", kind);
                return;
        }
        clock_rfc3339(t, text);
        buf_printf(b, "%s about %.10s %.5s UTC (in ", kind, text, text + 11);
        put_span(b, t - s->now);
        buf_putc(b, ')');
}

/* Nothing is said where the configuration was not read. */
static void put_next(const struct status *s, struct buf *b)
{
        if (!s->config)
                return;
        buf_puts(b, "Next walk:    ");
        if (s->has_due) {
                put_due(s, "new", s->due.new, b);
                buf_puts(b, ", ");
                put_due(s, "full", s->due.full, b);
        } else if (s->writer == WRITER_UNKNOWN) {
                buf_puts(b, "unknown, as is whether a daemon runs");
        } else if (s->once) {
                buf_puts(b, "none after this one: it was started with --once");
        } else {
                buf_puts(b, "none: no daemon is running");
        }
        buf_putc(b, '\n');
}

static void put_gaps(const struct account_walk *w, struct buf *b)
{
        size_t at = 0, n = 0;
        int64_t second;

        if (!w->text || w->n_gaps == 0)
                return;
        buf_printf(b,
                   "Gaps:         walk %llu met %s seconds that hold more records than a page; "
                   "some may be lacking: ",
                   (unsigned long long)w->number, COUNT(w->n_gaps));
        while (n < GAPS_MAX && account_gap(w, &at, &second)) {
                buf_puts(b, n++ ? ", " : "");
                put_second(b, second);
        }
        buf_printf(b, "%s\n", w->n_gaps > n ? ", …" : "");
}

static void put_writer(const struct status *s, struct buf *b)
{
        buf_puts(b, "Writer:       ");
        if (s->writer == WRITER_UNKNOWN)
                buf_puts(b, "unknown\n");
        else if (s->writer == WRITER_NONE)
                buf_puts(b, "none\n");
        else if (s->pid)
                buf_printf(b, "process %lld has it locked\n", (long long)s->pid);
        else
                buf_puts(b, "a process has it locked\n");
        buf_printf(b, "Head:         %llu:%s\n", (unsigned long long)s->chain.good.seq,
                   s->chain.good.hash);
        if (s->chain.uncommitted)
                buf_printf(b, "Uncommitted:  %llu bytes of the ledger\n",
                           (unsigned long long)s->chain.uncommitted);
        if (s->damage.places)
                buf_puts(b, "Damage:       yes; chatarchivectl verify names all of it\n");
}

static void put_walk(const struct account_walk *w, struct buf *b)
{
        buf_printf(b, "  %4llu  %-4s  %-8s  ", (unsigned long long)w->number,
                   w->full ? "full" : "new", w->complete ? "complete" : "failed");
        put_time(b, w->started);
        buf_puts(b, ", ");
        put_span(b, w->ended > w->started ? w->ended - w->started : 0);
        buf_printf(b, ": %s pages, %s seen, %s new, %s changed, %s gone", COUNT(w->pages),
                   COUNT(w->seen), COUNT(w->new), COUNT(w->changed), COUNT(w->gone));
        if (w->filter.p && w->filter.type == JSON_OBJECT) {
                buf_puts(b, "; of ");
                show_text(b, w->filter.p, w->filter.n);
        }
        buf_putc(b, '\n');
        if (!*w->reason)
                return;
        buf_puts(b, "        ");
        put_reason(b, w);
}

static void put_walks(const struct status *s, struct buf *b)
{
        const struct account *a = &s->account;

        if (!a->begun.number && !a->walks[0].text)
                return;
        buf_puts(b, "Last walks:\n");
        if (a->begun.number) {
                buf_printf(b, "  %4llu  %-4s  %-8s  ", (unsigned long long)a->begun.number,
                           a->begun.full ? "full" : "new",
                           s->writer == WRITER_THERE  ? "running"
                           : s->writer == WRITER_NONE ? "cut off"
                                                      : "no end");
                put_time(b, a->begun.started);
                buf_putc(b, '\n');
        }
        for (size_t i = 0; i < ACCOUNT_WALKS_MAX && a->walks[i].text; i++)
                put_walk(&a->walks[i], b);
}

void status_text(const struct status *s, struct buf *out)
{
        put_archive(s, out);
        put_counts(s, out);
        put_stored(s, out);
        put_full(s, out);
        put_failed(&s->account, out);
        put_gaps(&s->account.full, out);
        for (size_t i = 0; i < ACCOUNT_WALKS_MAX; i++)
                if (s->account.walks[i].ended > s->account.full.ended)
                        put_gaps(&s->account.walks[i], out);
        put_next(s, out);
        put_writer(s, out);
        put_walks(s, out);
}
