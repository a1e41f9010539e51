#include "ctl/verify.h"
#include "ctl/chain.h"
#include "ctl/meter.h"
#include "ctl/proof.h"
#include "ctl/tree.h"

static int on_line(void *ctx, const struct ledger_line *line)
{
        proof_line(ctx, line);
        return 0;
}

static void on_progress(void *ctx, uint64_t bytes)
{
        meter_add(ctx, bytes);
}

/* Everything in the order that a live archive asks for: what is in the tree has its line in a
 * ledger that is read later. */
static int verify(struct chain *chain, struct proof *p, struct meter *m, struct err *e)
{
        uint64_t bytes;

        tree_list(chain->dirfd, p->shelf, p->damage, &bytes);
        m->total = bytes;
        if (chain_check(chain, p->damage, e) < 0 || chain_each(chain, on_line, p, e) < 0)
                return -1;
        proof_end(p);
        return 0;
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
                "%llu segments, %llu frames, %llu records, %llu bytes stored, %llu bytes plain%s\n",
                (unsigned long long)p->segments, (unsigned long long)p->frames,
                (unsigned long long)p->records, (unsigned long long)p->stored,
                (unsigned long long)p->plain, p->quick ? "; only lengths were looked at" : "");
        fprintf(v->out, "head: %llu:%s\n", (unsigned long long)chain->good.seq, chain->good.hash);
}

int verify_archive(const struct verb *v, bool quick)
{
        struct meter meter = { .out = v->err_terminal ? v->err : NULL, .clock = v->clock };
        struct damage damage = {
                .out = v->out, .notes = v->out, .before = meter_hide, .ctx = &meter
        };
        struct proof proof = { .quick = quick,
                               .damage = &damage,
                               .progress = quick ? NULL : on_progress,
                               .ctx = &meter };
        struct chain chain;
        struct err err;
        int r;

        r = chain_open(v->directory, &chain, &err);
        if (r == 0) {
                proof.dirfd = chain.dirfd;
                proof.shelf = shelf_new();
                r = verify(&chain, &proof, &meter, &err);
                shelf_free(proof.shelf);
                meter_hide(&meter);
                if (r == 0)
                        sum_up(v, &chain, &proof);
        } else if (r < 0 && err.kind == ERR_DAMAGE) {
                damage_add(&damage, LEDGER_FILE, 0, DAMAGE_UNKNOWN, "%s", err.text);
                r = 0;
        }
        chain_done(&chain);
        if (r != 0)
                return r == CHAIN_NONE ? verb_none(v) : verb_fail(v, &err);
        return verb_found(&damage);
}
