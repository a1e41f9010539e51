/* A life of an archive, told in moments: at each of them the directory was copied as a kill would
 * have left it. What had been committed by then is known. */
#pragma once

#include "model.h"

#define STORY_MOMENTS_MAX 64

struct story_moment {
        struct model *m; /* the copy, and what it should hold */
        uint64_t seq;    /* that its catalog reflects */
        uint64_t group;  /* where in the ledger its last group begins */
        bool dirty;      /* frames were open */
        bool sealed;     /* the last group is a seal line */
};

struct story {
        struct story_moment at[STORY_MOMENTS_MAX];
        size_t n;
};

static inline void story_note(struct story *s, const struct model *m, bool dirty, bool sealed,
                              uint64_t group)
{
        struct story_moment *at = &s->at[s->n++];

        at->m = model_fork(m, scratch_copy(m->dir));
        at->seq = archive_head(m->a)->seq;
        at->group = group;
        at->dirty = dirty;
        at->sealed = sealed;
}

/* One step of it: some lines, then what becomes of them. */
static inline void story_step(struct story *s, struct model *m, int step, bool giants)
{
        uint64_t group = archive_head(m->a)->offset;
        unsigned n = 1 + tap_below(4);

        while (n-- > 0)
                CHECK(model_append(m, (enum stream)tap_below(STREAMS),
                                   tap_below(12) || !giants ? 100 + tap_below(5000)
                                                            : SPOOL_MEMORY + tap_below(9999)) == 0);
        story_note(s, m, true, false, group);
        if (step % 5 == 3) {
                archive_undo(m->a);
                model_forget(m);
                story_note(s, m, false, false, group);
                return;
        }
        CHECK(model_commit(m, NULL, NULL) == 0);
        story_note(s, m, false, false, group);
        if (step % 3 == 2) {
                group = archive_head(m->a)->offset;
                m->config.segment_size = 1; /* whatever it is, it is large enough */
                buf_clear(&m->told);
                CHECK(archive_seal(m->a, m->now, true, &m->err) == 0);
                m->config.segment_size = 1 << 30;
                story_note(s, m, false, true, group);
        }
        if (step % 7 == 6) {
                model_close(m);
                CHECK(model_open(m) == 0);
        }
        m->now += USEC_PER_MIN;
}

static inline struct story *story_tell(enum packing packing, int steps, bool giants)
{
        struct story *s = mem_new(sizeof(*s));
        struct model *m = model_new(packing);

        m->config.segment_size = 1 << 30;
        CHECK(model_open(m) == 0);
        story_note(s, m, false, false, 0);
        for (int i = 0; i < steps && s->n + 3 < STORY_MOMENTS_MAX; i++)
                story_step(s, m, i, giants);
        model_free(m);
        return s;
}

static inline struct story *story_free(struct story *s)
{
        for (size_t i = 0; s && i < s->n; i++)
                model_free(s->at[i].m);
        free(s);
        return NULL;
}

/* A copy of the moment's directory, to be spoiled, with the expectations of `expect`. */
static inline struct model *story_copy(const struct story_moment *from,
                                       const struct story_moment *expect)
{
        return model_fork(expect->m, scratch_copy(from->m->dir));
}

/* The catalog (and its journal) of another moment; NULL: none. */
static inline void story_take_catalog(struct model *m, const struct story_moment *from)
{
        static const char *const files[] = { CATALOG_FILE, CATALOG_FILE "-journal" };
        size_t n;
        char *p;

        for (size_t i = 0; i < ELEMENTS(files); i++) {
                scratch_delete(m->dir, files[i]);
                if (!from || !scratch_exists(from->m->dir, files[i]))
                        continue;
                p = scratch_read(from->m->dir, files[i], &n);
                scratch_write(m->dir, files[i], p, n, 0640);
                free(p);
        }
}

/* The first n bytes of a file of the moment, and `more` bytes of junk behind them. */
static inline void story_cut(struct model *m, const struct story_moment *from, const char *file,
                             size_t n, size_t more)
{
        struct buf b = BUF_INIT;
        size_t size;
        char *p = scratch_read(from->m->dir, file, &size);

        buf_add(&b, p, n < size ? n : size);
        for (size_t i = 0; i < more; i++)
                buf_putc(&b, (char)tap_random());
        scratch_write(m->dir, file, buf_str(&b), b.n, 0640);
        buf_done(&b);
        free(p);
}

