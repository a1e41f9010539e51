#include "store/archive_core.h"
#include "story.h"

static struct story *plain, *packed;

/* A moment in which nothing was open; there are always some. */
static const struct story_moment *quiet_moment(const struct story *s, struct files *f)
{
        const struct story_moment *at;

        do {
                at = &s->at[s->n / 2 + tap_below((unsigned)(s->n - s->n / 2))];
                f->n = 0;
                scratch_each(at->m->dir, "", list_file, f);
        } while (at->dirty || f->n < 4);
        return at;
}

/* ---- the ledger and the catalog ---- */

/* The catalog of a later moment has seen lines that this ledger lacks. */
static void test_catalog_ahead(void)
{
        for (size_t i = 1; i < plain->n && tap_good; i++) {
                struct model *m;

                if (plain->at[i].seq == plain->at[i - 1].seq)
                        continue;
                m = story_copy(&plain->at[i - 1], &plain->at[i - 1]);
                story_take_catalog(m, &plain->at[i]);
                story_damaged(m);
                model_free(m);

                /* Or the ledger lost some bytes of what was committed. */
                for (int k = 0; k < 4 && tap_good; k++) {
                        size_t n;

                        m = story_copy(&plain->at[i], &plain->at[i]);
                        free(scratch_read(m->dir, LEDGER_FILE, &n));
                        story_cut(m, &plain->at[i], LEDGER_FILE,
                                  k == 0 ? n - 1 : tap_below((unsigned)n), 0);
                        story_damaged(m);
                        model_free(m);
                }
        }
}

/* Another archive's catalog: its line of that number is another one. */
static void test_catalog_beside(void)
{
        for (size_t i = 1; i < plain->n && i < packed->n && tap_good; i++) {
                struct model *m = story_copy(&plain->at[plain->n - 1], &plain->at[plain->n - 1]);

                if (packed->at[i].seq > 1 && packed->at[i].seq <= plain->at[plain->n - 1].seq) {
                        story_take_catalog(m, &packed->at[i]);
                        story_damaged(m);
                }
                model_free(m);
        }
}

/* The same, when the two ledgers are alike to the byte's place: only the digests differ. */
static void test_catalog_twin(void)
{
        struct model *m[2];
        size_t n[2];

        for (int i = 0; i < 2; i++) {
                struct buf b = BUF_INIT;

                m[i] = model_new(PACKING_NONE);
                buf_printf(&b, "{\"id\":\"chatcmpl-%d\",\"created\":1}", i);
                m[i]->ids = 2;
                CHECK(model_open(m[i]) == 0);
                CHECK(model_append_line(m[i], STREAM_COMPLETIONS, &b) == 0);
                CHECK(model_commit(m[i], NULL, NULL) == 0);
                model_close(m[i]);
                free(scratch_read(m[i]->dir, LEDGER_FILE, &n[i]));
                buf_done(&b);
        }
        CHECK(n[0] == n[1]);
        story_take_catalog(m[0], &(struct story_moment){ .m = m[1] });
        story_damaged(m[0]);
        model_free(m[0]);
        model_free(m[1]);
}

/* Any byte of the chain, whether the catalog is there, old or gone. Only the last line may be taken
 * for torn, and only with a catalog that has not reached it. */
static void test_ledger_flips(void)
{
        struct files f;

        for (int i = 0; i < 250 && tap_good; i++) {
                const struct story_moment *at = quiet_moment(tap_below(2) ? plain : packed, &f);
                struct model *m = story_copy(at, at);
                size_t n, k, last;
                char *p = scratch_read(m->dir, LEDGER_FILE, &n);

                for (last = n - 1; last > 0 && p[last - 1] != '\n'; last--)
                        ;
                k = i % 3 == 2 ? tap_below((unsigned)last) : tap_below((unsigned)n);
                p[k] = (char)(tap_below(5) || p[k] == '\n' ? p[k] ^ (1 << tap_below(8)) : '\n');
                if (i % 3 == 1)
                        story_take_catalog(m, NULL);
                if (i % 3 == 2)
                        story_take_catalog(m, &plain->at[0]);
                scratch_write(m->dir, LEDGER_FILE, p, n, 0640);
                if (!story_damaged(m))
                        printf("# byte %zu of %zu, kind %d\n", k, n, i % 3);
                free(p);
                model_free(m);
        }
}

/* Damage behind a catalog that was set back by several groups (or by one, with junk behind it): no
 * write of one group can have left that, though all that the groups name could be cut off. */
