/* A last group that was being written when the power went: any part of it is there, and in the place
 * of the rest nothing, zeros, or what else the disk had there. */
#include "store/archive_core.h"
#include "story.h"

enum rest { NOTHING, ZEROS, ZERO_PAGES, JUNK, JUNK_LINES, STRIPES, RESTS };

static struct story *story;

/* The group with its first `cut` bytes, and what is in the place of the others. */
static void tear(struct buf *b, const char *group, size_t n, size_t cut, enum rest rest)
{
        static const char lines[] = "\"}\n\n{\"x\":1}\n";

        buf_add(b, group, cut);
        for (size_t i = cut; i < n && rest != NOTHING; i++) {
                char junk = (char)tap_random();

                if (rest == JUNK_LINES)
                        junk = lines[i % (sizeof(lines) - 1)];
                else if (rest == ZEROS || rest == ZERO_PAGES)
                        junk = '\0';
                else if (rest == STRIPES)
                        junk = (i / 128) % 2 || i + 1 == n ? junk : group[i];
                buf_putc(b, junk);
        }
        for (size_t i = n; rest == ZERO_PAGES && (i < n + 1 || i % 512); i++)
                buf_putc(b, '\0');
}

/* What was cut off is kept. */
static bool kept(const struct model *m, size_t offset, const struct buf *b)
{
        char file[64];
        size_t n;
        char *p;
        bool ok;

        snprintf(file, sizeof(file), "recovered/ledger-%zu", offset);
        if (!CHECK(scratch_exists(m->dir, file)))
                return false;
        p = scratch_read(m->dir, file, &n);
        ok = CHECK(n == b->n && memcmp(p, buf_str(b), n) == 0);
        free(p);
        return ok;
}

/* Either all of it comes right, or (where nobody knows whether it was committed) nothing is touched. */
static bool opens_or_damaged(struct model *m)
{
        bool damaged = model_open(m) < 0 && m->err.kind == ERR_DAMAGE;

        model_close(m);
        return damaged ? story_damaged(m) : story_comes_back(m);
}

static void torn(size_t i, size_t cut, enum rest rest, bool catalog)
{
        const struct story_moment *now = &story->at[i], *before = &story->at[i - 1];
        struct model *m = story_copy(now, before);
        struct buf ledger = BUF_INIT, group = BUF_INIT;
        size_t n;
        char *p = scratch_read(now->m->dir, LEDGER_FILE, &n);
        bool certain, ok;

        tear(&group, p + now->group, n - now->group, cut, rest);
        buf_add(&ledger, p, now->group);
        buf_add(&ledger, buf_str(&group), group.n);
        scratch_write(m->dir, LEDGER_FILE, buf_str(&ledger), ledger.n, 0640);
        story_take_catalog(m, catalog ? before : NULL);
        /* A whole group that has something else for its last newline may have been committed. */
        certain = catalog || rest == NOTHING || rest == ZERO_PAGES ||
                  (rest == ZEROS && cut + 1 < n - now->group);
        if (certain)
                ok = story_comes_back(m) && (group.n == 0 || kept(m, now->group, &group));
        else
                ok = opens_or_damaged(m);
        if (!ok)
                printf("# moment %zu, %zu of %zu bytes, rest %d, %s catalog\n", i, cut,
                       n - now->group, (int)rest, catalog ? "with" : "without");
        buf_done(&ledger);
        buf_done(&group);
        free(p);
        model_free(m);
}

static size_t group_bytes(size_t i)
{
        size_t n;

        free(scratch_read(story->at[i].m->dir, LEDGER_FILE, &n));
        return n - story->at[i].group;
}

static uint64_t group_lines(size_t i)
{
        return story->at[i].seq - story->at[i - 1].seq;
}

/* Moments whose last group is their own, and of one group only. */
static bool has_group(size_t i)
{
        return i > 0 && group_lines(i) > 0 && (!story->at[i].sealed || group_lines(i) == 1);
}

static void each_byte(uint64_t least, uint64_t most)
{
        for (size_t i = 1; i < story->n && tap_good; i++) {
                if (!has_group(i) || group_lines(i) < least || group_lines(i) > most)
                        continue;
                for (size_t cut = 0; cut < group_bytes(i) && tap_good; cut++)
                        for (int rest = 0; rest < RESTS && tap_good; rest++)
                                torn(i, cut, (enum rest)rest,
                                     cut % 2 == (size_t)rest % 2 || cut + 2 > group_bytes(i));
                return;
        }
        CHECK(false); /* there is such a group */
}

static void test_one_line(void)
{
        each_byte(1, 1);
}

static void test_lines(void)
{
        each_byte(3, 10);
}

static void test_all(void)
{
        for (size_t i = 1; i < story->n && tap_good; i++) {
                for (int k = 0; has_group(i) && k < 24 && tap_good; k++)
                        torn(i, tap_below((unsigned)group_bytes(i)), (enum rest)(k % RESTS),
                             k % 4 != 0);
        }
}