/* ---- what must come of it ---- */

struct story_sizes {
        const char *dir;
        bool exact;
};

static inline void story_size(void *ctx, const struct name *name, uint64_t length, const char *text,
                              size_t n)
{
        struct story_sizes *z = ctx;
        int fd = model_open_segment(z->dir, *name);
        struct stat st;

        (void)text;
        (void)n;
        z->exact = z->exact && fd >= 0 && fstat(fd, &st) == 0 && (uint64_t)st.st_size == length;
        close(fd);
}

/* Every segment has its frames, and not a byte more. */
static inline bool story_sizes_exact(struct model *m)
{
        struct story_sizes z = { m->dir, true };
        struct model_read r = { .segment = story_size, .ctx = &z };
        bool ok = model_read(m->dir, &r);

        model_read_done(&r);
        return ok && z.exact;
}

/* Opening brings back what was committed, and that only. */
static inline bool story_comes_back(struct model *m)
{
        bool ok = CHECK(model_open(m) == 0) && CHECK(model_holds(m)) &&
                  CHECK(model_catalog_holds(m)) && CHECK(story_sizes_exact(m));

        if (!ok)
                printf("# %s\n", m->err.text);
        model_close(m);
        return ok;
}

/* And opening again changes nothing more, and the archive goes on. */
static inline bool story_recovers(struct model *m)
{
        uint8_t before[SHA256_SIZE], after[SHA256_SIZE];
        bool ok;

        if (!story_comes_back(m))
                return false;
        scratch_sum(m->dir, CATALOG_FILE, false, before);
        buf_clear(&m->told);
        ok = CHECK(model_open(m) == 0) && CHECK(m->told.n == 0);
        model_close(m);
        scratch_sum(m->dir, CATALOG_FILE, false, after);
        ok = ok && CHECK(memcmp(before, after, sizeof(after)) == 0);

        ok = ok && CHECK(model_open(m) == 0);
        for (size_t i = 0; ok && i < STREAMS; i++)
                ok = CHECK(model_append(m, (enum stream)i, 300) == 0);
        ok = ok && CHECK(model_commit(m, NULL, NULL) == 0) &&
             CHECK(archive_seal(m->a, m->now, true, &m->err) == 0) && CHECK(model_holds(m)) &&
             CHECK(model_catalog_holds(m));
        if (!ok)
                printf("# %s\n", m->err.text);
        model_close(m);
        return ok;
}

/* Opening says damage, and touches nothing (the catalog excepted). */
static inline bool story_damaged(struct model *m)
{
        bool catalog = scratch_exists(m->dir, CATALOG_FILE), ok;
        uint8_t before[SHA256_SIZE], after[SHA256_SIZE];

        scratch_sum(m->dir, CATALOG_FILE, true, before);
        ok = CHECK(model_open(m) < 0) && CHECK(m->err.kind == ERR_DAMAGE && *m->err.text);
        scratch_sum(m->dir, CATALOG_FILE, true, after);
        ok = CHECK(memcmp(before, after, sizeof(after)) == 0) && ok;
        ok = CHECK(catalog || !scratch_exists(m->dir, CATALOG_FILE)) && ok; /* nor half of one */
        if (!ok)
                printf("# it said: %s\n", m->err.text);
        model_close(m);
        return ok;
}

/* The tree's segment files, in their order: for scratch_each(). */
struct files {
        char at[64][NAME_MAX_BYTES];
        struct name name[64];
        size_t size[64];
        size_t n;
};

static inline void list_file(void *ctx, const char *file, const struct stat *st)
{
        struct files *f = ctx;

        if (!S_ISREG(st->st_mode) || f->n == 64 ||
            name_parse(file, strlen(file), &f->name[f->n]) < 0)
                return;
        snprintf(f->at[f->n], NAME_MAX_BYTES, "%s", file);
        f->size[f->n++] = (size_t)st->st_size;
}
