#include "store/archive_core.h"
#include "story.h"

static struct story *plain, *packed, *brief;

/* For every moment of both lives: what `spoil` makes of a copy must recover. */
static void each_moment(void (*spoil)(struct model *m, const struct story *s, size_t i))
{
        struct story *both[] = { plain, packed };

        for (size_t k = 0; k < 2; k++) {
                for (size_t i = 0; i < both[k]->n && tap_good; i++) {
                        struct model *m = story_copy(&both[k]->at[i], &both[k]->at[i]);

                        if (spoil)
                                spoil(m, both[k], i);
                        if (!story_recovers(m))
                                printf("# moment %zu of story %zu\n", i, k);
                        model_free(m);
                }
        }
}

static void test_killed(void)
{
        each_moment(NULL);
}

static void lose_catalog(struct model *m, const struct story *s, size_t i)
{
        (void)s;
        (void)i;
        story_take_catalog(m, NULL);
}

static void spoil_catalog(struct model *m, const struct story *s, size_t i)
{
        char junk[9000];

        story_take_catalog(m, NULL);
        for (size_t k = 0; k < sizeof(junk); k++)
                junk[k] = (char)tap_random();
        if (i % 3 == 0)
                scratch_write(m->dir, CATALOG_FILE, junk, sizeof(junk), 0640);
        else if (i % 3 == 1)
                scratch_write(m->dir, CATALOG_FILE, "", 0, 0640);
        else
                story_cut(m, &s->at[i], CATALOG_FILE, 3000, 0);
}

static void age_catalog(struct model *m, const struct story *s, size_t i)
{
        story_take_catalog(m, &s->at[tap_below((unsigned)i + 1)]);
}

static void test_catalog(void)
{
        each_moment(lose_catalog);
        each_moment(spoil_catalog);
        for (int i = 0; i < 3; i++)
                each_moment(age_catalog);
}

/* Any page of it full of junk, whether the start reads that page or only who asks later. */
static void test_catalog_pages(void)
{
        const struct story_moment *at = &packed->at[packed->n - 1];
        size_t n, page = 4096;
        unsigned reopened = 0;

        free(scratch_read(at->m->dir, CATALOG_FILE, &n));
        for (size_t from = page; from < n && tap_good; from += page) {
                struct model *m = story_copy(at, at);
                char *p = scratch_read(m->dir, CATALOG_FILE, &n);

                for (size_t i = from; i < from + page; i++)
                        p[i] = (char)tap_random();
                scratch_write(m->dir, CATALOG_FILE, p, n, 0640);
                if (!CHECK(model_open(m) == 0))
                        printf("# page at %zu: %s\n", from, m->err.text);
                for (size_t i = 0; m->a && i < m->ids && !archive_is_stale(m->a); i++) {
                        struct catalog_record known;
                        char id[32];

                        snprintf(id, sizeof(id), "chatcmpl-%zu", i);
                        if (catalog_find(archive_catalog(m->a), id, strlen(id), &known, &m->err) <
                            0)
                                CHECK(archive_is_stale(m->a));
                }
                if (m->a && archive_is_stale(m->a)) {
                        reopened++;
                        model_close(m);
                        story_recovers(m);
                } else if (m->a) {
                        model_close(m);
                }
                free(p);
                model_free(m);
        }
        CHECK(reopened > 0); /* not every page is one that the start reads */
}

/* ---- the ledger's end ---- */

/* Does the ledger have a recover line that names this file, and a kept one with these bytes? */
static bool kept(struct model *m, const char *file, const char *p, size_t n)
{
        char path[SCRATCH_PATH_MAX], named[256], kept_in[256];
        struct ledger_reader *r;
        struct ledger_line line;
        bool found = false;
        const char *why;
        struct err e;
        size_t size;
        char *bytes;
        int fd;

        scratch_join(path, m->dir, LEDGER_FILE);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        r = ledger_reader_new(fd, &LEDGER_START);
        while (!found && ledger_next(r, &line, &why, &e) == LEDGER_LINE) {
                if (!json_equals(&line.type, "recover") ||
                    !ledger_text(&line.members, "file", named, sizeof(named)) ||
                    strcmp(named, file) != 0 ||
                    !ledger_text(&line.members, "kept", kept_in, sizeof(kept_in)))
                        continue;
                bytes = scratch_read(m->dir, kept_in, &size);
                found = size == n && memcmp(bytes, p, n) == 0;
                free(bytes);
        }
        ledger_reader_free(r);
        close(fd);
        return found;
}