/* ---- what is no torn group ---- */

/* A life of lines alone: its catalog is that of the first, its ledger has `more` lines behind it,
 * each a group. */
static struct model *behind(unsigned more, size_t *ret_from)
{
        struct model *m = model_new(PACKING_NONE);
        size_t n;
        char *p;

        CHECK(model_open(m) == 0);
        *ret_from = archive_head(m->a)->offset;
        p = scratch_read(m->dir, CATALOG_FILE, &n);
        for (unsigned i = 0; i < more; i++)
                CHECK(model_commit(m, "note", "\"x\":\"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\"") == 0);
        model_close(m);
        scratch_write(m->dir, CATALOG_FILE, p, n, 0640);
        free(p);
        return m;
}

/* Spoil a byte in the middle of each line behind `from`; or of all but one. */
static void spoil_lines(struct model *m, size_t from, int spare)
{
        size_t n, end;
        char *p = scratch_read(m->dir, LEDGER_FILE, &n);

        for (int i = 0; from < n; from = end + 1, i++) {
                for (end = from; p[end] != '\n'; end++)
                        ;
                if (i != spare)
                        p[(from + end) / 2] ^= 1;
        }
        scratch_write(m->dir, LEDGER_FILE, p, n, 0640);
        free(p);
}

static void test_too_many(void)
{
        const unsigned most = ARCHIVE_GROUP_MAX + 2;

        for (unsigned more = most - 1; more < most + 3 && tap_good; more++) {
                size_t from;
                struct model *m = behind(more, &from);

                spoil_lines(m, from, -1);
                if (more > most)
                        story_damaged(m);
                else
                        story_comes_back(m);
                model_free(m);
        }
        for (int spare = 1; spare < 3; spare++) { /* a line that says that the group ends with it */
                size_t from;
                struct model *m = behind(4, &from);

                spoil_lines(m, from, spare);
                story_damaged(m);
                model_free(m);
        }
}

/* Two groups of three lines each behind the catalog: which of the lines are spoiled. */
static void test_two_groups(void)
{
        static const char *const spoiled[] = { "x.....", ".x....", "..x...", ".xx...",
                                               ".xxxxx", "xx.xxx", ".x.xxx", "..xxxx" };

        for (size_t i = 0; i < ELEMENTS(spoiled) && tap_good; i++) {
                struct model *m = model_new(PACKING_NONE);
                size_t from, n, end;
                char *ledger, *p;

                CHECK(model_open(m) == 0);
                from = archive_head(m->a)->offset;
                p = scratch_read(m->dir, CATALOG_FILE, &n);
                for (int k = 0; k < 2 * STREAMS; k++) {
                        CHECK(model_append(m, (enum stream)(k % STREAMS), 200) == 0);
                        CHECK(k % STREAMS != STREAMS - 1 || model_commit(m, NULL, NULL) == 0);
                }
                model_close(m);
                scratch_write(m->dir, CATALOG_FILE, p, n, 0640);
                ledger = scratch_read(m->dir, LEDGER_FILE, &n);
                for (size_t k = 0; k < 2 * STREAMS; k++, from = end + 1) {
                        for (end = from; ledger[end] != '\n'; end++)
                                ;
                        ledger[(from + end) / 2] ^= spoiled[i][k] == 'x';
                }
                scratch_write(m->dir, LEDGER_FILE, ledger, n, 0640);
                if (!story_damaged(m))
                        printf("# %s\n", spoiled[i]);
                free(ledger);
                free(p);
                model_free(m);
        }
}

/* More bytes than any group has. */
static void test_too_long(void)
{
        for (int k = 0; k < 2; k++) {
                size_t from, n, more = ARCHIVE_GROUP_MAX * 8192 + 2 * LEDGER_LINE_MAX;
                struct model *m = behind(1, &from);
                struct buf b = BUF_INIT;
                char *p = scratch_read(m->dir, LEDGER_FILE, &n);

                buf_add(&b, p, from);
                while (b.n < from + more + (size_t)k)
                        buf_putc(&b, (b.n - from) % 100 == 99 ? '\n' : 'x');
                scratch_write(m->dir, LEDGER_FILE, buf_str(&b), b.n, 0640);
                if (k)
                        story_damaged(m);
                else
                        story_comes_back(m);
                buf_done(&b);
                free(p);
                model_free(m);
        }
}

int main(void)
{
        story = story_tell(PACKING_NONE, 12, false);
        RUN(test_one_line, "a group of one line, torn at any byte, is cut off and kept");
        RUN(test_lines, "and one of several lines, whatever is in the place of the rest");
        RUN(test_all, "and any other");
        RUN(test_too_many, "more lines than a group has, or of two groups, are damage");
        RUN(test_two_groups, "and so is what two groups are left of");
        RUN(test_too_long, "more bytes than a group has are damage");
        story_free(story);
        return tap_end();
}
