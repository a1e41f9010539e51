/* The files of an archive are removed, renamed or replaced while it is in use. */
#include "model.h"

static const char first[] = "completions/archived=2026-11-22/00000001.jsonl.zst";
static const char growing[] = "completions/archived=2026-11-22/00000001.jsonl.zst.open";

/* An open archive with one committed record, and one in an open frame. */
static struct model *begun(void)
{
        struct model *m = model_new(PACKING_ZSTD);

        CHECK(model_open(m) == 0);
        CHECK(model_append(m, STREAM_COMPLETIONS, 300) == 0);
        CHECK(model_commit(m, NULL, NULL) == 0);
        CHECK(model_append(m, STREAM_COMPLETIONS, 300) == 0);
        return m;
}

static void move(struct model *m, const char *from, const char *to)
{
        char a[SCRATCH_PATH_MAX], b[SCRATCH_PATH_MAX];

        scratch_join(a, m->dir, from);
        scratch_join(b, m->dir, to);
        scratch_must(rename(a, b) == 0, a);
}

static bool says(const struct model *m, enum err_kind kind, const char *word)
{
        bool ok = CHECK(m->err.kind == kind) && CHECK(strstr(m->err.text, word) != NULL);

        if (!ok)
                printf("# %s\n", m->err.text);
        return ok;
}

/* Nothing on the disk is touched from now on, whatever is tried. */
static void is_left_alone(struct model *m)
{
        uint8_t before[SHA256_SIZE], after[SHA256_SIZE];

        scratch_sum(m->dir, CATALOG_FILE, true, before);
        CHECK(archive_is_stale(m->a));
        archive_undo(m->a);
        CHECK(archive_commit(m->a, m->now, &m->err) < 0);
        CHECK(archive_line(m->a, m->now, "note", "\"x\":1", NULL) < 0);
        CHECK(archive_append(m->a, STREAM_COMPLETIONS, m->spool, "", m->now, &m->err) < 0);
        model_close(m);
        scratch_sum(m->dir, CATALOG_FILE, true, after);
        CHECK(memcmp(before, after, sizeof(after)) == 0);
}

static void test_ledger_removed(void)
{
        struct model *m = begun();

        scratch_delete(m->dir, LEDGER_FILE);
        CHECK(model_commit(m, NULL, NULL) < 0 && says(m, ERR_DAMAGE, LEDGER_FILE " was removed"));
        is_left_alone(m);
        CHECK(model_open(m) < 0 && m->err.kind == ERR_DAMAGE);
        model_free(m);

        /* With nothing in hand but a line; another file has taken the name. */
        m = begun();
        CHECK(model_commit(m, NULL, NULL) == 0);
        scratch_write(m->dir, "other", "", 0, 0640);
        move(m, "other", LEDGER_FILE);
        CHECK(archive_line(m->a, m->now, "note", "\"x\":1", NULL) < 0);
        is_left_alone(m);
        CHECK(model_open(m) < 0 && m->err.kind == ERR_DAMAGE);
        model_free(m);
}

static void test_segment_removed(void)
{
        struct model *m = begun();

        scratch_delete(m->dir, growing);
        CHECK(model_commit(m, NULL, NULL) < 0 && says(m, ERR_DAMAGE, growing));
        is_left_alone(m);
        CHECK(model_open(m) < 0 && says(m, ERR_DAMAGE, "is missing"));
        model_free(m);

        /* One that nothing was put into since. */
        m = begun();
        CHECK(model_commit(m, NULL, NULL) == 0);
        scratch_delete(m->dir, growing);
        CHECK(model_append(m, STREAM_MESSAGES, 300) < 0 && says(m, ERR_DAMAGE, growing));
        is_left_alone(m);
        model_free(m);

        m = begun();
        CHECK(model_commit(m, NULL, NULL) == 0);
        scratch_delete(m->dir, growing);
        CHECK(archive_seal(m->a, m->now, true, &m->err) < 0 && says(m, ERR_DAMAGE, growing));
        is_left_alone(m);
        CHECK(!scratch_exists(m->dir, first));
        model_free(m);
}

/* The same for what waits in memory, and for a stream without a segment as yet. */
static void test_directory_removed(void)
{
        static const enum stream streams[] = { STREAM_COMPLETIONS, STREAM_MESSAGES };

        for (size_t i = 0; i < ELEMENTS(streams); i++) {
                struct model *m = begun();

                scratch_remove(m->dir);
                if (model_append(m, streams[i], 300) == 0)
                        CHECK(model_commit(m, NULL, NULL) < 0);
                CHECK(*m->err.text && archive_is_stale(m->a));
                says(m, ERR_DAMAGE, "was removed");
                model_close(m);
                CHECK(!scratch_exists(m->dir, ""));
                model_free(m);
        }
}

