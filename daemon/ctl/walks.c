#include "ctl/walks.h"
#include "base/fsio.h"
#include "base/mem.h"
#include "base/text.h"
#include "ctl/account.h"
#include "ctl/chain.h"
#include "ctl/pager.h"
#include "ctl/show.h"
#include "ctl/when.h"
#include "ctl/writer.h"

#include <string.h>

/* Where a walk's line lies: a year has 100,000 of them, of some 600 bytes each, and the last come
 * first. */
struct place {
        uint64_t offset;
        usec_t time;
        uint32_t length;
        bool ended; /* a `walk` line, not one that only says that it began */
};

struct walks {
        const struct verb *verb;
        const struct args *args;
        struct place *places;
        size_t n, room;
        bool begun;      /* the last of them */
        uint64_t number; /* and its number */
        enum writer writer;
};

/* A walk without an end is the last one begun, or was overtaken by another one. Of one that tells
 * more than once that it began (it knows more by then, or was killed and goes on), that is one. */
static int on_line(void *ctx, const struct ledger_line *line)
{
        struct walks *w = ctx;
        bool ended = json_equals(&line->type, "walk");
        uint64_t number = 0;

        if (!ended && !json_equals(&line->type, "begin"))
                return 0;
        ledger_uint(&line->members, "walk", &number);
        if (w->begun && number == w->number)
                w->n--;
        w->begun = !ended;
        w->number = number;
        if (w->n == w->room) {
                w->room = w->room ? 2 * w->room : 64;
                w->places = mem_resize(w->places, w->room * sizeof(*w->places));
        }
        w->places[w->n++] = (struct place){
                .offset = line->offset,
                .time = line->time,
                .length = (uint32_t)line->length, /* LEDGER_LINE_MAX at most */
                .ended = ended,
        };
        return 0;
}

/* ---- one of them ---- */

struct row {
        struct account_walk walk;
        bool ended, running;
        const char *state;
};

static const char *state_of(const struct walks *w, const struct row *r, bool last)
{
        if (r->ended)
                return r->walk.complete ? "complete" : "failed";
        if (!last || w->writer == WRITER_NONE)
                return "cut off";
        return w->writer == WRITER_THERE ? "running" : "no end";
}

static usec_t took(const struct account_walk *k)
{
        return k->ended > k->started ? k->ended - k->started : 0;
}

static void put_json(const struct row *r, struct buf *b)
{
        const struct json *gaps = &r->walk.gaps;

        account_walk_json(&r->walk, r->state, r->ended, b);
        buf_puts(b, ",\"gaps\":");
        if (gaps->p)
                buf_add(b, gaps->p, gaps->n);
        else
                buf_puts(b, "null");
        buf_puts(b, "}\n");
}

#define COLUMNS  "%6s  %-4s  %-8s  %-23s  %10s  %9s  %11s  %9s  %9s  %7s  "
#define COUNT(n) text_from_count((n), (char[TEXT_COUNT_MAX]){ 0 })

static void put_header(const struct walks *w, struct buf *b)
{
        buf_puts(b, colour(w->verb, COLOUR_BOLD));
        buf_printf(b, COLUMNS "REASON", "WALK", "KIND", "STATE", "STARTED", "TOOK", "PAGES", "SEEN",
                   "NEW", "CHANGED", "GONE");
        buf_printf(b, "%s\n", colour(w->verb, COLOUR_NONE));
}

/* No more of it than a person wants to know. */
static const char *span(usec_t t, char text[static TEXT_SPAN_MAX])
{
        usec_t unit = t >= USEC_PER_DAY    ? USEC_PER_HOUR
                      : t >= USEC_PER_HOUR ? USEC_PER_MIN
                      : t >= USEC_PER_MIN  ? USEC_PER_SEC
                                           : USEC_PER_MSEC;

        return text_from_span(t - t % unit, text);
}

