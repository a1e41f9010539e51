#include "ctl/cat.h"
#include "ctl/latest.h"
#include "ctl/put.h"
#include "ctl/scan.h"
#include "ctl/sieve.h"

#define FAILED 2 /* err says why; beside PUT_GONE */

struct cat {
        struct put put;
        bool timed, begun; /* begun: the frame's first text has come */
        struct sieve sieve;
        struct sieve_time time;
        struct latest *latest; /* NULL: all versions */
        struct err err;
};

static int put_line(struct cat *c, const char *p, size_t n)
{
        int r = put_add(&c->put, p, n);

        return r != 0 ? r : put_add(&c->put, "\n", 1);
}

static int on_line(void *ctx, const char *p, size_t n, struct err *e)
{
        struct cat *c = ctx;
        int r = 1;

        if (c->latest)
                r = latest_line(c->latest, p, n, e);
        if (r == 1 && c->timed)
                r = sieve_time(&c->time, p, n, e);
        if (r < 0)
                return -1;
        return r == 0 ? 0 : put_line(c, p, n);
}

/* Lines are looked at only where that is needed. */
static int on_text(void *ctx, const struct frame_ref *frame, const char *p, size_t n)
{
        struct cat *c = ctx;
        int r = 0;

        if (!c->timed && !c->latest)
                return n ? put_add(&c->put, p, n) : 0;
        if (!c->begun && c->latest)
                r = latest_frame(c->latest, frame, &c->err);
        c->begun = p != NULL;
        if (!p)
                sieve_end(&c->sieve);
        else if (r == 0)
                r = sieve_add(&c->sieve, p, n, &c->err);
        return r < 0 ? FAILED : r;
}

static int scan(struct cat *c, const struct scan *s, struct err *e)
{
        int r;

        do
                r = scan_run(s, e);
        while (r == 0 && c->latest && latest_again(c->latest));
        if (r == FAILED)
                *e = c->err;
        return r < 0 || r == FAILED ? -1 : 0;
}

static int show(struct cat *c, const struct args *a, const struct chain *chain,
                struct library *library, struct damage *d, struct err *e)
{
        const struct scan s = { .chain = chain,
                                .damage = d,
                                .jobs = a->jobs,
                                .streams = 1u << a->stream,
                                .text = on_text,
                                .ctx = c };
        int r;

        c->time = (struct sieve_time){ .stream = a->stream,
                                       .filter = &a->filter,
                                       .library = library };
        if (a->latest && latest_new(library, d, &c->latest, e) < 0)
                return -1;
        r = scan(c, &s, e);
        latest_free(c->latest);
        sieve_done(&c->sieve);
        sieve_time_done(&c->time);
        put_done(&c->put);
        return r;
}

/* With what the catalog is needed for, or without it, for which any archive will do. */
static int open_and_show(struct cat *c, const struct verb *v, const struct args *a,
                         struct damage *d, struct err *e)
{
        struct library *library = NULL;
        struct chain chain;
        int r;

        if (a->latest || (c->timed && a->stream == STREAM_MESSAGES)) {
                r = library_open(v, d, &library, e);
                if (r == 0)
                        r = show(c, a, library_chain(library), library, d, e);
                library_close(library);
                return r == LIBRARY_NONE ? verb_none_set(v, e) : r;
        }
        r = chain_open(v->directory, &chain, e);
        if (r == 0)
                r = chain_check(&chain, d, e);
        if (r == 0)
                r = show(c, a, &chain, NULL, d, e);
        chain_done(&chain);
        return r == CHAIN_NONE ? verb_none_set(v, e) : r;
}

int cat_archive(struct verb *v, const struct args *a)
{
        struct damage damage = { .out = v->err };
        struct cat c = { .put = PUT_INIT(v),
                         .timed = sieve_is_timed(&a->filter),
                         .sieve = { .line = on_line, .ctx = &c } };
        struct err err;

        if (a->latest && a->stream != STREAM_COMPLETIONS) {
                err_set(&err, ERR_CONFIG,
                        "only completions have versions, of which --latest shows "
                        "the newest");
                return verb_fail(v, &err);
        }
        return open_and_show(&c, v, a, &damage, &err) < 0 ? verb_fail(v, &err)
                                                          : verb_found(&damage);
}