/* What is written goes on to where the directory went, or is told and done again there. */
static void test_directory_renamed(void)
{
        struct model *m = begun();
        char *before = m->dir, to[SCRATCH_PATH_MAX];

        scratch_join(to, before, "");
        to[strlen(to) - 1] = '\0';
        strcat(to, ".renamed");
        scratch_must(rename(before, to) == 0, to);
        m->dir = to;
        for (int i = 0; i < 3; i++) {
                if (model_commit(m, NULL, NULL) < 0) {
                        CHECK(archive_is_stale(m->a));
                        model_close(m);
                        CHECK(model_open(m) == 0);
                }
                CHECK(model_holds(m));
                model_append(m, STREAM_COMPLETIONS, 300);
        }
        model_close(m);
        CHECK(model_open(m) == 0 && model_holds(m) && model_catalog_holds(m));
        model_close(m);
        scratch_must(rename(to, before) == 0, to);
        m->dir = before;
        model_free(m);
}

/* It is said once, and opening again mends it; another file of that name is not ours to remove. */
static void catalog_is_lost(void (*lose)(struct model *m))
{
        for (int committed = 0; committed < 2; committed++) {
                struct model *m = begun();
                bool failed = false;

                if (committed)
                        CHECK(model_commit(m, NULL, NULL) == 0);
                lose(m);
                for (int i = 0; i < 3 && !archive_is_stale(m->a); i++) {
                        if (model_append(m, STREAM_COMPLETIONS, 300) == 0)
                                failed |= model_commit(m, NULL, NULL) < 0;
                        else
                                failed = true;
                }
                CHECK(failed && archive_is_stale(m->a));
                says(m, ERR_HOST, "catalog");
                model_close(m);
                if (CHECK(model_open(m) == 0)) {
                        struct model_read r = { 0 };

                        CHECK(!archive_is_stale(m->a));
                        /* A group that the ledger took before the catalog failed is there. */
                        CHECK(model_read(m->dir, &r));
                        CHECK(r.text[STREAM_COMPLETIONS].n >= m->committed[STREAM_COMPLETIONS]);
                        model_read_done(&r);
                        CHECK(model_append(m, STREAM_COMPLETIONS, 300) == 0);
                        CHECK(archive_commit(m->a, m->now, &m->err) == 0);
                }
                model_free(m);
        }
}

static void delete_catalog(struct model *m)
{
        scratch_delete(m->dir, CATALOG_FILE);
}

static void replace_catalog(struct model *m)
{
        char *p;
        size_t n;

        p = scratch_read(m->dir, CATALOG_FILE, &n);
        scratch_write(m->dir, "other", p, n, 0640);
        free(p);
        move(m, "other", CATALOG_FILE);
}

static void test_catalog_removed(void)
{
        catalog_is_lost(delete_catalog);
        catalog_is_lost(replace_catalog);
}

static void test_catalog_kept(void)
{
        struct model *m = begun();
        char *p, *now;
        size_t n, n_now;

        CHECK(model_commit(m, NULL, NULL) == 0);
        replace_catalog(m);
        p = scratch_read(m->dir, CATALOG_FILE, &n);
        CHECK(model_append(m, STREAM_COMPLETIONS, 300) < 0 && archive_is_stale(m->a));
        model_close(m);
        if (CHECK(scratch_exists(m->dir, CATALOG_FILE))) {
                now = scratch_read(m->dir, CATALOG_FILE, &n_now);
                CHECK(n == n_now && memcmp(p, now, n) == 0);
                free(now);
        }
        free(p);
        CHECK(model_open(m) == 0 && model_holds(m) && model_catalog_holds(m));
        model_free(m);
}

/* Each call that needs the directory says so, in a person's words. */
static void test_no_directory(void)
{
        struct name name = { STREAM_MESSAGES, PACKING_ZSTD, 1, true, "2026-11-22" };
        struct model *m = model_new(PACKING_ZSTD);
        int dirfd = open(m->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct catalog *catalog = NULL;
        struct segment *segment = NULL;
        struct ledger *ledger = NULL;
        bool new = false;

        CHECK(model_open(m) == 0);
        scratch_remove(m->dir);
        CHECK(catalog_open(dirfd, &catalog, &new, &m->err) == -1 && says(m, ERR_HOST, "catalog"));
        CHECK(catalog_open_readonly(dirfd, &catalog, &m->err) == CATALOG_NONE);
        CHECK(catalog_remove(dirfd, &m->err) == 0 && catalog == NULL);
        CHECK(ledger_open(dirfd, &ledger, &m->err) == -1 && says(m, ERR_HOST, LEDGER_FILE));
        CHECK(segment_new(dirfd, &name, &segment, &m->err) == -1 && says(m, ERR_HOST, "make"));
        CHECK(ledger == NULL && segment == NULL);
        CHECK(model_append(m, STREAM_MESSAGES, SPOOL_MEMORY + 1) < 0); /* a giant */
        says(m, ERR_DAMAGE, LEDGER_FILE);
        close(dirfd);
        model_free(m);
}

int main(void)
{
        RUN(test_ledger_removed, "a ledger without a name is not written to");
        RUN(test_segment_removed, "a segment without a name is damage, whatever is done next");
        RUN(test_directory_removed, "an archive that was removed is noticed");
        RUN(test_directory_renamed, "an archive that was renamed loses nothing");
        RUN(test_catalog_removed, "a catalog that was removed or replaced is made anew");
        RUN(test_catalog_kept, "the file that took the catalog's place stays");
        RUN(test_no_directory, "without the directory every call fails, and says so");
        return tap_end();
}