/* Where the last group begins of what is in the first n bytes of the moment's ledger. Segments are
 * sealed one by one, each in a group of its own. */
static size_t group_at(const struct story_moment *now, const char *p, size_t n)
{
        if (now->sealed)
                for (; n > now->group && p[n - 1] != '\n'; n--)
                        ;
        return now->sealed ? n : now->group;
}

/* The last group of moment i, cut at `cut`; the moment before is what must come back. */
static void cut_ledger(const struct story *s, size_t i, size_t cut, bool with_catalog)
{
        const struct story_moment *now = &s->at[i], *before = &s->at[i - 1];
        struct model *m = story_copy(now, before);
        size_t n, from;
        char *p = scratch_read(now->m->dir, LEDGER_FILE, &n);

        story_cut(m, now, LEDGER_FILE, cut, 0);
        story_take_catalog(m, with_catalog ? before : NULL);
        if (!(s == brief ? story_comes_back(m) : story_recovers(m)))
                printf("# moment %zu, cut at %zu of %zu, %s catalog\n", i, cut, n,
                       with_catalog ? "with" : "without");
        from = group_at(now, p, cut);
        if (cut > from && !CHECK(kept(m, LEDGER_FILE, p + from, cut - from)))
                printf("# moment %zu, cut at %zu\n", i, cut);
        free(p);
        model_free(m);
}

/* Each byte of a group of frames and of one with a seal, some bytes of all others. */
static void test_ledger_cut(void)
{
        const struct story *both[] = { brief, plain };
        bool done[2] = { false, false };

        for (size_t k = 0; k < 2; k++) {
                for (size_t i = 1; i < both[k]->n && tap_good; i++) {
                        const struct story_moment *now = &both[k]->at[i];
                        size_t n, at;

                        free(scratch_read(now->m->dir, LEDGER_FILE, &n));
                        if (n == now->group || now->seq == both[k]->at[i - 1].seq)
                                continue;
                        at = now->group;
                        for (; k == 0 && !done[now->sealed] && at < n && tap_good; at++)
                                cut_ledger(brief, i, at, at % 2);
                        done[now->sealed] |= at == n;
                        for (int r = 0; r < 4 && tap_good; r++)
                                cut_ledger(both[k], i,
                                           now->group + tap_below((unsigned)(n - now->group)),
                                           r % 2);
                }
        }
        CHECK(done[false] && done[true]);
}

/* A last line with its newline that does not prove itself: torn, where the catalog knows better. */
static void test_ledger_torn(void)
{
        for (size_t i = 1; i < plain->n && tap_good; i++) {
                const struct story_moment *now = &plain->at[i], *before = &plain->at[i - 1];
                struct model *m;
                size_t n, last;
                char *p;

                if (now->seq == before->seq)
                        continue;
                m = story_copy(now, before);
                p = scratch_read(now->m->dir, LEDGER_FILE, &n);
                for (last = n - 1; last > 0 && p[last - 1] != '\n'; last--)
                        ;
                p[last + tap_below((unsigned)(n - 1 - last))] ^= 1;
                scratch_write(m->dir, LEDGER_FILE, p, n, 0640);
                story_take_catalog(m, before);
                story_recovers(m);
                last = now->sealed ? last : now->group;
                CHECK(kept(m, LEDGER_FILE, p + last, n - last));
                free(p);
                model_free(m);
        }
}

/* Pages of the group came to the disk, others did not: holes anywhere, whole lines between them. */
static void test_ledger_holes(void)
{
        for (int round = 0; round < 60 && tap_good; round++) {
                size_t i = 1 + tap_below((unsigned)plain->n - 1), n, from, to;
                const struct story_moment *now = &plain->at[i], *before = &plain->at[i - 1];
                struct model *m;
                char *p;

                if (now->seq < before->seq + 2 || now->sealed)
                        continue;
                m = story_copy(now, before);
                p = scratch_read(now->m->dir, LEDGER_FILE, &n);
                for (unsigned holes = 1 + tap_below(2); holes > 0; holes--) {
                        from = now->group + tap_below((unsigned)(n - now->group));
                        to = from + 1 + tap_below((unsigned)(n - from));
                        memset(p + from, 0, to - from);
                }
                scratch_write(m->dir, LEDGER_FILE, p, n, 0640);
                story_take_catalog(m, before);
                if (!story_recovers(m))
                        printf("# moment %zu, from %zu to %zu of %zu\n", i, from, to, n);
                CHECK(kept(m, LEDGER_FILE, p + now->group, n - now->group));
                free(p);
                model_free(m);
        }
}

