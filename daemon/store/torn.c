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

/* What a group may have at most: a begin line, its frames, a line of its own. A frame's line has two
 * cursors and a request id in it, all of bounded length. */
#define GROUP_LINES (ARCHIVE_GROUP_MAX + 2)
#define GROUP_BYTES (ARCHIVE_GROUP_MAX * 8192 + 2 * LEDGER_LINE_MAX)

/* Was this written as the beginning of a line, whatever became of the rest? */
static bool begins(const struct ledger_line *line)
{
        static const char start[] = "{\"seq\":";

        return line->text[0] == start[0] && line->length >= sizeof(start) - 1 &&
               memcmp(line->text, start, sizeof(start) - 1) == 0;
}

/* Are a bad line and those behind it the rest of one group? The pages of a group that was being
 * written may have come to the disk in any order, and in the place of those that did not, there may
 * be anything: zeros, or what was there before, newlines included. Those that did come must not
 * speak against it. `group` is what the lines before it said, or 0 if it is the first of its group;
 * it may be that none of them can be read. */
static int is_one_group(struct ledger_reader *r, const struct ledger_line *bad, uint64_t before,
                        uint64_t group, struct err *e)
{
        uint64_t lines = begins(bad);
        struct ledger_line line;
        bool last = false;
        const char *why;
        int step;

        while ((step = ledger_next(r, &line, &why, e)) >= 0 && step != LEDGER_END) {
                lines += begins(&line);
                if (last ||
                    (line.proven && (line.head.seq <= before || line.head.seq > line.group ||
                                     (group && line.group != group))))
                        return 0;
                if (line.proven)
                        group = line.group;
                last = line.proven && line.head.seq == group; /* none of it is behind that one */
        }
        if (step < 0)
                return -1;
        return lines <= (group ? group - before : GROUP_LINES);
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
        if (catalog->seq != chain->good.seq || chain->end - chain->good.offset > GROUP_BYTES)
                return 0;
        return is_one_group(r, bad, seq, seq > chain->good.seq ? before->group : 0, e);
}

static int check_lines(struct ledger_reader *r, const struct ledger_head *catalog,
                       struct work *work, struct replay_chain *chain, struct err *e)
{
        struct ledger_line line, last = { .head = LEDGER_START };
        const char *why;
        int step, torn;

        while ((step = ledger_next(r, &line, &why, e)) == LEDGER_LINE) {
                work_lines(work, 1);
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

int replay_check(int fd, const struct ledger_head *catalog, struct work *work,
                 struct replay_chain *ret, struct err *e)
{
        struct replay_chain chain = { .good = LEDGER_START };
        struct ledger_reader *r;
        struct stat st;
        int result;

        if (fstat(fd, &st) < 0)
                return err_sys(e, errno, "cannot see " LEDGER_FILE);
        chain.end = (uint64_t)st.st_size;
        r = ledger_reader_new(fd, &LEDGER_START);
        result = check_lines(r, catalog, work, &chain, e);
        ledger_reader_free(r);
        if (result == 0)
                *ret = chain;
        return result;
}
