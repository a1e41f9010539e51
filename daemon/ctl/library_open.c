#include "base/mem.h"
#include "ctl/library_build.h"
#include "ctl/library_core.h"
#include "ctl/writer.h"
#include "store/archive.h"

#include <string.h>

struct catalog *library_catalog(struct library *l)
{
        return l->catalog;
}

const struct chain *library_chain(const struct library *l)
{
        return &l->chain;
}

struct library *library_close(struct library *l)
{
        if (!l)
                return NULL;
        places_free(l->places);
        for (size_t i = 0; i < STREAMS * LIBRARY_LEAVES; i++)
                leaf_free(l->leaves[i / LIBRARY_LEAVES][i % LIBRARY_LEAVES]);
        catalog_close(l->catalog);
        chain_done(&l->chain);
        free(l);
        return NULL;
}

/* ---- does the catalog belong to this ledger? ---- */

/* The ledger begins as one of this version does. */
static bool begins_well(const struct chain *c)
{
        struct ledger_reader *r = ledger_reader_new(c->fd, &LEDGER_START);
        struct ledger_line line;
        uint64_t format;
        const char *why;
        bool well = ledger_next(r, &line, &why, NULL) == LEDGER_LINE &&
                    json_equals(&line.type, "open") &&
                    ledger_uint(&line.members, "format", &format) &&
                    format == ARCHIVE_FORMAT_VERSION;

        ledger_reader_free(r);
        return well;
}

/* Where the line that ends at `end` begins. */
static bool find_line(int fd, uint64_t end, uint64_t *ret)
{
        uint64_t from = end > LEDGER_LINE_MAX + 2 ? end - LEDGER_LINE_MAX - 2 : 0;
        _cleanup_free_ char *text = mem_new(LEDGER_LINE_MAX + 2);
        ssize_t n = pread(fd, text, (size_t)(end - from), (off_t)from);
        const char *newline;

        if (n < 2 || (uint64_t)n != end - from || text[n - 1] != '\n')
                return false;
        newline = memrchr(text, '\n', (size_t)n - 1);
        if (!newline && from > 0)
                return false;
        *ret = newline ? from + (uint64_t)(newline + 1 - text) : 0;
        return true;
}

/* The line that the catalog reflects is there, and proves itself: then so does all that was before
 * it when the catalog was written. */
static bool has_line(const struct chain *c, const struct ledger_head *head)
{
        struct ledger_head from = { .seq = 0 };
        struct ledger_reader *r;
        struct ledger_line line;
        const char *why;
        bool has;

        if (head->offset > INT64_MAX || !find_line(c->fd, head->offset, &from.offset))
                return false;
        r = ledger_reader_new(c->fd, &from);
        has = ledger_next(r, &line, &why, NULL) == LEDGER_LINE && line.head.seq == head->seq &&
              line.head.offset == head->offset && strcmp(line.head.hash, head->hash) == 0;
        ledger_reader_free(r);
        return has;
}

/* What is committed behind it. */
static bool read_on(struct chain *c, const struct ledger_head *head)
{
        struct ledger_reader *r = ledger_reader_new(c->fd, head);
        struct ledger_line line;
        const char *why;
        uint64_t end;
        int step;

        c->good = *head;
        while ((step = ledger_next(r, &line, &why, NULL)) == LEDGER_LINE)
                if (line.group == line.head.seq)
                        c->good = line.head;
        ledger_reader_free(r);
        if (step != LEDGER_END && step != LEDGER_TAIL)
                return false;
        end = line.offset + (step == LEDGER_TAIL ? line.length : 0);
        c->uncommitted = end - c->good.offset;
        return true;
}

/* Without reading the whole ledger. False: it may be all right still, but that has to be looked at. */
static bool glance(struct chain *c, const struct ledger_head *head)
{
        if (head->seq == 0 || !begins_well(c) || !has_line(c, head) || !read_on(c, head))
                return false;
        c->catalog = CHAIN_CATALOG_READ;
        c->catalog_head = *head;
        return true;
}

/* ---- opening ---- */

/* One that is behind is still good beside a writer, who may just be about to write it. */
static bool is_good(struct library *l)
{
        struct ledger_head head;
        int64_t pid;

        if (l->chain.catalog_head.seq >= l->chain.good.seq ||
            writer_find(l->chain.fd, &pid) == WRITER_THERE)
                return true;
        /* He may have done so, and ended, meanwhile. */
        return catalog_head(l->catalog, &head, NULL) == 0 && head.seq >= l->chain.good.seq;
}

static bool try_catalog(struct library *l)
{
        struct ledger_head head;

        if (catalog_open_readonly(l->chain.dirfd, &l->catalog, NULL) != 0)
                return false;
        if (catalog_head(l->catalog, &head, NULL) == 0 && glance(&l->chain, &head) && is_good(l))
                return true;
        l->catalog = catalog_close(l->catalog);
        return false;
}

static int build(struct library *l, struct err *e)
{
        if (library_build(&l->chain, l->damage, &l->catalog, e) < 0)
                return -1;
        l->temporary = true;
        return 0;
}

/* The ledger is read as a whole, and what is wrong told. */
static int check_all(struct library *l, struct err *e)
{
        if (chain_check(&l->chain, l->damage, e) < 0)
                return -1;
        if (l->chain.catalog == CHAIN_CATALOG_READ &&
            catalog_open_readonly(l->chain.dirfd, &l->catalog, e) == 0) {
                if (is_good(l))
                        return 0;
                l->catalog = catalog_close(l->catalog);
        }
        return build(l, e);
}

int library_renew(struct library *l, struct err *e)
{
        struct chain before = l->chain;

        if (l->temporary || !catalog_is_corrupt(l->catalog))
                return 0;
        if (chain_check(&l->chain, l->damage, e) < 0)
                return -1;
        if (before.good.seq > l->chain.good.seq)
                return err_set(e, ERR_DAMAGE, LEDGER_FILE " became shorter");
        l->catalog = catalog_close(l->catalog);
        return build(l, e) < 0 ? -1 : 1;
}

int library_open(const struct verb *v, struct damage *d, struct library **ret, struct err *e)
{
        struct library *l = mem_new(sizeof(*l));
        int r;

        l->verb = v;
        l->damage = d;
        r = chain_open(v->directory, &l->chain, e);
        if (r == 0 && !try_catalog(l))
                r = check_all(l, e);
        if (r == 0) {
                l->places = places_new(l->chain.fd);
                for (size_t i = 0; i < STREAMS * LIBRARY_LEAVES; i++)
                        l->leaves[i / LIBRARY_LEAVES][i % LIBRARY_LEAVES] = leaf_new(
                                l->chain.dirfd);
                *ret = l;
                return 0;
        }
        library_close(l);
        return r == CHAIN_NONE ? LIBRARY_NONE : -1;
}