/* An archive that was killed while its very first line was written. */
static void test_first_line(void)
{
        const struct story_moment *first = &plain->at[0];
        size_t n;
        char *p = scratch_read(first->m->dir, LEDGER_FILE, &n);

        for (size_t cut = 0; cut < n && tap_good; cut++) {
                struct model *m = story_copy(first, first);

                story_cut(m, first, LEDGER_FILE, cut, 0);
                story_take_catalog(m, NULL);
                if (cut % 3 == 0) /* the tables were made, and nothing else */
                        scratch_write(m->dir, CATALOG_FILE, "", 0, 0640);
                story_recovers(m);
                if (cut)
                        CHECK(kept(m, LEDGER_FILE, p, cut));
                model_free(m);
        }
        free(p);
}

/* ---- segments ---- */

static void list_files(const struct story_moment *at, struct files *f)
{
        f->n = 0;
        scratch_each(at->m->dir, "", list_file, f);
}

/* Junk behind the frames of a segment that grows; it is kept, and named. */
static void test_tails(void)
{
        struct files f;

        for (size_t i = 0; i < packed->n && tap_good; i++) {
                list_files(&packed->at[i], &f);
                if (packed->at[i].dirty) /* it has a tail of its own */
                        continue;
                for (size_t k = 0; k < f.n; k++) {
                        struct model *m;
                        size_t n, more = 1 + tap_below(tap_below(4) ? 10 : 200000);
                        char *p;

                        if (!f.name[k].open)
                                continue;
                        m = story_copy(&packed->at[i], &packed->at[i]);
                        story_cut(m, &packed->at[i], f.at[k], f.size[k], more);
                        p = scratch_read(m->dir, f.at[k], &n);
                        story_recovers(m);
                        CHECK(n == f.size[k] + more);
                        CHECK(kept(m, f.at[k], p + f.size[k], more));
                        CHECK(strstr(buf_str(&m->told), "recovered") ==
                              NULL); /* the first start's */
                        free(p);
                        model_free(m);
                }
        }
}

/* A frame that was being written, cut at any byte behind what was committed. */
static void test_frame_cut(void)
{
        struct files before, now;

        for (size_t i = 1; i < plain->n && tap_good; i++) {
                if (!plain->at[i].dirty)
                        continue;
                list_files(&plain->at[i], &now);
                list_files(&plain->at[i - 1], &before);
                for (size_t k = 0; k < now.n; k++) {
                        size_t committed = 0;

                        for (size_t j = 0; j < before.n; j++)
                                if (strcmp(before.at[j], now.at[k]) == 0)
                                        committed = before.size[j];
                        if (!now.name[k].open || committed == now.size[k])
                                continue;
                        for (int r = 0; r < 5 && tap_good; r++) {
                                struct model *m = story_copy(&plain->at[i], &plain->at[i]);
                                size_t most = now.size[k] - committed,
                                       cut = r == 0   ? 0
                                             : r == 1 ? 1
                                                      : tap_below((unsigned)most + 1);

                                story_cut(m, &plain->at[i], now.at[k], committed + cut, 0);
                                story_recovers(m);
                                model_free(m);
                        }
                }
        }
}

static const char *sealed_file(const struct story_moment *now, const struct story_moment *before,
                               struct files *f)
{
        list_files(now, f);
        for (size_t k = 0; k < f->n; k++)
                if (!f->name[k].open && !scratch_exists(before->m->dir, f->at[k]))
                        return f->at[k];
        return NULL;
}

/* Renamed, but killed before the seal line: it gets one. With bytes behind its frames: it grows on,
 * without them. */
