#include "ctl/reindex.h"
#include "base/mem.h"
#include "ctl/chain.h"
#include "store/archive.h"
#include "walk/index.h"

/* Is there an archive at all? What has lost its ledger is damaged, and none is made here. */
static int look(struct verb *v, struct err *e)
{
        struct chain chain;
        int r = chain_open(v->directory, &chain, e);

        chain_done(&chain);
        return r;
}

int reindex_archive(struct verb *v, const struct args *a)
{
        struct archive_reindexed done;
        struct err err;
        int r = look(v, &err);

        (void)a;
        if (r != 0)
                return r == CHAIN_NONE ? verb_none(v) : verb_fail(v, &err);
        r = archive_reindex(v->directory, index_frame, NULL, &done, &err);
        if (r == ARCHIVE_LOCKED) {
                err_set(&err, ERR_AGAIN,
                        "somebody writes to the archive: its catalog can be built anew when "
                        "nobody does");
                verb_fail(v, &err);
                return VERB_LOCKED;
        }
        if (r < 0)
                return verb_fail(v, &err);
        fprintf(v->out,
                "reindexed: %llu completions, %llu versions; up to line %llu of the ledger\n",
                (unsigned long long)done.counts.completions,
                (unsigned long long)done.counts.versions, (unsigned long long)done.head.seq);
        return VERB_OK;
}
