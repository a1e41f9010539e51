#include "store/archive_core.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static int damaged(struct err *e, const struct ledger_line *line, const char *why)
{
        return err_set(e, ERR_DAMAGE, LEDGER_FILE ": the line at offset %llu is damaged: %s",
                       (unsigned long long)line->offset, why);
}

static int check_format(const struct ledger_line *line, struct err *e)
{
        uint64_t format;

        if (!json_equals(&line->type, "open") || !ledger_uint(&line->members, "format", &format))
                return err_set(e, ERR_DAMAGE, LEDGER_FILE " does not begin with an open line");
        if (format != ARCHIVE_FORMAT_VERSION)
                return err_set(e, ERR_CONFIG,
                               "the archive has format %llu; this version knows format %d",
                               (unsigned long long)format, ARCHIVE_FORMAT_VERSION);
        return 0;
}

/* Are a bad line and those behind it the rest of one group? The pages of a group that was being
 * written may have come to the disk in any order. `group` is what the lines before it said, or 0 if
 * it is the first of its group. */
static int is_one_group(struct ledger_reader *r, uint64_t before, uint64_t group, struct err *e)
{
        struct ledger_line line;
        uint64_t lines = 1;
        const char *why;
        int step;

        while ((step = ledger_next(r, &line, &why, e)) == LEDGER_LINE || step == LEDGER_BAD) {
                lines++;
                if (!line.proven)
                        continue;
                if (line.head.seq <= before || line.head.seq > line.group ||
                    (group && line.group != group))
                        return 0;
                group = line.group;
        }
        if (step < 0)
                return -1;
        lines += step == LEDGER_TAIL;
        return group > before && lines <= group - before;
}

/* A line has its newline but does not prove itself: a torn write, if the catalog knows that it was
 * never committed; nothing else can tell that from damage. It is the last line, or in the group right
 * behind what the catalog reflects: there is never a second one. */
static int is_torn(struct ledger_reader *r, const struct ledger_line *bad,
                   const struct ledger_head *catalog, const struct replay_chain *chain,
                   const struct ledger_line *before, struct err *e)
{
        uint64_t seq = before->head.seq;

        if (bad->proven || catalog->seq == 0 || catalog->seq > seq)
                return 0;
        if (bad->offset + bad->length + 1 == chain->end)
                return 1;
        if (catalog->seq != chain->good.seq)
                return 0;
        return is_one_group(r, seq, seq > chain->good.seq ? before->group : 0, e);
}

static int check_lines(struct ledger_reader *r, const struct ledger_head *catalog,
                       struct replay_chain *chain, struct err *e)
{
        struct ledger_line line, last = { .head = LEDGER_START };
        const char *why;
        int step, torn;

        while ((step = ledger_next(r, &line, &why, e)) == LEDGER_LINE) {
                if (line.head.seq == 1 && check_format(&line, e) < 0)
                        return -1;
                last = line;
                if (line.group < line.head.seq)
                        return damaged(e, &line, "its group ends before it");
                if (line.group == line.head.seq)
                        chain->good = line.head;
                if (line.head.seq == catalog->seq && (strcmp(line.head.hash, catalog->hash) != 0 ||
                                                      line.head.offset != catalog->offset))
                        return err_set(e, ERR_DAMAGE,
                                       LEDGER_FILE ": line %llu is not the one that the catalog "
                                                   "knows: it was exchanged",
                                       (unsigned long long)line.head.seq);
        }
        if (step < 0)
                return -1;
        if (step == LEDGER_BAD) {
                torn = is_torn(r, &line, catalog, chain, &last, e);
                if (torn <= 0)
                        return torn < 0 ? -1 : damaged(e, &line, why);
        }
        if (catalog->seq > chain->good.seq)
                return err_set(
                        e, ERR_DAMAGE,
                        LEDGER_FILE " ends at line %llu, but the catalog has seen line %llu: "
                                    "the ledger lost its end",
                        (unsigned long long)chain->good.seq, (unsigned long long)catalog->seq);
        return 0;
}

int replay_check(int fd, const struct ledger_head *catalog, struct replay_chain *ret, struct err *e)
{
        struct replay_chain chain = { .good = LEDGER_START };
        struct ledger_reader *r;
        struct stat st;
        int result;

        if (fstat(fd, &st) < 0)
                return err_sys(e, errno, "cannot see " LEDGER_FILE);
        chain.end = (uint64_t)st.st_size;
        r = ledger_reader_new(fd, &LEDGER_START);
        result = check_lines(r, catalog, &chain, e);
        ledger_reader_free(r);
        if (result == 0)
                *ret = chain;
        return result;
}