static void test_unsealed(void)
{
        struct files f;

        for (size_t i = 1; i < plain->n && tap_good; i++) {
                const struct story_moment *now = &plain->at[i], *before = &plain->at[i - 1];
                const char *file = sealed_file(now, before, &f);

                if (!now->sealed || !CHECK(file != NULL))
                        continue;
                for (int what = 0; what < 4; what++) {
                        struct model *m = story_copy(now, before);
                        char *p = scratch_read(now->m->dir, file, &f.size[0]);
                        char still[NAME_MAX_BYTES + 8];

                        story_cut(m, now, LEDGER_FILE, now->group, 0);
                        story_take_catalog(m, what % 2 ? before : NULL);
                        if (what >= 2)
                                story_cut(m, now, file, f.size[0], 5);
                        CHECK(model_open(m) == 0);
                        snprintf(still, sizeof(still), "%s.open", file);
                        CHECK(scratch_exists(m->dir, file) == (what < 2));
                        CHECK(scratch_exists(m->dir, still) == (what >= 2));
                        CHECK((strstr(buf_str(&m->told), file) != NULL) == true);
                        model_close(m);
                        story_recovers(m);
                        free(p);
                        model_free(m);
                }
        }
}

/* What was never committed goes; what is not ours stays. */
static void test_leftovers(void)
{
        static const char *const ours[] = {
                "messages/archived=2026-11-22/00000099.jsonl.zst.open",
                "completions/archived=2026-11-22/00000099.jsonl.open",
                "changes/archived=2026-11-22/99999999.jsonl.xz.open",
        };
        static const char *const others[] = {
                "messages/archived=2026-11-22/notes.txt",
                "messages/README",
                "completions/archived=2026-11-22/00000099.jsonl.open.bak",
                "other.txt",
        };

        for (size_t i = plain->n - 3; i < plain->n; i++) {
                struct model *m = story_copy(&plain->at[i], &plain->at[i]);

                for (size_t k = 0; k < ELEMENTS(ours); k++)
                        scratch_write(m->dir, ours[k], "junk", tap_below(5), 0640);
                for (size_t k = 0; k < ELEMENTS(others); k++)
                        scratch_write(m->dir, others[k], "mine", 4, 0640);
                story_recovers(m);
                for (size_t k = 0; k < ELEMENTS(ours); k++)
                        CHECK(!scratch_exists(m->dir, ours[k]));
                for (size_t k = 0; k < ELEMENTS(others); k++)
                        CHECK(scratch_exists(m->dir, others[k]));
                model_free(m);
        }
}

/* A sync that failed leaves a segment that takes no further frame in its run: at the next start
 * there are several of one stream. The older are sealed, the newest grows on. */
static void test_several_open(void)
{
        struct model *m = model_new(PACKING_ZSTD);
        struct files f = { .n = 0 };
        size_t growing = 0;

        CHECK(model_open(m) == 0);
        for (int i = 0; i < 4; i++) {
                for (size_t s = 0; s < STREAMS; s++)
                        CHECK(model_append(m, (enum stream)s, 300) == 0);
                CHECK(model_commit(m, NULL, NULL) == 0);
                if (i < 3)
                        archive_drop_segment(m->a, STREAM_MESSAGES);
        }
        model_close(m);
        CHECK(model_open(m) == 0 && model_holds(m));
        scratch_each(m->dir, "", list_file, &f);
        for (size_t i = 0; i < f.n; i++)
                growing += f.name[i].open;
        CHECK(f.n == 6 && growing == 3);
        model_close(m);
        story_recovers(m);
        model_free(m);
}

int main(void)
{
        plain = story_tell(PACKING_NONE, 14, true);
        packed = story_tell(PACKING_ZSTD, 14, true);
        brief = story_tell(PACKING_ZSTD, 3, false);
        RUN(test_killed, "killed at any moment, what was committed is there, and that only");
        RUN(test_catalog, "a catalog that is gone, junk or old is brought up to date");
        RUN(test_catalog_pages, "a catalog of which any page is junk is built anew");
        RUN(test_ledger_cut, "a ledger cut at any byte of its last group loses that group only");
        RUN(test_ledger_torn, "a torn last line is cut off where the catalog has not reached it");
        RUN(test_ledger_holes, "a group of which some pages are missing is cut off as a whole");
        RUN(test_first_line, "an archive that was killed in its first line begins anew");
        RUN(test_tails, "bytes behind the last frame are kept aside, and the ledger names them");
        RUN(test_frame_cut, "a frame that was cut at any byte is taken back");
        RUN(test_unsealed, "a segment renamed without its seal line gets it, or grows on");
        RUN(test_leftovers, "files of ours without frames go, those of others stay");
        RUN(test_several_open, "of several growing segments the newest goes on");
        story_free(plain);
        story_free(packed);
        story_free(brief);
        return tap_end();
}
