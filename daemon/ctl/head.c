#include "ctl/head.h"
#include "ctl/chain.h"

int head_archive(struct verb *v, const struct args *a)
{
        struct damage damage = { .out = v->err };
        struct chain chain;
        struct err err;
        int r = chain_open(v->directory, &chain, &err);

        (void)a;
        if (r == 0)
                r = chain_check(&chain, &damage, &err);
        chain_done(&chain);
        if (r == CHAIN_NONE)
                return verb_none(v);
        if (r == 0 && chain.good.seq == 0 && damage.places == 0)
                r = err_set(&err, ERR_HOST, "nothing is committed yet in %s", v->directory);
        if (r < 0)
                return verb_fail(v, &err);
        if (chain.good.seq)
                fprintf(v->out, "%llu:%s\n", (unsigned long long)chain.good.seq, chain.good.hash);
        return verb_found(&damage);
}
