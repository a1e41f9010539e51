#include "ctl/verify.h"
#include "ctl/chain.h"
#include "ctl/meter.h"
#include "ctl/proof.h"
#include "ctl/tree.h"

#include <strings.h>

struct verify {
        const struct args *args;
        struct proof proof;
        enum { UNSEEN, SEEN, OTHER } head; /* the one that was asked for */
};

static int on_line(void *ctx, const struct ledger_line *line)
{
        struct verify *w = ctx;

        if (w->args->head_seq && line->head.seq == w->args->head_seq)
                w->head = strcasecmp(line->head.hash, w->args->head_hash) == 0 ? SEEN : OTHER;
        proof_line(&w->proof, line);
        return 0;
}

static void on_progress(void *ctx, uint64_t bytes)
{
        meter_add(ctx, bytes);
}

/* A head that somebody wrote down elsewhere: whoever cuts lines off, or writes others, cannot make
 * that one again. */
static void check_head(const struct verify *w, const struct chain *chain)
{
        unsigned long long seq = w->args->head_seq, last = chain->good.seq;

        if (seq > last)
                damage_add(w->proof.damage, LEDGER_FILE, chain->good.offset, DAMAGE_UNKNOWN,
                           "line %llu was there once, and now line %llu is the last: the end was "
                           "cut off",
                           seq, last);
        else if (w->head != SEEN)
                damage_add(w->proof.damage, LEDGER_FILE, chain->good.offset, DAMAGE_UNKNOWN,
                           "line %llu is not the one that was there once: the end was replaced",
                           seq);
}

/* Everything in the order that a live archive asks for: what is in the tree has its line in a
 * ledger that is read later. */
static int verify(struct chain *chain, struct verify *w, struct meter *m, struct err *e)
{
        struct proof *p = &w->proof;
        uint64_t bytes;

        tree_list(chain->dirfd, p->shelf, p->damage, &bytes);
        m->total = bytes;
        if (chain_check(chain, p->damage, e) < 0)
                return -1;
        proof_start(p);
        if (chain_each(chain, on_line, w, e) < 0)
                return -1;
        proof_end(p);
        if (w->args->head_seq)
                check_head(w, chain);
        return 0;
}

static void put_part(const struct verb *v, const struct proof *p)
{
        if (p->quick)
                fputs("; only lengths were looked at", v->out);
        else if (p->of)
                fprintf(v->out, "; part %llu of %llu was read: %llu frames, %llu sealed files",
                        (unsigned long long)p->sample, (unsigned long long)p->of,
                        (unsigned long long)p->frames_read, (unsigned long long)p->files_read);
}

static void sum_up(const struct verb *v, const struct chain *chain, const struct proof *p)
{
        const struct damage *d = p->damage;

        if (chain->catalog == CHAIN_CATALOG_UNREAD)
                fputs("note: the catalog cannot be read as it is, and was left out\n", v->err);
        fprintf(v->out, "%s: ", d->places ? "not clean" : d->unread ? "not all read" : "clean");
        if (d->places)
                fprintf(v->out, "%llu damaged, %llu records in them; ",
                        (unsigned long long)d->places, (unsigned long long)d->records);
        if (d->unread)
                fprintf(v->out, "%llu unread; ", (unsigned long long)d->unread);
        if (d->uncommitted)
                fprintf(v->out, "%llu uncommitted; ", (unsigned long long)d->uncommitted);
        fprintf(v->out,
                "%llu segments, %llu frames, %llu records, %llu bytes stored, %llu bytes plain",
                (unsigned long long)p->segments, (unsigned long long)p->frames,
                (unsigned long long)p->records, (unsigned long long)p->stored,
                (unsigned long long)p->plain);
        put_part(v, p);
        fprintf(v->out, "\nhead: %llu:%s\n", (unsigned long long)chain->good.seq, chain->good.hash);
}

int verify_archive(struct verb *v, const struct args *a)
{
        struct meter meter = { .out = v->err_terminal ? v->err : NULL, .clock = v->clock };
        struct damage damage = {
                .out = v->out, .notes = v->out, .before = meter_hide, .ctx = &meter
        };
        struct verify w = { .args = a,
                            .proof = { .quick = a->quick,
                                       .jobs = a->jobs,
                                       .sample = a->sample,
                                       .of = a->of,
                                       .damage = &damage,
                                       .progress = a->quick ? NULL : on_progress,
                                       .ctx = &meter } };
        struct chain chain;
        struct err err;
        int r;

        r = chain_open(v->directory, &chain, &err);
        if (r == 0) {
                w.proof.dirfd = chain.dirfd;
                w.proof.shelf = shelf_new();
                r = verify(&chain, &w, &meter, &err);
                proof_done(&w.proof);
                meter_hide(&meter);
                if (r == 0)
                        sum_up(v, &chain, &w.proof);
                shelf_free(w.proof.shelf);
        } else if (r < 0 && err.kind == ERR_DAMAGE) {
                damage_add(&damage, LEDGER_FILE, 0, DAMAGE_UNKNOWN, "%s", err.text);
                r = 0;
        }
        chain_done(&chain);
        if (r != 0)
                return r == CHAIN_NONE ? verb_none(v) : verb_fail(v, &err);
        return verb_found(&damage);
}
