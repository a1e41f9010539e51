#include "ctl/count.h"
#include "ctl/library_build.h"

static int read_counts(struct catalog *catalog, struct count *ret, struct err *e)
{
        int64_t created = INT64_MIN, row = 0;
        char id[CATALOG_ID_MAX];
        int r;

        if (catalog_counts(catalog, &ret->counts, e) < 0)
                return -1;
        r = catalog_wanted(catalog, &created, &row, id, e);
        if (r == 0)
                ret->waiting = created;
        return r < 0 ? -1 : 0;
}

static int from_catalog(const struct chain *chain, struct count *ret, struct err *e)
{
        struct catalog *catalog;
        struct ledger_head head;
        int r = catalog_open_readonly(chain->dirfd, &catalog, e);

        if (r != 0)
                return -1;
        r = read_counts(catalog, ret, e);
        if (r == 0)
                r = catalog_head(catalog, &head, e);
        if (r == 0)
                ret->seq = head.seq;
        catalog_close(catalog);
        return r;
}

static int from_frames(const struct chain *chain, struct count *ret, struct damage *d,
                       struct err *e)
{
        struct catalog *catalog;
        int r = library_build(chain, d, &catalog, e);

        if (r < 0)
                return -1;
        if (r == 0) /* a count of what is left would be none */
                r = read_counts(catalog, ret, e);
        ret->seq = chain->good.seq;
        catalog_close(catalog);
        return r == 0 ? 0 : -1;
}

int count_completions(const struct chain *chain, bool writing, struct count *ret, struct damage *d,
                      struct err *e)
{
        struct count count = { 0 };
        int r = -1;

        if (chain->catalog == CHAIN_CATALOG_READ)
                r = from_catalog(chain, &count, e);
        if (r != 0 || (count.seq < chain->good.seq && !writing)) {
                count = (struct count){ 0 };
                r = from_frames(chain, &count, d, e);
        }
        if (r == 0)
                *ret = count;
        return r;
}