static void test_ledger_groups(void)
{
        struct model *m = model_new(PACKING_ZSTD);
        struct story_moment old = { 0 }, last = { 0 };
        size_t from, to, n;
        char *p;

        CHECK(model_open(m) == 0);
        for (int i = 0; i < 4; i++) {
                for (size_t k = 0; k < STREAMS; k++)
                        CHECK(model_append(m, (enum stream)k, 300) == 0);
                CHECK(model_commit(m, NULL, NULL) == 0);
                if (i == 0)
                        old.m = model_fork(m, scratch_copy(m->dir));
                if (i == 2)
                        last.m = model_fork(m, scratch_copy(m->dir));
        }
        model_close(m);
        p = scratch_read(m->dir, LEDGER_FILE, &n);
        for (to = n - 1; p[to - 1] != '\n'; to--)
                ; /* the last line alone might be a torn one */
        for (int i = 0; i < 60 && tap_good; i++) {
                struct model *f = model_fork(m, scratch_copy(m->dir));
                struct buf b = BUF_INIT;
                size_t at;

                story_take_catalog(f, i % 2 ? &old : &last);
                free(scratch_read(i % 2 ? old.m->dir : last.m->dir, LEDGER_FILE, &from));
                buf_add(&b, p, n);
                at = from + tap_below((unsigned)(to - from));
                b.p[at] ^= 1;
                for (int k = 0; i % 2 == 0 && k < 4; k++)
                        buf_puts(&b, "junk\n");
                scratch_write(f->dir, LEDGER_FILE, b.p, b.n, 0640);
                if (!story_damaged(f))
                        printf("# byte %zu of %zu\n", at, n);
                buf_done(&b);
                model_free(f);
        }
        free(p);
        model_free(old.m);
        model_free(last.m);
        model_free(m);
}

/* Whole lines taken out, or doubled. */
static void test_ledger_lines(void)
{
        struct files f;

        for (int i = 0; i < 60 && tap_good; i++) {
                const struct story_moment *at = quiet_moment(tap_below(2) ? plain : packed, &f);
                struct model *m = story_copy(at, at);
                struct buf b = BUF_INIT;
                size_t n, from, to;
                char *p = scratch_read(m->dir, LEDGER_FILE, &n);

                from = tap_below((unsigned)n - 1);
                for (; from > 0 && p[from - 1] != '\n'; from--)
                        ;
                to = (size_t)(strchr(p + from, '\n') - p) + 1;
                buf_add(&b, p, i % 2 ? to : from);
                buf_add(&b, p + (i % 2 ? from : to), n - (i % 2 ? from : to));
                scratch_write(m->dir, LEDGER_FILE, b.p, b.n, 0640);
                if (tap_below(2) && (i % 2 || to < n)) /* the last line's loss shows by it only */
                        story_take_catalog(m, NULL);
                story_damaged(m);
                buf_done(&b);
                free(p);
                model_free(m);
        }
}

/* An empty ledger beside segments is no new archive. */
static void test_ledger_emptied(void)
{
        struct files f;

        for (int i = 0; i < 20 && tap_good; i++) {
                const struct story_moment *at = quiet_moment(tap_below(2) ? plain : packed, &f);
                struct model *m = story_copy(at, at);

                if (i % 2) {
                        story_take_catalog(m, NULL);
                        for (size_t k = 0; k < f.n; k++) /* nor beside growing ones alone */
                                if (i % 4 == 3 && !f.name[k].open)
                                        scratch_delete(m->dir, f.at[k]);
                }
                scratch_write(m->dir, LEDGER_FILE, "{\"seq\":1", i % 3 ? 0 : 8, 0640);
                story_damaged(m);
                model_free(m);
        }
}

/* ---- segments ---- */

enum harm { GONE, SHORTER, EMPTY, LONGER, FLIPPED, A_DIRECTORY, HARMS };

static void harm_file(struct model *m, const struct story_moment *at, const char *file, size_t size,
                      enum harm how)
{
        char path[SCRATCH_PATH_MAX];
        size_t n;
        char *p;

        scratch_join(path, m->dir, file);
        switch (how) {
        case GONE:
                scratch_delete(m->dir, file);
                break;
        case SHORTER:
                story_cut(m, at, file, size - 1 - tap_below(tap_below(2) ? 1 : (unsigned)size), 0);
                break;
        case EMPTY:
                story_cut(m, at, file, 0, 0);
                break;
        case LONGER:
                story_cut(m, at, file, size, 1 + tap_below(100));
                break;
        case FLIPPED:
                p = scratch_read(m->dir, file, &n);
                p[tap_below((unsigned)size)] ^= (char)(1 << tap_below(8));
                scratch_write(m->dir, file, p, n, 0640);
                free(p);
                break;
        case A_DIRECTORY:
                scratch_delete(m->dir, file);
                scratch_must(mkdir(path, 0700) == 0, path);
                break;
        case HARMS:
                break;
        }
}