static void put_reason(const struct account_walk *k, struct buf *b)
{
        show_text(b, k->reason, strlen(k->reason));
        if (*k->detail) {
                buf_puts(b, *k->reason ? ": " : "");
                show_text(b, k->detail, strlen(k->detail));
        }
        if (k->n_gaps)
                buf_printf(b, "%s%s full seconds", *k->reason || *k->detail ? "; " : "",
                           COUNT(k->n_gaps));
        if (k->filter.p && k->filter.type == JSON_OBJECT) {
                buf_puts(b, *k->reason || *k->detail || k->n_gaps ? "; only " : "only ");
                show_text(b, k->filter.p, k->filter.n);
        }
}

static void put_row(const struct walks *w, const struct row *r, struct buf *b)
{
        const struct account_walk *k = &r->walk;
        char number[32], when[CLOCK_TEXT_MAX] = "", text[TEXT_SPAN_MAX] = "";
        const char *ink = !r->ended     ? colour(w->verb, COLOUR_YELLOW)
                          : k->complete ? ""
                                        : colour(w->verb, COLOUR_RED);

        snprintf(number, sizeof(number), "%llu", (unsigned long long)k->number);
        if (k->started)
                when_text(k->started, when);
        buf_puts(b, ink);
        buf_printf(b, COLUMNS, number, k->full ? "full" : "new", r->state, when,
                   r->ended ? span(took(k), text) : "", r->ended ? COUNT(k->pages) : "",
                   r->ended ? COUNT(k->seen) : "", r->ended ? COUNT(k->new) : "",
                   r->ended ? COUNT(k->changed) : "", r->ended ? COUNT(k->gone) : "");
        put_reason(k, b);
        while (b->n && b->p[b->n - 1] == ' ')
                b->p[--b->n] = '\0';
        buf_printf(b, "%s\n", *ink ? colour(w->verb, COLOUR_NONE) : "");
}

/* ---- all ---- */

static int put_place(const struct walks *w, const struct chain *chain, size_t i, struct buf *b,
                     struct err *e)
{
        const struct place *p = &w->places[i];
        _cleanup_free_ char *text = mem_new((size_t)p->length + 1);
        struct row r = { .ended = p->ended };
        size_t n;

        if (fsio_read(chain->fd, text, p->length, p->offset, &n, LEDGER_FILE, e) < 0)
                return -1;
        account_walk_read(&r.walk, text, n, p->time);
        r.state = state_of(w, &r, i + 1 == w->n);
        buf_clear(b);
        if (w->args->output == ARGS_JSON)
                put_json(&r, b);
        else if (w->args->output == ARGS_BARE)
                buf_printf(b, "%llu\n", (unsigned long long)r.walk.number);
        else
                put_row(w, &r, b);
        free(r.walk.text);
        return 0;
}

static int put_all(struct walks *w, const struct chain *chain, struct err *e)
{
        uint64_t limit = w->args->filter.limit;
        _cleanup_buf_ struct buf b = BUF_INIT;

        if (w->args->output == ARGS_SHORT && w->n) {
                put_header(w, &b);
                fwrite(b.p, 1, b.n, w->verb->out);
        }
        for (size_t k = 0; k < w->n && (limit == 0 || k < limit); k++) {
                if (put_place(w, chain, w->args->reverse ? k : w->n - 1 - k, &b, e) < 0)
                        return -1;
                if (fwrite(b.p, 1, b.n, w->verb->out) != b.n)
                        break; /* nobody reads it; main sees to the rest */
        }
        return 0;
}

int walks_archive(struct verb *v, const struct args *a)
{
        struct damage damage = { .out = v->err };
        struct walks w = { .verb = v, .args = a };
        struct pager *pager;
        struct chain chain;
        struct err err;
        int64_t pid;
        int r = chain_open(v->directory, &chain, &err);

        if (r == 0)
                r = chain_check(&chain, &damage, &err);
        if (r == 0)
                r = chain_each(&chain, on_line, &w, &err);
        if (r == 0) {
                w.writer = writer_find(chain.fd, &pid);
                pager = a->no_pager ? NULL : pager_open(v);
                r = put_all(&w, &chain, &err);
                pager_close(pager);
        }
        chain_done(&chain);
        free(w.places);
        if (r != 0)
                return r == CHAIN_NONE ? verb_none(v) : verb_fail(v, &err);
        return damage.places || damage.unread ? verb_found(&damage) : w.n ? VERB_OK : VERB_NOT;
}
