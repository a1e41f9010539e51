/* The catalog anew, from ledger and segments alone: nothing else is touched. */
#include "store/archive_core.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* What the catalog that is there has seen of the ledger: the one witness that it lost its end. */
static void old_head(struct archive *a, struct ledger_head *ret)
{
        struct catalog *old;
        bool new;

        *ret = LEDGER_START;
        if (faccessat(a->dirfd, CATALOG_FILE, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
                return;
        /* If it is none, or cannot be read, that is why one is built. */
        if (catalog_open(a->dirfd, &old, &new, NULL) != 0)
                return;
        if (catalog_head(old, ret, NULL) < 0)
                *ret = LEDGER_START;
        catalog_close(old);
}

static int build(struct archive *a, archive_index_fn index, struct archive_reindexed *ret,
                 struct err *e)
{
        struct replay_chain chain;
        struct ledger_head old;

        old_head(a, &old);
        if (replay_check(ledger_fd(a->ledger), &old, &a->work, &chain, e) < 0)
                return -1;
        if (chain.good.seq == 0)
                return err_set(e, ERR_DAMAGE, LEDGER_FILE " has no line that is committed");
        if (catalog_open_beside(a->dirfd, &a->catalog, e) < 0 || catalog_begin(a->catalog, e) < 0 ||
            replay_catch_up(a, &LEDGER_START, &chain.good, index, e) < 0 ||
            catalog_counts(a->catalog, &ret->counts, e) < 0 ||
            catalog_commit(a->catalog, &chain.good, e) < 0)
                return -1;
        ret->head = chain.good;
        a->catalog = catalog_close(a->catalog);
        return catalog_replace(a->dirfd, e);
}

int archive_reindex(const char *directory, archive_index_fn index,
                    const struct archive_watch *watch, struct archive_reindexed *ret, struct err *e)
{
        struct archive_reindexed done;
        struct archive *a = mem_new(sizeof(*a));
        int r = -1;

        if (watch)
                a->watch = *watch;
        a->work = (struct work){ .tell = a->watch.working, .ctx = a->watch.ctx };
        a->dirfd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (a->dirfd < 0)
                err_sys(e, errno, "cannot open the archive directory %s", directory);
        else if (faccessat(a->dirfd, LEDGER_FILE, F_OK, 0) < 0) /* to open it would make it */
                err_sys(e, errno, "cannot see " LEDGER_FILE);
        else
                r = ledger_open(a->dirfd, &a->ledger, e);
        if (r == 0) {
                r = build(a, index, &done, e);
                a->catalog = catalog_close(a->catalog);
                if (r < 0)
                        catalog_remove_beside(a->dirfd);
        }
        archive_close(a);
        if (r == 0)
                *ret = done;
        return r;
}