static void test_segments_harmed(void)
{
        struct files f;

        for (int i = 0; i < 300 && tap_good; i++) {
                const struct story_moment *at = quiet_moment(tap_below(2) ? plain : packed, &f);
                size_t k = tap_below((unsigned)f.n);
                enum harm how = (enum harm)(i % HARMS);
                struct model *m;

                /* What a growing one has more is a tail; what was flipped in a sealed one is for
                 * verify to find, if the catalog has it already. */
                if (how == LONGER && f.name[k].open)
                        continue;
                m = story_copy(at, at);
                if ((how == FLIPPED && !f.name[k].open) || tap_below(3) == 0)
                        story_take_catalog(m, NULL);
                harm_file(m, at, f.at[k], f.size[k], how);
                if (!story_damaged(m))
                        printf("# %s: harm %d\n", f.at[k], (int)how);
                model_free(m);
        }
}

static void test_segments_unknown(void)
{
        static const char *const sealed[] = {
                "messages/archived=2026-11-22/00000099.jsonl.zst",
                "completions/archived=2026-11-22/00000099.jsonl",
                "changes/archived=2026-11-22/00000001.jsonl.xz", /* the number is another's */
                "changes/archived=2027-01-01/00000001.jsonl",
        };
        struct files f;

        for (int i = 0; i < 60 && tap_good; i++) {
                const struct story_moment *at = quiet_moment(tap_below(2) ? plain : packed, &f);
                struct model *m = story_copy(at, at);
                char path[SCRATCH_PATH_MAX];

                scratch_join(path, m->dir, "changes/archived=2027-01-01");
                mkdir(path, 0750);
                scratch_write(m->dir, sealed[tap_below(4)], "junk", tap_below(5), 0440);
                /* Beside it, what would go if all were well. */
                scratch_write(m->dir, "messages/archived=2026-11-22/00000098.jsonl.open", "x", 1,
                              0640);
                story_damaged(m);
                model_free(m);
        }
}

static void test_format(void)
{
        struct model *m = model_new(PACKING_ZSTD);
        struct ledger *l;
        struct err e;
        int fd = open(m->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        CHECK(ledger_open(fd, &l, &e) == 0);
        ledger_put(l, m->now, "open", "\"format\":2,\"base_url\":null");
        CHECK(ledger_commit(l, &e) == 0);
        ledger_close(l);
        CHECK(model_open(m) < 0 && m->err.kind == ERR_CONFIG);
        scratch_delete(m->dir, LEDGER_FILE);
        CHECK(ledger_open(fd, &l, &e) == 0);
        ledger_put(l, m->now, "note", "\"format\":1");
        CHECK(ledger_commit(l, &e) == 0);
        ledger_close(l);
        close(fd);
        story_damaged(m);
        model_free(m);
}

/* Types and members that this version does not know are passed over. */
static void test_unknown_types(void)
{
        struct model *m = model_new(PACKING_ZSTD);

        CHECK(model_open(m) == 0);
        CHECK(model_append(m, STREAM_MESSAGES, 100) == 0);
        CHECK(model_commit(m, "later", "\"stream\":5,\"segment\":{\"x\":[1,2]}") == 0);
        model_close(m);
        story_take_catalog(m, NULL);
        CHECK(model_open(m) == 0 && model_holds(m));
        model_free(m);
}

int main(void)
{
        plain = story_tell(PACKING_NONE, 14, false);
        packed = story_tell(PACKING_ZSTD, 14, false);
        RUN(test_catalog_ahead, "a ledger that lost what the catalog has seen is damage");
        RUN(test_catalog_beside, "a catalog that saw another line is damage");
        RUN(test_catalog_twin, "a catalog that saw another line of the same length is damage");
        RUN(test_ledger_flips, "a changed byte anywhere in the ledger is damage");
        RUN(test_ledger_groups, "damage in front of other groups is never taken for a torn write");
        RUN(test_ledger_lines, "a line that was taken out or doubled is damage");
        RUN(test_ledger_emptied, "an empty ledger beside segments is damage");
        RUN(test_segments_harmed, "a segment missing, short, grown or changed is damage");
        RUN(test_segments_unknown, "a sealed segment that no line names is damage");
        RUN(test_format,
            "another format is said to be one, and a ledger begins with its open line");
        RUN(test_unknown_types, "lines of a type to come are passed over");
        story_free(plain);
        story_free(packed);
        return tap_end();
}
