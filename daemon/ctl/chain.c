#include "ctl/chain.h"
#include "base/mem.h"
#include "store/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* ---- opening ---- */

/* Without its ledger, is it an archive that lost it, or none? */
static int missing(int dirfd, const char *directory, struct err *e)
{
        static const char *const parts[] = { "completions", "messages", "changes", CATALOG_FILE };
        struct stat st;

        for (size_t i = 0; i < ELEMENTS(parts); i++)
                if (fstatat(dirfd, parts[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
                        return err_set(e, ERR_DAMAGE,
                                       LEDGER_FILE " is missing, but %s is there: %s lost its "
                                                   "ledger",
                                       parts[i], directory);
        return CHAIN_NONE;
}

int chain_open(const char *directory, struct chain *ret, struct err *e)
{
        struct stat st;

        *ret = (struct chain){ .dirfd = -1, .fd = -1, .good = LEDGER_START };
        ret->dirfd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (ret->dirfd < 0 && (errno == ENOENT || errno == ENOTDIR))
                return CHAIN_NONE;
        if (ret->dirfd < 0)
                return err_sys(e, errno, "cannot open %s", directory);

        /* O_NONBLOCK: a pipe in its place must not hold us up. */
        ret->fd = openat(ret->dirfd, LEDGER_FILE, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (ret->fd < 0 && errno == ENOENT)
                return missing(ret->dirfd, directory, e);
        if (ret->fd < 0 || fstat(ret->fd, &st) < 0)
                return err_sys(e, errno, "cannot open %s/" LEDGER_FILE, directory);
        if (!S_ISREG(st.st_mode))
                return err_set(e, ERR_DAMAGE, LEDGER_FILE " is no regular file");
        return 0;
}

void chain_done(struct chain *c)
{
        if (c->dirfd >= 0)
                close(take_fd(&c->dirfd));
        if (c->fd >= 0)
                close(take_fd(&c->fd));
}

/* ---- checking ---- */

struct check {
        struct chain *chain;
        struct damage *damage;
        uint64_t number;   /* lines so far, good or bad */
        uint64_t group;    /* that the next line belongs to; 0: not known, or it begins one */
        uint64_t last_bad; /* where the last bad line begins */
        bool bad;
};

static void read_catalog(struct chain *c)
{
        struct catalog *catalog;
        struct err ignored;
        int r = catalog_open_readonly(c->dirfd, &catalog, &ignored);

        c->catalog = r == CATALOG_NONE ? CHAIN_CATALOG_NONE : CHAIN_CATALOG_UNREAD;
        if (r != 0)
                return;
        if (catalog_head(catalog, &c->catalog_head, &ignored) == 0)
                c->catalog = CHAIN_CATALOG_READ;
        catalog_close(catalog);
}

/* How many records a bad line concerns, if it says so still. */
static uint64_t records_of(const struct ledger_line *line)
{
        struct json members, type;
        uint64_t n;

        if (line->length > LEDGER_LINE_MAX || json_parse(line->text, line->length, &members) < 0 ||
            !json_member(&members, "type", &type))
                return DAMAGE_UNKNOWN;
        if (!json_equals(&type, "frame"))
                return 0;
        return ledger_uint(&members, "records", &n) ? n : DAMAGE_UNKNOWN;
}

static void tell(struct check *k, const struct ledger_line *line, const char *why)
{
        damage_add(k->damage, LEDGER_FILE, line->offset, records_of(line), "line %llu: %s",
                   (unsigned long long)k->number, why);
        k->bad = true;
        k->last_bad = line->offset;
}

/* Groups, and the catalog's word, of a line that proves itself. `stray`: it was told already. */
static void check_line(struct check *k, const struct ledger_line *line, bool stray)
{
        struct chain *c = k->chain;
        const char *why = NULL;

        if (line->group < line->head.seq)
                why = "its group ends before it";
        else if (k->group && line->group != k->group)
                why = "its group is not that of the line before";
        else if (c->catalog == CHAIN_CATALOG_READ && line->head.seq == c->catalog_head.seq &&
                 strcmp(line->head.hash, c->catalog_head.hash) != 0) {
                c->catalog = CHAIN_CATALOG_OTHER;
                why = "it is not the line that the catalog knows: it was exchanged";
        }
        if (why && !stray)
                tell(k, line, why);
        k->group = line->group > line->head.seq ? line->group : 0;
        if (k->group)
                return;
        c->good.offset = line->head.offset;
        if (line->head.seq >= c->good.seq) /* not if it was exchanged with the one before */
                c->good = line->head;
}

static int check_first(struct check *k, const struct ledger_line *line, struct err *e)
{
        uint64_t format;

        if (!json_equals(&line->type, "open") || !ledger_uint(&line->members, "format", &format)) {
                tell(k, line, "the ledger does not begin with its open line");
                return 0;
        }
        if (format != ARCHIVE_FORMAT_VERSION)
                return err_set(e, ERR_CONFIG,
                               "the archive has format %llu; this version knows format %d",
                               (unsigned long long)format, ARCHIVE_FORMAT_VERSION);
        return 0;
}

static int check_lines(struct check *k, struct ledger_reader *r, struct ledger_line *line,
                       struct err *e)
{
        const char *why;
        int step;

        while ((step = ledger_next(r, line, &why, e)) == LEDGER_LINE || step == LEDGER_BAD) {
                k->number++;
                if (step == LEDGER_BAD)
                        tell(k, line, why);
                else if (k->number == 1 && check_first(k, line, e) < 0)
                        return -1;
                if (line->proven)
                        check_line(k, line, step == LEDGER_BAD);
                else
                        k->group = 0;
        }
        return step;
}

/* What lies behind the last commit, and what does not lie there any more. */
static void check_end(struct check *k, bool torn, uint64_t end)
{
        struct chain *c = k->chain;

        c->uncommitted = end - c->good.offset;
        if (k->group || torn)
                damage_uncommitted(k->damage, LEDGER_FILE, c->good.offset, c->uncommitted,
                                   !k->group ? "a last line without its newline"
                                   : torn    ? "an unfinished group, and a last line without its "
                                               "newline"
                                             : "an unfinished group");
        else if (end == 0)
                damage_uncommitted(k->damage, LEDGER_FILE, 0, 0, "the ledger is empty");

        if (c->catalog == CHAIN_CATALOG_READ && c->catalog_head.seq > c->good.seq) {
                c->catalog = CHAIN_CATALOG_OTHER;
                if (!k->bad || k->last_bad < c->good.offset)
                        damage_add(k->damage, LEDGER_FILE, c->good.offset, DAMAGE_UNKNOWN,
                                   "the ledger lost its end: it ends with line %llu, the catalog "
                                   "has seen line %llu",
                                   (unsigned long long)c->good.seq,
                                   (unsigned long long)c->catalog_head.seq);
        }
}

int chain_check(struct chain *c, struct damage *d, struct err *e)
{
        struct check k = { .chain = c, .damage = d };
        struct ledger_line line;
        struct ledger_reader *r;
        int step;

        /* First the catalog: it never is ahead of the ledger, but the ledger may grow meanwhile. */
        read_catalog(c);
        r = ledger_reader_new(c->fd, &LEDGER_START);
        step = check_lines(&k, r, &line, e);
        ledger_reader_free(r);
        if (step < 0)
                return -1;
        check_end(&k, step == LEDGER_TAIL, line.offset + (step == LEDGER_TAIL ? line.length : 0));
        return 0;
}

int chain_each(const struct chain *c, int (*fn)(void *ctx, const struct ledger_line *line),
               void *ctx, struct err *e)
{
        struct ledger_reader *r = ledger_reader_new(c->fd, &LEDGER_START);
        struct ledger_line line = { .offset = 0 };
        uint64_t highest = 0;
        const char *why;
        int result = 0;

        while (result == 0) {
                int step = ledger_next(r, &line, &why, e);

                if (step < 0)
                        result = -1;
                else if (step == LEDGER_END || step == LEDGER_TAIL || line.offset >= c->good.offset)
                        break;
                else if (line.proven && (step == LEDGER_LINE || line.head.seq > highest))
                        result = fn(ctx, &line);
                if (line.proven && line.head.seq > highest)
                        highest = line.head.seq;
        }
        ledger_reader_free(r);
        return result;
}
